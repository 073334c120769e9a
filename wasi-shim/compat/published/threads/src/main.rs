//! Runs a guest of several threads with the published `wasmtime-wasi-threads`, which ends this process when the guest does.

use std::sync::Arc;
use wasi_common::WasiCtx;
use wasi_common::sync::WasiCtxBuilder;
use wasmtime::{Config, Engine, Linker, Module, Result, Store};
use wasmtime_wasi_threads::WasiThreadsCtx;

#[derive(Clone)]
struct Host {
    wasi: WasiCtx,
    threads: Option<Arc<WasiThreadsCtx<Host>>>,
}

fn main() -> Result<()> {
    let mut config = Config::new();
    config.wasm_threads(true).shared_memory(true);
    let engine = Engine::new(&config)?;
    let module = Module::new(&engine, include_str!("../guest.wat"))?;
    let wasi = WasiCtxBuilder::new().inherit_stdio().build();
    let mut store = Store::new(
        &engine,
        Host {
            wasi,
            threads: None,
        },
    );
    let mut linker = Linker::new(&engine);
    wasi_common::sync::add_to_linker(&mut linker, |host: &mut Host| &mut host.wasi)?;
    wasmtime_wasi_threads::add_to_linker(&mut linker, &store, &module, |host| {
        host.threads.as_ref().expect("set before the guest runs")
    })?;
    let threads = WasiThreadsCtx::new(module.clone(), Arc::new(linker.clone()), false)?;
    store.data_mut().threads = Some(Arc::new(threads));
    let instance = linker.instantiate(&mut store, &module)?;
    let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
    match start.call(&mut store, ()) {
        Ok(()) => Ok(()),
        Err(error) => Err(wasi_common::maybe_exit_on_error(error)),
    }
}
