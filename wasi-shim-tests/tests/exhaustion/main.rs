//! A guest that tries to use up its host: every limit of `spec-notes/limits.md` is reached, the memory of the process stays
//! flat, and a call that waits can be ended.

#![cfg(target_os = "linux")]

mod archives;
mod ending;
mod filesystems;
mod fixed;
mod handles;
mod kit;
mod resident;
mod rows;
mod settable;
mod streams;
mod waits;
