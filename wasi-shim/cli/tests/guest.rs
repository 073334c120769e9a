//! What a guest sees of the command line, and what is seen of its end.

mod common;

use common::{EMPTY, Sandbox, tells};

#[test]
fn argv_starts_with_the_file_name() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("sub")).unwrap();
    sandbox.write("sub/app.wat", tells("args"));
    sandbox
        .run(["run", "sub/app.wat", "--env", "a b", "--", "-x"])
        .succeeded("app.wat|--env|a b|--|-x|");
}

#[test]
fn argv0_can_be_given() {
    Sandbox::with(&tells("args"))
        .run(["run", "--argv0", "python3", "app.wat", "-c"])
        .succeeded("python3|-c|");
}

#[test]
fn what_is_no_text_cannot_be_passed_on() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let sandbox = Sandbox::with(&tells("args"));
    let odd = OsStr::from_bytes(b"\xff");
    let args: [&OsStr; 3] = ["run".as_ref(), "app.wat".as_ref(), odd];
    sandbox.run(args).failed(2, &["the argument", "UTF-8"]);
}

#[test]
fn the_environment_is_empty_unless_told() {
    Sandbox::with(&tells("environ"))
        .run(["run", "app.wat"])
        .succeeded("");
}

#[test]
fn variables_are_set_and_inherited() {
    let sandbox = Sandbox::with(&tells("environ"));
    let args = [
        "run",
        "--env",
        "A=1=2",
        "--env",
        "OURS",
        "--env",
        "UNSET_HERE",
        "--env",
        "E=",
        "app.wat",
    ];
    let ran = sandbox
        .command(args)
        .env("OURS", "taken")
        .env_remove("UNSET_HERE")
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "A=1=2|OURS=taken|E=|");
}

#[test]
fn the_last_setting_of_a_variable_counts() {
    let sandbox = Sandbox::with(&tells("environ"));
    sandbox
        .run(["run", "--env", "A=1", "--env", "A=3", "app.wat"])
        .succeeded("A=3|");
}

const PREOPENS: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_prestat_get" (func $get (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_prestat_dir_name" (func $name (param i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start") (local $fd i32) (local $length i32)
        (local.set $fd (i32.const 3))
        (block $done (loop $next
            (br_if $done (call $get (local.get $fd) (i32.const 0)))
            (local.set $length (i32.load (i32.const 4)))
            (br_if $done (call $name (local.get $fd) (i32.const 4096) (local.get $length)))
            (i32.store8 offset=4096 (local.get $length) (i32.const 124))
            (i32.store (i32.const 16) (i32.const 4096))
            (i32.store (i32.const 20) (i32.add (local.get $length) (i32.const 1)))
            (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 8)))
            (local.set $fd (i32.add (local.get $fd) (i32.const 1)))
            (br $next)))))"#;

#[test]
fn preopens_come_in_the_order_of_the_command_line() {
    let sandbox = Sandbox::with(PREOPENS);
    let args = [
        "run",
        "--mem",
        "/m",
        "--dir",
        ".",
        "--ro-dir",
        ".::/ro",
        "--mem",
        "/n",
        "--dir=.::/rw",
        "app.wat",
    ];
    sandbox.run(args).succeeded("/m|.|/ro|/n|/rw|");
}

fn exits_with(code: u32) -> Sandbox {
    Sandbox::with(&format!(
        r#"(module
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            (func (export "_start") (call $exit (i32.const {code}))))"#
    ))
}

#[test]
fn the_exit_status_is_the_guests() {
    assert_eq!(Sandbox::with(EMPTY).run(["run", "app.wat"]).status, 0);
    for code in [0, 1, 7, 134, 255] {
        let ran = exits_with(code).run(["run", "app.wat"]);
        assert_eq!(
            (ran.status, ran.err.as_str()),
            (i32::try_from(code).unwrap(), "")
        );
    }
}

#[test]
fn an_exit_code_too_large_for_a_status_is_no_success() {
    for code in [256, u32::MAX] {
        exits_with(code)
            .run(["run", "app.wat"])
            .failed(255, &[&code.to_string()]);
    }
}

#[test]
fn an_exit_from_the_start_function_counts() {
    let sandbox = Sandbox::with(
        r#"(module
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            (func $begin (call $exit (i32.const 5)))
            (start $begin)
            (func (export "_start")))"#,
    );
    assert_eq!(sandbox.run(["run", "app.wat"]).status, 5);
}
