//! Clocks, as wasi-common has them.
//!
//! This file knows the traits and who has which clock. What a guest makes of a time is the shim's. Embedders implement the
//! traits.

use crate::{Error, ErrorExt};
use cap_std::time::{Duration, Instant, SystemTime};

/// What a time is set to.
#[allow(missing_docs, reason = "each is what its name says")]
pub enum SystemTimeSpec {
    SymbolicNow,
    Absolute(SystemTime),
}

/// The time of day.
pub trait WasiSystemClock: Send + Sync {
    /// The smallest step.
    fn resolution(&self) -> Duration;
    /// The time.
    fn now(&self, precision: Duration) -> SystemTime;
}

/// A clock that nobody sets.
pub trait WasiMonotonicClock: Send + Sync {
    /// The smallest step.
    fn resolution(&self) -> Duration;
    /// The time.
    fn now(&self, precision: Duration) -> Instant;
}

/// A clock that nobody sets, and where a guest's begins.
#[allow(missing_docs, reason = "each is what its name says")]
pub struct WasiMonotonicOffsetClock {
    pub creation_time: Instant,
    pub abs_clock: Box<dyn WasiMonotonicClock>,
}

impl WasiMonotonicOffsetClock {
    /// Begins now.
    pub fn new(clock: impl 'static + WasiMonotonicClock) -> Self {
        Self {
            creation_time: clock.now(clock.resolution()),
            abs_clock: Box::new(clock),
        }
    }
}

/// The clocks of a guest.
#[derive(Default)]
#[allow(missing_docs, reason = "each is what its name says")]
pub struct WasiClocks {
    pub system: Option<Box<dyn WasiSystemClock>>,
    pub monotonic: Option<WasiMonotonicOffsetClock>,
}

impl WasiClocks {
    /// No clocks.
    pub fn new() -> Self {
        Self::default()
    }

    /// With this time of day.
    #[must_use]
    pub fn with_system(mut self, clock: impl 'static + WasiSystemClock) -> Self {
        self.system = Some(Box::new(clock));
        self
    }

    /// With this clock that nobody sets, which begins now.
    #[must_use]
    pub fn with_monotonic(mut self, clock: impl 'static + WasiMonotonicClock) -> Self {
        self.monotonic = Some(WasiMonotonicOffsetClock::new(clock));
        self
    }

    /// The time of day, or `badf`.
    pub fn system(&self) -> Result<&dyn WasiSystemClock, Error> {
        let missing = || Error::badf().context("there is no system clock");
        self.system.as_deref().ok_or_else(missing)
    }

    /// The clock that nobody sets, or `badf`.
    pub fn monotonic(&self) -> Result<&WasiMonotonicOffsetClock, Error> {
        let missing = || Error::badf().context("there is no monotonic clock");
        self.monotonic.as_ref().ok_or_else(missing)
    }
}
