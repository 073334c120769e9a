//! `wasi-common` 46 in the engine of this workspace.
//!
//! Its own linker is for wasmtime 46. This one does with each call what that one does: it looks the memory up by its
//! name, and polls the function's future once, which is ready then.

use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use wasi_common::snapshots::preview_1::wasi_snapshot_preview1 as functions;
use wasi_common::sync::{Dir, WasiCtxBuilder, ambient_authority};
use wasi_common::{I32Exit, WasiCtx};
use wasmtime::{Caller, Extern, Linker, Result};
use wiggle::GuestMemory;

/// A context over a folder.
///
/// # Errors
/// What the parts of it say.
pub fn context(folder: &Path) -> Result<WasiCtx> {
    let devices = Dir::open_ambient_dir("/dev", ambient_authority())?;
    let sink = wasi_common::sync::file::File::from_cap_std(devices.create("null")?);
    let mut builder = WasiCtxBuilder::new();
    builder.stdout(Box::new(sink));
    with_folder(builder, folder)
}

/// The same without streams.
///
/// # Errors
/// As [`context`].
pub fn bare(folder: &Path) -> Result<WasiCtx> {
    with_folder(WasiCtxBuilder::new(), folder)
}

fn with_folder(mut builder: WasiCtxBuilder, folder: &Path) -> Result<WasiCtx> {
    let dir = Dir::open_ambient_dir(folder, ambient_authority())?;
    builder
        .preopened_dir(dir, "/")
        .map_err(wasmtime::Error::msg)?;
    Ok(builder.build())
}

macro_rules! link {
    ({ $linker:ident } $(
        $(#[$doc:meta])*
        $name:ident = $variant:ident($($param:ident: $core:ident),*)
        takes $takes:tt gives $gives:tt by $room:ident::$handler:ident $(with $with:ident)?;
    )*) => {
        $(
            $linker.func_wrap(
                "wasi_snapshot_preview1",
                stringify!($name),
                |mut caller: Caller<'_, WasiCtx>, $($param: $core),*| {
                    let export = caller.get_export("memory");
                    match &export {
                        Some(Extern::Memory(memory)) => {
                            let (bytes, context) = memory.data_and_store_mut(&mut caller);
                            let mut memory = GuestMemory::Unshared(bytes);
                            finished(functions::$name(context, &mut memory, $($param),*))
                        }
                        Some(Extern::SharedMemory(memory)) => {
                            let mut shared = GuestMemory::Shared(memory.data());
                            finished(functions::$name(caller.data_mut(), &mut shared, $($param),*))
                        }
                        _ => wasmtime::bail!("no memory"),
                    }
                },
            )?;
        )*
    };
}

/// Adds its functions to a linker.
///
/// # Errors
/// The linker's.
pub fn add_to_linker(linker: &mut Linker<WasiCtx>) -> Result<()> {
    wasi_shim::for_each_syscall! { [link] { linker } }
    Ok(())
}

fn finished<T>(call: impl Future<Output = Result<T, wiggle::error::Error>>) -> Result<T> {
    match pin!(call).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(value)) => Ok(value),
        Poll::Ready(Err(error)) => Err(match error.downcast_ref::<I32Exit>() {
            Some(exit) => wasi_shim::Exit(exit.0.cast_unsigned()).into(),
            None => wasmtime::Error::msg(error.to_string()),
        }),
        Poll::Pending => wasmtime::bail!("it waits for somebody to wake it"),
    }
}
