//! Knows how a module is compiled into a file of its own.
//! Refuses to know how such a file is run, and leaves the cache alone.
//! For `main`.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    process,
};

use crate::{
    engine::{self, Settings},
    failure::Failure,
    load::one_line,
    options::Compile,
    source,
};

pub(crate) fn compile(options: &Compile) -> Result<(), Failure> {
    let output = &options.output;
    if !source::is_named_precompiled(output) {
        return Err(Failure::OutputName(output.clone()));
    }
    let source = source::read(&options.file)?;
    let engine = engine::build(&Settings {
        features: &options.engine.features,
        ..Settings::default()
    })?;
    let code = engine
        .precompile_module(&source.wasm)
        .map_err(|error| Failure::Uncompilable {
            file: options.file.clone(),
            reason: one_line(&error),
        })?;
    write(output, &code).map_err(|error| Failure::Unwritable {
        file: output.clone(),
        error,
    })
}

/// By renaming, as a process that runs an older version has it mapped and must not see it change.
fn write(output: &Path, code: &[u8]) -> io::Result<()> {
    let temporary = temporary(output);
    let written = fs::write(&temporary, code).and_then(|()| fs::rename(&temporary, output));
    if written.is_err() {
        // What went wrong first is what the user should hear.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn temporary(output: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(output.file_name().unwrap_or_default());
    name.push(format!(".{}", process::id()));
    output.with_file_name(name)
}
