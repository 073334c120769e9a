//! The library under the version of wasmtime that this workspace has.

use super::{guest, within};
use crate::conform::engine::{self, Compiled};
use crate::conform::host::{Ended, Host, How, Program};
use crate::conform::process::Bounds;
use std::sync::Arc;
use wasi_shim::{Exit, Wasi};
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
            guest::run(&program, bounds, |wasi| {
                how(execute(&compiled, &program, wasi, bounds))
            })
        });
        Some(done.unwrap_or_else(Ended::lost))
    }
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

/// How a program ended whose entry returned this.
pub(super) fn how(returned: wasmtime::Result<()>) -> How {
    let Err(error) = returned else {
        return How::Exited(0);
    };
    match error.downcast_ref::<Exit>() {
        Some(exit) => How::Exited(exit.0),
        None => How::Trapped(engine::spell(&error)),
    }
}
