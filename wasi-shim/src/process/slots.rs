//! The places of the descriptor table, each to be read and replaced as a whole.
//!
//! This file knows how a place is found from its number and how it is read without a lock. It does not know which
//! numbers are free. Only the table uses it.

use super::Descriptor;
use crate::abi::{Errno, Result};
use arc_swap::{ArcSwapOption, Guard};
use std::sync::{Arc, OnceLock};

/// Numbers below this have their places in the table itself: what most guests begin with, three streams and a directory.
/// A place costs time when a guest is dropped, even an empty one.
pub(super) const FIRST: u32 = 4;

type Slot = ArcSwapOption<Descriptor>;

type Block = OnceLock<Box<[Slot]>>;

/// Places for every number below a limit. But for the first, those that were never filled take no memory.
pub(super) struct Slots {
    first: [Slot; FIRST as usize],
    /// Each is twice as large as the one before.
    blocks: OnceLock<Box<[Block]>>,
    limit: u32,
}

/// What was found in a place. It stays open while this is held, whatever happens to the number.
///
/// Two words, which are returned in registers: anything around the guard would send it through memory.
pub(crate) struct Borrowed(Guard<Option<Arc<Descriptor>>>);

impl Borrowed {
    /// The descriptor. `badf` if there was none.
    #[inline]
    pub(crate) fn descriptor(&self) -> Result<&Arc<Descriptor>> {
        self.0.as_ref().ok_or(Errno::Badf)
    }
}

impl From<Arc<Descriptor>> for Borrowed {
    /// What somebody has kept, whatever the table says.
    fn from(kept: Arc<Descriptor>) -> Self {
        Self(Guard::from_inner(Some(kept)))
    }
}

/// The block of a number that is not among the first, and its place there.
const fn place(fd: u32) -> (usize, usize) {
    let block = match (fd / FIRST).checked_ilog2() {
        Some(block) => block,
        None => 0,
    };
    // The block's first number has the same highest bit and no other.
    (block as usize, (fd ^ (FIRST << block)) as usize)
}

impl Slots {
    /// Places for the numbers below `limit`, the first of them filled from `next`: a place that nobody knows yet is
    /// filled at no cost.
    pub(super) fn new(limit: u32, next: &mut impl Iterator<Item = Arc<Descriptor>>) -> Self {
        Self {
            first: std::array::from_fn(|_| Slot::new(next.next())),
            blocks: OnceLock::new(),
            limit,
        }
    }

    #[inline]
    pub(super) fn load(&self, fd: u32) -> Borrowed {
        let slot = match self.first.get(fd as usize) {
            Some(slot) => Some(slot),
            None => self.later(fd),
        };
        match slot {
            Some(slot) => Borrowed(slot.load()),
            None => Borrowed(Guard::from_inner(None)),
        }
    }

    fn later(&self, fd: u32) -> Option<&Slot> {
        let (block, index) = place(fd);
        self.blocks.get()?.get(block)?.get()?.get(index)
    }

    /// Puts a descriptor into a place, or takes it out, and returns what was there.
    pub(super) fn replace(
        &self,
        fd: u32,
        descriptor: Option<Arc<Descriptor>>,
    ) -> Option<Arc<Descriptor>> {
        let slot = match self.first.get(fd as usize) {
            Some(slot) => Some(slot),
            None if descriptor.is_none() => self.later(fd),
            None => self.made(fd),
        };
        slot?.swap(descriptor)
    }

    /// The place, which is there from now on.
    fn made(&self, fd: u32) -> Option<&Slot> {
        let (block, index) = place(fd);
        let blocks = self.blocks.get_or_init(|| {
            let (last, _) = place(self.limit.saturating_sub(1));
            (0..=last).map(|_| Block::new()).collect()
        });
        let slots = blocks.get(block)?.get_or_init(|| {
            let size = (FIRST as usize).checked_shl(block as u32);
            (0..size.unwrap_or_default())
                .map(|_| Slot::empty())
                .collect()
        });
        slots.get(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_place_of_its_own() {
        assert_eq!((place(4), place(7)), ((0, 0), (0, 3)));
        assert_eq!((place(8), place(15)), ((1, 0), (1, 7)));
        assert_eq!(place(u32::MAX), (29, (1 << 31) - 1));
    }
}
