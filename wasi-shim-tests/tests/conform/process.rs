//! A program of somebody else may do what it likes.

use crate::support::script;
use std::process::Command;
use std::time::{Duration, Instant};
use wasi_shim_tests::conform::process::{Bounds, Ending, Finished, run};

const BOUNDS: Bounds = Bounds {
    time: Duration::from_secs(20),
    output: 1 << 16,
};

fn sh(text: &str, bounds: Bounds) -> Finished {
    run(Command::new("sh").args(["-c", text]), b"input", bounds)
}

#[test]
fn what_it_says_and_how_it_ends_are_told() {
    let finished = sh("cat; echo wrong >&2; exit 3", BOUNDS);
    assert_eq!(finished.stdout, b"input");
    assert_eq!(finished.stderr, b"wrong\n");
    assert_eq!(finished.ending, Ending::Exited(3));
}

#[test]
fn one_that_hangs_is_killed_with_its_children() {
    let folder = tempfile::tempdir().expect("a folder");
    let mark = folder.path().join("mark");
    let text = format!(
        "echo early; (sleep 2; echo late >{0}) & sleep 60",
        mark.display()
    );
    let bounds = Bounds {
        time: Duration::from_secs(1),
        ..BOUNDS
    };
    let start = Instant::now();
    let finished = sh(&text, bounds);
    assert_eq!(finished.ending, Ending::TimedOut(bounds.time));
    assert_eq!(finished.stdout, b"early\n");
    // The child would have written by then.
    std::thread::sleep(Duration::from_millis(2500).saturating_sub(start.elapsed()));
    assert!(!mark.exists(), "a child has lived on");
}

#[test]
fn one_that_ignores_signals_is_killed_all_the_same() {
    let bounds = Bounds {
        time: Duration::from_millis(300),
        ..BOUNDS
    };
    let finished = sh("trap '' TERM INT HUP; while :; do sleep 1; done", bounds);
    assert_eq!(finished.ending, Ending::TimedOut(bounds.time));
}

#[test]
fn one_that_crashes_is_told_by_its_signal() {
    let finished = sh("kill -SEGV $$", BOUNDS);
    assert_eq!(finished.ending, Ending::Signalled(11));
    assert_eq!(finished.ending.to_string(), "crashed: signal 11, SIGSEGV");
}

#[test]
fn one_that_floods_its_output_is_killed() {
    for flood in ["yes", "yes >&2"] {
        let start = Instant::now();
        let finished = sh(flood, BOUNDS);
        assert_eq!(finished.ending, Ending::Flooded(BOUNDS.output), "{flood}");
        assert!(finished.stdout.len() <= BOUNDS.output && finished.stderr.len() <= BOUNDS.output);
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "{flood}: {:?}",
            start.elapsed()
        );
    }
}

#[test]
fn one_that_says_just_as_much_as_it_may_is_no_flood() {
    let finished = sh("head -c 65536 /dev/zero", BOUNDS);
    assert_eq!(finished.ending, Ending::Exited(0));
    assert_eq!(finished.stdout.len(), BOUNDS.output);
}

#[test]
fn one_that_reads_nothing_is_not_waited_for() {
    let finished = run(
        Command::new("sh").args(["-c", "exit 0"]),
        &vec![0; 1 << 20],
        BOUNDS,
    );
    assert_eq!(finished.ending, Ending::Exited(0));
}

#[test]
fn one_that_leaves_its_output_to_a_child_is_not_waited_for() {
    let start = Instant::now();
    let finished = sh("sleep 30 & echo done", BOUNDS);
    assert_eq!(finished.ending, Ending::Exited(0));
    assert_eq!(finished.stdout, b"done\n");
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn one_that_closes_its_output_may_still_hang() {
    let bounds = Bounds {
        time: Duration::from_millis(300),
        ..BOUNDS
    };
    let finished = sh("exec >&- 2>&- <&-; sleep 60", bounds);
    assert_eq!(finished.ending, Ending::TimedOut(bounds.time));
}

#[test]
fn one_that_is_not_there_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let finished = run(
        &mut Command::new(folder.path().join("nothing")),
        b"",
        BOUNDS,
    );
    assert!(
        matches!(finished.ending, Ending::NotStarted(_)),
        "{:?}",
        finished.ending
    );
    let broken = script(folder.path(), "broken", "");
    std::fs::write(&broken, "#!/no/such/shell\n").expect("it can be written");
    let finished = run(&mut Command::new(broken), b"", BOUNDS);
    assert!(
        matches!(finished.ending, Ending::NotStarted(_)),
        "{:?}",
        finished.ending
    );
}
