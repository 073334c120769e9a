//! `wasi-shim compile`, and what becomes of its output.

mod common;

use std::fs;

use common::{Sandbox, entries, says};

#[test]
fn a_precompiled_module_runs_without_a_cache() {
    let sandbox = Sandbox::with(&says("hello"));
    sandbox
        .run(["compile", "app.wat", "-o", "out.cwasm"])
        .succeeded("");
    fs::remove_file(sandbox.path("app.wat")).unwrap();
    sandbox.run(["run", "out.cwasm"]).succeeded("hello\n");
    assert!(entries(&sandbox.cache()).is_empty());
    let left: Vec<_> = entries(&sandbox.path(""));
    assert_eq!(left, [sandbox.path("out.cwasm")]);
}

#[test]
fn a_precompiled_module_under_another_name_is_refused() {
    let sandbox = Sandbox::with(&says("hello"));
    sandbox
        .run(["compile", "app.wat", "-o", "out.cwasm"])
        .succeeded("");
    fs::rename(sandbox.path("out.cwasm"), sandbox.path("app.wasm")).unwrap();
    sandbox.run(["run", "app.wasm"]).failed(
        1,
        &["app.wasm", "precompiled", ".cwasm", "sandbox", "rename"],
    );
}

#[test]
fn a_precompiled_module_cannot_be_compiled_again() {
    let sandbox = Sandbox::with(&says("hello"));
    sandbox
        .run(["compile", "app.wat", "-o", "out.cwasm"])
        .succeeded("");
    let ran = sandbox.run(["compile", "out.cwasm", "-o", "again.cwasm"]);
    ran.failed(1, &["out.cwasm", "precompiled already"]);
}

#[test]
fn a_module_may_be_called_precompiled_without_harm() {
    let sandbox = Sandbox::new();
    sandbox.write("app.cwasm", says("hello"));
    sandbox.run(["run", "app.cwasm"]).succeeded("hello\n");
}

#[test]
fn the_output_has_to_be_named_as_what_it_is() {
    Sandbox::with(&says("hello"))
        .run(["compile", "app.wat", "-o", "out.wasm"])
        .failed(2, &["out.wasm", ".cwasm"]);
}

#[test]
fn an_output_that_cannot_be_written() {
    let ran = Sandbox::with(&says("hello")).run(["compile", "app.wat", "-o", "no/out.cwasm"]);
    ran.failed(1, &["no/out.cwasm", "No such file"]);
}

#[test]
fn code_for_other_settings_is_refused() {
    let sandbox = Sandbox::with(
        r#"(module (memory (export "memory") 1) (func (export "_start")
        (i64.add128 (i64.const 1) (i64.const 1) (i64.const 1) (i64.const 1)) drop drop))"#,
    );
    sandbox
        .run([
            "compile",
            "-W",
            "wide-arithmetic",
            "app.wat",
            "-o",
            "app.cwasm",
        ])
        .succeeded("");
    sandbox
        .run(["run", "app.cwasm"])
        .failed(1, &["app.cwasm", "precompiled", "--wasm"]);
    sandbox
        .run(["run", "-W", "wide-arithmetic", "app.cwasm"])
        .succeeded("");
}
