//! A filesystem with one fault, which a target that compares has to notice.
//!
//! Knows a directory to pass everything on to, and what to get wrong. Tests of targets use it.

use std::ops::ControlFlow;
use std::sync::Arc;
use wasi_shim::abi::{Errno, Result};
use wasi_shim::vfs::{Dir, Entry, File, FsId, Metadata, Name, Node, OpenRequest};

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// Each entry is listed twice.
    Twice,
    /// The last entry is not listed.
    Missing,
    /// Numbers in listings are not those of facts.
    Number,
    /// A file read at an offset begins one byte too late.
    Shifted,
    /// Files end one byte early.
    Short,
    /// Content is not there.
    Errno,
}

impl Fault {
    pub(crate) const IN_LISTINGS: [Self; 4] =
        [Self::None, Self::Twice, Self::Missing, Self::Number];
    pub(crate) const ALL: [Self; 6] = [
        Self::None,
        Self::Twice,
        Self::Number,
        Self::Shifted,
        Self::Short,
        Self::Errno,
    ];
}

/// A directory, and what is wrong with it.
pub(crate) struct Faulty {
    inner: Arc<dyn Dir>,
    fault: Fault,
}

impl Faulty {
    pub(crate) fn over(inner: Arc<dyn Dir>, fault: Fault) -> Self {
        Self { inner, fault }
    }
}

impl Dir for Faulty {
    fn metadata(&self) -> Result<Metadata> {
        self.inner.metadata()
    }

    fn stat(&self, name: Name<'_>) -> Result<Metadata> {
        self.inner.stat(name)
    }

    fn open(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
        Ok(match self.inner.open(name, request)? {
            Node::Dir(inner) => Node::Dir(Arc::new(Self::over(inner, self.fault))),
            Node::File(inner) => Node::File(Arc::new(FaultyFile(inner, self.fault))),
            node => node,
        })
    }

    fn list(&self, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        let mut left = 0;
        self.inner.list(&mut |_| {
            left += 1;
            ControlFlow::Continue(())
        })?;
        self.inner.list(&mut |mut entry| {
            left -= 1;
            if self.fault == Fault::Missing && left == 0 {
                return ControlFlow::Continue(());
            }
            if self.fault == Fault::Number {
                entry.ino += 1;
            }
            if self.fault == Fault::Twice {
                let _ = sink(entry);
            }
            sink(entry)
        })
    }

    fn filesystem(&self) -> FsId {
        self.inner.filesystem()
    }

    fn create_dir(&self, name: Name<'_>) -> Result<()> {
        self.inner.create_dir(name)
    }

    fn create_symlink(&self, name: Name<'_>, text: &str) -> Result<()> {
        self.inner.create_symlink(name, text)
    }

    fn remove_file(&self, name: Name<'_>) -> Result<()> {
        self.inner.remove_file(name)
    }
}

struct FaultyFile(Arc<dyn File>, Fault);

impl File for FaultyFile {
    fn metadata(&self) -> Result<Metadata> {
        self.0.metadata()
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        let size = self.0.metadata()?.size;
        match self.1 {
            Fault::Errno if !buf.is_empty() => Err(Errno::Inval),
            Fault::Shifted if offset > 0 && offset + 1 < size => self.0.read_at(buf, offset + 1),
            Fault::Short if offset < size => {
                let most = buf.len().min((size - offset - 1) as usize);
                self.0.read_at(&mut buf[..most], offset)
            }
            _ => self.0.read_at(buf, offset),
        }
    }
}
