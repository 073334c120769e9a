//! A guest of the library with what a program is to have, and what it left behind when it ended.
//!
//! Knows the library's builder and nothing of engines. For the hosts here that run the library.

use crate::conform::host::{Directory, Ended, How, Program};
use crate::conform::process::Bounds;
use std::sync::Arc;
use wasi_shim::backends::{Capture, Input};
use wasi_shim::vfs::Stream;
use wasi_shim::{Access, Wasi};

/// The end of a program that reads what it is given, as whoever runs it tells.
pub(super) fn run(program: &Program, bounds: Bounds, execute: impl FnOnce(Wasi) -> How) -> Ended {
    run_reading(program, Input::new(program.stdin.clone()), bounds, execute)
}

/// The same, of a program with another standard input.
pub(super) fn run_reading(
    program: &Program,
    stdin: Arc<dyn Stream>,
    bounds: Bounds,
    execute: impl FnOnce(Wasi) -> How,
) -> Ended {
    let (stdout, stderr) = (Capture::new(bounds.output), Capture::new(bounds.output));
    let how = context(program, stdin, &stdout, &stderr).map_or_else(How::Lost, execute);
    Ended {
        stdout: stdout.contents(),
        stderr: stderr.contents(),
        how,
    }
}

fn context(
    program: &Program,
    stdin: Arc<dyn Stream>,
    stdout: &Arc<Capture>,
    stderr: &Arc<Capture>,
) -> Result<Wasi, String> {
    let mut builder = Wasi::builder()
        .stdin(stdin)
        .stdout(stdout.clone())
        .stderr(stderr.clone());
    for arg in &program.args {
        builder = builder.arg(arg);
    }
    for (name, value) in &program.env {
        builder = builder.env(name, value);
    }
    for Directory {
        host,
        guest,
        read_only,
    } in &program.preopens
    {
        let dir = wasi_shim::host::open_dir(host).map_err(|error| error.to_string())?;
        let access = if *read_only {
            Access::ReadOnly
        } else {
            Access::ReadWrite
        };
        builder = builder.preopen(guest, dir, access);
    }
    builder.build().map_err(|error| error.to_string())
}
