//! Guests that do not end by themselves: traps, limits of time, memory and stack.

mod common;

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use common::{LOOPS, Ran, Sandbox};

#[test]
fn a_trap_prints_its_backtrace() {
    let sandbox = Sandbox::with(
        r#"(module $app
            (memory (export "memory") 1)
            (func $deepest (unreachable))
            (func (export "_start") (call $deepest)))"#,
    );
    let ran = sandbox.run(["run", "app.wat"]);
    assert_eq!(ran.status, 134);
    ran.said(&[
        "wasi-shim: the guest trapped: ",
        "unreachable",
        "backtrace",
        "app!deepest",
    ]);
}

#[test]
fn a_trap_in_the_start_function_is_one_too() {
    let ran = Sandbox::with(
        r#"(module (memory (export "memory") 1) (func $begin unreachable) (start $begin) (func (export "_start")))"#,
    )
    .run(["run", "app.wat"]);
    assert_eq!(ran.status, 134);
    ran.said(&["unreachable", "backtrace"]);
}

/// Whether the command ended long before the guest would have.
fn timed_out(ran: &Ran, since: Instant) {
    ran.failed(124, &["stopped", "--timeout", "300ms"]);
    assert!(since.elapsed() < Duration::from_secs(60));
}

#[test]
fn a_loop_is_stopped() {
    let (sandbox, start) = (Sandbox::with(LOOPS), Instant::now());
    timed_out(
        &sandbox.run(["run", "--timeout", "300ms", "app.wat"]),
        start,
    );
}

#[test]
fn a_loop_that_was_compiled_to_never_look_is_stopped() {
    let (sandbox, start) = (Sandbox::with(LOOPS), Instant::now());
    assert_eq!(
        sandbox
            .run(["compile", "app.wat", "-o", "app.cwasm"])
            .status,
        0
    );
    timed_out(
        &sandbox.run(["run", "--timeout", "0.3", "app.cwasm"]),
        start,
    );
}

#[test]
fn a_read_is_stopped() {
    let sandbox = Sandbox::with(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 0) "\10\00\00\00\01\00\00\00")
            (func (export "_start") (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))))"#,
    );
    let start = Instant::now();
    let mut child = sandbox
        .command(["run", "--timeout", "300ms", "app.wat"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Held open, so that the guest waits for input that never comes.
    let input = child.stdin.take();
    timed_out(&Ran::from(child.wait_with_output().unwrap()), start);
    drop(input);
}

#[test]
fn a_sleep_is_stopped() {
    let sandbox = Sandbox::with(
        r#"(module
            (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (func (export "_start")
                ;; One hour of the monotonic clock.
                (i32.store (i32.const 16) (i32.const 1))
                (i64.store (i32.const 24) (i64.const 3600000000000))
                (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))))"#,
    );
    let start = Instant::now();
    timed_out(
        &sandbox.run(["run", "--timeout", "300ms", "app.wat"]),
        start,
    );
}

#[test]
fn a_guest_in_time_is_left_alone() {
    let module = r#"(module (memory (export "memory") 1) (func (export "_start") unreachable))"#;
    assert_eq!(
        Sandbox::with(module)
            .run(["run", "--timeout", "10m", "app.wat"])
            .status,
        134
    );
    assert_eq!(
        Sandbox::with(common::EMPTY)
            .run(["run", "--timeout", "10m", "app.wat"])
            .status,
        0
    );
}

const GROWS: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))"#;

#[test]
fn memory_is_limited() {
    let sandbox = Sandbox::with(GROWS);
    let grow = |pages| {
        sandbox.run([
            "run",
            "--max-memory",
            "1M",
            "--invoke",
            "grow",
            "app.wat",
            pages,
        ])
    };
    grow("15").succeeded("1\n");
    grow("16").succeeded("-1\n");
    sandbox
        .run(["run", "--invoke", "grow", "app.wat", "16"])
        .succeeded("1\n");
}

#[test]
fn a_module_that_starts_with_more_memory_than_it_may_have_does_not_start() {
    Sandbox::with(GROWS)
        .run([
            "run",
            "--max-memory",
            "10K",
            "--invoke",
            "grow",
            "app.wat",
            "0",
        ])
        .failed(1, &["memory"]);
}

/// Recurses to the depth it is given.
const RECURSES: &str = r#"(module
    (func $down (export "down") (param i32) (result i32)
        (if (result i32) (i32.eqz (local.get 0))
            (then (i32.const 0))
            (else (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1))))))))"#;

#[test]
fn the_stack_is_what_was_asked_for() {
    let sandbox = Sandbox::with(RECURSES);
    let down = |stack, depth| {
        sandbox.run([
            "run",
            "--max-stack",
            stack,
            "--invoke",
            "down",
            "app.wat",
            depth,
        ])
    };
    down("64M", "500000").succeeded("500000\n");
    let ran = down("64K", "500000");
    assert_eq!(ran.status, 134);
    ran.said(&["stack", "--max-stack"]);
}

#[test]
fn the_stack_is_deep_enough_for_an_interpreter_by_default() {
    // 8 MiB in frames of at least 16 bytes each, at most 100 here: wasmtime's own default of 512 KiB would not do.
    Sandbox::with(RECURSES)
        .run(["run", "--invoke", "down", "app.wat", "80000"])
        .succeeded("80000\n");
    assert_eq!(
        Sandbox::with(RECURSES)
            .run(["run", "--invoke", "down", "app.wat", "-1"])
            .status,
        134
    );
}
