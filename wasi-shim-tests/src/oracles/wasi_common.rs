//! wasi-common 46, called without an engine: its functions are Rust functions on a memory.
//!
//! Knows which of them is which; everything else is [`Caller`](super::Caller)'s. A trap, which no call of these tests
//! calls for, is a panic.

use super::{Caller, Host};
use crate::model::NAME;
use std::path::Path;
use wasi_common::WasiCtx;
use wasi_common::snapshots::preview_1::wasi_snapshot_preview1 as p1;
use wasi_common::sync::{Dir, WasiCtxBuilder, ambient_authority};
use wasi_shim::abi::Syscall;
use wiggle::{GuestMemory, run_in_dummy_executor};

/// A guest of wasi-common.
pub struct WasiCommon(WasiCtx);

impl WasiCommon {
    /// One that has a folder of the host.
    pub fn guest(folder: &Path) -> Caller<Self> {
        let dir = Dir::open_ambient_dir(folder, ambient_authority()).expect("a folder");
        let mut builder = WasiCtxBuilder::new();
        builder.preopened_dir(dir, NAME).expect("it has room");
        Caller::new(Self(builder.build()))
    }
}

/// An argument in the type that the function takes.
trait Arg {
    fn arg(wide: i64) -> Self;
}

impl Arg for i32 {
    fn arg(wide: i64) -> Self {
        u32::try_from(wide).map(u32::cast_signed).expect("32 bits")
    }
}

impl Arg for i64 {
    fn arg(wide: i64) -> Self {
        wide
    }
}

macro_rules! functions {
    ($ctx:ident, $memory:ident, $call:ident, $args:ident: $($name:ident($($index:literal)*))*) => {
        match $call.name() {
            $(stringify!($name) => run_in_dummy_executor(
                p1::$name($ctx, $memory, $(Arg::arg($args[$index])),*)
            ),)*
            other => panic!("{other} is not called"),
        }
    };
}

impl Host for WasiCommon {
    const LOWEST: bool = false;

    fn call(&mut self, memory: &mut [u8], call: Syscall, args: &[i64]) -> u16 {
        let ctx = &mut self.0;
        let memory = &mut GuestMemory::Unshared(memory);
        let answer = functions! { ctx, memory, call, args:
            fd_advise(0 1 2 3) fd_allocate(0 1 2) fd_close(0) fd_datasync(0) fd_fdstat_get(0 1)
            fd_fdstat_set_flags(0 1) fd_filestat_get(0 1) fd_filestat_set_size(0 1)
            fd_filestat_set_times(0 1 2 3) fd_pread(0 1 2 3 4) fd_prestat_get(0 1) fd_prestat_dir_name(0 1 2)
            fd_pwrite(0 1 2 3 4) fd_read(0 1 2 3) fd_readdir(0 1 2 3 4) fd_renumber(0 1) fd_seek(0 1 2 3) fd_sync(0)
            fd_tell(0 1) fd_write(0 1 2 3) path_create_directory(0 1 2) path_filestat_get(0 1 2 3 4)
            path_filestat_set_times(0 1 2 3 4 5 6) path_link(0 1 2 3 4 5 6) path_open(0 1 2 3 4 5 6 7 8)
            path_readlink(0 1 2 3 4 5) path_remove_directory(0 1 2) path_rename(0 1 2 3 4 5) path_symlink(0 1 2 3 4)
            path_unlink_file(0 1 2)
        };
        let answer = answer.expect("it waits for nobody");
        let number = answer.unwrap_or_else(|trap| panic!("{call} trapped: {trap:?}"));
        u16::try_from(number).expect("an error code")
    }
}
