//! What a name of the merged tree stands for: a directory or something else.
//!
//! Knows what both have in common. Refuses to know how each of them works. Only the other files of this filesystem use
//! it.

use super::leaf::Leaf;
use super::node::{DirNode, Parent};
use super::table::Origin;
use super::volume::Volume;
use crate::abi::{FileKind, Result};
use crate::backends::lock::write;
use crate::vfs::{Metadata, SetTimes, Timestamp};
use std::sync::{Arc, Weak};

/// What a name stands for.
#[derive(Clone)]
pub(super) enum Child {
    Dir(Arc<DirNode>),
    Leaf(Arc<Leaf>),
}

/// The same, if it is in use.
pub(super) enum WeakChild {
    Dir(Weak<DirNode>),
    Leaf(Weak<Leaf>),
}

impl Child {
    pub(super) fn kind(&self) -> FileKind {
        match self {
            Self::Dir(_) => FileKind::Directory,
            Self::Leaf(leaf) => leaf.kind,
        }
    }

    pub(super) fn ino(&self) -> u64 {
        match self {
            Self::Dir(dir) => dir.ino,
            Self::Leaf(leaf) => leaf.ino,
        }
    }

    pub(super) fn origin(&self) -> Option<&Origin> {
        match self {
            Self::Dir(dir) => dir.origin.as_ref(),
            Self::Leaf(leaf) => leaf.origin.as_ref(),
        }
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Dir(one), Self::Dir(other)) => Arc::ptr_eq(one, other),
            (Self::Leaf(one), Self::Leaf(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }

    pub(super) fn downgrade(&self) -> WeakChild {
        match self {
            Self::Dir(dir) => WeakChild::Dir(Arc::downgrade(dir)),
            Self::Leaf(leaf) => WeakChild::Leaf(Arc::downgrade(leaf)),
        }
    }

    /// Has it a name in the merged tree?
    pub(super) fn has_names(&self) -> bool {
        match self {
            Self::Dir(dir) => !matches!(dir.parent(), Parent::Nowhere),
            Self::Leaf(leaf) => leaf.nlink() > 0,
        }
    }

    /// Facts; `seen` are those of the lower tree, if they have just been looked at.
    pub(super) fn metadata(&self, volume: &Volume, seen: Option<Metadata>) -> Result<Metadata> {
        match self {
            Self::Leaf(leaf) => leaf.metadata(volume, seen),
            Self::Dir(dir) if seen.is_some() => Ok(dir.describe(seen)),
            Self::Dir(dir) => {
                let below = dir.below(volume)?.map(|lower| lower.metadata());
                Ok(dir.describe(below.transpose()?))
            }
        }
    }

    pub(super) fn set_times(
        &self,
        volume: &Volume,
        times: &SetTimes,
        now: Timestamp,
    ) -> Result<()> {
        if *times != SetTimes::default() {
            volume.pin(self)?;
        }
        match self {
            Self::Dir(dir) => write(&dir.state).times.set(times, now),
            Self::Leaf(leaf) => leaf.set_times(times, now),
        }
        Ok(())
    }

    /// A fact about it changed. The caller holds no directory's lock.
    pub(super) fn changed(&self, now: Timestamp) {
        match self {
            Self::Dir(dir) => write(&dir.state).times.changed(now),
            Self::Leaf(leaf) => leaf.changed(now),
        }
    }
}

impl WeakChild {
    pub(super) fn upgrade(&self) -> Option<Child> {
        match self {
            Self::Dir(dir) => dir.upgrade().map(Child::Dir),
            Self::Leaf(leaf) => leaf.upgrade().map(Child::Leaf),
        }
    }

    pub(super) fn is_alive(&self) -> bool {
        match self {
            Self::Dir(dir) => dir.strong_count() > 0,
            Self::Leaf(leaf) => leaf.strong_count() > 0,
        }
    }
}
