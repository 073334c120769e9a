//! The adapter to wasmtime's asynchronous calls, as a macro: what every instance of a linker shares.
//!
//! Of the 46 functions six can wait. Only those are asynchronous for the engine, which takes a call of such a function as a
//! boxed future; the others are the same as for a guest with a thread of its own.

/// Adds the functions of `wasi_snapshot_preview1` and `wasi_unstable` to a `wasmtime::Linker`, for guests that are called by
/// `call_async`.
///
/// ```
/// struct State {
///     wasi: wasi_shim::Wasi,
/// }
///
/// # #[cfg(all(feature = "wasmtime", feature = "tokio"))]
/// fn link(linker: &mut wasmtime::Linker<State>) -> wasmtime::Result<()> {
///     wasi_shim::link_wasmtime_async!(wasmtime, linker, |state: &mut State| &mut state.wasi)
/// }
/// ```
///
/// It is [`link_wasmtime!`](crate::link_wasmtime) but for this: a call that has to wait gives the thread back to the
/// executor, as [`tokio::ready`](crate::tokio::ready) does, and the guest's memory is not borrowed meanwhile. The store's
/// data must be `Send`. Dropping the future of `call_async` ends the call.
///
/// A guest that computes gives the thread back only if the embedder has it do so, by epochs or fuel
/// (`Store::epoch_deadline_async_yield_and_update`, `Store::fuel_async_yield_interval`).
#[macro_export]
macro_rules! link_wasmtime_async {
    ($wasmtime:ident, $linker:expr, $get:expr) => {{
        $crate::wasmtime_calls! { $wasmtime }
        $crate::wasmtime_calls_async! { $wasmtime }

        fn link<T: Send + 'static>(
            linker: &mut $wasmtime::Linker<T>,
            get: impl Fn(&mut T) -> &mut $crate::Wasi + Send + Sync + Copy + 'static,
        ) -> $wasmtime::Result<()> {
            for abi in [$crate::abi::Abi::Preview1, $crate::abi::Abi::Unstable] {
                $crate::for_each_syscall! {
                    [$crate::link_wasmtime_async_rows] { $wasmtime linker get abi }
                }
            }
            Ok(())
        }

        link($linker, $get)
    }};
}

/// What an asynchronous call does, whoever knows the memory: for the macros of this room, not for use by itself. Beside
/// [`wasmtime_calls!`](crate::wasmtime_calls).
#[doc(hidden)]
#[macro_export]
macro_rules! wasmtime_calls_async {
    ($wasmtime:ident) => {
        type Answer<'a> = ::std::boxed::Box<
            dyn ::core::future::Future<Output = $wasmtime::Result<i32>> + Send + 'a,
        >;

        fn answer(answer: $wasmtime::Result<i32>) -> Answer<'static> {
            ::std::boxed::Box::new(::core::future::ready(answer))
        }

        /// In the memory that is exported, if one is.
        fn answer_of<'a, T: Send>(
            caller: $wasmtime::Caller<'a, T>,
            export: Option<$wasmtime::Extern>,
            get: impl Fn(&mut T) -> &mut $crate::Wasi + Send + Copy + 'static,
            call: impl FnOnce(&$crate::Wasi, &mut $crate::mem::Memory<'_>) -> $crate::Outcome,
        ) -> Answer<'a> {
            match linear(export) {
                Some(memory) => answer_in(caller, &memory, get, call),
                None => answer(Err($crate::Trap::NoMemory.into())),
            }
        }

        /// In this memory. Whatever need not wait is done before there is a future.
        #[inline]
        fn answer_in<'a, T: Send>(
            mut caller: $wasmtime::Caller<'a, T>,
            memory: &Linear,
            get: impl Fn(&mut T) -> &mut $crate::Wasi + Send + Copy + 'static,
            call: impl FnOnce(&$crate::Wasi, &mut $crate::mem::Memory<'_>) -> $crate::Outcome,
        ) -> Answer<'a> {
            match attempt(&mut caller, memory, get, call) {
                $crate::Outcome::Return(errno) => answer(Ok(i32::from(errno))),
                $crate::Outcome::Exit(exit) => answer(Err(exit.into())),
                $crate::Outcome::Trap(trap) => answer(Err(trap.into())),
                $crate::Outcome::Block(blocked) => {
                    ::std::boxed::Box::new(wait(caller, memory.clone(), get, blocked))
                }
            }
        }

        async fn wait<T: Send>(
            mut caller: $wasmtime::Caller<'_, T>,
            memory: Linear,
            get: impl Fn(&mut T) -> &mut $crate::Wasi + Send + Copy + 'static,
            mut blocked: $crate::Blocked,
        ) -> $wasmtime::Result<i32> {
            loop {
                $crate::tokio::ready(&blocked).await;
                let resumed = attempt(&mut caller, &memory, get, |_, memory| {
                    blocked.resume(memory)
                });
                match resumed {
                    $crate::Outcome::Return(errno) => return Ok(i32::from(errno)),
                    $crate::Outcome::Exit(exit) => return Err(exit.into()),
                    $crate::Outcome::Trap(trap) => return Err(trap.into()),
                    $crate::Outcome::Block(again) => blocked = again,
                }
            }
        }

        #[inline]
        fn attempt<T>(
            caller: &mut $wasmtime::Caller<'_, T>,
            memory: &Linear,
            get: impl Fn(&mut T) -> &mut $crate::Wasi,
            call: impl FnOnce(&$crate::Wasi, &mut $crate::mem::Memory<'_>) -> $crate::Outcome,
        ) -> $crate::Outcome {
            match memory {
                Linear::Exclusive(memory) => {
                    let (bytes, state) = memory.data_and_store_mut(caller);
                    call(get(state), &mut $crate::mem::Memory::new(bytes))
                }
                Linear::Shared(memory) => {
                    let mut memory = $crate::wasmtime_shared_memory!(memory);
                    call(get(caller.data_mut()), &mut memory)
                }
            }
        }
    };
}

/// The first of two for a function that can wait, the second for the others; not for use by itself.
#[doc(hidden)]
#[macro_export]
macro_rules! wasmtime_by_waiting {
    (fd_read $waits:expr, $other:expr) => {
        $waits
    };
    (fd_write $waits:expr, $other:expr) => {
        $waits
    };
    (poll_oneoff $waits:expr, $other:expr) => {
        $waits
    };
    (sock_accept $waits:expr, $other:expr) => {
        $waits
    };
    (sock_recv $waits:expr, $other:expr) => {
        $waits
    };
    (sock_send $waits:expr, $other:expr) => {
        $waits
    };
    ($name:ident $waits:expr, $other:expr) => {
        $other
    };
}

/// The rows of [`link_wasmtime_async!`]; not for use by itself.
#[doc(hidden)]
#[macro_export]
macro_rules! link_wasmtime_async_rows {
    ({ $wasmtime:ident $linker:ident $get:ident $abi:ident } $(
        $(#[$doc:meta])*
        $name:ident = $variant:ident($($param:ident: $core:ident),*)
        takes $takes:tt gives $gives:tt by $room:ident::$handler:ident $(with $memory:ident)?;
    )*) => {$(
        if $crate::abi::Syscall::$variant.is_in($abi) {
            $crate::wasmtime_by_waiting!($name
                $linker.func_wrap_async(
                    $abi.module(),
                    stringify!($name),
                    $crate::wasmtime_function_async!($wasmtime [] $get $abi $name ($($param: $core),*)),
                ),
                $linker.func_wrap(
                    $abi.module(),
                    stringify!($name),
                    $crate::wasmtime_function!($wasmtime [] $get $abi $name ($($param: $core),*)),
                )
            )?;
        }
    )*};
}

/// The closure that is one function which can wait; not for use by itself. As
/// [`wasmtime_function!`](crate::wasmtime_function).
#[doc(hidden)]
#[macro_export]
macro_rules! wasmtime_function_async {
    ($wasmtime:ident $cell:tt $get:ident $abi:ident $name:ident ($($param:ident: $core:ident),*)) => {
        move |caller: $wasmtime::Caller<'_, T>, ($($param,)*): ($($core,)*)| {
            $crate::wasmtime_function_async!(call $cell caller $get, |wasi, memory| {
                $crate::raw::$name(wasi, $abi, memory, $($param),*)
            })
        }
    };
    (call [] $caller:ident $get:ident, $call:expr) => {{
        let mut caller = $caller;
        let export = caller.get_export("memory");
        answer_of(caller, export, $get, $call)
    }};
    (call [at $place:ident] $caller:ident $get:ident, $call:expr) => {{
        let mut caller = $caller;
        let export = exported(&mut caller, $place.as_ref());
        let export = export.or_else(|| caller.get_export("memory"));
        answer_of(caller, export, $get, $call)
    }};
    (call [in $cell:ident] $caller:ident $get:ident, $call:expr) => {
        match $cell.get() {
            Some(memory) => answer_in($caller, memory, $get, $call),
            None => $crate::wasmtime_function_async!(call [] $caller $get, $call),
        }
    };
}
