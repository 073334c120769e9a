//! What an overlay promises of its tree, beyond the contract of filesystems.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

mod overlay_kit;

use overlay_kit::{Dice, Setup, content_of, dump, entries, n, put, subdir, walk, writing};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, OnceLock, Weak};
use std::thread;
use wasi_shim::abi::{Errno, FileKind};
use wasi_shim::backends::{MemDir, Overlay};
use wasi_shim::vfs::{Create, Dir, Node, OpenRequest, SetTime, SetTimes, Timestamp};

#[test]
fn moving_a_directory_copies_nothing() {
    let s = Setup::with_room(0);
    let deep = s.lower.dir("a").unwrap().dir("b").unwrap();
    deep.file("f", "content").unwrap();
    let held = walk(&(s.root.clone() as Arc<dyn Dir>), "a/b");
    s.root.create_dir(n("z")).unwrap();
    s.root
        .rename(n("a"), &*subdir(&*s.root, "z"), n("y"))
        .unwrap();
    assert_eq!(content_of(&*held, "f"), Ok(b"content".to_vec()));
    drop(held);
    let moved = walk(&(s.root.clone() as Arc<dyn Dir>), "z/y/b");
    assert_eq!(content_of(&*moved, "f"), Ok(b"content".to_vec()));
    assert_eq!(
        moved.metadata().map(|facts| facts.ino),
        deep.metadata().map(|facts| facts.ino)
    );
    assert_eq!(s.root.rename(n("z"), &*moved, n("x")), Err(Errno::Inval));
    assert_eq!(s.copied(), 0);
}

#[test]
fn a_directory_made_where_one_was_removed_is_empty() {
    let s = Setup::new();
    let dir = s.lower.dir("d").unwrap();
    dir.file("old", "").unwrap();
    assert_eq!(s.root.remove_dir(n("d")), Err(Errno::Notempty));
    subdir(&*s.root, "d").remove_file(n("old")).unwrap();
    let held = subdir(&*s.root, "d");
    s.root.remove_dir(n("d")).unwrap();
    s.root.create_dir(n("d")).unwrap();
    assert_eq!(entries(&*subdir(&*s.root, "d")).len(), 0);
    assert_eq!(held.open(n("old"), &writing()).err(), Some(Errno::Noent));
    put(&*subdir(&*s.root, "d"), "old", b"new");
    assert_eq!(entries(&*s.root).len(), 1, "nothing is listed twice");
}

#[test]
fn looking_around_keeps_nothing() {
    let s = Setup::new();
    let mut at: Arc<dyn Dir> = s.root.clone();
    let mut below = s.lower.clone();
    let mut held = Vec::new();
    for _ in 0..50 {
        let next = below.dir("d").unwrap();
        next.file("f", "content").unwrap();
        at = subdir(&*at, "d");
        assert_eq!(content_of(&*at, "f"), Ok(b"content".to_vec()));
        held.push(Arc::clone(&next));
        below = next;
    }
    let counts = |held: &[Arc<MemDir>]| held.iter().map(Arc::strong_count).collect::<Vec<_>>();
    put(&*at, "new", b"");
    let ino = at.metadata().unwrap().ino;
    drop(at);
    drop(below);
    let after = counts(&held);
    assert!(
        after.iter().all(|count| *count == 2),
        "the lower tree's and the test's: {after:?}"
    );
    let again = walk(&(s.root.clone() as Arc<dyn Dir>), &"d/".repeat(50));
    assert_eq!(
        (entries(&*again).len(), again.metadata().unwrap().ino),
        (2, ino)
    );
}

/// Three directories with a few things in each.
fn three() -> Arc<MemDir> {
    let root = MemDir::new();
    for dir in ["a", "b", "c"] {
        let dir = root.dir(dir).unwrap();
        for text in ["a", "b", "c", "f", "g"] {
            dir.file(text, text).unwrap();
        }
        dir.dir("d").unwrap().file("x", "x").unwrap();
    }
    root
}

/// Changes whatever is there; whether that works depends on the others.
fn disturb(root: &Arc<dyn Dir>, seed: u64) {
    let mut dice = Dice(seed);
    let name = |dice: &mut Dice| n(["a", "b", "c", "d"][dice.roll(4) as usize]);
    let open = |name| match root.open(name, &OpenRequest::STEP) {
        Ok(Node::Dir(dir)) => dir,
        _ => Arc::clone(root),
    };
    for _ in 0..2_000 {
        let (at, to) = (open(name(&mut dice)), open(name(&mut dice)));
        let (one, two) = (name(&mut dice), name(&mut dice));
        let _ = match dice.roll(6) {
            0 => at.rename(one, &*to, two),
            1 => at.remove_dir(one),
            2 => at.create_dir(one),
            3 => at.link(one, &*to, two),
            4 => at.remove_file(one),
            _ => match at.open(one, &writing()) {
                Ok(Node::File(file)) => file.write_at(b"!", 0).map(drop),
                answer => answer.map(drop),
            },
        };
    }
}

#[test]
fn threads_that_change_directories_leave_a_tree() {
    let (lower, copy) = (three(), three());
    let before = dump(&*lower);
    let root: Arc<Overlay> = Overlay::new(lower.clone());
    thread::scope(|scope| {
        for seed in 0..4 {
            let root: Arc<dyn Dir> = root.clone();
            scope.spawn(move || disturb(&root, seed));
        }
    });
    let all = dump(&*root);
    assert!(all.values().all(|facts| facts.nlink > 0));
    assert_eq!(dump(&*lower), before);
    root.commit(&*copy).unwrap();
    let content = |dir: &dyn Dir| -> Vec<_> {
        let all = dump(dir).into_iter();
        all.map(|(path, facts)| (path, facts.kind, facts.nlink, facts.content))
            .collect()
    };
    assert_eq!(content(&*copy), content(&*root));
}

#[test]
fn limits_hold_and_what_is_given_up_can_be_used_again() {
    let lower = MemDir::new();
    lower.file("a", "").unwrap();
    lower.file("b", "").unwrap();
    let root = Overlay::builder(lower).inodes(3).names(3 * 96 + 3).build();
    // The root, which is changed, counts as a node and 96 bytes; so does each new file or name.
    put(&*root, "c", b"");
    put(&*root, "d", b"");
    assert_eq!(root.create_dir(n("e")), Err(Errno::Nospc));
    assert_eq!(root.open(n("e"), &writing()).err(), Some(Errno::Nospc));
    assert_eq!(
        root.remove_file(n("a")),
        Err(Errno::Nospc),
        "it has to be remembered"
    );
    root.remove_file(n("c")).unwrap();
    assert_eq!(root.remove_file(n("a")), Ok(()));
    assert_eq!(root.remove_file(n("b")), Err(Errno::Nospc));
    assert_eq!(entries(&*root).into_keys().collect::<Vec<_>>(), ["b", "d"]);
}

#[test]
fn a_very_deep_tree_is_dropped_without_a_deep_stack() {
    let root = Overlay::new(MemDir::new());
    let mut at: Arc<dyn Dir> = root.clone();
    for _ in 0..20_000 {
        at.create_dir(n("d")).unwrap();
        at = subdir(&*at, "d");
    }
    // All their paths together are hundreds of megabytes.
    assert_eq!(root.changes(), Err(Errno::Nomem));
    drop((at, root));
}

#[test]
fn who_lists_may_come_back() {
    let s = Setup::new();
    for text in ["a", "b", "c"] {
        s.lower.file(text, "").unwrap();
    }
    put(&*s.root, "d", b"");
    let mut seen = Vec::new();
    s.root
        .list(&mut |entry| {
            seen.push(entry.name.to_owned());
            s.root.remove_file(n(entry.name)).unwrap();
            ControlFlow::Continue(())
        })
        .unwrap();
    seen.sort();
    assert_eq!(seen, ["a", "b", "c", "d"]);
    assert_eq!(entries(&*s.root).len(), 0);
}

#[test]
fn what_others_change_in_the_lower_tree_shows_or_is_an_error() {
    let s = Setup::new();
    let dir = s.lower.dir("d").unwrap();
    dir.file("f", "content").unwrap();
    s.lower.file("kept", "1").unwrap();
    let root: Arc<dyn Dir> = s.root.clone();
    let (held, reader) = (subdir(&*root, "d"), s.reader("kept"));
    put(&*s.root, "kept", b"2");
    put(&*held, "f", b"C");
    root.rename(n("d"), &*root, n("moved")).unwrap();
    drop((held, reader));
    // Files become links and directories, directories files.
    dir.remove_file(n("f")).unwrap();
    drop(dir);
    s.lower.remove_dir(n("d")).unwrap();
    s.lower.symlink("d", "/").unwrap();
    s.lower.remove_file(n("kept")).unwrap();
    s.lower.dir("kept").unwrap();
    assert_eq!(
        root.open(n("moved"), &OpenRequest::STEP).err(),
        Some(Errno::Stale)
    );
    assert_eq!(
        content_of(&*root, "kept"),
        Ok(b"2".to_vec()),
        "what was changed stays"
    );
    let d = root.stat(n("d")).err();
    assert_eq!(d, Some(Errno::Noent), "it was moved");
    let mut exclusive = writing();
    exclusive.create = Create::Exclusive;
    assert!(root.open(n("d"), &exclusive).is_ok());
    assert_eq!(root.stat(n("kept")).unwrap().kind, FileKind::RegularFile);
}

#[test]
fn the_clock_may_use_the_tree() {
    let known: Arc<OnceLock<Weak<Overlay>>> = Arc::default();
    let seen = Arc::clone(&known);
    let lower = MemDir::new();
    lower.file("f", "content").unwrap();
    lower.dir("d").unwrap();
    let root = Overlay::builder(lower)
        .time(move || {
            // Telling the changes waits for all who change something.
            let root = seen.get().and_then(Weak::upgrade);
            root.map(|root| root.changes());
            Timestamp(1)
        })
        .build();
    known.set(Arc::downgrade(&root)).unwrap();
    let (file, held) = (overlay_kit::file(&*root, "f"), subdir(&*root, "d"));
    file.write_at(b"C", 0).unwrap();
    file.set_len(3).unwrap();
    file.set_times(&SetTimes::default()).unwrap();
    let mut request = writing();
    request.truncate = true;
    root.open(n("f"), &request).map(drop).unwrap();
    root.open(n("new"), &request).map(drop).unwrap();
    root.link(n("f"), &*held, n("g")).unwrap();
    root.rename(n("f"), &*held, n("f")).unwrap();
    held.remove_file(n("g")).unwrap();
    root.create_dir(n("e")).unwrap();
    root.remove_dir(n("e")).unwrap();
    root.set_times(n("d"), &SetTimes::default()).unwrap();
    held.set_own_times(&SetTimes::default()).unwrap();
    assert_eq!(content_of(&*held, "f"), Ok(vec![]));
}

#[test]
fn what_is_changed_while_it_is_removed_takes_nothing_afterwards() {
    const ROUNDS: usize = 1_500;
    const SETTERS: usize = 3;
    let lower = MemDir::new();
    for round in 0..ROUNDS {
        lower.file(&round.to_string(), "").unwrap();
    }
    lower.file("beside", "").unwrap();
    let root = Overlay::builder(lower).inodes(100).build();
    let times = SetTimes {
        mtim: SetTime::At(Timestamp(1)),
        ..SetTimes::default()
    };
    let (turn, ended) = (Barrier::new(SETTERS + 1), AtomicBool::new(false));
    let set = || {
        for round in 0..ROUNDS {
            let file = match root.open(n(&round.to_string()), &OpenRequest::READ) {
                Ok(Node::File(file)) => file,
                _ => panic!("no file {round}"),
            };
            turn.wait();
            for _ in 0..8 {
                // Whether it could be kept is asked at the end.
                let _ = file.set_times(&times);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..SETTERS {
            scope.spawn(set);
        }
        // So that those who look for nodes wait for each other.
        scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                root.stat(n("beside")).unwrap();
            }
        });
        for round in 0..ROUNDS {
            turn.wait();
            root.remove_file(n(&round.to_string())).unwrap();
        }
        ended.store(true, Ordering::Relaxed);
    });
    // The root is changed.
    for index in 1..100 {
        assert_eq!(root.create_dir(n(&format!("new {index}"))), Ok(()));
    }
    assert_eq!(root.create_dir(n("more")), Err(Errno::Nospc));
}
