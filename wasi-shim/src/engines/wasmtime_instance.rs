//! The adapter to wasmtime, as a macro: what belongs to one instance.
//!
//! A function that every instance of a linker shares finds out with every call whose memory it is to use, which costs
//! more than many of the calls themselves. Functions made for one instance are given its memory once. That is right as
//! long as nobody else calls them, so this file also knows how a function can leave its instance.

/// Instantiates a module with functions of `wasi_snapshot_preview1` and `wasi_unstable` that are its own, and everything
/// else from a `wasmtime::Linker`.
///
/// ```
/// use wasi_shim::Wasi;
///
/// # #[cfg(feature = "wasmtime")]
/// fn start(module: &wasmtime::Module, wasi: Wasi) -> wasmtime::Result<()> {
///     let linker = wasmtime::Linker::new(module.engine());
///     let mut store = wasmtime::Store::new(module.engine(), wasi);
///     let instance =
///         wasi_shim::instantiate_wasmtime!(wasmtime, &mut store, &linker, module, |wasi: &mut Wasi| wasi)?;
///     instance.get_typed_func::<(), ()>(&mut store, "_start")?.call(&mut store, ())
/// }
/// ```
///
/// The arguments are those of [`link_wasmtime!`](crate::link_wasmtime), a store, and the module. The value is a
/// `wasmtime::Result<wasmtime::Instance>`. The linker need not have the functions; if it does, they are not used.
///
/// A call finds the instance's memory in a few nanoseconds instead of 50 or more. A function that could reach another
/// instance looks the caller's memory up by its name instead: one of a type that the module also exports a function of,
/// which could be the same; and all of them if the module imports or exports tables, references, tags, or functions
/// that take or give references.
///
/// # Errors
/// [`NotLinked`](crate::NotLinked) for an import that the linker does not have; those of `wasmtime::Instance::new`.
#[macro_export]
macro_rules! instantiate_wasmtime {
    ($wasmtime:ident, $store:expr, $linker:expr, $module:expr, $get:expr) => {{
        $crate::wasmtime_calls! { $wasmtime }
        $crate::wasmtime_leaks! { $wasmtime }

        $crate::wasmtime_bindings! { $wasmtime [$crate::wasmtime_instance_rows] [] }

        fn instantiate<T: 'static>(
            mut store: impl $wasmtime::AsContextMut<Data = T>,
            linker: &$wasmtime::Linker<T>,
            module: &$wasmtime::Module,
            get: impl Fn(&mut T) -> &mut $crate::Wasi + Send + Sync + Copy + 'static,
        ) -> $wasmtime::Result<$wasmtime::Instance> {
            let (imports, cell) = bindings(&mut store, linker, module, get)?;
            let instance = $wasmtime::Instance::new(&mut store, module, &imports)?;
            know_memory(cell, instance.get_export(&mut store, "memory"));
            Ok(instance)
        }

        instantiate($store, $linker, $module, $get)
    }};
}

/// What an instance is given; for [`instantiate_wasmtime!`] and its asynchronous twin, not for use by itself.
#[doc(hidden)]
#[macro_export]
macro_rules! wasmtime_bindings {
    ($wasmtime:ident [$($rows:tt)+] [$($bounds:tt)*]) => {
        type Cell = ::std::sync::Arc<::std::sync::OnceLock<Linear>>;

        fn function<T: $($bounds)* 'static>(
            mut store: impl $wasmtime::AsContextMut<Data = T>,
            cell: &Cell,
            abi: $crate::abi::Abi,
            syscall: $crate::abi::Syscall,
            get: impl Fn(&mut T) -> &mut $crate::Wasi + Send + Sync + Copy + 'static,
        ) -> $wasmtime::Func {
            let cell = ::std::sync::Arc::clone(cell);
            $crate::for_each_syscall! {
                [$($rows)+] { $wasmtime store cell get abi syscall }
            }
        }

        /// What the module imports, and the cell from which those functions take its memory as soon as there is one. No
        /// cell, if one of them could reach another instance.
        fn bindings<T: $($bounds)* 'static>(
            mut store: impl $wasmtime::AsContextMut<Data = T>,
            linker: &$wasmtime::Linker<T>,
            module: &$wasmtime::Module,
            get: impl Fn(&mut T) -> &mut $crate::Wasi + Send + Sync + Copy + 'static,
        ) -> $wasmtime::Result<(Vec<$wasmtime::Extern>, Option<Cell>)> {
            let (bound, unbound) = (Cell::default(), Cell::default());
            let exports = exports(module);
            let mut imports = Vec::with_capacity(module.imports().len());
            let mut leaks = exports.iter().any(carries_references);
            for import in module.imports() {
                let (from, name, ty) = (import.module(), import.name(), import.ty());
                imports.push(match $crate::abi::Syscall::imported(from, name) {
                    Some((abi, syscall)) => {
                        let again = exports
                            .iter()
                            .any(|export| is_same_function_type(export, &ty));
                        let cell = if again { &unbound } else { &bound };
                        function(&mut store, cell, abi, syscall, get).into()
                    }
                    None => {
                        leaks |= carries_references(&ty);
                        let linked = linker.get_by_import(&mut store, &import);
                        linked.ok_or_else(|| $crate::NotLinked::new(from, name))?
                    }
                });
            }
            Ok((imports, (!leaks).then_some(bound)))
        }

        fn know_memory(cell: Option<Cell>, export: Option<$wasmtime::Extern>) {
            if let (Some(cell), Some(memory)) = (cell, linear(export)) {
                // The cell is new, so that setting it cannot fail.
                let _ = cell.set(memory);
            }
        }
    };
}

/// How a function can leave its instance; for [`instantiate_wasmtime!`], not for use by itself.
#[doc(hidden)]
#[macro_export]
macro_rules! wasmtime_leaks {
    ($wasmtime:ident) => {
        /// Can a reference to a function pass through something of this type? Types that are not known are taken to.
        fn carries_references(ty: &$wasmtime::ExternType) -> bool {
            match ty {
                $wasmtime::ExternType::Func(ty) => {
                    ty.params().chain(ty.results()).any(|ty| ty.is_ref())
                }
                $wasmtime::ExternType::Global(ty) => ty.content().is_ref(),
                $wasmtime::ExternType::Memory(_) => false,
                _ => true,
            }
        }

        fn exports(module: &$wasmtime::Module) -> Vec<$wasmtime::ExternType> {
            module.exports().map(|export| export.ty()).collect()
        }

        /// Could one be the other, exported again? The engine does not say which function an export is.
        fn is_same_function_type(
            export: &$wasmtime::ExternType,
            import: &$wasmtime::ExternType,
        ) -> bool {
            match (export, import) {
                ($wasmtime::ExternType::Func(export), $wasmtime::ExternType::Func(import)) => {
                    $wasmtime::FuncType::eq(export, import)
                }
                _ => false,
            }
        }
    };
}

/// The rows of [`instantiate_wasmtime!`]; not for use by itself.
#[doc(hidden)]
#[macro_export]
macro_rules! wasmtime_instance_rows {
    ({ $wasmtime:ident $store:ident $cell:ident $get:ident $abi:ident $syscall:ident } $(
        $(#[$doc:meta])*
        $name:ident = $variant:ident($($param:ident: $core:ident),*)
        takes $takes:tt gives $gives:tt by $room:ident::$handler:ident $(with $memory:ident)?;
    )*) => {
        match $syscall {
            $($crate::abi::Syscall::$variant => $wasmtime::Func::wrap(
                &mut $store,
                $crate::wasmtime_function!($wasmtime [in $cell] $get $abi $name ($($param: $core),*)),
            ),)*
        }
    };
}
