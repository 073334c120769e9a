//! Knows how a module is run on wasmi: its store, its limits, the calls into it and what came of them.
//! Refuses to know where the module came from, and how long it may take: it is told when that was too long.
//! For the engine's programs, each on a thread of its own.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use wasmi::{
    Engine, Error, Instance, Linker, Module, ResourceLimiter, Store, TrapCode, Val, ValType,
    errors::{ErrorKind, MemoryError, TableError},
};
use wasmi_core::LimiterError;

use super::{imports, shown, value};
use crate::{
    entry::Entry,
    failure::Failure,
    interface::Value,
    invoke,
    limits::{Budget, ELEMENT},
    load::one_line,
    options::UnknownImports,
    shim::{self, Wasi},
};

/// Everything that has to be there before the guest runs.
pub(super) struct Guest {
    pub(super) file: PathBuf,
    pub(super) module: Module,
    pub(super) entry: Entry,
    pub(super) wasi: Wasi,
    pub(super) budget: Budget,
    pub(super) unknown_imports: Option<UnknownImports>,
    /// Set when the guest's time is over. Code that computes does not look at it; then the process ends without it.
    pub(super) stopped: Arc<AtomicBool>,
}

struct State {
    wasi: Wasi,
    budget: Budget,
}

impl Guest {
    /// Answers the guest's exit code.
    pub(super) fn run(self, engine: &Engine) -> Result<u32, Failure> {
        let Self {
            file,
            module,
            entry,
            wasi,
            budget,
            unknown_imports,
            stopped,
        } = self;
        let mut store = Store::new(engine, State { wasi, budget });
        store.limiter(|state| &mut state.budget);
        let mut linker = Linker::new(engine);
        let linked = shim::link_wasmi(&mut linker, |state: &mut State| &mut state.wasi);
        linked.map_err(|error| not_instantiated(&file, &error))?;
        imports::complete(&file, &module, unknown_imports, &mut linker, &mut store)?;
        let instance = match linker.instantiate_and_start(&mut store, &module) {
            Ok(instance) => instance,
            Err(error) => return of_instantiation(&file, &error),
        };
        let ended = enter(&mut store, instance, &entry);
        if stopped.load(Ordering::SeqCst) {
            return Err(Failure::Trapped("it was stopped".to_owned()));
        }
        match ended {
            Ok(results) => invoke::print(&results).map(|()| 0),
            Err(error) => of_call(&error),
        }
    }
}

fn enter(store: &mut Store<State>, instance: Instance, entry: &Entry) -> Result<Vec<Value>, Error> {
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
        .get_func(&*store, name)
        .ok_or_else(|| Error::new(format!("no function `{name}`")))?;
    let results = function.ty(&*store).results().len();
    let mut results = vec![Val::default_for_ty(ValType::I32); results];
    let arguments: Vec<Val> = arguments.iter().map(value).collect();
    function.call(&mut *store, &arguments, &mut results)?;
    Ok(results.iter().map(shown).collect())
}

/// An error from a call: the guest ran, so whatever is not an exit stopped it.
fn of_call(error: &Error) -> Result<u32, Failure> {
    match error.i32_exit_status() {
        Some(code) => Ok(code.cast_unsigned()),
        None => Err(Failure::Trapped(describe(error))),
    }
}

/// An error from instantiation: that runs the guest only if the module has a start function.
fn of_instantiation(file: &Path, error: &Error) -> Result<u32, Failure> {
    match error.kind() {
        ErrorKind::I32ExitStatus(_) | ErrorKind::TrapCode(_) | ErrorKind::Host(_) => of_call(error),
        _ => Err(not_instantiated(file, error)),
    }
}

fn not_instantiated(file: &Path, error: &Error) -> Failure {
    Failure::Instantiation {
        file: file.to_owned(),
        reason: one_line(error),
    }
}

fn describe(error: &Error) -> String {
    let cause = one_line(error);
    match error.as_trap_code() {
        Some(TrapCode::StackOverflow) => format!("{cause} (--max-stack allows more)"),
        _ => cause,
    }
}

impl ResourceLimiter for Budget {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, LimiterError> {
        Ok(self.grow(current, desired, maximum, 1))
    }

    fn memory_grow_failed(&mut self, _error: &MemoryError) -> Result<(), LimiterError> {
        self.give_back();
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, LimiterError> {
        Ok(self.grow(current, desired, maximum, ELEMENT))
    }

    fn table_grow_failed(&mut self, _error: &TableError) -> Result<(), LimiterError> {
        self.give_back();
        Ok(())
    }

    fn instances(&self) -> usize {
        usize::MAX
    }

    fn tables(&self) -> usize {
        usize::MAX
    }

    fn memories(&self) -> usize {
        usize::MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(stopped: bool) -> Result<u32, Failure> {
        let engine = Engine::default();
        let text = r#"(module (func (export "_start")))"#;
        let wasm = wat::parse_str(text).unwrap();
        let entry = Entry {
            initialize: false,
            function: "_start".to_owned(),
            arguments: Vec::new(),
        };
        let guest = Guest {
            file: "app.wat".into(),
            module: Module::new(&engine, wasm).unwrap(),
            entry,
            wasi: Wasi::builder().build().unwrap(),
            budget: Budget::new(None),
            unknown_imports: None,
            stopped: Arc::new(AtomicBool::new(stopped)),
        };
        guest.run(&engine)
    }

    #[test]
    fn a_guest_that_ends_after_it_was_stopped_has_not_ended_in_time() {
        assert!(matches!(run(false), Ok(0)));
        assert!(matches!(run(true), Err(Failure::Trapped(_))));
    }
}
