//! What was changed in an overlay is changed elsewhere, and nothing else.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

mod overlay_kit;

use overlay_kit::{Clock, Dice, Facts, Twins, content_of, dump, entries, n, plant, put, subdir};
use std::collections::BTreeMap;
use std::sync::Arc;
use wasi_shim::abi::{Errno, FileKind};
use wasi_shim::backends::{Change, MemDir, Overlay};
use wasi_shim::vfs::{Dir, Metadata, Timestamp};

/// A dump without the times of the last change of facts, which nobody can set.
fn settable(dir: &dyn Dir) -> BTreeMap<String, Facts> {
    let mut all = dump(dir);
    let forget = |facts: &mut Facts| facts.times[2] = Timestamp(0);
    all.values_mut().for_each(forget);
    all
}

/// A random program on an overlay, and its lower tree twice.
struct Program {
    root: Arc<Overlay>,
    lower: Arc<MemDir>,
    copy: Arc<MemDir>,
    _twins: Twins,
}

impl Program {
    fn run(seed: u64, steps: usize) -> Self {
        let clock = Clock::new();
        let planted = || {
            let root = MemDir::with_time(clock.source());
            plant(&*root, &mut Dice(seed), 3);
            root
        };
        let (plain, lower, copy) = (planted(), planted(), planted());
        let root = Overlay::builder(lower.clone()).time(clock.source()).build();
        let mut twins = Twins::new(plain, root.clone());
        let mut dice = Dice(seed ^ 0x5eed);
        for index in 0..steps {
            clock.tick();
            twins.step(&mut dice, &format!("seed {seed}, step {index}"));
        }
        Self {
            root,
            lower,
            copy,
            _twins: twins,
        }
    }
}

#[test]
fn a_copy_of_the_lower_tree_becomes_what_the_overlay_shows() {
    for seed in 0..150 {
        let program = Program::run(seed, 10 + 3 * seed as usize);
        let expected = settable(&*program.root);
        let changes = program.root.changes().unwrap();
        let done = program.root.commit(&*program.copy).unwrap();
        assert_eq!(done, changes, "seed {seed}");
        assert_eq!(settable(&*program.copy), expected, "seed {seed}");
        assert_eq!(
            settable(&*program.root),
            expected,
            "seed {seed}: the overlay"
        );
    }
}

#[test]
fn the_lower_tree_itself_becomes_what_the_overlay_shows() {
    for seed in 1_000..1_060 {
        let program = Program::run(seed, 250);
        let expected = settable(&*program.root);
        program.root.commit(&*program.lower).unwrap();
        assert_eq!(settable(&*program.lower), expected, "seed {seed}");
    }
}

fn ino(dir: &dyn Dir, text: &str) -> u64 {
    dir.stat(n(text)).map(|facts: Metadata| facts.ino).unwrap()
}

#[test]
fn files_keep_their_identity() {
    let lower = MemDir::new();
    lower.file("a", "of a").unwrap();
    lower.file("b", "of b").unwrap();
    lower.link(n("b"), &*lower, n("other")).unwrap();
    let (a, b) = (ino(&*lower, "a"), ino(&*lower, "b"));
    let root = Overlay::new(lower.clone());
    for (from, to) in [("a", "t"), ("b", "a"), ("t", "b")] {
        root.rename(n(from), &*root, n(to)).unwrap();
    }
    put(&*root, "a", b"OF");
    root.commit(&*lower).unwrap();
    assert_eq!((ino(&*lower, "a"), ino(&*lower, "b")), (b, a));
    assert_eq!(content_of(&*lower, "other"), Ok(b"OF b".to_vec()));
    assert_eq!(content_of(&*lower, "b"), Ok(b"of a".to_vec()));
    assert_eq!(entries(&*lower).len(), 3, "nothing is left aside");
}

fn path(path: &str) -> String {
    path.to_owned()
}

#[test]
fn changes_are_told_in_the_order_in_which_they_are_made() {
    let lower = MemDir::new();
    let dir = lower.dir("dir").unwrap();
    dir.file("kept", "1").unwrap();
    dir.file("gone", "2").unwrap();
    lower.file("edited", "3").unwrap();
    let root = Overlay::new(lower);
    assert_eq!(root.changes(), Ok(vec![]));
    root.rename(n("dir"), &*root, n("moved")).unwrap();
    let moved = subdir(&*root, "moved");
    moved.remove_file(n("gone")).unwrap();
    put(&*root, "edited", b"4");
    put(&*moved, "new", b"5");
    root.link(n("edited"), &*root, n("second")).unwrap();
    let expected = [
        Change::Written {
            path: path("edited"),
        },
        Change::Removed {
            path: path("dir/gone"),
        },
        Change::Moved {
            from: path("dir"),
            to: path("moved"),
        },
        Change::Created {
            path: path("moved/new"),
            kind: FileKind::RegularFile,
        },
        Change::Linked {
            from: path("edited"),
            to: path("second"),
        },
        Change::Touched {
            path: path("moved"),
        },
        Change::Touched { path: path("") },
    ];
    assert_eq!(root.changes().unwrap(), expected);
}

#[test]
fn what_was_changed_back_is_no_change() {
    let lower = MemDir::new();
    lower.dir("d").unwrap().file("f", "").unwrap();
    let root = Overlay::new(lower.clone());
    root.rename(n("d"), &*root, n("e")).unwrap();
    root.rename(n("e"), &*root, n("d")).unwrap();
    put(&*root, "new", b"");
    root.remove_file(n("new")).unwrap();
    assert_eq!(
        root.changes().unwrap(),
        [Change::Touched { path: path("") }]
    );
    root.commit(&*lower).unwrap();
    assert_eq!(entries(&*subdir(&*lower, "d")).len(), 1);
}

#[test]
fn a_target_without_room_for_what_is_new_stays_as_it_is() {
    let clock = Clock::new();
    let lower = MemDir::with_time(clock.source());
    lower.file("a", "of a").unwrap();
    lower.file("b", "of b").unwrap();
    let root = Overlay::new(lower);
    put(&*root, "b", b"OF");
    root.rename(n("a"), &*root, n("z")).unwrap();
    put(&*root, "big", &[1; 5 * 4096]);
    let target = MemDir::builder()
        .bytes(4 * 4096)
        .time(clock.source())
        .build();
    target.file("a", "of a").unwrap();
    target.file("b", "of b").unwrap();
    let before = settable(&*target);
    clock.tick();
    let error = root.commit(&*target).unwrap_err();
    let failed = Change::Created {
        path: path("big"),
        kind: FileKind::RegularFile,
    };
    assert_eq!((error.failed, error.errno), (Some(failed), Errno::Nospc));
    assert_eq!((error.done, error.aside), (vec![], vec![]));
    assert_eq!(settable(&*target), before);
}

#[test]
fn a_commit_that_ends_half_way_says_how_far_it_came() {
    let lower = MemDir::new();
    lower.file("a", "of a").unwrap();
    lower.file("b", "of b").unwrap();
    let root = Overlay::new(lower.clone());
    put(&*root, "b", b"OF");
    put(&*root, "new", b"new");
    root.rename(n("a"), &*root, n("z")).unwrap();
    // Somebody else was here.
    lower.dir("z").unwrap();
    let error = root.commit(&*lower).unwrap_err();
    assert_eq!(error.errno, Errno::Exist);
    assert_eq!(
        error.failed,
        Some(Change::Moved {
            from: path("a"),
            to: path("z")
        })
    );
    let created = Change::Created {
        path: path("new"),
        kind: FileKind::RegularFile,
    };
    assert_eq!(error.done, [Change::Written { path: path("b") }, created]);
    assert_eq!(error.aside, [(path("a"), path(".overlay-aside-0/0"))]);
    assert_eq!(
        error.to_string(),
        "cannot move \"a\" to \"z\": file exists; 2 changes were made before; \
         1 moves were begun: what was \"a\" is \".overlay-aside-0/0\""
    );
    assert_eq!(content_of(&*lower, "b"), Ok(b"OF b".to_vec()));
    let aside = subdir(&*lower, ".overlay-aside-0");
    assert_eq!(content_of(&*aside, "0"), Ok(b"of a".to_vec()));
}

#[test]
fn a_target_that_is_not_as_the_lower_tree_was_is_noticed() {
    let lower = MemDir::new();
    lower.file("f", "1").unwrap();
    let root = Overlay::new(lower);
    root.remove_file(n("f")).unwrap();
    let error = root.commit(&*MemDir::new()).unwrap_err();
    assert_eq!((error.errno, error.done.len()), (Errno::Noent, 0));
    let error = root.commit(&*root).unwrap_err();
    assert_eq!((error.errno, &error.failed), (Errno::Inval, &None));
    let text = "cannot commit: invalid argument; 0 changes were made before";
    assert_eq!(error.to_string(), text);
}

#[test]
fn a_directory_that_is_gone_goes_with_all_that_is_in_it() {
    let lower = MemDir::new();
    let dir = lower.dir("d").unwrap();
    for text in ["x", "y", "out"] {
        dir.dir(text).unwrap().file("f", "content").unwrap();
    }
    let root = Overlay::new(lower.clone());
    let dir = subdir(&*root, "d");
    dir.rename(n("out"), &*root, n("kept")).unwrap();
    for text in ["x", "y"] {
        subdir(&*dir, text).remove_file(n("f")).unwrap();
        dir.remove_dir(n(text)).unwrap();
    }
    root.remove_dir(n("d")).unwrap();
    root.commit(&*lower).unwrap();
    assert_eq!(entries(&*lower).into_keys().collect::<Vec<_>>(), ["kept"]);
    assert_eq!(
        content_of(&*subdir(&*lower, "kept"), "f"),
        Ok(b"content".to_vec())
    );
}

#[test]
fn what_the_overlay_never_saw_is_not_replaced() {
    let lower = MemDir::new();
    let root = Overlay::new(lower.clone());
    put(&*root, "out", b"ours");
    lower.file("out", "theirs").unwrap();
    let error = root.commit(&*lower).unwrap_err();
    assert_eq!((error.errno, error.aside.len()), (Errno::Exist, 0));
    assert_eq!(lower.contents("out").unwrap(), b"theirs");
}

#[test]
fn no_name_of_a_guest_is_in_the_way_of_a_commit() {
    let lower = MemDir::new();
    lower.file("old", "moved").unwrap();
    let root = Overlay::new(lower.clone());
    for number in 0..3 {
        root.create_dir(n(&format!(".overlay-aside-{number}")))
            .unwrap();
    }
    put(&*root, ".overlay-aside-3", b"a file");
    root.rename(n("old"), &*root, n(".overlay-aside-4"))
        .unwrap();
    root.commit(&*lower).unwrap();
    let names: Vec<_> = entries(&*lower).into_keys().collect();
    let expected: Vec<_> = (0..5)
        .map(|number| format!(".overlay-aside-{number}"))
        .collect();
    assert_eq!(names, expected);
}

#[test]
fn the_longest_hole_is_committed_at_once() {
    let lower = MemDir::new();
    let root = Overlay::new(lower.clone());
    let file = overlay_kit::file(&*root, "sparse");
    file.set_len(i64::MAX as u64).unwrap();
    file.write_at(b"far", 1 << 50).unwrap();
    root.commit(&*lower).unwrap();
    assert_eq!(lower.stat(n("sparse")).unwrap().size, i64::MAX as u64);
    let copy = overlay_kit::file(&*lower, "sparse");
    let mut found = [0; 3];
    assert_eq!(copy.read_at(&mut found, 1 << 50), Ok(3));
    assert_eq!(&found, b"far");
}
