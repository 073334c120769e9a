//! Snapshots of the filesystem in memory: both sides are whole, and neither sees what the other does.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use support::{name, names, open};
use wasi_shim::abi::Errno;
use wasi_shim::backends::MemDir;
use wasi_shim::vfs::{Dir, Metadata, SetTime, SetTimes, Timestamp};

const PAGE: usize = 4096;

/// Every path below `dir`, with its facts and its content or text.
fn look(dir: &Arc<MemDir>) -> BTreeMap<String, (Metadata, Vec<u8>)> {
    let mut all = BTreeMap::new();
    let mut todo = vec![(String::new(), Arc::clone(dir))];
    while let Some((path, dir)) = todo.pop() {
        for text in names(&*dir) {
            let facts = dir.stat(name(&text)).unwrap();
            let path = format!("{path}/{text}");
            let content = match dir.contents(&text) {
                Err(Errno::Inval) => dir.read_link(name(&text)).unwrap().into_bytes(),
                Err(Errno::Isdir) => {
                    todo.push((path.clone(), dir.dir(&text).unwrap()));
                    Vec::new()
                }
                content => content.unwrap(),
            };
            all.insert(path, (facts, content));
        }
    }
    all
}

/// A tree with one of everything, whose time is told by `clock`.
fn tree(clock: &Arc<AtomicU64>) -> Arc<MemDir> {
    let clock = Arc::clone(clock);
    let root = MemDir::with_time(move || Timestamp(clock.fetch_add(1, Ordering::Relaxed)));
    root.file("short", "short").unwrap();
    root.file("long", vec![7; 3 * PAGE]).unwrap();
    let a = root.dir("a").unwrap();
    let b = a.dir("b").unwrap();
    a.file("f", "f in a").unwrap();
    b.file("f", "f in b").unwrap();
    a.symlink("link", "b/f").unwrap();
    a.link(name("f"), &*b, name("other")).unwrap();
    a.link(name("link"), &*root, name("link too")).unwrap();
    open(&*b, "sparse").write_at(b"x", 1 << 30).unwrap();
    b.remove_file(name("sparse")).unwrap();
    open(&*b, "sparse")
        .write_at(b"x", 300 * PAGE as u64)
        .unwrap();
    root
}

/// Changes everything that [`tree`] has.
fn wreck(root: &Arc<MemDir>) {
    let a = root.dir("a").unwrap();
    let b = a.dir("b").unwrap();
    open(&**root, "short").write_at(b"SHORT", 1).unwrap();
    open(&**root, "long")
        .write_at(b"LONG", PAGE as u64 + 5)
        .unwrap();
    open(&*b, "sparse").set_len(2).unwrap();
    open(&*b, "sparse").allocate(9, 9).unwrap();
    open(&*a, "f").write_at(b"F", 0).unwrap();
    a.remove_file(name("f")).unwrap();
    a.rename(name("link"), &*b, name("link")).unwrap();
    let times = SetTimes {
        atim: SetTime::At(Timestamp(5)),
        mtim: SetTime::At(Timestamp(6)),
    };
    root.set_times(name("link too"), &times).unwrap();
    b.set_own_times(&times).unwrap();
    b.file("f", "new").unwrap();
    a.rename(name("b"), &**root, name("c")).unwrap();
    root.remove_dir(name("a")).unwrap();
}

#[test]
fn a_snapshot_has_the_same_names_facts_and_content() {
    let root = tree(&Arc::new(AtomicU64::new(100)));
    let before = look(&root);
    let snapshot = root.snapshot();
    assert_ne!(root.filesystem(), snapshot.filesystem());
    assert_eq!(root.metadata(), snapshot.metadata());
    assert_eq!(look(&snapshot), before);
    assert_eq!(look(&root), before);
    assert_eq!(snapshot.usage(), root.usage());
}

#[test]
fn neither_side_sees_what_the_other_changes() {
    // Who looks first, who changes first, and whether anybody looked in between.
    for order in 0..8 {
        let root = tree(&Arc::new(AtomicU64::new(100)));
        let before = look(&root);
        let snapshot = root.snapshot();
        if order & 1 != 0 {
            assert_eq!(look(&snapshot), before);
        }
        let (changed, kept) = if order & 2 != 0 {
            (&root, &snapshot)
        } else {
            (&snapshot, &root)
        };
        wreck(changed);
        let after = look(changed);
        if order & 4 != 0 {
            wreck(kept);
        } else {
            assert_eq!(look(kept), before, "order {order}");
        }
        assert_eq!(look(changed), after, "order {order}");
        let usage = changed.usage();
        if order & 4 != 0 {
            assert_eq!(usage, kept.usage(), "order {order}");
        }
        assert_eq!(changed.snapshot().usage(), usage, "order {order}");
    }
}

#[test]
fn a_thousand_snapshots_of_one_tree_stay_apart() {
    let root = MemDir::new();
    let dir = root.dir("d").unwrap();
    let file = open(&*dir, "f");
    let mut kept = Vec::new();
    for index in 0..1000_u64 {
        file.write_at(&index.to_le_bytes(), 0).unwrap();
        if index % 3 == 0 {
            dir.file(&format!("{index}"), "").unwrap();
        }
        kept.push(root.snapshot());
    }
    for (index, snapshot) in kept.iter().enumerate().rev() {
        let dir = snapshot.dir("d").unwrap();
        assert_eq!(dir.contents("f"), Ok((index as u64).to_le_bytes().to_vec()));
        assert_eq!(names(&*dir).len(), index / 3 + 2);
    }
}

#[test]
fn a_long_line_of_snapshots_is_made_and_dropped_without_a_deep_stack() {
    let mut at = tree(&Arc::new(AtomicU64::new(100)));
    let before = look(&at);
    let mut all = Vec::new();
    for index in 0..2_000 {
        at = at.snapshot();
        if index % 100 == 0 {
            all.push(Arc::clone(&at));
        }
    }
    assert_eq!(look(&at), before);
    drop(at);
    let last = all.pop().unwrap();
    drop(all);
    assert_eq!(look(&last), before);
}

#[test]
fn a_very_deep_tree_is_snapshotted_used_and_dropped_without_a_deep_stack() {
    let root = MemDir::new();
    let mut at = Arc::clone(&root);
    for _ in 0..20_000 {
        at = at.dir("d").unwrap();
    }
    at.file("f", "deep").unwrap();
    let snapshot = root.snapshot();
    let usage = root.usage();
    drop((root, at));
    let mut at = Arc::clone(&snapshot);
    while let Ok(facts) = at.stat(name("d")) {
        assert_eq!(facts.nlink, at.dir("d").unwrap().metadata().unwrap().nlink);
        at = at.dir("d").unwrap();
    }
    assert_eq!(at.contents("f"), Ok(b"deep".to_vec()));
    assert_eq!(snapshot.usage(), usage);
    let untouched = snapshot.snapshot();
    drop((snapshot, at));
    drop(untouched);
}

#[test]
fn two_names_are_one_file_on_each_side() {
    for looked in [false, true] {
        let root = MemDir::new();
        let (a, b) = (root.dir("a").unwrap(), root.dir("b").unwrap());
        a.file("f", "old").unwrap();
        a.link(name("f"), &*b, name("g")).unwrap();
        let snapshot = root.snapshot();
        if looked {
            names(&*snapshot.dir("b").unwrap());
        }
        // The original's file changes, and gets and loses names, before the snapshot has looked at both.
        open(&*a, "f").write_at(b"NEW", 0).unwrap();
        b.link(name("g"), &*root, name("h")).unwrap();
        b.remove_file(name("g")).unwrap();
        let ours = snapshot.dir("a").unwrap();
        assert_eq!(ours.stat(name("f")).unwrap().nlink, 2);
        open(&*ours, "f").write_at(b"ours", 0).unwrap();
        let held = open(&*ours, "f");
        ours.remove_file(name("f")).unwrap();
        assert_eq!(held.metadata().unwrap().nlink, 1);
        drop(held);
        let other = snapshot.dir("b").unwrap();
        assert_eq!(other.contents("g"), Ok(b"ours".to_vec()));
        assert_eq!(other.stat(name("g")).unwrap().nlink, 1);
        other.remove_file(name("g")).unwrap();
        drop((ours, other));
        snapshot.remove_dir(name("a")).unwrap();
        snapshot.remove_dir(name("b")).unwrap();
        assert_eq!(snapshot.usage(), MemDir::new().usage());
        assert_eq!(root.contents("h"), Ok(b"NEW".to_vec()));
        assert_eq!(root.stat(name("h")).unwrap().nlink, 2);
    }
}

#[test]
fn what_was_open_belongs_to_the_old_side() {
    let root = MemDir::new();
    let file = open(&*root, "f");
    file.write_at(b"before", 0).unwrap();
    let dir = root.dir("d").unwrap();
    let snapshot = root.snapshot();
    file.write_at(b"after!", 0).unwrap();
    dir.file("new", "").unwrap();
    assert_eq!(root.contents("f"), Ok(b"after!".to_vec()));
    assert_eq!(snapshot.contents("f"), Ok(b"before".to_vec()));
    assert_eq!(names(&*snapshot.dir("d").unwrap()), [""; 0]);
    let theirs = open(&*snapshot, "f");
    drop(root);
    theirs.write_at(b"theirs", 0).unwrap();
    assert_eq!(snapshot.contents("f"), Ok(b"theirs".to_vec()));
    let mut buf = [0; 6];
    assert_eq!(file.read_at(&mut buf, 0), Ok(6));
    assert_eq!(&buf, b"after!");
}

#[test]
fn what_has_no_name_is_neither_in_a_snapshot_nor_charged_there() {
    let root = MemDir::new();
    root.file("stays", vec![1; 2 * PAGE]).unwrap();
    let expected = root.usage();
    let file = open(&*root, "f");
    file.write_at(&[1; 5 * PAGE], 0).unwrap();
    root.file("replaced", vec![1; PAGE]).unwrap();
    let replaced = open(&*root, "replaced");
    root.file("new", "").unwrap();
    root.rename(name("new"), &*root, name("replaced")).unwrap();
    let dir = root.dir("d").unwrap();
    root.remove_dir(name("d")).unwrap();
    root.remove_file(name("replaced")).unwrap();
    root.remove_file(name("f")).unwrap();
    file.write_at(&[1; 7 * PAGE], 0).unwrap();
    assert_eq!(root.usage().bytes, 10 * PAGE as u64);
    assert_eq!(root.snapshot().usage(), expected);
    drop((file, dir, replaced));
    assert_eq!(root.usage(), expected);
    assert_eq!(root.snapshot().usage(), expected);
}

#[test]
fn each_side_is_charged_for_all_that_it_can_reach() {
    let limit = 10 * PAGE as u64;
    let root = MemDir::builder().bytes(limit).inodes(3).build();
    root.file("f", vec![1; 8 * PAGE]).unwrap();
    root.dir("d").unwrap();
    let snapshot = root.snapshot();
    assert_eq!(snapshot.usage(), root.usage());
    root.remove_file(name("f")).unwrap();
    assert_eq!(root.usage().bytes, 0);
    assert_eq!(snapshot.usage().bytes, 8 * PAGE as u64);
    root.file("g", vec![1; 10 * PAGE]).unwrap();
    let file = open(&*snapshot, "g");
    assert_eq!(file.write_at(&[1; 3 * PAGE], 0), Ok(2 * PAGE));
    assert_eq!(snapshot.symlink("l", "x"), Err(Errno::Nospc));
    // What is overwritten was paid for.
    assert_eq!(
        open(&*snapshot, "f").write_at(&[2; 8 * PAGE], 0),
        Ok(8 * PAGE)
    );
    drop(file);
    snapshot.remove_file(name("f")).unwrap();
    snapshot.remove_file(name("g")).unwrap();
    snapshot.remove_dir(name("d")).unwrap();
    assert_eq!(snapshot.usage(), MemDir::new().usage());
}

#[test]
fn a_directory_below_the_root_is_snapshotted_alone() {
    let root = MemDir::new();
    let d = root.dir("d").unwrap();
    d.file("one", vec![1; PAGE]).unwrap();
    d.file("two", vec![1; PAGE]).unwrap();
    d.link(name("one"), &*root, name("outside")).unwrap();
    d.link(name("two"), &*d, name("too")).unwrap();
    d.dir("e")
        .unwrap()
        .dir("x")
        .unwrap()
        .file("f", "f")
        .unwrap();
    let snapshot = d.snapshot();
    let usage = snapshot.usage();
    assert_eq!((usage.bytes, usage.inodes), (3 * PAGE as u64, 5));
    assert_eq!(names(&*snapshot), ["e", "one", "too", "two"]);
    let nlink = |text| snapshot.stat(name(text)).map(|facts| facts.nlink);
    assert_eq!(
        (nlink("one"), nlink("two"), nlink("e")),
        (Ok(1), Ok(2), Ok(3))
    );
    assert_eq!(snapshot.metadata(), d.metadata());
    // What leaves the original, and goes, is still here.
    let again = d.snapshot();
    d.rename(name("e"), &*root, name("e")).unwrap();
    drop(root);
    let x = again.dir("e").unwrap().dir("x").unwrap();
    assert_eq!(x.contents("f"), Ok(b"f".to_vec()));
    x.remove_file(name("f")).unwrap();
    drop(x);
    again.dir("e").unwrap().remove_dir(name("x")).unwrap();
    again.remove_dir(name("e")).unwrap();
    for text in ["one", "two", "too"] {
        again.remove_file(name(text)).unwrap();
    }
    assert_eq!(again.usage(), MemDir::new().usage());
}

#[test]
fn new_files_have_numbers_that_no_other_has() {
    let root = MemDir::new();
    root.file("a", "").unwrap();
    let snapshot = root.snapshot();
    snapshot.file("b", "").unwrap();
    root.file("b", "").unwrap();
    for side in [root, snapshot] {
        let ino = |text| side.stat(name(text)).unwrap().ino;
        assert_ne!(ino("a"), ino("b"));
    }
}

#[test]
fn a_snapshot_is_one_moment_of_the_whole_tree() {
    let root = MemDir::new();
    let dirs: Vec<_> = (0..4).map(|n| root.dir(&n.to_string()).unwrap()).collect();
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        // Two files that are written one after the other, in two directories, and one that wanders.
        scope.spawn(|| {
            let (one, two) = (open(&*dirs[0], "count"), open(&*dirs[1], "count"));
            dirs[2].file("wanderer", "w").unwrap();
            for count in 1_u64.. {
                one.write_at(&count.to_le_bytes(), 0).unwrap();
                two.write_at(&count.to_le_bytes(), 0).unwrap();
                let (from, to) = (&dirs[2 + count as usize % 2], &dirs[3 - count as usize % 2]);
                let _ = from.rename(name("wanderer"), &**to, name("wanderer"));
                dirs[0].link(name("count"), &**to, name("linked")).unwrap();
                to.remove_file(name("linked")).unwrap();
                if over.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
        for _ in 0..200 {
            let snapshot = root.snapshot();
            thread::yield_now();
            audit(&snapshot);
        }
        over.store(true, Ordering::Relaxed);
    });
}

/// The second count may be one behind, and nothing is missing or there twice.
fn audit(snapshot: &Arc<MemDir>) {
    let all = look(snapshot);
    let count = |path: &str| {
        let bytes = all.get(path).map(|(_, bytes)| bytes.as_slice());
        let bytes = bytes.filter(|bytes| !bytes.is_empty());
        bytes.map_or(0, |bytes| u64::from_le_bytes(bytes.try_into().unwrap()))
    };
    let (one, two) = (count("/0/count"), count("/1/count"));
    assert!(one == two || one == two + 1, "{one} and {two}");
    if one > 0 {
        let wanderers = all.keys().filter(|path| path.ends_with("wanderer"));
        assert_eq!(wanderers.count(), 1);
    }
    let linked = all.keys().filter(|path| path.ends_with("linked")).count();
    if let Some((facts, _)) = all.get("/0/count") {
        assert_eq!(facts.nlink, 1 + linked as u64);
    }
    let inodes: std::collections::BTreeSet<u64> =
        all.values().map(|(facts, _)| facts.ino).collect();
    assert_eq!(snapshot.usage().inodes, inodes.len() as u64);
}

#[test]
fn ten_thousand_files_are_snapshotted_in_a_moment() {
    let root = MemDir::new();
    for dir in 0..100 {
        let dir = root.dir(&dir.to_string()).unwrap();
        for file in 0..100 {
            dir.file(&file.to_string(), vec![1; 8192]).unwrap();
        }
    }
    let quickest = (0..50).map(|_| {
        let start = Instant::now();
        let snapshot = root.snapshot();
        let took = start.elapsed();
        drop(snapshot);
        took
    });
    let quickest = quickest.min().unwrap();
    assert!(quickest < Duration::from_millis(1), "{quickest:?}");
}

#[test]
fn snapshots_of_a_directory_do_not_keep_the_trees_before_alive() {
    let root = MemDir::new();
    for text in ["looked at", "beside"] {
        root.dir(text).unwrap().file("f", "f").unwrap();
    }
    let mut line = vec![root];
    let mut known = Vec::new();
    for _ in 0..200 {
        let next = line.pop().unwrap().snapshot();
        // However often one directory is left behind, the one beside it was not looked at.
        drop(next.dir("looked at").unwrap().snapshot());
        known.push(Arc::downgrade(&next));
        line.push(next);
    }
    let alive = known.iter().filter(|tree| tree.strong_count() > 0).count();
    assert!(alive <= 20, "{alive}");
    let beside = line.pop().unwrap().dir("beside").unwrap();
    assert_eq!(beside.contents("f"), Ok(b"f".to_vec()));
}
