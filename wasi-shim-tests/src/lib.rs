//! A kit for tests of preview1 without an engine: a guest that is a block of bytes, and the 46 functions as methods.
//!
//! [`Guest`] calls the library as an engine would, with core arguments and a linear memory; the methods in `calls` put
//! arguments into that memory and read results out of it. [`trees`] makes the same guest over each kind of filesystem, so
//! that one test speaks of all of them. The kit may panic: a test that cannot be set up has failed.

#![allow(clippy::missing_panics_doc)]

mod calls;
mod clock;
#[cfg(feature = "conform")]
pub mod conform;
#[cfg(feature = "conform")]
pub mod crowd;
pub mod driver;
pub mod fuzz;
mod guest;
pub mod model;
pub mod notes;
#[cfg(target_os = "linux")]
pub mod openat2;
pub mod oracles;
#[cfg(target_os = "linux")]
pub mod race;
pub mod script;
#[cfg(target_os = "linux")]
pub mod seccomp;
#[cfg(target_os = "linux")]
pub mod soak;
pub mod source;
pub mod trees;
pub mod witx;

pub use calls::{PollEvent, Stat, Subscription};
pub use clock::ManualClock;
pub use guest::{Answer, Guest};
