//! The system's clocks.

use crate::clocks::{WasiClocks, WasiMonotonicClock, WasiSystemClock};
use cap_std::time::{Duration, Instant, SystemTime};
use cap_std::{AmbientAuthority, ambient_authority};
use rustix::time::{ClockId, clock_getres};

/// The system's time of day.
pub struct SystemClock(cap_std::time::SystemClock);

/// The system's clock that nobody sets.
pub struct MonotonicClock(cap_std::time::MonotonicClock);

fn resolution(clock: ClockId) -> Duration {
    Duration::try_from(clock_getres(clock)).unwrap_or(Duration::from_nanos(1))
}

impl SystemClock {
    /// The clock, for who may look at it.
    pub const fn new(ambient_authority: AmbientAuthority) -> Self {
        Self(cap_std::time::SystemClock::new(ambient_authority))
    }
}

impl WasiSystemClock for SystemClock {
    fn resolution(&self) -> Duration {
        resolution(ClockId::Realtime)
    }

    fn now(&self, _: Duration) -> SystemTime {
        self.0.now()
    }
}

impl MonotonicClock {
    /// The clock, for who may look at it.
    pub const fn new(ambient_authority: AmbientAuthority) -> Self {
        Self(cap_std::time::MonotonicClock::new(ambient_authority))
    }
}

impl WasiMonotonicClock for MonotonicClock {
    fn resolution(&self) -> Duration {
        resolution(ClockId::Monotonic)
    }

    fn now(&self, _: Duration) -> Instant {
        self.0.now()
    }
}

/// The system's clocks.
pub fn clocks_ctx() -> WasiClocks {
    WasiClocks::new()
        .with_system(SystemClock::new(ambient_authority()))
        .with_monotonic(MonotonicClock::new(ambient_authority()))
}
