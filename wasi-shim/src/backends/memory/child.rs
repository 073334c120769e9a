//! What a name stands for: a directory, a file or a link.
//!
//! Knows what can be asked of all of them. Refuses to know names, and how each is kept. Only the directories of this
//! filesystem use it.

use super::file::MemFile;
use super::inode::MemLink;
use super::node::MemDir;
use super::orphans::Orphan;
use crate::abi::{FileKind, Result};
use crate::sync::Arc;
use crate::vfs::{File as _, Metadata, SetTimes, Timestamp};

/// What a name stands for.
#[derive(Clone)]
pub(super) enum Child {
    Dir(Arc<MemDir>),
    File(Arc<MemFile>),
    Link(Arc<MemLink>),
}

impl Child {
    pub(super) const fn kind(&self) -> FileKind {
        match self {
            Self::Dir(_) => FileKind::Directory,
            Self::File(_) => FileKind::RegularFile,
            Self::Link(_) => FileKind::SymbolicLink,
        }
    }

    pub(super) const fn dir(&self) -> Option<&Arc<MemDir>> {
        match self {
            Self::Dir(dir) => Some(dir),
            Self::File(_) | Self::Link(_) => None,
        }
    }

    pub(super) fn ino(&self) -> u64 {
        match self {
            Self::Dir(dir) => dir.ino(),
            Self::File(file) => file.inode.ino(),
            Self::Link(link) => link.inode.ino(),
        }
    }

    pub(super) fn metadata(&self) -> Result<Metadata> {
        match self {
            Self::Dir(dir) => Ok(dir.facts()),
            Self::File(file) => file.metadata(),
            Self::Link(link) => Ok(link.metadata()),
        }
    }

    pub(super) fn set_times(&self, times: &SetTimes, now: Timestamp) -> Result<()> {
        match self {
            Self::Dir(dir) => dir.set_facts(times, now),
            Self::File(file) => file.set_times(times)?,
            Self::Link(link) => link.change().set(times, now),
        }
        Ok(())
    }

    /// A fact about the child changed. The caller holds no directory's lock, and has passed the gate.
    pub(super) fn changed(&self, now: Timestamp) {
        match self {
            Self::Dir(dir) => dir.change().times.changed(now),
            Self::File(file) => file.change().times.changed(now),
            Self::Link(link) => link.change().changed(now),
        }
    }

    /// It has one more name. A directory's are counted where its subdirectories are.
    pub(super) fn named(&self) {
        match self {
            Self::Dir(_) => {}
            Self::File(file) => file.inode.named(),
            Self::Link(link) => link.inode.named(),
        }
    }

    /// It has one less, and this is the only reference but for those of who has it open. Is nothing left of it but this?
    pub(super) fn unnamed(&self) -> bool {
        let (last, held) = match self {
            Self::Dir(dir) => return !dir.is_orphan(),
            Self::File(file) => (file.inode.unnamed(), Arc::strong_count(file) > 1),
            Self::Link(link) => (link.inode.unnamed(), Arc::strong_count(link) > 1),
        };
        if last && held {
            match self {
                Self::Dir(_) => {}
                Self::File(file) => file.inode.orphaned(Orphan::File(Arc::downgrade(file))),
                Self::Link(link) => link.inode.orphaned(Orphan::Link(link.text.len() as u64)),
            }
        }
        last && !held
    }
}
