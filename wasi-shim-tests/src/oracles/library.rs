//! The library as a system to compare.

use super::{Caller, Host};
use crate::model::NAME;
use std::sync::Arc;
use wasi_shim::abi::{Abi, Syscall};
use wasi_shim::mem::Memory;
use wasi_shim::vfs::Dir;
use wasi_shim::{Access, Outcome, Wasi};

/// A guest of the library over a filesystem.
pub fn library(root: Arc<dyn Dir>) -> Caller<Wasi> {
    let builder = Wasi::builder().preopen(NAME, root, Access::ReadWrite);
    Caller::new(builder.build().expect("the guest can be built"))
}

impl Host for Wasi {
    const LOWEST: bool = true;

    fn call(&mut self, memory: &mut [u8], call: Syscall, args: &[i64]) -> u16 {
        let mut memory = Memory::new(memory);
        match Wasi::call(self, Abi::Preview1, &mut memory, call, args) {
            Outcome::Return(number) => number,
            Outcome::Trap(trap) => panic!("{call} trapped: {trap}"),
            Outcome::Exit(exit) => panic!("{call} exited: {exit}"),
            Outcome::Block(_) => panic!("{call} waits for a file"),
        }
    }
}
