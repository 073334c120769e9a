//! Adapters to engines: exported macros that expand against the embedder's own engine, so that any of its versions works.
//!
//! This room knows how an engine passes arguments and memories. It decides nothing about a call: it fetches the memory,
//! calls the dispatcher and turns the outcome into what the engine understands. For the engine versions named in
//! `Cargo.toml` a feature makes the plain function that people expect, with the same macro.

mod wasmtime_macro;

#[cfg(feature = "wasmtime")]
pub mod wasmtime;
