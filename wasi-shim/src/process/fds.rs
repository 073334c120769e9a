//! The descriptor table: numbers to descriptors, always the lowest free number, never more than the limit.
//!
//! Looking a number up takes no lock and writes nothing that threads share, so threads do not slow each other down;
//! opening, closing and renumbering take turns. No lock is held while a descriptor is dropped or used: a slow filesystem
//! cannot stop other threads from opening files, and a destructor that comes back here cannot deadlock. The handlers use
//! it. `spec-notes/decisions/027-why-is-the-descriptor-table-read-without-a-lock.md` tells what else was tried.

use super::slots::{Borrowed, FIRST, Slots};
use super::{Descriptor, lock};
use crate::abi::{Errno, Result};
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicU32, Ordering, fence};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

/// The table.
pub(crate) struct Fds {
    slots: Slots,
    /// How many times a descriptor has been renumbered, doubled; odd while one is.
    moves: AtomicU32,
    /// Descriptors in the table, and places promised to calls that are about to fill them.
    taken: AtomicU32,
    limit: u32,
    free: Mutex<Free>,
}

/// The numbers that nobody has. Held by whoever changes a slot.
#[derive(Default)]
struct Free {
    /// Numbers that were closed.
    closed: BinaryHeap<Reverse<u32>>,
    /// All numbers from here on are free.
    fresh: u32,
}

impl Free {
    fn lowest(&mut self) -> u32 {
        if let Some(Reverse(number)) = self.closed.pop() {
            return number;
        }
        let number = self.fresh;
        self.fresh = number.saturating_add(1);
        number
    }

    /// Takes this number, of which nobody knows whether it is among the closed.
    fn take(&mut self, number: u32) {
        if number < self.fresh {
            self.closed.retain(|&Reverse(closed)| closed != number);
            return;
        }
        self.closed.extend((self.fresh..number).map(Reverse));
        self.fresh = number.saturating_add(1);
    }

    // claim: fd_close.lowest-number
    fn give_back(&mut self, number: u32) {
        self.closed.push(Reverse(number));
    }
}

/// A place in the table, promised before the descriptor exists, so that an `open` that finds the table full has not
/// created a file by then.
pub(crate) struct Reservation<'a>(&'a Fds);

impl Fds {
    /// A table with these descriptors, numbered from 0. `mfile` if they are more than the limit.
    pub(crate) fn new(limit: u32, descriptors: Vec<Arc<Descriptor>>) -> Result<Self> {
        let count = u32::try_from(descriptors.len()).unwrap_or(u32::MAX);
        if count > limit {
            return Err(Errno::Mfile);
        }
        let mut descriptors = descriptors.into_iter();
        let slots = Slots::new(limit, &mut descriptors);
        for (number, descriptor) in (FIRST..).zip(descriptors) {
            slots.replace(number, Some(descriptor));
        }
        Ok(Self {
            slots,
            moves: AtomicU32::new(0),
            taken: AtomicU32::new(count),
            limit,
            free: Mutex::new(Free {
                fresh: count,
                ..Free::default()
            }),
        })
    }

    /// What has this number, for the duration of a call: whoever closes it meanwhile does not wait, and it is dropped
    /// when the call ends.
    ///
    /// Renumbering changes two slots. A look that may have come between them is taken again when it is done.
    #[inline]
    pub(crate) fn get(&self, fd: u32) -> Borrowed {
        let before = self.moves.load(Ordering::Acquire);
        let found = self.slots.load(fd);
        // The slot is looked at before the number of moves is looked at again.
        fence(Ordering::Acquire);
        if before.is_multiple_of(2) && self.moves.load(Ordering::Relaxed) == before {
            return found;
        }
        self.get_between_moves(fd)
    }

    #[cold]
    fn get_between_moves(&self, fd: u32) -> Borrowed {
        let _settled = lock(&self.free);
        self.slots.load(fd)
    }

    /// Promises a place. `mfile` if the table is full.
    pub(crate) fn reserve(&self) -> Result<Reservation<'_>> {
        let one_more = |taken: u32| (taken < self.limit).then(|| taken.saturating_add(1));
        self.taken
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more)
            .map_err(|_| Errno::Mfile)?;
        Ok(Reservation(self))
    }

    fn give_back(&self) {
        self.taken.fetch_sub(1, Ordering::Relaxed);
    }

    /// Closes a descriptor. `badf` if there is none.
    pub(crate) fn close(&self, fd: u32) -> Result<()> {
        let mut free = lock(&self.free);
        let closed = self.slots.replace(fd, None).ok_or(Errno::Badf)?;
        free.give_back(fd);
        drop(free);
        self.give_back();
        drop(closed);
        Ok(())
    }

    /// Puts a descriptor where it is wanted; what was there is closed. `mfile` beyond the limit, and for one more than it.
    pub(crate) fn insert(&self, fd: u32, descriptor: Descriptor) -> Result<()> {
        if fd >= self.limit {
            return Err(Errno::Mfile);
        }
        let descriptor = Arc::new(descriptor);
        let mut free = lock(&self.free);
        if self.slots.load(fd).descriptor().is_err() {
            let place = self.reserve()?;
            free.take(fd);
            self.slots.replace(fd, Some(descriptor));
            core::mem::forget(place);
            return Ok(());
        }
        let closed = self.slots.replace(fd, Some(descriptor));
        drop(free);
        drop(closed);
        Ok(())
    }

    /// Moves `from` to the number `to`, whose descriptor is closed, in one step. `badf` unless both are open. Nothing
    /// happens if they are the same.
    pub(crate) fn renumber(&self, from: u32, to: u32) -> Result<()> {
        let mut free = lock(&self.free);
        self.slots.load(from).descriptor()?;
        self.slots.load(to).descriptor()?;
        if from == to {
            return Ok(());
        }
        self.moves.fetch_add(1, Ordering::AcqRel);
        let moved = self.slots.replace(from, None);
        let closed = self.slots.replace(to, moved);
        self.moves.fetch_add(1, Ordering::AcqRel);
        free.give_back(from);
        drop(free);
        self.give_back();
        drop(closed);
        Ok(())
    }
}

impl Reservation<'_> {
    /// Fills the place: the lowest free number.
    pub(crate) fn fill(self, descriptor: Descriptor) -> u32 {
        let descriptor = Arc::new(descriptor);
        let mut free = lock(&self.0.free);
        let number = free.lowest();
        self.0.slots.replace(number, Some(descriptor));
        drop(free);
        core::mem::forget(self);
        number
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        self.0.give_back();
    }
}
