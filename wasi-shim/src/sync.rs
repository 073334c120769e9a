//! What threads share, and how they wait for each other: the standard library's.
//!
//! The descriptor table, the filesystem in memory and the meter of a quota name these by way of here, so that their files
//! can be compiled against a checker of interleavings too, which takes the place of this file; see
//! `wasi-shim-tests/interleavings`. Knows nothing of its own. Any room may use it.

pub(crate) use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak, atomic,
};
pub(crate) use std::thread::yield_now;
