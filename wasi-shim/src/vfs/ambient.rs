//! What a guest learns of the world without a descriptor: time and chance. And how a thread waits for the world.

use super::{HostHandle, Interest, Timestamp};
use crate::abi::{ClockId, Result};
use std::task::Waker;
use std::time::Duration;

/// Where a guest's time comes from.
pub trait Clock: Send + Sync {
    /// The resolution of a clock, at least 1 ns. `inval` if there is no such clock.
    fn resolution(&self, clock: ClockId) -> Result<Timestamp>;

    /// The time of a clock. `inval` if there is no such clock.
    fn now(&self, clock: ClockId) -> Result<Timestamp>;
}

/// Where a guest's random bytes come from.
pub trait Entropy: Send + Sync {
    /// Fills the whole buffer.
    fn fill(&self, buf: &mut [u8]) -> Result<()>;
}

/// Blocks a thread until something happens.
pub trait Waiter: Send + Sync {
    /// Returns when one of `handles` is ready for its interest, when `timeout` has passed (`None`: never), or when
    /// woken through [`waker`](Self::waker). May return early.
    fn wait(&self, handles: &[(HostHandle, Interest)], timeout: Option<Duration>);

    /// Wakes a `wait` in progress, or makes the next one return at once.
    fn waker(&self) -> Waker;
}
