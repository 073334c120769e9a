//! The upper filesystem: where changed and new content is kept.
//!
//! Knows how a file's content is put into the upper filesystem under a name that nobody sees, and that it is taken away
//! with the last who needs it. Refuses to know whose content it is. The files of this filesystem use it.

use crate::abi::{Errno, Result};
use crate::vfs::{Create, Dir, File, Metadata, Name, Node, OpenRequest};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many taken names are passed over: what earlier overlays left behind when their process was killed.
const ATTEMPTS: u32 = 1 << 16;

/// The directory that holds the content.
pub(super) struct Upper {
    dir: Arc<dyn Dir>,
    next: AtomicU64,
}

/// The content of one file. Dropping it removes it.
pub(super) struct Stored {
    dir: Arc<dyn Dir>,
    name: String,
}

impl Upper {
    pub(super) fn new(dir: Arc<dyn Dir>) -> Self {
        let next = AtomicU64::new(0);
        Self { dir, next }
    }

    /// A new, empty file. Whatever else is in the directory is left alone.
    pub(super) fn create(&self) -> Result<(Stored, Arc<dyn File>)> {
        let request = OpenRequest {
            write: true,
            create: Create::Exclusive,
            ..OpenRequest::READ
        };
        for _ in 0..ATTEMPTS {
            let name = self.next.fetch_add(1, Ordering::Relaxed).to_string();
            match self.dir.open(Name::new(&name)?, &request) {
                Err(Errno::Exist) => {}
                Err(errno) => return Err(errno),
                Ok(node) => {
                    let dir = Arc::clone(&self.dir);
                    return Ok((Stored { dir, name }, file(node)?));
                }
            }
        }
        Err(Errno::Io)
    }
}

impl Stored {
    pub(super) fn open(&self) -> Result<Arc<dyn File>> {
        let request = OpenRequest {
            write: true,
            ..OpenRequest::READ
        };
        file(self.dir.open(Name::new(&self.name)?, &request)?)
    }

    pub(super) fn metadata(&self) -> Result<Metadata> {
        self.dir.stat(Name::new(&self.name)?)
    }
}

impl Drop for Stored {
    fn drop(&mut self) {
        if let Ok(name) = Name::new(&self.name) {
            // Nobody is left who could be told; what cannot be removed stays behind.
            let _ = self.dir.remove_file(name);
        }
    }
}

fn file(node: Node) -> Result<Arc<dyn File>> {
    match node {
        Node::File(file) => Ok(file),
        _ => Err(Errno::Io),
    }
}
