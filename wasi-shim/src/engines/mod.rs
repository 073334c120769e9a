//! Adapters to engines: exported macros that expand against the embedder's own engine, so that other versions of it work,
//! too.
//!
//! This room knows how an engine passes arguments and memories. It decides nothing about a call: it fetches the memory,
//! calls the dispatcher and turns the outcome into what the engine understands. For the engine versions named in
//! `Cargo.toml` a feature makes the plain function that people expect, with the same macro.

mod wasmi_macro;
#[cfg(feature = "wasmi")]
mod wasmi_resumable;
#[cfg(feature = "tokio")]
mod wasmtime_async;
mod wasmtime_instance;
#[cfg(feature = "tokio")]
mod wasmtime_instance_async;
mod wasmtime_instance_pre;
mod wasmtime_macro;
#[cfg(feature = "threads")]
mod wasmtime_threads;

#[cfg(feature = "wasmi")]
pub mod wasmi;
#[cfg(feature = "wasmtime")]
pub mod wasmtime;

use thiserror::Error;

/// A module asks for something that nobody has given it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("nothing is linked for the import {name:?} of {module:?}: define it in the linker")]
pub struct NotLinked {
    module: String,
    name: String,
}

impl NotLinked {
    /// The import, by its two names.
    pub fn new(module: &str, name: &str) -> Self {
        Self {
            module: module.to_owned(),
            name: name.to_owned(),
        }
    }
}

/// A module begins threads that would not share its memory.
#[cfg(feature = "threads")]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotThreaded {
    /// It has a memory of its own, so that every thread would have another.
    #[error(
        "it begins threads, but has a memory of its own: link it with --import-memory and --shared-memory"
    )]
    OwnMemory,
    /// It imports a memory that threads cannot share.
    #[error(
        "it begins threads, but the memory {name:?} of {module:?} is not shared: link it with --shared-memory"
    )]
    #[non_exhaustive]
    Unshared {
        /// Where it is imported from.
        module: String,
        /// Its name there.
        name: String,
    },
}

#[cfg(feature = "threads")]
impl NotThreaded {
    /// The import, by its two names.
    pub fn unshared(module: &str, name: &str) -> Self {
        Self::Unshared {
            module: module.to_owned(),
            name: name.to_owned(),
        }
    }
}
