//! What the hosts under wasmtime have in common: an engine, compiled modules, an end to those that run too long.

use super::host::Module as File;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;
use wasmtime::{Config, Engine, Module, Store};

/// The version that this workspace has; a test compares it with `Cargo.lock`.
pub(super) const VERSION: &str = "wasmtime 48.0.8";

/// How often a guest looks whether its time is over.
const TICK: Duration = Duration::from_millis(100);

/// An engine, and the modules it has compiled.
pub(super) struct Compiled {
    engine: Engine,
    modules: Mutex<HashMap<PathBuf, Module>>,
}

impl Compiled {
    /// Starts an engine.
    pub(super) fn new() -> Result<Self, String> {
        let mut config = Config::new();
        config.epoch_interruption(true).shared_memory(true);
        let engine = Engine::new(&config).map_err(|error| format!("{error:#}"))?;
        let weak = engine.weak();
        thread::spawn(move || {
            while let Some(engine) = weak.upgrade() {
                engine.increment_epoch();
                drop(engine);
                thread::sleep(TICK);
            }
        });
        Ok(Self {
            engine,
            modules: Mutex::default(),
        })
    }

    /// The engine.
    pub(super) const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// A module, compiled once.
    pub(super) fn module(&self, file: &File) -> wasmtime::Result<Module> {
        let known = self
            .modules
            .lock()
            .ok()
            .and_then(|known| known.get(&file.path).cloned());
        if let Some(module) = known {
            return Ok(module);
        }
        let module = Module::new(&self.engine, &file.bytes)?;
        if let Ok(mut known) = self.modules.lock() {
            known.insert(file.path.clone(), module.clone());
        }
        Ok(module)
    }

    /// Ends a guest that computes for longer than this.
    pub(super) fn limit<T>(&self, store: &mut Store<T>, time: Duration) {
        let ticks = time.as_millis().div_ceil(TICK.as_millis());
        store.set_epoch_deadline(u64::try_from(ticks).unwrap_or(u64::MAX).saturating_add(1));
    }
}

/// An error and its causes on one line, without the backtrace.
pub(super) fn spell(error: &wasmtime::Error) -> String {
    let all: Vec<String> = error.chain().map(ToString::to_string).collect();
    let without = all
        .iter()
        .filter(|text| !text.starts_with("error while executing at wasm backtrace"));
    let texts: Vec<&str> = without.map(String::as_str).collect();
    if texts.is_empty() {
        "error".to_owned()
    } else {
        texts.join(": ")
    }
}
