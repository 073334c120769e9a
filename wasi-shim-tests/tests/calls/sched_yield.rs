//! `sched_yield`.

use wasi_shim::abi::{Abi, Syscall};
use wasi_shim::{Outcome, Trap};
use wasi_shim_tests::trees::Tree;

#[test]
fn it_succeeds_and_touches_nothing() {
    for abi in [Abi::Preview1, Abi::Unstable] {
        let mut guest = Tree::memory().guest();
        guest.abi = abi;
        let before = guest.memory.clone();
        assert!(matches!(
            guest.attempt(Syscall::SchedYield, &[]),
            Outcome::Return(0)
        ));
        assert!(guest.memory == before);
    }
}

#[test]
fn a_loop_around_it_can_be_ended() {
    let mut guest = Tree::memory().guest();
    guest.wasi.cancel();
    let outcome = guest.attempt(Syscall::SchedYield, &[]);
    assert!(matches!(outcome, Outcome::Trap(Trap::Cancelled)));
}
