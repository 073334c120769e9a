//! Moves and links: what takes two directories at once.
//!
//! Knows which locks are held together and in which order the errors of moving and linking come. Refuses to know
//! requests and handles. Only the trait's implementation calls it.

use super::Overlay;
use super::child::Child;
use super::look::Seen;
use super::node::State;
use super::volume::Volume;
use crate::abi::{Errno, Result};
use crate::backends::lock::{lock, read, write};
use crate::vfs::{Dir, Name, Timestamp};
use std::any::Any;
use std::sync::{Arc, RwLockWriteGuard};

/// The directories at both ends of a move, which may be the same one. Made only by a holder of [`Volume::shape`].
struct Ends<'a> {
    from: RwLockWriteGuard<'a, State>,
    to: Option<RwLockWriteGuard<'a, State>>,
}

/// A name in a directory, and what it was seen to stand for.
#[derive(Clone, Copy)]
struct End<'a> {
    dir: &'a Overlay,
    name: Name<'a>,
    seen: &'a Seen,
}

impl<'a> Ends<'a> {
    /// Nothing if the names no longer stand for what was seen.
    fn lock(from: End<'a>, to: End<'a>) -> Option<Self> {
        let same = Arc::ptr_eq(&from.dir.node, &to.dir.node);
        let mut ends = Self {
            from: write(&from.dir.node.state),
            to: (!same).then(|| write(&to.dir.node.state)),
        };
        let holds = from.seen.holds(&ends.from, from.name.as_str())
            && to.seen.holds(ends.to(), to.name.as_str());
        holds.then_some(ends)
    }

    fn to(&mut self) -> &mut State {
        self.to.as_deref_mut().unwrap_or(&mut self.from)
    }
}

impl Volume {
    /// A child is about to lose a name. It is to be kept for its others, if it has any.
    pub(super) fn pin_for_others(&self, child: &Child) -> Result<()> {
        match child {
            Child::Leaf(leaf) if leaf.nlink() > 1 => self.pin(child),
            _ => Ok(()),
        }
    }

    /// A child lost a name. The caller holds no directory's lock.
    pub(super) fn lost_name(&self, child: &Child, now: Timestamp) {
        if let Child::Leaf(leaf) = child
            && leaf.unnamed()
        {
            self.unpin(child);
        }
        child.changed(now);
    }
}

impl Overlay {
    /// `target` as a directory of this same filesystem; `xdev` if it is not.
    pub(super) fn sibling<'a>(&self, target: &'a dyn Dir) -> Result<&'a Self> {
        let target: Option<&Self> = (target as &dyn Any).downcast_ref();
        target
            .filter(|target| Arc::ptr_eq(&self.volume, &target.volume))
            .ok_or(Errno::Xdev)
    }

    pub(super) fn move_entry(&self, from: Name<'_>, target: &Self, to: Name<'_>) -> Result<()> {
        let now = self.volume.now();
        let _gate = read(&self.volume.gate);
        let _shape = lock(&self.volume.shape);
        loop {
            let (moved, old) = (self.look(from)?, target.look(to)?);
            moved.child()?;
            let from = End {
                dir: self,
                name: from,
                seen: &moved,
            };
            let to = End {
                dir: target,
                name: to,
                seen: &old,
            };
            if self.try_move(from, to, now)? {
                return Ok(());
            }
        }
    }

    /// One try. False if a name turned into something else meanwhile.
    fn try_move(&self, from: End<'_>, to: End<'_>, now: Timestamp) -> Result<bool> {
        let (moved, old) = (from.seen.child()?, to.seen.child.as_ref());
        read(&to.dir.node.state).alive()?;
        if old.is_some_and(|old| old.is(moved)) {
            return Ok(Ends::lock(from, to).is_some());
        }
        self.may_move(moved, to.dir, old)?;
        self.volume.pin(moved)?;
        old.map_or(Ok(()), |old| self.volume.pin_for_others(old))?;
        let gap = from.dir.ready(from.seen, from.name)?;
        let entry = to.dir.ready(to.seen, to.name)?;
        let Some(mut ends) = Ends::lock(from, to) else {
            return Ok(false);
        };
        ends.to().alive()?;
        if let Some(Child::Dir(old)) = old {
            old.bury(now)?;
        }
        ends.from.take(from.name.as_str(), moved, gap, now);
        ends.to()
            .put(to.name.as_str(), to.seen, moved.clone(), entry, now);
        drop(ends);
        if let Child::Dir(dir) = moved {
            dir.moved_to(&to.dir.node);
        }
        moved.changed(now);
        match old {
            Some(Child::Dir(_)) => old.into_iter().for_each(|old| self.volume.unpin(old)),
            Some(old) => self.volume.lost_name(old, now),
            None => {}
        }
        Ok(true)
    }

    /// May `moved` be moved from here to where `old` is in `target`? In order: `inval`, `isdir`, `notdir`, `notempty`.
    fn may_move(&self, moved: &Child, target: &Self, old: Option<&Child>) -> Result<()> {
        if let Child::Dir(dir) = moved
            && dir.holds(&target.node, &self.volume)
        {
            return Err(Errno::Inval);
        }
        match (moved, old) {
            (_, None) | (Child::Leaf(_), Some(Child::Leaf(_))) => Ok(()),
            (Child::Leaf(_), Some(Child::Dir(_))) => Err(Errno::Isdir),
            (Child::Dir(_), Some(Child::Leaf(_))) => Err(Errno::Notdir),
            // The directory that the move starts from holds what is moved.
            (Child::Dir(_), Some(Child::Dir(old))) if Arc::ptr_eq(old, &self.node) => {
                Err(Errno::Notempty)
            }
            (Child::Dir(_), Some(Child::Dir(old))) => match old.hides_all(&self.volume)? {
                true => Ok(()),
                false => Err(Errno::Notempty),
            },
        }
    }

    pub(super) fn link_entry(&self, from: Name<'_>, target: &Self, to: Name<'_>) -> Result<()> {
        let now = self.volume.now();
        let _gate = read(&self.volume.gate);
        let _shape = lock(&self.volume.shape);
        loop {
            let (linked, old) = (self.look(from)?, target.look(to)?);
            let child = linked.child()?.clone();
            if old.child.is_some() {
                return Err(Errno::Exist);
            }
            let Child::Leaf(leaf) = &child else {
                return Err(Errno::Perm);
            };
            read(&target.node.state).alive()?;
            self.volume.pin(&child)?;
            let entry = target.ready(&old, to)?;
            let from = End {
                dir: self,
                name: from,
                seen: &linked,
            };
            let to = End {
                dir: target,
                name: to,
                seen: &old,
            };
            let Some(mut ends) = Ends::lock(from, to) else {
                continue;
            };
            ends.to().alive()?;
            leaf.named();
            ends.to()
                .put(to.name.as_str(), &old, child.clone(), entry, now);
            drop(ends);
            child.changed(now);
            return Ok(());
        }
    }
}
