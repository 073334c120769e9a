//! What the tests of the host share.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "each test file is a crate and uses its part"
)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot be set up has failed"
)]

pub mod guest;

use rustix::fs::{CWD, FileType, Mode};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use wasi_shim::abi::{Errno, FileKind, Result};
use wasi_shim::host::open_dir;
use wasi_shim::vfs::{Create, Dir, Entry, File, Name, Node, OpenRequest, Stream};

/// A directory of the host that goes away with the test, and the same as a guest's filesystem.
pub struct Tree {
    temp: TempDir,
    /// The directory, opened.
    pub dir: Arc<dyn Dir>,
}

impl Tree {
    /// An empty tree.
    pub fn new() -> Self {
        let temp = TempDir::new().unwrap();
        let dir = open_dir(temp.path()).unwrap();
        Self { temp, dir }
    }

    /// A tree with one of each kind.
    pub fn of_each_kind() -> Self {
        let tree = Self::new();
        tree.file("file", "content");
        tree.dir("dir");
        tree.file("dir/inner", "inner");
        tree.dir("empty");
        tree.link("to_file", "file");
        tree.link("to_dir", "dir");
        tree.link("dangling", "nowhere");
        tree.fifo("fifo");
        tree.socket("socket");
        tree
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.temp.path().join(path)
    }

    pub fn raw_path(&self, name: &[u8]) -> PathBuf {
        self.temp.path().join(OsStr::from_bytes(name))
    }

    pub fn root(&self) -> &Path {
        self.temp.path()
    }

    pub fn file(&self, path: &str, content: &str) {
        fs::write(self.path(path), content).unwrap();
    }

    pub fn dir(&self, path: &str) {
        fs::create_dir_all(self.path(path)).unwrap();
    }

    pub fn link(&self, path: &str, text: &str) {
        symlink(text, self.path(path)).unwrap();
    }

    pub fn fifo(&self, path: &str) {
        let mode = Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(CWD, self.path(path), FileType::Fifo, mode, 0).unwrap();
    }

    pub fn socket(&self, path: &str) {
        drop(std::os::unix::net::UnixListener::bind(self.path(path)).unwrap());
    }

    pub fn content(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    pub fn exists(&self, path: &str) -> bool {
        self.path(path).symlink_metadata().is_ok()
    }

    pub fn open(&self, name: &str, request: &OpenRequest) -> Result<Node> {
        self.dir.open(n(name), request)
    }

    pub fn subdir(&self, name: &str) -> Arc<dyn Dir> {
        as_dir(self.open(name, &OpenRequest::STEP))
    }
}

/// A name.
pub fn n(name: &str) -> Name<'_> {
    Name::new(name).unwrap()
}

/// Reading, changed.
pub fn request(change: impl FnOnce(&mut OpenRequest)) -> OpenRequest {
    let mut request = OpenRequest::READ;
    change(&mut request);
    request
}

pub fn write() -> OpenRequest {
    request(|r| r.write = true)
}

pub fn create(create: Create) -> OpenRequest {
    request(|r| {
        r.write = true;
        r.create = create;
    })
}

pub fn directory() -> OpenRequest {
    request(|r| r.directory = true)
}

/// What was opened, or why not, in a form that can be compared.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    Dir(u64),
    File(u64),
    Stream(FileKind),
    Symlink(String),
    Error(Errno),
}

pub fn found(result: Result<Node>) -> Found {
    match result {
        Ok(Node::Dir(dir)) => Found::Dir(dir.metadata().unwrap().ino),
        Ok(Node::File(file)) => Found::File(file.metadata().unwrap().ino),
        Ok(Node::Stream(stream)) => Found::Stream(stream.kind()),
        Ok(Node::Symlink(text)) => Found::Symlink(text),
        Err(errno) => Found::Error(errno),
    }
}

pub fn as_dir(result: Result<Node>) -> Arc<dyn Dir> {
    match result {
        Ok(Node::Dir(dir)) => dir,
        other => panic!("no directory: {:?}", found(other)),
    }
}

pub fn as_file(result: Result<Node>) -> Arc<dyn File> {
    match result {
        Ok(Node::File(file)) => file,
        other => panic!("no file: {:?}", found(other)),
    }
}

pub fn as_stream(result: Result<Node>) -> Arc<dyn Stream> {
    match result {
        Ok(Node::Stream(stream)) => stream,
        other => panic!("no stream: {:?}", found(other)),
    }
}

pub fn errno<T>(result: Result<T>) -> Option<Errno> {
    result.err()
}

/// Everything a directory lists.
pub fn listing(dir: &dyn Dir) -> Result<BTreeMap<String, (u64, FileKind)>> {
    let mut all = BTreeMap::new();
    dir.list(&mut |Entry { name, ino, kind }| {
        // No guest sees those.
        if Name::new(name).is_err() {
            return ControlFlow::Continue(());
        }
        let twice = all.insert(name.to_owned(), (ino, kind));
        assert!(twice.is_none(), "{name} twice");
        ControlFlow::Continue(())
    })?;
    Ok(all)
}

/// Permissions say nothing to root, so what depends on them is tested only when somebody else runs the tests.
pub fn permissions_matter() -> bool {
    let matter = !rustix::process::geteuid().is_root();
    if !matter {
        eprintln!("skipped: permissions do not apply to root");
    }
    matter
}
