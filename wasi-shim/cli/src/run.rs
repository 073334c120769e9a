//! Knows the order in which a run is prepared, so that what is cheap to refuse is refused before what is slow to do.
//! Refuses to know how any of the steps works.
//! For `main`.

use std::{
    env,
    ffi::OsString,
    fmt::Display,
    io::{self, Write},
    path::Path,
};

use crate::{
    deadline::Deadline,
    engines,
    failure::Failure,
    options::{Run, Variable},
    shim::{self, Changes, Setup},
    source,
};

/// Answers the guest's exit code.
pub(crate) fn run(options: &Run) -> Result<u32, Failure> {
    // Before there is another thread.
    let sockets = shim::sockets::open(&options.sockets)?;
    let file = options.file();
    source::metadata(&file)?;
    let setup = Setup {
        argv: &argv(options, &file),
        env: &environment(&options.env),
        preopens: &options.preopens,
        sockets: &sockets,
    };
    let (wasi, changes) = shim::wasi(&setup)?;
    let cancel = shim::canceller(&wasi);
    let program = engines::prepare(options, &file, wasi)?;
    let deadline = Deadline {
        stack: options.max_stack,
        limit: options.timeout,
    };
    let code = deadline.run(program.run, || {
        cancel();
        (program.stop)();
    })?;
    if options.commit {
        commit(&changes, code)?;
    }
    Ok(code)
}

/// What a guest left that says it failed is not to be kept.
fn commit(changes: &[Changes], code: u32) -> Result<(), Failure> {
    if code == 0 {
        return changes.iter().try_for_each(Changes::commit);
    }
    notice(&format_args!(
        "the guest exited with {code}, so its changes are not committed"
    ));
    Ok(())
}

pub(crate) fn notice(what: &dyn Display) {
    // Standard error may be closed, which is no reason to fail.
    let _ = writeln!(io::stderr(), "wasi-shim: {what}");
}

fn argv(options: &Run, file: &Path) -> Vec<OsString> {
    let own = || {
        file.file_name()
            .map_or_else(|| file.as_os_str().to_owned(), ToOwned::to_owned)
    };
    let name = options.argv0.clone().unwrap_or_else(own);
    [name]
        .into_iter()
        .chain(options.args().iter().cloned())
        .collect()
}

/// A variable to take over that we do not have either is left out, as wasmtime does.
fn environment(variables: &[Variable]) -> Vec<(OsString, OsString)> {
    let set = variables.iter().filter_map(|Variable { name, value }| {
        let value = value.clone().or_else(|| env::var_os(name))?;
        Some((name.clone(), value))
    });
    set.collect()
}
