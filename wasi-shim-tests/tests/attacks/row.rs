//! A row of the table: a test that makes the same attack on every back end it can be made on, and prints a line for each.
//!
//! Knows the back ends a row runs on, and which mode of `openat2` this process is in. Does not know what is attacked. The
//! name of a row is that of its test, so that nothing has to be said twice.

use crate::scene::{Place, Scene};
use std::any::type_name;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use wasi_shim_tests::openat2::{self, Mode};

/// Where a process that is part of the table writes its lines.
pub(crate) const LINES: &str = "ATTACKS_LINES";

/// Says that this process is there for one row only, and on which back end it makes the attack.
const QUIET: &str = "ATTACKS_QUIET";

/// The mode of this process. The first row enters it, before it has opened anything.
pub(crate) fn mode() -> Mode {
    static MODE: OnceLock<Mode> = OnceLock::new();
    *MODE.get_or_init(|| openat2::asked().unwrap_or(Mode::Native))
}

/// A row's name, from its body's type: `attacks::escapes::a19_a_slash_...::{{closure}}`.
struct Title {
    /// What the harness calls the test.
    test: &'static str,
    id: String,
    title: String,
    source: &'static str,
}

impl Title {
    fn of<F>(source: &'static str, _: &F) -> Self {
        let path = type_name::<F>().trim_end_matches("::{{closure}}");
        let (_, test) = path.split_once("::").expect("a test in this crate");
        let name = test.rsplit("::").next().expect("a name");
        let (id, title) = split(name);
        Self {
            test,
            id,
            title,
            source,
        }
    }

    fn say(&self, place: &str, found: &str) {
        line(&self.id, place, found, self.source, &self.title);
    }
}

/// What a test's name says: the row's number, and what happens.
pub(crate) fn split(name: &str) -> (String, String) {
    let (id, title) = name.split_once('_').expect("a number and a title");
    (id.to_uppercase(), title.replace('_', " "))
}

/// Prints a line of the table, for people and for the process that collects it.
pub(crate) fn line(id: &str, place: &str, found: &str, source: &str, title: &str) {
    let line = format!("{id:<7} {place:<24} {found:<6} ({source})  {title}\n");
    print!("{line}");
    if let Ok(path) = std::env::var(LINES) {
        let mut file = OpenOptions::new()
            .append(true)
            .open(path)
            .expect("the table's file");
        file.write_all(line.as_bytes()).expect("a line");
    }
}

/// Makes the attack on every back end; whatever it did, everything outside is as it was.
pub(crate) fn everywhere(source: &'static str, attack: impl Fn(&mut Scene)) {
    run(&Title::of(source, &attack), &Place::ALL, "", &attack);
}

/// As [`everywhere`], where the host's directory is the guest's or below it; `elsewhere` says why not on others.
pub(crate) fn on_hosts(source: &'static str, elsewhere: &str, attack: impl Fn(&mut Scene)) {
    let places = [Place::Host, Place::MemoryOverHost];
    run(&Title::of(source, &attack), &places, elsewhere, &attack);
}

/// An attack that is on no tree; it is made once.
pub(crate) fn without_trees(source: &'static str, attack: impl Fn()) {
    let title = Title::of(source, &attack);
    if mode() != Mode::Native {
        return;
    }
    let found = catch_unwind(AssertUnwindSafe(attack));
    title.say("no tree", if found.is_ok() { "ok" } else { "FAILED" });
    found.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

/// As [`everywhere`], on each back end in a process in which nothing else happened or happens, so that its memory and
/// descriptors can be counted: what an earlier attack has given back would hide what this one takes.
pub(crate) fn quietly(source: &'static str, attack: impl Fn(&mut Scene)) {
    let title = Title::of(source, &attack);
    if std::env::var_os(QUIET).is_some() {
        run(&title, &Place::ALL, "", &attack);
    } else {
        alone(title.test, here().map(|place| place.name(mode())));
    }
}

/// As [`without_trees`], in such a process.
pub(crate) fn quietly_without_trees(source: &'static str, attack: impl Fn()) {
    if std::env::var_os(QUIET).is_some() {
        without_trees(source, attack);
    } else {
        alone(Title::of(source, &attack).test, ["no tree".to_owned()]);
    }
}

/// The mode is passed on, and where the lines go is inherited.
fn alone(test: &str, places: impl IntoIterator<Item = String>) {
    let succeeds = |place: &String| {
        let mut command = openat2::this_again(mode());
        let args = ["--exact", test, "--nocapture", "--test-threads=1"];
        let status = command.args(args).env(QUIET, place).status();
        status.expect("the binary runs").success()
    };
    let failed: Vec<String> = places
        .into_iter()
        .filter(|place| !succeeds(place))
        .collect();
    assert!(failed.is_empty(), "{test}, alone, on {}", failed.join(", "));
}

/// The back ends to make an attack on: those of the mode, or the one that this process is there for.
fn here() -> impl Iterator<Item = Place> {
    let mode = mode();
    let only = std::env::var(QUIET).ok();
    Place::ALL.into_iter().filter(move |place| {
        let is_asked = only.as_ref().is_none_or(|only| *only == place.name(mode));
        place.is_of(mode) && is_asked
    })
}

fn run(title: &Title, places: &[Place], elsewhere: &str, attack: &dyn Fn(&mut Scene)) {
    let mode = mode();
    let mut failed = Vec::new();
    for place in here() {
        let name = place.name(mode);
        if !places.contains(&place) {
            title.say(&name, &format!("-      {elsewhere}"));
            continue;
        }
        let attacked = catch_unwind(AssertUnwindSafe(|| {
            let mut scene = Scene::new(place);
            attack(&mut scene);
            scene.check_outside();
        }));
        title.say(&name, if attacked.is_ok() { "ok" } else { "FAILED" });
        if attacked.is_err() {
            failed.push(name);
        }
    }
    assert!(failed.is_empty(), "{} on {}", title.id, failed.join(", "));
}
