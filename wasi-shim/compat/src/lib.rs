//! The interface of wasi-common 46, over wasi-shim.
