//! Knows how a loaded module is run: its store, its imports, the calls into it and what came of them.
//! Refuses to know where the module came from, and about time.
//! For `engines`, whose programs get a thread of their own.

use std::path::PathBuf;

use wasmtime::{Engine, Error, Instance, Linker, Module, Store, Val};

use crate::{
    engines::{shown, value},
    entry::Entry,
    failure::Failure,
    imports::Imports,
    interface::Value,
    invoke,
    limits::Budget,
    load::one_line,
    options::UnknownImports,
    outcome,
    shim::{self, ThreadLimits, Wasi},
    threaded,
};

/// Everything that has to be there before the guest runs.
pub(crate) struct Guest {
    pub(crate) file: PathBuf,
    pub(crate) module: Module,
    pub(crate) entry: Entry,
    pub(crate) wasi: Wasi,
    pub(crate) budget: Budget,
    pub(crate) unknown_imports: Option<UnknownImports>,
    /// If it may have threads.
    pub(crate) threads: Option<ThreadLimits>,
}

pub(crate) struct State {
    pub(crate) wasi: Wasi,
    pub(crate) budget: Budget,
}

impl Guest {
    /// Answers the guest's exit code.
    pub(crate) fn run(self, engine: &Engine) -> Result<u32, Failure> {
        match self.threads {
            Some(limits) if threaded::needs_to_be(&self.module) => threaded::run(self, limits),
            _ => self.run_alone(engine),
        }
    }

    fn run_alone(self, engine: &Engine) -> Result<u32, Failure> {
        let Self {
            file,
            module,
            entry,
            wasi,
            budget,
            unknown_imports,
            threads: _,
        } = self;
        let mut store = Store::new(engine, State { wasi, budget });
        store.limiter(|state| &mut state.budget);
        // Counts only in code that was compiled to look at it; `Deadline` then moves the clock to it.
        store.set_epoch_deadline(1);
        let mut linker = Linker::new(engine);
        shim::link(&mut linker, |state: &mut State| &mut state.wasi).map_err(|error| {
            Failure::Instantiation {
                file: file.clone(),
                reason: one_line(&error),
            }
        })?;
        Imports {
            file: &file,
            module: &module,
            unknown: unknown_imports,
            threads: false,
        }
        .complete(&mut linker, &mut store)?;
        let made = shim::instantiate(&mut store, &linker, &module, |state| &mut state.wasi);
        let instance = match made {
            Ok(instance) => instance,
            Err(error) => return outcome::of_instantiation(&file, &error),
        };
        match enter(&mut store, instance, &entry) {
            Ok(results) => invoke::print(&results).map(|()| 0),
            Err(error) => outcome::of_call(&error),
        }
    }
}

pub(crate) fn enter(
    store: &mut Store<State>,
    instance: Instance,
    entry: &Entry,
) -> Result<Vec<Value>, Error> {
    if entry.initialize {
        call(store, instance, Entry::INITIALIZE, &[])?;
    }
    call(store, instance, &entry.function, &entry.arguments)
}

fn call(
    store: &mut Store<State>,
    instance: Instance,
    name: &str,
    arguments: &[Value],
) -> Result<Vec<Value>, Error> {
    let function = instance
        .get_func(&mut *store, name)
        .ok_or_else(|| Error::msg(format!("no function `{name}`")))?;
    let mut results = vec![Val::I32(0); function.ty(&*store).results().len()];
    let arguments: Vec<Val> = arguments.iter().map(value).collect();
    function.call(&mut *store, &arguments, &mut results)?;
    Ok(results.iter().map(shown).collect())
}
