//! The lower tree, for reading.
//!
//! Knows the calls that leave a filesystem as it is; there is no other way from here to the lower tree, which is why it
//! is never modified. Refuses to know what was changed above it. The nodes of this filesystem use it.

use crate::abi::{Advice, Errno, Result};
use crate::backends::read_only::{ReadOnlyFile, ReadOnlyStream};
use crate::vfs::{Dir, Entry, File, FsId, Metadata, Name, Node, OpenRequest};
use std::io::IoSliceMut;
use std::ops::ControlFlow;
use std::sync::{Arc, Weak};

/// A directory of the lower tree.
#[derive(Clone)]
pub(super) struct Lower(Arc<dyn Dir>);

/// A directory of the lower tree, if anybody still has it open.
#[derive(Clone)]
pub(super) struct WeakLower(Weak<dyn Dir>);

/// A file of the lower tree, open for reading.
#[derive(Clone)]
pub(super) struct LowerFile(Arc<dyn File>);

impl Lower {
    pub(super) fn new(dir: Arc<dyn Dir>) -> Self {
        Self(dir)
    }

    pub(super) fn downgrade(&self) -> WeakLower {
        WeakLower(Arc::downgrade(&self.0))
    }

    pub(super) fn id(&self) -> FsId {
        self.0.filesystem()
    }

    pub(super) fn metadata(&self) -> Result<Metadata> {
        self.0.metadata()
    }

    pub(super) fn stat(&self, name: Name<'_>) -> Result<Metadata> {
        self.0.stat(name)
    }

    pub(super) fn list(&self, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        self.0.list(sink)
    }

    /// The text of what was seen to be a link. `stale` if something else is there by now.
    pub(super) fn read_link(&self, name: Name<'_>) -> Result<String> {
        self.0.read_link(name).map_err(|errno| match errno {
            Errno::Inval => Errno::Stale,
            errno => errno,
        })
    }

    /// A directory below. `stale` if something else is there by now.
    pub(super) fn dir(&self, name: Name<'_>, read: bool) -> Result<Self> {
        let request = OpenRequest {
            read,
            ..OpenRequest::STEP
        };
        match self.0.open(name, &request) {
            Ok(Node::Dir(dir)) => Ok(Self(dir)),
            Ok(_) | Err(Errno::Notdir) => Err(Errno::Stale),
            Err(errno) => Err(errno),
        }
    }

    /// A regular file. `stale` likewise.
    pub(super) fn file(&self, name: Name<'_>) -> Result<LowerFile> {
        match self.0.open(name, &OpenRequest::READ)? {
            Node::File(file) => Ok(LowerFile(file)),
            _ => Err(Errno::Stale),
        }
    }

    /// What is neither directory, regular file nor link, in a form that cannot be written. `stale` likewise.
    pub(super) fn special(&self, name: Name<'_>) -> Result<Node> {
        match self.0.open(name, &OpenRequest::READ)? {
            Node::Stream(stream) => Ok(Node::Stream(Arc::new(ReadOnlyStream(stream)))),
            Node::File(file) => Ok(Node::File(Arc::new(ReadOnlyFile { inner: file }))),
            _ => Err(Errno::Stale),
        }
    }

    /// The directory at a path of names with single slashes between them; the empty one is this directory's own.
    pub(super) fn walk(&self, path: &str) -> Result<Self> {
        let mut at = self.clone();
        for part in path.split('/').filter(|part| !part.is_empty()) {
            at = at.dir(Name::new(part)?, false)?;
        }
        Ok(at)
    }

    /// The directory that a path's last name is in, and that name.
    pub(super) fn above<'p>(&self, path: &'p str) -> Result<(Self, Name<'p>)> {
        let (above, last) = path.rsplit_once('/').unwrap_or(("", path));
        Ok((self.walk(above)?, Name::new(last)?))
    }
}

impl WeakLower {
    pub(super) fn upgrade(&self) -> Option<Lower> {
        self.0.upgrade().map(Lower)
    }
}

impl LowerFile {
    pub(super) fn metadata(&self) -> Result<Metadata> {
        self.0.metadata()
    }

    pub(super) fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        self.0.read_at(buf, offset)
    }

    pub(super) fn read_vectored_at(
        &self,
        bufs: &mut [IoSliceMut<'_>],
        offset: u64,
    ) -> Result<usize> {
        self.0.read_vectored_at(bufs, offset)
    }

    pub(super) fn seek_data(&self, offset: u64) -> Result<Option<u64>> {
        self.0.seek_data(offset)
    }

    pub(super) fn advise(&self, offset: u64, len: u64, advice: Advice) -> Result<()> {
        self.0.advise(offset, len, advice)
    }
}
