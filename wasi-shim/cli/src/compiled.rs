//! Knows how compiled code becomes a module that can run; the only file that may say `unsafe`.
//! Refuses to know where compiled code comes from beyond what each function demands of it.
//! For `load` alone.

#![allow(unsafe_code)]

use std::{fs::File, io::Read, path::Path};

use wasmtime::{Engine, Error, Module, Result};

/// `entry` must come from `Cache`, which answers only for files that it made or that nobody else could have.
pub(crate) fn cached(engine: &Engine, entry: &File) -> Result<Module> {
    let mapped = entry.try_clone()?;
    // SAFETY: the contents were written by `precompile_module`: the cache hands out only files of the current user
    // that nobody else may write, from a directory of which the same is true. They stay as they are while they are
    // mapped, because entries are never written in place: they are replaced by renaming and removed by unlinking,
    // which both leave the mapped file alone.
    unsafe { Module::deserialize_open_file(engine, mapped) }.or_else(|_| copied(engine, entry))
}

/// Code cannot be mapped from a file system mounted `noexec`, but it can be copied from there.
fn copied(engine: &Engine, mut entry: &File) -> Result<Module> {
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes)?;
    // SAFETY: the same contents as in `cached`, and for the same reasons the output of `precompile_module`.
    unsafe { Module::deserialize(engine, bytes) }
}

/// Compiles `wasm`, shows the result to `keep` and loads it from the file that `keep` answers with, if any.
pub(crate) fn compile(
    engine: &Engine,
    wasm: &[u8],
    keep: impl FnOnce(&[u8]) -> Option<File>,
) -> Result<Module> {
    let code = engine.precompile_module(wasm)?;
    let entry = keep(&code).ok_or_else(|| Error::msg("not kept"));
    entry.and_then(|entry| cached(engine, &entry)).or_else(|_| {
        // SAFETY: these bytes are what `precompile_module` returned above.
        unsafe { Module::deserialize(engine, &code) }
    })
}

/// `file` must be one that the user named as native code to run, by its `.cwasm` ending.
pub(crate) fn trusted(engine: &Engine, file: &Path) -> Result<Module> {
    // SAFETY: not ours to establish. Whoever runs a `.cwasm` vouches that it came out of `wasi-shim compile` and that
    // nobody changes it meanwhile, as with any native program; the documentation of both commands says so. What the
    // engine can check, its version and settings, it checks.
    unsafe { Module::deserialize_file(engine, file) }
}
