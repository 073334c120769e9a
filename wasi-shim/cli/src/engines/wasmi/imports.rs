//! Knows which of a module's imports nobody provides, and how they can be stood in for on wasmi, which has nothing for it.
//! Refuses to know what the provided ones do.
//! For the guest, before it is instantiated.

use wasmi::{
    Error, ExternType, FuncType, Global, ImportType, Linker, Memory, Module, Ref, Store, Table, Val,
};

use crate::{
    failure::Failure,
    imports::{self, Advice},
    options::UnknownImports,
    shim,
};
use std::path::Path;

/// After this, instantiation finds every import.
pub(super) fn complete<T: 'static>(
    file: &Path,
    module: &Module,
    unknown: Option<UnknownImports>,
    linker: &mut Linker<T>,
    store: &mut Store<T>,
) -> Result<(), Failure> {
    // A module may import the same thing more than once.
    linker.allow_shadowing(true);
    let mut missing = Vec::new();
    for import in module.imports().filter(is_unknown) {
        let made = match unknown {
            Some(how) => stand_in(how, &import, linker, store),
            None => Ok(false),
        };
        let made = made.map_err(|error| Failure::Instantiation {
            file: file.to_owned(),
            reason: error.to_string(),
        })?;
        if !made {
            missing.push(import);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let advice = match missing.iter().all(|import| import.ty().func().is_some()) {
        true => Advice::Trap,
        false => Advice::Default,
    };
    let names = missing.iter().map(describe).collect();
    Err(imports::report(file, names, advice))
}

fn is_unknown(import: &ImportType<'_>) -> bool {
    !shim::defines(import.module(), import.name())
}

/// Whether there is something that can stand in.
fn stand_in<T: 'static>(
    how: UnknownImports,
    import: &ImportType<'_>,
    linker: &mut Linker<T>,
    store: &mut Store<T>,
) -> Result<bool, Error> {
    let (module, name) = (import.module(), import.name());
    match (how, import.ty()) {
        (UnknownImports::Trap, ExternType::Func(ty)) => traps(linker, module, name, ty)?,
        (UnknownImports::Trap, _) => return Ok(false),
        (UnknownImports::Default, ExternType::Func(ty)) => zeros(linker, module, name, ty)?,
        (UnknownImports::Default, ExternType::Global(ty)) => {
            let zero = Val::default_for_ty(ty.content());
            let global = Global::new(&mut *store, zero, ty.mutability());
            linker.define(module, name, global)?;
        }
        (UnknownImports::Default, ExternType::Memory(ty)) => {
            let memory = Memory::new(&mut *store, *ty)?;
            linker.define(module, name, memory)?;
        }
        (UnknownImports::Default, ExternType::Table(ty)) => {
            let table = Table::new(&mut *store, *ty, Ref::default_for_ty(ty.element()))?;
            linker.define(module, name, table)?;
        }
    }
    Ok(true)
}

fn traps<T: 'static>(
    linker: &mut Linker<T>,
    module: &str,
    name: &str,
    ty: &FuncType,
) -> Result<(), Error> {
    let message = format!("it called `{module}::{name}`, which nobody provides");
    let trap =
        move |_: wasmi::Caller<'_, T>, _: &[Val], _: &mut [Val]| Err(Error::new(message.clone()));
    linker.func_new(module, name, ty.clone(), trap)?;
    Ok(())
}

fn zeros<T: 'static>(
    linker: &mut Linker<T>,
    module: &str,
    name: &str,
    ty: &FuncType,
) -> Result<(), Error> {
    let types = ty.results().to_vec();
    let zeros = move |_: wasmi::Caller<'_, T>, _: &[Val], results: &mut [Val]| {
        for (result, ty) in results.iter_mut().zip(&types) {
            *result = Val::default_for_ty(*ty);
        }
        Ok(())
    };
    linker.func_new(module, name, ty.clone(), zeros)?;
    Ok(())
}

fn describe(import: &ImportType<'_>) -> String {
    let kind = match import.ty() {
        ExternType::Func(_) => "function",
        ExternType::Global(_) => "global",
        ExternType::Table(_) => "table",
        ExternType::Memory(_) => "memory",
    };
    format!("{}::{} ({kind})", import.module(), import.name())
}
