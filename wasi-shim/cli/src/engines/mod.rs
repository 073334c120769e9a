//! Knows which engines there are, and what the command needs of each: a program that runs to its end, and how it is asked to
//! stop before. Refuses to know how any of them does that; another engine is another row of `Name` and another file here.
//! For `run`.

#[cfg(feature = "wasmi")]
mod wasmi;
mod wasmtime;

use std::path::Path;

use clap::ValueEnum;

use crate::{failure::Failure, options::Run, shim::Wasi};

pub(crate) use self::wasmtime::{shown, value};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Name {
    /// Compiles to native code, which it keeps
    #[default]
    Wasmtime,
    /// Interprets: begins sooner than a compiler would be done, runs slower, makes no code
    #[cfg(feature = "wasmi")]
    Wasmi,
}

/// A module that is ready to run.
pub(crate) struct Program {
    /// Answers the guest's exit code.
    pub(crate) run: Box<dyn FnOnce() -> Result<u32, Failure> + Send>,
    /// Asks a guest that computes to stop, from another thread. One that waits is cancelled besides.
    pub(crate) stop: Box<dyn FnOnce() + Send>,
}

/// Everything that can be refused is refused before the guest runs.
pub(crate) fn prepare(options: &Run, file: &Path, wasi: Wasi) -> Result<Program, Failure> {
    match options.runs_on {
        Name::Wasmtime => wasmtime::prepare(options, file, wasi),
        #[cfg(feature = "wasmi")]
        Name::Wasmi => wasmi::prepare(options, file, wasi),
    }
}
