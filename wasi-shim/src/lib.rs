//! WASI preview1.
pub mod abi;
mod calls;
mod dispatch;
#[cfg(all(unix, feature = "host"))]
pub mod host;
pub mod mem;
mod process;
mod resolve;
pub mod backends;
pub mod vfs;

pub use dispatch::{Blocked, Exit, Outcome, Trap, Wasi, raw};
pub use process::{Access, FaultMode, Limits, RightsMode};
