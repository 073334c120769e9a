//! What the filesystem in memory promises beyond the contract: threads, depth, times.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

mod support;

use std::collections::BTreeMap;
use std::io::IoSlice;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use support::{name, names, open, writing};
use wasi_shim::abi::{ClockId, Errno, FileKind, Result};
use wasi_shim::backends::MemDir;
use wasi_shim::vfs::{
    Clock, Dir, Follow, Node, OpenRequest, PlainPath, SetTime, SetTimes, Timestamp,
};

#[test]
fn a_very_deep_tree_is_dropped_without_a_deep_stack() {
    let root = MemDir::new();
    let mut at = Arc::clone(&root);
    for _ in 0..100_000 {
        at.file("f", "").unwrap();
        at = at.dir("d").unwrap();
    }
    let bottom = at;
    let top = root.dir("d").unwrap();
    assert_eq!(
        root.rename(name("d"), &*bottom, name("x")),
        Err(Errno::Inval)
    );
    drop(root);
    drop(top);
    // Everything above is gone, and the bottom still works.
    assert_eq!(bottom.usage().inodes, 1);
    assert_eq!(bottom.file("f", "still"), Ok(()));
}

#[test]
fn threads_append_without_losing_a_byte() {
    let root = MemDir::new();
    let file = open(&*root, "log");
    thread::scope(|scope| {
        for id in 0..8_u8 {
            let file = Arc::clone(&file);
            scope.spawn(move || {
                for _ in 0..500 {
                    let bufs = [[id; 3], [id; 3]];
                    let bufs = bufs.each_ref().map(|buf| IoSlice::new(buf));
                    let (count, end) = file.append(&bufs).unwrap();
                    let mut back = [0xff; 6];
                    assert_eq!(count, 6);
                    assert_eq!(file.read_at(&mut back, end - 6), Ok(6));
                    assert_eq!(back, [id; 6]);
                }
            });
        }
    });
    let bytes = root.contents("log").unwrap();
    assert_eq!(bytes.len(), 8 * 500 * 6);
    let records = bytes.as_chunks::<6>().0;
    for id in 0..8 {
        let whole = records.iter().filter(|record| **record == [id; 6]).count();
        assert_eq!(whole, 500, "thread {id}");
    }
}

#[test]
fn a_vector_is_written_and_read_as_one() {
    let root = MemDir::new();
    let file = open(&*root, "f");
    file.write_at(&[0; 20_000], 0).unwrap();
    thread::scope(|scope| {
        for id in 1..4_u8 {
            let file = Arc::clone(&file);
            scope.spawn(move || {
                let half = [id; 10_000];
                for _ in 0..200 {
                    let bufs = [IoSlice::new(&half), IoSlice::new(&half)];
                    assert_eq!(file.write_vectored_at(&bufs, 0), Ok(20_000));
                }
            });
        }
        for _ in 0..300 {
            let mut buf = [0; 20_000];
            assert_eq!(file.read_at(&mut buf, 0), Ok(20_000));
            assert!(
                buf.iter().all(|&byte| byte == buf[0]),
                "a torn write was seen"
            );
        }
    });
}

/// A cheap source of numbers that look random.
fn scramble(state: &mut u64) -> u64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

/// One step of the storm: something between two of the directories, whatever it answers.
fn disturb(dirs: &[Arc<MemDir>], seed: &mut u64) -> Result<()> {
    let pick = |seed: &mut u64, count: usize| scramble(seed) as usize % count;
    let (a, b) = (&dirs[pick(seed, dirs.len())], &dirs[pick(seed, dirs.len())]);
    let (from, to) = (pick(seed, 5).to_string(), pick(seed, 5).to_string());
    let (from, to) = (name(&from), name(&to));
    match pick(seed, 8) {
        0 => a.file(from.as_str(), "x"),
        1 => a.create_dir(from),
        2 => a.remove_file(from),
        3 => a.remove_dir(from),
        4 => a.link(from, &**b, to),
        5 => a.create_symlink(from, "x"),
        _ => a.rename(from, &**b, to),
    }
}

/// What an audit saw of an inode: its kind, its names, the number of names it claims.
type Seen = BTreeMap<u64, (FileKind, u64, u64)>;

/// Visits all that is below `dir` and checks that a listing agrees with `stat`.
fn audit(dir: &Arc<MemDir>, seen: &mut Seen) {
    let (mut subdirs, mut entries) = (0, Vec::new());
    dir.list(&mut |entry| {
        entries.push((entry.name.to_owned(), entry.ino, entry.kind));
        ControlFlow::Continue(())
    })
    .unwrap();
    for (text, ino, kind) in entries {
        let facts = dir.stat(name(&text)).unwrap();
        assert_eq!((facts.ino, facts.kind), (ino, kind));
        seen.entry(ino).or_insert((kind, 0, facts.nlink)).1 += 1;
        if kind == FileKind::Directory {
            subdirs += 1;
            audit(&dir.dir(&text).unwrap(), seen);
        }
    }
    assert_eq!(dir.metadata().unwrap().nlink, 2 + subdirs);
}

#[test]
fn a_storm_of_changes_leaves_a_tree() {
    let root = MemDir::new();
    let mut dirs = vec![Arc::clone(&root)];
    for index in 0..6 {
        let made = dirs[index / 2].dir(&index.to_string()).unwrap();
        dirs.push(made);
    }
    thread::scope(|scope| {
        for thread in 0..6_u64 {
            let dirs = &dirs;
            scope.spawn(move || {
                let mut seed = thread + 1;
                for _ in 0..4_000 {
                    let _ = disturb(dirs, &mut seed);
                }
            });
        }
    });
    let mut seen = Seen::new();
    audit(&root, &mut seen);
    for (ino, (kind, names, nlink)) in &seen {
        let expected = if *kind == FileKind::Directory {
            1
        } else {
            *nlink
        };
        assert_eq!(*names, expected, "names of inode {ino}, {kind:?}");
    }
    // What is not in the tree is gone, but for the removed directories held open here.
    let removed = |dir: &&Arc<MemDir>| dir.metadata().unwrap().nlink == 0;
    let removed = dirs.iter().filter(removed).count();
    assert_eq!(root.usage().inodes as usize, seen.len() + removed);
    drop(dirs);
    assert_eq!(root.usage().inodes as usize, seen.len());
}

#[test]
fn times_follow_the_changes() {
    static NOW: AtomicU64 = AtomicU64::new(1);
    let root = MemDir::with_time(|| Timestamp(NOW.load(Ordering::Relaxed)));
    let at = |time| NOW.store(time, Ordering::Relaxed);
    let dir_times = || {
        root.metadata()
            .map(|m| (m.atim.0, m.mtim.0, m.ctim.0))
            .unwrap()
    };
    let times = |text| {
        root.stat(name(text))
            .map(|m| (m.atim.0, m.mtim.0, m.ctim.0))
            .unwrap()
    };
    at(2);
    let file = open(&*root, "f");
    assert_eq!((times("f"), dir_times()), ((2, 2, 2), (1, 2, 2)));
    at(3);
    file.write_at(b"x", 0).unwrap();
    file.read_at(&mut [0], 0).unwrap();
    file.write_at(b"", 0).unwrap();
    assert_eq!((times("f"), dir_times()), ((2, 3, 3), (1, 2, 2)));
    at(4);
    root.link(name("f"), &*root, name("g")).unwrap();
    assert_eq!((times("f"), dir_times()), ((2, 3, 4), (1, 4, 4)));
    at(5);
    root.rename(name("g"), &*root, name("h")).unwrap();
    assert_eq!((times("h"), dir_times()), ((2, 3, 5), (1, 5, 5)));
    at(6);
    root.remove_file(name("h")).unwrap();
    assert_eq!((times("f"), dir_times()), ((2, 3, 6), (1, 6, 6)));
    at(7);
    file.set_len(0).unwrap();
    assert_eq!(times("f"), (2, 7, 7));
    at(8);
    let mut set = SetTimes::default();
    file.set_times(&set).unwrap();
    assert_eq!(times("f"), (2, 7, 7));
    set.atim = SetTime::At(Timestamp(123_456_789_012_345_678));
    set.mtim = SetTime::Now;
    root.set_times(name("f"), &set).unwrap();
    assert_eq!(times("f"), (123_456_789_012_345_678, 8, 8));
    at(9);
    open(&*root, "f");
    root.file("f", "new").unwrap();
    assert_eq!((times("f"), dir_times()), ((9, 9, 9), (1, 9, 9)));
}

/// A clock that goes when it is told to, and has nothing but real time.
#[derive(Default)]
struct Virtual(AtomicU64);

impl Clock for Virtual {
    fn resolution(&self, _: ClockId) -> Result<Timestamp> {
        Ok(Timestamp(1))
    }

    fn now(&self, clock: ClockId) -> Result<Timestamp> {
        match clock {
            ClockId::Realtime => Ok(Timestamp(self.0.load(Ordering::Relaxed))),
            _ => Err(Errno::Inval),
        }
    }
}

#[test]
fn times_are_those_of_a_clock_on_every_side() {
    let clock = Arc::new(Virtual::default());
    let root = MemDir::builder().clock(clock.clone()).build();
    let mtim = |dir: &Arc<MemDir>, text| dir.stat(name(text)).unwrap().mtim.0;
    assert_eq!(root.metadata().unwrap().ctim.0, 0);
    clock.0.store(1_000_000_007, Ordering::Relaxed);
    root.file("f", "").unwrap();
    let snapshot = root.snapshot();
    clock.0.store(2_000_000_007, Ordering::Relaxed);
    open(&*snapshot, "f").write_at(b"x", 0).unwrap();
    assert_eq!(mtim(&root, "f"), 1_000_000_007);
    assert_eq!(mtim(&snapshot, "f"), 2_000_000_007);
}

#[test]
fn the_clock_may_use_the_tree() {
    static ROOT: std::sync::OnceLock<Arc<MemDir>> = std::sync::OnceLock::new();
    let root = MemDir::with_time(|| {
        ROOT.get()
            .map_or(Timestamp(1), |root| root.metadata().unwrap().ctim)
    });
    let root = ROOT.get_or_init(|| root);
    root.file("a", "1").unwrap();
    root.create_dir(name("d")).unwrap();
    root.rename(name("a"), &*root.dir("d").unwrap(), name("b"))
        .unwrap();
    open(&*root.dir("d").unwrap(), "b").set_len(3).unwrap();
    root.list(&mut |entry| {
        root.remove_file(name(entry.name)).ok();
        ControlFlow::Continue(())
    })
    .unwrap();
}

#[test]
fn deep_calls_decline_what_they_cannot_settle() {
    let root = MemDir::new();
    let b = root.dir("a").unwrap().dir("b").unwrap();
    b.file("f", "text").unwrap();
    b.symlink("l", "f").unwrap();
    root.symlink("s", "a").unwrap();
    let path = |text| PlainPath::new(text).unwrap();
    let stat = |text, follow| root.stat_deep(path(text), follow).map(|facts| facts.kind);
    assert_eq!(stat("a/b/f", Follow::Yes), Some(FileKind::RegularFile));
    assert_eq!(stat("a/b/l", Follow::No), Some(FileKind::SymbolicLink));
    assert_eq!(stat("a/b/l", Follow::Yes), None);
    assert_eq!(stat("s/b", Follow::Yes), None);
    assert_eq!(stat("a/b/none", Follow::Yes), None);
    let open = |text| root.open_deep(path(text), &OpenRequest::READ);
    assert!(matches!(open("a/b/f"), Some(Node::File(_))));
    assert!(matches!(open("a/b"), Some(Node::Dir(_))));
    assert!(open("a/b/l").is_none() && open("a/b/f/x").is_none() && open("s/b").is_none());
    assert!(matches!(
        root.open_deep(path("a/b/new"), &writing()),
        Some(Node::File(_))
    ));
    assert_eq!(names(&*b), ["f", "l", "new"]);
}

#[test]
fn hosts_put_and_read_content() {
    let root = MemDir::new();
    root.file("f", "one").unwrap();
    let held = open(&*root, "f");
    root.file("f", "three").unwrap();
    assert_eq!(root.contents("f"), Ok(b"three".to_vec()));
    assert_eq!(
        (
            held.metadata().unwrap().size,
            held.metadata().unwrap().nlink
        ),
        (3, 0)
    );
    let dir = root.dir("d").unwrap();
    assert_eq!(root.dir("d").unwrap().metadata(), dir.metadata());
    root.symlink("l", "f").unwrap();
    assert_eq!(root.symlink("f", "l"), Err(Errno::Exist));
    assert_eq!(root.dir("f").err(), Some(Errno::Notdir));
    assert_eq!(
        (root.file("d", ""), root.file("l", "")),
        (Err(Errno::Exist), Err(Errno::Exist))
    );
    assert_eq!(
        (root.contents("d"), root.contents("l")),
        (Err(Errno::Isdir), Err(Errno::Inval))
    );
    assert_eq!(
        (root.file("a/b", ""), root.file("..", "")),
        (Err(Errno::Inval), Err(Errno::Inval))
    );
    root.remove_dir(name("d")).unwrap();
    assert_eq!(dir.file("x", ""), Err(Errno::Noent));
    assert_eq!(dir.link(name("x"), &*root, name("y")), Err(Errno::Noent));
    assert_eq!(root.link(name("f"), &*dir, name("y")), Err(Errno::Noent));
    assert_eq!(root.rename(name("f"), &*dir, name("y")), Err(Errno::Noent));
    let other = MemDir::new();
    assert_ne!(root.filesystem(), other.filesystem());
    assert_eq!(root.rename(name("f"), &*other, name("f")), Err(Errno::Xdev));
    assert_eq!(root.link(name("f"), &*other, name("f")), Err(Errno::Xdev));
}
