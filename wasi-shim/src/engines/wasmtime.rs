//! wasmtime, in the version that `Cargo.toml` names. For another version use [`link_wasmtime!`](crate::link_wasmtime).

use crate::Wasi;
use wasmtime::{AsContextMut, Instance, InstancePre, Linker, Module, Result};

/// Adds the functions of `wasi_snapshot_preview1` and `wasi_unstable` to a linker.
///
/// `get` finds the guest in the store's data: `|state| &mut state.wasi`. A call that traps fails with
/// [`Trap`](crate::Trap); `proc_exit` fails with [`Exit`](crate::Exit): take either out with `error.downcast_ref`. A call
/// that has to wait blocks the thread.
///
/// With each call the caller's memory is looked up by its name; [`instantiate`] does without. What an embedder may do with
/// a shared memory meanwhile stands at [`link_wasmtime!`](crate::link_wasmtime#shared-memories).
///
/// # Errors
/// The linker's, if it has one of the functions already.
pub fn add_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    get: impl Fn(&mut T) -> &mut Wasi + Send + Sync + Copy + 'static,
) -> Result<()> {
    crate::link_wasmtime!(wasmtime, linker, get)
}

/// [`add_to_linker`] for guests that are called by `call_async`: a call that has to wait gives the thread back to the
/// executor. See [`link_wasmtime_async!`](crate::link_wasmtime_async).
///
/// # Errors
/// The linker's, if it has one of the functions already.
#[cfg(feature = "tokio")]
pub fn add_to_linker_async<T: Send + 'static>(
    linker: &mut Linker<T>,
    get: impl Fn(&mut T) -> &mut Wasi + Send + Sync + Copy + 'static,
) -> Result<()> {
    crate::link_wasmtime_async!(wasmtime, linker, get)
}

/// Instantiates a module with functions of `wasi_snapshot_preview1` and `wasi_unstable` that are its own and know its
/// memory, and everything else from `linker`, which need not have those functions.
///
/// `get` and what a call fails with are those of [`add_to_linker`]. See
/// [`instantiate_wasmtime!`](crate::instantiate_wasmtime) for what makes it fall back to looking up the memory.
///
/// # Errors
/// [`NotLinked`](crate::NotLinked) for an import that the linker does not have; those of [`Instance::new`].
pub fn instantiate<T: 'static>(
    store: impl AsContextMut<Data = T>,
    linker: &Linker<T>,
    module: &Module,
    get: impl Fn(&mut T) -> &mut Wasi + Send + Sync + Copy + 'static,
) -> Result<Instance> {
    crate::instantiate_wasmtime!(wasmtime, store, linker, module, get)
}

/// Prepares a module to be instantiated often, in stores that are made later: `instantiate_pre(..)?.instantiate(store)?`.
///
/// It is for those who make an instance for each request: nothing is looked up or made for an instance. `get` and what a
/// call fails with are those of [`add_to_linker`]; the linker need not have the functions. See
/// [`instantiate_pre_wasmtime!`](crate::instantiate_pre_wasmtime) for what a call takes.
///
/// # Errors
/// [`NotLinked`](crate::NotLinked) for an import that the linker does not have; those of [`Linker::instantiate_pre`].
pub fn instantiate_pre<T: 'static>(
    linker: &Linker<T>,
    module: &Module,
    get: impl Fn(&mut T) -> &mut Wasi + Send + Sync + Copy + 'static,
) -> Result<InstancePre<T>> {
    crate::instantiate_pre_wasmtime!(wasmtime, linker, module, get)
}

/// [`instantiate`] for guests that are called by `call_async`, as [`add_to_linker_async`] is [`add_to_linker`] for them.
///
/// # Errors
/// [`NotLinked`](crate::NotLinked) for an import that the linker does not have; those of [`Instance::new_async`].
#[cfg(feature = "tokio")]
pub async fn instantiate_async<T: Send + 'static>(
    store: impl AsContextMut<Data = T>,
    linker: &Linker<T>,
    module: &Module,
    get: impl Fn(&mut T) -> &mut Wasi + Send + Sync + Copy + 'static,
) -> Result<Instance> {
    crate::instantiate_wasmtime_async!(wasmtime, store, linker, module, get).await
}

/// [`instantiate_pre`] for guests that are called by `call_async`: `instantiate_pre_async(..)?.instantiate_async(store)`.
///
/// # Errors
/// [`NotLinked`](crate::NotLinked) for an import that the linker does not have; those of [`Linker::instantiate_pre`].
#[cfg(feature = "tokio")]
pub fn instantiate_pre_async<T: Send + 'static>(
    linker: &Linker<T>,
    module: &Module,
    get: impl Fn(&mut T) -> &mut Wasi + Send + Sync + Copy + 'static,
) -> Result<InstancePre<T>> {
    crate::instantiate_pre_wasmtime_async!(wasmtime, linker, module, get)
}

/// Runs a guest of several threads, which begins them with `wasi:thread-spawn` over memories that it imports.
///
/// `store` makes a store for each thread around the guest that it is given, `get` finds it there again, and `main` is what
/// the main thread does with its instance. The value is that of whatever came first: what `main` returned, or the error
/// of any thread; then all of them are gone. See [`run_threads_wasmtime!`](crate::run_threads_wasmtime).
///
/// # Errors
/// [`NotThreaded`](crate::NotThreaded) for a module that begins threads which would not share its memory;
/// [`NotLinked`](crate::NotLinked) for an import that the linker does not have; those of `main` and of every thread, as
/// with [`add_to_linker`].
#[cfg(feature = "threads")]
pub fn run_threads<T: 'static, R: Send>(
    wasi: &Wasi,
    limits: crate::threads::ThreadLimits,
    linker: &Linker<T>,
    module: &Module,
    store: impl Fn(Wasi) -> wasmtime::Store<T> + Send + Sync + 'static,
    get: impl Fn(&mut T) -> &mut Wasi + Send + Sync + Copy + 'static,
    main: impl FnOnce(&mut wasmtime::Store<T>, &Instance) -> Result<R> + Send,
) -> Result<R> {
    crate::run_threads_wasmtime!(wasmtime, wasi, limits, linker, module, store, get, main)
}
