//! Snapshots that are taken while somebody changes what does not wait for them.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

mod support;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use support::{name, names};
use wasi_shim::backends::MemDir;
use wasi_shim::vfs::{Dir, SetTime, SetTimes, Timestamp};

#[test]
fn a_snapshot_that_is_taken_while_times_are_set_has_every_name() {
    let root = MemDir::new();
    let dir = root.dir("d").unwrap();
    for number in 0..3_000 {
        dir.file(&number.to_string(), "").unwrap();
    }
    let ended = AtomicBool::new(false);
    let times = SetTimes {
        mtim: SetTime::At(Timestamp(1)),
        ..SetTimes::default()
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                dir.set_own_times(&times).unwrap();
            }
        });
        for round in 0..200 {
            // The second comes while the directory is still being left with the first.
            let first = root.snapshot();
            thread::sleep(Duration::from_micros(round * 5));
            let second = root.snapshot();
            for tree in [first, second] {
                let count = names(&*tree.dir("d").unwrap()).len();
                if count != 3_000 {
                    ended.store(true, Ordering::Relaxed);
                }
                assert_eq!(count, 3_000);
            }
        }
        ended.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_snapshot_that_is_taken_while_things_are_removed_is_charged_for_what_it_has() {
    let root = MemDir::new();
    let ended = AtomicBool::new(false);
    let churn = |texts: [&str; 3]| {
        let [file, link, dir] = texts;
        while !ended.load(Ordering::Relaxed) {
            root.file(file, [1; 100]).unwrap();
            root.file(file, [1; 100]).unwrap();
            root.remove_file(name(file)).unwrap();
            root.symlink(link, "text").unwrap();
            root.remove_file(name(link)).unwrap();
            root.create_dir(name(dir)).unwrap();
            root.remove_dir(name(dir)).unwrap();
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| churn(["f", "l", "d"]));
        scope.spawn(|| churn(["g", "m", "e"]));
        let wrong = (0..10_000).find_map(|round| {
            let snapshot = root.snapshot();
            let (there, usage) = (names(&*snapshot), snapshot.usage());
            (usage.inodes != there.len() as u64).then_some((round, there, usage))
        });
        ended.store(true, Ordering::Relaxed);
        assert_eq!(wrong, None);
    });
    assert_eq!(root.usage(), MemDir::new().usage());
}
