//! A clock that stands still until a test moves it.

use std::sync::atomic::{AtomicU64, Ordering};
use wasi_shim::abi::{ClockId, Result};
use wasi_shim::vfs::{Clock, Timestamp};

/// Realtime, monotonic and CPU time in one: nanoseconds that a test sets.
#[derive(Debug)]
pub struct ManualClock(AtomicU64);

impl ManualClock {
    /// A clock that shows `now`.
    pub const fn new(now: u64) -> Self {
        Self(AtomicU64::new(now))
    }

    /// What it shows.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    /// Moves it to `now`.
    pub fn set(&self, now: u64) {
        self.0.store(now, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn resolution(&self, _: ClockId) -> Result<Timestamp> {
        Ok(Timestamp(1))
    }

    fn now(&self, _: ClockId) -> Result<Timestamp> {
        Ok(Timestamp(self.get()))
    }
}
