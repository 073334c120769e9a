//! What a filesystem in memory takes of the host's memory, while somebody does all to exhaust it.
//!
//! One test, because memory is the whole process's.

#![cfg(target_os = "linux")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

mod support;

use std::sync::Arc;
use support::{name, names, open};
use wasi_shim::backends::MemDir;
use wasi_shim::vfs::Dir as _;

const MIB: u64 = 1 << 20;

/// Bytes of this process that are in memory.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = text.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

/// Directories as deep as they may be, all with an entry.
fn deep(root: &Arc<MemDir>) {
    let mut at = Arc::clone(root);
    while let Ok(next) = at.dir("d") {
        at = next;
    }
}

/// So many names go that the trees of names are as empty as they get.
fn come_and_go(root: &Arc<MemDir>) {
    for round in 0..3 {
        let texts: Vec<String> = counted(9 + round)
            .take_while(|text| root.file(text, "").is_ok())
            .collect();
        for (at, text) in texts.iter().enumerate() {
            if at % 2 == 0 {
                root.remove_file(name(text)).unwrap();
            }
        }
    }
}

/// A way to fill a tree until it refuses.
type Fill<'a> = (&'a str, &'a dyn Fn(&Arc<MemDir>));

/// Names of the same length.
fn counted(len: usize) -> impl Iterator<Item = String> {
    (0_u64..).map(move |n| format!("{n:0len$}"))
}

#[test]
fn what_is_taken_is_no_more_than_what_may_be() {
    let fills: [Fill<'_>; 9] = [
        ("empty files", &|root| {
            counted(8)
                .take_while(|text| root.file(text, "").is_ok())
                .count();
        }),
        ("empty files with long names", &|root| {
            counted(200)
                .take_while(|text| root.file(text, "").is_ok())
                .count();
        }),
        ("names of one file", &|root| {
            root.file("f", "").unwrap();
            let link = |text: &String| root.link(name("f"), &**root, name(text)).is_ok();
            counted(25).take_while(link).count();
        }),
        ("links", &|root| {
            counted(8)
                .take_while(|text| root.symlink(text, "").is_ok())
                .count();
        }),
        ("links with long texts", &|root| {
            let target = "x".repeat(4000);
            counted(8)
                .take_while(|text| root.symlink(text, &target).is_ok())
                .count();
        }),
        ("directories", &|root| {
            counted(8).take_while(|text| root.dir(text).is_ok()).count();
        }),
        ("directories in directories", &deep),
        ("directories with two entries", &|root| {
            let fill = |text: &String| {
                let dir = root.dir(text)?;
                dir.file("f", "")?;
                dir.file("a name that takes more than three words", "")
            };
            counted(8).take_while(|text| fill(text).is_ok()).count();
        }),
        ("files that come and go", &come_and_go),
    ];
    // What one tree gave back, the next one takes: all are compared with the beginning.
    let (limit, before) = (16 * MIB, resident());
    for (what, fill) in fills {
        let root = MemDir::builder().names(limit).inodes(u64::MAX).build();
        fill(&root);
        let taken = resident().saturating_sub(before);
        assert!(taken < limit + 2 * MIB, "{what}: {} KiB", taken / 1024);
    }
    content(before);
}

/// As above, for bytes: an eighth more for the sparsest file.
fn content(before: u64) {
    let limit = 48 * MIB;
    let fills: [Fill<'_>; 4] = [
        ("a long file", &|root| {
            let file = open(&**root, "f");
            let chunk = vec![1; MIB as usize];
            let write = |at: &u64| file.write_at(&chunk, at * MIB).is_ok();
            (0..).take_while(write).count();
        }),
        ("short files", &|root| {
            let content = vec![1; 4096];
            counted(8)
                .take_while(|text| root.file(text, content.clone()).is_ok())
                .count();
        }),
        ("a file of holes", &|root| {
            let file = open(&**root, "f");
            let write = |at: &u64| file.write_at(b"x", at << 18).is_ok();
            (0..).take_while(write).count();
        }),
        ("promised pages far from each other", &|root| {
            let file = open(&**root, "f");
            let promise = |at: &u64| file.allocate(at << 18, 1).is_ok();
            (0..).take_while(promise).count();
            assert_eq!(names(&**root), ["f"]);
        }),
    ];
    for (what, fill) in fills {
        let root = MemDir::builder().bytes(limit).names(16 * MIB).build();
        fill(&root);
        let taken = resident().saturating_sub(before);
        let most = limit + limit / 7 + 2 * MIB;
        assert!(taken < most, "{what}: {} KiB", taken / 1024);
    }
}
