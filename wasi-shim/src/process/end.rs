//! When a guest ends: never, when it is cancelled or exits, or when its deadline has passed.
//!
//! Knows one number and how to compare it with a clock's time; who waits, and what a call answers then, is others'. A
//! guest without a deadline pays for one load a call, and asks no clock.

use crate::abi::{ClockId, Result};
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::vfs::{Clock, Timestamp};
use std::sync::Arc;
use std::time::Duration;

/// No deadline.
const NEVER: u64 = u64::MAX;

/// Cancelled, for good. No deadline is kept as this.
const CANCELLED: u64 = 0;

/// The latest deadline, in 584 years less four seconds. Between it and `NEVER` are all exit codes.
const LATEST: u64 = NEVER - (1 << 32) - 1;

/// The time on the guest's monotonic clock after which it may make no more calls.
pub(crate) struct End(AtomicU64);

/// Why a guest has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The embedder said so.
    Cancelled,
    /// The deadline has passed.
    Deadline,
    /// It exited with this code, in whatever thread.
    Exited(u32),
}

impl End {
    #[allow(
        clippy::missing_const_for_fn,
        reason = "a checker's atomics are not made in constants"
    )]
    pub(crate) fn new(deadline: Option<Timestamp>) -> Self {
        Self(AtomicU64::new(kept(deadline)))
    }

    /// Ends the guest now, whatever deadline it has or will be given.
    pub(crate) fn cancel(&self) {
        self.replace(CANCELLED);
    }

    /// Ends the guest now, as one that exited.
    pub(crate) fn exit(&self, code: u32) {
        self.replace(exited(code));
    }

    /// Takes the place of the deadline before.
    pub(crate) fn set_deadline(&self, deadline: Option<Timestamp>) {
        self.replace(kept(deadline));
    }

    /// Does nothing for a guest that was cancelled or has exited: what ends it first ends it for good.
    fn replace(&self, new: u64) {
        let replace = |now| (!is_final(now)).then_some(new);
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
            time if is_final(time) => Some(Duration::ZERO),
            time => Some(Duration::from_nanos(left(time, clock))),
        }
    }
}

/// The number that a deadline is kept as. That of the first nanosecond stands for the one before it, which is taken, as
/// are those after the latest; the end of time is no deadline.
const fn kept(deadline: Option<Timestamp>) -> u64 {
    match deadline {
        None | Some(Timestamp(NEVER)) => NEVER,
        Some(Timestamp(CANCELLED)) => 1,
        Some(Timestamp(time)) if time > LATEST => LATEST,
        Some(Timestamp(time)) => time,
    }
}

/// The number that an exit code is kept as.
const fn exited(code: u32) -> u64 {
    NEVER.wrapping_sub(1).wrapping_sub(code as u64)
}

const fn is_final(time: u64) -> bool {
    time == CANCELLED || (LATEST < time && time < NEVER)
}

#[cold]
fn ended_at(time: u64, clock: &Arc<dyn Clock>) -> Option<Ended> {
    match time {
        CANCELLED => Some(Ended::Cancelled),
        // It is a code that was kept, so nothing is cut off.
        time if is_final(time) => Some(Ended::Exited(
            NEVER.wrapping_sub(1).wrapping_sub(time) as u32
        )),
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

#[cfg(test)]
mod tests {
    use super::*;

    struct Still;

    impl Clock for Still {
        fn resolution(&self, _: ClockId) -> Result<Timestamp> {
            Ok(Timestamp(1))
        }

        fn now(&self, _: ClockId) -> Result<Timestamp> {
            Ok(Timestamp(u64::MAX))
        }
    }

    fn ended(end: &End) -> Option<Ended> {
        let clock: Arc<dyn Clock> = Arc::new(Still);
        end.ended(&clock)
    }

    #[test]
    fn every_exit_code_is_kept_and_none_is_a_deadline() {
        for code in [0, 1, 99, u32::MAX - 1, u32::MAX] {
            let end = End::new(None);
            end.exit(code);
            assert_eq!(ended(&end), Some(Ended::Exited(code)));
        }
        for time in [0, 1, LATEST - 1, LATEST, LATEST + 1, u64::MAX - 1] {
            let end = End::new(Some(Timestamp(time)));
            assert_eq!(ended(&end), Some(Ended::Deadline), "{time}");
        }
        for never in [None, Some(Timestamp(u64::MAX))] {
            assert_eq!(ended(&End::new(never)), None);
        }
    }

    #[test]
    fn what_ends_a_guest_first_ends_it_for_good() {
        let first: [(fn(&End), _); 2] = [
            (End::cancel, Ended::Cancelled),
            (|end| end.exit(3), Ended::Exited(3)),
        ];
        let later: [fn(&End); 4] = [
            End::cancel,
            |end| end.exit(4),
            |end| end.set_deadline(None),
            |end| end.set_deadline(Some(Timestamp(5))),
        ];
        for (begin, expected) in first {
            for after in later {
                let end = End::new(None);
                begin(&end);
                after(&end);
                assert_eq!(ended(&end), Some(expected));
            }
        }
    }
}
