//! The adapter to wasmtime, as a macro: what every instance of a linker shares.

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
///
/// Each call looks the caller's memory up by its name, because all instances share these functions.
/// [`instantiate_wasmtime!`](crate::instantiate_wasmtime) makes functions that know theirs, and
/// [`instantiate_pre_wasmtime!`](crate::instantiate_pre_wasmtime) functions that know where it is in a module.
///
/// # Shared memories
/// A memory that is a `wasmtime::SharedMemory` is accessed by atomic words of 64 bits. While guests run, an embedder may
/// access the cells of `SharedMemory::data` by atomic words of that size too, at multiples of 8 bytes, and by no others:
/// a byte that one thread takes as an `AtomicU8` and another as part of an `AtomicU64` is undefined behaviour, although
/// both are atomic. Before the first guest has begun and after the last has ended, any access will do. The same holds for
/// the other macros here.
#[macro_export]
macro_rules! link_wasmtime {
    ($wasmtime:ident, $linker:expr, $get:expr) => {{
        $crate::wasmtime_calls! { $wasmtime }

        fn link<T: 'static>(
            linker: &mut $wasmtime::Linker<T>,
            get: impl Fn(&mut T) -> &mut $crate::Wasi + Send + Sync + Copy + 'static,
        ) -> $wasmtime::Result<()> {
            for abi in [$crate::abi::Abi::Preview1, $crate::abi::Abi::Unstable] {
                $crate::for_each_syscall! {
                    [$crate::link_wasmtime_rows] { $wasmtime linker get abi }
                }
            }
            Ok(())
        }

        link($linker, $get)
    }};
}

/// What a call does, whoever knows the memory: for the macros of this room, not for use by itself.
#[doc(hidden)]
#[macro_export]
macro_rules! wasmtime_calls {
    ($wasmtime:ident) => {
        /// A linear memory, by its handle.
        #[derive(Clone)]
        enum Linear {
            Exclusive($wasmtime::Memory),
            Shared($wasmtime::SharedMemory),
        }

        /// The memory that is exported as `memory`, if one is.
        fn linear(export: Option<$wasmtime::Extern>) -> Option<Linear> {
            match export {
                Some($wasmtime::Extern::Memory(memory)) => Some(Linear::Exclusive(memory)),
                Some($wasmtime::Extern::SharedMemory(memory)) => Some(Linear::Shared(memory)),
                _ => None,
            }
        }

        /// In the memory that is exported, if one is.
        fn outcome_of<T>(
            caller: &mut $wasmtime::Caller<'_, T>,
            export: Option<$wasmtime::Extern>,
            get: impl Fn(&mut T) -> &mut $crate::Wasi,
            call: impl FnOnce(&$crate::Wasi, &mut $crate::mem::Memory<'_>) -> $crate::Outcome,
        ) -> $wasmtime::Result<i32> {
            match linear(export) {
                Some(memory) => outcome_in(caller, &memory, get, call),
                None => Err($crate::Trap::NoMemory.into()),
            }
        }

        /// In this memory.
        #[inline]
        fn outcome_in<T>(
            caller: &mut $wasmtime::Caller<'_, T>,
            memory: &Linear,
            get: impl Fn(&mut T) -> &mut $crate::Wasi,
            call: impl FnOnce(&$crate::Wasi, &mut $crate::mem::Memory<'_>) -> $crate::Outcome,
        ) -> $wasmtime::Result<i32> {
            match memory {
                Linear::Exclusive(memory) => {
                    let (bytes, state) = memory.data_and_store_mut(caller);
                    let mut memory = $crate::mem::Memory::new(bytes);
                    run(get(state), &mut memory, call)
                }
                Linear::Shared(memory) => {
                    let mut memory = $crate::wasmtime_shared_memory!(memory);
                    run(get(caller.data_mut()), &mut memory, call)
                }
            }
        }

        #[inline]
        fn run(
            wasi: &$crate::Wasi,
            memory: &mut $crate::mem::Memory<'_>,
            call: impl FnOnce(&$crate::Wasi, &mut $crate::mem::Memory<'_>) -> $crate::Outcome,
        ) -> $wasmtime::Result<i32> {
            match call(wasi, memory) {
                $crate::Outcome::Return(errno) => Ok(i32::from(errno)),
                outcome => settle(outcome, memory),
            }
        }

        #[cold]
        fn settle(
            mut outcome: $crate::Outcome,
            memory: &mut $crate::mem::Memory<'_>,
        ) -> $wasmtime::Result<i32> {
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
    };
}

/// The rows of [`link_wasmtime!`]; not for use by itself.
#[doc(hidden)]
#[macro_export]
macro_rules! link_wasmtime_rows {
    ({ $wasmtime:ident $linker:ident $get:ident $abi:ident } $(
        $(#[$doc:meta])*
        $name:ident = $variant:ident($($param:ident: $core:ident),*)
        takes $takes:tt gives $gives:tt by $room:ident::$handler:ident $(with $memory:ident)?;
    )*) => {$(
        if $crate::abi::Syscall::$variant.is_in($abi) {
            $linker.func_wrap(
                $abi.module(),
                stringify!($name),
                $crate::wasmtime_function!($wasmtime [] $get $abi $name ($($param: $core),*)),
            )?;
        }
    )*};
}

/// The closure that is one function; not for use by itself. What stands in the brackets is how it finds the memory:
/// nothing, by the name of the caller's export; `at export`, by its place in the caller's module; `in cell`, there. The
/// name is what is left if there is nothing in the cell, or another module calls. `proc_exit` is the one function without a
/// result.
#[doc(hidden)]
#[macro_export]
macro_rules! wasmtime_function {
    ($wasmtime:ident $cell:tt $get:ident $abi:ident proc_exit ($param:ident: i32)) => {
        move |mut caller: $wasmtime::Caller<'_, T>, $param: i32| -> $wasmtime::Result<()> {
            $crate::wasmtime_function!(call $cell caller $get, |wasi, memory| {
                $crate::raw::proc_exit(wasi, $abi, memory, $param)
            })
            .map(drop)
        }
    };
    ($wasmtime:ident $cell:tt $get:ident $abi:ident $name:ident ($($param:ident: $core:ident),*)) => {
        move |mut caller: $wasmtime::Caller<'_, T>, $($param: $core),*| -> $wasmtime::Result<i32> {
            $crate::wasmtime_function!(call $cell caller $get, |wasi, memory| {
                $crate::raw::$name(wasi, $abi, memory, $($param),*)
            })
        }
    };
    (call [] $caller:ident $get:ident, $call:expr) => {{
        let export = $caller.get_export("memory");
        outcome_of(&mut $caller, export, $get, $call)
    }};
    (call [at $place:ident] $caller:ident $get:ident, $call:expr) => {{
        let export = exported(&mut $caller, $place.as_ref());
        let export = export.or_else(|| $caller.get_export("memory"));
        outcome_of(&mut $caller, export, $get, $call)
    }};
    (call [in $cell:ident] $caller:ident $get:ident, $call:expr) => {
        match $cell.get() {
            Some(memory) => outcome_in(&mut $caller, memory, $get, $call),
            None => $crate::wasmtime_function!(call [] $caller $get, $call),
        }
    };
}
