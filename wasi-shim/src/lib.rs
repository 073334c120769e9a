//! WASI preview1.
pub mod abi;
pub mod vfs;
