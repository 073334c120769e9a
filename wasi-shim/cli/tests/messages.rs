//! What is said about files that cannot be run, imports that are missing and options that make no sense.

mod common;

use common::{EMPTY, Sandbox};

#[test]
fn a_missing_file() {
    Sandbox::new()
        .run(["run", "no.wasm"])
        .failed(1, &["`no.wasm`", "does not exist"]);
}

#[test]
fn a_directory() {
    Sandbox::new()
        .run(["run", "."])
        .failed(1, &["`.`", "directory"]);
}

#[test]
fn files_that_are_not_wasm() {
    let sandbox = Sandbox::new();
    let files: [(&str, &[u8], &str); 4] = [
        ("empty.wasm", b"", "is empty"),
        (
            "native",
            b"\x7fELF\x02\x01\x01\0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "native",
        ),
        ("app.wasm.gz", b"\x1f\x8b\x08\0", "gzip"),
        ("notes.txt", b"hello", "\\0asm"),
    ];
    for (name, contents, looks) in files {
        sandbox.write(name, contents);
        sandbox
            .run(["run", name])
            .failed(1, &[name, "is not WebAssembly", looks, ".wasm"]);
    }
}

#[test]
fn a_truncated_module() {
    let sandbox = Sandbox::new();
    sandbox.write("cut.wasm", b"\0asm\x01\0\0\0\x01\x7f");
    sandbox
        .run(["run", "cut.wasm"])
        .failed(1, &["cut.wasm", "cannot be compiled", "build it again"]);
}

#[test]
fn text_with_a_mistake() {
    Sandbox::with("(module\n (fnc))")
        .run(["run", "app.wat"])
        .failed(1, &["app.wat", "text", "app.wat:2:3"]);
}

#[test]
fn a_component() {
    let sandbox = Sandbox::new();
    sandbox.write("c.wasm", b"\0asm\x0d\0\x01\0");
    sandbox
        .run(["run", "c.wasm"])
        .failed(1, &["c.wasm", "component", "preview1"]);
}

#[test]
fn a_feature_that_is_off() {
    let sandbox = Sandbox::with(
        r#"(module
            (memory (export "memory") 1)
            (func (export "_start")
                (i64.add128 (i64.const 1) (i64.const 1) (i64.const 1) (i64.const 1)) drop drop))"#,
    );
    sandbox
        .run(["run", "app.wat"])
        .failed(1, &["app.wat", "wide arithmetic", "--wasm"]);
    sandbox
        .run(["run", "--wasm", "wide-arithmetic", "app.wat"])
        .succeeded("");
    sandbox
        .run([
            "run",
            "-W",
            "simd=n,relaxed-simd=n,wide-arithmetic=y",
            "app.wat",
        ])
        .succeeded("");
}

#[test]
fn exceptions_run_without_being_asked_for_and_not_if_switched_off() {
    let sandbox = Sandbox::with(
        r#"(module
            (memory (export "memory") 1)
            (tag $t)
            (func (export "_start") (block $caught (try_table (catch_all $caught) (throw $t)))))"#,
    );
    sandbox.run(["run", "app.wat"]).succeeded("");
    sandbox
        .run(["run", "--wasm", "exceptions", "app.wat"])
        .succeeded("");
    sandbox
        .run(["run", "--wasm", "exceptions=n", "app.wat"])
        .failed(1, &["exceptions", "--wasm"]);
}

#[test]
fn legacy_exceptions() {
    let sandbox = Sandbox::with(
        r#"(module (memory (export "memory") 1) (func (export "_start") try nop catch_all nop end))"#,
    );
    sandbox
        .run(["run", "app.wat"])
        .failed(1, &["app.wat", "legacy", "wasm-opt"]);
}

#[test]
fn preopens_that_do_not_exist() {
    let sandbox = Sandbox::with(EMPTY);
    sandbox
        .run(["run", "--dir", "no::/data", "app.wat"])
        .failed(1, &["--dir no", "No such file", "create"]);
    sandbox
        .run(["run", "--ro-dir", "no", "app.wat"])
        .failed(1, &["--ro-dir no"]);
    sandbox
        .run(["run", "--dir", "app.wat", "app.wat"])
        .failed(1, &["--dir app.wat", "directories"]);
}

const IMPORTS: &str = r#"(module
    (import "env" "first" (func $first (result i32)))
    (import "env" "second" (func (param i32)))
    (import "wasi_snapshot_preview1" "path_teleport" (func))
    (memory (export "memory") 1)
    (func (export "_start"))
    (func (export "call") (result i32) (call $first)))"#;

#[test]
fn every_missing_import_is_named() {
    let parts = [
        "env::first (function)",
        "env::second (function)",
        "wasi_snapshot_preview1::path_teleport (function)",
    ];
    Sandbox::with(IMPORTS)
        .run(["run", "app.wat"])
        .failed(1, &parts);
    Sandbox::with(IMPORTS)
        .run(["run", "app.wat"])
        .failed(1, &["wasm32-wasip1", "--unknown-imports trap"]);
}

#[test]
fn missing_imports_can_trap_when_called() {
    let sandbox = Sandbox::with(IMPORTS);
    sandbox
        .run(["run", "--unknown-imports", "trap", "app.wat"])
        .succeeded("");
    let ran = sandbox.run([
        "run",
        "--unknown-imports=trap",
        "--invoke",
        "call",
        "app.wat",
    ]);
    assert_eq!(ran.status, 134);
    ran.said(&["env::first", "nobody provides", "backtrace"]);
}

#[test]
fn missing_imports_can_answer_zero() {
    let sandbox = Sandbox::with(IMPORTS);
    sandbox
        .run([
            "run",
            "--unknown-imports",
            "default",
            "--invoke",
            "call",
            "app.wat",
        ])
        .succeeded("0\n");
}

#[test]
fn only_functions_can_trap() {
    let sandbox = Sandbox::with(
        r#"(module
            (import "env" "f" (func))
            (import "env" "g" (global i32))
            (import "env" "m" (memory 1))
            (func (export "_start")))"#,
    );
    let parts = [
        "env::g (global)",
        "env::m (memory)",
        "--unknown-imports default",
    ];
    sandbox
        .run(["run", "--unknown-imports", "trap", "app.wat"])
        .failed(1, &parts);
    sandbox
        .run(["run", "--unknown-imports", "default", "app.wat"])
        .succeeded("");
}

#[test]
fn an_import_of_another_type() {
    let sandbox = Sandbox::with(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func (param i64)))
            (memory (export "memory") 1)
            (func (export "_start")))"#,
    );
    sandbox
        .run(["run", "app.wat"])
        .failed(1, &["instantiated", "fd_write"]);
}

#[test]
fn wrong_usage() {
    let sandbox = Sandbox::with(EMPTY);
    let cases: [(&[&str], &str); 14] = [
        (&[], "Usage"),
        (&["run"], "FILE"),
        (&["fly"], "fly"),
        (&["run", "--no-such-option", "app.wat"], "--no-such-option"),
        (&["run", "--timeout", "soon", "app.wat"], "not a time"),
        (&["run", "--timeout", "0", "app.wat"], "more than zero"),
        (&["run", "--max-memory", "lots", "app.wat"], "not a size"),
        (&["run", "--max-stack", "1", "app.wat"], "at least 64K"),
        (&["run", "--dir", "a::b::c", "app.wat"], "and nowhere else"),
        (&["run", "--env", "=x", "app.wat"], "needs a name"),
        (&["run", "--wasm", "warp", "app.wat"], "exceptions"),
        (
            &["run", "--wasm", "legacy-exceptions", "app.wat"],
            "wasm-opt",
        ),
        (&["run", "--unknown-imports", "ignore", "app.wat"], "trap"),
        (
            &["run", "--no-cache", "--cache-dir", "x", "app.wat"],
            "cannot be used",
        ),
    ];
    for (args, part) in cases {
        let ran = sandbox.run(args);
        assert_eq!(ran.status, 2, "{args:?}: {}", ran.err);
        ran.said(&[part]);
    }
}

#[test]
fn help_tells_what_a_script_needs() {
    let ran = Sandbox::new().run(["run", "--help"]);
    assert_eq!(ran.status, 0);
    for part in [
        "HOST[::GUEST]",
        "--unknown-imports",
        "Exit status",
        "124",
        "134",
        ".cwasm",
        "sandbox",
    ] {
        assert!(ran.out.contains(part), "no {part:?} in: {}", ran.out);
    }
}
