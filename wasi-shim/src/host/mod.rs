//! The host's directories, streams, sockets, clocks and random bytes.
//!
//! This room knows system calls and how systems differ. It has never heard of guests, paths of several names (but for
//! the accelerator in `deep`), descriptors or rights: it implements the traits of [`vfs`](crate::vfs), and the shim
//! does the rest. Whoever builds a guest may use it; no other room does.
//!
//! # What can be reached
//!
//! `open_dir` is the only function that takes a path of the host. Everything else is reached from a handle that the
//! embedder has: a directory, by names that hold no slash and are never followed; a stream; a socket.
//!
//! # Where it runs
//!
//! On Linux, where it is tested. It is written for the other Unix systems too, but not tested there. On Windows it
//! does not exist yet.

mod clock;
mod entropy;
mod errno;
mod facts;

pub use clock::OsClock;
pub use entropy::OsEntropy;
