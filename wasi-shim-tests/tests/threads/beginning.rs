//! What a thread begins with, and what happens if it cannot.

use crate::kit::{Host, guest, how};
use wasi_shim::NotThreaded;
use wasi_shim::threads::ThreadLimits;
use wasmtime::{MemoryType, Module, SharedMemory};

/// Begins as many threads as it can, which wait; answers how many, and what it was told then.
const MANY: &str = r#"
    (func (export "wasi_thread_start") (param i32 i32)
        (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))
    (func (export "many") (result i32 i32) (local $begun i32) (local $told i32)
        (loop $more
            (local.set $told (call $spawn (i32.const 0)))
            (if (i32.gt_s (local.get $told) (i32.const 0))
                (then
                    (local.set $begun (i32.add (local.get $begun) (i32.const 1)))
                    (br $more))))
        (local.get $begun) (local.get $told))"#;

fn many(host: &Host, module: &Module) -> (i32, i32) {
    let (wasi, _held) = guest(|builder| builder);
    let ended = host.run_with(module, &wasi, |store, instance| {
        let many = instance.get_typed_func::<(), (i32, i32)>(&mut *store, "many")?;
        many.call(store, ())
    });
    ended.expect("it is told")
}

fn limited(count: u32) -> Host {
    let mut host = Host::new();
    let mut limits = ThreadLimits::default();
    limits.count = count;
    host.limits = limits;
    host
}

#[test]
fn there_are_as_many_as_allowed_and_the_next_is_to_be_tried_again() {
    for count in [0, 1, 5] {
        let host = limited(count);
        let module = host.module(MANY);
        assert_eq!(many(&host, &module), (count as i32, -6));
        assert_eq!(host.made(), count as usize + 1);
    }
}

/// Begins a thread, waits until it is gone, and so on; answers the sum of their numbers.
const ONE_BY_ONE: &str = r#"
    (func (export "wasi_thread_start") (param $tid i32) (param $argument i32)
        (if (i32.ne (local.get $argument) (i32.const -5)) (then unreachable))
        (i32.atomic.store (i32.const 0) (local.get $tid))
        (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))
    (func (export "_start") (local $n i32) (local $tid i32)
        (loop $more
            (i32.atomic.store (i32.const 0) (i32.const 0))
            (loop $again
                (local.set $tid (call $spawn (i32.const -5)))
                ;; The one before may not be quite gone.
                (br_if $again (i32.eq (local.get $tid) (i32.const -6))))
            (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))
            (if (i32.ne (local.get $tid) (i32.load (i32.const 0))) (then unreachable))
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (if (i32.ne (local.get $tid) (local.get $n)) (then unreachable))
            (br_if $more (i32.lt_u (local.get $n) (i32.const 300)))))"#;

#[test]
fn a_place_is_free_again_and_a_number_is_not() {
    let host = limited(1);
    let (wasi, _held) = guest(|builder| builder);
    let ended = host.run(&host.module(ONE_BY_ONE), &wasi);
    assert_eq!(how(ended), "returned ()");
}

#[test]
fn a_module_without_a_function_for_threads_can_have_none() {
    let host = Host::new();
    let absent = MANY.replace("(export \"wasi_thread_start\")", "");
    let other_type = MANY.replace("(param i32 i32)", "(param i32 i64)");
    let no_function = absent.clone() + r#"(global (export "wasi_thread_start") i32 (i32.const 0))"#;
    for text in [absent, other_type, no_function] {
        assert_eq!(many(&host, &host.module(&text)), (0, -52), "{text}");
    }
    assert_eq!(host.made(), 3);
}

#[test]
fn a_thread_for_which_there_is_no_instance_does_not_begin_and_leaves_nothing() {
    let mut host = Host::new();
    host.poor = true;
    let module = host.module(MANY);
    assert_eq!(many(&host, &module), (0, -48));
    assert_eq!(host.made(), 2);
}

#[test]
fn a_start_function_that_fails_in_a_thread_ends_the_guest() {
    let host = Host::new();
    // The second to run it fails.
    let text = format!(
        "{MANY} (func $start (if (i32.atomic.rmw.add (i32.const 64) (i32.const 1)) (then unreachable))) (start $start)"
    );
    let (wasi, _held) = guest(|builder| builder);
    let ended = host.run_with(&host.module(&text), &wasi, |store, instance| {
        let many = instance.get_typed_func::<(), (i32, i32)>(&mut *store, "many")?;
        many.call(store, ())
    });
    assert_eq!(
        how(ended),
        "wasm trap: wasm `unreachable` instruction executed"
    );
}

#[test]
fn memories_that_threads_would_not_share_are_refused() {
    let host = Host::new();
    let spawn = r#"(import "wasi" "thread-spawn" (func (param i32) (result i32)))"#;
    let run = |memory: &str| {
        let text = format!("(module {spawn} {memory} (func (export \"_start\")))");
        let module = Module::new(&host.engine, text).expect("a module");
        let (wasi, _held) = guest(|builder| builder);
        let error = host.run(&module, &wasi).expect_err("it is refused");
        error.downcast::<NotThreaded>().expect("it says why")
    };
    let own = run(r#"(memory (export "memory") 1 1 shared)"#);
    assert_eq!(own, NotThreaded::OwnMemory);
    let unshared = run(r#"(import "env" "memory" (memory 1))"#);
    assert_eq!(unshared, NotThreaded::unshared("env", "memory"));
}

#[test]
fn a_module_that_begins_no_threads_may_have_any_memory() {
    let host = Host::new();
    let text = r#"(module (memory (export "memory") 1) (func (export "_start")))"#;
    let module = Module::new(&host.engine, text).expect("a module");
    let (wasi, _held) = guest(|builder| builder);
    assert_eq!(how(host.run(&module, &wasi)), "returned ()");
}

#[test]
fn a_memory_of_the_linkers_is_the_one_that_is_shared() {
    let mut host = Host::new();
    let memory = SharedMemory::new(&host.engine, MemoryType::shared(1, 4)).expect("a memory");
    let (wasi, _held) = guest(|builder| builder);
    let store = host.store(wasi);
    let linker = &mut host.linker;
    linker
        .define(&store, "env", "memory", memory)
        .expect("it is new");
    drop(store);
    let counts = host.module(
        r#"(func (export "_start") (call $exit (i32.atomic.rmw.add (i32.const 8) (i32.const 1))))"#,
    );
    for expected in ["exited 0", "exited 1"] {
        let (wasi, _held) = guest(|builder| builder);
        assert_eq!(how(host.run(&counts, &wasi)), expected);
    }
    host.linker = wasmtime::Linker::new(&host.engine);
    for _ in 0..2 {
        let (wasi, _held) = guest(|builder| builder);
        assert_eq!(how(host.run(&counts, &wasi)), "exited 0", "a new one");
    }
}
