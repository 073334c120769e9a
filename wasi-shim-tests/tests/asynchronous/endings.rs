//! Whatever a call waits for, its embedder can end it: the executor hears of it.

use crate::kit::{block_on, each_ends_at_the_deadline, others};
use crate::waits::ALL;
use std::time::Duration;
use wasi_shim::abi::Abi;
use wasi_shim::mem::Memory;
use wasi_shim::tokio::ready;
use wasi_shim::{Outcome, Trap, Wasi};

#[test]
fn every_call_that_waits_ends_when_its_guest_is_cancelled() {
    for wait in ALL {
        for abi in [Abi::Preview1, Abi::Unstable] {
            let (mut guest, blocked, _held) = wait.start(Wasi::builder(), |guest| guest.abi = abi);
            let wasi = guest.wasi.clone();
            block_on(async {
                tokio::join!(ready(&blocked), async {
                    others().await;
                    wasi.cancel();
                })
            });
            let outcome = blocked.resume(&mut Memory::new(&mut guest.memory));
            let ended = matches!(outcome, Outcome::Trap(Trap::Cancelled));
            assert!(ended, "{}: {outcome:?}", wait.name);
        }
    }
}

#[test]
fn every_call_that_waits_ends_at_the_deadline() {
    each_ends_at_the_deadline(|blocked| block_on(ready(blocked)));
}

#[test]
fn a_deadline_that_is_set_while_a_call_waits_ends_it() {
    for wait in ALL {
        let (mut guest, blocked, _held) = wait.start(Wasi::builder(), |_| ());
        let wasi = guest.wasi.clone();
        block_on(async {
            tokio::join!(ready(&blocked), async {
                others().await;
                let set = wasi.set_deadline(Some(Duration::from_millis(5)));
                set.expect("there is a clock");
            })
        });
        let outcome = blocked.resume(&mut Memory::new(&mut guest.memory));
        let ended = matches!(outcome, Outcome::Trap(Trap::Deadline));
        assert!(ended, "{}: {outcome:?}", wait.name);
    }
}

#[test]
fn a_call_that_waits_on_another_thread_ends_when_its_guest_is_cancelled() {
    for wait in ALL {
        let (mut guest, blocked, _held) = wait.start(Wasi::builder(), |_| ());
        let wasi = guest.wasi.clone();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                std::thread::sleep(Duration::from_millis(2));
                wasi.cancel();
            });
            block_on(ready(&blocked));
        });
        let outcome = blocked.resume(&mut Memory::new(&mut guest.memory));
        let ended = matches!(outcome, Outcome::Trap(Trap::Cancelled));
        assert!(ended, "{}: {outcome:?}", wait.name);
    }
}
