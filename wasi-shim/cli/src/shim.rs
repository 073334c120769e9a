//! Knows the library: how its `Wasi` is built, linked, cancelled and how it reports exits.
//! Refuses to know about files of modules, engines and messages other than those of directories.
//! For `run`, `guest`, `entry` and `outcome`; nothing else names the library.

use std::{
    ffi::{OsStr, OsString},
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
};

use wasi_shim::{
    Access, Builder, Exit,
    backends::MemDir,
    host,
    vfs::{Dir, Stream},
};
use wasmtime::{Error, Instance, Linker, Module, Store};

pub(crate) use wasi_shim::Wasi;

use crate::{
    failure::Failure,
    preopens::{Preopen, Preopens, Source},
};

/// The import modules that the library serves.
const MODULES: [&str; 2] = ["wasi_snapshot_preview1", "wasi_unstable"];

pub(crate) struct Setup<'a> {
    pub(crate) argv: &'a [OsString],
    pub(crate) env: &'a [(OsString, OsString)],
    pub(crate) preopens: &'a Preopens,
    pub(crate) listeners: &'a [SocketAddr],
}

pub(crate) fn wasi(setup: &Setup<'_>) -> Result<Wasi, Failure> {
    let mut builder = streams(Wasi::builder()).map_err(Failure::Streams)?;
    for arg in setup.argv {
        builder = builder.arg(text("argument", arg)?);
    }
    for (name, value) in setup.env {
        builder = builder.env(text("variable", name)?, text("value", value)?);
    }
    for preopen in &setup.preopens.0 {
        let name = text("directory", &preopen.guest)?;
        let (directory, access) = open(preopen)?;
        builder = builder.preopen(name, directory, access);
    }
    for address in setup.listeners {
        let listener = listen(*address);
        builder = builder.socket(listener.map_err(|error| Failure::Listener {
            address: *address,
            error,
        })?);
    }
    builder
        .build()
        .map_err(|error| Failure::Setup(error.to_string()))
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

fn open(preopen: &Preopen) -> Result<(Arc<dyn Dir>, Access), Failure> {
    let Source::Host {
        directory,
        writable,
    } = &preopen.source
    else {
        return Ok((MemDir::new(), Access::ReadWrite));
    };
    let (option, access) = if *writable {
        ("dir", Access::ReadWrite)
    } else {
        ("ro-dir", Access::ReadOnly)
    };
    let opened = host::open_dir(directory);
    let opened = opened.map_err(|error| Failure::Preopen {
        option,
        host: directory.clone(),
        error,
    })?;
    Ok((opened, access))
}

fn listen(address: SocketAddr) -> io::Result<Arc<dyn Stream>> {
    host::listener(TcpListener::bind(address)?)
}

pub(crate) fn link<T: 'static>(
    linker: &mut Linker<T>,
    wasi: fn(&mut T) -> &mut Wasi,
) -> Result<(), Error> {
    wasi_shim::wasmtime::add_to_linker(linker, wasi)
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

pub(crate) fn provides(module: &str) -> bool {
    MODULES.contains(&module)
}
