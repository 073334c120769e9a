//! Knows how FILE becomes a module: from the cache if it can, with the compiler if it must.
//! Refuses to know what the module is for.
//! For the command `run`.

use std::{fmt::Display, path::Path};

use wasmtime::{Engine, Module};

use crate::{
    cache::{Cache, Identity, Key},
    compiled,
    failure::Failure,
    source,
};

pub(crate) fn precompiled(engine: &Engine, file: &Path) -> Result<Module, Failure> {
    compiled::trusted(engine, file).map_err(|error| Failure::Stale {
        file: file.to_owned(),
        reason: error.root_cause().to_string(),
    })
}

pub(crate) fn module(
    engine: &Engine,
    file: &Path,
    cache: Option<&Cache>,
) -> Result<Module, Failure> {
    let identity = Identity::of(file, &source::metadata(file)?);
    // A hit costs no look into FILE, which is why what FILE is gets checked only below.
    let hit = cache
        .zip(identity)
        .and_then(|(cache, identity)| from_cache(engine, cache, &identity));
    match hit {
        Some(module) => Ok(module),
        None => compile(engine, file, cache),
    }
}

fn from_cache(engine: &Engine, cache: &Cache, identity: &Identity) -> Option<Module> {
    let entry = cache.find(&Key::new(identity, engine))?;
    // An entry that does not load is as good as none: the one made instead replaces it.
    compiled::cached(engine, &entry).ok()
}

fn compile(engine: &Engine, file: &Path, cache: Option<&Cache>) -> Result<Module, Failure> {
    let source = source::read(file)?;
    let keep = |code: &[u8]| cache?.keep(&Key::new(source.identity.as_ref()?, engine), code);
    compiled::compile(engine, &source.wasm, keep).map_err(|error| Failure::Uncompilable {
        file: file.to_owned(),
        reason: one_line(&error),
    })
}

pub(crate) fn one_line(error: &impl Display) -> String {
    format!("{error:#}")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}
