//! wasmtime's own implementation, `wasmtime-wasi`, under the version of wasmtime that this workspace has.

use super::within;
use crate::conform::engine::Compiled;
use crate::conform::host::{Directory, Ended, Host, How, Program};
use crate::conform::process::Bounds;
use std::sync::Arc;
use wasmtime::{Linker, Store};
use wasmtime_wasi::p1::{self, WasiP1Ctx};
use wasmtime_wasi::p2::pipe::{MemoryInputPipe, MemoryOutputPipe};
use wasmtime_wasi::{FsPerms, I32Exit, WasiCtxBuilder};

/// The host.
pub struct WasmtimeWasi {
    compiled: Arc<Compiled>,
}

impl WasmtimeWasi {
    /// Starts an engine.
    pub fn new() -> Result<Self, String> {
        Ok(Self {
            compiled: Arc::new(Compiled::new()?),
        })
    }
}

impl Host for WasmtimeWasi {
    fn version(&self) -> String {
        crate::conform::engine::VERSION.to_owned()
    }

    fn start(&self, program: &Program, bounds: Bounds) -> Option<Ended> {
        let (compiled, program) = (self.compiled.clone(), program.clone());
        let done = within(bounds.time, move || start(&compiled, &program, bounds));
        Some(done.unwrap_or_else(Ended::lost))
    }
}

fn start(compiled: &Compiled, program: &Program, bounds: Bounds) -> Ended {
    let (stdout, stderr) = (
        MemoryOutputPipe::new(bounds.output),
        MemoryOutputPipe::new(bounds.output),
    );
    let how = match context(program, &stdout, &stderr) {
        Ok(context) => match execute(compiled, program, context, bounds) {
            Ok(()) => How::Exited(0),
            Err(error) => how(&error),
        },
        Err(error) => How::Lost(format!("{error:#}")),
    };
    Ended {
        stdout: stdout.contents().to_vec(),
        stderr: stderr.contents().to_vec(),
        how,
    }
}

fn context(
    program: &Program,
    stdout: &MemoryOutputPipe,
    stderr: &MemoryOutputPipe,
) -> wasmtime::Result<WasiP1Ctx> {
    let mut builder = WasiCtxBuilder::new();
    builder
        .args(&program.args)
        .envs(&program.env)
        .stdin(MemoryInputPipe::new(program.stdin.clone()))
        .stdout(stdout.clone())
        .stderr(stderr.clone())
        .allow_blocking_current_thread(true);
    for Directory {
        host,
        guest,
        read_only,
    } in &program.preopens
    {
        let perms = if *read_only {
            FsPerms::ReadOnly
        } else {
            FsPerms::ReadWrite
        };
        builder.preopened_dir(host, guest, perms)?;
    }
    Ok(builder.build_p1())
}

fn execute(
    compiled: &Compiled,
    program: &Program,
    context: WasiP1Ctx,
    bounds: Bounds,
) -> wasmtime::Result<()> {
    let module = compiled.module(&program.module)?;
    let mut linker = Linker::new(compiled.engine());
    p1::add_to_linker_sync(&mut linker, |context: &mut WasiP1Ctx| context)?;
    let mut store = Store::new(compiled.engine(), context);
    compiled.limit(&mut store, bounds.time);
    let instance = linker.instantiate(&mut store, &module)?;
    instance
        .get_typed_func::<(), ()>(&mut store, "_start")?
        .call(&mut store, ())
}

fn how(error: &wasmtime::Error) -> How {
    match error.downcast_ref::<I32Exit>() {
        Some(exit) => How::Exited(exit.0.cast_unsigned()),
        None => How::Trapped(crate::conform::engine::spell(error)),
    }
}
