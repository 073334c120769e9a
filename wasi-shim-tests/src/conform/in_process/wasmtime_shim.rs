//! The library under the version of wasmtime that this workspace has.

use super::within;
use crate::conform::engine::{self, Compiled};
use crate::conform::host::{Directory, Ended, Host, How, Program};
use crate::conform::process::Bounds;
use std::sync::Arc;
use wasi_shim::backends::{Capture, Input};
use wasi_shim::vfs::Stream;
use wasi_shim::{Access, Exit, Wasi};
use wasmtime::{Linker, Store};

/// The host.
pub struct WasmtimeShim {
    compiled: Arc<Compiled>,
    execute: Execute,
}

/// How a program is run.
type Execute = fn(&Compiled, &Program, Wasi, Bounds) -> wasmtime::Result<()>;

impl WasmtimeShim {
    /// Starts an engine.
    pub fn new() -> Result<Self, String> {
        Ok(Self {
            compiled: Arc::new(Compiled::new()?),
            execute,
        })
    }

    /// Starts an engine, for guests that are called asynchronously.
    pub fn asynchronous() -> Result<Self, String> {
        Ok(Self {
            compiled: Arc::new(Compiled::new()?),
            execute: execute_async,
        })
    }
}

impl Host for WasmtimeShim {
    fn version(&self) -> String {
        format!(
            "wasi-shim {}, {}",
            env!("CARGO_PKG_VERSION"),
            engine::VERSION
        )
    }

    fn start(&self, program: &Program, bounds: Bounds) -> Option<Ended> {
        let (compiled, program) = (self.compiled.clone(), program.clone());
        let execute = self.execute;
        let done = within(bounds.time, move || {
            start(&compiled, &program, bounds, execute)
        });
        Some(done.unwrap_or_else(Ended::lost))
    }
}

fn start(compiled: &Compiled, program: &Program, bounds: Bounds, execute: Execute) -> Ended {
    let (stdout, stderr) = (Capture::new(bounds.output), Capture::new(bounds.output));
    let input = Input::new(program.stdin.clone());
    let how = match context(program, input, &stdout, &stderr) {
        Ok(wasi) => match execute(compiled, program, wasi, bounds) {
            Ok(()) => How::Exited(0),
            Err(error) => how(&error),
        },
        Err(error) => How::Lost(error),
    };
    Ended {
        stdout: stdout.contents(),
        stderr: stderr.contents(),
        how,
    }
}

/// A guest with what the program is to have.
pub(super) fn context(
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

fn execute(
    compiled: &Compiled,
    program: &Program,
    wasi: Wasi,
    bounds: Bounds,
) -> wasmtime::Result<()> {
    let module = compiled.module(&program.module)?;
    let mut linker = Linker::new(compiled.engine());
    wasi_shim::link_wasmtime!(wasmtime, &mut linker, |wasi: &mut Wasi| wasi)?;
    let mut store = Store::new(compiled.engine(), wasi);
    compiled.limit(&mut store, bounds.time);
    let instance = linker.instantiate(&mut store, &module)?;
    instance
        .get_typed_func::<(), ()>(&mut store, "_start")?
        .call(&mut store, ())
}

fn execute_async(
    compiled: &Compiled,
    program: &Program,
    wasi: Wasi,
    bounds: Bounds,
) -> wasmtime::Result<()> {
    let module = compiled.module(&program.module)?;
    let mut linker = Linker::new(compiled.engine());
    wasi_shim::link_wasmtime_async!(wasmtime, &mut linker, |wasi: &mut Wasi| wasi)?;
    let mut store = Store::new(compiled.engine(), wasi);
    compiled.limit(&mut store, bounds.time);
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build()?.block_on(async {
        let instance = linker.instantiate_async(&mut store, &module).await?;
        let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
        start.call_async(&mut store, ()).await
    })
}

pub(super) fn how(error: &wasmtime::Error) -> How {
    match error.downcast_ref::<Exit>() {
        Some(exit) => How::Exited(exit.0),
        None => How::Trapped(engine::spell(error)),
    }
}
