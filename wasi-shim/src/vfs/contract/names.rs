//! Checks of names, listings and numbers.
//!
//! Knows which names must work and what a listing must say. Refuses to know how entries are made beyond that. Run by
//! the suite.

use super::Abilities;
use super::tools::{Thing, file, list, name, names, stat, subdir};
use crate::abi::{Errno, FileKind};
use crate::vfs::Dir;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Names that every system can store.
const PLAIN: &[&str] = &[
    "a",
    "...",
    ".hidden",
    "..a",
    "a b",
    "-",
    "~",
    "#",
    "{a}",
    "é",
    "日本語",
    "😀",
];
/// Names that some systems cannot.
const ODD: &[&str] = &[
    "a.",
    " ",
    "a ",
    "\\",
    "back\\slash",
    "C:",
    "C:x",
    "a:b",
    "con",
    "nul.txt",
    "*?\"<>|",
    "\u{1}",
    "\u{7f}",
];

pub(super) fn names_keep_every_byte(root: &Arc<dyn Dir>, able: &Abilities) {
    let longest = ["x".repeat(255), "日".repeat(85)];
    let odd = ODD.iter().filter(|_| able.any_name);
    let texts: BTreeSet<&str> = PLAIN
        .iter()
        .chain(odd)
        .copied()
        .chain(longest.iter().map(String::as_str))
        .collect();
    for text in &texts {
        assert_eq!(root.stat(name(text)), Err(Errno::Noent), "{text:?}");
        file(&**root, text, text.as_bytes());
        assert_eq!(stat(&**root, text).size, text.len() as u64, "{text:?}");
    }
    let listed = names(&**root);
    assert_eq!(
        listed,
        texts
            .iter()
            .map(|text| (*text).to_owned())
            .collect::<Vec<_>>()
    );
    for text in &texts {
        assert_eq!(root.remove_file(name(text)), Ok(()), "{text:?}");
        assert_eq!(root.stat(name(text)), Err(Errno::Noent), "{text:?}");
    }
}

pub(super) fn names_that_look_alike_differ(root: &Arc<dyn Dir>, able: &Abilities) {
    if !able.exact_names {
        return;
    }
    let alike = ["a", "A", "\u{e9}", "e\u{301}", "ß", "ss", "SS"];
    for text in alike {
        assert_eq!(root.create_dir(name(text)), Ok(()), "{text:?}");
    }
    assert_eq!(names(&**root).len(), alike.len());
}

pub(super) fn lists_agree_with_stat(root: &Arc<dyn Dir>, able: &Abilities) {
    assert_eq!(names(&**root), [""; 0], "the root is not empty");
    for thing in Thing::all(able.symlinks) {
        thing.put(&**root, &format!("{thing:?}"));
    }
    let entries = list(&**root);
    assert_eq!(entries.len(), Thing::all(able.symlinks).count() - 1);
    for (text, (ino, kind)) in entries {
        let facts = stat(&**root, &text);
        assert!(
            kind == FileKind::Unknown || kind == facts.kind,
            "{text:?} is listed as {kind:?}"
        );
        assert!(
            ino == 0 || ino == facts.ino,
            "{text:?} is listed as number {ino}, not {}",
            facts.ino
        );
    }
    assert_eq!(stat(&**root, "File").kind, FileKind::RegularFile);
    assert_eq!(stat(&**root, "Full").kind, FileKind::Directory);
    assert_eq!(
        stat(&**root, "Full").ino,
        subdir(&**root, "Full").metadata().unwrap().ino
    );
}

pub(super) fn lists_stop_when_told(root: &Arc<dyn Dir>, _able: &Abilities) {
    for text in ["a", "b", "c"] {
        file(&**root, text, b"");
    }
    for limit in 1..=3 {
        let mut seen = 0;
        let result = root.list(&mut |_| {
            seen += 1;
            if seen == limit {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        assert_eq!((result, seen), (Ok(()), limit));
    }
}

pub(super) fn lists_are_complete(root: &Arc<dyn Dir>, _able: &Abilities) {
    let mut expected: Vec<String> = (0..500).map(|index| format!("entry-{index}")).collect();
    for text in &expected {
        file(&**root, text, b"");
    }
    expected.sort();
    assert_eq!(names(&**root), expected);
    for text in expected.iter().step_by(2) {
        root.remove_file(name(text)).unwrap();
    }
    let rest: Vec<String> = expected.iter().skip(1).step_by(2).cloned().collect();
    assert_eq!(names(&**root), rest);
}

pub(super) fn inode_numbers_are_unique(root: &Arc<dyn Dir>, able: &Abilities) {
    for thing in Thing::all(able.symlinks) {
        thing.put(&**root, &format!("{thing:?}"));
    }
    let below = subdir(&**root, "Full");
    let mut numbers = vec![root.metadata().unwrap().ino, stat(&*below, "inside").ino];
    numbers.extend(names(&**root).iter().map(|text| stat(&**root, text).ino));
    let unique: BTreeSet<u64> = numbers.iter().copied().collect();
    assert_eq!(
        unique.len(),
        numbers.len(),
        "numbers of things that all exist: {numbers:?}"
    );
}
