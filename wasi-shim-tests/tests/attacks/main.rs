//! Every known way in which a library like this one was broken, as the calls of a guest, on every back end: a directory of
//! the host, a tree in memory, and overlays of the one over the other; with `openat2`, and where it fails.
//!
//! A test is a row, and its name begins with the row's number: `cargo test -p wasi-shim-tests --test attacks a19`. The
//! whole table is printed by `--test attacks table -- --nocapture`. `spec-notes/attacks.md` has it, too.
#![cfg(target_os = "linux")]

mod arithmetic;
mod descriptors;
mod escapes;
mod exhaustion;
mod links;
mod memory;
mod names;
mod others;
mod page;
mod polling;
mod process;
mod races;
mod read_only;
mod row;
mod scene;
mod special_files;
mod support;
mod table;
mod windows;
