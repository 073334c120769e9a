//! Knows how a run on wasmtime is prepared, and how its words are those of `interface`.
//! Refuses to know how modules are loaded and guests run, which have files of their own.
//! For `engines`; `guest` takes the conversions.

use std::path::Path;

use wasmtime::{ExternType, Module, Val, ValType};

use super::Program;
use crate::{
    cache::{self, Cache},
    deadline,
    engine::{self, Settings},
    entry::Chooser,
    failure::Failure,
    features,
    guest::Guest,
    interface::{Export, Function, Interface, Kind, Type, Value},
    limits::Budget,
    load,
    options::{CacheOptions, Run},
    run::notice,
    shim::{self, Wasi},
    source,
};

pub(super) fn prepare(options: &Run, file: &Path, wasi: Wasi) -> Result<Program, Failure> {
    let precompiled = source::is_precompiled(file);
    let engine = engine::build(&Settings {
        features: &options.engine.features,
        stack: Some(options.max_stack),
        // `compile` makes code that runs as fast as it can, which is the other kind.
        interruptible: options.timeout.is_some() && !precompiled,
    })?;
    let module = match precompiled {
        true => load::precompiled(&engine, file)?,
        false => load::module(&engine, file, open_cache(&options.cache).as_ref())?,
    };
    let interface = interface(&module);
    let chooser = Chooser {
        file,
        interface: &interface,
    };
    let guest = Guest {
        file: file.to_owned(),
        module,
        entry: chooser.choose(options)?,
        wasi,
        budget: Budget::new(options.max_memory),
        unknown_imports: options.unknown_imports,
        threads: features::threads(&options.engine.features)
            .then(|| shim::thread_limits(options.max_threads, deadline::stack(options.max_stack))),
    };
    let ticking = engine.clone();
    Ok(Program {
        run: Box::new(move || guest.run(&engine)),
        stop: Box::new(move || ticking.increment_epoch()),
    })
}

/// Runs go without a cache where there can be none. Only who asked for a particular one hears about it.
fn open_cache(options: &CacheOptions) -> Option<Cache> {
    if options.no_cache {
        return None;
    }
    let Some(place) = &options.cache_dir else {
        return Cache::open(&cache::default_place()?).ok();
    };
    Cache::open(place)
        .inspect_err(|why| notice(&format_args!("not caching in `{}`: {why}", place.display())))
        .ok()
}

fn interface(module: &Module) -> Interface {
    let exports = module.exports().map(|export| Export {
        name: export.name().to_owned(),
        kind: kind(&export.ty()),
    });
    Interface {
        imports: module.imports().map(|i| i.module().to_owned()).collect(),
        exports: exports.collect(),
    }
}

fn kind(ty: &ExternType) -> Kind {
    match ty {
        ExternType::Func(ty) => Kind::Function(Function {
            params: ty.params().map(|ty| self::ty(&ty)).collect(),
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
        ValType::Ref(_) => Type::Other(ty.to_string()),
    }
}

/// A value for a function's parameter; references cannot be given.
pub(crate) fn value(value: &Value) -> Val {
    match value {
        Value::I32(value) => Val::I32(*value),
        Value::I64(value) => Val::I64(*value),
        Value::F32(bits) => Val::F32(*bits),
        Value::F64(bits) => Val::F64(*bits),
        Value::V128(value) => Val::V128((*value).into()),
        Value::Reference(_) => Val::FuncRef(None),
    }
}

/// As `wasmtime run --invoke` prints it.
pub(crate) fn shown(value: &Val) -> Value {
    match value {
        Val::I32(value) => Value::I32(*value),
        Val::I64(value) => Value::I64(*value),
        Val::F32(bits) => Value::F32(*bits),
        Val::F64(bits) => Value::F64(*bits),
        Val::V128(value) => Value::V128(value.as_u128()),
        Val::FuncRef(None) => Value::Reference("<null funcref>"),
        Val::FuncRef(Some(_)) => Value::Reference("<funcref>"),
        Val::ExternRef(None) => Value::Reference("<null externref>"),
        Val::ExternRef(Some(_)) => Value::Reference("<externref>"),
        _ => Value::Reference("<reference>"),
    }
}
