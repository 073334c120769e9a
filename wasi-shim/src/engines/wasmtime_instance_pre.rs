//! The adapter to wasmtime, as a macro: what all instances of one module share.
//!
//! A server that makes an instance for each request pays for what is made for one instance alone. What is here is made for
//! a module once, and knows where among the exports of that module its memory is. It knows no instance, so each call still
//! says whose memory is meant, and no function can be taken to another instance and work in the wrong one.

/// Prepares a module to be instantiated often, with functions of `wasi_snapshot_preview1` and `wasi_unstable` that are made
/// for it, and everything else from a `wasmtime::Linker`.
///
/// ```
/// use wasi_shim::Wasi;
///
/// # #[cfg(feature = "wasmtime")]
/// fn prepare(module: &wasmtime::Module) -> wasmtime::Result<wasmtime::InstancePre<Wasi>> {
///     let linker = wasmtime::Linker::new(module.engine());
///     wasi_shim::instantiate_pre_wasmtime!(wasmtime, &linker, module, |wasi: &mut Wasi| wasi)
/// }
/// ```
///
/// The arguments are those of [`link_wasmtime!`](crate::link_wasmtime) and the module. The value is a
/// `wasmtime::Result<wasmtime::InstancePre<T>>`. The linker need not have the functions; if it does, they are not used.
///
/// Everything is looked up and compared once, and nothing is made for an instance. A call finds the memory of whoever calls
/// by the place of the export in the module, which takes less than by its name, and more than not at all: for one instance
/// that lives long, and for threads that share a memory, use [`instantiate_wasmtime!`](crate::instantiate_wasmtime).
///
/// # Errors
/// [`NotLinked`](crate::NotLinked) for an import that the linker does not have; those of
/// `wasmtime::Linker::instantiate_pre`.
#[macro_export]
macro_rules! instantiate_pre_wasmtime {
    ($wasmtime:ident, $linker:expr, $module:expr, $get:expr) => {{
        $crate::wasmtime_calls! { $wasmtime }

        $crate::wasmtime_prepare! { $wasmtime [$crate::wasmtime_instance_pre_rows] [] }

        prepare($linker, $module, $get)
    }};
}

/// What is made for a module; for [`instantiate_pre_wasmtime!`] and its asynchronous twin, not for use by itself.
#[doc(hidden)]
#[macro_export]
macro_rules! wasmtime_prepare {
    ($wasmtime:ident [$($rows:tt)+] [$($bounds:tt)*]) => {
        /// What the caller's module exports at this place. Nothing, if the place is in another module.
        fn exported<T>(
            caller: &mut $wasmtime::Caller<'_, T>,
            place: Option<&$wasmtime::ModuleExport>,
        ) -> Option<$wasmtime::Extern> {
            caller.get_module_export(place?)
        }

        fn define<T: $($bounds)* 'static>(
            linker: &mut $wasmtime::Linker<T>,
            place: Option<$wasmtime::ModuleExport>,
            abi: $crate::abi::Abi,
            syscall: $crate::abi::Syscall,
            get: impl Fn(&mut T) -> &mut $crate::Wasi + Send + Sync + Copy + 'static,
        ) -> $wasmtime::Result<()> {
            $crate::for_each_syscall! {
                [$($rows)+] { $wasmtime linker place get abi syscall }
            }
        }

        fn prepare<T: $($bounds)* 'static>(
            linker: &$wasmtime::Linker<T>,
            module: &$wasmtime::Module,
            get: impl Fn(&mut T) -> &mut $crate::Wasi + Send + Sync + Copy + 'static,
        ) -> $wasmtime::Result<$wasmtime::InstancePre<T>> {
            let mut linker = $wasmtime::Linker::clone(linker);
            linker.allow_shadowing(true);
            let place = module.get_export_index("memory");
            for import in module.imports() {
                let ours = $crate::abi::Syscall::imported(import.module(), import.name());
                if let Some((abi, syscall)) = ours {
                    define(&mut linker, place, abi, syscall, get)?;
                }
            }
            linker.instantiate_pre(module).map_err(|error| {
                match error.downcast_ref::<$wasmtime::UnknownImportError>() {
                    Some(unknown) => $crate::NotLinked::new(unknown.module(), unknown.name()).into(),
                    None => error,
                }
            })
        }
    };
}

/// The rows of [`instantiate_pre_wasmtime!`]; not for use by itself.
#[doc(hidden)]
#[macro_export]
macro_rules! wasmtime_instance_pre_rows {
    ({ $wasmtime:ident $linker:ident $place:ident $get:ident $abi:ident $syscall:ident } $(
        $(#[$doc:meta])*
        $name:ident = $variant:ident($($param:ident: $core:ident),*)
        takes $takes:tt gives $gives:tt by $room:ident::$handler:ident $(with $memory:ident)?;
    )*) => {
        match $syscall {
            $($crate::abi::Syscall::$variant => $linker.func_wrap(
                $abi.module(),
                stringify!($name),
                $crate::wasmtime_function!($wasmtime [at $place] $get $abi $name ($($param: $core),*)),
            ).map(drop),)*
        }
    };
}
