//! The adapter to wasmi, as a macro. Knows how wasmi passes arguments, memories and errors; refuses to know what becomes of
//! a call that cannot end at once, which whoever links may decide. For embedders, and for the plain functions of this room.

/// Adds the functions of `wasi_snapshot_preview1` and `wasi_unstable` to a `wasmi::Linker`.
///
/// ```
/// struct State {
///     wasi: wasi_shim::Wasi,
/// }
///
/// # #[cfg(feature = "wasmi")]
/// fn link(linker: &mut wasmi::Linker<State>) -> Result<(), wasmi::Error> {
///     wasi_shim::link_wasmi!(wasmi, linker, |state: &mut State| &mut state.wasi)
/// }
/// ```
///
/// The first argument names the crate, for those who renamed it; the last is a closure from the store's data to a
/// `&mut` [`Wasi`](crate::Wasi). The value is a `Result<(), wasmi::Error>`.
///
/// `proc_exit` fails with what wasmi has for it: `error.i32_exit_status()`, whose bits are those of
/// [`Exit`](crate::Exit). A call that traps fails with the [`Trap`](crate::Trap)'s message. A call that has to wait blocks
/// the thread.
///
/// # Something else
/// A fourth argument says what comes of a call that gave no error code. It is a function of the
/// [`Outcome`](crate::Outcome), the guest's memory, and wasmi's handle of that memory, if the guest has one; it answers what
/// the guest gets, or the error that ends it. Only it can make errors that an embedder's own types can be taken out of,
/// as wasmi's errors carry nothing but types that implement wasmi's trait.
///
/// ```
/// # #[cfg(feature = "wasmi")]
/// # mod example {
/// use wasi_shim::{Outcome, Trap, Wasi, mem};
///
/// #[derive(Debug, thiserror::Error)]
/// #[error(transparent)]
/// struct Trapped(Trap);
///
/// impl wasmi::errors::HostError for Trapped {}
///
/// fn settle(mut outcome: Outcome, bytes: &mut mem::Memory<'_>, _: Option<wasmi::Memory>) -> Result<i32, wasmi::Error> {
///     loop {
///         match outcome {
///             Outcome::Return(errno) => return Ok(i32::from(errno)),
///             Outcome::Exit(exit) => return Err(wasmi::Error::i32_exit(exit.0.cast_signed())),
///             Outcome::Trap(trap) => return Err(wasmi::Error::host(Trapped(trap))),
///             Outcome::Block(blocked) => {
///                 blocked.wait();
///                 outcome = blocked.resume(bytes);
///             }
///         }
///     }
/// }
///
/// fn link(linker: &mut wasmi::Linker<Wasi>) -> Result<(), wasmi::Error> {
///     wasi_shim::link_wasmi!(wasmi, linker, |wasi: &mut Wasi| wasi, settle)
/// }
/// # }
/// ```
#[macro_export]
macro_rules! link_wasmi {
    ($wasmi:ident, $linker:expr, $get:expr) => {{
        $crate::wasmi_settle! { $wasmi, |trap| $wasmi::Error::new(::std::string::ToString::to_string(&trap)) }
        $crate::link_wasmi!($wasmi, $linker, $get, settle)
    }};
    ($wasmi:ident, $linker:expr, $get:expr, $settle:expr) => {{
        /// In the caller's memory.
        fn outcome_of<T>(
            caller: &mut $wasmi::Caller<'_, T>,
            get: impl Fn(&mut T) -> &mut $crate::Wasi,
            settle: impl Settle,
            call: impl FnOnce(&$crate::Wasi, &mut $crate::mem::Memory<'_>) -> $crate::Outcome,
        ) -> Result<i32, $wasmi::Error> {
            let Some($wasmi::Extern::Memory(memory)) = caller.get_export("memory") else {
                let outcome = $crate::Outcome::Trap($crate::Trap::NoMemory);
                return settle(outcome, &mut $crate::mem::Memory::new(&mut []), None);
            };
            let (bytes, state) = memory.data_and_store_mut(caller);
            let mut bytes = $crate::mem::Memory::new(bytes);
            match call(get(state), &mut bytes) {
                $crate::Outcome::Return(errno) => Ok(i32::from(errno)),
                outcome => settle(outcome, &mut bytes, Some(memory)),
            }
        }

        trait Settle:
            Fn(
                $crate::Outcome,
                &mut $crate::mem::Memory<'_>,
                Option<$wasmi::Memory>,
            ) -> Result<i32, $wasmi::Error>
            + Send
            + Sync
            + Copy
            + 'static
        {
        }

        impl<F> Settle for F where
            F: Fn(
                    $crate::Outcome,
                    &mut $crate::mem::Memory<'_>,
                    Option<$wasmi::Memory>,
                ) -> Result<i32, $wasmi::Error>
                + Send
                + Sync
                + Copy
                + 'static
        {
        }

        fn link<T: 'static>(
            linker: &mut $wasmi::Linker<T>,
            get: impl Fn(&mut T) -> &mut $crate::Wasi + Send + Sync + Copy + 'static,
            settle: impl Settle,
        ) -> Result<(), $wasmi::Error> {
            for abi in [$crate::abi::Abi::Preview1, $crate::abi::Abi::Unstable] {
                $crate::for_each_syscall! {
                    [$crate::link_wasmi_rows] { $wasmi linker get settle abi }
                }
            }
            Ok(())
        }

        link($linker, $get, $settle)
    }};
}

/// What comes of a call that gave no error code, where the thread may block; for the adapters to wasmi, not for use by
/// itself. The closure makes an error of a trap.
#[doc(hidden)]
#[macro_export]
macro_rules! wasmi_settle {
    ($wasmi:ident, |$trap:ident| $error:expr) => {
        fn settle(
            mut outcome: $crate::Outcome,
            bytes: &mut $crate::mem::Memory<'_>,
            _: Option<$wasmi::Memory>,
        ) -> Result<i32, $wasmi::Error> {
            loop {
                match outcome {
                    $crate::Outcome::Return(errno) => return Ok(i32::from(errno)),
                    $crate::Outcome::Exit(exit) => {
                        return Err($wasmi::Error::i32_exit(exit.0.cast_signed()));
                    }
                    $crate::Outcome::Trap($trap) => return Err($error),
                    $crate::Outcome::Block(blocked) => {
                        blocked.wait();
                        outcome = blocked.resume(bytes);
                    }
                }
            }
        }
    };
}

/// The rows of [`link_wasmi!`]; not for use by itself.
#[doc(hidden)]
#[macro_export]
macro_rules! link_wasmi_rows {
    ({ $wasmi:ident $linker:ident $get:ident $settle:ident $abi:ident } $(
        $(#[$doc:meta])*
        $name:ident = $variant:ident($($param:ident: $core:ident),*)
        takes $takes:tt gives $gives:tt by $room:ident::$handler:ident $(with $memory:ident)?;
    )*) => {$(
        if $crate::abi::Syscall::$variant.is_in($abi) {
            $linker.func_wrap(
                $abi.module(),
                stringify!($name),
                $crate::wasmi_function!($wasmi $get $settle $abi $name ($($param: $core),*)),
            )?;
        }
    )*};
}

/// The closure that is one function; not for use by itself. `proc_exit` is the one function without a result.
#[doc(hidden)]
#[macro_export]
macro_rules! wasmi_function {
    ($wasmi:ident $get:ident $settle:ident $abi:ident proc_exit ($param:ident: i32)) => {
        move |mut caller: $wasmi::Caller<'_, T>, $param: i32| -> Result<(), $wasmi::Error> {
            outcome_of(&mut caller, $get, $settle, |wasi, memory| {
                $crate::raw::proc_exit(wasi, $abi, memory, $param)
            })
            .map(drop)
        }
    };
    ($wasmi:ident $get:ident $settle:ident $abi:ident $name:ident ($($param:ident: $core:ident),*)) => {
        move |mut caller: $wasmi::Caller<'_, T>, $($param: $core),*| -> Result<i32, $wasmi::Error> {
            outcome_of(&mut caller, $get, $settle, |wasi, memory| {
                $crate::raw::$name(wasi, $abi, memory, $($param),*)
            })
        }
    };
}
