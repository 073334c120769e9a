//! Knows what an error that came out of the guest means: an exit, a trap, or that it never started.
//! Refuses to know what is done about it.
//! For `guest`.

use std::path::Path;

use wasmtime::{Error, Trap, UnknownImportError, WasmBacktrace};

use crate::{failure::Failure, load::one_line, shim};

/// An error from a call: the guest ran, so whatever is not an exit stopped it.
pub(crate) fn of_call(error: &Error) -> Result<u32, Failure> {
    shim::exit_code(error).ok_or_else(|| Failure::Trapped(describe(error)))
}

/// An error from instantiation: that runs the guest only if the module has a start function.
pub(crate) fn of_instantiation(file: &Path, error: &Error) -> Result<u32, Failure> {
    let ran = error.is::<WasmBacktrace>() || error.is::<Trap>() || shim::stopped(error);
    if ran || shim::exit_code(error).is_some() {
        return of_call(error);
    }
    Err(Failure::Instantiation {
        file: file.to_owned(),
        reason: one_line(error),
    })
}

fn describe(error: &Error) -> String {
    let cause = cause(error);
    match error.downcast_ref::<WasmBacktrace>() {
        Some(backtrace) => format!("{cause}\n{}", backtrace.to_string().trim_end()),
        None => cause,
    }
}

fn cause(error: &Error) -> String {
    if let Some(import) = error.downcast_ref::<UnknownImportError>() {
        return format!(
            "it called `{}::{}`, which nobody provides",
            import.module(),
            import.name()
        );
    }
    let cause = error.root_cause().to_string();
    match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => format!("{cause} (--max-stack allows more)"),
        _ => cause,
    }
}
