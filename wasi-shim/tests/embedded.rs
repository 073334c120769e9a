//! A tree that is part of the program keeps the contract of filesystems that do not change.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

mod support;

use include_dir::{DirEntry, File as Included, include_dir};
use std::sync::Arc;
use support::{name, names, subdir, writing};
use wasi_shim::abi::Errno;
use wasi_shim::backends::{Embedded, MemDir, Mounts};
use wasi_shim::vfs::contract::{Known, read_only};
use wasi_shim::vfs::{Dir, Follow, FsId, Node, OpenRequest, PlainPath, Timestamp};

static TREE: include_dir::Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/tests/embedded_tree");

const CONTENT: &[Known<'_>] = &[
    Known::File("empty", b""),
    Known::File("file", b"some content"),
    Known::Dir(
        "dir",
        &[
            Known::File("inner", b"inner content"),
            Known::Dir("deeper", &[Known::File("f", b"1")]),
        ],
    ),
];

#[test]
fn the_tree_keeps_the_contract() {
    let root: Arc<dyn Dir> = Embedded::new(&TREE);
    read_only(&root, CONTENT);
}

#[test]
fn numbers_and_times_are_the_same_in_every_run() {
    let root = Embedded::with_time(&TREE, Timestamp(5));
    let ino = |dir: &dyn Dir, text: &str| dir.stat(name(text)).unwrap().ino;
    let dir = subdir(&*root, "dir");
    // In the order of paths: `/`, `dir`, `dir/deeper`, `dir/deeper/f`, `dir/inner`, `empty`, `file`.
    let numbers = [
        root.metadata().unwrap().ino,
        ino(&*root, "dir"),
        ino(&*dir, "deeper"),
        ino(&*subdir(&*dir, "deeper"), "f"),
        ino(&*dir, "inner"),
        ino(&*root, "empty"),
        ino(&*root, "file"),
    ];
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7]);
    for facts in [root.metadata(), root.stat(name("file"))] {
        let facts = facts.unwrap();
        let times = [facts.atim, facts.mtim, facts.ctim];
        assert_eq!(times, [Timestamp(5); 3]);
    }
    let facts = Embedded::new(&TREE).metadata().unwrap();
    assert_eq!((facts.mtim, facts.nlink), (Timestamp(0), 3));
}

#[test]
fn deep_calls_find_what_the_walk_finds() {
    let root = Embedded::new(&TREE);
    let path = |text| PlainPath::new(text).unwrap();
    let walked = subdir(&*subdir(&*root, "dir"), "deeper").stat(name("f"));
    let deep = root.stat_deep(path("dir/deeper/f"), Follow::Yes);
    assert_eq!(deep, walked.ok());
    for declined in ["dir/missing", "file/f", "missing/f"] {
        assert_eq!(root.stat_deep(path(declined), Follow::No), None);
        let opened = root.open_deep(path(declined), &OpenRequest::READ);
        assert!(opened.is_none());
    }
    let open = |request: &OpenRequest| root.open_deep(path("dir/inner"), request);
    assert!(matches!(open(&OpenRequest::READ), Some(Node::File(_))));
    assert!(open(&OpenRequest::STEP).is_none());
    assert!(open(&writing()).is_none());
    assert_ne!(root.filesystem(), FsId::NONE);
}

#[test]
fn names_that_cannot_be_are_left_out() {
    static ODD: include_dir::Dir<'_> = include_dir::Dir::new(
        "",
        &[
            DirEntry::File(Included::new("..", b"up")),
            DirEntry::File(Included::new("a/", b"empty")),
            DirEntry::File(Included::new("b", b"first")),
            DirEntry::File(Included::new("x/b", b"second")),
        ],
    );
    let root: Arc<dyn Dir> = Embedded::new(&ODD);
    read_only(&root, &[Known::File("b", b"first")]);
}

#[test]
fn it_can_be_mounted() {
    let root = Mounts::builder()
        .mount("/", MemDir::new())
        .mount("/usr/share", Embedded::new(&TREE))
        .build()
        .unwrap();
    let share = subdir(&*subdir(&*root, "usr"), "share");
    assert_eq!(names(&*share), ["dir", "empty", "file"]);
    assert_eq!(share.create_dir(name("d")), Err(Errno::Rofs));
}
