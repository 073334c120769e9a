//! Guests of several threads under wasmtime: what they compute, how they end, what is left of them.

mod beginning;
mod computing;
mod ending;
mod group;
mod kit;
