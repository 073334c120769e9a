//! The descriptor table: numbers to descriptors, always the lowest free number, never more than the limit.
//!
//! No lock is held while a descriptor is dropped or used: a slow filesystem cannot stop other threads from opening
//! files, and a destructor that comes back here cannot deadlock.

use super::Descriptor;
use crate::abi::{Errno, Result};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The table.
pub(crate) struct Fds {
    slots: RwLock<Slots>,
    limit: usize,
}

#[derive(Default)]
struct Slots {
    entries: Vec<Option<Arc<Descriptor>>>,
    /// No free slot has a lower index.
    lowest: usize,
    /// Descriptors in the table, and places promised to calls that are about to fill them.
    taken: usize,
}

/// A place in the table, promised before the descriptor exists, so that an `open` that finds the table full has not
/// created a file by then.
pub(crate) struct Reservation<'a>(&'a Fds);

impl Slots {
    fn insert(&mut self, descriptor: Arc<Descriptor>) -> Result<u32> {
        while self.entries.get(self.lowest).is_some_and(Option::is_some) {
            self.lowest = self.lowest.saturating_add(1);
        }
        let number = u32::try_from(self.lowest).map_err(|_| Errno::Mfile)?;
        match self.entries.get_mut(self.lowest) {
            Some(slot) => *slot = Some(descriptor),
            None => self.entries.push(Some(descriptor)),
        }
        Ok(number)
    }

    fn get(&self, fd: u32) -> Result<&Arc<Descriptor>> {
        let slot = self.entries.get(fd as usize).and_then(Option::as_ref);
        slot.ok_or(Errno::Badf)
    }

    fn remove(&mut self, fd: u32) -> Result<Arc<Descriptor>> {
        let slot = self.entries.get_mut(fd as usize).and_then(Option::take);
        let descriptor = slot.ok_or(Errno::Badf)?;
        // claim: fd_close.lowest-number
        self.lowest = self.lowest.min(fd as usize);
        self.taken = self.taken.saturating_sub(1);
        Ok(descriptor)
    }
}

impl Fds {
    pub(crate) fn new(limit: u32) -> Self {
        Self {
            slots: RwLock::default(),
            limit: limit as usize,
        }
    }

    // A panic elsewhere cannot leave the table half changed, so a poisoned lock is as good as any.
    fn read(&self) -> RwLockReadGuard<'_, Slots> {
        self.slots.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Slots> {
        self.slots.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The descriptor with this number. `badf` if there is none.
    pub(crate) fn get(&self, fd: u32) -> Result<Arc<Descriptor>> {
        self.read().get(fd).cloned()
    }

    /// Promises a place. `mfile` if the table is full.
    pub(crate) fn reserve(&self) -> Result<Reservation<'_>> {
        let mut slots = self.write();
        if slots.taken >= self.limit {
            return Err(Errno::Mfile);
        }
        slots.taken = slots.taken.saturating_add(1);
        Ok(Reservation(self))
    }

    /// Closes a descriptor. `badf` if there is none.
    pub(crate) fn close(&self, fd: u32) -> Result<()> {
        let closed = self.write().remove(fd);
        closed.map(drop)
    }

    /// Moves `from` to the number `to`, whose descriptor is closed, in one step. `badf` unless both are open. Nothing
    /// happens if they are the same.
    pub(crate) fn renumber(&self, from: u32, to: u32) -> Result<()> {
        let mut slots = self.write();
        slots.get(from)?;
        slots.get(to)?;
        if from == to {
            return Ok(());
        }
        let moved = slots.remove(from)?;
        let slot = slots.entries.get_mut(to as usize).ok_or(Errno::Badf)?;
        let closed = slot.replace(moved);
        drop(slots);
        drop(closed);
        Ok(())
    }
}

impl Reservation<'_> {
    /// Fills the place: the lowest free number.
    pub(crate) fn fill(self, descriptor: Descriptor) -> Result<u32> {
        let number = self.0.write().insert(Arc::new(descriptor));
        if number.is_ok() {
            core::mem::forget(self);
        }
        number
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        let mut slots = self.0.write();
        slots.taken = slots.taken.saturating_sub(1);
    }
}
