//! Moves and links: what takes two directories at once.
//!
//! Knows which locks are held together and in which order the errors of moving and linking come. Refuses to know
//! requests and handles. Only the trait's implementation calls it.

use super::child::Child;
use super::node::{Inner, MemDir};
use super::volume::cost;
use crate::abi::{Errno, Result};
use crate::backends::lock::lock;
use crate::sync::{Arc, RwLockWriteGuard};
use crate::vfs::{Dir, Timestamp};
use std::any::Any;

/// The directories at both ends of a move, which may be the same one. Made only by a holder of `Volume::shape`.
enum Ends<'a> {
    Same(RwLockWriteGuard<'a, Inner>),
    Two {
        from: RwLockWriteGuard<'a, Inner>,
        to: RwLockWriteGuard<'a, Inner>,
    },
}

impl<'a> Ends<'a> {
    fn lock(from: &'a MemDir, to: &'a MemDir) -> Self {
        if std::ptr::eq(from, to) {
            return Self::Same(from.change());
        }
        Self::Two {
            from: from.change(),
            to: to.change(),
        }
    }

    fn from(&mut self) -> &mut Inner {
        match self {
            Self::Same(inner) | Self::Two { from: inner, .. } => inner,
        }
    }

    fn to(&mut self) -> &mut Inner {
        match self {
            Self::Same(inner) | Self::Two { to: inner, .. } => inner,
        }
    }
}

impl MemDir {
    /// `target` as a directory of this same filesystem; `xdev` if it is not.
    pub(super) fn sibling<'a>(&self, target: &'a dyn Dir) -> Result<&'a Self> {
        let target: Option<&Self> = (target as &dyn Any).downcast_ref();
        target
            .filter(|target| Arc::ptr_eq(&self.volume, &target.volume))
            .ok_or(Errno::Xdev)
    }

    pub(super) fn move_entry(&self, from: &str, target: &Self, to: &str) -> Result<()> {
        let now = self.volume.now();
        let passage = self.volume.gate.enter();
        let touched = self.move_inside(from, target, to, now);
        drop(passage);
        touched.map(drop)
    }

    /// As [`move_entry`](Self::move_entry), for who has passed the gate. What it touched is returned, because dropping
    /// it may be a change of its own.
    fn move_inside(
        &self,
        from: &str,
        target: &Self,
        to: &str,
        now: Timestamp,
    ) -> Result<(Child, Option<Child>)> {
        let _shape = lock(&self.volume.shape);
        let mut ends = Ends::lock(self, target);
        let moved = ends.from().entries.get(from)?.clone();
        ends.to().alive()?;
        let replaced = ends.to().entries.get(to).ok().cloned();
        if replaced
            .as_ref()
            .is_some_and(|old| old.ino() == moved.ino())
        {
            return Ok((moved, replaced));
        }
        if let Child::Dir(dir) = &moved
            && dir.holds(target)
        {
            return Err(Errno::Inval);
        }
        if let Child::Dir(dir) = &moved {
            self.check_depth(dir, target)?;
        }
        match &replaced {
            None => {
                if !std::ptr::eq(self, target) {
                    ends.to().room(&self.volume)?;
                }
                let names = &self.volume.names;
                names.exchange(cost(from.len()), cost(to.len()))?;
            }
            Some(old) => {
                self.make_way(&moved, old, now)?;
                self.volume.names.give(cost(from.len()));
            }
        }
        ends.from().remove(from, |_| Ok(()), now)?;
        ends.to().insert(to, moved.clone(), now);
        drop(ends);
        if let Child::Dir(dir) = &moved {
            dir.moved_to(target);
        }
        moved.changed(now);
        if let Some(old) = &replaced {
            old.changed(now);
        }
        Ok((moved, replaced))
    }

    /// `nospc` if the directory `moved` would lie too deep in `target`.
    fn check_depth(&self, moved: &Arc<Self>, target: &Self) -> Result<()> {
        let limit = self.volume.limits.depth;
        if limit == usize::MAX || std::ptr::eq(self, target) {
            return Ok(());
        }
        let deepest = target.depth().saturating_add(moved.height());
        if deepest < limit {
            Ok(())
        } else {
            Err(Errno::Nospc)
        }
    }

    /// Readies `old` to be replaced. In order: `isdir`, `notdir`, `notempty`.
    fn make_way(&self, moved: &Child, old: &Child, now: Timestamp) -> Result<()> {
        match (moved, old) {
            (Child::Dir(_), Child::Dir(old)) => {
                // The directory that the move starts from is locked already, and holds what is moved.
                if std::ptr::eq(&**old, self) {
                    return Err(Errno::Notempty);
                }
                old.bury(now)
            }
            (_, Child::Dir(_)) => Err(Errno::Isdir),
            (Child::Dir(_), _) => Err(Errno::Notdir),
            _ => {
                old.unnamed();
                Ok(())
            }
        }
    }

    pub(super) fn link_entry(&self, from: &str, target: &Self, to: &str) -> Result<()> {
        let now = self.volume.now();
        let passage = self.volume.gate.enter();
        let shape = lock(&self.volume.shape);
        let mut ends = Ends::lock(self, target);
        let child = ends.from().entries.get(from)?.clone();
        if ends.to().entries.get(to).is_ok() {
            return Err(Errno::Exist);
        }
        if let Child::Dir(_) = child {
            return Err(Errno::Perm);
        }
        ends.to().add(to, child.clone(), &self.volume, now)?;
        drop((ends, shape));
        child.changed(now);
        drop(passage);
        Ok(())
    }
}
