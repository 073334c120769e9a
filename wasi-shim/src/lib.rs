//! WASI preview1 for any WebAssembly host, over filesystems that one can plug in.
//!
//! A WebAssembly program reaches the outside world through the 46 functions of `wasi_snapshot_preview1`. This crate
//! answers them, for any engine, over anything that implements [`vfs::Dir`]: host directories, trees in memory, or what
//! you write in an afternoon. A guest cannot name anything outside a directory it was given, whatever the filesystem.
//!
//! ```
//! use wasi_shim::abi::{Abi, Syscall};
//! use wasi_shim::backends::{Capture, MemDir};
//! use wasi_shim::mem::Memory;
//! use wasi_shim::{Access, Outcome, Wasi};
//!
//! let tree = MemDir::new();
//! tree.file("greeting", "hello")?;
//! let output = Capture::new(1 << 20);
//! let wasi = Wasi::builder()
//!     .arg("program")
//!     .stdout(output.clone())
//!     .preopen("/", tree, Access::ReadWrite)
//!     .build()?;
//!
//! // What an engine does for `fd_write(1, [{ 16, 6 }], 1, &nwritten)`; `wasi_shim::raw` has the functions by name.
//! let mut memory = [0; 64];
//! memory[0] = 16;
//! memory[4] = 6;
//! memory[16..22].copy_from_slice(b"hello\n");
//! let outcome = wasi.call(Abi::Preview1, &mut Memory::new(&mut memory), Syscall::FdWrite, &[1, 0, 1, 8]);
//! assert!(matches!(outcome, Outcome::Return(0)));
//! assert_eq!(output.contents(), b"hello\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! With wasmtime it is `wasi_shim::wasmtime::instantiate(&mut store, &linker, &module, |state| &mut state.wasi)` (feature
//! `wasmtime`), `instantiate_pre` beside it for an instance for each request, or `add_to_linker`; for its other versions
//! [`instantiate_wasmtime!`], [`instantiate_pre_wasmtime!`] and [`link_wasmtime!`]. With wasmi it is
//! `wasi_shim::wasmi::add_to_linker` (feature `wasmi`), or [`link_wasmi!`].
//!
//! # Rooms
//!
//! | room | what it knows |
//! |---|---|
//! | [`abi`] | the wire: error codes, flags, records, the table of functions |
//! | [`mem`] | a guest's memory, for the duration of a call |
//! | [`vfs`] | the plug: what a filesystem is asked |
//! | `resolve` | paths: the only code that understands `/`, `.`, `..` and links |
//! | `sync` | what threads share; a checker of interleavings can take its place |
//! | `process` | one guest's state: descriptors, rights, limits |
//! | `calls` | the 46 handlers |
//! | `dispatch` | the door: [`Wasi::call`], [`Outcome`], [`Blocked`] |
//! | `builder` | what a guest is given, checked and made into one: [`Wasi::builder`] |
//! | `wait` | waiting where there is no operating system |
//! | [`backends`] | filesystems and streams that need no operating system |
//! | [`host`] | the operating system's (feature `host`, on by default) |
//! | `tokio` | waiting in an executor (feature `tokio`) |
//! | `threads` | the threads of one guest, and how they end (feature `threads`) |
//! | `engines` | adapters to engines |
//!
//! # Features
//!
//! * `host` (default): host directories, inherited streams and sockets, the system's clocks and random bytes. Unix.
//! * `wasmtime`, `wasmi`: the plain functions for the versions of these engines that this crate names.
//! * `tokio`: calls that wait without a thread, `wasi_shim::tokio::ready`; with `wasmtime`, `add_to_linker_async` and the
//!   like.
//! * `embedded`: `backends::Embedded`, a tree that was compiled into your program.
//! * `archive`: tar and zip files as read-only trees, [`backends`]`::Archive`.
//! * `threads`: guests of several threads, which begin them with `wasi:thread-spawn`.
//! * `contract`: `vfs::contract`, the suite that a filesystem of yours runs in its own tests.

pub mod abi;
pub mod backends;
mod builder;
mod calls;
mod dispatch;
mod engines;
#[cfg(all(feature = "host", unix))]
pub mod host;
pub mod mem;
mod process;
mod resolve;
mod sync;
#[cfg(feature = "threads")]
pub mod threads;
#[cfg(feature = "tokio")]
pub mod tokio;
pub mod vfs;
mod wait;

pub use builder::{BuildError, Builder, Given};
pub use dispatch::{Blocked, Exit, Outcome, Trap, Wasi, Watch, raw};
pub use engines::NotLinked;
#[cfg(feature = "threads")]
pub use engines::NotThreaded;
#[cfg(feature = "wasmi")]
pub use engines::wasmi;
#[cfg(feature = "wasmtime")]
pub use engines::wasmtime;
pub use process::{Access, FaultMode, Limits, RightsMode};
pub use wait::Parker;

/// The examples of the README, so that they are compiled and run.
#[cfg(all(doctest, feature = "wasmtime"))]
#[doc = include_str!("../../README.md")]
pub struct Readme;
