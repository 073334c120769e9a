//! Directories of the overlay: what was changed in them.
//!
//! Knows which names of a lower directory are hidden, which are new, and where a directory is in the merged tree.
//! Refuses to know requests and their errors. Only the other files of this filesystem use it.

use super::child::Child;
use super::look::Seen;
use super::lower::{Lower, WeakLower};
use super::table::Origin;
use super::times::Kept;
use super::volume::{Charge, Volume};
use crate::abi::{Errno, Result};
use crate::backends::lock::{lock, read, write};
use crate::vfs::{Metadata, Timestamp};
use std::collections::BTreeMap;
use std::mem::take;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

/// A directory of the merged tree.
pub(super) struct DirNode {
    pub(super) me: Weak<Self>,
    pub(super) ino: u64,
    /// Nothing if the lower tree does not have it.
    pub(super) origin: Option<Origin>,
    handle: Mutex<Option<WeakLower>>,
    parent: Mutex<Parent>,
    pub(super) state: RwLock<State>,
    _charge: Option<Charge>,
}

/// Where a directory is.
#[derive(Clone)]
pub(super) enum Parent {
    /// Where it is in the lower tree.
    Home,
    /// Where it was made or moved to.
    Under(Weak<DirNode>),
    /// It was removed.
    Nowhere,
}

/// What a directory's lock covers: its differences from the lower one.
#[derive(Default)]
pub(super) struct State {
    pub(super) slots: BTreeMap<Box<str>, Slot>,
    pub(super) times: Kept,
    /// How many subdirectories it has more than the lower one, or less.
    pub(super) subdirs: i64,
    pub(super) removed: bool,
}

/// What stands at a name in place of what the lower directory has there.
pub(super) struct Slot {
    /// Nothing if the name is free: a whiteout.
    pub(super) child: Option<Child>,
    /// The lower directory has this name. Such a slot stays as long as the directory.
    pub(super) covers: bool,
    _charge: Option<Charge>,
}

impl DirNode {
    /// A directory of the lower tree, where it is there.
    pub(super) fn lower(origin: Origin, ino: u64) -> Arc<Self> {
        Self::make(Some(origin), ino, Parent::Home, State::default(), None)
    }

    /// A new one, which is not entered yet.
    pub(super) fn new(volume: &Volume, parent: &Arc<Self>, now: Timestamp) -> Result<Arc<Self>> {
        let charge = Charge::new(&volume.meters, 1, 0)?;
        let state = State {
            times: Kept::new(now),
            ..State::default()
        };
        let parent = Parent::Under(Arc::downgrade(parent));
        let ino = volume.new_ino();
        Ok(Self::make(None, ino, parent, state, Some(charge)))
    }

    fn make(
        origin: Option<Origin>,
        ino: u64,
        parent: Parent,
        state: State,
        charge: Option<Charge>,
    ) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            me: me.clone(),
            ino,
            origin,
            handle: Mutex::new(None),
            parent: Mutex::new(parent),
            state: RwLock::new(state),
            _charge: charge,
        })
    }

    /// The lower directory, which is opened if nobody has it open.
    pub(super) fn below(&self, volume: &Volume) -> Result<Option<Lower>> {
        let Some(origin) = &self.origin else {
            return Ok(None);
        };
        let open = lock(&self.handle).as_ref().and_then(WeakLower::upgrade);
        if open.is_some() {
            return Ok(open);
        }
        let lower = volume.lower.walk(&origin.path)?;
        self.opened(&lower);
        Ok(Some(lower))
    }

    /// Somebody has the lower directory open.
    pub(super) fn opened(&self, lower: &Lower) {
        *lock(&self.handle) = Some(lower.downgrade());
    }

    /// The path of an entry in the lower tree.
    pub(super) fn path_of(&self, name: &str) -> Arc<str> {
        match self.origin.as_ref().map(|origin| &*origin.path) {
            None | Some("") => name.into(),
            Some(path) => format!("{path}/{name}").into(),
        }
    }

    pub(super) fn parent(&self) -> Parent {
        lock(&self.parent).clone()
    }

    /// Is it where it is in the lower tree, and was it ever?
    pub(super) fn is_home(&self) -> bool {
        matches!(*lock(&self.parent), Parent::Home)
    }

    /// It was moved to another directory. The caller holds [`Volume::shape`].
    pub(super) fn moved_to(&self, parent: &Self) {
        *lock(&self.parent) = Parent::Under(parent.me.clone());
    }

    /// Is `other` this directory or below it? The caller holds [`Volume::shape`], so the answer stays true.
    pub(super) fn holds(&self, other: &Self, volume: &Volume) -> bool {
        let mut at = other.me.upgrade();
        while let Some(dir) = at {
            if std::ptr::eq(&*dir, self) {
                return true;
            }
            at = dir.above(volume);
        }
        false
    }

    /// The nearest directory above that is in use or was changed.
    pub(super) fn above(&self, volume: &Volume) -> Option<Arc<Self>> {
        match self.parent() {
            Parent::Home => volume.above(&self.origin.as_ref()?.path),
            Parent::Under(parent) => parent.upgrade(),
            Parent::Nowhere => None,
        }
    }

    /// Facts, of which `below` are the lower directory's.
    pub(super) fn describe(&self, below: Option<Metadata>) -> Metadata {
        let state = read(&self.state);
        let base = below.unwrap_or(Metadata::dir(self.ino).with_nlink(2));
        let nlink = match state.removed {
            true => 0,
            // Not every filesystem counts a directory's subdirectories.
            false => base.nlink.saturating_add_signed(state.subdirs).max(1),
        };
        let mut facts = state.times.describe(base).with_nlink(nlink);
        facts.ino = self.ino;
        facts
    }

    /// Has each name of the lower directory been hidden? If so, it stays so. What has no name in UTF-8 cannot be hidden: a
    /// directory with that cannot be removed, as on the host.
    pub(super) fn hides_all(&self, volume: &Volume) -> Result<bool> {
        let Some(lower) = self.below(volume)? else {
            return Ok(true);
        };
        let mut all = true;
        lower.list(&mut |entry| {
            all = matches!(entry.name, "." | "..") || read(&self.state).has_slot(entry.name);
            match all {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        })?;
        Ok(all)
    }

    /// Marks a directory as removed that hides all that is below it. `notempty` if it has entries of its own.
    pub(super) fn bury(&self, now: Timestamp) -> Result<()> {
        let mut state = write(&self.state);
        if state.slots.values().any(|slot| slot.child.is_some()) {
            return Err(Errno::Notempty);
        }
        state.removed = true;
        state.times.changed(now);
        drop(state);
        *lock(&self.parent) = Parent::Nowhere;
        Ok(())
    }

    /// Takes the entries out and returns the subdirectories.
    fn empty(&mut self) -> Vec<Arc<Self>> {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        let slots = take(&mut state.slots);
        let dirs = slots.into_values().filter_map(|slot| match slot.child {
            Some(Child::Dir(dir)) => Some(dir),
            _ => None,
        });
        dirs.collect()
    }
}

impl Drop for DirNode {
    /// Takes the tree apart level by level: dropping children within children would need a stack as deep as the tree.
    fn drop(&mut self) {
        let mut doomed = self.empty();
        while let Some(dir) = doomed.pop() {
            if let Some(mut dir) = Arc::into_inner(dir) {
                doomed.append(&mut dir.empty());
            }
        }
    }
}

impl State {
    pub(super) fn has_slot(&self, name: &str) -> bool {
        self.slots.contains_key(name)
    }

    /// `noent` if this directory was removed.
    pub(super) const fn alive(&self) -> Result<()> {
        if self.removed {
            Err(Errno::Noent)
        } else {
            Ok(())
        }
    }

    /// Puts `child` at a name, in place of what was seen there. `charge` is needed if that had no slot.
    pub(super) fn put(
        &mut self,
        name: &str,
        seen: &Seen,
        child: Child,
        charge: Option<Charge>,
        now: Timestamp,
    ) {
        self.times.modified(now);
        self.count_dir(&child, 1);
        if let Some(old) = &seen.child {
            self.count_dir(old, -1);
        }
        match self.slots.get_mut(name) {
            Some(slot) => slot.child = Some(child),
            None => {
                let slot = Slot {
                    child: Some(child),
                    covers: seen.covers(),
                    _charge: charge,
                };
                self.slots.insert(name.into(), slot);
            }
        }
    }

    /// Takes what stands at a name away. The charge is for the whiteout, if one is needed. The caller has the child too, so
    /// nothing ends here.
    pub(super) fn take(
        &mut self,
        name: &str,
        child: &Child,
        charge: Option<Charge>,
        now: Timestamp,
    ) {
        self.times.modified(now);
        self.count_dir(child, -1);
        match self.slots.get_mut(name) {
            Some(slot) if slot.covers => slot.child = None,
            Some(_) => drop(self.slots.remove(name)),
            None => {
                let slot = Slot {
                    child: None,
                    covers: true,
                    _charge: charge,
                };
                self.slots.insert(name.into(), slot);
            }
        }
    }

    /// A directory is entered, or taken away.
    const fn count_dir(&mut self, child: &Child, by: i64) {
        if let Child::Dir(_) = child {
            self.subdirs = self.subdirs.saturating_add(by);
        }
    }
}
