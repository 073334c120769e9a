//! The limits of the filesystem in memory, and what counts towards them.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

mod support;

use std::io::IoSlice;
use support::{name, names, open, writing};
use wasi_shim::abi::Errno;
use wasi_shim::backends::MemDir;
use wasi_shim::vfs::Dir as _;
use wasi_shim::vfs::{Name, Node, OpenRequest};

const PAGE: u64 = 4096;
/// What is charged for an entry beside its name, for a file or a link, and for a directory.
const ENTRY: u64 = 96;
const LEAF: u64 = 192;
const DIR: u64 = 1024;

#[test]
fn holes_cost_nothing_and_the_longest_file_is_reached() {
    let root = MemDir::new();
    let file = open(&*root, "sparse");
    file.set_len(1 << 30).unwrap();
    assert_eq!(
        (file.metadata().unwrap().size, root.usage().bytes),
        (1 << 30, 0)
    );
    file.set_len(i64::MAX as u64).unwrap();
    assert_eq!(file.set_len(i64::MAX as u64 + 1), Err(Errno::Fbig));
    assert_eq!(file.write_at(b"ab", i64::MAX as u64 - 1), Ok(1));
    assert_eq!(file.write_at(b"a", i64::MAX as u64), Err(Errno::Fbig));
    assert_eq!(file.write_at(b"", u64::MAX), Ok(0));
    assert_eq!(file.append(&[IoSlice::new(b"a")]), Err(Errno::Fbig));
    assert_eq!(file.allocate(u64::MAX, 2), Err(Errno::Fbig));
    assert_eq!(root.usage().bytes, PAGE);
    let mut buf = [1; 3];
    assert_eq!(file.read_at(&mut buf, i64::MAX as u64 - 3), Ok(3));
    assert_eq!(buf, [0, 0, b'a']);
    assert_eq!(file.read_at(&mut buf, u64::MAX), Ok(0));
}

#[test]
fn the_limit_on_bytes_is_reached_exactly() {
    let root = MemDir::builder().bytes(4 * PAGE + 100).build();
    let file = open(&*root, "a");
    let data = vec![7; 5 * PAGE as usize];
    assert_eq!(file.write_at(&data, 1), Ok(4 * PAGE as usize - 1));
    assert_eq!(file.write_at(b"x", 4 * PAGE), Err(Errno::Nospc));
    assert_eq!(file.metadata().unwrap().size, 4 * PAGE);
    assert_eq!(open(&*root, "b").write_at(b"x", 0), Err(Errno::Nospc));
    assert_eq!(root.file("c", vec![0]), Err(Errno::Nospc));
    assert_eq!(names(&*root), ["a", "b"]);
    file.set_len(PAGE).unwrap();
    assert_eq!(root.usage().bytes, PAGE);
    assert_eq!(root.file("c", vec![0; 3 * PAGE as usize]), Ok(()));
    root.remove_file(name("a")).unwrap();
    assert_eq!(root.usage().bytes, 4 * PAGE);
    drop(file);
    assert_eq!(root.usage().bytes, 3 * PAGE);
}

#[test]
fn what_is_allocated_can_be_written_when_all_else_is_full() {
    let root = MemDir::builder().bytes(4 * PAGE).build();
    let (safe, greedy) = (open(&*root, "safe"), open(&*root, "greedy"));
    safe.write_at(b"kept", 0).unwrap();
    safe.allocate(0, 2 * PAGE).unwrap();
    safe.allocate(1, 2).unwrap();
    assert_eq!(safe.metadata().unwrap().size, 2 * PAGE);
    assert_eq!(
        greedy.write_at(&[1; 4 * PAGE as usize], 0),
        Ok(2 * PAGE as usize)
    );
    assert_eq!(safe.allocate(0, 2 * PAGE + 1), Err(Errno::Nospc));
    assert_eq!(safe.metadata().unwrap().size, 2 * PAGE);
    assert_eq!(safe.write_at(&[2; PAGE as usize], PAGE), Ok(PAGE as usize));
    let mut buf = [1; 6];
    safe.read_at(&mut buf, 0).unwrap();
    assert_eq!(&buf, b"kept\0\0");
}

#[test]
fn room_for_the_longest_file_is_promised_at_once() {
    let root = MemDir::builder().bytes(u64::MAX).build();
    let file = open(&*root, "f");
    file.write_at(b"x", 1 << 40).unwrap();
    file.allocate(0, 1 << 40).unwrap();
    file.allocate(0, i64::MAX as u64).unwrap();
    assert_eq!(file.metadata().unwrap().size, i64::MAX as u64);
    assert_eq!(root.usage().bytes, 1 << 63);
    assert_eq!(
        open(&*root, "g").allocate(0, i64::MAX as u64),
        Err(Errno::Nospc)
    );
    file.set_len(PAGE + 1).unwrap();
    assert_eq!(root.usage().bytes, 2 * PAGE);
    root.remove_file(name("f")).unwrap();
    drop(file);
    assert_eq!(root.usage().bytes, 0);
}

#[test]
fn the_limits_on_inodes_and_names_are_reached_exactly() {
    let names = 4 * (ENTRY + 1);
    let nodes = LEAF + 2 * DIR;
    let root = MemDir::builder().inodes(3).names(names + nodes).build();
    root.file("a", "").unwrap();
    root.dir("b").unwrap();
    root.create_dir(name("c")).unwrap();
    assert_eq!(root.create_dir(name("d")), Err(Errno::Nospc));
    assert_eq!(root.symlink("d", "x"), Err(Errno::Nospc));
    assert_eq!(root.open(name("d"), &writing()).err(), Some(Errno::Nospc));
    root.link(name("a"), &*root, name("d")).unwrap();
    assert_eq!(root.link(name("a"), &*root, name("e")), Err(Errno::Nospc));
    assert_eq!(
        root.rename(name("a"), &*root, name("ee")),
        Err(Errno::Nospc)
    );
    assert_eq!(root.rename(name("a"), &*root, name("e")), Ok(()));
    let usage = root.usage();
    assert_eq!((usage.inodes, usage.names), (3, names + nodes));
    root.remove_dir(name("c")).unwrap();
    let long = "e".repeat(99);
    assert_eq!(root.rename(name("e"), &*root, name(&long)), Ok(()));
    let usage = root.usage();
    let expected = 3 * ENTRY + 99 + 2 + LEAF + DIR;
    assert_eq!((usage.inodes, usage.names), (2, expected));
    root.remove_dir(name("b")).unwrap();
    root.rename(name("d"), &*root, name("f")).unwrap();
    root.remove_file(name("f")).unwrap();
    root.remove_file(name(&long)).unwrap();
    assert_eq!(root.usage(), MemDir::new().usage());
}

#[test]
fn a_failed_creation_takes_nothing() {
    let root = MemDir::builder().names(0).build();
    assert_eq!(root.file("a", vec![0; 10_000]), Err(Errno::Nospc));
    assert_eq!(root.symlink("a", ""), Err(Errno::Nospc));
    assert_eq!(root.create_dir(name("a")), Err(Errno::Nospc));
    assert_eq!(root.usage(), MemDir::new().usage());
}

#[test]
fn a_long_hole_is_not_copied_out() {
    let root = MemDir::builder().bytes(1 << 20).build();
    root.file("f", "x").unwrap();
    let mut write = OpenRequest::READ;
    write.write = true;
    let Ok(Node::File(file)) = root.open(Name::new("f").unwrap(), &write) else {
        panic!("a file");
    };
    file.set_len(64 << 20).unwrap();
    assert_eq!(root.contents("f").map(|bytes| bytes.len()), Ok(64 << 20));
    file.set_len((64 << 20) + 1).unwrap();
    assert_eq!(root.contents("f"), Err(Errno::Nomem));
}

#[test]
fn a_directory_has_as_many_entries_as_it_may() {
    let root = MemDir::builder().entries(3).build();
    let dir = root.dir("d").unwrap();
    root.file("f", "").unwrap();
    root.symlink("l", "f").unwrap();
    let usage = root.usage();
    assert_eq!(root.file("x", ""), Err(Errno::Nospc));
    assert_eq!(root.create_dir(name("x")), Err(Errno::Nospc));
    assert_eq!(root.symlink("x", "f"), Err(Errno::Nospc));
    assert_eq!(root.open(name("x"), &writing()).err(), Some(Errno::Nospc));
    assert_eq!(root.link(name("f"), &*root, name("x")), Err(Errno::Nospc));
    assert_eq!(root.usage(), usage);
    // What is taken is told as ever, and what takes no place is done.
    assert_eq!(root.create_dir(name("f")), Err(Errno::Exist));
    assert_eq!(root.file("f", "new"), Ok(()));
    assert_eq!(root.rename(name("f"), &*root, name("g")), Ok(()));
    assert_eq!(root.rename(name("g"), &*root, name("l")), Ok(()));
    dir.file("f", "").unwrap();
    assert_eq!(dir.rename(name("f"), &*root, name("l")), Ok(()));
    dir.file("f", "").unwrap();
    assert_eq!(dir.rename(name("f"), &*root, name("f")), Ok(()));
    dir.file("f", "").unwrap();
    assert_eq!(dir.rename(name("f"), &*root, name("x")), Err(Errno::Nospc));
    assert_eq!((names(&*root).len(), names(&*dir).len()), (3, 1));
    let snapshot = root.snapshot();
    assert_eq!(snapshot.file("x", ""), Err(Errno::Nospc));
}

#[test]
fn directories_are_as_deep_as_they_may_be() {
    let root = MemDir::builder().depth(3).build();
    let third = root.dir("1").unwrap().dir("2").unwrap().dir("3").unwrap();
    let usage = root.usage();
    assert_eq!(third.create_dir(name("4")), Err(Errno::Nospc));
    assert_eq!(third.dir("4").err(), Some(Errno::Nospc));
    assert_eq!(root.usage(), usage);
    third.file("f", "").unwrap();
    let (a, b) = (root.dir("a").unwrap(), root.dir("b").unwrap());
    b.dir("c").unwrap();
    assert_eq!(root.rename(name("1"), &*a, name("1")), Err(Errno::Nospc));
    assert_eq!(
        root.rename(name("b"), &*third, name("b")),
        Err(Errno::Nospc)
    );
    assert_eq!(root.rename(name("1"), &*root, name("one")), Ok(()));
    assert_eq!(root.rename(name("b"), &*a, name("b")), Ok(()));
    let snapshot = root.snapshot();
    let c = snapshot
        .dir("a")
        .unwrap()
        .dir("b")
        .unwrap()
        .dir("c")
        .unwrap();
    assert_eq!(c.create_dir(name("d")), Err(Errno::Nospc));
    // A snapshot of a directory counts from there.
    let b = snapshot.dir("a").unwrap().dir("b").unwrap().snapshot();
    assert!(b.dir("c").unwrap().dir("d").is_ok());
}
