//! A filesystem seen read-only keeps the contract of filesystems that do not change, whatever it wraps.

#![allow(clippy::unwrap_used, reason = "what is wrong in a test should fail it")]

use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;
use std::task::Waker;
use wasi_shim::abi::{Errno, Result};
use wasi_shim::backends::{Capture, MemDir, Mounts, Quota, ReadOnly, Trace};
use wasi_shim::vfs::contract::{Known, read_only};
use wasi_shim::vfs::{
    Create, DeepPath, Dir, Entry, Follow, Interest, Metadata, Name, Node, OpenRequest, PlainPath,
    Stream,
};

const CONTENT: &[Known<'_>] = &[
    Known::File("empty", b""),
    Known::File("file", b"some content"),
    Known::Symlink("link", "../dir/inner"),
    Known::Dir("none", &[]),
    Known::Dir(
        "dir",
        &[
            Known::File("inner", b"inner content"),
            Known::Dir("deeper", &[Known::File("f", b"1")]),
        ],
    ),
];

fn fill(dir: &MemDir, content: &[Known<'_>]) {
    for known in content {
        match *known {
            Known::File(name, content) => dir.file(name, content).unwrap(),
            Known::Symlink(name, text) => dir.symlink(name, text).unwrap(),
            Known::Dir(name, content) => fill(&dir.dir(name).unwrap(), content),
        }
    }
}

fn name(text: &str) -> Name<'_> {
    Name::new(text).unwrap()
}

#[test]
fn the_wrapped_tree_keeps_the_contract() {
    let inner = MemDir::new();
    fill(&inner, CONTENT);
    let root: Arc<dyn Dir> = ReadOnly::new(inner);
    read_only(&root, CONTENT);
}

/// Directories of the host, a snapshot, mounts, a tree with a quota and one with a probe.
#[cfg(all(unix, feature = "host"))]
#[test]
fn every_other_wrapped_tree_keeps_the_contract_too() {
    let folder = tempfile::tempdir().unwrap();
    let host = wasi_shim::host::open_dir(folder.path()).unwrap();
    let inner = MemDir::new();
    fill(&inner, CONTENT);
    wasi_shim::backends::copy_tree(&*inner, &*host).unwrap();
    let mounts = Mounts::builder().mount("/", inner.clone()).build();
    let quota = Quota::builder().build(inner.clone());
    let all: [Arc<dyn Dir>; 5] = [
        host,
        inner.snapshot(),
        mounts.unwrap(),
        quota.unwrap(),
        Trace::new(inner, |_| {}),
    ];
    for tree in all {
        let root: Arc<dyn Dir> = ReadOnly::new(tree);
        read_only(&root, CONTENT);
    }
}

#[test]
fn earlier_errors_come_first() {
    let inner = MemDir::new();
    fill(&inner, CONTENT);
    let root = ReadOnly::new(inner);
    let (file, dir, free) = (name("file"), name("dir"), name("free"));
    assert_eq!(root.create_dir(file), Err(Errno::Exist));
    assert_eq!(root.create_symlink(dir, "t"), Err(Errno::Exist));
    assert_eq!(root.remove_file(free), Err(Errno::Noent));
    assert_eq!(root.remove_file(dir), Err(Errno::Isdir));
    assert_eq!(root.remove_file(file), Err(Errno::Rofs));
    assert_eq!(root.remove_dir(free), Err(Errno::Noent));
    assert_eq!(root.remove_dir(file), Err(Errno::Notdir));
    assert_eq!(root.remove_dir(name("none")), Err(Errno::Rofs));
    assert_eq!(root.rename(free, &*root, file), Err(Errno::Noent));
    assert_eq!(root.rename(file, &*root, dir), Err(Errno::Isdir));
    assert_eq!(root.rename(dir, &*root, file), Err(Errno::Notdir));
    assert_eq!(root.rename(file, &*root, free), Err(Errno::Rofs));
    assert_eq!(root.link(free, &*root, file), Err(Errno::Noent));
    assert_eq!(root.link(dir, &*root, file), Err(Errno::Exist));
    assert_eq!(root.link(dir, &*root, free), Err(Errno::Perm));
    assert_eq!(root.link(file, &*root, free), Err(Errno::Rofs));
    assert_eq!(root.set_times(free, &Default::default()), Err(Errno::Noent));
}

#[test]
fn what_paths_lead_to_is_wrapped() {
    let inner = MemDir::new();
    fill(&inner, CONTENT);
    let root = ReadOnly::new(inner);
    let open = |path, request: &OpenRequest| {
        root.open_path(DeepPath::new(path).unwrap(), Follow::Yes, request)
    };
    for path in ["file", "dir/inner"] {
        let Some(Ok(Node::File(file))) = open(path, &OpenRequest::READ) else {
            panic!("{path} is a file");
        };
        assert_eq!(file.write_at(b"x", 0), Err(Errno::Rofs));
    }
    let mut creating = OpenRequest::READ;
    creating.create = Create::IfMissing;
    assert!(matches!(open("file", &creating), Some(Err(Errno::Rofs))));
    assert!(open("dir/inner", &creating).is_none());
    assert!(open("dir/../file", &OpenRequest::READ).is_none());
    let stat = |path| root.stat_path(DeepPath::new(path).unwrap(), Follow::No);
    assert_eq!(stat("file"), Some(root.stat(name("file"))));
    assert_eq!(stat("missing"), Some(Err(Errno::Noent)));
    assert!(stat("dir/inner").is_some_and(|found| found.is_ok()));
}

#[test]
fn deep_calls_are_wrapped_or_declined() {
    let inner = MemDir::new();
    fill(&inner, CONTENT);
    let root = ReadOnly::new(inner);
    let path = PlainPath::new("dir/inner").unwrap();
    let Some(Node::File(file)) = root.open_deep(path, &OpenRequest::READ) else {
        panic!("a plain path to a file should open");
    };
    assert_eq!(file.write_at(b"x", 0), Err(Errno::Rofs));
    let mut creating = OpenRequest::READ;
    creating.create = Create::IfMissing;
    assert!(root.open_deep(path, &creating).is_none());
    let Some(Node::Dir(dir)) =
        root.open_deep(PlainPath::new("dir/deeper").unwrap(), &OpenRequest::STEP)
    else {
        panic!("a plain path to a directory should open");
    };
    assert_eq!(dir.remove_file(name("f")), Err(Errno::Rofs));
    assert_eq!(dir.filesystem(), root.filesystem());
}

/// A directory whose one entry is a stream.
struct Devices(Arc<Capture>);

impl Dir for Devices {
    fn metadata(&self) -> Result<Metadata> {
        Ok(Metadata::dir(1))
    }

    fn stat(&self, _name: Name<'_>) -> Result<Metadata> {
        Ok(Metadata::new(self.0.kind(), 2, 0))
    }

    fn open(&self, _name: Name<'_>, _request: &OpenRequest) -> Result<Node> {
        Ok(Node::Stream(self.0.clone()))
    }

    fn list(&self, _sink: &mut dyn FnMut(Entry<'_>) -> std::ops::ControlFlow<()>) -> Result<()> {
        Ok(())
    }
}

#[test]
fn a_stream_cannot_be_written_either() {
    let log = Capture::new(100);
    let root = ReadOnly::new(Arc::new(Devices(log.clone())));
    let Ok(Node::Stream(stream)) = root.open(name("log"), &OpenRequest::READ) else {
        panic!("the stream should open");
    };
    assert_eq!(stream.write(&[IoSlice::new(b"x")]), Err(Errno::Rofs));
    assert_eq!(
        stream.read(&mut [IoSliceMut::new(&mut [0])]),
        Err(Errno::Badf)
    );
    let _ = stream.ready(Interest::Write, Waker::noop());
    assert_eq!(log.contents(), b"");
}

#[test]
fn what_others_change_shows() {
    let inner = MemDir::new();
    let root = ReadOnly::new(inner.clone());
    inner.file("f", "new").unwrap();
    let Ok(Node::File(file)) = root.open(name("f"), &OpenRequest::READ) else {
        panic!("the file should open");
    };
    inner.file("g", "").unwrap();
    assert!(root.stat(name("g")).is_ok());
    assert_eq!(file.append(&[]), Err(Errno::Rofs));
    assert_eq!(file.metadata().unwrap().size, 3);
}
