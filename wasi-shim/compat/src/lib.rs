//! The interface of wasi-common 46, over wasi-shim.
//!
//! An embedder changes one line of its `Cargo.toml`, `wasi-common = { package = "wasi-shim-compat", version = "0.1" }`,
//! moves to the version of wasmtime that this crate names, and compiles. What it implements of [`WasiFile`] and [`WasiDir`]
//! stays as it is: paths, links, rights, offsets and descriptors are wasi-shim's now.
//! `spec-notes/migrating-from-wasi-common.md` lists what can be told from wasi-common.
//!
//! # Features
//! Those of wasi-common, and `wiggle-36`: the functions for hosts without an engine of ours take the memory of wiggle 36
//! too, and [`Error::trap`] any error, which is what the crate `wasmi_wasi` needs.

mod adapt;
mod cause;
pub mod clocks;
mod ctx;
pub mod dir;
mod error;
pub mod file;
mod guest;
#[cfg(all(feature = "sync", feature = "wasmtime"))]
mod link;
mod memory;
pub mod pipe;
pub mod random;
mod ready;
mod run;
pub mod sched;
pub mod snapshots;
mod string_array;
#[cfg(feature = "sync")]
pub mod sync;
pub mod table;
#[cfg(feature = "tokio")]
pub mod tokio;
mod wait;

pub use cause::Cause;
pub use clocks::{SystemTimeSpec, WasiClocks, WasiMonotonicClock, WasiSystemClock};
pub use ctx::{WasiCtx, WasiCtxInner};
pub use dir::WasiDir;
pub use error::{Error, ErrorExt, I32Exit};
pub use file::WasiFile;
pub use memory::GuestMemory;
pub use rand::TryRng;
pub use sched::{Poll, WasiSched};
pub use string_array::{StringArray, StringArrayError};
pub use table::Table;

/// Ends this process as the guest ended: with its exit code after `proc_exit`, as an abort after a trap of the engine's. Any
/// other error comes back.
///
/// For programs that run one guest and are done with it.
#[cfg(feature = "exit")]
pub fn maybe_exit_on_error(error: Cause) -> Cause {
    /// What a shell reports of a process that was aborted; `SIGABRT` is 6.
    const ABORTED: i32 = 128 + 6;
    if let Some(I32Exit(code)) = error.downcast_ref::<I32Exit>() {
        std::process::exit(*code);
    }
    let trapped = error.is::<wasmtime::Trap>() || error.is::<wasi_shim::Trap>();
    if trapped {
        eprintln!("Error: {error:?}");
        std::process::exit(ABORTED);
    }
    error
}
