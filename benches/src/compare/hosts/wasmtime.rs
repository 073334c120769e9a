//! The library and its peers under wasmtime: what differs is the context and how it is linked.

use super::{Failed, Host, wasi_common};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wasi_shim::vfs::Dir;
use wasi_shim::{Access, Wasi};
use wasmtime::{Config, Engine, Instance, Linker, Module, Result, Store, Val};
use wasmtime_wasi::FsPerms;
use wasmtime_wasi::cli::OutputFile;
use wasmtime_wasi::p1::{self, WasiP1Ctx};

/// Where what a guest writes goes.
const SINK: &str = "/dev/null";

/// Which implementation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The library.
    Shim,
    /// `wasi-common`.
    WasiCommon,
    /// `wasmtime-wasi`.
    WasmtimeWasi,
}

impl Kind {
    /// What it is called in the report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Shim => "shim",
            Self::WasiCommon => "wasi-common",
            Self::WasmtimeWasi => "wasmtime-wasi",
        }
    }
}

/// The engine that all of them run in: one compiler, one code for the guest.
pub fn engine() -> Result<Engine> {
    let mut config = Config::new();
    config.wasm_threads(true).shared_memory(true);
    Engine::new(&config)
}

/// Where the context is in a store that holds nothing else.
pub const fn itself(wasi: &mut Wasi) -> &mut Wasi {
    wasi
}

/// The library's context over a directory.
///
/// # Errors
/// What the parts of it say.
pub fn shim(root: Arc<dyn Dir>) -> Result<Wasi> {
    let sink = wasi_shim::host::output(File::create(SINK)?)?;
    let builder = Wasi::builder().stdout(sink);
    Ok(builder.preopen("/", root, Access::ReadWrite).build()?)
}

/// The context of `wasmtime-wasi` over a folder.
///
/// # Errors
/// What the parts of it say.
fn wasmtime_wasi(folder: &Path) -> Result<WasiP1Ctx> {
    let mut builder = wasmtime_wasi::WasiCtxBuilder::new();
    builder.stdout(OutputFile::new(File::create(SINK)?));
    with_folder(builder, folder)
}

/// The same without streams.
///
/// # Errors
/// As [`wasmtime_wasi`].
pub fn wasmtime_wasi_bare(folder: &Path) -> Result<WasiP1Ctx> {
    with_folder(wasmtime_wasi::WasiCtxBuilder::new(), folder)
}

fn with_folder(mut builder: wasmtime_wasi::WasiCtxBuilder, folder: &Path) -> Result<WasiP1Ctx> {
    builder
        // What makes it fastest: files are read and written by the thread that asks.
        .allow_blocking_current_thread(true)
        .preopened_dir(folder, "/", FsPerms::ReadWrite)?;
    Ok(builder.build_p1())
}

/// An instance of the guest.
pub struct Guest {
    name: String,
    functions: Box<dyn Functions>,
}

impl Guest {
    /// On the library.
    ///
    /// # Errors
    /// What the parts of it say.
    pub fn on_shim(name: &str, module: &Module, wasi: Wasi) -> Result<Self> {
        let linker = Linker::new(module.engine());
        let mut store = Store::new(module.engine(), wasi);
        let instance = wasi_shim::wasmtime::instantiate(&mut store, &linker, module, itself)?;
        Ok(Self::new(name, store, instance))
    }

    /// On the library or a peer, over a folder.
    ///
    /// # Errors
    /// What the parts of it say.
    pub fn on_folder(kind: Kind, name: &str, module: &Module, folder: &Path) -> Result<Self> {
        match kind {
            Kind::Shim => {
                let root = wasi_shim::host::open_dir(folder)?;
                Self::on_shim(name, module, shim(root)?)
            }
            Kind::WasiCommon => {
                let mut linker = Linker::new(module.engine());
                wasi_common::add_to_linker(&mut linker)?;
                let mut store = Store::new(module.engine(), wasi_common::context(folder)?);
                let instance = linker.instantiate(&mut store, module)?;
                Ok(Self::new(name, store, instance))
            }
            Kind::WasmtimeWasi => {
                let mut linker = Linker::new(module.engine());
                p1::add_to_linker_sync(&mut linker, |context: &mut WasiP1Ctx| context)?;
                let mut store = Store::new(module.engine(), wasmtime_wasi(folder)?);
                let instance = linker.instantiate(&mut store, module)?;
                Ok(Self::new(name, store, instance))
            }
        }
    }

    fn new<T: Send + 'static>(name: &str, store: Store<T>, instance: Instance) -> Self {
        Self {
            name: name.to_owned(),
            functions: Box::new(Exports { store, instance }),
        }
    }

    fn call(&mut self, function: &str, turns: u32) -> Result<Duration, Failed> {
        let called = self.functions.call(function, turns.cast_signed());
        called.map_err(|error| match self.functions.answer() {
            0 => Failed::Broken(
                format!("{error:#}")
                    .lines()
                    .next()
                    .unwrap_or_default()
                    .to_owned(),
            ),
            answer => Failed::Answer(answer),
        })
    }
}

impl Host for Guest {
    fn name(&self) -> &str {
        &self.name
    }

    fn prepare(&mut self, operation: usize) -> Result<(), Failed> {
        self.call(&format!("before{operation}"), 1).map(drop)
    }

    fn run(&mut self, operation: usize, turns: u32) -> Result<Duration, Failed> {
        self.call(&format!("run{operation}"), turns)
    }
}

/// What a guest exports, whatever its store holds.
trait Functions: Send {
    fn call(&mut self, name: &str, turns: i32) -> Result<Duration>;
    fn answer(&mut self) -> i32;
}

struct Exports<T: 'static> {
    store: Store<T>,
    instance: Instance,
}

impl<T: Send> Functions for Exports<T> {
    fn call(&mut self, name: &str, turns: i32) -> Result<Duration> {
        let function = self
            .instance
            .get_typed_func::<i32, ()>(&mut self.store, name)?;
        let start = Instant::now();
        function.call(&mut self.store, turns)?;
        Ok(start.elapsed())
    }

    /// The last wrong answer, which is forgotten then.
    fn answer(&mut self) -> i32 {
        let Some(global) = self.instance.get_global(&mut self.store, "answer") else {
            return 0;
        };
        let answer = global.get(&mut self.store).i32().unwrap_or_default();
        // It is mutable and of this type.
        let _ = global.set(&mut self.store, Val::I32(0));
        answer
    }
}
