//! The embedders that the drop-in is tested with, compiled against wasi-common itself.

#[path = "../../../../wasi-shim/compat/tests/embedder/mod.rs"]
pub mod embedder;
