//! What is kept between runs, and what must not be.

mod common;

use std::{
    fs,
    io::Write,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    process::Stdio,
};

use common::{Sandbox, entries, says};

/// What differs if an entry is written again.
fn stamp(entry: &Path) -> (u64, i64, i64) {
    let metadata = fs::metadata(entry).unwrap();
    (metadata.ino(), metadata.mtime(), metadata.mtime_nsec())
}

fn only_entry(sandbox: &Sandbox) -> std::path::PathBuf {
    let mut entries = entries(&sandbox.cache());
    assert_eq!(entries.len(), 1, "{entries:?}");
    entries.remove(0)
}

#[test]
fn a_second_run_uses_what_the_first_left() {
    let sandbox = Sandbox::with(&says("hello"));
    sandbox.run(["run", "app.wat"]).succeeded("hello\n");
    let entry = only_entry(&sandbox);
    let before = stamp(&entry);
    sandbox.run(["run", "app.wat"]).succeeded("hello\n");
    assert_eq!(stamp(&only_entry(&sandbox)), before);
    // And really uses it: with another module's code in the entry, that code runs.
    let other = Sandbox::with(&says("changed"));
    other.run(["run", "app.wat"]).succeeded("changed\n");
    fs::rename(only_entry(&other), &entry).unwrap();
    sandbox.run(["run", "app.wat"]).succeeded("changed\n");
}

#[test]
fn a_changed_module_is_compiled_again() {
    let sandbox = Sandbox::with(&says("one"));
    sandbox.run(["run", "app.wat"]).succeeded("one\n");
    // The same length, and at once: only the times can tell.
    sandbox.write("app.wat", says("two"));
    sandbox.run(["run", "app.wat"]).succeeded("two\n");
    assert_eq!(entries(&sandbox.cache()).len(), 2);
}

#[test]
fn other_settings_are_other_entries() {
    let sandbox = Sandbox::with(&says("hello"));
    sandbox.run(["run", "app.wat"]).succeeded("hello\n");
    sandbox
        .run(["run", "--wasm", "wide-arithmetic", "app.wat"])
        .succeeded("hello\n");
    sandbox
        .run(["run", "--timeout", "1m", "app.wat"])
        .succeeded("hello\n");
    assert_eq!(entries(&sandbox.cache()).len(), 3);
    // A deeper stack and a limit on memory concern the run, not the code.
    sandbox
        .run(["run", "--max-stack", "1M", "--max-memory", "1G", "app.wat"])
        .succeeded("hello\n");
    assert_eq!(entries(&sandbox.cache()).len(), 3);
}

#[test]
fn broken_entries_are_replaced() {
    let sandbox = Sandbox::with(&says("hello"));
    sandbox.run(["run", "app.wat"]).succeeded("hello\n");
    let entry = only_entry(&sandbox);
    let whole = fs::read(&entry).unwrap();
    for broken in [
        b"".as_slice(),
        b"garbage",
        &whole[..64],
        &whole[..whole.len() / 2],
    ] {
        fs::write(&entry, broken).unwrap();
        sandbox.run(["run", "app.wat"]).succeeded("hello\n");
        assert_eq!(fs::read(only_entry(&sandbox)).unwrap().len(), whole.len());
    }
}

#[test]
fn nothing_is_kept_if_not_wanted() {
    let sandbox = Sandbox::with(&says("hello"));
    sandbox
        .run(["run", "--no-cache", "app.wat"])
        .succeeded("hello\n");
    assert!(!sandbox.cache().exists());
}

#[test]
fn the_place_can_be_chosen() {
    let sandbox = Sandbox::with(&says("hello"));
    sandbox
        .run(["run", "--cache-dir", "mine/deep", "app.wat"])
        .succeeded("hello\n");
    assert_eq!(entries(&sandbox.path("mine/deep")).len(), 1);
    assert!(!sandbox.cache().exists());
}

#[test]
fn without_xdg_the_home_directory_is_used() {
    let sandbox = Sandbox::with(&says("hello"));
    let run = |xdg: &str| {
        let mut command = sandbox.command(["run", "app.wat"]);
        command.env("XDG_CACHE_HOME", xdg);
        command.env("HOME", sandbox.path("home"));
        assert_eq!(command.output().unwrap().stdout, b"hello\n");
    };
    run("");
    assert_eq!(entries(&sandbox.path("home/.cache/wasi-shim")).len(), 1);
    run("relative/paths/are/to/be/ignored");
    assert!(!sandbox.path("relative").exists());
}

#[test]
fn runs_go_on_where_there_can_be_no_cache() {
    let sandbox = Sandbox::with(&says("hello"));
    let homeless = sandbox
        .command(["run", "app.wat"])
        .env_remove("XDG_CACHE_HOME")
        .env_remove("HOME")
        .output();
    assert_eq!(homeless.unwrap().stdout, b"hello\n");
    // A file is in the way.
    sandbox.write("caches", "");
    sandbox.run(["run", "app.wat"]).succeeded("hello\n");
    // Who asked for a place hears that it could not be used.
    let ran = sandbox.run(["run", "--cache-dir", "caches", "app.wat"]);
    assert_eq!((ran.status, ran.out.as_str()), (0, "hello\n"));
    ran.said(&["not caching in `caches`"]);
}

#[test]
fn the_directory_is_for_the_user_alone() {
    let sandbox = Sandbox::with(&says("hello"));
    sandbox.run(["run", "app.wat"]).succeeded("hello\n");
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!(mode(&sandbox.cache()), 0o700);
    assert_eq!(mode(&only_entry(&sandbox)), 0o600);
}

#[test]
fn a_directory_others_can_write_to_is_not_used() {
    let sandbox = Sandbox::with(&says("hello"));
    for mode in [0o720, 0o702] {
        fs::create_dir_all(sandbox.cache()).unwrap();
        fs::set_permissions(sandbox.cache(), fs::Permissions::from_mode(mode)).unwrap();
        sandbox.run(["run", "app.wat"]).succeeded("hello\n");
        assert!(entries(&sandbox.cache()).is_empty());
        let ran = sandbox.run(["run", "--cache-dir", "caches/wasi-shim", "app.wat"]);
        assert_eq!((ran.status, ran.out.as_str()), (0, "hello\n"));
        ran.said(&["others may write", "chmod"]);
    }
}

#[test]
fn an_entry_others_could_have_written_is_not_used() {
    let (sandbox, other) = (
        Sandbox::with(&says("hello")),
        Sandbox::with(&says("planted")),
    );
    sandbox.run(["run", "app.wat"]).succeeded("hello\n");
    other.run(["run", "app.wat"]).succeeded("planted\n");
    let (entry, planted) = (only_entry(&sandbox), only_entry(&other));
    // A link could lead to anybody's file.
    fs::remove_file(&entry).unwrap();
    std::os::unix::fs::symlink(&planted, &entry).unwrap();
    sandbox.run(["run", "app.wat"]).succeeded("hello\n");
    assert!(fs::symlink_metadata(&entry).unwrap().is_file());
    fs::copy(&planted, &entry).unwrap();
    fs::set_permissions(&entry, fs::Permissions::from_mode(0o622)).unwrap();
    sandbox.run(["run", "app.wat"]).succeeded("hello\n");
    assert_eq!(fs::metadata(&entry).unwrap().mode() & 0o777, 0o600);
}

#[test]
fn old_entries_make_room_and_other_files_stay() {
    let sandbox = Sandbox::with(&says("hello"));
    fs::create_dir_all(sandbox.cache()).unwrap();
    fs::set_permissions(sandbox.cache(), fs::Permissions::from_mode(0o700)).unwrap();
    for n in 0..80 {
        fs::write(sandbox.cache().join(format!("{n:064x}.cwasm")), "x").unwrap();
    }
    fs::write(sandbox.cache().join("letter.txt"), "dear").unwrap();
    sandbox.run(["run", "app.wat"]).succeeded("hello\n");
    assert_eq!(entries(&sandbox.cache()).len(), 64 + 1);
    assert!(sandbox.cache().join("letter.txt").exists());
}

#[test]
fn a_pipe_is_run_and_not_kept() {
    let sandbox = Sandbox::with(&says("hello"));
    let mut command = sandbox.command(["run", "/dev/stdin"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(says("hello").as_bytes()).unwrap();
    drop(pipe);
    let ran = child.wait_with_output().unwrap();
    assert_eq!(ran.stdout, b"hello\n");
    assert!(entries(&sandbox.cache()).is_empty());
}
