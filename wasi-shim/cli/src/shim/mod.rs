//! Knows the library: how its `Wasi` is built, linked, cancelled and how it reports exits.
//! Refuses to know about files of modules, engines and messages other than those of directories and sockets.
//! For `run`, `guest`, `entry` and `outcome`; nothing else names the library.

pub(crate) mod sockets;
mod trees;

use std::{
    ffi::{OsStr, OsString},
    io,
    sync::Arc,
};

#[cfg(feature = "wasmi")]
use wasi_shim::abi::Syscall;
use wasi_shim::{Builder, Exit, host, threads};
use wasmtime::{Error, ImportType, Instance, Linker, Module, Store};

pub(crate) use trees::Changes;
pub(crate) use wasi_shim::Wasi;
pub(crate) use wasi_shim::threads::ThreadLimits;

use crate::{failure::Failure, preopens::Preopens};

/// The import modules that the library serves.
const MODULES: [&str; 2] = ["wasi_snapshot_preview1", "wasi_unstable"];

pub(crate) struct Setup<'a> {
    pub(crate) argv: &'a [OsString],
    pub(crate) env: &'a [(OsString, OsString)],
    pub(crate) preopens: &'a Preopens,
    pub(crate) sockets: &'a sockets::Opened,
}

/// A context, and what its guest's changes are kept in where it does not change directories themselves.
pub(crate) fn wasi(setup: &Setup<'_>) -> Result<(Wasi, Vec<Changes>), Failure> {
    let mut builder = streams(Wasi::builder()).map_err(Failure::Streams)?;
    for arg in setup.argv {
        builder = builder.arg(text("argument", arg)?);
    }
    for (name, value) in setup.env {
        builder = builder.env(text("variable", name)?, text("value", value)?);
    }
    let mut changes = Vec::new();
    for preopen in &setup.preopens.0 {
        let name = text("directory", &preopen.guest)?;
        let tree = trees::open(preopen)?;
        builder = builder.preopen(name, tree.dir, tree.access);
        changes.extend(tree.changes);
    }
    for socket in &setup.sockets.streams {
        builder = builder.socket(Arc::clone(socket));
    }
    let wasi = builder.build();
    let wasi = wasi.map_err(|error| Failure::Setup(error.to_string()))?;
    Ok((wasi, changes))
}

fn streams(builder: Builder) -> io::Result<Builder> {
    let builder = builder.stdin(host::stdin()?);
    Ok(builder.stdout(host::stdout()?).stderr(host::stderr()?))
}

/// WASI's strings are text. A replacement character would name another file than the one that was meant.
fn text(what: &'static str, given: &OsStr) -> Result<String, Failure> {
    let text = given.to_str().map(str::to_owned);
    text.ok_or_else(|| Failure::NotText {
        what,
        given: given.to_owned(),
    })
}

pub(crate) fn link<T: 'static>(
    linker: &mut Linker<T>,
    wasi: fn(&mut T) -> &mut Wasi,
) -> Result<(), Error> {
    wasi_shim::wasmtime::add_to_linker(linker, wasi)
}

#[cfg(feature = "wasmi")]
pub(crate) fn link_wasmi<T: 'static>(
    linker: &mut wasmi::Linker<T>,
    wasi: fn(&mut T) -> &mut Wasi,
) -> Result<(), wasmi::Error> {
    wasi_shim::wasmi::add_to_linker(linker, wasi)
}

/// Whether the library has this function, of that name and module.
#[cfg(feature = "wasmi")]
pub(crate) fn defines(module: &str, name: &str) -> bool {
    Syscall::imported(module, name).is_some()
}

/// With functions of its own, which know its memory.
pub(crate) fn instantiate<T: 'static>(
    store: &mut Store<T>,
    linker: &Linker<T>,
    module: &Module,
    wasi: fn(&mut T) -> &mut Wasi,
) -> Result<Instance, Error> {
    wasi_shim::wasmtime::instantiate(store, linker, module, wasi)
}

/// Ends host calls in which the guest is blocked, and later ones, with a trap. For another thread than the guest's.
pub(crate) fn canceller(wasi: &Wasi) -> impl FnOnce() + use<> {
    let wasi = wasi.clone();
    move || wasi.cancel()
}

pub(crate) fn exit_code(error: &Error) -> Option<u32> {
    error.downcast_ref::<Exit>().map(|exit| exit.0)
}

/// Was it the library that stopped the guest: in a call, or because its time was over?
pub(crate) fn stopped(error: &Error) -> bool {
    error.is::<wasi_shim::Trap>()
}

pub(crate) fn provides(module: &str) -> bool {
    MODULES.contains(&module)
}

pub(crate) fn thread_limits(count: u32, stack: usize) -> ThreadLimits {
    let mut limits = ThreadLimits::default();
    (limits.count, limits.stack) = (count, stack);
    limits
}

/// Is this the function that begins threads?
pub(crate) fn begins_threads(import: &ImportType<'_>) -> bool {
    threads::is_thread_spawn(import.module(), import.name())
}

/// Runs a guest that may have several threads, each with a store of its own.
pub(crate) fn run_threads<T: 'static, R: Send>(
    limits: ThreadLimits,
    linker: &Linker<T>,
    module: &Module,
    wasi: &Wasi,
    store: impl Fn(Wasi) -> Store<T> + Send + Sync + 'static,
    get: fn(&mut T) -> &mut Wasi,
    main: impl FnOnce(&mut Store<T>, Instance) -> Result<R, Error> + Send,
) -> Result<R, Error> {
    wasi_shim::wasmtime::run_threads(
        wasi,
        limits,
        linker,
        module,
        store,
        get,
        |store, instance| main(store, *instance),
    )
}
