//! The library by the interface of wasi-common, under wasmtime: a context is put together as an embedder of wasi-common's
//! does it, and linked with the drop-in's `add_to_linker`, the one of `sync` or that of `tokio`.

use super::within;
use super::wrapped::WrappedDir;
use crate::conform::engine::{self, Compiled};
use crate::conform::host::{Directory, Ended, Host, How, Program};
use crate::conform::process::Bounds;
use drop_in::pipe::{ReadPipe, WritePipe};
use drop_in::sync::{Dir, ambient_authority};
use drop_in::{I32Exit, WasiCtx, sync, tokio};
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use wasmtime::{Linker, Store};

/// The host.
pub(super) struct Compat {
    compiled: Arc<Compiled>,
    way: Way,
}

/// How a guest is made, and run.
#[derive(Clone, Copy)]
struct Way {
    context: fn(&Program, &Shared, &Shared) -> Result<WasiCtx, Failure>,
    execute: fn(&Compiled, &Program, WasiCtx, Bounds) -> wasmtime::Result<()>,
}

impl Compat {
    /// Starts an engine.
    pub(super) fn new() -> Result<Self, String> {
        Self::by(Way {
            context: context_of_sync,
            execute,
        })
    }

    /// Starts an engine, for guests that are called asynchronously.
    pub(super) fn asynchronous() -> Result<Self, String> {
        Self::by(Way {
            context: context_of_tokio,
            execute: execute_async,
        })
    }

    /// Starts an engine, for guests whose directories are an embedder's.
    pub(super) fn wrapped() -> Result<Self, String> {
        Self::by(Way {
            context: context_of_wrappers,
            execute,
        })
    }

    fn by(way: Way) -> Result<Self, String> {
        Ok(Self {
            compiled: Arc::new(Compiled::new()?),
            way,
        })
    }
}

impl Host for Compat {
    fn version(&self) -> String {
        format!(
            "wasi-shim-compat {}, {}",
            env!("CARGO_PKG_VERSION"),
            engine::VERSION
        )
    }

    fn start(&self, program: &Program, bounds: Bounds) -> Option<Ended> {
        let (compiled, program) = (self.compiled.clone(), program.clone());
        let way = self.way;
        let done = within(bounds.time, move || start(&compiled, &program, bounds, way));
        Some(done.unwrap_or_else(Ended::lost))
    }
}

/// Keeps what is written, up to a limit.
struct Output {
    bytes: Vec<u8>,
    limit: usize,
}

impl Write for Output {
    fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
        let room = self.limit.saturating_sub(self.bytes.len());
        if room == 0 && !buf.is_empty() {
            return Err(ErrorKind::StorageFull.into());
        }
        let part = buf.get(..room).unwrap_or(buf);
        self.bytes.extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

type Shared = Arc<RwLock<Output>>;

fn output(limit: usize) -> Shared {
    let bytes = Vec::new();
    Arc::new(RwLock::new(Output { bytes, limit }))
}

fn written(output: &Shared) -> Vec<u8> {
    let output = output.read().unwrap_or_else(PoisonError::into_inner);
    output.bytes.clone()
}

fn start(compiled: &Compiled, program: &Program, bounds: Bounds, way: Way) -> Ended {
    let (stdout, stderr) = (output(bounds.output), output(bounds.output));
    let how = match (way.context)(program, &stdout, &stderr) {
        Ok(context) => match (way.execute)(compiled, program, context, bounds) {
            Ok(()) => How::Exited(0),
            Err(error) => how(&error),
        },
        Err(error) => How::Lost(error.to_string()),
    };
    Ended {
        stdout: written(&stdout),
        stderr: written(&stderr),
        how,
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Both builders have the same methods.
macro_rules! contexts {
    ($($name:ident $streams:ident $room:ident)*) => {$(
        fn $name(program: &Program, stdout: &Shared, stderr: &Shared) -> Result<WasiCtx, Failure> {
            let mut builder = $streams(program, stdout, stderr)?;
            for Directory { host, guest, .. } in &program.preopens {
                builder.preopened_dir(open(host)?, guest)?;
            }
            Ok(builder.build())
        }

        fn $streams(
            program: &Program,
            stdout: &Shared,
            stderr: &Shared,
        ) -> Result<$room::WasiCtxBuilder, Failure> {
            let mut builder = $room::WasiCtxBuilder::new();
            builder
                .args(&program.args)?
                .envs(&program.env)?
                .stdin(Box::new(ReadPipe::from(program.stdin.clone())))
                .stdout(Box::new(WritePipe::from_shared(stdout.clone())))
                .stderr(Box::new(WritePipe::from_shared(stderr.clone())));
            Ok(builder)
        }
    )*};
}

contexts! { context_of_sync streams_of_sync sync context_of_tokio streams_of_tokio tokio }

fn context_of_wrappers(
    program: &Program,
    stdout: &Shared,
    stderr: &Shared,
) -> Result<WasiCtx, Failure> {
    let context = streams_of_sync(program, stdout, stderr)?.build();
    for Directory { host, guest, .. } in &program.preopens {
        let dir = WrappedDir(sync::dir::Dir::from_cap_std(open(host)?));
        context.push_preopened_dir(Box::new(dir), guest)?;
    }
    Ok(context)
}

fn open(host: &Path) -> std::io::Result<Dir> {
    Dir::open_ambient_dir(host, ambient_authority())
}

fn execute(
    compiled: &Compiled,
    program: &Program,
    context: WasiCtx,
    bounds: Bounds,
) -> wasmtime::Result<()> {
    let module = compiled.module(&program.module)?;
    let mut linker = Linker::new(compiled.engine());
    sync::add_to_linker(&mut linker, |context: &mut WasiCtx| context)?;
    let mut store = Store::new(compiled.engine(), context);
    compiled.limit(&mut store, bounds.time);
    let instance = linker.instantiate(&mut store, &module)?;
    instance
        .get_typed_func::<(), ()>(&mut store, "_start")?
        .call(&mut store, ())
}

fn execute_async(
    compiled: &Compiled,
    program: &Program,
    context: WasiCtx,
    bounds: Bounds,
) -> wasmtime::Result<()> {
    let module = compiled.module(&program.module)?;
    let mut linker = Linker::new(compiled.engine());
    tokio::add_to_linker(&mut linker, |context: &mut WasiCtx| context)?;
    let mut store = Store::new(compiled.engine(), context);
    compiled.limit(&mut store, bounds.time);
    let mut builder = ::tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build()?.block_on(async {
        let instance = linker.instantiate_async(&mut store, &module).await?;
        let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
        start.call_async(&mut store, ()).await
    })
}

fn how(error: &wasmtime::Error) -> How {
    match error.downcast_ref::<I32Exit>() {
        Some(exit) => How::Exited(exit.0.cast_unsigned()),
        None => How::Trapped(engine::spell(error)),
    }
}
