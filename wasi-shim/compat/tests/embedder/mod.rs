//! Small embedders, each in the shape of one that there is. They name nothing that wasi-common 46 does not have.

#![allow(missing_docs, unreachable_pub, reason = "an embedder's own")]

pub mod devices;
pub mod plain;
pub mod quota;
pub mod read_only;
pub mod socket;
pub mod stdin;
pub mod tree;
