//! Which trees can be put together, and what is said of those that cannot.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

mod support;

use std::ops::ControlFlow;
use std::sync::Arc;
use support::{name, names};
use wasi_shim::abi::{Errno, FileKind, Result};
use wasi_shim::backends::{MemDir, MountError, Mounts};
use wasi_shim::vfs::{Dir, Entry, Metadata, Name, Node, OpenRequest};

fn build(paths: &[&str], base: &Arc<MemDir>) -> Option<MountError> {
    let mut builder = Mounts::builder().mount("/", base.clone());
    for path in paths {
        builder = builder.mount(*path, MemDir::new());
    }
    builder.build().err()
}

#[test]
fn paths_are_checked_when_trees_are_put_together() {
    let base = MemDir::new();
    base.file("file", "").unwrap();
    base.symlink("link", "dir").unwrap();
    base.dir("dir").unwrap().file("file", "").unwrap();
    for path in ["", "usr", "/usr/", "//", "/a//b", "/a/../b", "/.", "/a\0"] {
        let path = path.to_owned();
        let expected = MountError::Path { path: path.clone() };
        assert_eq!(build(&[&path], &base), Some(expected));
    }
    for path in ["/", "/usr/lib"] {
        let expected = MountError::Duplicate { path: path.into() };
        assert_eq!(build(&["/usr/lib", path], &base), Some(expected));
    }
    for (path, at) in [
        ("/file", "/file"),
        ("/file/below", "/file"),
        ("/dir/file/below/it", "/dir/file"),
        ("/link", "/link"),
        ("/link/below", "/link"),
    ] {
        let expected = MountError::NotADirectory { at: at.into() };
        assert_eq!(build(&[path], &base), Some(expected), "{path}");
    }
    assert_eq!(
        build(&["/dir/new/er", "/dir", "/a/b/c", "/a/b"], &base),
        None
    );
    let text = MountError::Path { path: "a".into() }.to_string();
    assert!(text.contains("\"a\""), "{text}");
}

/// A directory that cannot be looked at.
struct Broken;

impl Dir for Broken {
    fn metadata(&self) -> Result<Metadata> {
        Ok(Metadata::dir(1))
    }

    fn stat(&self, _name: Name<'_>) -> Result<Metadata> {
        Err(Errno::Io)
    }

    fn open(&self, _name: Name<'_>, _request: &OpenRequest) -> Result<Node> {
        Err(Errno::Io)
    }

    fn list(&self, _sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        Err(Errno::Io)
    }
}

#[test]
fn a_tree_that_cannot_be_looked_at_is_an_error() {
    let built = Mounts::builder()
        .mount("/x", Arc::new(Broken))
        .mount("/x/a/b", MemDir::new())
        .build();
    let (at, errno) = ("/x/a".into(), Errno::Io);
    assert_eq!(built.err(), Some(MountError::Lookup { at, errno }));
}

#[test]
fn a_tree_without_a_root_gets_one() {
    let root = Mounts::builder()
        .mount("/a", MemDir::new())
        .build()
        .unwrap();
    assert_eq!(names(&*root), ["a"]);
    assert_eq!(root.metadata().unwrap().kind, FileKind::Directory);
    let empty = Mounts::builder().build().unwrap();
    assert_eq!(names(&*empty), [""; 0]);
    assert_eq!(empty.create_dir(name("d")), Err(Errno::Rofs));
}
