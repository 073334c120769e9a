//! A directory of modules and a cache of their own for the command under test, and the guests several tests share.
#![allow(dead_code)]

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;

pub(crate) struct Sandbox(TempDir);

pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// With `app.wat` in it.
    pub(crate) fn with(module: &str) -> Self {
        let sandbox = Self::new();
        sandbox.write("app.wat", module);
        sandbox
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        fs::write(self.path(name), contents).unwrap();
    }

    pub(crate) fn cache(&self) -> PathBuf {
        self.path("caches/wasi-shim")
    }

    /// The command, working in the directory and caching below it.
    pub(crate) fn command<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wasi-shim"));
        command
            .args(args)
            .current_dir(self.0.path())
            .stdin(Stdio::null());
        command
            .env("XDG_CACHE_HOME", self.path("caches"))
            .env_remove("WASMTIME_BACKTRACE_DETAILS");
        command
    }

    pub(crate) fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Ran {
        Ran::from(self.command(args).output().unwrap())
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self {
            status: output.status.code().unwrap_or(-1),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}

impl Ran {
    /// That the command failed with this status and a message of one or two lines that has all these parts.
    pub(crate) fn failed(&self, status: i32, parts: &[&str]) {
        assert_eq!(self.status, status, "{}", self.err);
        assert!(self.err.starts_with("wasi-shim: "), "{}", self.err);
        assert!(self.err.lines().count() <= 2, "{}", self.err);
        self.said(parts);
    }

    pub(crate) fn said(&self, parts: &[&str]) {
        for part in parts {
            assert!(self.err.contains(part), "no {part:?} in: {}", self.err);
        }
    }

    pub(crate) fn succeeded(&self, out: &str) {
        assert_eq!((self.status, self.out.as_str()), (0, out), "{}", self.err);
        assert_eq!(self.err, "");
    }
}

/// The entries of a cache, sorted.
pub(crate) fn entries(cache: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(cache).map(|entries| entries.map(|entry| entry.unwrap().path()));
    let mut entries: Vec<_> = entries.map(Iterator::collect).unwrap_or_default();
    entries.sort();
    entries
}

/// A program that prints its one line.
pub(crate) fn says(text: &str) -> String {
    let length = text.len() + 1;
    format!(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 0) "\10\00\00\00") (data (i32.const 16) "{text}\n")
            (func (export "_start")
                (i32.store (i32.const 4) (i32.const {length}))
                (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#
    )
}

pub(crate) const EMPTY: &str = r#"(module (memory (export "memory") 1) (func (export "_start")))"#;

pub(crate) const LOOPS: &str =
    r#"(module (memory (export "memory") 1) (func (export "_start") (loop $again (br $again))))"#;

/// A program that prints what `call`, either `args` or `environ`, tells it, with a bar after each string.
pub(crate) fn tells(call: &str) -> String {
    format!(
        r#"(module
            (import "wasi_snapshot_preview1" "{call}_sizes_get" (func $sizes (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "{call}_get" (func $get (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (func (export "_start") (local $at i32)
                (drop (call $sizes (i32.const 0) (i32.const 12)))
                (drop (call $get (i32.const 1024) (i32.const 4096)))
                (i32.store (i32.const 8) (i32.const 4096))
                (block $done (loop $bars
                    (br_if $done (i32.ge_u (local.get $at) (i32.load (i32.const 12))))
                    (if (i32.eqz (i32.load8_u offset=4096 (local.get $at)))
                        (then (i32.store8 offset=4096 (local.get $at) (i32.const 124))))
                    (local.set $at (i32.add (local.get $at) (i32.const 1)))
                    (br $bars)))
                (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 16)))))"#
    )
}
