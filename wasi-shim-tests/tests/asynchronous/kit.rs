//! A guest without an engine whose calls wait in an executor.

use std::time::Duration;
use wasi_shim::abi::{FdFlags, Syscall};
use wasi_shim::mem::Memory;
use wasi_shim::{Blocked, Outcome, Trap, Wasi};
use wasi_shim_tests::Guest;

/// What a future comes to, in a runtime that has this thread alone. Panics if that takes long: then nobody woke it.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().build().expect("a runtime");
    runtime.block_on(in_time(future))
}

/// As long as the slowest machine may take for anything here.
pub(crate) async fn in_time<T>(future: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(Duration::from_secs(60), future).await;
    done.expect("it is woken")
}

/// Lets every other task go as far as it gets, and the reactor tell what it knows.
pub(crate) async fn others() {
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Every call that can wait ends at its guest's deadline, waited for like this.
pub(crate) fn each_ends_at_the_deadline(until_ready: impl Fn(&Blocked)) {
    for wait in crate::waits::ALL {
        let builder = Wasi::builder().deadline(Duration::from_millis(5));
        let (mut guest, blocked, _held) = wait.start(builder, |_| ());
        until_ready(&blocked);
        let outcome = blocked.resume(&mut Memory::new(&mut guest.memory));
        let ended = matches!(outcome, Outcome::Trap(Trap::Deadline));
        assert!(ended, "{}: {outcome:?}", wait.name);
    }
}

/// Waits until a call is done.
pub(crate) async fn finish(outcome: Outcome, memory: &mut [u8]) -> Outcome {
    let mut outcome = outcome;
    while let Outcome::Block(blocked) = outcome {
        wasi_shim::tokio::ready(&blocked).await;
        outcome = blocked.resume(&mut Memory::new(memory));
    }
    outcome
}

/// A guest of its own for a task: `fd_read` of one byte.
pub(crate) async fn read_byte(wasi: Wasi, fd: u32) -> u8 {
    let mut guest = Guest::of(wasi);
    let buffer = guest.room(1);
    let vector = [buffer.to_le_bytes(), 1_u32.to_le_bytes()].concat();
    let (vectors, count) = (guest.put(&vector), guest.room(4));
    let args = [fd.into(), vectors.into(), 1, count.into()];
    let outcome = guest.attempt(Syscall::FdRead, &args);
    let outcome = finish(outcome, &mut guest.memory).await;
    assert!(matches!(outcome, Outcome::Return(0)), "{outcome:?}");
    assert_eq!(guest.u32_at(count), 1);
    guest.bytes(buffer, 1)[0]
}

/// `sock_accept`; the new descriptor.
pub(crate) async fn accept(guest: &mut Guest, fd: u32) -> u32 {
    let flags = FdFlags::empty().bits();
    let outcome = guest.attempt(Syscall::SockAccept, &[fd.into(), flags.into(), 80]);
    let outcome = finish(outcome, &mut guest.memory).await;
    assert!(matches!(outcome, Outcome::Return(0)), "{outcome:?}");
    guest.u32_at(80)
}
