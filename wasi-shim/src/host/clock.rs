//! Clocks of the operating system.
//!
//! This file knows the system's four POSIX clocks. It does not know what a guest does with the time. Whoever builds a
//! guest may use it.

use super::facts;
use crate::abi::{ClockId, Result};
use crate::vfs::{Clock, Timestamp};
use rustix::time::{ClockId as Native, Timespec, clock_getres, clock_gettime};

/// What the monotonic clock showed when it was made: 1 s, so that a guest never reads 0, which many programs take for
/// "no time".
const START: u64 = 1_000_000_000;

/// The operating system's clocks.
///
/// The monotonic clock counts from the moment this value was made: how long the host has been running is none of a
/// guest's business.
#[derive(Clone, Copy, Debug)]
pub struct OsClock {
    made: Timestamp,
}

impl OsClock {
    /// Clocks of which the monotonic one starts now.
    pub fn new() -> Self {
        Self {
            made: timestamp(clock_gettime(Native::Monotonic)),
        }
    }
}

impl Default for OsClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for OsClock {
    fn resolution(&self, clock: ClockId) -> Result<Timestamp> {
        Ok(timestamp(clock_getres(native(clock))).max(Timestamp(1)))
    }

    fn now(&self, clock: ClockId) -> Result<Timestamp> {
        let now = timestamp(clock_gettime(native(clock)));
        Ok(match clock {
            ClockId::Monotonic => {
                Timestamp(now.0.saturating_sub(self.made.0).saturating_add(START))
            }
            _ => now,
        })
    }
}

const fn native(clock: ClockId) -> Native {
    match clock {
        ClockId::Realtime => Native::Realtime,
        ClockId::Monotonic => Native::Monotonic,
        ClockId::ProcessCputime => Native::ProcessCPUTime,
        ClockId::ThreadCputime => Native::ThreadCPUTime,
    }
}

fn timestamp(time: Timespec) -> Timestamp {
    facts::time(time.tv_sec, u64::try_from(time.tv_nsec).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    #[test]
    fn every_clock_runs() {
        let clock = OsClock::new();
        for &id in ClockId::ALL {
            assert!(clock.resolution(id).unwrap() >= Timestamp(1), "{id:?}");
            let first = clock.now(id).unwrap();
            assert!(clock.now(id).unwrap() >= first, "{id:?}");
        }
    }

    #[test]
    fn monotonic_time_starts_when_the_clock_is_made() {
        let now = OsClock::new().now(ClockId::Monotonic).unwrap();
        assert!((START..START + 500_000_000).contains(&now.0), "{now:?}");
    }

    #[test]
    fn realtime_is_the_system_time() {
        let now: SystemTime = OsClock::new().now(ClockId::Realtime).unwrap().into();
        assert!(now.elapsed().unwrap_or_default() < Duration::from_secs(5));
    }
}
