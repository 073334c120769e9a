//! wasi-shim for hosts written in C.
