//! Asks a host whether rights are enforced, with the question that the suite's tests ask before they test rights.
//!
//! A test of rights that finds `notsup` passes without testing anything. The runner makes the same call itself, so that a
//! pass is known to be one.

use crate::conform::host::{Directory, Host, How, Module, Program};
use crate::conform::process::Bounds;
use std::path::Path;
use std::sync::Arc;

/// What a host does with rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rights {
    /// The tests' question is answered, and a right that was given up is missed.
    Enforced,
    /// The tests' question is answered, but nothing is refused afterwards.
    Ignored,
    /// The tests' question is answered with `notsup`, so that they test nothing.
    Unsupported,
    /// The question could not be asked.
    Unknown(String),
}

impl Rights {
    /// In words.
    pub fn spell(&self) -> String {
        match self {
            Self::Enforced => "rights are enforced: the tests of rights really run".to_owned(),
            Self::Ignored => "rights can be given up, and are not missed afterwards".to_owned(),
            Self::Unsupported => {
                "rights cannot be given up: the tests of rights pass without testing".to_owned()
            }
            Self::Unknown(why) => format!("whether rights are enforced is not known: {why}"),
        }
    }
}

/// It opens the root with what the root has, sets the rights to what they are (this is the tests' question), gives up
/// reading on a new file, and reads. Its exit code is the answer.
const QUESTION: &str = r#"(module
  (import "wasi_snapshot_preview1" "fd_fdstat_get" (func $fdstat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_rights" (func $set_rights (param i32 i64 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) ".file.cleanup")
  (data (i32.const 32) "\80\00\00\00\04\00\00\00")
  (func $need (param $errno i32)
    (if (local.get $errno) (then (call $exit (i32.add (i32.const 100) (local.get $errno))))))
  (func (export "_start") (local $errno i32)
    (call $need (call $fdstat (i32.const 3) (i32.const 64)))
    (call $need (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 2)
      (i64.load (i32.const 72)) (i64.load (i32.const 80)) (i32.const 0) (i32.const 96)))
    (call $need (call $fdstat (i32.load (i32.const 96)) (i32.const 64)))
    (local.set $errno (call $set_rights (i32.load (i32.const 96)) (i64.load (i32.const 72)) (i64.load (i32.const 80))))
    (if (i32.eq (local.get $errno) (i32.const 58)) (then (call $exit (i32.const 2))))
    (call $need (local.get $errno))
    (call $need (call $open (i32.load (i32.const 96)) (i32.const 0) (i32.const 1) (i32.const 12) (i32.const 1)
      (i64.const 0x66) (i64.const 0) (i32.const 0) (i32.const 100)))
    (call $need (call $read (i32.load (i32.const 100)) (i32.const 32) (i32.const 1) (i32.const 40)))
    (call $need (call $set_rights (i32.load (i32.const 100)) (i64.const 0x24) (i64.const 0)))
    (local.set $errno (call $read (i32.load (i32.const 100)) (i32.const 32) (i32.const 1) (i32.const 40)))
    (if (i32.eqz (local.get $errno)) (then (call $exit (i32.const 1))))))"#;

/// The program that asks, as a file in this folder.
pub fn question(folder: &Path) -> std::io::Result<Arc<Module>> {
    let bytes = wat::parse_str(QUESTION).map_err(std::io::Error::other)?;
    let path = folder.join("rights.wasm");
    std::fs::write(&path, &bytes)?;
    Ok(Arc::new(Module { path, bytes }))
}

/// Asks a host; `None` if it runs no modules.
pub fn ask(host: &dyn Host, question: &Arc<Module>, bounds: Bounds) -> Option<Rights> {
    let folder = match tempfile::tempdir() {
        Ok(folder) => folder,
        Err(error) => return Some(Rights::Unknown(error.to_string())),
    };
    let root = Directory {
        host: folder.path().to_owned(),
        guest: "/".to_owned(),
        read_only: false,
    };
    let program = Program {
        module: question.clone(),
        args: vec!["rights".to_owned()],
        env: Vec::new(),
        preopens: vec![root],
        stdin: Vec::new(),
        threads: false,
    };
    Some(match host.start(&program, bounds)?.how {
        How::Exited(0) => Rights::Enforced,
        How::Exited(1) => Rights::Ignored,
        How::Exited(2) => Rights::Unsupported,
        How::Exited(code @ 101..) => {
            Rights::Unknown(format!("a call failed with the error code {}", code - 100))
        }
        How::Exited(code) => Rights::Unknown(format!("the exit code was {code}")),
        How::Trapped(why) | How::Lost(why) => Rights::Unknown(why),
    })
}
