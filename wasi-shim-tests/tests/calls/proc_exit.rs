//! `proc_exit`.

use wasi_shim::abi::{Abi, Syscall};
use wasi_shim::{Exit, Outcome};
use wasi_shim_tests::trees::Tree;

#[test]
fn every_code_reaches_the_embedder() {
    for abi in [Abi::Preview1, Abi::Unstable] {
        for code in [0, 1, 2, 125, 126, 127, 255, 256, 1 << 31, u32::MAX] {
            let mut guest = Tree::memory().guest();
            guest.abi = abi;
            let before = guest.memory.clone();
            let Outcome::Exit(exit) = guest.attempt(Syscall::ProcExit, &[code.into()]) else {
                panic!("{code} did not end the program");
            };
            assert_eq!(exit, Exit(code));
            assert_eq!(
                exit.to_string(),
                format!("the program exited with code {code}")
            );
            assert!(guest.memory == before);
        }
    }
}

#[test]
fn a_code_has_32_bits() {
    let mut guest = Tree::memory().guest();
    for (wide, code) in [(-1, u32::MAX), (i64::from(i32::MIN), 1 << 31)] {
        let Outcome::Exit(exit) = guest.attempt(Syscall::ProcExit, &[wide]) else {
            panic!("{wide} did not end the program");
        };
        assert_eq!(exit, Exit(code));
    }
}
