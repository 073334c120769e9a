//! The functions in a linker of wasmtime's.
//!
//! This file knows how wasmtime passes memories and arguments. It refuses to know what a call does. `sync` and `tokio` show
//! what is here under wasi-common's names.

use crate::snapshots::Context;
#[cfg(feature = "tokio")]
use crate::wait::wait_async;
use crate::{WasiCtx, run};
use wasi_shim::Trap;
use wasi_shim::abi::{Abi, Syscall};
use wasi_shim::mem::Memory;
use wasmtime::{Caller, Extern, Linker, Result};

/// Lends the memory of the caller to `call`.
fn lend<T, U: Context, R>(
    caller: &mut Caller<'_, T>,
    get: impl Fn(&mut T) -> &mut U,
    call: impl FnOnce(&WasiCtx, &mut Memory<'_>) -> Result<R>,
) -> Result<R> {
    match caller.get_export("memory") {
        Some(Extern::Memory(memory)) => {
            let (bytes, state) = memory.data_and_store_mut(caller);
            call(get(state).context(), &mut Memory::new(bytes))
        }
        Some(Extern::SharedMemory(memory)) => {
            let mut memory = wasi_shim::wasmtime_shared_memory!(memory);
            call(get(caller.data_mut()).context(), &mut memory)
        }
        _ => Err(Trap::NoMemory.into()),
    }
}

/// A call that waits on its thread.
fn call<T, U: Context>(
    caller: &mut Caller<'_, T>,
    get: impl Fn(&mut T) -> &mut U,
    abi: Abi,
    syscall: Syscall,
    args: &[i64],
) -> Result<i32> {
    lend(caller, get, |ctx, memory| {
        run::whole(ctx, memory, abi, syscall, args)
    })
}

macro_rules! rows {
    ({ $linker:ident $get:ident $abi:ident } $(
        $(#[$doc:meta])*
        $name:ident = $variant:ident($($param:ident: $core:ident),*)
        takes $takes:tt gives $gives:tt by $room:ident::$handler:ident $(with $memory:ident)?;
    )*) => {$(
        if Syscall::$variant.is_in($abi) {
            row! { $linker $get $abi $name $variant ($($param: $core),*) }
        }
    )*};
}

macro_rules! row {
    ($linker:ident $get:ident $abi:ident proc_exit $variant:ident ($code:ident: i32)) => {
        $linker.func_wrap(
            $abi.module(),
            "proc_exit",
            move |mut caller: Caller<'_, T>, $code: i32| -> Result<()> {
                call(&mut caller, $get, $abi, Syscall::$variant, &[$code.into()]).map(drop)
            },
        )?;
    };
    ($linker:ident $get:ident $abi:ident $name:ident $variant:ident ($($param:ident: $core:ident),*)) => {
        $linker.func_wrap(
            $abi.module(),
            stringify!($name),
            move |mut caller: Caller<'_, T>, $($param: $core),*| -> Result<i32> {
                call(&mut caller, $get, $abi, Syscall::$variant, &[$($param.into()),*])
            },
        )?;
    };
}

/// Adds the functions of one version. A call that has to wait blocks its thread.
pub(crate) fn add<T: 'static, U: Context>(
    linker: &mut Linker<T>,
    abi: Abi,
    get: impl Fn(&mut T) -> &mut U + Send + Sync + Copy + 'static,
) -> Result<()> {
    wasi_shim::for_each_syscall! { [rows] { linker get abi } }
    Ok(())
}

/// A call that waits without a thread.
#[cfg(feature = "tokio")]
async fn call_async<T, U: Context>(
    mut caller: Caller<'_, T>,
    get: impl Fn(&mut T) -> &mut U + Copy,
    abi: Abi,
    syscall: Syscall,
    args: &[i64],
) -> Result<i32> {
    let ctx = get(caller.data_mut()).context().clone();
    if syscall == Syscall::SchedYield {
        return run::answered(ctx.sched.sched_yield().await);
    }
    let mut step = lend(&mut caller, get, |ctx, memory| {
        run::begin(ctx, memory, abi, syscall, args)
    })?;
    loop {
        let blocked = match step {
            run::Step::Return(number) => return Ok(number),
            run::Step::Wait(blocked) => blocked,
        };
        let over = match wait_async(&ctx, &blocked, args).await {
            Ok(over) => over,
            Err(error) => return run::answered(Err(error)),
        };
        step = lend(&mut caller, get, |_, memory| {
            run::resume(blocked, over, memory)
        })?;
    }
}

#[cfg(feature = "tokio")]
macro_rules! async_row {
    ($linker:ident $get:ident $abi:ident proc_exit $variant:ident ($code:ident: i32)) => {
        $linker.func_wrap_async(
            $abi.module(),
            "proc_exit",
            move |caller: Caller<'_, T>, ($code,): (i32,)| {
                Box::new(async move {
                    let args = [i64::from($code)];
                    let called = call_async(caller, $get, $abi, Syscall::$variant, &args).await;
                    called.map(drop)
                })
            },
        )?;
    };
    ($linker:ident $get:ident $abi:ident $name:ident $variant:ident ($($param:ident: $core:ident),*)) => {
        $linker.func_wrap_async(
            $abi.module(),
            stringify!($name),
            move |caller: Caller<'_, T>, ($($param,)*): ($($core,)*)| {
                Box::new(async move {
                    let args: &[i64] = &[$($param.into()),*];
                    call_async(caller, $get, $abi, Syscall::$variant, args).await
                })
            },
        )?;
    };
}

#[cfg(feature = "tokio")]
macro_rules! async_rows {
    ({ $linker:ident $get:ident $abi:ident } $(
        $(#[$doc:meta])*
        $name:ident = $variant:ident($($param:ident: $core:ident),*)
        takes $takes:tt gives $gives:tt by $room:ident::$handler:ident $(with $memory:ident)?;
    )*) => {$(
        if Syscall::$variant.is_in($abi) {
            async_row! { $linker $get $abi $name $variant ($($param: $core),*) }
        }
    )*};
}

/// Adds the functions of one version, for asynchronous stores. A call that has to wait waits for tokio.
#[cfg(feature = "tokio")]
pub(crate) fn add_async<T: Send + 'static, U: Context>(
    linker: &mut Linker<T>,
    abi: Abi,
    get: impl Fn(&mut T) -> &mut U + Send + Sync + Copy + 'static,
) -> Result<()> {
    wasi_shim::for_each_syscall! { [async_rows] { linker get abi } }
    Ok(())
}

/// What `sync` and `tokio` have of linkers: both versions at once, or one of them.
macro_rules! linkers {
    ($add:path $(, $bound:tt)*) => {
        use crate::snapshots::preview_0::wasi_unstable::WasiUnstable;
        use crate::snapshots::preview_1::wasi_snapshot_preview1::WasiSnapshotPreview1;

        /// Adds the functions of `wasi_snapshot_preview1` and `wasi_unstable` to a linker.
        pub fn add_to_linker<T, U>(
            linker: &mut wasmtime::Linker<T>,
            get_cx: impl Fn(&mut T) -> &mut U + Send + Sync + Copy + 'static,
        ) -> wasmtime::Result<()>
        where
            U: Send + WasiUnstable + WasiSnapshotPreview1,
            T: 'static $(+ $bound)*,
        {
            snapshots::preview_1::add_wasi_snapshot_preview1_to_linker(linker, get_cx)?;
            snapshots::preview_0::add_wasi_unstable_to_linker(linker, get_cx)
        }

        /// One version.
        pub mod snapshots {
            /// `wasi_snapshot_preview1`.
            pub mod preview_1 {
                use crate::snapshots::preview_1::wasi_snapshot_preview1::WasiSnapshotPreview1;

                /// Adds the functions of `wasi_snapshot_preview1` to a linker.
                pub fn add_wasi_snapshot_preview1_to_linker<T, U>(
                    linker: &mut wasmtime::Linker<T>,
                    get_cx: impl Fn(&mut T) -> &mut U + Send + Sync + Copy + 'static,
                ) -> wasmtime::Result<()>
                where
                    U: WasiSnapshotPreview1,
                    T: 'static $(+ $bound)*,
                {
                    let abi = wasi_shim::abi::Abi::Preview1;
                    $add(linker, abi, get_cx)
                }
            }

            /// `wasi_unstable`.
            pub mod preview_0 {
                use crate::snapshots::preview_0::wasi_unstable::WasiUnstable;

                /// Adds the functions of `wasi_unstable` to a linker.
                pub fn add_wasi_unstable_to_linker<T, U>(
                    linker: &mut wasmtime::Linker<T>,
                    get_cx: impl Fn(&mut T) -> &mut U + Send + Sync + Copy + 'static,
                ) -> wasmtime::Result<()>
                where
                    U: WasiUnstable,
                    T: 'static $(+ $bound)*,
                {
                    let abi = wasi_shim::abi::Abi::Unstable;
                    $add(linker, abi, get_cx)
                }
            }
        }
    };
}

pub(crate) use linkers;
