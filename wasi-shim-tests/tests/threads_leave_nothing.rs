//! After a guest of several threads has ended, however it ended, nothing of it is left in the process. Alone in its file,
//! as it counts what the whole process has.

#![cfg(target_os = "linux")]

use std::fs;
use std::time::{Duration, Instant};
use wasi_shim::Wasi;
use wasi_shim::threads::ThreadLimits;
use wasmtime::{Config, Engine, Linker, Module, Store};

/// Begins three threads which wait, sleep and compute; then main exits.
const GUEST: &str = r#"(module
    (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
    (import "env" "memory" (memory 1 16384 shared))
    (export "memory" (memory 0))
    (func (export "wasi_thread_start") (param $tid i32) (param $what i32)
        (if (i32.eqz (local.get $what))
            (then (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))))
        (if (i32.eq (local.get $what) (i32.const 1))
            (then
                (i32.store (i32.const 272) (i32.const 1))
                (i64.store (i32.const 280) (i64.const 3600000000000))
                (drop (call $poll (i32.const 256) (i32.const 512) (i32.const 1) (i32.const 600)))))
        (loop $again (br $again)))
    (func (export "_start")
        (if (i32.le_s (call $spawn (i32.const 0)) (i32.const 0)) (then unreachable))
        (if (i32.le_s (call $spawn (i32.const 1)) (i32.const 0)) (then unreachable))
        (if (i32.le_s (call $spawn (i32.const 2)) (i32.const 0)) (then unreachable))
        (call $exit (i32.const 3))))"#;

/// The threads of this process that are a guest's.
fn guests() -> usize {
    let tasks = fs::read_dir("/proc/self/task").expect("this process has threads");
    let names = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.starts_with("guest")).count()
}

/// Descriptors that are open.
fn descriptors() -> usize {
    let open = fs::read_dir("/proc/self/fd").expect("this process has descriptors");
    open.count()
}

/// Addresses that are taken, in KiB.
fn addresses() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("this process has a status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmSize:"));
    let size = line.and_then(|line| line.trim().strip_suffix(" kB"));
    size.and_then(|size| size.parse().ok()).expect("a size")
}

fn run(engine: &Engine, module: &Module) {
    let wasi = Wasi::builder().build().expect("a guest");
    let stores = engine.clone();
    let ended = wasi_shim::run_threads_wasmtime!(
        wasmtime,
        &wasi,
        ThreadLimits::default(),
        &Linker::new(engine),
        module,
        move |wasi: Wasi| Store::new(&stores, wasi),
        |wasi: &mut Wasi| wasi,
        |store: &mut Store<Wasi>, instance: &wasmtime::Instance| {
            let start = instance.get_typed_func::<(), ()>(&mut *store, "_start")?;
            start.call(store, ())
        }
    );
    let error = ended.expect_err("it exits");
    assert_eq!(error.downcast_ref(), Some(&wasi_shim::Exit(3)));
}

#[test]
fn of_a_hundred_guests_no_thread_no_descriptor_and_no_memory_is_left() {
    let mut config = Config::new();
    config.shared_memory(true).epoch_interruption(true);
    let engine = Engine::new(&config).expect("an engine");
    let module = Module::new(&engine, GUEST).expect("a module");
    // What is made once and for all.
    run(&engine, &module);
    let before = (descriptors(), addresses());
    for _ in 0..100 {
        run(&engine, &module);
    }
    // The system may show a thread for a moment that has been waited for.
    let since = Instant::now();
    while guests() > 0 && since.elapsed() < Duration::from_secs(5) {
        std::thread::yield_now();
    }
    assert_eq!(guests(), 0);
    assert_eq!(descriptors(), before.0);
    // Each guest has a gigabyte of addresses for its memory alone.
    let grown = addresses().saturating_sub(before.1);
    assert!(grown < 1 << 20, "{grown} KiB");
}
