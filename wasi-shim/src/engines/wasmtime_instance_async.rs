//! The adapter to wasmtime's asynchronous calls, as a macro: what belongs to one instance, or to all instances of one
//! module.
//!
//! The twins of [`instantiate_wasmtime!`](crate::instantiate_wasmtime) and
//! [`instantiate_pre_wasmtime!`](crate::instantiate_pre_wasmtime): whose memory a call uses is found in the same ways.

/// Instantiates a module with functions of `wasi_snapshot_preview1` and `wasi_unstable` that are its own, for guests that
/// are called by `call_async`.
///
/// ```
/// use wasi_shim::Wasi;
///
/// # #[cfg(all(feature = "wasmtime", feature = "tokio"))]
/// async fn start(module: &wasmtime::Module, wasi: Wasi) -> wasmtime::Result<()> {
///     let linker = wasmtime::Linker::new(module.engine());
///     let mut store = wasmtime::Store::new(module.engine(), wasi);
///     let instantiated =
///         wasi_shim::instantiate_wasmtime_async!(wasmtime, &mut store, &linker, module, |wasi: &mut Wasi| wasi);
///     let start = instantiated.await?.get_typed_func::<(), ()>(&mut store, "_start")?;
///     start.call_async(&mut store, ()).await
/// }
/// ```
///
/// The value is a future of what [`instantiate_wasmtime!`](crate::instantiate_wasmtime) gives, which says how calls find
/// the memory; how they wait is as with [`link_wasmtime_async!`](crate::link_wasmtime_async).
///
/// # Errors
/// [`NotLinked`](crate::NotLinked) for an import that the linker does not have; those of `wasmtime::Instance::new_async`.
#[macro_export]
macro_rules! instantiate_wasmtime_async {
    ($wasmtime:ident, $store:expr, $linker:expr, $module:expr, $get:expr) => {{
        $crate::wasmtime_calls! { $wasmtime }
        $crate::wasmtime_calls_async! { $wasmtime }
        $crate::wasmtime_leaks! { $wasmtime }
        $crate::wasmtime_bindings! { $wasmtime [$crate::wasmtime_instance_async_rows] [Send +] }

        async fn instantiate<T: Send + 'static>(
            mut store: impl $wasmtime::AsContextMut<Data = T>,
            linker: &$wasmtime::Linker<T>,
            module: &$wasmtime::Module,
            get: impl Fn(&mut T) -> &mut $crate::Wasi + Send + Sync + Copy + 'static,
        ) -> $wasmtime::Result<$wasmtime::Instance> {
            let (imports, cell) = bindings(&mut store, linker, module, get)?;
            let instance = $wasmtime::Instance::new_async(&mut store, module, &imports).await?;
            know_memory(cell, instance.get_export(&mut store, "memory"));
            Ok(instance)
        }

        instantiate($store, $linker, $module, $get)
    }};
}

/// The rows of [`instantiate_wasmtime_async!`]; not for use by itself.
#[doc(hidden)]
#[macro_export]
macro_rules! wasmtime_instance_async_rows {
    ({ $wasmtime:ident $store:ident $cell:ident $get:ident $abi:ident $syscall:ident } $(
        $(#[$doc:meta])*
        $name:ident = $variant:ident($($param:ident: $core:ident),*)
        takes $takes:tt gives $gives:tt by $room:ident::$handler:ident $(with $memory:ident)?;
    )*) => {
        match $syscall {
            $($crate::abi::Syscall::$variant => $crate::wasmtime_by_waiting!($name
                $wasmtime::Func::wrap_async(
                    &mut $store,
                    $crate::wasmtime_function_async!($wasmtime [in $cell] $get $abi $name ($($param: $core),*)),
                ),
                $wasmtime::Func::wrap(
                    &mut $store,
                    $crate::wasmtime_function!($wasmtime [in $cell] $get $abi $name ($($param: $core),*)),
                )
            ),)*
        }
    };
}

/// Prepares a module to be instantiated often, by `instantiate_async`, for guests that are called by `call_async`.
///
/// ```
/// use wasi_shim::Wasi;
///
/// # #[cfg(all(feature = "wasmtime", feature = "tokio"))]
/// fn prepare(module: &wasmtime::Module) -> wasmtime::Result<wasmtime::InstancePre<Wasi>> {
///     let linker = wasmtime::Linker::new(module.engine());
///     wasi_shim::instantiate_pre_wasmtime_async!(wasmtime, &linker, module, |wasi: &mut Wasi| wasi)
/// }
/// ```
///
/// The value is that of [`instantiate_pre_wasmtime!`](crate::instantiate_pre_wasmtime), which says how calls find the
/// memory; how they wait is as with [`link_wasmtime_async!`](crate::link_wasmtime_async).
///
/// # Errors
/// [`NotLinked`](crate::NotLinked) for an import that the linker does not have; those of
/// `wasmtime::Linker::instantiate_pre`.
#[macro_export]
macro_rules! instantiate_pre_wasmtime_async {
    ($wasmtime:ident, $linker:expr, $module:expr, $get:expr) => {{
        $crate::wasmtime_calls! { $wasmtime }
        $crate::wasmtime_calls_async! { $wasmtime }
        $crate::wasmtime_prepare! { $wasmtime [$crate::wasmtime_instance_pre_async_rows] [Send +] }

        prepare($linker, $module, $get)
    }};
}

/// The rows of [`instantiate_pre_wasmtime_async!`]; not for use by itself.
#[doc(hidden)]
#[macro_export]
macro_rules! wasmtime_instance_pre_async_rows {
    ({ $wasmtime:ident $linker:ident $place:ident $get:ident $abi:ident $syscall:ident } $(
        $(#[$doc:meta])*
        $name:ident = $variant:ident($($param:ident: $core:ident),*)
        takes $takes:tt gives $gives:tt by $room:ident::$handler:ident $(with $memory:ident)?;
    )*) => {
        match $syscall {
            $($crate::abi::Syscall::$variant => $crate::wasmtime_by_waiting!($name
                $linker.func_wrap_async(
                    $abi.module(),
                    stringify!($name),
                    $crate::wasmtime_function_async!($wasmtime [at $place] $get $abi $name ($($param: $core),*)),
                ).map(drop),
                $linker.func_wrap(
                    $abi.module(),
                    stringify!($name),
                    $crate::wasmtime_function!($wasmtime [at $place] $get $abi $name ($($param: $core),*)),
                ).map(drop)
            ),)*
        }
    };
}
