//! Threads that sleep cost the process no descriptors. Alone in its file, as it counts what the whole process has.
#![cfg(all(target_os = "linux", feature = "host"))]
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::fs;
use std::sync::mpsc::channel;
use std::thread;
use wasi_shim::abi::Syscall;
use wasi_shim::mem::Memory;
use wasi_shim::{Outcome, Trap, Wasi};

mod guest_kit;
use guest_kit::Guest;

const THREADS: usize = 60;

/// How many are open.
fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Sleeps for an hour.
fn sleep(guest: &mut Guest) -> Outcome {
    let hour = 3_600_000_000_000_u64;
    guest.memory[16..24].copy_from_slice(&1_u64.to_le_bytes());
    guest.memory[24..32].copy_from_slice(&hour.to_le_bytes());
    guest.attempt(Syscall::PollOneoff, &[0, 64, 1, 128])
}

#[test]
fn threads_that_sleep_take_no_descriptors_and_wake_all_the_same() {
    let before = descriptors();
    let wasi = Wasi::builder().build().unwrap();
    let (tell, told) = channel();
    let sleepers: Vec<_> = (0..THREADS)
        .map(|_| {
            let mut guest = Guest::new(Wasi::builder());
            guest.wasi = wasi.clone();
            let tell = tell.clone();
            thread::spawn(move || {
                let Outcome::Block(blocked) = sleep(&mut guest) else {
                    unreachable!()
                };
                tell.send(()).unwrap();
                blocked.wait();
                blocked.resume(&mut Memory::new(&mut guest.memory))
            })
        })
        .collect();
    for _ in 0..THREADS {
        told.recv().unwrap();
    }
    // All that are asleep by now, and those that are not will find the same.
    thread::sleep(std::time::Duration::from_millis(20));
    assert_eq!(descriptors(), before);
    wasi.cancel();
    for sleeper in sleepers {
        let outcome = sleeper.join().unwrap();
        assert!(matches!(outcome, Outcome::Trap(Trap::Cancelled)));
    }
    assert_eq!(descriptors(), before);
}
