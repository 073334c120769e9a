//! The program that each of many guests is.

use super::Failure;
use std::time::Duration;
use wasi_shim::Wasi;
use wasmtime::{Config, Engine, InstancePre, Linker, Module, Store};

/// Sleeps for so many nanoseconds, then copies a byte.
const GUEST: &str = r#"(module
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 128) "\c0\00\00\00\01\00\00\00")
    (func $must (param i32) (if (local.get 0) (then unreachable)))
    (func (export "run") (param i64)
        (i32.store (i32.const 16) (i32.const 1))
        (i64.store (i32.const 24) (local.get 0))
        (call $must (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 96)))
        (call $must (call $read (i32.const 0) (i32.const 128) (i32.const 1) (i32.const 144)))
        (call $must (i32.ne (i32.load (i32.const 144)) (i32.const 1)))
        (call $must (call $write (i32.const 1) (i32.const 128) (i32.const 1) (i32.const 144)))))"#;

/// How much stack a guest has, and how much of it the program may use. Each guest that waits keeps its own.
const STACK: usize = 256 << 10;

/// A module, ready to be instantiated often.
pub(super) struct Prepared {
    engine: Engine,
    instances: InstancePre<Wasi>,
}

impl Prepared {
    pub(super) fn new() -> Result<Self, Failure> {
        let mut config = Config::new();
        config.async_stack_size(STACK).max_wasm_stack(STACK / 2);
        // Each memory is as large as it is: what is reserved has no place ten thousand times.
        config.memory_reservation(0).memory_guard_size(0);
        let engine = Engine::new(&config)?;
        let module = Module::new(&engine, GUEST)?;
        let linker = Linker::new(&engine);
        let instances = wasi_shim::wasmtime::instantiate_pre_async(&linker, &module, |wasi| wasi)?;
        Ok(Self { engine, instances })
    }

    pub(super) fn guest(&self, wasi: Wasi) -> Guest {
        Guest {
            store: Store::new(&self.engine, wasi),
            instances: self.instances.clone(),
        }
    }
}

/// One of them.
pub(super) struct Guest {
    store: Store<Wasi>,
    instances: InstancePre<Wasi>,
}

impl Guest {
    pub(super) async fn run(mut self, sleep: Duration) -> Result<(), Failure> {
        let instance = self.instances.instantiate_async(&mut self.store).await?;
        let run = instance.get_typed_func::<i64, ()>(&mut self.store, "run")?;
        let sleep = i64::try_from(sleep.as_nanos())?;
        Ok(run.call_async(&mut self.store, sleep).await?)
    }
}
