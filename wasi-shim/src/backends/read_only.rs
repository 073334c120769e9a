//! Any filesystem, seen read-only.
//!
//! Knows which requests change something, and which error of the contract comes before "read-only". Refuses to know
//! what it wraps: it asks the inner filesystem for facts and content, and never to change. Embedders use it.

use crate::abi::{Errno, FdFlags, FileKind, Result};
use crate::backends::forward::forward_file;
use crate::vfs::{
    Create, DeepPath, Dir, Entry, File, Follow, FsId, Interest, Metadata, Name, Node, OpenRequest,
    PlainPath, Readiness, SetTimes, Stream, SyncScope,
};
use std::any::Any;
use std::io::{IoSlice, IoSliceMut};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::task::Waker;

/// A directory through which nothing below it can be changed.
///
/// All that is opened through it is wrapped too. Everything that would change something answers `rofs`, after the
/// errors of [`Dir`]'s contract that facts alone decide: a missing or a taken name, the wrong kind of entry. Others may
/// go on changing the inner filesystem, and that shows.
///
/// A guest's read-only grant does not need it: the shim keeps those. It is for trees that several guests share, and
/// for composing filesystems.
pub struct ReadOnly {
    inner: Arc<dyn Dir>,
    id: FsId,
}

impl ReadOnly {
    /// Wraps a directory.
    pub fn new(inner: Arc<dyn Dir>) -> Arc<Self> {
        Self::within(FsId::unique(), inner)
    }

    fn within(id: FsId, inner: Arc<dyn Dir>) -> Arc<Self> {
        Arc::new(Self { inner, id })
    }

    fn wrap(&self, node: Node) -> Node {
        match node {
            Node::Dir(dir) => Node::Dir(Self::within(self.id, dir)),
            Node::File(inner) => Node::File(Arc::new(ReadOnlyFile { inner })),
            Node::Stream(stream) => Node::Stream(Arc::new(ReadOnlyStream(stream))),
            Node::Symlink(text) => Node::Symlink(text),
        }
    }

    /// What a request that would change something meets. The inner filesystem is not asked to open anything, for that
    /// might already be a change.
    fn refuse(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
        match self.inner.stat(name) {
            Ok(facts) => {
                request.check_existing(facts.kind)?;
                if facts.kind == FileKind::SymbolicLink {
                    return self.read_text(name).map(Node::Symlink);
                }
                Err(Errno::Rofs)
            }
            Err(Errno::Noent) if request.create != Create::Never => Err(Errno::Rofs),
            Err(errno) => Err(errno),
        }
    }

    /// The text of what was a link a moment ago; if it no longer is one, it is something that cannot be changed.
    fn read_text(&self, name: Name<'_>) -> Result<String> {
        self.inner.read_link(name).map_err(|errno| match errno {
            Errno::Inval => Errno::Rofs,
            other => other,
        })
    }

    /// `exist` if the name is taken, else `rofs`.
    fn refuse_new(&self, name: Name<'_>) -> Result<()> {
        match self.inner.stat(name) {
            Ok(_) => Err(Errno::Exist),
            Err(Errno::Noent) => Err(Errno::Rofs),
            Err(errno) => Err(errno),
        }
    }
}

impl Dir for ReadOnly {
    fn metadata(&self) -> Result<Metadata> {
        self.inner.metadata()
    }

    fn stat(&self, name: Name<'_>) -> Result<Metadata> {
        self.inner.stat(name)
    }

    fn open(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
        if request.mutates() {
            return self.refuse(name, request);
        }
        Ok(self.wrap(self.inner.open(name, request)?))
    }

    fn list(&self, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        self.inner.list(sink)
    }

    fn filesystem(&self) -> FsId {
        self.id
    }

    fn read_link(&self, name: Name<'_>) -> Result<String> {
        self.inner.read_link(name)
    }

    fn create_dir(&self, name: Name<'_>) -> Result<()> {
        self.refuse_new(name)
    }

    fn create_symlink(&self, name: Name<'_>, _text: &str) -> Result<()> {
        self.refuse_new(name)
    }

    /// In order: `noent`, `isdir`, `rofs`.
    fn remove_file(&self, name: Name<'_>) -> Result<()> {
        match self.inner.stat(name)?.kind {
            FileKind::Directory => Err(Errno::Isdir),
            _ => Err(Errno::Rofs),
        }
    }

    /// In order: `noent`, `notdir`, `rofs`.
    fn remove_dir(&self, name: Name<'_>) -> Result<()> {
        match self.inner.stat(name)?.kind {
            FileKind::Directory => Err(Errno::Rofs),
            _ => Err(Errno::Notdir),
        }
    }

    /// In order: `noent` if `from` is missing, `isdir` if only `to` is a directory, `notdir` if only `from` is, `rofs`.
    /// A name moved onto itself is no exception: read-only is the clearer answer.
    fn rename(&self, from: Name<'_>, target: &dyn Dir, to: Name<'_>) -> Result<()> {
        let target = (target as &dyn Any)
            .downcast_ref::<Self>()
            .ok_or(Errno::Xdev)?;
        let is_dir = |facts: Metadata| facts.kind == FileKind::Directory;
        let moved = is_dir(self.inner.stat(from)?);
        match target.inner.stat(to).map(is_dir) {
            Ok(true) if !moved => Err(Errno::Isdir),
            Ok(false) if moved => Err(Errno::Notdir),
            Ok(_) | Err(Errno::Noent) => Err(Errno::Rofs),
            Err(errno) => Err(errno),
        }
    }

    /// In order: `noent` if `from` is missing, `exist` if `to` is taken, `perm` if `from` is a directory, `rofs`.
    fn link(&self, from: Name<'_>, target: &dyn Dir, to: Name<'_>) -> Result<()> {
        let target = (target as &dyn Any)
            .downcast_ref::<Self>()
            .ok_or(Errno::Xdev)?;
        let facts = self.inner.stat(from)?;
        match target.refuse_new(to) {
            Err(Errno::Rofs) if facts.kind == FileKind::Directory => Err(Errno::Perm),
            answer => answer,
        }
    }

    /// In order: `noent`, `rofs`.
    fn set_times(&self, name: Name<'_>, _times: &SetTimes) -> Result<()> {
        self.inner.stat(name)?;
        Err(Errno::Rofs)
    }

    fn open_deep(&self, path: PlainPath<'_>, request: &OpenRequest) -> Option<Node> {
        if request.mutates() {
            return None;
        }
        Some(self.wrap(self.inner.open_deep(path, request)?))
    }

    fn stat_deep(&self, path: PlainPath<'_>, follow: Follow) -> Option<Metadata> {
        self.inner.stat_deep(path, follow)
    }

    fn open_path(
        &self,
        path: DeepPath<'_>,
        follow: Follow,
        request: &OpenRequest,
    ) -> Option<Result<Node>> {
        if request.mutates() {
            return Some(self.refuse(path.name()?, request));
        }
        let opened = self.inner.open_path(path, follow, request)?;
        Some(opened.map(|node| self.wrap(node)))
    }

    fn stat_path(&self, path: DeepPath<'_>, follow: Follow) -> Option<Result<Metadata>> {
        self.inner.stat_path(path, follow)
    }
}

/// A file through which its content cannot be changed. What the trait provides answers "read-only", but for what a
/// transfer of no bytes would get away with.
pub(super) struct ReadOnlyFile {
    pub(super) inner: Arc<dyn File>,
}

impl File for ReadOnlyFile {
    forward_file!(metadata read_at read_vectored_at seek_data advise);

    fn write_vectored_at(&self, _bufs: &[IoSlice<'_>], _offset: u64) -> Result<usize> {
        Err(Errno::Rofs)
    }

    fn append(&self, _bufs: &[IoSlice<'_>]) -> Result<(usize, u64)> {
        Err(Errno::Rofs)
    }

    fn allocate(&self, _offset: u64, _len: u64) -> Result<()> {
        Err(Errno::Rofs)
    }

    /// Nothing was written through here, so there is nothing to make durable.
    fn sync(&self, _scope: SyncScope) -> Result<()> {
        Ok(())
    }
}

/// A stream that cannot be written. Nor is it a socket: sending is writing.
pub(super) struct ReadOnlyStream(pub(super) Arc<dyn Stream>);

impl Stream for ReadOnlyStream {
    fn kind(&self) -> FileKind {
        self.0.kind()
    }

    fn read(&self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
        self.0.read(bufs)
    }

    fn write(&self, _bufs: &[IoSlice<'_>]) -> Result<usize> {
        Err(Errno::Rofs)
    }

    fn flags_set(&self, flags: FdFlags) {
        self.0.flags_set(flags);
    }

    fn ready(&self, interest: Interest, waker: &Waker) -> Readiness {
        match interest {
            Interest::Read => self.0.ready(interest, waker),
            // A write fails at once.
            Interest::Write => Readiness::Now {
                bytes: 0,
                hangup: false,
            },
        }
    }

    fn forget(&self, interest: Interest, waker: &Waker) {
        self.0.forget(interest, waker);
    }
}
