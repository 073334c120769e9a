//! The filesystem in memory, whole.

#[path = "../../../../wasi-shim/src/backends/lock.rs"]
pub(crate) mod lock;
#[path = "../../../../wasi-shim/src/backends/memory/mod.rs"]
pub(crate) mod memory;
