//! Finding what a name stands for.
//!
//! Knows how an entry of the lower directory and what stands in its place are told apart, and how that is confirmed once
//! the directory is locked. Refuses to know what it is looked up for. The trait's implementation uses it.
//!
//! The lower directory is asked without a lock. That is sound because it does not change, and because a name that hides
//! one of its entries does so as long as the directory is there.

use super::Overlay;
use super::child::Child;
use super::leaf::{Leaf, Near};
use super::node::{DirNode, State};
use super::volume::Charge;
use crate::abi::{Errno, FileKind, Result};
use crate::backends::lock::{read, write};
use crate::vfs::{Metadata, Name};
use std::sync::RwLockWriteGuard;

/// What a name stood for.
pub(super) struct Seen {
    pub(super) child: Option<Child>,
    /// It was the lower directory's entry, with these facts.
    pub(super) facts: Option<Metadata>,
    /// Something stood in place of the lower directory's entry, or its absence: there is a slot.
    slot: bool,
}

impl Seen {
    const FREE: Self = Self {
        child: None,
        facts: None,
        slot: false,
    };

    /// `noent` if the name was free.
    pub(super) fn child(&self) -> Result<&Child> {
        self.child.as_ref().ok_or(Errno::Noent)
    }

    /// Would the entry hide one of the lower directory's?
    pub(super) const fn covers(&self) -> bool {
        self.facts.is_some()
    }

    /// Does the name still stand for this?
    pub(super) fn holds(&self, state: &State, name: &str) -> bool {
        if state.removed {
            return self.child.is_none();
        }
        match state.slots.get(name) {
            None => self.child.is_none() || self.facts.is_some(),
            Some(slot) => match (&slot.child, &self.child) {
                (None, None) => true,
                (Some(now), Some(seen)) => now.is(seen),
                _ => false,
            },
        }
    }
}

impl Overlay {
    /// What a name stands for.
    pub(super) fn look(&self, name: Name<'_>) -> Result<Seen> {
        if let Some(seen) = self.look_up(name) {
            return Ok(seen);
        }
        let Some(lower) = &self.lower else {
            return Ok(Seen::FREE);
        };
        let facts = match lower.stat(name) {
            Ok(facts) => facts,
            Err(Errno::Noent) => return Ok(Seen::FREE),
            Err(errno) => return Err(errno),
        };
        let path = self.node.path_of(name.as_str());
        let child = self
            .volume
            .node(path, lower.id(), &facts, |origin, ino| match facts.kind {
                FileKind::Directory => Child::Dir(DirNode::lower(origin, ino)),
                _ => Child::Leaf(Leaf::lower(origin, ino, &facts)),
            });
        Ok(Seen {
            child: Some(child),
            facts: Some(facts),
            slot: false,
        })
    }

    /// The same, if the lower directory need not be asked.
    fn look_up(&self, name: Name<'_>) -> Option<Seen> {
        let state = read(&self.node.state);
        if state.removed {
            return Some(Seen::FREE);
        }
        let slot = state.slots.get(name.as_str())?;
        let child = slot.child.clone();
        Some(Seen {
            child,
            facts: None,
            slot: true,
        })
    }

    /// Facts about what a name stands for. Nothing is made for what nobody uses.
    pub(super) fn look_at(&self, name: Name<'_>) -> Result<Metadata> {
        if let Some(seen) = self.look_up(name) {
            return seen.child()?.metadata(&self.volume, None);
        }
        let lower = self.lower.as_ref().ok_or(Errno::Noent)?;
        let mut facts = lower.stat(name)?;
        let path = self.node.path_of(name.as_str());
        match self.volume.known(&path, lower.id(), &facts) {
            Some(child) => child.metadata(&self.volume, Some(facts)),
            None => {
                facts.ino = super::table::ino(&path, &facts);
                Ok(facts)
            }
        }
    }

    /// The lower directory, for what was its entry a moment ago.
    pub(super) fn near<'a>(&'a self, seen: &Seen, name: Name<'a>) -> Near<'a> {
        let lower = self.lower.as_ref().filter(|_| seen.covers())?;
        // Another name of the same file, or what was put here since, is no way to its content.
        let origin = seen.child.as_ref()?.origin()?;
        (*origin.path == *self.node.path_of(name.as_str())).then_some((lower, name))
    }

    /// Locks the directory, if the name still stands for what was seen.
    pub(super) fn confirm(
        &self,
        seen: &Seen,
        name: Name<'_>,
    ) -> Option<RwLockWriteGuard<'_, State>> {
        let state = write(&self.node.state);
        seen.holds(&state, name.as_str()).then_some(state)
    }

    /// What is needed before an entry of this directory is put or taken away: that the directory is kept, and room for a
    /// slot if there is none. A slot that was seen is there as long as what was seen holds.
    pub(super) fn ready(&self, seen: &Seen, name: Name<'_>) -> Result<Option<Charge>> {
        self.volume.pin(&Child::Dir(self.node.clone()))?;
        let charge = || Charge::entry(&self.volume.meters, name.as_str());
        (!seen.slot).then(charge).transpose()
    }
}
