//! Commands, reactors and `--invoke`.

mod common;

use common::Sandbox;

/// `get` answers what `_initialize` set.
const REACTOR: &str = r#"(module
    (memory (export "memory") 1)
    (global $set (mut i32) (i32.const 0))
    (func (export "_initialize") (global.set $set (i32.const 42)))
    (func (export "get") (result i32) (global.get $set)))"#;

const NUMBERS: &str = r#"(module
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "swap") (param i64 f64) (result f64 i64) (local.get 1) (local.get 0))
    (func (export "half") (param f32) (result f32) (f32.div (local.get 0) (f32.const 2)))
    (func (export "nothing"))
    (func (export "picky") (param externref)))"#;

#[test]
fn a_reactor_is_initialized_before_it_is_called() {
    Sandbox::with(REACTOR)
        .run(["run", "--invoke", "get", "app.wat"])
        .succeeded("42\n");
}

#[test]
fn a_reactor_alone_does_nothing_and_says_so() {
    Sandbox::with(REACTOR)
        .run(["run", "app.wat"])
        .failed(1, &["app.wat", "_start", "reactor", "--invoke", "get"]);
}

#[test]
fn parameters_are_parsed_and_results_printed_one_per_line() {
    let sandbox = Sandbox::with(NUMBERS);
    sandbox
        .run(["run", "--invoke", "add", "app.wat", "2", "-5"])
        .succeeded("-3\n");
    sandbox
        .run(["run", "--invoke", "swap", "app.wat", "7", "1.5"])
        .succeeded("1.5\n7\n");
    sandbox
        .run(["run", "--invoke", "half", "app.wat", "3"])
        .succeeded("1.5\n");
    sandbox
        .run(["run", "--invoke", "nothing", "app.wat"])
        .succeeded("");
}

#[test]
fn wrong_parameters_are_wrong_usage() {
    let sandbox = Sandbox::with(NUMBERS);
    sandbox
        .run(["run", "--invoke", "add", "app.wat", "2"])
        .failed(2, &["add", "2 arguments", "(i32, i32)"]);
    sandbox
        .run(["run", "--invoke", "add", "app.wat", "2", "x"])
        .failed(2, &["`x`", "i32"]);
    sandbox
        .run(["run", "--invoke", "picky", "app.wat", "2"])
        .failed(2, &["picky", "extern"]);
}

#[test]
fn an_unknown_function_gets_the_known_ones() {
    Sandbox::with(NUMBERS)
        .run(["run", "--invoke", "sub", "app.wat"])
        .failed(1, &["`sub`", "add, swap, half"]);
}

#[test]
fn a_command_can_be_called_elsewhere() {
    let sandbox = Sandbox::with(
        r#"(module
            (memory (export "memory") 1)
            (func (export "_start") unreachable)
            (func (export "_initialize") unreachable)
            (func (export "other") (result i32) (i32.const 1)))"#,
    );
    sandbox
        .run(["run", "--invoke", "other", "app.wat"])
        .succeeded("1\n");
}

#[test]
fn a_module_without_start_is_no_program() {
    Sandbox::with("(module)")
        .run(["run", "app.wat"])
        .failed(1, &["app.wat", "_start", "main"]);
    Sandbox::with(NUMBERS)
        .run(["run", "app.wat"])
        .failed(1, &["_start", "--invoke", "add, swap, half"]);
}

#[test]
fn an_entry_with_parameters_is_refused() {
    let module = r#"(module (memory (export "memory") 1) (func (export "_start") (param i32)))"#;
    Sandbox::with(module)
        .run(["run", "app.wat"])
        .failed(1, &["_start", "parameters"]);
}

#[test]
fn wasi_without_a_memory_is_refused_before_it_runs() {
    let sandbox = Sandbox::with(
        r#"(module
            (import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))
            (memory (export "mem") 1)
            (func (export "_start") unreachable))"#,
    );
    sandbox
        .run(["run", "app.wat"])
        .failed(1, &["app.wat", "`memory`"]);
}
