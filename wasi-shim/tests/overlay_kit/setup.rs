//! An overlay whose parts can be looked at, and filesystems that make trouble.

use super::{entries, n};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use wasi_shim::abi::{Errno, Result};
use wasi_shim::backends::{MemDir, Overlay};
use wasi_shim::vfs::{Dir, Entry, File, Metadata, Name, Node, OpenRequest};

/// An overlay on a lower tree, whose upper directory can be looked at.
pub struct Setup {
    pub lower: Arc<MemDir>,
    pub upper: Arc<MemDir>,
    pub root: Arc<Overlay>,
}

impl Setup {
    pub fn new() -> Self {
        Self::with_room(1 << 30)
    }

    /// With so many bytes for changes.
    pub fn with_room(bytes: u64) -> Self {
        let (lower, upper) = (MemDir::new(), MemDir::builder().bytes(bytes).build());
        let root = Overlay::builder(lower.clone()).upper(upper.clone()).build();
        Self { lower, upper, root }
    }

    pub fn reader(&self, text: &str) -> Arc<dyn File> {
        match self.root.open(n(text), &OpenRequest::READ) {
            Ok(Node::File(file)) => file,
            _ => panic!("{text:?} cannot be read"),
        }
    }

    pub fn copied(&self) -> usize {
        entries(&*self.upper).len()
    }
}

/// What is wrong with a filesystem.
#[derive(Clone, Copy)]
pub enum Trouble {
    /// All space is used after the first byte.
    Full,
    /// Reading takes time.
    Slow,
}

/// A filesystem with it.
pub struct Troubled(pub Arc<MemDir>, pub Trouble);

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
