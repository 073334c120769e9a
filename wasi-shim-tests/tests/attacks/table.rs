//! The whole table: every row in every mode of `openat2`, a line for each back end, and that no row is missing.

use crate::row::{LINES, line, mode};
use crate::scene::{Place, Scene};
use crate::support::{self, NOFOLLOW};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::process::{Output, Stdio};
use std::sync::Arc;
use wasi_shim::abi::{FstFlags, OFlags, Rights};
use wasi_shim::vfs::Dir;
use wasi_shim::{Access, Wasi};
use wasi_shim_tests::openat2::{Mode, this_again};
use wasi_shim_tests::source::Source;
use wasi_shim_tests::trees::ROOT;
use wasi_shim_tests::{Answer, Guest};

/// Rows that cannot be tried here: their number, where they were found, what went wrong, and why not.
pub(crate) const NOT_HERE: &[(&str, &str, &str, &str)] = &[
    (
        "A62",
        "CVE-2025-54126",
        "an address without a mask matches everything",
        "there are no lists of addresses: sockets are inherited",
    ),
    (
        "A72",
        "WasmEdge 2c5431e",
        "a name to look up that has no NUL at its end",
        "there is no such function; texts are passed with their lengths",
    ),
    (
        "A74",
        "WasmEdge#2458",
        "an option that cannot be read ends the command",
        "it is about the command line, where it is `cli/messages::wrong_usage`",
    ),
    (
        "A91",
        "audit list of WASIX",
        "44 findings of unclear origin",
        "no finding is told in enough words to try it",
    ),
];

/// Every number in the list of known attacks.
pub(crate) fn known() -> Vec<String> {
    let attacks = (1..=37)
        .chain(40..=91)
        .chain(95..=102)
        .map(|n| format!("A{n:02}"));
    attacks
        .chain((1..=10).map(|n| format!("CLASS{n:02}")))
        .collect()
}

/// Does a row begin at this place of a source? Its test is named after it.
pub(crate) fn is_row(source: &Source, at: usize) -> bool {
    let is_test = source.code[..at].trim_end().ends_with("#[test]");
    is_test && known().contains(&id_at(source, at))
}

fn id_at(source: &Source, at: usize) -> String {
    let name = source.code[at + "fn".len()..].trim_start();
    let id = name.chars().take_while(|letter| letter.is_alphanumeric());
    id.collect::<String>().to_uppercase()
}

/// The numbers of the rows that are tests of this target; some have several.
fn rows() -> Vec<String> {
    let mut found = Vec::new();
    for source in Source::all() {
        if source.path.starts_with("wasi-shim-tests/tests/attacks/") {
            let starts = source.functions().map(|(at, _)| at);
            found.extend(
                starts
                    .filter(|at| is_row(&source, *at))
                    .map(|at| id_at(&source, at)),
            );
        }
    }
    found
}

/// Runs all rows in a mode, one after the other, those that count in processes of their own; gives their lines, and
/// what the process said.
fn run_all(mode: Mode) -> (Vec<String>, Output) {
    let lines = tempfile::NamedTempFile::new().expect("a file");
    let mut command = this_again(mode);
    let args = ["--test-threads=1", "--skip", "table::", "--skip", "page::"];
    command.args(args).env(LINES, lines.path());
    let output = command
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs");
    let text = std::fs::read_to_string(lines.path()).expect("the lines");
    (text.lines().map(str::to_owned).collect(), output)
}

/// What a line says came of it: `ok`, `-`, or `FAILED`.
fn found(line: &str) -> &str {
    let rest = line.get(33..).unwrap_or_default();
    rest.split(' ').next().unwrap_or_default()
}

/// The row that a line is of: its number, where it was found, and its title.
fn row_of(line: &str) -> (&str, &str) {
    (
        line.split(' ').next().unwrap_or_default(),
        line.split_once(" (").unwrap_or_default().1,
    )
}

/// Each row has a line for each back end in each mode, or one if it is about no tree.
fn check_complete(lines: &[String]) {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for line in lines {
        *counts.entry(row_of(line)).or_default() += 1;
    }
    let places = Mode::ALL
        .into_iter()
        .flat_map(|mode| Place::ALL.map(|place| (mode, place)));
    let places = places.filter(|(mode, place)| place.is_of(*mode)).count();
    for (row, count) in &counts {
        assert!(
            [1, places].contains(count),
            "{row:?} has {count} lines of {places}"
        );
    }
    assert_eq!(counts.len(), rows().len(), "rows that printed lines");
}

#[test]
fn every_row_on_every_back_end_in_every_mode() {
    assert_eq!(mode(), Mode::Native);
    let mut runs = Vec::new();
    // Two at a time: most machines have that many processors.
    for modes in Mode::ALL.chunks(2) {
        let start = |mode: &Mode| {
            let mode = *mode;
            std::thread::spawn(move || run_all(mode))
        };
        let started: Vec<_> = modes.iter().map(start).collect();
        runs.extend(started.into_iter().map(|run| run.join().expect("it runs")));
    }
    let mut lines: Vec<String> = runs.iter().flat_map(|(lines, _)| lines.clone()).collect();
    lines.sort_by_key(|line| (row_of(line).0.len(), line.clone()));
    for line in &lines {
        println!("{line}");
    }
    for (id, source, title, reason) in NOT_HERE {
        line(id, "no tree", &format!("-      {reason}"), source, title);
    }
    let count = |word: &str| lines.iter().filter(|line| found(line) == word).count();
    let (ok, not, failed) = (count("ok"), count("-"), count("FAILED"));
    println!(
        "{} lines: {ok} ok, {not} do not apply, {failed} failed; {} rows cannot be tried",
        lines.len(),
        NOT_HERE.len()
    );
    for ((_, output), mode) in runs.iter().zip(Mode::ALL) {
        if !output.status.success() {
            let said = [&output.stdout, &output.stderr].map(|said| String::from_utf8_lossy(said));
            println!("{}:\n{}\n{}", mode.name(), said[0], said[1]);
        }
    }
    let failures: Vec<&String> = lines
        .iter()
        .filter(|line| found(line) == "FAILED")
        .collect();
    assert!(failures.is_empty(), "{failures:#?}");
    assert!(runs.iter().all(|(_, output)| output.status.success()));
    assert_eq!(ok + not, lines.len());
    check_complete(&lines);
}

#[test]
fn no_row_is_missing_and_none_is_unknown() {
    let tried: BTreeSet<String> = rows().into_iter().collect();
    let not_here: BTreeSet<String> = NOT_HERE.iter().map(|row| row.0.to_owned()).collect();
    assert!(tried.is_disjoint(&not_here));
    let known: BTreeSet<String> = known().into_iter().collect();
    let missing: Vec<&String> = known
        .iter()
        .filter(|id| !tried.contains(*id) && !not_here.contains(*id))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(not_here.is_subset(&known));
}

/// Something that a row could do to the outside, on the host's side.
type Deed = (&'static str, fn(&std::path::Path));

const DEEDS: &[Deed] = &[
    ("a file is written", |at| {
        std::fs::write(at.join("secret"), "x").expect("a file")
    }),
    ("a file is made", |at| {
        std::fs::write(at.join("outside/new"), "").expect("a file")
    }),
    ("a file is removed", |at| {
        std::fs::remove_file(at.join("outside/sub/kept")).expect("a file")
    }),
    ("a directory is moved", |at| {
        std::fs::rename(at.join("root2"), at.join("moved")).expect("a folder")
    }),
    ("a file is copied to its own name", |at| {
        std::fs::copy(at.join("root2/file"), at.join("new")).expect("a file");
        std::fs::rename(at.join("new"), at.join("root2/file")).expect("a file");
    }),
    ("a directory is made", |at| {
        std::fs::create_dir(at.join("outside/sub/new")).expect("a folder")
    }),
];

/// The same as the calls of a guest that has the tree in memory, or what an overlay must not change.
type Call = (&'static str, fn(&mut Guest) -> Answer<()>);

const AROUND: &[Call] = &[
    ("a file is written", |guest| write_to(guest, "secret", "x")),
    ("a file is made", |guest| write_to(guest, "outside/new", "")),
    ("a file is removed", |guest| {
        guest.path_unlink_file(ROOT, "outside/sub/kept")
    }),
    ("a directory is moved", |guest| {
        guest.path_rename(ROOT, "root2", ROOT, "moved")
    }),
    ("a file is copied to its own name", |guest| {
        write_to(guest, "new", "outside")?;
        guest.path_rename(ROOT, "new", ROOT, "root2/file")
    }),
    ("a directory is made", |guest| {
        guest.path_create_directory(ROOT, "outside/sub/new")
    }),
];

const BELOW: &[Call] = &[
    ("a file is written", |guest| write_to(guest, "lower", "x")),
    ("a file is made", |guest| write_to(guest, "new", "")),
    ("a file is removed", |guest| {
        guest.path_unlink_file(ROOT, "lower")
    }),
    ("a file is moved", |guest| {
        guest.path_rename(ROOT, "lower", ROOT, "moved")
    }),
    ("a time is set", |guest| {
        let flags = FstFlags::MTIM;
        guest.path_filestat_set_times(ROOT, NOFOLLOW, "lower", (5, 5), flags)
    }),
];

fn write_to(guest: &mut Guest, path: &str, text: &str) -> Answer<()> {
    let fd = support::open(guest, (ROOT, NOFOLLOW), path, OFlags::CREAT, Rights::FILE)?;
    guest.fd_write(fd, text)?;
    guest.fd_close(fd)
}

/// A scene with a file below, and what is done is noticed.
fn check_noticed(place: Place, what: &str, deed: impl FnOnce(&Scene)) {
    let mut scene = Scene::new(place);
    scene.file("lower", "as it was");
    scene.seal();
    scene.check_outside();
    deed(&scene);
    let noticed = std::panic::catch_unwind(AssertUnwindSafe(|| scene.check_outside()));
    assert!(noticed.is_err(), "{what} on {place:?}");
}

fn call(dir: Arc<dyn Dir>, what: &str, call: fn(&mut Guest) -> Answer<()>) {
    let mut guest = Guest::new(Wasi::builder().preopen("/", dir, Access::ReadWrite));
    assert_eq!(call(&mut guest), Ok(()), "{what}");
}

#[test]
fn whatever_is_done_outside_is_noticed() {
    for place in Place::ALL {
        for (what, deed) in DEEDS {
            check_noticed(place, what, |scene| {
                deed(std::path::Path::new(&scene.absolute("")));
            });
        }
        for (what, deed) in AROUND {
            check_noticed(place, what, |scene| call(scene.memory.clone(), what, *deed));
        }
        let is_overlay = matches!(place, Place::MemoryOverHost | Place::HostOverMemory);
        for (what, deed) in BELOW.iter().filter(|_| is_overlay) {
            check_noticed(place, what, |scene| call(scene.given.clone(), what, *deed));
        }
        let mut scene = Scene::new(place);
        scene.file("lower", "as it was");
        scene.seal();
        call(scene.root.clone(), "in its own tree", |guest| {
            guest.path_unlink_file(ROOT, "lower")
        });
        scene.check_outside();
    }
}
