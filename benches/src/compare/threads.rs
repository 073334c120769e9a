//! Several guests at once that share a context, and with it the table of descriptors.

use super::hosts::{Failed, Host, itself};
use std::thread;
use std::time::{Duration, Instant};
use wasi_shim::abi::{Abi, Syscall};
use wasi_shim::backends::MemDir;
use wasi_shim::mem::Memory;
use wasi_shim::{Access, Outcome, Wasi};
use wasmtime::{Linker, Module, Result, Store, TypedFunc};

/// A guest that asks for the offset of a descriptor, over and over.
const ASKS: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_tell" (func $tell (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "run") (param $fd i32) (param $n i32)
        (loop $again
            (if (call $tell (local.get $fd) (i32.const 8)) (then unreachable))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))"#;

/// A context with one file to be opened.
///
/// # Errors
/// Those of making it.
pub fn context() -> Result<Wasi> {
    let root = MemDir::new();
    root.file("file", "content")?;
    Ok(Wasi::builder()
        .preopen("/", root, Access::ReadWrite)
        .build()?)
}

/// Opens the file this many times.
///
/// # Errors
/// What the calls answer.
pub fn descriptors(wasi: &Wasi, count: usize) -> Result<Vec<i32>> {
    let mut bytes = [0; 64];
    bytes[..4].copy_from_slice(b"file");
    let rights = 1 << 1 | 1 << 2 | 1 << 5;
    let args = [3, 0, 0, 4, 0, rights, 0, 0, 16];
    let open = |_| {
        let mut memory = Memory::new(&mut bytes);
        match wasi.call(Abi::Preview1, &mut memory, Syscall::PathOpen, &args) {
            Outcome::Return(0) => Ok(i32::from_le_bytes([
                bytes[16], bytes[17], bytes[18], bytes[19],
            ])),
            other => wasmtime::bail!("path_open: {other:?}"),
        }
    };
    (0..count).map(open).collect()
}

/// So many threads, each with an instance of its own, on one context.
pub struct Threads {
    name: String,
    guests: Vec<Guest>,
}

struct Guest {
    store: Store<Wasi>,
    run: TypedFunc<(i32, i32), ()>,
    fd: i32,
}

impl Threads {
    /// A thread for each of these descriptors.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn new(name: &str, module: &Module, wasi: &Wasi, fds: &[i32]) -> Result<Self> {
        let linker = Linker::new(module.engine());
        let guest = |&fd: &i32| {
            let mut store = Store::new(module.engine(), wasi.clone());
            let instance = wasi_shim::wasmtime::instantiate(&mut store, &linker, module, itself)?;
            let run = instance.get_typed_func(&mut store, "run")?;
            Ok(Guest { store, run, fd })
        };
        Ok(Self {
            name: name.to_owned(),
            guests: fds.iter().map(guest).collect::<Result<_>>()?,
        })
    }

    /// The guest's module.
    ///
    /// # Errors
    /// Those of the compiler.
    pub fn module(engine: &wasmtime::Engine) -> Result<Module> {
        Module::new(engine, ASKS)
    }
}

impl Host for Threads {
    fn name(&self) -> &str {
        &self.name
    }

    /// The turns are shared out among the threads, so that a time is that of one call, however many make them.
    fn run(&mut self, _: usize, turns: u32) -> Result<Duration, Failed> {
        let each = turns
            .div_ceil(self.guests.len().max(1) as u32)
            .cast_signed();
        let start = Instant::now();
        let ended: Result<()> = thread::scope(|scope| {
            let begun: Vec<_> = self
                .guests
                .iter_mut()
                .map(|Guest { store, run, fd }| scope.spawn(move || run.call(store, (*fd, each))))
                .collect();
            let ends = begun.into_iter().map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|_| wasmtime::bail!("a thread panicked"))
            });
            ends.collect()
        });
        ended.map_err(Failed::of)?;
        Ok(start.elapsed())
    }
}
