//! What comes before the first call and after the last: contexts, and guests that do nothing.

use super::hosts::{Failed, Host, Kind, itself, wasi_common, wasmtime_wasi_bare};
use std::path::Path;
use std::time::{Duration, Instant};
use wasi_shim::Wasi;
use wasmtime::{Engine, Linker, Module, Result, Store};
use wasmtime_wasi::p1::{self, WasiP1Ctx};

/// A guest that ends as soon as it has begun.
const EMPTY: &str = r#"(module
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (func (export "_start") (call $exit (i32.const 0))))"#;

/// A host that does one thing.
pub struct Life {
    name: &'static str,
    live: Box<dyn FnMut() -> Result<()>>,
}

impl Host for Life {
    fn name(&self) -> &str {
        self.name
    }

    fn run(&mut self, _: usize, turns: u32) -> Result<Duration, Failed> {
        let start = Instant::now();
        for _ in 0..turns {
            (self.live)().map_err(Failed::of)?;
        }
        Ok(start.elapsed())
    }
}

fn boxed(name: &'static str, live: impl FnMut() -> Result<()> + 'static) -> Box<dyn Host> {
    let live = Box::new(live);
    Box::new(Life { name, live })
}

/// Makes a context that has one directory, already open, and no streams, and drops it.
///
/// # Errors
/// Those of opening the directory.
pub fn contexts(folder: &Path) -> Result<Vec<Box<dyn Host>>> {
    let root = wasi_shim::host::open_dir(folder)?;
    let (common, successor) = (folder.to_owned(), folder.to_owned());
    Ok(vec![
        boxed(Kind::Shim.name(), move || {
            let builder = Wasi::builder();
            let access = wasi_shim::Access::ReadWrite;
            let wasi = builder.preopen("/", root.clone(), access).build()?;
            drop(wasi);
            Ok(())
        }),
        boxed(Kind::WasiCommon.name(), move || {
            wasi_common::bare(&common).map(drop)
        }),
        boxed(Kind::WasmtimeWasi.name(), move || {
            wasmtime_wasi_bare(&successor).map(drop)
        }),
    ])
}

/// Makes a store, a context and an instance, runs it to its end, and drops them. Modules are compiled, linkers
/// filled and imports found beforehand, as a server does.
///
/// # Errors
/// Those of the engine.
pub fn instances(engine: &Engine, folder: &Path) -> Result<Vec<Box<dyn Host>>> {
    let module = Module::new(engine, EMPTY)?;
    let root = wasi_shim::host::open_dir(folder)?;
    let (at, with) = (folder.to_owned(), folder.to_owned());
    let own = wasi_shim::wasmtime::instantiate_pre(&Linker::new(engine), &module, itself)?;
    let mut common_linker = Linker::new(engine);
    wasi_common::add_to_linker(&mut common_linker)?;
    let mut linker = Linker::new(engine);
    p1::add_to_linker_sync(&mut linker, |context: &mut WasiP1Ctx| context)?;
    let (common, successor) = (
        common_linker.instantiate_pre(&module)?,
        linker.instantiate_pre(&module)?,
    );
    Ok(vec![
        boxed(Kind::Shim.name(), move || {
            let builder = Wasi::builder();
            let wasi = builder
                .preopen("/", root.clone(), wasi_shim::Access::ReadWrite)
                .build()?;
            let mut store = Store::new(own.module().engine(), wasi);
            let instance = own.instantiate(&mut store)?;
            exits(&mut store, instance)
        }),
        boxed(Kind::WasiCommon.name(), move || {
            let mut store = Store::new(common.module().engine(), wasi_common::bare(&at)?);
            let instance = common.instantiate(&mut store)?;
            exits(&mut store, instance)
        }),
        boxed(Kind::WasmtimeWasi.name(), move || {
            let context = wasmtime_wasi_bare(&with)?;
            let mut store = Store::new(successor.module().engine(), context);
            let instance = successor.instantiate(&mut store)?;
            exits(&mut store, instance)
        }),
    ])
}

fn exits<T: 'static>(store: &mut Store<T>, instance: wasmtime::Instance) -> Result<()> {
    let start = instance.get_typed_func::<(), ()>(&mut *store, "_start")?;
    match start.call(store, ()) {
        Ok(()) => wasmtime::bail!("it should have exited"),
        Err(_) => Ok(()),
    }
}
