//! The hosts: each runs the same guest, or in the kernel's case does the same without one.

pub mod native;
mod node;
pub mod wasi_common;
mod wasmtime;

pub use node::Node;
pub use wasmtime::{Guest, Kind, engine, itself, shim, wasmtime_wasi_bare};

use std::time::Duration;
use thiserror::Error;

/// Runs the operations, by their numbers.
pub trait Host {
    /// What it is called in the report.
    fn name(&self) -> &str;

    /// Does what has to be done once before. The default: nothing.
    ///
    /// # Errors
    /// What the guest was answered, or why it could not ask.
    fn prepare(&mut self, operation: usize) -> Result<(), Failed> {
        let _ = operation;
        Ok(())
    }

    /// How long so many turns take.
    ///
    /// # Errors
    /// As [`prepare`](Self::prepare).
    fn run(&mut self, operation: usize, turns: u32) -> Result<Duration, Failed>;
}

/// A host did not do what was asked.
#[derive(Debug, Error)]
pub enum Failed {
    /// It answered otherwise.
    #[error("answered {0}")]
    Answer(i32),
    /// It has nothing of the kind.
    #[error("has nothing of the kind")]
    Absent,
    /// It broke down, or was never there.
    #[error("{0}")]
    Broken(String),
}

impl Failed {
    /// Whatever it says.
    pub fn of(error: impl ToString) -> Self {
        Self::Broken(error.to_string())
    }
}
