//! External suites: both forms of a test's description, and how a test is run.

use crate::support::{conform, text};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use wasi_shim_tests::conform::suite::Suite;
use wasi_shim_tests::conform::suite::judge::copy_folder;
use wasi_shim_tests::conform::suite::spec::{self, Read, Spec, Start};

fn start() -> Start {
    Start::default()
}

fn read(stderr: bool, payload: &str) -> Read {
    Read {
        stderr,
        payload: payload.to_owned(),
    }
}

#[test]
fn both_forms_say_the_same() {
    let both = Start {
        args: vec!["a".to_owned()],
        env: vec![("K".to_owned(), "v".to_owned())],
        root: Some("d".to_owned()),
        reads: vec![read(false, "out"), read(true, "err")],
        exit_code: 3,
        ..start()
    };
    let legacy =
        r#"{"args":["a"],"env":{"K":"v"},"root":"d","stdout":"out","stderr":"err","exit_code":3}"#;
    let newer = r#"{"operations":[{"type":"run","args":["a"],"env":{"K":"v"},"root":"d"},
        {"type":"read","payload":"out"},{"type":"read","id":"stderr","payload":"err"},{"type":"wait","exit_code":3}]}"#;
    assert_eq!(spec::parse(legacy), Ok(Spec::Starts(vec![both.clone()])));
    assert_eq!(spec::parse(newer), Ok(Spec::Starts(vec![both])));
}

#[test]
fn what_is_left_out_has_the_specifications_defaults() {
    for text in [
        "{}",
        r#"{"operations":[{"type":"run"},{"type":"wait"}]}"#,
        r#"{"proposals":[]}"#,
    ] {
        assert_eq!(spec::parse(text), Ok(Spec::Starts(vec![start()])), "{text}");
    }
    assert_eq!(Spec::default(), Spec::Starts(vec![start()]));
}

#[test]
fn a_program_may_be_started_again_and_written_to() {
    let text = r#"{"operations":[{"type":"run"},{"type":"write","id":"stdin","payload":"a"},{"type":"write","payload":"b"},
        {"type":"wait"},{"type":"run","args":["x"]},{"type":"wait","exit_code":1}]}"#;
    let first = Start {
        input: "ab".to_owned(),
        ..start()
    };
    let second = Start {
        args: vec!["x".to_owned()],
        exit_code: 1,
        ..start()
    };
    assert_eq!(spec::parse(text), Ok(Spec::Starts(vec![first, second])));
}

#[test]
fn what_needs_more_than_a_program_is_not_run() {
    let of = |operation: &str| {
        format!(
            r#"{{"operations":[{{"type":"run"}},{{"type":"{operation}","id":"x"}},{{"type":"wait"}}]}}"#
        )
    };
    let texts = [
        of("connect"),
        of("send"),
        of("recv"),
        of("request"),
        of("kill"),
        r#"{"proposals":["http"]}"#.to_owned(),
        r#"{"world":"wasi:http/service"}"#.to_owned(),
        r#"{"operations":[],"servers":[{"name":"s"}]}"#.to_owned(),
    ];
    for text in texts {
        assert!(
            matches!(spec::parse(&text), Ok(Spec::Unsupported(_))),
            "{text}"
        );
    }
}

#[test]
fn a_description_that_is_wrong_is_refused_with_the_reason() {
    for (text, reason) in [
        ("{", "EOF"),
        (r#"{"exitcode":1}"#, "unknown field `exitcode`"),
        (r#"{"args":[],"operations":[]}"#, "it mixes"),
        (r#"{"operations":[]}"#, "`run` has no `wait`"),
        (r#"{"operations":[{"type":"run"}]}"#, "`run` has no `wait`"),
        (r#"{"operations":[{"type":"wait"}]}"#, "before `run`"),
        (
            r#"{"operations":[{"type":"run"},{"type":"run"},{"type":"wait"}]}"#,
            "before the `wait` of another",
        ),
        (
            r#"{"operations":[{"type":"run"},{"type":"read","id":"log"},{"type":"wait"}]}"#,
            "no stream `log`",
        ),
        (r#"{"operations":[{"type":"dance"}]}"#, "unknown variant"),
    ] {
        let error = spec::parse(text).expect_err(text);
        assert!(error.contains(reason), "{error}");
    }
}

fn put(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
    std::fs::write(path, text).expect("it can be written");
}

fn module(folder: &Path, name: &str, body: &str) {
    let text = format!(
        r#"(module
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "path_create_directory" (func $mkdir (param i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "\20\00\00\00\05\00\00\00") (data (i32.const 32) "hello") (data (i32.const 64) "x.cleanup")
        (func (export "_start") {body}))"#
    );
    let bytes = wat::parse_str(text).expect("a module");
    std::fs::create_dir_all(folder).expect("it can be made");
    std::fs::write(folder.join(name), bytes).expect("it can be written");
}

const SAYS: &str = "(drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))";
const ECHOES: &str = "(drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))\
                      (i32.store (i32.const 4) (i32.load (i32.const 8)))";

/// Makes a name that other runs may have left, and fails if it is there.
const MAKES: &str = "(call $exit (call $mkdir (i32.const 3) (i32.const 64) (i32.const 9)))";

fn suite(folder: &Path) {
    let tests = folder.join("tests/x/testsuite/wasm32-wasip1");
    put(
        &tests,
        "manifest.json",
        r#"{"name":"X tests","version":"wasm32-wasip1"}"#,
    );
    module(&tests, "bare.wasm", "");
    module(&tests, "says.wasm", SAYS);
    put(&tests, "says.json", r#"{"stdout":"hello"}"#);
    module(&tests, "says-other.wasm", SAYS);
    put(&tests, "says-other.json", r#"{"stdout":"other"}"#);
    module(&tests, "says-nothing.wasm", "");
    put(&tests, "says-nothing.json", r#"{"stdout":"hello"}"#);
    module(&tests, "exits.wasm", "(call $exit (i32.const 33))");
    put(&tests, "exits.json", r#"{"exit_code":33}"#);
    module(&tests, "exits-other.wasm", "(call $exit (i32.const 33))");
    module(&tests, "traps.wasm", "unreachable");
    module(&tests, "echoes.wasm", &format!("{ECHOES}{SAYS}"));
    put(
        &tests,
        "echoes.json",
        r#"{"operations":[{"type":"run"},{"type":"write","payload":"abc"},{"type":"read","payload":"abc"},{"type":"wait"}]}"#,
    );
    module(&tests, "makes.wasm", MAKES);
    put(&tests, "makes.json", r#"{"root":"dir"}"#);
    put(&tests, "dir/x.cleanup/left", "over");
    module(&tests, "connects.wasm", "");
    put(
        &tests,
        "connects.json",
        r#"{"operations":[{"type":"run"},{"type":"connect"},{"type":"wait"}]}"#,
    );
    module(
        &folder.join("tests/x/testsuite/wasm32-wasip3"),
        "later.wasm",
        "",
    );
}

#[test]
fn a_suite_is_found_in_its_folders_and_run() {
    let folder = tempfile::tempdir().expect("a folder");
    suite(folder.path());
    let found = Suite::load(folder.path()).expect("a suite");
    assert_eq!((found.tests.len(), found.others), (10, 1));
    let path = |name: &str| folder.path().join(name).display().to_string();
    let known = "[[suite]]\nname = \"X tests\"\n[[suite.test]]\nname = \"says-other\"\nexpected = \"fail\"\n\
                 [[suite.test]]\nname = \"bare\"\nexpected = \"fail\"\n[[suite.test]]\nname = \"says\"\naction = \"skip\"\n";
    put(folder.path(), "known.toml", known);
    let arguments = [
        "--suite",
        &path(""),
        "--host",
        "shim-wasmtime",
        "--json",
        &path("report.json"),
    ];
    let output = conform(&[&arguments[..], &["--expectations", &path("known.toml")]].concat());
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    assert!(
        said.contains("10 preview1 tests of a suite (1 for other versions of WASI are left out)"),
        "{said}"
    );
    assert!(
        said.contains("rights are enforced: the tests of rights really run"),
        "{said}"
    );
    let report = std::fs::read(path("report.json")).expect("a report");
    let report: Value = serde_json::from_slice(&report).expect("JSON");
    let tests = report["tests"].as_array().expect("tests").iter();
    let outcomes: BTreeMap<_, _> = tests
        .map(|test| {
            (
                test["name"].as_str().unwrap_or_default(),
                test["cells"][0]["outcome"].as_str().unwrap_or_default(),
            )
        })
        .collect();
    let expected = [
        ("bare", "unexpected-pass"),
        ("connects", "skip"),
        ("echoes", "pass"),
        ("exits", "pass"),
        ("exits-other", "fail"),
        ("makes", "pass"),
        ("says", "skip"),
        ("says-nothing", "fail"),
        ("says-other", "expected-fail"),
        ("traps", "fail"),
    ];
    assert_eq!(outcomes, BTreeMap::from(expected));
    assert!(
        said.contains("actual: exit code 33") && said.contains("actual: trap: "),
        "{said}"
    );
    // The suite's own folder is as it was.
    let left = folder
        .path()
        .join("tests/x/testsuite/wasm32-wasip1/dir/x.cleanup/left");
    assert!(left.exists());
}

#[test]
fn a_copy_has_everything_but_leftovers() {
    let folder = tempfile::tempdir().expect("a folder");
    let from = folder.path().join("from");
    put(&from, "d/e/f", "content");
    put(&from, "d/old.cleanup/f", "left over");
    put(&from, "old.cleanup", "left over");
    std::os::unix::fs::symlink("nowhere", from.join("l")).expect("a link");
    let to = folder.path().join("to");
    copy_folder(&from, &to).expect("it can be copied");
    assert_eq!(
        std::fs::read(to.join("d/e/f")).expect("the file"),
        b"content"
    );
    assert_eq!(
        std::fs::read_link(to.join("l")).expect("the link"),
        Path::new("nowhere")
    );
    assert!(!to.join("d/old.cleanup").exists() && !to.join("old.cleanup").exists());
}

#[test]
fn a_folder_without_tests_is_refused_with_advice() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().display().to_string();
    let output = conform(&["--suite", &path, "--host", "shim-wasmtime"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("take a checkout that has the compiled tests"),
        "{}",
        text(&output.stderr)
    );
    let output = conform(&["--suite", "/no/such/folder", "--host", "shim-wasmtime"]);
    assert!(
        text(&output.stderr).contains("/no/such/folder: No such file"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn a_suite_of_threads_is_run_with_threads_and_with_an_input_that_stays_open() {
    let folder = format!("{}/suites/threads", env!("CARGO_MANIFEST_DIR"));
    let found = Suite::load(std::path::Path::new(&folder)).expect("a suite");
    assert!(found.tests.len() >= 6 && found.tests.iter().all(|test| test.threads));
    let output = conform(&["--suite", &folder, "--host", "shim-threads"]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(!said.contains("skip"), "{said}");
}

#[test]
fn a_test_is_read_as_text_unless_it_has_been_translated() {
    let folder = tempfile::tempdir().expect("a folder");
    put(folder.path(), "a.wat", "(module)");
    put(folder.path(), "b.wat", "no module at all");
    put(folder.path(), "b.wasm", "\0asm\u{1}\0\0\0");
    let found = Suite::load(folder.path()).expect("a suite");
    let names: Vec<_> = found.tests.iter().map(|test| &*test.name).collect();
    assert_eq!(names, ["a", "b"]);
    for test in &found.tests {
        assert_eq!(test.module.bytes, b"\0asm\x01\0\0\0");
        assert!(!test.threads);
    }
}
