//! Knows how a run on wasmi is prepared: what it refuses, how its engine is set up, and how its words are those of
//! `interface`. Refuses to know what happens once the guest runs. For `engines`.

mod features;
mod guest;
mod imports;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use wasmi::{Config, Engine, ExternType, F32, F64, Module, Val, ValType};

use super::Program;
use crate::{
    entry::Chooser,
    failure::Failure,
    interface::{Export, Function, Interface, Kind, Type, Value},
    limits::Budget,
    load::one_line,
    options::Run,
    shim::Wasi,
    source,
};

/// What one call takes of the stack besides its values.
const FRAME: usize = 32;

pub(super) fn prepare(options: &Run, file: &Path, wasi: Wasi) -> Result<Program, Failure> {
    if options.cache.cache_dir.is_some() {
        return Err(Failure::NoCache);
    }
    if source::is_precompiled(file) {
        return Err(Failure::NativeCode(file.to_owned()));
    }
    let engine = engine(options)?;
    let module = Module::new(&engine, source::read(file)?.wasm);
    let module = module.map_err(|error| Failure::Uncompilable {
        file: file.to_owned(),
        reason: one_line(&error),
    })?;
    let interface = interface(&module);
    let chooser = Chooser {
        file,
        interface: &interface,
    };
    let stopped = Arc::new(AtomicBool::new(false));
    let guest = guest::Guest {
        file: file.to_owned(),
        module,
        entry: chooser.choose(options)?,
        wasi,
        budget: Budget::new(options.max_memory),
        unknown_imports: options.unknown_imports,
        stopped: Arc::clone(&stopped),
    };
    Ok(Program {
        run: Box::new(move || guest.run(&engine)),
        stop: Box::new(move || stopped.store(true, Ordering::SeqCst)),
    })
}

fn engine(options: &Run) -> Result<Engine, Failure> {
    let mut config = Config::default();
    config.set_max_stack_height(options.max_stack);
    config.set_max_recursion_depth(options.max_stack / FRAME);
    for setting in &options.engine.features {
        features::apply(*setting, &mut config)?;
    }
    Ok(Engine::new(&config))
}

fn interface(module: &Module) -> Interface {
    let exports = module.exports().map(|export| Export {
        name: export.name().to_owned(),
        kind: kind(export.ty()),
    });
    Interface {
        imports: module.imports().map(|i| i.module().to_owned()).collect(),
        exports: exports.collect(),
    }
}

fn kind(ty: &ExternType) -> Kind {
    match ty {
        ExternType::Func(ty) => Kind::Function(Function {
            params: ty.params().iter().map(self::ty).collect(),
            results: ty.results().len(),
        }),
        ExternType::Memory(_) => Kind::Memory,
        _ => Kind::Other,
    }
}

fn ty(ty: &ValType) -> Type {
    match ty {
        ValType::I32 => Type::I32,
        ValType::I64 => Type::I64,
        ValType::F32 => Type::F32,
        ValType::F64 => Type::F64,
        ValType::V128 => Type::V128,
        ValType::FuncRef => Type::Other("funcref".to_owned()),
        ValType::ExternRef => Type::Other("externref".to_owned()),
    }
}

/// A value for a function's parameter; references cannot be given.
fn value(value: &Value) -> Val {
    match value {
        Value::I32(value) => Val::I32(*value),
        Value::I64(value) => Val::I64(*value),
        Value::F32(bits) => Val::F32(F32::from_bits(*bits)),
        Value::F64(bits) => Val::F64(F64::from_bits(*bits)),
        Value::V128(value) => Val::V128((*value).into()),
        Value::Reference(_) => Val::default_for_ty(ValType::FuncRef),
    }
}

fn shown(value: &Val) -> Value {
    match value {
        Val::I32(value) => Value::I32(*value),
        Val::I64(value) => Value::I64(*value),
        Val::F32(value) => Value::F32(value.to_bits()),
        Val::F64(value) => Value::F64(value.to_bits()),
        Val::V128(value) => Value::V128(value.as_u128()),
        Val::FuncRef(value) if value.is_null() => Value::Reference("<null funcref>"),
        Val::FuncRef(_) => Value::Reference("<funcref>"),
        Val::ExternRef(value) if value.is_null() => Value::Reference("<null externref>"),
        Val::ExternRef(_) => Value::Reference("<externref>"),
    }
}
