//! `--engine wasmi`: what a guest sees there is what it sees on wasmtime, and what cannot be had is said.
#![cfg(feature = "wasmi")]

mod common;

use common::{EMPTY, LOOPS, Ran, Sandbox, says, tells};
use std::{
    process::Stdio,
    time::{Duration, Instant},
};

/// `run --engine wasmi` with these arguments.
fn run(sandbox: &Sandbox, args: &[&str]) -> Ran {
    sandbox.run(["run", "--engine", "wasmi"].iter().chain(args))
}

#[test]
fn arguments_variables_and_output_are_passed() {
    run(&Sandbox::with(&tells("args")), &["app.wat", "--env", "a b"])
        .succeeded("app.wat|--env|a b|");
    run(
        &Sandbox::with(&tells("environ")),
        &["--env", "A=1", "app.wat"],
    )
    .succeeded("A=1|");
    run(&Sandbox::with(&says("hello")), &["app.wat"]).succeeded("hello\n");
}

/// Opens what its first directory has as `f`, and prints up to 64 bytes of it; the error code is the exit code.
const SHOWS: &str = r#"(module
    (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\20\00\00\00\40\00\00\00")
    (data (i32.const 16) "f")
    (func (export "_start") (local $errno i32)
        (local.set $errno (call $open (i32.const 3) (i32.const 0) (i32.const 16) (i32.const 1) (i32.const 0)
            (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 12)))
        (if (local.get $errno) (then (call $exit (local.get $errno))))
        (drop (call $read (i32.load (i32.const 12)) (i32.const 0) (i32.const 1) (i32.const 8)))
        (i32.store (i32.const 4) (i32.load (i32.const 8)))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#;

#[test]
fn directories_of_the_host_and_in_memory_are_given() {
    let sandbox = Sandbox::with(SHOWS);
    sandbox.write("f", "of the host");
    run(&sandbox, &["--ro-dir", ".", "app.wat"]).succeeded("of the host");
    let noent = 44;
    assert_eq!(run(&sandbox, &["--mem", "/", "app.wat"]).status, noent);
}

#[test]
fn the_exit_status_is_the_guests_there_too() {
    let exits = |code: u32| {
        Sandbox::with(&format!(
            r#"(module
                (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
                (memory (export "memory") 1)
                (func (export "_start") (call $exit (i32.const {code}))))"#
        ))
    };
    assert_eq!(run(&Sandbox::with(EMPTY), &["app.wat"]).status, 0);
    for code in [0, 7, 255] {
        let ran = run(&exits(code), &["app.wat"]);
        assert_eq!((ran.status.cast_unsigned(), ran.err.as_str()), (code, ""));
    }
    run(&exits(u32::MAX), &["app.wat"]).failed(255, &["4294967295"]);
    let begins = Sandbox::with(
        r#"(module
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            (func $begin (call $exit (i32.const 5)))
            (start $begin)
            (func (export "_start")))"#,
    );
    assert_eq!(run(&begins, &["app.wat"]).status, 5);
}

#[test]
fn a_trap_has_its_cause() {
    let traps = |body: &str| {
        let module = format!(
            r#"(module
                (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
                (memory (export "memory") 1) (func (export "_start") {body}))"#
        );
        run(&Sandbox::with(&module), &["app.wat"])
    };
    traps("unreachable").failed(134, &["the guest trapped", "unreachable"]);
    traps("(drop (i32.div_s (i32.const 1) (i32.const 0)))")
        .failed(134, &["the guest trapped", "zero"]);
    let pointer =
        "(drop (call $write (i32.const 1) (i32.const 0x20000) (i32.const 1) (i32.const 8)))";
    traps(pointer).failed(134, &["fd_write: pointer 0x20000 to 8 bytes"]);
    let begins = r#"(module (func $begin unreachable) (start $begin) (func (export "_start")))"#;
    run(&Sandbox::with(begins), &["app.wat"]).failed(134, &["the guest trapped", "unreachable"]);
}

const NUMBERS: &str = r#"(module
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "swap") (param i64 f64) (result f64 i64) (local.get 1) (local.get 0))
    (func (export "half") (param f32) (result f32) (f32.div (local.get 0) (f32.const 2)))
    (func (export "wide") (param v128) (result v128) (local.get 0))
    (func (export "null") (result externref funcref) (ref.null extern) (ref.null func))
    (func (export "picky") (param externref)))"#;

#[test]
fn functions_are_called_by_name() {
    let sandbox = Sandbox::with(NUMBERS);
    let invoke = |args: &[&str]| {
        run(
            &sandbox,
            &[&["--invoke", args[0], "app.wat"], &args[1..]].concat(),
        )
    };
    invoke(&["add", "2", "-5"]).succeeded("-3\n");
    invoke(&["swap", "7", "1.5"]).succeeded("1.5\n7\n");
    invoke(&["half", "3"]).succeeded("1.5\n");
    invoke(&["wide", "12345678901234567890123"]).succeeded("12345678901234567890123\n");
    invoke(&["null"]).succeeded("<null externref>\n<null funcref>\n");
    invoke(&["add", "2"]).failed(2, &["add", "2 arguments", "(i32, i32)"]);
    invoke(&["picky", "2"]).failed(2, &["picky", "externref"]);
    invoke(&["sub"]).failed(1, &["`sub`", "add, half, null, picky, swap, wide"]);
}

#[test]
fn a_reactor_is_initialized_there_too() {
    let reactor = r#"(module
        (memory (export "memory") 1)
        (global $set (mut i32) (i32.const 0))
        (func (export "_initialize") (global.set $set (i32.const 42)))
        (func (export "get") (result i32) (global.get $set)))"#;
    run(&Sandbox::with(reactor), &["--invoke", "get", "app.wat"]).succeeded("42\n");
}

/// Whether the command ended long before the guest would have.
fn timed_out(ran: &Ran, since: Instant) {
    ran.failed(124, &["stopped", "--timeout", "300ms"]);
    assert!(since.elapsed() < Duration::from_secs(60));
}

#[test]
fn loops_are_stopped_wherever_they_are() {
    let begins = r#"(module (func $begin (loop $again (br $again))) (start $begin) (func (export "_start")))"#;
    for module in [LOOPS, begins] {
        let start = Instant::now();
        timed_out(
            &run(&Sandbox::with(module), &["--timeout", "300ms", "app.wat"]),
            start,
        );
    }
}

#[test]
fn reads_and_sleeps_are_stopped() {
    let reads = r#"(module
        (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "\10\00\00\00\01\00\00\00")
        (func (export "_start") (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))))"#;
    let sleeps = r#"(module
        (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "_start")
            (i32.store (i32.const 16) (i32.const 1))
            (i64.store (i32.const 24) (i64.const 3600000000000))
            (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))))"#;
    for module in [reads, sleeps] {
        let (sandbox, start) = (Sandbox::with(module), Instant::now());
        let mut child = sandbox
            .command(["run", "--engine", "wasmi", "--timeout", "300ms", "app.wat"])
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
}

#[test]
fn a_guest_in_time_is_left_alone_there_too() {
    run(
        &Sandbox::with(&says("done")),
        &["--timeout", "10m", "app.wat"],
    )
    .succeeded("done\n");
}

#[test]
fn memories_and_tables_are_limited_together() {
    let sandbox = Sandbox::with(
        r#"(module
            (memory (export "memory") 1)
            (table $t 0 funcref)
            (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
            (func (export "both") (param i32) (result i32)
                (drop (memory.grow (i32.const 14)))
                (table.grow $t (ref.null func) (local.get 0))))"#,
    );
    let call = |name, pages| {
        run(
            &sandbox,
            &["--max-memory", "1M", "--invoke", name, "app.wat", pages],
        )
    };
    call("grow", "15").succeeded("1\n");
    call("grow", "16").succeeded("-1\n");
    call("both", "8192").succeeded("0\n");
    call("both", "8193").succeeded("-1\n");
    run(&sandbox, &["--invoke", "grow", "app.wat", "16"]).succeeded("1\n");
    run(
        &sandbox,
        &["--max-memory", "10K", "--invoke", "grow", "app.wat", "0"],
    )
    .failed(1, &["instantiated"]);
}

#[test]
fn the_stack_is_what_was_asked_for_there_too() {
    let sandbox = Sandbox::with(
        r#"(module
            (func $down (export "down") (param i32) (result i32)
                (if (result i32) (i32.eqz (local.get 0))
                    (then (i32.const 0))
                    (else (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1))))))))"#,
    );
    let down = |options: &[&str], depth| {
        run(
            &sandbox,
            &[options, &["--invoke", "down", "app.wat", depth]].concat(),
        )
    };
    down(&["--max-stack", "64M"], "500000").succeeded("500000\n");
    down(&["--max-stack", "64K"], "500000").failed(134, &["stack", "--max-stack"]);
    down(&[], "80000").succeeded("80000\n");
    down(&[], "-1").failed(134, &["stack"]);
}

const IMPORTS: &str = r#"(module
    (import "env" "first" (func $first (param i32) (result i32)))
    (import "env" "first" (func (param i32) (result i32)))
    (import "env" "g" (global i64))
    (import "env" "m" (memory 1 4))
    (import "env" "t" (table 2 funcref))
    (func (export "call") (result i32) (call $first (i32.const 7)))
    (func (export "_start")))"#;

#[test]
fn imports_that_nobody_provides_are_named_or_stood_in_for() {
    let sandbox = Sandbox::with(IMPORTS);
    run(&sandbox, &["app.wat"]).failed(
        1,
        &["env::first (function), env::g (global), env::m (memory), env::t (table)"],
    );
    run(&sandbox, &["--unknown-imports", "trap", "app.wat"])
        .failed(1, &[": env::g (global)", "default"]);
    run(
        &sandbox,
        &[
            "--unknown-imports",
            "default",
            "--invoke",
            "call",
            "app.wat",
        ],
    )
    .succeeded("0\n");
    let functions = r#"(module
        (import "env" "first" (func $first (result i32)))
        (func (export "call") (result i32) (call $first))
        (func (export "_start")))"#;
    let sandbox = Sandbox::with(functions);
    run(&sandbox, &["--unknown-imports", "trap", "app.wat"]).succeeded("");
    run(
        &sandbox,
        &["--unknown-imports", "trap", "--invoke", "call", "app.wat"],
    )
    .failed(134, &["env::first", "nobody provides"]);
    let other = r#"(module
        (import "wasi_snapshot_preview1" "fd_write" (func (param i64)))
        (memory (export "memory") 1)
        (func (export "_start")))"#;
    run(&Sandbox::with(other), &["app.wat"]).failed(1, &["instantiated", "fd_write"]);
}

#[test]
fn what_an_interpreter_cannot_have_is_refused() {
    let sandbox = Sandbox::with(EMPTY);
    run(&sandbox, &["--cache-dir", "kept", "app.wat"])
        .failed(2, &["--cache-dir", "--engine wasmtime"]);
    assert!(!sandbox.path("kept").exists());
    run(&sandbox, &["--no-cache", "app.wat"]).succeeded("");
    let made = sandbox.run(["compile", "app.wat", "-o", "app.cwasm"]);
    assert_eq!(made.status, 0, "{}", made.err);
    run(&sandbox, &["app.cwasm"]).failed(1, &["app.cwasm", "native code", "--engine wasmtime"]);
    for feature in [
        "exceptions",
        "function-references",
        "gc",
        "memory64",
        "threads",
    ] {
        run(&sandbox, &["--wasm", feature, "app.wat"]).failed(2, &[feature, "--engine wasmtime"]);
        run(&sandbox, &["--wasm", &format!("{feature}=n"), "app.wat"]).succeeded("");
    }
    sandbox
        .run(["run", "--engine", "warp", "app.wat"])
        .said(&["warp", "wasmtime", "wasmi"]);
}

#[test]
fn features_are_switched_there_too() {
    let sandbox = Sandbox::with(
        r#"(module
            (memory (export "memory") 1)
            (func (export "_start")
                (i64.add128 (i64.const 1) (i64.const 1) (i64.const 1) (i64.const 1)) drop drop))"#,
    );
    run(&sandbox, &["app.wat"]).failed(1, &["app.wat", "wide arithmetic", "--wasm"]);
    run(&sandbox, &["--wasm", "wide-arithmetic", "app.wat"]).succeeded("");
    let sandbox =
        Sandbox::with(r#"(module (func (export "_start") (drop (i32x4.splat (i32.const 1)))))"#);
    run(&sandbox, &["app.wat"]).succeeded("");
    run(&sandbox, &["--wasm", "simd=n,relaxed-simd=n", "app.wat"]).failed(1, &["SIMD", "--wasm"]);
}

#[test]
fn what_is_no_module_is_said_there_too() {
    let sandbox = Sandbox::new();
    sandbox.write("cut.wasm", b"\0asm\x01\0\0\0\x01\x7f");
    run(&sandbox, &["cut.wasm"]).failed(1, &["cut.wasm", "cannot be compiled", "build it again"]);
    // Nothing that is invalid is run: an interpreter that trusts what it is given reads outside of it.
    let invalid = Sandbox::with(
        r#"(module (func (export "_start") (drop (i32.add (i64.const 1) (i32.const 1)))))"#,
    );
    run(&invalid, &["app.wat"]).failed(1, &["app.wat", "cannot be compiled"]);
    run(&Sandbox::new(), &["nothing.wasm"]).failed(1, &["nothing.wasm", "does not exist"]);
}
