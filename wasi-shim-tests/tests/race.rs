//! Guests that are raced, and hosts with well-known mistakes, which show that the races are races.
//!
//! `wasi-shim-tests/race/run` does the same a million times for each pair and mode; here is as much as shows that every pair
//! works, that the oracle sees whatever is done outside, and that an attack that does not take place is noticed.
#![cfg(target_os = "linux")]

use rustix::fs::{AtFlags, CWD, Mode as Bits, OFlags, ResolveFlags};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use wasi_shim_tests::openat2::{Mode, again, asked};
use wasi_shim_tests::race::{
    Answer, Deed, Library, Naive, Number, PAIRS, Pair, Plan, Purpose, REFUSED, Report, Script,
    Seen, Victim, host_errno, host_number, run,
};

/// How many rounds each pair gets in each mode.
const ROUNDS: u64 = 2000;

/// How many it takes at most to catch a host that makes a mistake.
const HUNT: u64 = 1_000_000;

fn hunt() -> Plan {
    Plan {
        hunt: true,
        stuck: Duration::from_millis(300),
        ..Plan::new(HUNT)
    }
}

fn pair(name: &str) -> &'static Pair {
    let found = PAIRS.iter().find(|pair| pair.name == name);
    found.expect("there is such a pair")
}

#[test]
fn no_pair_leads_a_guest_out_in_any_mode() {
    if asked().is_some() {
        for pair in &PAIRS {
            let report = run(pair, Library::new, &Plan::new(ROUNDS));
            assert!(report.is_good(), "{report:#?}");
            assert!(report.tally.rounds >= ROUNDS && report.outcomes.iter().all(is_expected));
        }
        return;
    }
    for mode in Mode::ALL {
        let status = again("no_pair_leads_a_guest_out_in_any_mode", mode);
        assert!(status.success(), "{mode:?}");
    }
}

/// What a guest may be told: about files of its own, and a few errors.
fn is_expected((outcome, _): &(String, u64)) -> bool {
    let errors = ["perm", "noent", "notdir", "exist", "loop", "again"];
    let words = ["done", "new", "a-stream"];
    let is_file = outcome.contains('/') || ["secret", "x"].contains(&outcome.as_str());
    is_file || errors.contains(&outcome.as_str()) || words.contains(&outcome.as_str())
}

#[test]
fn there_are_sixteen_pairs_and_each_script_is_in_one() {
    assert_eq!(PAIRS.len(), 16);
    for script in Script::ALL {
        let of_script = |pair: &Pair| pair.script == script;
        assert!(PAIRS.iter().any(of_script), "{}", script.name());
    }
}

/// The storm changes nothing that a path leads through, so it is only good against who gives up on the kernel.
#[test]
fn a_host_that_checks_and_then_uses_is_caught_by_every_other_script() {
    for pair in PAIRS.iter().filter(|pair| pair.script != Script::Storm) {
        let report = run(pair, Naive::new, &hunt());
        assert!(found(&report) > 0, "{report:#?}");
    }
}

fn found(report: &Report) -> u64 {
    report.tally.escapes + report.stuck
}

/// Asks the kernel to keep it inside, and opens anyhow when the kernel says to come again.
struct Impatient(PathBuf, std::os::fd::OwnedFd);

impl Impatient {
    fn new(root: &Path) -> Self {
        let handle = rustix::fs::open(root, OFlags::PATH, Bits::empty());
        Self(root.to_owned(), handle.expect("it can be opened"))
    }
}

impl Victim for Impatient {
    fn name(&self) -> &'static str {
        "impatient"
    }

    fn number(&self, path: &Path) -> Number {
        host_number(path)
    }

    fn errno(&self, number: u16) -> String {
        host_errno(number)
    }

    fn open(&mut self, path: &str, _: Purpose) -> Answer<Seen> {
        let (flags, rules) = (OFlags::RDONLY, ResolveFlags::BENEATH);
        match rustix::fs::openat2(&self.1, path, flags, Bits::empty(), rules) {
            Err(rustix::io::Errno::XDEV) => return Err(REFUSED),
            Err(_) => {}
            Ok(handle) => return seen(&fs::File::from(handle).metadata()),
        }
        seen(&self.0.join(path).metadata())
    }
}

fn seen(metadata: &std::io::Result<fs::Metadata>) -> Answer<Seen> {
    let metadata = metadata.as_ref().map_err(|_| REFUSED)?;
    Ok(Seen {
        number: metadata.ino(),
        ctim: u64::MAX,
    })
}

#[test]
fn a_host_that_gives_up_on_a_busy_kernel_is_caught_by_the_storm() {
    let report = run(pair("open-storm"), Impatient::new, &hunt());
    assert!(found(&report) > 0, "{report:#?}");
    assert!(
        report
            .outcomes
            .iter()
            .any(|(outcome, _)| outcome == "OUTSIDE")
    );
}

/// Something done to the outside.
type Touch = fn(&Path);

/// Touches the outside once, and says nothing of it.
struct Toucher(PathBuf, Option<Touch>);

impl Victim for Toucher {
    fn name(&self) -> &'static str {
        "toucher"
    }

    fn number(&self, path: &Path) -> Number {
        host_number(path)
    }

    fn errno(&self, number: u16) -> String {
        host_errno(number)
    }

    fn open(&mut self, _: &str, _: Purpose) -> Answer<Seen> {
        if let Some(touch) = self.1.take() {
            touch(&self.0);
        }
        Err(REFUSED)
    }
}

/// A pair that does nothing but open, while directories go away: what an attacker does to the outside is no touch.
const QUIET: Pair = Pair {
    name: "quiet",
    deed: Deed::Open,
    paths: &["secret"],
    script: Script::Away,
};

fn touched(touch: Touch) -> Report {
    let plan = Plan {
        hunt: true,
        ..Plan::new(5000)
    };
    let victim = |root: &Path| Toucher(root.join("../outside"), Some(touch));
    run(&QUIET, victim, &plan)
}

#[test]
fn whatever_is_done_outside_is_seen() {
    let touches: [(&str, Touch); 12] = [
        ("open", |at| {
            drop(fs::File::open(at.join("secret")).unwrap())
        }),
        ("read", |at| drop(fs::read(at.join("a/b/secret")).unwrap())),
        ("write", |at| {
            fs::write(at.join("../secret"), "outside").unwrap()
        }),
        ("list", |at| {
            assert_ne!(fs::read_dir(at.join("parking")).unwrap().count(), 0)
        }),
        ("create", |at| {
            fs::write(at.join("parking/new"), "").unwrap()
        }),
        ("mkdir", |at| fs::create_dir(at.join("a/new")).unwrap()),
        ("link", |at| {
            fs::hard_link(at.join("one"), at.join("../inside/new")).unwrap()
        }),
        ("take", |at| {
            fs::rename(at.join("one"), at.join("../inside/new")).unwrap()
        }),
        ("give", |at| {
            fs::rename(at.join("../inside/one"), at.join("flip/new")).unwrap()
        }),
        ("unlink", |at| fs::remove_file(at.join("sub/one")).unwrap()),
        ("chmod", |at| {
            fs::set_permissions(at, fs::Permissions::from_mode(0o700)).unwrap()
        }),
        ("times", |at| {
            let times = rustix::fs::Timestamps {
                last_access: rustix::fs::Timespec::default(),
                last_modification: rustix::fs::Timespec::default(),
            };
            rustix::fs::utimensat(CWD, at.join("../../secret"), &times, AtFlags::empty()).unwrap();
        }),
    ];
    for (what, touch) in touches {
        let report = touched(touch);
        assert!(report.tally.escapes > 0, "{what}: {report:#?}");
    }
    let report = touched(|_| {});
    assert_eq!(found(&report), 0, "{report:#?}");
}

/// Waits for whoever writes to a FIFO, in its first call.
struct Waiting(PathBuf);

impl Victim for Waiting {
    fn name(&self) -> &'static str {
        "waiting"
    }

    fn number(&self, path: &Path) -> Number {
        host_number(path)
    }

    fn errno(&self, number: u16) -> String {
        host_errno(number)
    }

    fn open(&mut self, _: &str, _: Purpose) -> Answer<Seen> {
        drop(fs::File::open(self.0.join("a/pipe")).unwrap());
        Err(REFUSED)
    }
}

#[test]
fn a_call_that_waits_is_set_free_and_counted_even_if_it_is_the_first() {
    let report = run(&QUIET, |root| Waiting(root.to_owned()), &hunt());
    assert_eq!(report.tally.rounds, 1, "{report:#?}");
    assert!(report.stuck > 0 && !report.is_good(), "{report:#?}");
}

#[test]
fn a_pair_whose_attack_is_never_seen_is_weak() {
    let report = run(&QUIET, Library::new, &Plan::new(1000));
    assert_eq!(report.tally.escapes, 0, "{report:#?}");
    assert_eq!(report.weak, Some("the answers hardly ever change"));
    assert!(!report.is_good());
}

#[test]
fn the_command_fails_if_anything_is_found_and_tells_where() {
    let race = |words: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_race"));
        let output = command.args(words.split_whitespace()).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        (output.status.code(), text)
    };
    let (code, text) = race("--rounds 500 --pair open-leaf --mode EPERM");
    assert_eq!(code, Some(0), "{text}");
    assert!(text.starts_with("wasi-shim open-leaf EPERM: ") && text.contains(" 0 escapes"));
    let (code, text) = race("--rounds 5000 --pair create-recreate --against naive");
    assert_eq!(code, Some(1), "{text}");
    for mode in Mode::ALL {
        assert!(text.contains(&format!("naive create-recreate {}: ", mode.name())));
    }
    assert_eq!(race("--pair none").0, Some(2));
}
