//! Knows how a guest is run that may have several threads: the memories they share, and a store for each of them.
//! Refuses to know how threads begin and end.
//! For `guest`, which runs all others.

use std::{path::Path, sync::Mutex};

use wasmtime::{Error, ExternType, Linker, MemoryType, Module, SharedMemory, Store};

use crate::{
    failure::Failure,
    guest::{self, Guest, State},
    imports::Imports,
    invoke,
    limits::{Budget, ELEMENT},
    load::one_line,
    options::UnknownImports,
    outcome,
    shim::{self, ThreadLimits, Wasi},
};

/// Whether a module asks for what only a guest of several threads is given.
pub(crate) fn needs_to_be(module: &Module) -> bool {
    module
        .imports()
        .any(|import| shim::begins_threads(&import) || shared(import.ty()).is_some())
}

/// A memory that threads can share.
pub(crate) fn shared(ty: ExternType) -> Option<MemoryType> {
    match ty {
        ExternType::Memory(ty) if ty.is_shared() => Some(ty),
        _ => None,
    }
}

/// Answers the guest's exit code.
pub(crate) fn run(guest: Guest, limits: ThreadLimits) -> Result<u32, Failure> {
    let Guest {
        file,
        module,
        entry,
        wasi,
        budget,
        unknown_imports,
        threads: _,
    } = guest;
    let refused = |error: &Error| Failure::Instantiation {
        file: file.clone(),
        reason: one_line(error),
    };
    let mut linker = Linker::new(module.engine());
    shim::link(&mut linker, get).map_err(|error| refused(&error))?;
    let budget = Memories {
        module: &module,
        threads: limits.count,
    }
    .define(&mut linker, budget, &wasi)
    .map_err(|error| refused(&error))?;
    complete(&file, &module, unknown_imports, &mut linker, &wasi)?;
    let engine = module.engine().clone();
    let budget = Mutex::new(budget);
    // What happened before there was an instance is told otherwise than what happened in it.
    let mut instantiated = false;
    let ended = shim::run_threads(
        limits,
        &linker,
        &module,
        &wasi,
        move |wasi| {
            let budget = budget.lock().map(|budget| budget.shared());
            let budget = budget.unwrap_or_else(|_| Budget::new(Some(0)));
            let mut store = Store::new(&engine, State { wasi, budget });
            store.limiter(|state| &mut state.budget);
            store
        },
        get,
        |store, instance| {
            instantiated = true;
            guest::enter(store, instance, &entry)
        },
    );
    match ended {
        Ok(results) => invoke::print(&results).map(|()| 0),
        Err(error) if instantiated => outcome::of_call(&error),
        Err(error) => outcome::of_instantiation(&file, &error),
    }
}

fn get(state: &mut State) -> &mut Wasi {
    &mut state.wasi
}

fn complete(
    file: &Path,
    module: &Module,
    unknown: Option<UnknownImports>,
    linker: &mut Linker<State>,
    wasi: &Wasi,
) -> Result<(), Failure> {
    if matches!(unknown, Some(UnknownImports::Default)) {
        return Err(Failure::Instantiation {
            file: file.to_owned(),
            reason: "--unknown-imports default makes what only one thread can use, and it may begin more"
                .to_owned(),
        });
    }
    let imports = Imports {
        file,
        module,
        unknown,
        threads: true,
    };
    imports.complete(linker, &mut nobodys(module, wasi))
}

/// A store for what belongs to none.
fn nobodys(module: &Module, wasi: &Wasi) -> Store<State> {
    let (wasi, budget) = (wasi.clone(), Budget::new(None));
    Store::new(module.engine(), State { wasi, budget })
}

/// The memories that a module imports as shared.
struct Memories<'a> {
    module: &'a Module,
    threads: u32,
}

impl Memories<'_> {
    /// Makes them, and answers what is left for tables. The engine asks nobody when a shared memory grows, so it is taken as
    /// large as it can become, and that is no more than there is.
    fn define(
        &self,
        linker: &mut Linker<State>,
        mut budget: Budget,
        wasi: &Wasi,
    ) -> Result<Budget, Error> {
        let mut store = nobodys(self.module, wasi);
        let mut left = budget.limit().saturating_sub(self.tables(budget.limit()));
        for import in self.module.imports() {
            let Some(ty) = shared(import.ty()) else {
                continue;
            };
            // Imported twice, it is the same one.
            if linker.get_by_import(&mut store, &import).is_some() {
                continue;
            }
            let ty = within(&ty, left)?;
            let most = ty
                .maximum()
                .unwrap_or_default()
                .saturating_mul(ty.page_size());
            let most = usize::try_from(most).unwrap_or(usize::MAX).min(left);
            left = left.saturating_sub(most);
            budget.take(most);
            let memory = SharedMemory::new(self.module.engine(), ty)?;
            linker.define(&store, import.module(), import.name(), memory)?;
        }
        Ok(budget)
    }

    /// What the tables of so many instances begin with, but no more than an eighth of everything.
    fn tables(&self, limit: usize) -> usize {
        let needed = self.module.resources_required();
        let size = needed.max_initial_table_size.unwrap_or_default();
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let tables = usize::try_from(needed.num_tables).unwrap_or(usize::MAX);
        let threads = usize::try_from(self.threads).unwrap_or(usize::MAX);
        let all = size
            .saturating_mul(ELEMENT)
            .saturating_mul(tables)
            .saturating_mul(threads.saturating_add(1));
        all.min(limit / 8)
    }
}

/// The type of a memory that cannot grow beyond so many bytes.
fn within(ty: &MemoryType, bytes: usize) -> Result<MemoryType, Error> {
    let (least, page) = (ty.minimum(), ty.page_size());
    let most = u64::try_from(bytes).unwrap_or(u64::MAX) / page;
    if least > most {
        let size = least.saturating_mul(page);
        return Err(Error::msg(format!(
            "its memory begins with {size} bytes, which is more than --max-memory leaves for it"
        )));
    }
    let most = ty.maximum().map_or(most, |declared| declared.min(most));
    let mut builder = wasmtime::MemoryTypeBuilder::default();
    builder
        .shared(true)
        .min(least)
        .max(Some(most))
        .memory64(ty.is_64());
    builder.page_size_log2(u8::try_from(page.trailing_zeros())?);
    builder.build()
}
