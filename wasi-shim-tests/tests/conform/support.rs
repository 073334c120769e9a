//! What the tests of the runner share: programs in `sh`, reports made by hand, the runner itself.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use wasi_shim_tests::conform::report::{Cell, Column, Note, Outcome, Report, Row, Why};

/// Writes a program for `sh` that can be started.
pub(crate) fn script(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("it can be written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))
        .expect("it can be started");
    path
}

/// Runs the runner.
pub(crate) fn conform(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_conform"))
        .args(args)
        .output()
        .expect("it starts")
}

/// What a program wrote.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A host of a report.
pub(crate) fn column(name: &str, ours: bool) -> Column {
    Column {
        name: name.to_owned(),
        about: format!("about {name}"),
        ours,
        version: Some(format!("{name} 1.0")),
        absent: None,
        notes: Vec::new(),
    }
}

/// A cell of a report.
pub(crate) fn cell(outcome: Outcome) -> Cell {
    let why = Why {
        place: "scripts/a/b.txt:7".to_owned(),
        call: "path_open 3 nofollow \"<d>\" -> ok".to_owned(),
        expected: "ok & fd".to_owned(),
        actual: "no\u{1}ent".to_owned(),
    };
    let is_plain = matches!(
        outcome,
        Outcome::Pass | Outcome::Skip | Outcome::UnexpectedPass
    );
    Cell {
        outcome,
        why: (!is_plain).then_some(why),
        reason: if outcome == Outcome::Pass {
            String::new()
        } else {
            "a reason".to_owned()
        },
        milliseconds: 1234,
    }
}

fn row(name: &str, claims: &[&str], outcomes: [Outcome; 2]) -> Row {
    Row {
        suite: "scripts".to_owned(),
        name: name.to_owned(),
        place: "a/b.txt:1".to_owned(),
        claims: claims.iter().map(|claim| (*claim).to_owned()).collect(),
        cells: outcomes
            .into_iter()
            .map(|outcome| Some(cell(outcome)))
            .chain([None])
            .collect(),
    }
}

/// A report with a cell of each kind: two hosts that are here, and one that is not.
pub(crate) fn report() -> Report {
    use Outcome::{ExpectedFail, Fail, Lost, Pass, Skip, UnexpectedPass};
    let mut absent = column("absent", false);
    absent.version = None;
    absent.absent = Some("no such program. Install it: pip install absent".to_owned());
    let mut other = column("other", false);
    other.notes.push(Note {
        text: "a note".to_owned(),
        good: false,
    });
    Report {
        title: "6 cases".to_owned(),
        columns: vec![column("ours", true), other, absent],
        rows: vec![
            row("a/b/passes", &["p.one"], [Pass, Pass]),
            row("a/b/fails", &["p.one", "p.two"], [Pass, Fail]),
            row("a/b/lost", &["p.two"], [Pass, Lost]),
            row("c/d/skipped", &["p.three"], [Pass, Skip]),
            row("c/d/known", &["p.four"], [Pass, ExpectedFail]),
            row("c/d/stale", &["p.five"], [Pass, UnexpectedPass]),
        ],
    }
}
