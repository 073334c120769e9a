//! The same guest over each kind of filesystem.

use crate::Guest;
use std::sync::Arc;
use tempfile::TempDir;
use wasi_shim::backends::MemDir;
use wasi_shim::vfs::Dir;
use wasi_shim::{Access, Builder, Wasi};

/// The descriptor of the tree in every guest made here.
pub const ROOT: u32 = 3;

/// The descriptor of the same tree, given for reading.
pub const READ_ONLY: u32 = 4;

/// A filesystem to test on.
pub struct Tree {
    /// Its name, for messages.
    pub name: &'static str,
    /// Its root.
    pub root: Arc<dyn Dir>,
    /// The folder of a host tree, which goes with it.
    pub folder: Option<TempDir>,
}

impl Tree {
    /// An empty tree in memory.
    pub fn memory() -> Self {
        Self {
            name: "memory",
            root: MemDir::new(),
            folder: None,
        }
    }

    /// An empty directory of the host.
    pub fn host() -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let root = wasi_shim::host::open_dir(folder.path()).expect("it can be opened");
        Self {
            name: "host",
            root,
            folder: Some(folder),
        }
    }

    /// One of each kind that can be written.
    pub fn all() -> Vec<Self> {
        vec![Self::memory(), Self::host()]
    }

    /// A guest with the tree as [`ROOT`] to read and write, and as [`READ_ONLY`] to read.
    pub fn builder(&self) -> Builder {
        Wasi::builder()
            .preopen("/", self.root.clone(), Access::ReadWrite)
            .preopen("/read-only", self.root.clone(), Access::ReadOnly)
    }

    /// As [`builder`](Self::builder), built.
    pub fn guest(&self) -> Guest {
        Guest::new(self.builder())
    }
}

/// Runs a test on every kind of tree; the tree's name is printed first, so that a failure names it.
pub fn on_each(test: impl Fn(&Tree, &mut Guest)) {
    for tree in Tree::all() {
        println!("on the {} tree", tree.name);
        let mut guest = tree.guest();
        test(&tree, &mut guest);
    }
}
