//! When a guest ends against its will: never, when it is cancelled, or when its deadline has passed.
//!
//! Knows one number and how to compare it with a clock's time; who waits, and what a call answers then, is others'. A
//! guest without a deadline pays for one load a call, and asks no clock.

use crate::abi::{ClockId, Result};
use crate::vfs::{Clock, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// No deadline.
const NEVER: u64 = u64::MAX;

/// Cancelled, for good. No deadline is kept as this.
const CANCELLED: u64 = 0;

/// The time on the guest's monotonic clock after which it may make no more calls.
pub(crate) struct End(AtomicU64);

/// Why a guest has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The embedder said so.
    Cancelled,
    /// The deadline has passed.
    Deadline,
}

impl End {
    pub(crate) const fn new(deadline: Option<Timestamp>) -> Self {
        Self(AtomicU64::new(kept(deadline)))
    }

    /// Ends the guest now, whatever deadline it has or will be given.
    pub(crate) fn cancel(&self) {
        self.0.store(CANCELLED, Ordering::SeqCst);
    }

    /// Takes the place of the deadline before. Does nothing for a guest that was cancelled.
    pub(crate) fn set_deadline(&self, deadline: Option<Timestamp>) {
        let time = kept(deadline);
        let replace = |now| (now != CANCELLED).then_some(time);
        let _ = self
            .0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, replace);
    }

    /// Has the guest ended? The clock is only come by where it is asked: to find it takes longer than all the rest.
    #[inline]
    pub(crate) fn ended(&self, clock: &Arc<dyn Clock>) -> Option<Ended> {
        match self.0.load(Ordering::SeqCst) {
            NEVER => None,
            time => ended_at(time, clock),
        }
    }

    /// How long until the deadline.
    pub(crate) fn left(&self, clock: &dyn Clock) -> Option<Duration> {
        match self.0.load(Ordering::SeqCst) {
            NEVER => None,
            time => Some(Duration::from_nanos(left(time, clock))),
        }
    }
}

/// The number that a deadline is kept as. That of the first nanosecond stands for the one before it, which is taken; the
/// last is in 584 years.
const fn kept(deadline: Option<Timestamp>) -> u64 {
    match deadline {
        None => NEVER,
        Some(Timestamp(CANCELLED)) => 1,
        Some(Timestamp(time)) => time,
    }
}

#[cold]
fn ended_at(time: u64, clock: &Arc<dyn Clock>) -> Option<Ended> {
    match time {
        CANCELLED => Some(Ended::Cancelled),
        time => (left(time, &**clock) == 0).then_some(Ended::Deadline),
    }
}

/// Nanoseconds; none if the clock fails, because a deadline that nobody can see coming is no limit.
fn left(time: u64, clock: &dyn Clock) -> u64 {
    clock
        .now(ClockId::Monotonic)
        .map_or(0, |now| time.saturating_sub(now.0))
}

/// The time on a guest's monotonic clock so long from now.
pub(crate) fn after(clock: &dyn Clock, left: Duration) -> Result<Timestamp> {
    let now = clock.now(ClockId::Monotonic)?;
    let left = u64::try_from(left.as_nanos()).unwrap_or(u64::MAX);
    Ok(Timestamp(now.0.saturating_add(left)))
}
