//! Whether a guest has been ended, for those who make no calls: whoever holds what only the engine can stop.

use super::Outcome;
use crate::process::Process;
use std::fmt;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

/// Tells when a guest is [cancelled](crate::Wasi::cancel) or [exits](crate::Wasi::exit), or its
/// [deadline](crate::Wasi::set_deadline) passes. Made by [`Wasi::watch`](crate::Wasi::watch).
pub struct Watch {
    process: Arc<Process>,
    /// Where whoever ends the guest finds the waker.
    place: u64,
}

impl Watch {
    pub(super) fn new(process: Arc<Process>) -> Self {
        Self {
            place: process.sleepers.place(),
            process,
        }
    }

    /// What every call answers, if the guest has been ended. If not, `waker` is woken when to ask again, unless it is
    /// [`timeout`](Self::timeout) that passes.
    pub fn ended(&self, waker: &Waker) -> Option<Outcome> {
        self.process.sleepers.keep(self.place, waker);
        // Only now: an end that comes later finds the waker.
        self.process.ended().map(Outcome::ended)
    }

    /// How long until the guest's deadline; `None` if it has none.
    pub fn timeout(&self) -> Option<Duration> {
        self.process.end.left(&*self.process.clock)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.process.sleepers.leave(self.place);
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").finish_non_exhaustive()
    }
}
