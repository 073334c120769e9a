//! The filesystem in memory, whole.

#[path = "../../../../wasi-shim/src/backends/lock.rs"]
pub(crate) mod lock;
#[path = "../../../../wasi-shim/src/backends/memory/mod.rs"]
#[allow(
    unused_imports,
    reason = "it also shows what other filesystems are made with"
)]
pub(crate) mod memory;
