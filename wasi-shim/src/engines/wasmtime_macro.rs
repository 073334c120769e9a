//! The adapter to wasmtime, as a macro.

/// Adds the functions of `wasi_snapshot_preview1` and `wasi_unstable` to a `wasmtime::Linker`.
///
/// ```
/// struct State {
///     wasi: wasi_shim::Wasi,
/// }
///
/// # #[cfg(feature = "wasmtime")]
/// fn link(linker: &mut wasmtime::Linker<State>) -> wasmtime::Result<()> {
///     wasi_shim::link_wasmtime!(wasmtime, linker, |state: &mut State| &mut state.wasi)
/// }
/// ```
///
/// The first argument names the crate, for those who renamed it; the last is a closure from the store's data to a
/// `&mut` [`Wasi`](crate::Wasi). The value is a `wasmtime::Result<()>`.
///
/// A call that traps fails with [`Trap`](crate::Trap); `proc_exit` fails with [`Exit`](crate::Exit): take either out with
/// `error.downcast_ref`. A call that has to wait blocks the thread.
#[macro_export]
macro_rules! link_wasmtime {
    ($wasmtime:ident, $linker:expr, $get:expr) => {{
        fn outcome_of<T>(
            caller: &mut $wasmtime::Caller<'_, T>,
            get: impl Fn(&mut T) -> &mut $crate::Wasi,
            call: impl FnOnce(&$crate::Wasi, &mut $crate::mem::Memory<'_>) -> $crate::Outcome,
        ) -> $wasmtime::Result<i32> {
            // By name on every call: several instances may share one context, and each must see its own memory.
            match caller.get_export("memory") {
                Some($wasmtime::Extern::Memory(memory)) => {
                    let (bytes, state) = memory.data_and_store_mut(caller);
                    let mut memory = $crate::mem::Memory::new(bytes);
                    run(get(state), &mut memory, call)
                }
                Some($wasmtime::Extern::SharedMemory(memory)) => {
                    let mut memory = $crate::wasmtime_shared_memory!(memory);
                    run(get(caller.data_mut()), &mut memory, call)
                }
                _ => Err($crate::Trap::NoMemory.into()),
            }
        }

        fn run(
            wasi: &$crate::Wasi,
            memory: &mut $crate::mem::Memory<'_>,
            call: impl FnOnce(&$crate::Wasi, &mut $crate::mem::Memory<'_>) -> $crate::Outcome,
        ) -> $wasmtime::Result<i32> {
            let mut outcome = call(wasi, memory);
            loop {
                match outcome {
                    $crate::Outcome::Return(errno) => return Ok(i32::from(errno)),
                    $crate::Outcome::Exit(exit) => return Err(exit.into()),
                    $crate::Outcome::Trap(trap) => return Err(trap.into()),
                    $crate::Outcome::Block(blocked) => {
                        blocked.wait();
                        outcome = blocked.resume(memory);
                    }
                }
            }
        }

        fn link<T: 'static>(
            linker: &mut $wasmtime::Linker<T>,
            get: impl Fn(&mut T) -> &mut $crate::Wasi + Send + Sync + Copy + 'static,
        ) -> $wasmtime::Result<()> {
            for abi in [$crate::abi::Abi::Preview1, $crate::abi::Abi::Unstable] {
                $crate::for_each_syscall! {
                    [$crate::link_wasmtime_rows] { $wasmtime linker get abi outcome_of }
                }
            }
            Ok(())
        }

        link($linker, $get)
    }};
}

/// The rows of [`link_wasmtime!`]; not for use by itself.
#[doc(hidden)]
#[macro_export]
macro_rules! link_wasmtime_rows {
    ({ $wasmtime:ident $linker:ident $get:ident $abi:ident $outcome_of:ident } $(
        $(#[$doc:meta])*
        $name:ident = $variant:ident($($param:ident: $core:ident),*)
        takes $takes:tt gives $gives:tt by $room:ident::$handler:ident $(with $memory:ident)?;
    )*) => {$(
        if $crate::abi::Syscall::$variant.is_in($abi) {
            $crate::link_wasmtime_row! {
                { $wasmtime $linker $get $abi $outcome_of } $name ($($param: $core),*)
            }
        }
    )*};
}

/// One row of [`link_wasmtime!`]; not for use by itself. `proc_exit` is the one function without a result.
#[doc(hidden)]
#[macro_export]
macro_rules! link_wasmtime_row {
    ({ $wasmtime:ident $linker:ident $get:ident $abi:ident $outcome_of:ident } proc_exit ($param:ident: i32)) => {
        $linker.func_wrap(
            $abi.module(),
            "proc_exit",
            move |mut caller: $wasmtime::Caller<'_, T>, $param: i32| -> $wasmtime::Result<()> {
                $outcome_of(&mut caller, $get, |wasi, memory| {
                    $crate::raw::proc_exit(wasi, $abi, memory, $param)
                })
                .map(drop)
            },
        )?;
    };
    ({ $wasmtime:ident $linker:ident $get:ident $abi:ident $outcome_of:ident } $name:ident ($($param:ident: $core:ident),*)) => {
        $linker.func_wrap(
            $abi.module(),
            stringify!($name),
            move |mut caller: $wasmtime::Caller<'_, T>, $($param: $core),*| -> $wasmtime::Result<i32> {
                $outcome_of(&mut caller, $get, |wasi, memory| {
                    $crate::raw::$name(wasi, $abi, memory, $($param),*)
                })
            },
        )?;
    };
}
