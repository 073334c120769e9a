//! Guests of several threads: `--wasm threads` and `--max-threads`, and that everything else still holds.

mod common;

use common::{Ran, Sandbox};

/// A guest whose threads do `thread`, and whose main thread does `main`. It can begin threads, exit, and wait for ever.
fn guest(thread: &str, main: &str) -> Sandbox {
    Sandbox::with(&format!(
        r#"(module $app
            (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (import "env" "memory" (memory 1 64 shared))
            (export "memory" (memory 0))
            (func $wait (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))
            (func $begin (if (i32.le_s (call $spawn (i32.const 0)) (i32.const 0)) (then unreachable)))
            (func $in_thread {thread})
            (func (export "wasi_thread_start") (param i32 i32) (call $in_thread))
            (func (export "_start") {main})
            (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
            (func (export "many") (result i32) (local $begun i32)
                (loop $more
                    (if (i32.gt_s (call $spawn (i32.const 0)) (i32.const 0))
                        (then
                            (local.set $begun (i32.add (local.get $begun) (i32.const 1)))
                            (br $more))))
                (local.get $begun)))"#
    ))
}

fn run(sandbox: &Sandbox, options: &[&str]) -> Ran {
    sandbox.run([&["run", "--wasm", "threads"], options, &["app.wat"]].concat())
}

#[test]
fn an_exit_in_a_thread_is_the_commands() {
    let sandbox = guest("(call $exit (i32.const 42))", "(call $begin) (call $wait)");
    let ran = run(&sandbox, &[]);
    assert_eq!((ran.status, ran.err.as_str()), (42, ""));
}

#[test]
fn a_trap_in_a_thread_is_told_with_its_backtrace() {
    let sandbox = guest("unreachable", "(call $begin) (call $wait)");
    let ran = run(&sandbox, &[]);
    assert_eq!(ran.status, 134);
    ran.said(&[
        "the guest trapped: ",
        "unreachable",
        "backtrace",
        "app!in_thread",
    ]);
}

#[test]
fn when_main_returns_the_guest_has_ended() {
    let stuck = ["(call $wait)", "(loop $again (br $again))"];
    for thread in stuck {
        let ran = run(&guest(thread, "(call $begin) (call $begin)"), &[]);
        assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{thread}");
    }
}

#[test]
fn a_guest_of_several_threads_is_stopped_in_time() {
    for stuck in ["(call $wait)", "(loop $again (br $again))"] {
        let sandbox = guest(stuck, &format!("(call $begin) (call $begin) {stuck}"));
        let ran = run(&sandbox, &["--timeout", "300ms"]);
        ran.failed(124, &["stopped", "--timeout", "300ms"]);
    }
}

#[test]
fn a_start_function_of_a_guest_of_several_threads_is_stopped_in_time() {
    for stuck in [
        "(drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))",
        "(loop $again (br $again))",
    ] {
        let sandbox = Sandbox::with(&format!(
            r#"(module
                (import "env" "memory" (memory 1 1 shared))
                (func $start {stuck})
                (start $start)
                (func (export "_start")))"#
        ));
        let ran = run(&sandbox, &["--timeout", "300ms"]);
        ran.failed(124, &["stopped", "--timeout", "300ms"]);
    }
}

#[test]
fn a_memory_that_is_imported_twice_is_one() {
    let text = r#"(module
        (import "env" "memory" (memory $a 1 1 shared))
        (import "env" "memory" (memory $b 1 1 shared))
        (func (export "same") (result i32)
            (i32.store $a (i32.const 8) (i32.const 5))
            (i32.load $b (i32.const 8))))"#;
    let options = ["-W", "multi-memory", "--invoke", "same"];
    run(&Sandbox::with(text), &options).succeeded("5\n");
}

#[test]
fn there_are_no_more_threads_than_allowed() {
    let sandbox = guest("(call $wait)", "");
    let many = |options: &[&str]| run(&sandbox, &[options, &["--invoke", "many"]].concat());
    many(&["--max-threads", "3"]).succeeded("3\n");
    many(&["--max-threads", "0"]).succeeded("0\n");
    many(&[]).succeeded("256\n");
}

#[test]
fn a_shared_memory_is_limited_too() {
    let sandbox = guest("", "");
    let grow = |options: &[&str], pages: &str| {
        let options = [&["run", "-W", "threads"], options];
        sandbox.run(
            [
                &options.concat()[..],
                &["--invoke", "grow", "app.wat", pages],
            ]
            .concat(),
        )
    };
    grow(&["--max-memory", "1M"], "15").succeeded("1\n");
    grow(&["--max-memory", "1M"], "16").succeeded("-1\n");
    grow(&[], "16").succeeded("1\n");
    grow(&["--max-memory", "10K"], "0")
        .failed(1, &["memory begins with 65536 bytes", "--max-memory"]);
}

#[test]
fn tables_of_all_threads_count_together() {
    let text = r#"(module
        (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
        (import "env" "memory" (memory 1 1 shared))
        (table 10000 funcref)
        (func (export "wasi_thread_start") (param i32 i32)
            (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))
        (func (export "many") (result i32 i32) (local $begun i32) (local $told i32)
            (loop $more
                (local.set $told (call $spawn (i32.const 0)))
                (if (i32.gt_s (local.get $told) (i32.const 0))
                    (then
                        (local.set $begun (i32.add (local.get $begun) (i32.const 1)))
                        (br $more))))
            (local.get $begun) (local.get $told)))"#;
    // 64 KiB for the memory; a table of 10,000 elements is 80,000 bytes, and there is one in each instance.
    let ran = run(
        &Sandbox::with(text),
        &["--max-memory", "400000", "--invoke", "many"],
    );
    ran.succeeded("3\n-48\n");
}

#[test]
fn a_guest_that_may_have_no_threads_is_told_how() {
    let sandbox = guest("", "");
    sandbox
        .run(["run", "app.wat"])
        .failed(1, &["env::memory", "wasi::thread-spawn", "--wasm threads"]);
    let shares = r#"(module (import "env" "memory" (memory 1 1 shared)) (func (export "_start")))"#;
    Sandbox::with(shares)
        .run(["run", "app.wat"])
        .failed(1, &["env::memory", "--wasm threads"]);
    let text = r#"(module (import "wasi" "thread-spawn" (func (param i32) (result i32))) (func (export "_start")))"#;
    Sandbox::with(text)
        .run(["run", "app.wat"])
        .failed(1, &["wasi::thread-spawn", "--wasm threads"]);
}

#[test]
fn a_module_whose_threads_would_have_other_memories_is_refused() {
    let text = r#"(module
        (import "wasi" "thread-spawn" (func (param i32) (result i32)))
        (memory (export "memory") 1 1 shared) (func (export "_start")))"#;
    let sandbox = Sandbox::with(text);
    run(&sandbox, &[]).failed(1, &["memory of its own", "--import-memory"]);
}

#[test]
fn what_only_one_thread_can_use_is_not_made_up_for_several() {
    let sandbox = guest("", "");
    run(&sandbox, &["--unknown-imports", "default"]).failed(1, &["--unknown-imports default"]);
    run(&sandbox, &["--unknown-imports", "trap"]).succeeded("");
}

#[test]
fn a_guest_of_several_threads_can_be_compiled_before() {
    let sandbox = guest(
        "(loop $again (br $again))",
        "(call $begin) (call $exit (i32.const 7))",
    );
    let compiled = sandbox.run(["compile", "--wasm", "threads", "app.wat", "-o", "app.cwasm"]);
    assert_eq!(compiled.status, 0, "{}", compiled.err);
    let ran = sandbox.run(["run", "--wasm", "threads", "app.cwasm"]);
    assert_eq!((ran.status, ran.err.as_str()), (7, ""));
}
