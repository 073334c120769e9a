//! Only so much can be used, and what is counted is what is there.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

mod support;

use std::io::IoSlice;
use std::ops::ControlFlow;
use std::sync::Arc;
use support::{name, open, subdir, writing};
use wasi_shim::abi::{Errno, FileKind, Result};
use wasi_shim::backends::{Faulty, MemDir, Operation, Quota, QuotaUsage, Verdict};
use wasi_shim::vfs::{
    Create, Dir, Entry, Follow, FsId, Interest, Metadata, Name, Node, OpenRequest, PlainPath,
};

fn limited(bytes: u64, inodes: u64) -> Arc<Quota> {
    let builder = Quota::builder().bytes(bytes).inodes(inodes);
    builder.build(MemDir::new()).unwrap()
}

fn used(root: &Quota) -> (u64, u64) {
    let QuotaUsage { bytes, inodes, .. } = root.usage();
    (bytes, inodes)
}

fn truncating() -> OpenRequest {
    let mut request = writing();
    request.truncate = true;
    request
}

fn exclusive() -> OpenRequest {
    let mut request = writing();
    request.create = Create::Exclusive;
    request
}

const ABC: &[u8] = b"abcdefghij";

#[test]
fn a_write_has_what_room_there_is() {
    let root = limited(25, 10);
    let (f, g) = (open(&*root, "f"), open(&*root, "g"));
    assert_eq!(f.write_at(ABC, 0), Ok(10));
    assert_eq!(g.write_at(ABC, 2), Ok(10));
    assert_eq!(used(&root), (22, 2));
    // What is there already takes nothing.
    assert_eq!(f.write_at(ABC, 0), Ok(10));
    assert_eq!(f.write_at(ABC, 5), Ok(8));
    assert_eq!(used(&root), (25, 2));
    assert_eq!(f.write_at(ABC, 13), Err(Errno::Dquot));
    assert_eq!(f.write_at(ABC, 10), Ok(3));
    assert_eq!(f.write_at(b"", 13), Ok(0));
    assert_eq!(g.write_at(ABC, 12), Err(Errno::Dquot));
    g.set_len(0).unwrap();
    assert_eq!(used(&root), (13, 2));
    let bufs = [IoSlice::new(ABC), IoSlice::new(ABC)];
    assert_eq!(g.write_vectored_at(&bufs, 0), Ok(12));
    assert_eq!(g.write_vectored_at(&bufs, 12), Err(Errno::Dquot));
    g.set_len(1).unwrap();
    assert_eq!(g.append(&bufs), Ok((11, 12)));
    assert_eq!(g.append(&bufs), Err(Errno::Dquot));
    assert_eq!(used(&root), (25, 2));
    f.set_len(3).unwrap();
    assert_eq!(g.append(&bufs[..1]), Ok((10, 22)));
    assert_eq!(used(&root), (25, 2));
    let mut buf = [0; 22];
    assert_eq!(g.read_at(&mut buf, 0), Ok(22));
    assert_eq!(&buf[10..14], b"jaab");
}

#[test]
fn a_gap_counts_and_is_not_made_for_nothing() {
    let root = limited(10, 1);
    let f = open(&*root, "f");
    assert_eq!(f.write_at(b"xyz", 10), Err(Errno::Dquot));
    assert_eq!(f.write_at(b"x", u64::MAX), Err(Errno::Dquot));
    assert_eq!(used(&root), (0, 1));
    assert_eq!(f.write_at(b"xyz", 8), Ok(2));
    assert_eq!(used(&root), (10, 1));
}

#[test]
fn lengths_count_holes_included() {
    let root = limited(1 << 20, 1);
    let f = open(&*root, "f");
    assert_eq!(f.set_len((1 << 20) + 1), Err(Errno::Dquot));
    assert_eq!(f.set_len(1 << 20), Ok(()));
    assert_eq!(used(&root), (1 << 20, 1));
    assert_eq!(f.set_len(100), Ok(()));
    assert_eq!(f.allocate(50, 20), Ok(()));
    assert_eq!(used(&root), (100, 1));
    assert_eq!(f.allocate(50, 100), Ok(()));
    assert_eq!(used(&root), (150, 1));
    assert_eq!(f.allocate(50, 1 << 20), Err(Errno::Dquot));
    assert_eq!(f.allocate(1 << 30, 0), Ok(()));
    assert_eq!(f.allocate(u64::MAX, 2), Err(Errno::Fbig));
    assert_eq!(used(&root), (150, 1));
    assert_eq!(f.metadata().unwrap().size, 150);
}

#[test]
fn entries_are_counted() {
    let root = limited(5, 4);
    open(&*root, "f");
    root.create_dir(name("d")).unwrap();
    root.create_symlink(name("s"), "1234").unwrap();
    assert_eq!(used(&root), (4, 3));
    assert_eq!(root.create_symlink(name("t"), "56"), Err(Errno::Dquot));
    assert_eq!(used(&root), (4, 3));
    let d = subdir(&*root, "d");
    d.create_dir(name("e")).unwrap();
    assert_eq!(d.create_dir(name("x")), Err(Errno::Dquot));
    assert_eq!(d.create_symlink(name("x"), ""), Err(Errno::Dquot));
    for request in [writing(), truncating(), exclusive()] {
        assert_eq!(d.open(name("x"), &request).err(), Some(Errno::Dquot));
    }
    // A second name takes nothing, and what is there is found first.
    d.link(name("missing"), &*d, name("y")).unwrap_err();
    root.link(name("f"), &*d, name("f")).unwrap();
    assert_eq!(d.create_dir(name("e")), Err(Errno::Exist));
    assert_eq!(d.create_symlink(name("f"), "t"), Err(Errno::Exist));
    let taken = d.open(name("f"), &exclusive());
    assert_eq!(taken.err(), Some(Errno::Exist));
    let mut directory = writing();
    directory.directory = true;
    let made = d.open(name("x"), &directory);
    assert_eq!(made.err(), Some(Errno::Notdir));
    open(&*d, "f");
    assert_eq!(used(&root), (4, 4));
    root.remove_file(name("s")).unwrap();
    d.remove_dir(name("e")).unwrap();
    assert_eq!(used(&root), (0, 2));
}

#[test]
fn what_fails_takes_nothing() {
    let inner = MemDir::new();
    let broken = Faulty::new(inner, |call| match call.operation {
        Operation::Stat { .. } | Operation::Metadata => Verdict::Proceed,
        Operation::Open { request, .. } if request.create == Create::Never && !request.truncate => {
            Verdict::Proceed
        }
        Operation::Open { name, .. } if name.as_str() == "f" => Verdict::Proceed,
        _ => Verdict::Fail(Errno::Io),
    });
    let root = Quota::builder().used(QuotaUsage::default()).build(broken);
    let root = root.unwrap();
    let f = open(&*root, "f");
    let before = used(&root);
    let bufs = [IoSlice::new(ABC)];
    assert_eq!(f.write_at(ABC, 5), Err(Errno::Io));
    assert_eq!(f.write_vectored_at(&bufs, 5), Err(Errno::Io));
    assert_eq!(f.append(&bufs), Err(Errno::Io));
    assert_eq!(f.set_len(7), Err(Errno::Io));
    assert_eq!(f.allocate(0, 7), Err(Errno::Io));
    assert_eq!(root.create_dir(name("d")), Err(Errno::Io));
    assert_eq!(root.create_symlink(name("s"), "text"), Err(Errno::Io));
    let created = root.open(name("g"), &writing());
    assert_eq!(created.err(), Some(Errno::Io));
    assert_eq!(root.remove_file(name("f")), Err(Errno::Io));
    assert_eq!(root.remove_dir(name("f")), Err(Errno::Io));
    assert_eq!(root.rename(name("f"), &*root, name("g")), Err(Errno::Io));
    drop(f);
    assert_eq!((used(&root), before), (before, (0, 1)));
}

#[test]
fn a_file_that_cannot_be_cut_keeps_its_bytes() {
    let inner = MemDir::new();
    inner.file("f", ABC).unwrap();
    let broken = Faulty::new(inner, |call| match call.operation {
        Operation::Open { request, .. } if request.truncate => Verdict::Fail(Errno::Io),
        _ => Verdict::Proceed,
    });
    let root = Quota::builder().build(broken).unwrap();
    let cut = root.open(name("f"), &truncating());
    assert_eq!((cut.err(), used(&root)), (Some(Errno::Io), (10, 1)));
}

#[test]
fn a_short_write_gives_the_rest_back() {
    let full = Faulty::after(MemDir::new(), Interest::Write, 25, Errno::Nospc);
    let root = Quota::builder().build(full).unwrap();
    let f = open(&*root, "f");
    assert_eq!(f.write_at(ABC, 0), Ok(10));
    let bufs = [IoSlice::new(ABC)];
    assert_eq!(f.append(&bufs), Ok((10, 20)));
    assert_eq!(f.write_vectored_at(&bufs, 20), Ok(5));
    assert_eq!(f.write_vectored_at(&bufs, 25), Err(Errno::Nospc));
    assert_eq!(used(&root), (25, 1));
}

#[test]
fn what_is_removed_counts_until_the_last_name_and_the_last_handle_are_gone() {
    let root = limited(100, 10);
    let one = open(&*root, "f");
    let other = open(&*root, "f");
    one.write_at(ABC, 0).unwrap();
    root.link(name("f"), &*root, name("g")).unwrap();
    root.remove_file(name("f")).unwrap();
    assert_eq!(used(&root), (10, 1));
    drop(one);
    root.remove_file(name("g")).unwrap();
    assert_eq!(used(&root), (10, 1));
    // It can still grow and shrink.
    other.write_at(ABC, 10).unwrap();
    assert_eq!(used(&root), (20, 1));
    other.set_len(5).unwrap();
    assert_eq!(used(&root), (5, 1));
    drop(other);
    assert_eq!(used(&root), (0, 0));
    // Without a handle it is gone at once, and with one but a name it stays.
    open(&*root, "f").write_at(ABC, 0).unwrap();
    assert_eq!(used(&root), (10, 1));
    root.remove_file(name("f")).unwrap();
    assert_eq!(used(&root), (0, 0));
}

#[test]
fn what_is_replaced_is_gone_likewise() {
    let root = limited(100, 10);
    let (f, g, d, e) = (name("f"), name("g"), name("d"), name("e"));
    open(&*root, "f").write_at(ABC, 0).unwrap();
    let held = open(&*root, "g");
    held.write_at(b"123", 0).unwrap();
    root.rename(f, &*root, g).unwrap();
    assert_eq!(used(&root), (13, 2));
    drop(held);
    assert_eq!(used(&root), (10, 1));
    // Two names of one file stay as they are; one of them replaced keeps the file.
    root.link(g, &*root, f).unwrap();
    root.rename(f, &*root, g).unwrap();
    assert_eq!(used(&root), (10, 1));
    root.remove_file(f).unwrap();
    root.rename(g, &*root, g).unwrap();
    assert_eq!(used(&root), (10, 1));
    root.link(g, &*root, f).unwrap();
    open(&*root, "h").write_at(b"1", 0).unwrap();
    root.rename(name("h"), &*root, f).unwrap();
    assert_eq!(used(&root), (11, 2));
    root.create_symlink(name("s"), "text").unwrap();
    root.rename(f, &*root, name("s")).unwrap();
    assert_eq!(used(&root), (11, 2));
    root.create_dir(d).unwrap();
    root.create_dir(e).unwrap();
    root.rename(d, &*root, e).unwrap();
    assert_eq!(used(&root), (11, 3));
    assert_eq!(root.rename(f, &*root, g), Err(Errno::Noent));
    assert_eq!(used(&root), (11, 3));
}

#[test]
fn a_symlink_with_two_names_counts_once() {
    let root = limited(100, 10);
    let (s, t) = (name("s"), name("t"));
    root.create_symlink(s, "text").unwrap();
    root.link(s, &*root, t).unwrap();
    root.remove_file(s).unwrap();
    assert_eq!(used(&root), (4, 1));
    root.remove_file(t).unwrap();
    assert_eq!(used(&root), (0, 0));
}

#[test]
fn opening_to_truncate_gives_back() {
    let root = limited(100, 10);
    let held = open(&*root, "f");
    held.write_at(ABC, 0).unwrap();
    let Ok(Node::File(cut)) = root.open(name("f"), &truncating()) else {
        panic!("the file should open");
    };
    assert_eq!(used(&root), (0, 1));
    held.write_at(b"123", 0).unwrap();
    cut.write_at(b"4567", 0).unwrap();
    assert_eq!(used(&root), (4, 1));
    root.create_symlink(name("s"), "f").unwrap();
    let link = root.open(name("s"), &truncating());
    assert!(matches!(link, Ok(Node::Symlink(_))));
    let taken = root.open(name("f"), &exclusive());
    assert_eq!(taken.err(), Some(Errno::Exist));
    let mut both = exclusive();
    both.truncate = true;
    assert_eq!(root.open(name("f"), &both).err(), Some(Errno::Exist));
    assert_eq!(used(&root), (5, 2));
}

#[test]
fn what_is_there_is_counted_first_unless_it_is_given() {
    let inner = MemDir::new();
    inner.file("f", ABC).unwrap();
    inner.symlink("s", "text").unwrap();
    let d = inner.dir("d").unwrap();
    d.file("g", "123").unwrap();
    d.dir("e").unwrap().dir("deeper").unwrap();
    inner.link(name("f"), &*d, name("h")).unwrap();
    inner.link(name("s"), &*d, name("t")).unwrap();
    let root = Quota::builder().bytes(17).build(inner.clone()).unwrap();
    assert_eq!(used(&root), (17, 6));
    assert_eq!(open(&*root, "f").write_at(b"x", 10), Err(Errno::Dquot));
    let usage = QuotaUsage {
        bytes: 20,
        ..QuotaUsage::default()
    };
    let root = Quota::builder().bytes(17).used(usage).build(inner).unwrap();
    let file = open(&*root, "f");
    // More is used than may be: what is there can be changed, and become less.
    assert_eq!(file.write_at(b"x", 9), Ok(1));
    assert_eq!(file.write_at(b"x", 10), Err(Errno::Dquot));
    file.set_len(6).unwrap();
    assert_eq!(file.write_at(ABC, 6), Ok(1));
    assert_eq!(root.usage().bytes, 17);
}

#[test]
fn what_cannot_be_counted_is_an_error() {
    let inner = MemDir::new();
    inner.dir("d").unwrap();
    for n in 1..=4 {
        let broken = Faulty::nth(inner.clone(), n, Errno::Acces);
        let built = Quota::builder().build(broken.clone());
        assert_eq!(built.err(), Some(Errno::Acces), "call {n}");
    }
}

#[test]
fn a_quota_is_a_filesystem_of_its_own() {
    let inner = MemDir::new();
    inner.file("f", "").unwrap();
    let [one, other] = [(); 2].map(|()| Quota::builder().build(inner.clone()).unwrap());
    let (f, g) = (name("f"), name("g"));
    assert_ne!(one.filesystem(), other.filesystem());
    for target in [&*other as &dyn Dir, &*inner] {
        assert_eq!(one.rename(f, target, g), Err(Errno::Xdev));
        assert_eq!(one.link(f, target, g), Err(Errno::Xdev));
    }
}

#[test]
fn deep_calls_are_counted_or_declined() {
    let inner = MemDir::new();
    let d = inner.dir("d").unwrap();
    d.file("f", ABC).unwrap();
    let root = Quota::builder().build(inner).unwrap();
    let path = PlainPath::new("d/f").unwrap();
    for request in [writing(), truncating(), exclusive()] {
        assert!(root.open_deep(path, &request).is_none());
    }
    let Some(Node::File(file)) = root.open_deep(path, &OpenRequest::READ) else {
        panic!("a plain path to a file should open");
    };
    subdir(&*root, "d").remove_file(name("f")).unwrap();
    assert_eq!(used(&root), (10, 2));
    drop(file);
    assert_eq!(used(&root), (0, 1));
    assert_eq!(root.stat_deep(path, Follow::No), None);
}

/// A directory with a stream in it that can be removed.
struct Fifo;

impl Dir for Fifo {
    fn metadata(&self) -> Result<Metadata> {
        Ok(Metadata::dir(1))
    }

    fn stat(&self, _name: Name<'_>) -> Result<Metadata> {
        Ok(Metadata::new(FileKind::Unknown, 2, 100))
    }

    fn open(&self, _name: Name<'_>, _request: &OpenRequest) -> Result<Node> {
        Ok(Node::Stream(Arc::new(wasi_shim::backends::Null)))
    }

    fn list(&self, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        for name in ["fifo", "not/a/name"] {
            let _ = sink(Entry {
                name,
                ino: 2,
                kind: FileKind::Unknown,
            });
        }
        Ok(())
    }

    fn remove_file(&self, _name: Name<'_>) -> Result<()> {
        Ok(())
    }
}

#[test]
fn what_is_neither_file_nor_directory_counts_as_an_entry() {
    let root = Quota::builder().build(Arc::new(Fifo)).unwrap();
    assert_eq!(used(&root), (0, 1));
    let opened = root.open(name("fifo"), &OpenRequest::READ);
    assert!(matches!(opened, Ok(Node::Stream(_))));
    root.remove_file(name("fifo")).unwrap();
    assert_eq!(used(&root), (0, 0));
    assert_eq!(root.filesystem(), FsId::NONE);
}
