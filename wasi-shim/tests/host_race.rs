//! Somebody renames directories in and out while a guest walks through them: it never sees a file of the outside.
#![cfg(all(target_os = "linux", feature = "host"))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod host_kit;

use host_kit::guest::{Guest, Seen};
use host_kit::*;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use wasi_shim::abi::{OFlags, Rights};
use wasi_shim::host::open_dir;
use wasi_shim::vfs::Follow;

/// How often a guest asks, if it can within the time.
const ASKED: usize = 200_000;
const TIME: Duration = Duration::from_secs(4);

/// The longer the kernel walks, the more likely is it to be overtaken.
macro_rules! often {
    ($steps:literal) => {
        concat!(
            $steps, $steps, $steps, $steps, $steps, $steps, $steps, $steps, $steps, $steps, $steps,
            $steps, $steps, $steps, $steps, $steps, $steps, $steps, $steps, $steps, $steps, $steps
        )
    };
}

/// Each leads to a `secret` of the outside as soon as one step of it is taken somewhere else than the step before.
const PATHS: &[&str] = &[
    "a/b/../secret",
    "a/b/c/../../secret",
    "a/b/c/../../../secret",
    "a/b/c/d/e/../../../../../a/../secret",
    "a/b/c/d/e/../../../../../a/../a/../a/../a/b/../secret",
    "a/flip/secret",
    "a/flip/../secret",
    "a/../a/flip/..//secret",
    "a/../a/b/link/../secret",
    "a/b/up/secret",
    "a/b/up/up/secret",
    "a/b/c/upup/secret",
    "a/leaf",
    "a/../a/leaf",
    "tolink",
    concat!(often!("a/b/../../"), "secret"),
    concat!(often!("a/b/c/../../../"), "a/secret"),
];

/// Directories that are not the guest's, and stay where they are.
const OUTSIDE: &[&str] = &["", "a/", "outside/", "outside/a/"];

/// `root` is the guest's. Above and beside it are files that are called as those in it are, and a directory `outside/b`
/// with the same entries as `root/a/b`, which is where the guest should find itself all of a sudden.
fn scene() -> Tree {
    let tree = Tree::new();
    for dir in ["root/a/b", "outside/b"] {
        tree.dir(&format!("{dir}/c/d/e"));
        tree.link(&format!("{dir}/up"), "..");
        tree.link(&format!("{dir}/c/upup"), "../..");
        tree.link(&format!("{dir}/link"), "c/..");
    }
    // Where a walk can go on that has come out.
    tree.dir("a/b/c");
    tree.dir("outside/a/b/c");
    tree.dir("root/a/flip");
    tree.link("root/a/other", "../../outside");
    tree.file("root/a/leaf", "");
    tree.link("root/a/otherleaf", "../../outside/secret");
    tree.link("root/tolink", "a/../a/leaf");
    for dir in ["root/", "root/a/", "root/a/flip/"].iter().chain(OUTSIDE) {
        tree.file(&format!("{dir}secret"), "");
    }
    tree
}

/// What must not be seen: the files outside, and the directories that hold them.
fn outside(tree: &Tree) -> BTreeSet<u64> {
    let inodes = |path: &&str| {
        let dir = open_dir(tree.path(path)).unwrap();
        [dir.metadata(), dir.stat(n("secret"))].map(|found| found.unwrap().ino)
    };
    OUTSIDE.iter().flat_map(inodes).collect()
}

fn swap(tree: &Tree, (one, other): (&str, &str)) -> rustix::io::Result<()> {
    let (one, other) = (tree.path(one), tree.path(other));
    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)
}

/// Exchanges each pair in turn until told to stop.
fn exchange(tree: &Tree, pairs: &[(&str, &str)], pause: Duration, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        for pair in pairs {
            swap(tree, *pair).unwrap();
            if !pause.is_zero() {
                thread::sleep(pause);
            }
        }
    }
}

/// Asks until it has asked often enough, or long enough; returns how often it was and how often it was answered.
fn ask(tree: &Tree) -> (usize, usize) {
    let forbidden = outside(tree);
    let mut guest = Guest::new(open_dir(tree.path("root")).unwrap());
    let (begin, mut asked, mut answered) = (Instant::now(), 0, 0);
    let mut judge = |path: &str, seen: Seen| {
        answered += usize::from(seen.is_ok_and(|(_, ino)| {
            assert!(!forbidden.contains(&ino), "{path} leads out");
            true
        }));
    };
    while asked < ASKED && begin.elapsed() < TIME {
        for path in PATHS {
            judge(path, guest.stat(path, Follow::Yes));
            let opened = guest.open(path, Follow::Yes, OFlags::empty(), Rights::FD_READ);
            judge(path, opened);
            let (above, _) = path.rsplit_once('/').unwrap_or(("a", ""));
            let opened = guest.open(above, Follow::No, OFlags::DIRECTORY, Rights::empty());
            judge(above, opened);
            let _ = guest.make(&format!("{above}/made"));
            asked += 4;
        }
    }
    (asked, answered)
}

fn race(pairs: &[&[(&str, &str)]], pause: Duration) {
    let tree = scene();
    if swap(&tree, ("root/a/leaf", "root/a/otherleaf")).is_err() {
        eprintln!("skipped: this filesystem exchanges nothing");
        return;
    }
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for pairs in pairs {
            scope.spawn(|| exchange(&tree, pairs, pause, &stop));
        }
        let asked = thread::Builder::new().spawn_scoped(scope, || ask(&tree));
        let result = asked.unwrap().join();
        stop.store(true, Ordering::Relaxed);
        let (asked, answered) = result.unwrap();
        assert!(asked > 1000 && answered > 0, "{answered} of {asked}");
    });
    for dir in OUTSIDE {
        assert!(!tree.exists(&format!("{dir}made")), "made in {dir:?}");
    }
    assert!(tree.exists("root/a/made"));
}

/// Every rename in the system makes the kernel decline a `..`, so this is as much a test of the walk.
#[test]
fn directories_that_are_exchanged_all_the_time_lead_nowhere_else() {
    race(
        &[
            &[("root/a/b", "outside/b")],
            &[
                ("root/a/flip", "root/a/other"),
                ("root/a/leaf", "root/a/otherleaf"),
            ],
        ],
        Duration::ZERO,
    );
}

/// Renames are rare enough for the kernel to go on most of the time.
#[test]
fn directories_that_are_exchanged_now_and_then_lead_nowhere_else() {
    race(
        &[&[
            ("root/a/b", "outside/b"),
            ("root/a/flip", "root/a/other"),
            ("root/a/leaf", "root/a/otherleaf"),
        ]],
        Duration::from_micros(20),
    );
}
