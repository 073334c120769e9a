//! The library under wasmtime with threads: cases run on the driver of which a thread makes the calls.

use super::wasmtime_shim::how;
use super::{guest, within};
use crate::conform::engine::{self, Compiled};
use crate::conform::host::{Ended, Host, Module, Prepared, Program};
use crate::conform::process::Bounds;
use crate::driver;
use crate::script::Run;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use wasi_shim::Wasi;
use wasi_shim::backends::{Input, pipe};
use wasi_shim::threads::ThreadLimits;
use wasi_shim::vfs::Stream;
use wasmtime::{Instance, Linker, Store};

/// The host.
pub(super) struct WasmtimeThreads {
    compiled: Arc<Compiled>,
    driver: Arc<Module>,
}

impl WasmtimeThreads {
    /// Starts an engine.
    pub(super) fn new() -> Result<Self, String> {
        Ok(Self {
            compiled: Arc::new(Compiled::new()?),
            driver: Arc::new(Module {
                path: "threaded-driver.wasm".into(),
                bytes: driver::threaded_module(),
            }),
        })
    }
}

impl Host for WasmtimeThreads {
    fn version(&self) -> String {
        format!(
            "wasi-shim {}, {}",
            env!("CARGO_PKG_VERSION"),
            engine::VERSION
        )
    }

    fn start(&self, program: &Program, bounds: Bounds) -> Option<Ended> {
        let (compiled, program) = (self.compiled.clone(), program.clone());
        let done = within(bounds.time, move || start(&compiled, &program, bounds));
        Some(done.unwrap_or_else(Ended::lost))
    }

    /// The driver is another one here.
    fn run(&self, prepared: &Arc<Prepared>, folder: &Path, _: &Arc<Module>, bounds: Bounds) -> Run {
        prepared.run_with(self, folder, &self.driver, bounds)
    }
}

fn start(compiled: &Compiled, program: &Program, bounds: Bounds) -> Ended {
    // A pipe that is held does not end.
    let (open, _held) = pipe(1);
    let input: Arc<dyn Stream> = match program.threads {
        true => open,
        false => Input::new(program.stdin.clone()),
    };
    guest::run_reading(program, input, bounds, |wasi| {
        how(execute(compiled, program, &wasi, bounds))
    })
}

fn execute(
    compiled: &Compiled,
    program: &Program,
    wasi: &Wasi,
    bounds: Bounds,
) -> wasmtime::Result<()> {
    let module = compiled.module(&program.module)?;
    let engine = compiled.engine().clone();
    // One that hangs is left behind, but not for ever.
    let (done, waiting) = mpsc::channel::<()>();
    let guest = wasi.clone();
    let watch = thread::spawn(move || {
        if waiting.recv_timeout(bounds.time.saturating_mul(2))
            == Err(mpsc::RecvTimeoutError::Timeout)
        {
            guest.cancel();
        }
    });
    let ended = wasi_shim::run_threads_wasmtime!(
        wasmtime,
        wasi,
        ThreadLimits::default(),
        &Linker::new(compiled.engine()),
        &module,
        move |wasi: Wasi| Store::new(&engine, wasi),
        |wasi: &mut Wasi| wasi,
        |store: &mut Store<Wasi>, instance: &Instance| {
            let start = instance.get_typed_func::<(), ()>(&mut *store, "_start")?;
            start.call(store, ())
        }
    );
    drop(done);
    let _ = watch.join();
    ended
}
