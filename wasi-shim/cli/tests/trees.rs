//! What is done to directories that only seem to change, and to archives.

mod common;

use common::{Sandbox, says};
use std::{fs, path::Path};

/// Renames `old` to `new` in its first directory, and exits with the error that gives.
const RENAMES: &str = r#"(module
    (import "wasi_snapshot_preview1" "path_rename" (func $rename (param i32 i32 i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "oldnew")
    (func (export "_start")
        (call $exit (call $rename
            (i32.const 3) (i32.const 0) (i32.const 3) (i32.const 3) (i32.const 3) (i32.const 3)))))"#;

/// Prints the file `hello` of its first directory.
const PRINTS: &str = r#"(module
    (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "hello")
    (data (i32.const 16) "\40\00\00\00\40\00\00\00")
    (func $must (param $errno i32)
        (if (local.get $errno) (then (call $exit (local.get $errno)))))
    (func (export "_start")
        (call $must (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 5)
            (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 8)))
        (call $must (call $read (i32.load (i32.const 8)) (i32.const 16) (i32.const 1) (i32.const 20)))
        (call $must (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 8)))))"#;

fn with_tree(module: &str) -> Sandbox {
    let sandbox = Sandbox::with(module);
    fs::create_dir(sandbox.path("tree")).unwrap();
    sandbox.write("tree/old", "content");
    sandbox
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let name =
        |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<_> = entries.map(name).collect();
    names.sort();
    names
}

#[test]
fn an_overlay_leaves_the_directory_as_it_is() {
    let sandbox = with_tree(RENAMES);
    sandbox
        .run(["run", "--overlay", "tree::/data", "app.wat"])
        .succeeded("");
    assert_eq!(names(&sandbox.path("tree")), ["old"]);
}

#[test]
fn a_commit_makes_the_changes_in_the_directory() {
    let sandbox = with_tree(RENAMES);
    sandbox
        .run(["run", "--overlay", "tree", "--commit", "app.wat"])
        .succeeded("");
    assert_eq!(names(&sandbox.path("tree")), ["new"]);
    assert_eq!(fs::read(sandbox.path("tree/new")).unwrap(), b"content");
}

#[test]
fn what_a_guest_did_that_failed_is_not_committed() {
    let sandbox = with_tree(
        &RENAMES
            .replace("(call $exit", "(call $exit (i32.add (i32.const 7)")
            .replace("(i32.const 3)))))", "(i32.const 3))))))"),
    );
    let ran = sandbox.run(["run", "--overlay", "tree", "--commit", "app.wat"]);
    ran.failed(7, &["exited with 7", "not committed"]);
    assert_eq!(names(&sandbox.path("tree")), ["old"]);
}

#[test]
fn a_commit_without_an_overlay_is_wrong_usage() {
    let sandbox = with_tree(&says("I ran"));
    let ran = sandbox.run(["run", "--commit", "app.wat"]);
    assert_eq!(ran.status, 2, "{}", ran.err);
    ran.said(&["--overlay"]);
}

/// A tar file with one file in it, as `tar --format=ustar` writes it.
fn tar(name: &str, content: &str) -> Vec<u8> {
    let mut header = [0; 512];
    let mut put =
        |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, name);
    put(100, "0000644");
    put(124, &format!("{:011o}", content.len()));
    put(136, "00000000000");
    put(148, "        ");
    put(156, "0");
    put(257, "ustar\u{0}00");
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut file = header.to_vec();
    file.extend_from_slice(content.as_bytes());
    file.resize(512 * 4, 0);
    file
}

#[test]
fn a_file_is_read_out_of_an_archive() {
    let sandbox = Sandbox::with(PRINTS);
    sandbox.write("tree.tar", tar("hello", "from the archive\n"));
    sandbox
        .run(["run", "--archive", "tree.tar::/data", "app.wat"])
        .succeeded("from the archive\n");
}

#[test]
fn an_archive_cannot_be_changed() {
    const PERM: i32 = 63;
    let sandbox = Sandbox::with(RENAMES);
    sandbox.write("tree.tar", tar("old", "content"));
    let ran = sandbox.run(["run", "--archive", "tree.tar::/data", "app.wat"]);
    assert_eq!(ran.status, PERM);
}

#[test]
fn what_is_no_archive_is_said() {
    let sandbox = Sandbox::with(&says("I ran"));
    sandbox.write("tree.tar", "text");
    let ran = sandbox.run(["run", "--archive", "tree.tar::/data", "app.wat"]);
    ran.failed(1, &["--archive tree.tar"]);
    let ran = sandbox.run(["run", "--archive", "no.tar::/data", "app.wat"]);
    ran.failed(1, &["--archive no.tar"]);
    let ran = sandbox.run(["run", "--archive", "tree.tar", "app.wat"]);
    assert_eq!(ran.status, 2, "{}", ran.err);
    ran.said(&["FILE::GUEST"]);
    assert_eq!(ran.out, "");
}
