//! What an overlay promises beyond the contract of filesystems.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

mod overlay_kit;

use overlay_kit::{Clock, content, content_of, dump, entries, file, n, put, subdir, walk, writing};
use std::io::IoSlice;
use std::ops::ControlFlow;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;
use wasi_shim::abi::{Errno, FileKind, Result};
use wasi_shim::backends::{MemDir, Overlay};
use wasi_shim::vfs::{
    Create, Dir, Entry, File, Metadata, Name, Node, OpenRequest, SetTime, SetTimes, Timestamp,
};

const PAGE: usize = 4096;

/// An overlay on a lower tree, whose upper directory can be looked at.
struct Setup {
    lower: Arc<MemDir>,
    upper: Arc<MemDir>,
    root: Arc<Overlay>,
}

impl Setup {
    fn new() -> Self {
        Self::with_room(1 << 30)
    }

    /// With so many bytes for changes.
    fn with_room(bytes: u64) -> Self {
        let (lower, upper) = (MemDir::new(), MemDir::builder().bytes(bytes).build());
        let root = Overlay::builder(lower.clone()).upper(upper.clone()).build();
        Self { lower, upper, root }
    }

    fn reader(&self, text: &str) -> Arc<dyn File> {
        match self.root.open(n(text), &OpenRequest::READ) {
            Ok(Node::File(file)) => file,
            _ => panic!("{text:?} cannot be read"),
        }
    }

    fn copied(&self) -> usize {
        entries(&*self.upper).len()
    }
}

#[test]
fn a_file_is_copied_when_it_is_first_written_to() {
    let s = Setup::new();
    s.lower.file("f", "content").unwrap();
    let writer = file(&*s.root, "f");
    assert_eq!(writer.write_at(b"", 0), Ok(0));
    assert_eq!(writer.append(&[]), Ok((0, 7)));
    assert_eq!(
        (content(&*writer), s.copied()),
        (Ok(b"content".to_vec()), 0)
    );
    assert_eq!(writer.write_at(b"C", 0), Ok(1));
    assert_eq!(s.copied(), 1);
    assert_eq!(content_of(&*s.root, "f"), Ok(b"Content".to_vec()));
    assert_eq!(s.lower.contents("f"), Ok(b"content".to_vec()));
}

#[test]
fn who_has_a_file_open_sees_what_others_write() {
    let s = Setup::new();
    s.lower.file("f", "content").unwrap();
    let reader = s.reader("f");
    put(&*s.root, "f", b"CON");
    assert_eq!(content(&*reader), Ok(b"CONtent".to_vec()));
    assert_eq!(reader.metadata(), s.root.stat(n("f")));
}

#[test]
fn facts_stay_when_a_file_is_copied() {
    let clock = Clock::new();
    let lower = MemDir::with_time(clock.source());
    lower.file("f", vec![1; 3 * PAGE]).unwrap();
    let root = Overlay::builder(lower.clone()).time(clock.source()).build();
    let before = root.stat(n("f")).unwrap();
    assert_eq!(Ok(before), lower.stat(n("f")));
    clock.tick();
    put(&*root, "f", b"2");
    let after = root.stat(n("f")).unwrap();
    assert_eq!(
        (after.ino, after.size, after.nlink),
        (before.ino, before.size, 1)
    );
    assert_eq!(after.atim, before.atim);
    assert!(after.mtim > before.mtim && after.ctim > before.ctim);
    root.rename(n("f"), &*root, n("g")).unwrap();
    assert_eq!(root.stat(n("g")).unwrap().ino, before.ino);
}

#[test]
fn times_are_set_without_a_copy() {
    let s = Setup::new();
    s.lower.file("f", "content").unwrap();
    s.lower.symlink("l", "f").unwrap();
    s.lower.dir("d").unwrap();
    let before = dump(&*s.lower);
    let times = SetTimes {
        atim: SetTime::At(Timestamp(1)),
        mtim: SetTime::At(Timestamp(2)),
    };
    for text in ["f", "l", "d"] {
        s.root.set_times(n(text), &times).unwrap();
        let facts = s.root.stat(n(text)).unwrap();
        assert_eq!(
            (facts.atim, facts.mtim),
            (Timestamp(1), Timestamp(2)),
            "{text}"
        );
    }
    let reader = s.reader("f");
    reader
        .set_times(&SetTimes {
            atim: SetTime::At(Timestamp(3)),
            ..times
        })
        .unwrap();
    drop(reader);
    assert_eq!(s.root.stat(n("f")).unwrap().atim, Timestamp(3));
    assert_eq!((s.copied(), dump(&*s.lower)), (0, before));
}

#[test]
fn what_is_discarded_is_not_copied() {
    let s = Setup::with_room(PAGE as u64);
    for text in ["cut", "new", "short"] {
        s.lower.file(text, vec![1; 100 * PAGE]).unwrap();
    }
    let mut request = writing();
    request.truncate = true;
    assert!(s.root.open(n("cut"), &request).is_ok());
    assert_eq!(content_of(&*s.root, "cut"), Ok(vec![]));
    assert_eq!(file(&*s.root, "new").set_len(0), Ok(()));
    assert_eq!(file(&*s.root, "short").set_len(10), Ok(()));
    assert_eq!(content_of(&*s.root, "short"), Ok(vec![1; 10]));
}

#[test]
fn a_copy_without_room_leaves_no_trace() {
    let s = Setup::with_room(3 * PAGE as u64);
    s.lower.file("f", vec![1; 4 * PAGE]).unwrap();
    let (reader, writer) = (s.reader("f"), file(&*s.root, "f"));
    let before = dump(&*s.root);
    assert_eq!(writer.write_at(b"2", 0), Err(Errno::Nospc));
    assert_eq!(writer.append(&[IoSlice::new(b"2")]), Err(Errno::Nospc));
    assert_eq!(writer.set_len(4 * PAGE as u64 - 1), Err(Errno::Nospc));
    assert_eq!((s.copied(), s.upper.usage().bytes), (0, 0));
    assert_eq!(content(&*reader), Ok(vec![1; 4 * PAGE]));
    assert_eq!(dump(&*s.root), before);
    // What fits still goes.
    assert_eq!(writer.set_len(3 * PAGE as u64), Ok(()));
    assert_eq!(writer.write_at(&[2], 0), Ok(1));
    assert_eq!(content(&*reader).unwrap()[..2], [2, 1]);
}

/// What is wrong with a filesystem.
#[derive(Clone, Copy)]
enum Trouble {
    /// All space is used after the first byte.
    Full,
    /// Reading takes time.
    Slow,
}

struct Troubled(Arc<MemDir>, Trouble);

impl Dir for Troubled {
    fn metadata(&self) -> Result<Metadata> {
        self.0.metadata()
    }
    fn stat(&self, name: Name<'_>) -> Result<Metadata> {
        self.0.stat(name)
    }
    fn open(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
        match self.0.open(name, request)? {
            Node::File(file) => Ok(Node::File(Arc::new(TroubledFile(file, self.1)))),
            node => Ok(node),
        }
    }
    fn list(&self, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        self.0.list(sink)
    }
    fn remove_file(&self, name: Name<'_>) -> Result<()> {
        self.0.remove_file(name)
    }
}

struct TroubledFile(Arc<dyn File>, Trouble);

impl File for TroubledFile {
    fn metadata(&self) -> Result<Metadata> {
        self.0.metadata()
    }
    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        if let Trouble::Slow = self.1 {
            thread::sleep(Duration::from_millis(2));
        }
        self.0.read_at(buf, offset)
    }
    fn write_at(&self, buf: &[u8], offset: u64) -> Result<usize> {
        match (self.1, offset) {
            (Trouble::Slow, _) => self.0.write_at(buf, offset),
            (Trouble::Full, 0) => self.0.write_at(&buf[..1], 0),
            (Trouble::Full, _) => Err(Errno::Dquot),
        }
    }
}

#[test]
fn the_upper_filesystem_s_error_is_the_answer() {
    let (lower, upper) = (MemDir::new(), MemDir::new());
    lower.file("f", "content").unwrap();
    let full = Arc::new(Troubled(upper.clone(), Trouble::Full));
    let root = Overlay::builder(lower).upper(full).build();
    assert_eq!(file(&*root, "f").write_at(b"C", 0), Err(Errno::Dquot));
    assert_eq!(content_of(&*root, "f"), Ok(b"content".to_vec()));
    assert_eq!(entries(&*upper).len(), 0);
}

#[test]
fn zeros_are_copied_as_holes() {
    let s = Setup::new();
    let sparse = file(&*s.lower, "sparse");
    sparse.set_len(1 << 24).unwrap();
    sparse.write_at(b"middle", 1 << 23).unwrap();
    let copy = file(&*s.root, "sparse");
    assert_eq!(copy.write_at(b"x", 0), Ok(1));
    assert_eq!(copy.metadata().unwrap().size, 1 << 24);
    assert_eq!(s.upper.usage().bytes, 2 * PAGE as u64);
    let mut buf = [9; 8];
    assert_eq!(copy.read_at(&mut buf, (1 << 23) - 1), Ok(8));
    assert_eq!(&buf, b"\0middle\0");
}

#[test]
fn names_of_one_lower_file_are_names_of_one_file() {
    let s = Setup::new();
    s.lower.file("a", "content").unwrap();
    let dir = s.lower.dir("d").unwrap();
    s.lower.link(n("a"), &*dir, n("b")).unwrap();
    s.lower.link(n("a"), &*dir, n("c")).unwrap();
    put(&*s.root, "a", b"C");
    let dir = subdir(&*s.root, "d");
    assert_eq!(content_of(&*dir, "b"), Ok(b"Content".to_vec()));
    assert_eq!(s.copied(), 1);
    s.root.remove_file(n("a")).unwrap();
    let facts = dir.stat(n("b")).unwrap();
    assert_eq!((facts.nlink, Ok(facts)), (2, dir.stat(n("c"))));
    assert_eq!(dir.rename(n("b"), &*dir, n("c")), Ok(()));
    assert_eq!(entries(&*dir).len(), 2, "they are the same file");
    dir.remove_file(n("b")).unwrap();
    dir.remove_file(n("c")).unwrap();
    assert_eq!(s.copied(), 0);
}

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
fn an_unlinked_file_can_still_be_written_and_leaves_nothing() {
    let s = Setup::new();
    s.lower.file("f", "content").unwrap();
    let (reader, writer) = (s.reader("f"), file(&*s.root, "f"));
    s.root.remove_file(n("f")).unwrap();
    assert_eq!(writer.write_at(b"C", 0), Ok(1));
    assert_eq!(content(&*reader), Ok(b"Content".to_vec()));
    assert_eq!(reader.metadata().unwrap().nlink, 0);
    put(&*s.root, "f", b"another");
    assert_eq!(
        (content(&*reader), s.copied()),
        (Ok(b"Content".to_vec()), 2)
    );
    drop((reader, writer));
    assert_eq!(s.copied(), 1);
}

#[test]
fn the_upper_directory_is_left_as_it_was() {
    let (lower, upper) = (MemDir::new(), MemDir::new());
    lower.file("f", "content").unwrap();
    upper.file("0", "somebody's").unwrap();
    let root = Overlay::builder(lower.clone()).upper(upper.clone()).build();
    let other = Overlay::builder(lower).upper(upper.clone()).build();
    put(&*root, "f", b"1");
    put(&*other, "f", b"2");
    assert_eq!(content_of(&*root, "f"), Ok(b"1ontent".to_vec()));
    let handle = file(&*root, "f");
    drop((root, other));
    assert_eq!(content(&*handle), Ok(b"1ontent".to_vec()));
    drop(handle);
    assert_eq!(upper.contents("0"), Ok(b"somebody's".to_vec()));
    assert_eq!(entries(&*upper).len(), 1);
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

#[test]
fn threads_that_write_first_at_once_lose_nothing() {
    const LEN: usize = 3 * PAGE;
    for round in 0..5 {
        let (lower, upper) = (MemDir::new(), MemDir::new());
        lower.file("f", vec![b'.'; LEN]).unwrap();
        let root = Overlay::builder(Arc::new(Troubled(lower, Trouble::Slow)))
            .upper(upper.clone())
            .build();
        let start = Barrier::new(4);
        thread::scope(|scope| {
            for index in 0..4_u8 {
                let (file, start) = (file(&*root, "f"), &start);
                scope.spawn(move || {
                    start.wait();
                    assert_eq!(file.write_at(&[b'0' + index], u64::from(index)), Ok(1));
                    assert_eq!(file.append(&[IoSlice::new(b"x")]).unwrap().0, 1);
                });
            }
        });
        let all = content_of(&*root, "f").unwrap();
        assert_eq!(
            (&all[..5], all.len()),
            (&b"0123."[..], LEN + 4),
            "round {round}"
        );
        let copies: Vec<String> = entries(&*upper).into_keys().collect();
        assert_eq!(copies, ["0"], "it is copied once");
    }
}

#[test]
fn threads_that_change_directories_leave_a_tree() {
    let s = Setup::new();
    for dir in ["a", "b", "c"] {
        let dir = s.lower.dir(dir).unwrap();
        for text in ["a", "b", "c", "f", "g"] {
            dir.file(text, text).unwrap();
        }
        dir.dir("d").unwrap().file("x", "x").unwrap();
    }
    let before = dump(&*s.lower);
    thread::scope(|scope| {
        for seed in 0..4 {
            let root: Arc<dyn Dir> = s.root.clone();
            scope.spawn(move || {
                let mut dice = overlay_kit::Dice(seed);
                let name =
                    |dice: &mut overlay_kit::Dice| n(["a", "b", "c", "d"][dice.roll(4) as usize]);
                for _ in 0..2_000 {
                    let (at, to) = (name(&mut dice), name(&mut dice));
                    let open = |name| match root.open(name, &OpenRequest::STEP) {
                        Ok(Node::Dir(dir)) => dir,
                        _ => Arc::clone(&root),
                    };
                    let (at, to) = (open(at), open(to));
                    let (one, two) = (name(&mut dice), name(&mut dice));
                    let _ = match dice.roll(6) {
                        0 => at.rename(one, &*to, two),
                        1 => at.remove_dir(one),
                        2 => at.create_dir(one),
                        3 => at.link(one, &*to, two),
                        4 => at.remove_file(one),
                        _ => at.open(one, &writing()).map(|node| {
                            if let Node::File(file) = node {
                                let _ = file.write_at(b"!", 0);
                            }
                        }),
                    };
                }
            });
        }
    });
    let all = dump(&*s.root);
    assert_eq!(all.values().filter(|facts| facts.nlink == 0).count(), 0);
    assert_eq!(dump(&*s.lower), before);
    let copy = MemDir::new();
    for dir in ["a", "b", "c"] {
        let dir = copy.dir(dir).unwrap();
        for text in ["a", "b", "c", "f", "g"] {
            dir.file(text, text).unwrap();
        }
        dir.dir("d").unwrap().file("x", "x").unwrap();
    }
    s.root.commit(&*copy).unwrap();
    let content = |dir: &dyn Dir| -> Vec<_> {
        let all = dump(dir).into_iter();
        all.map(|(path, facts)| (path, facts.kind, facts.nlink, facts.content))
            .collect()
    };
    assert_eq!(content(&*copy), content(&*s.root));
}

#[test]
fn limits_hold_and_what_is_given_up_can_be_used_again() {
    let lower = MemDir::new();
    lower.file("a", "").unwrap();
    lower.file("b", "").unwrap();
    let root = Overlay::builder(lower).inodes(3).names(3 * 64 + 3).build();
    // The root, which is changed, counts as a node and 64 bytes; so does each new file or name.
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
