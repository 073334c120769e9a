//! The state of one guest: its strings, descriptors, clocks, limits, and what it may do.
//!
//! This room knows what is open and who may use it. It does not know what a call does with a descriptor, how paths are
//! resolved, or that there is a WebAssembly engine. The handlers and the builder use it.

mod access;
mod call_waker;
mod descriptor;
mod end;
mod fds;
mod limits;
mod listing;
mod offset;
mod sleepers;
mod slots;
mod strings;

pub use access::{Access, RightsMode};
pub(crate) use access::{Asked, Grant};
pub(crate) use call_waker::CallWaker;
pub(crate) use descriptor::{Descriptor, Object};
pub(crate) use end::{End, Ended, after};
pub(crate) use fds::Fds;
pub use limits::Limits;
pub(crate) use listing::{Held, Listing};
pub(crate) use sleepers::Sleepers;
pub(crate) use slots::Borrowed;
pub(crate) use strings::{StringError, Strings};

use crate::resolve::Policy;
use crate::vfs::{Clock, Entropy, Timestamp, Waiter};
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What happens when a guest passes a pointer that is out of bounds or not aligned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FaultMode {
    /// The call traps, as the specification says (`witx-docs.md`: "the function shall trap").
    #[default]
    Trap,
    /// The call answers `fault`, as wazero, WasmEdge and Node do.
    Errno,
}

/// All state of one guest.
pub(crate) struct Process {
    pub(crate) args: Strings,
    pub(crate) environ: Strings,
    pub(crate) fds: Fds,
    /// The number of the next directory that is given.
    pub(crate) devices: AtomicU32,
    pub(crate) rights: RightsMode,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) waiter: Arc<dyn Fn() -> Arc<dyn Waiter> + Send + Sync>,
    pub(crate) limits: Limits,
    pub(crate) faults: FaultMode,
    pub(crate) end: End,
    pub(crate) sleepers: Sleepers,
    pub(crate) listings: Arc<Held>,
}

impl Process {
    /// What the resolver needs to know.
    pub(crate) const fn policy(&self) -> Policy {
        Policy {
            links: self.limits.links,
            expanded: self.limits.expanded_path,
            depth: self.limits.depth,
        }
    }

    /// Ends the guest: every blocked call, and every call after this one, is refused.
    pub(crate) fn cancel(&self) {
        self.end.cancel();
        self.sleepers.wake_all();
    }

    /// Ends the guest as one that exited, for every thread of it.
    pub(crate) fn exit(&self, code: u32) {
        self.end.exit(code);
        self.sleepers.wake_all();
    }

    /// Sets the deadline. Who waits looks at the new one.
    pub(crate) fn set_deadline(&self, deadline: Option<Timestamp>) {
        self.end.set_deadline(deadline);
        self.sleepers.wake_all();
    }

    /// Is it to make no more calls?
    #[inline]
    pub(crate) fn ended(&self) -> Option<Ended> {
        self.end.ended(&self.clock)
    }
}

/// Locks a mutex whose content no panic can leave half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
