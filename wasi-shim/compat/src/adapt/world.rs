//! Time and chance, as the shim asks for them.
//!
//! This file knows that a time before 1970 is 1970's first, where a guest's own clock begins, and that a time may be over
//! although its clock does not show it. It refuses to know who says so. The context uses it, and who waits.

use super::lock;
use crate::clocks::WasiClocks;
use crate::wait::Over;
use rand::Rng;
use std::cell::Cell;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use wasi_shim::abi::{ClockId, Errno, Result};
use wasi_shim::vfs::{Clock, Entropy, Timestamp};

thread_local! {
    static OVER: Cell<Option<Over>> = const { Cell::new(None) };
}

/// Makes a call for which a time is over, if one is. What a call asks of a clock it asks on its thread; a file of an
/// embedder's may make another there meanwhile.
pub(crate) fn while_over<R>(over: Option<Over>, call: impl FnOnce() -> R) -> R {
    let _before = Before(OVER.replace(over));
    call()
}

/// What was over before, and is again whatever becomes of the call: a file of an embedder's may panic.
struct Before(Option<Over>);

impl Drop for Before {
    fn drop(&mut self) {
        OVER.set(self.0);
    }
}

/// The clocks of a context. CPU time is none of them.
pub(crate) struct Times(pub(crate) Arc<WasiClocks>);

/// The finest that can be asked for.
const PRECISION: Duration = Duration::from_nanos(1);

impl Clock for Times {
    fn resolution(&self, clock: ClockId) -> Result<Timestamp> {
        let resolution = match clock {
            ClockId::Realtime => self.0.system.as_ref().map(|clock| clock.resolution()),
            ClockId::Monotonic => {
                let clock = self.0.monotonic.as_ref();
                clock.map(|clock| clock.abs_clock.resolution())
            }
            ClockId::ProcessCputime | ClockId::ThreadCputime => None,
        };
        let resolution = resolution.ok_or(Errno::Inval)?;
        Ok(resolution.max(PRECISION).into())
    }

    fn now(&self, clock: ClockId) -> Result<Timestamp> {
        let over = OVER.get().filter(|(over, _)| *over == clock);
        let shown = self.shown(clock)?;
        Ok(over.map_or(shown, |(_, time)| shown.max(time)))
    }
}

impl Times {
    fn shown(&self, clock: ClockId) -> Result<Timestamp> {
        match clock {
            ClockId::Realtime => {
                let clock = self.0.system.as_ref().ok_or(Errno::Inval)?;
                Ok(clock.now(PRECISION).into_std().into())
            }
            ClockId::Monotonic => {
                let clock = self.0.monotonic.as_ref().ok_or(Errno::Inval)?;
                let now = clock.abs_clock.now(PRECISION);
                let since = now.checked_duration_since(clock.creation_time);
                Ok(since.unwrap_or_default().into())
            }
            ClockId::ProcessCputime | ClockId::ThreadCputime => Err(Errno::Inval),
        }
    }
}

/// The random bytes of a context.
pub(crate) struct Chance(pub(crate) Arc<Mutex<Box<dyn Rng + Send + Sync>>>);

impl Entropy for Chance {
    fn fill(&self, buf: &mut [u8]) -> Result<()> {
        lock(&self.0).fill_bytes(buf);
        Ok(())
    }
}
