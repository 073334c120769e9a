//! An engine for guests of several threads, and what is known of a run.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;
use wasi_shim::backends::{Capture, pipe};
use wasi_shim::threads::ThreadLimits;
use wasi_shim::{Builder, Exit, Trap, Wasi};
use wasmtime::{Config, Engine, Instance, Linker, Module, Store, StoreLimits, StoreLimitsBuilder};

/// What begins every module here: the imports, and a memory of one page that may become four.
pub(crate) const IMPORTS: &str = r#"
    (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "env" "memory" (memory 1 4 shared))
    (export "memory" (memory 0))"#;

/// A store's data. It counts how many there are.
pub(crate) struct State {
    wasi: Wasi,
    limits: StoreLimits,
    alive: Arc<AtomicUsize>,
    slow: bool,
}

impl Drop for State {
    fn drop(&mut self) {
        if self.slow {
            thread::sleep(Duration::from_millis(300));
        }
        self.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Everything but the guest.
pub(crate) struct Host {
    pub(crate) engine: Engine,
    pub(crate) linker: Linker<State>,
    pub(crate) limits: ThreadLimits,
    /// Only the first store may have an instance.
    pub(crate) poor: bool,
    /// All stores but the first take long to drop.
    pub(crate) slow: bool,
    /// How many stores there are, and how many there have been.
    alive: Arc<AtomicUsize>,
    made: Arc<AtomicUsize>,
}

impl Host {
    pub(crate) fn new() -> Self {
        let mut config = Config::new();
        config.shared_memory(true).epoch_interruption(true);
        let engine = Engine::new(&config).expect("an engine");
        Self {
            linker: Linker::new(&engine),
            engine,
            limits: ThreadLimits::default(),
            poor: false,
            slow: false,
            alive: Arc::default(),
            made: Arc::default(),
        }
    }

    pub(crate) fn module(&self, text: &str) -> Module {
        Module::new(&self.engine, format!("(module {IMPORTS} {text})")).expect("a module")
    }

    /// Runs a guest's `main`. Nothing is left of it.
    pub(crate) fn run_with<R: Send>(
        &self,
        module: &Module,
        wasi: &Wasi,
        main: impl FnOnce(&mut Store<State>, &Instance) -> wasmtime::Result<R> + Send,
    ) -> wasmtime::Result<R> {
        let store = self.stores();
        let linker = &self.linker;
        // From outside the crate, as an embedder with another version would write it.
        let ended = wasi_shim::run_threads_wasmtime!(
            wasmtime,
            wasi,
            self.limits,
            linker,
            module,
            store,
            |state: &mut State| &mut state.wasi,
            main
        );
        assert_eq!(self.alive.load(Ordering::SeqCst), 0, "a store is left");
        ended
    }

    /// What makes stores.
    fn stores(&self) -> impl Fn(Wasi) -> Store<State> + Send + Sync + 'static {
        let (engine, poor, slow) = (self.engine.clone(), self.poor, self.slow);
        let (alive, made) = (self.alive.clone(), self.made.clone());
        move |wasi| {
            alive.fetch_add(1, Ordering::SeqCst);
            let first = made.fetch_add(1, Ordering::SeqCst) == 0;
            let instances = usize::from(first || !poor);
            let state = State {
                wasi,
                limits: StoreLimitsBuilder::new().instances(instances).build(),
                alive: alive.clone(),
                slow: slow && !first,
            };
            let mut store = Store::new(&engine, state);
            store.limiter(|state| &mut state.limits);
            store
        }
    }

    /// A store, for what belongs to none.
    pub(crate) fn store(&self, wasi: Wasi) -> Store<State> {
        self.stores()(wasi)
    }

    /// Runs a command.
    pub(crate) fn run(&self, module: &Module, wasi: &Wasi) -> wasmtime::Result<()> {
        self.run_with(module, wasi, |store, instance| {
            let start = instance.get_typed_func::<(), ()>(&mut *store, "_start")?;
            start.call(store, ())
        })
    }

    /// How many stores there have been.
    pub(crate) fn made(&self) -> usize {
        self.made.load(Ordering::SeqCst)
    }
}

/// A guest whose standard input is a pipe into which nobody writes.
pub(crate) fn guest(build: impl FnOnce(Builder) -> Builder) -> (Wasi, impl Sized) {
    let (input, held) = pipe(16);
    let builder = Wasi::builder().stdin(input).stdout(Capture::new(1 << 16));
    (build(builder).build().expect("a guest"), held)
}

/// How a run ended, in a word.
pub(crate) fn how<R: std::fmt::Debug>(ended: wasmtime::Result<R>) -> String {
    match ended {
        Ok(value) => format!("returned {value:?}"),
        Err(error) => {
            if let Some(Exit(code)) = error.downcast_ref() {
                return format!("exited {code}");
            }
            if let Some(trap) = error.downcast_ref::<Trap>() {
                return trap.to_string();
            }
            match error.downcast_ref::<wasmtime::Trap>() {
                Some(trap) => trap.to_string(),
                None => format!("{error:#}"),
            }
        }
    }
}
