//! The adapter to wasmtime, as a macro: guests of several threads.
//!
//! Knows how a thread gets an instance, how wasmtime's code is made to stop, and what a shared memory's waiters wait for.
//! Who runs, who was first and who is joined is known to `threads`.
//!
//! # How a thread is stopped
//!
//! A call of the guest's is refused, or wakes, because the guest was cancelled. Code that computes looks at the engine's
//! epoch; the callback of its store then finds that the guest has ended. What waits in `memory.atomic.wait` does neither:
//! wasmtime waits until somebody notifies the address, and only the guest knows it. So every word of every shared memory
//! is notified, one after the other, until all threads are gone. A thread that was woken so is stopped where it looks at the
//! epoch next, or at its next call.

/// Runs a guest of several threads: a module that begins them with `wasi:thread-spawn`, over memories that it imports.
///
/// ```
/// use wasi_shim::threads::ThreadLimits;
/// use wasi_shim::Wasi;
///
/// # #[cfg(feature = "wasmtime")]
/// fn engine() -> wasmtime::Result<wasmtime::Engine> {
///     // Neither is on if not said: memories that are shared, and threads that can be stopped while they compute.
///     let mut config = wasmtime::Config::new();
///     config.shared_memory(true).epoch_interruption(true);
///     wasmtime::Engine::new(&config)
/// }
///
/// # #[cfg(feature = "wasmtime")]
/// fn start(module: &wasmtime::Module, wasi: &Wasi) -> wasmtime::Result<()> {
///     let engine = module.engine().clone();
///     let linker = wasmtime::Linker::new(&engine);
///     wasi_shim::run_threads_wasmtime!(
///         wasmtime,
///         wasi,
///         ThreadLimits::default(),
///         &linker,
///         module,
///         move |wasi: Wasi| wasmtime::Store::new(&engine, wasi),
///         |wasi: &mut Wasi| wasi,
///         |store: &mut wasmtime::Store<Wasi>, instance: &wasmtime::Instance| {
///             instance.get_typed_func::<(), ()>(&mut *store, "_start")?.call(store, ())
///         }
///     )
/// }
/// ```
///
/// The arguments are the crate, for those who renamed it; the guest; what its threads may take; a linker, which need not
/// have the functions of WASI, and if it does, they are not used; the module; a closure that makes a store, on the thread
/// that will use it, around the guest that it is given; the closure of [`link_wasmtime!`](crate::link_wasmtime); and what
/// the main thread does with its instance. The value is a `wasmtime::Result` of what that returns.
///
/// Each thread has a store and an instance of its own. They share the guest, and the memories that the module imports as
/// shared: those that the linker has, and new ones for the others, which are gone when this returns.
///
/// # How it ends
/// Whatever comes first is the value: that `main` returns, or that any thread traps or exits, with the error that
/// [`link_wasmtime!`](crate::link_wasmtime) says. [`Wasi::cancel`](crate::Wasi::cancel), [`Wasi::exit`](crate::Wasi::exit)
/// and the guest's deadline end it too, from any thread, with [`Trap`](crate::Trap) or [`Exit`](crate::Exit), whatever it
/// does: they are how an embedder limits a guest of several threads. All threads and all that was made for them are gone
/// when this returns.
///
/// To stop what computes, the engine needs `Config::epoch_interruption`: without it a thread that makes no call is waited
/// for until it does. The stores' epoch deadlines are set here, and the epoch is incremented when a guest with several
/// threads ends: others that count epochs of the same engine count these too. To find threads in `memory.atomic.wait` takes
/// some ten nanoseconds for each word of the memory, if there are any. A function of the embedder's own that waits is the
/// embedder's to wake.
///
/// # What the guest is told
/// `thread-spawn` answers the thread's number, or `again` as a negative number if there are as many as there may be or
/// the system has none to give, `nomem` if there cannot be another instance, and `nosys` if the module does not export
/// `wasi_thread_start` as a function of two `i32`.
///
/// # Errors
/// [`NotThreaded`](crate::NotThreaded) for a module that begins threads which would not share its memory;
/// [`NotLinked`](crate::NotLinked) for an import that the linker does not have; those of `wasmtime::SharedMemory::new` and
/// `wasmtime::Instance::new`.
#[macro_export]
macro_rules! run_threads_wasmtime {
    (
        $wasmtime:ident, $wasi:expr, $limits:expr, $linker:expr, $module:expr, $store:expr, $get:expr, $main:expr
    ) => {{
        $crate::wasmtime_threads! { $wasmtime }

        fn run<T: 'static, R: Send>(
            wasi: &$crate::Wasi,
            limits: $crate::threads::ThreadLimits,
            linker: &$wasmtime::Linker<T>,
            module: &$wasmtime::Module,
            store: impl Fn($crate::Wasi) -> $wasmtime::Store<T> + Send + Sync + 'static,
            get: impl Fn(&mut T) -> &mut $crate::Wasi + Send + Sync + Copy + 'static,
            main: impl FnOnce(&mut $wasmtime::Store<T>, &$wasmtime::Instance) -> $wasmtime::Result<R>
            + Send,
        ) -> $wasmtime::Result<R> {
            let memories = ::std::sync::OnceLock::new();
            $crate::threads::Threads::run(
                wasi,
                limits,
                |threads| {
                    let program = Program {
                        wasi: wasi.clone(),
                        linker: $wasmtime::Linker::clone(linker),
                        module: $wasmtime::Module::clone(module),
                        store,
                        get,
                    };
                    let mut store = program.store(threads);
                    let begun = begin(program, &mut store, threads, &memories);
                    let (result, program) = match begun {
                        Ok(program) => {
                            let instance = program.instance(&mut store);
                            let result = instance.and_then(|instance| main(&mut store, &instance));
                            (result, Some(program))
                        }
                        Err(error) => (Err(error), None),
                    };
                    (result, (store, program))
                },
                |threads, round| {
                    // A thread that looked at the epoch just before needs another one, and hardly ever a tenth.
                    if round < 10 || round.is_power_of_two() {
                        module.engine().increment_epoch();
                    }
                    // Most threads have no need of more.
                    let memories = memories.get().filter(|_| round > 0);
                    let woken = memories.into_iter().flatten().map(|memory| wake(memory, threads));
                    woken.fold(false, |any, woken| any | woken)
                },
            )
        }

        run($wasi, $limits, $linker, $module, $store, $get, $main)
    }};
}

/// What a thread is made of; for [`run_threads_wasmtime!`], not for use by itself.
#[doc(hidden)]
#[macro_export]
macro_rules! wasmtime_threads {
    ($wasmtime:ident) => {
        type Threads = $crate::threads::Threads<$wasmtime::Error>;

        /// All that a thread begins with.
        struct Program<T: 'static, S, G> {
            wasi: $crate::Wasi,
            linker: $wasmtime::Linker<T>,
            module: $wasmtime::Module,
            store: S,
            get: G,
        }

        /// Where a function of the program finds the program, which has the function.
        type Begin<T, S, G> =
            ::std::sync::Arc<::std::sync::OnceLock<::std::sync::Weak<Program<T, S, G>>>>;

        impl<T: 'static, S, G> Program<T, S, G>
        where
            S: Fn($crate::Wasi) -> $wasmtime::Store<T> + Send + Sync + 'static,
            G: Fn(&mut T) -> &mut $crate::Wasi + Send + Sync + Copy + 'static,
        {
            /// A store whose code stops when the guest has ended.
            fn store(&self, threads: &Threads) -> $wasmtime::Store<T> {
                let mut store = (self.store)(self.wasi.clone());
                let threads = Threads::clone(threads);
                store.epoch_deadline_callback(move |_| match threads.has_ended() {
                    true => Err($crate::Trap::Cancelled.into()),
                    false => Ok($wasmtime::UpdateDeadline::Continue(1)),
                });
                store.set_epoch_deadline(1);
                store
            }

            fn instance(
                &self,
                store: &mut $wasmtime::Store<T>,
            ) -> $wasmtime::Result<$wasmtime::Instance> {
                let (linker, module, get) = (&self.linker, &self.module, self.get);
                $crate::instantiate_wasmtime!($wasmtime, &mut *store, linker, module, get)
            }

            /// What a thread needs to begin. What went wrong in the guest's own code is what the thread does.
            fn prepare(
                self: ::std::sync::Arc<Self>,
                threads: Threads,
                argument: i32,
            ) -> Option<
                impl FnOnce(
                    u32,
                ) -> (
                    $wasmtime::Result<()>,
                    ($wasmtime::Store<T>, ::std::sync::Arc<Self>),
                ),
            > {
                let mut store = self.store(&threads);
                let made = self.instance(&mut store).and_then(|instance| {
                    instance.get_typed_func::<(i32, i32), ()>(&mut store, START)
                });
                match made {
                    Err(error) if !is_the_guests(&error) => None,
                    made => Some(move |tid: u32| {
                        let result = match threads.has_ended() {
                            // Before the epoch was looked at.
                            true => Err($crate::Trap::Cancelled.into()),
                            false => made.and_then(|start| {
                                start.call(&mut store, (tid.cast_signed(), argument))
                            }),
                        };
                        (result, (store, self))
                    }),
                }
            }
        }

        const START: &str = "wasi_thread_start";

        /// Did the module's own code run, and fail?
        fn is_the_guests(error: &$wasmtime::Error) -> bool {
            error.is::<$wasmtime::WasmBacktrace>()
                || error.is::<$wasmtime::Trap>()
                || error.is::<$crate::Trap>()
                || error.is::<$crate::Exit>()
        }

        fn is_thread_start(module: &$wasmtime::Module) -> bool {
            match module.get_export(START) {
                Some($wasmtime::ExternType::Func(ty)) => {
                    ty.params().len() == 2
                        && ty.params().all(|ty| ty.is_i32())
                        && ty.results().len() == 0
                }
                _ => false,
            }
        }

        fn begins_threads(module: &$wasmtime::Module) -> bool {
            module
                .imports()
                .any(|import| $crate::threads::is_thread_spawn(import.module(), import.name()))
        }

        /// Makes ready what all threads begin with.
        fn begin<T: 'static, S, G>(
            mut program: Program<T, S, G>,
            store: &mut $wasmtime::Store<T>,
            threads: &Threads,
            memories: &::std::sync::OnceLock<Vec<$wasmtime::SharedMemory>>,
        ) -> $wasmtime::Result<::std::sync::Arc<Program<T, S, G>>>
        where
            S: Fn($crate::Wasi) -> $wasmtime::Store<T> + Send + Sync + 'static,
            G: Fn(&mut T) -> &mut $crate::Wasi + Send + Sync + Copy + 'static,
        {
            // Nobody else sets it.
            let _ = memories.set(share(&mut program, store)?);
            let begin = link(&mut program, threads)?;
            let program = ::std::sync::Arc::new(program);
            let _ = begin.set(::std::sync::Arc::downgrade(&program));
            Ok(program)
        }

        /// Sees to it that all threads have the same memories: those that the module imports.
        fn share<T: 'static, S, G>(
            program: &mut Program<T, S, G>,
            store: &mut $wasmtime::Store<T>,
        ) -> $wasmtime::Result<Vec<$wasmtime::SharedMemory>> {
            let Program { linker, module, .. } = program;
            let begins_threads = begins_threads(module);
            if begins_threads && module.resources_required().num_memories > 0 {
                return Err($crate::NotThreaded::OwnMemory.into());
            }
            let mut memories = Vec::new();
            for import in module.imports() {
                let $wasmtime::ExternType::Memory(ty) = import.ty() else {
                    continue;
                };
                let (from, name) = (import.module(), import.name());
                if !ty.is_shared() {
                    if begins_threads {
                        return Err($crate::NotThreaded::unshared(from, name).into());
                    }
                    continue;
                }
                match linker.get_by_import(&mut *store, &import) {
                    Some($wasmtime::Extern::SharedMemory(memory)) => memories.push(memory),
                    // Instantiation says what is wrong with it.
                    Some(_) => {}
                    None => {
                        let memory = $wasmtime::SharedMemory::new(module.engine(), ty)?;
                        linker.define(&mut *store, from, name, memory.clone())?;
                        memories.push(memory);
                    }
                }
            }
            Ok(memories)
        }

        /// Adds `wasi:thread-spawn`. It begins threads as soon as it has been told with what.
        fn link<T: 'static, S, G>(
            program: &mut Program<T, S, G>,
            threads: &Threads,
        ) -> $wasmtime::Result<Begin<T, S, G>>
        where
            S: Fn($crate::Wasi) -> $wasmtime::Store<T> + Send + Sync + 'static,
            G: Fn(&mut T) -> &mut $crate::Wasi + Send + Sync + Copy + 'static,
        {
            let begin = Begin::<T, S, G>::default();
            let (threads, program_of) = (Threads::clone(threads), begin.clone());
            let can = is_thread_start(&program.module);
            let spawn = move |argument: i32| -> $wasmtime::Result<i32> {
                let Some(program) = program_of.get().and_then(|program| program.upgrade()) else {
                    return Ok($crate::threads::answer(Err(
                        $crate::threads::SpawnError::Unprepared,
                    ))?);
                };
                if !can {
                    return Ok($crate::threads::NO_START);
                }
                let group = Threads::clone(&threads);
                let begun = threads.spawn(move || program.prepare(group, argument));
                Ok($crate::threads::answer(begun)?)
            };
            program.linker.allow_shadowing(true);
            let (from, name) = $crate::threads::THREAD_SPAWN;
            program.linker.func_wrap(from, name, spawn)?;
            Ok(begin)
        }

        /// Wakes whoever waits in this memory; true if anybody did.
        fn wake(memory: &$wasmtime::SharedMemory, threads: &Threads) -> bool {
            $crate::threads::sweep(
                memory.data_size(),
                // It fails only for what is no word of the memory.
                |word| memory.atomic_notify(word, u32::MAX).unwrap_or_default(),
                || threads.inside() == 0,
            )
        }
    };
}
