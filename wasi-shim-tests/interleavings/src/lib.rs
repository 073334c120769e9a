//! The library's descriptor table, its counters, the end of its guests and its filesystem in memory, as they are in its
//! files, with a checker's threads and locks below them.
//!
//! Knows where the files are and what they expect around them. `table`, `counters`, `ending` and `memory` are the cases.

#![cfg(test)]
#![allow(dead_code, reason = "each case uses a part")]

pub use wasi_shim::{abi, vfs};

#[cfg(feature = "loom")]
mod sync {
    pub(crate) use loom::sync::{Mutex, MutexGuard, atomic};
    pub(crate) use loom::thread::yield_now;
    pub(crate) use std::sync::PoisonError;
}

#[cfg(all(feature = "shuttle", not(feature = "loom")))]
mod sync {
    pub(crate) use shuttle::sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak,
        atomic,
    };
    pub(crate) use shuttle::thread::yield_now;
}

#[cfg(feature = "loom")]
mod counters;
#[cfg(feature = "loom")]
mod ending;
#[cfg(all(feature = "shuttle", not(feature = "loom")))]
mod memory;
#[cfg(feature = "loom")]
mod table;

#[cfg(feature = "loom")]
mod backends;
#[cfg(feature = "loom")]
mod process;

#[cfg(all(feature = "shuttle", not(feature = "loom")))]
#[path = "backends/whole.rs"]
mod backends;
