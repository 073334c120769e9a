//! The offset of a descriptor.
//!
//! This file knows that POSIX has an offset held across each transfer, and that to be told it nobody has to wait. It does
//! not know what is transferred. Each descriptor has one.

use super::lock;
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Mutex, MutexGuard};

/// An offset that descriptions of one file share, whoever has the number.
pub(crate) struct Offset {
    at: AtomicU64,
    turn: Mutex<()>,
}

/// The offset, for the only one who may move it now.
pub(crate) struct Turn<'a> {
    at: &'a AtomicU64,
    _turn: MutexGuard<'a, ()>,
}

impl Offset {
    pub(super) fn new() -> Self {
        Self {
            at: AtomicU64::new(0),
            turn: Mutex::new(()),
        }
    }

    /// Where it is: before or after a transfer that is under way, and at no place between.
    #[inline]
    pub(crate) fn get(&self) -> u64 {
        self.at.load(Ordering::Acquire)
    }

    /// Waits until nobody else moves it.
    #[inline]
    pub(crate) fn turn(&self) -> Turn<'_> {
        Turn {
            _turn: lock(&self.turn),
            at: &self.at,
        }
    }
}

impl Turn<'_> {
    #[inline]
    pub(crate) fn get(&self) -> u64 {
        self.at.load(Ordering::Relaxed)
    }

    #[inline]
    pub(crate) fn set(&mut self, offset: u64) {
        self.at.store(offset, Ordering::Release);
    }
}
