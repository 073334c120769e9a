//! The descriptor table, of descriptors that are numbers, and their offsets; how a guest ends, and whom that wakes.

use crate::sync::{Mutex, MutexGuard, PoisonError};

#[path = "../../../wasi-shim/src/process/end.rs"]
mod end;
#[path = "../../../wasi-shim/src/process/fds.rs"]
mod fds;
#[path = "../../../wasi-shim/src/process/offset.rs"]
mod offset;
#[path = "../../../wasi-shim/src/process/sleepers.rs"]
mod sleepers;
#[path = "../../../wasi-shim/src/process/slots.rs"]
mod slots;

pub(crate) use end::{End, Ended};
pub(crate) use fds::Fds;
pub(crate) use sleepers::Sleepers;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Descriptor(pub(crate) u32);

/// A new offset: its own room makes it, with the descriptor.
pub(crate) fn offset() -> offset::Offset {
    offset::Offset::new()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
