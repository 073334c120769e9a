//! Whatever a call waits for, its embedder can end it: at once from another thread, or at a time that was said before.

use crate::waits::{ALL, Wait};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};
use wasi_shim::abi::Abi;
use wasi_shim::mem::Memory;
use wasi_shim::vfs::Waiter;
use wasi_shim::{Blocked, Builder, Outcome, Parker, Trap, Wasi};

/// How soon a call that waits ends when its guest is cancelled. The rest of a machine may be busy: of several trials, the
/// one in the middle has to keep to it.
const SOON: Duration = Duration::from_millis(50);

/// How often each is tried.
const TRIALS: usize = 9;

/// Gives a guest a waiter.
type With = fn(Builder) -> Builder;

/// The waiter that is the host's, and the one that does without.
const WAITERS: [(&str, With); 2] = [
    ("the host's waiter", |builder| builder),
    ("a parked thread", |builder| {
        builder.waiter(|| Arc::new(Parker::new()) as Arc<dyn Waiter>)
    }),
];

/// Each wait, with each waiter.
fn each(test: impl Fn(&Wait, &str, &dyn Fn() -> Builder)) {
    for wait in ALL {
        for (waiter, with) in WAITERS {
            test(wait, &format!("{}, {waiter}", wait.name), &|| {
                with(Wasi::builder())
            });
        }
    }
}

/// Cancels a guest from another thread, some time after a call began to wait; how long the call then took to end.
fn cancelled(wait: &Wait, name: &str, builder: Builder, abi: Abi) -> Duration {
    let (mut guest, blocked, _held) = wait.start(builder, |guest| guest.abi = abi);
    let wasi = guest.wasi.clone();
    let (tell, told) = mpsc::channel();
    let canceller = thread::spawn(move || {
        thread::sleep(Duration::from_millis(2));
        let at = Instant::now();
        wasi.cancel();
        tell.send(at).expect("somebody listens");
    });
    blocked.wait();
    let ended = Instant::now();
    canceller.join().expect("it cancels");
    let at = told.recv().expect("the time");
    let outcome = blocked.resume(&mut Memory::new(&mut guest.memory));
    assert!(
        matches!(outcome, Outcome::Trap(Trap::Cancelled)),
        "{name}: {outcome:?}"
    );
    ended.saturating_duration_since(at)
}

#[test]
fn every_call_that_waits_ends_within_50_ms_of_a_cancellation_from_another_thread() {
    each(|wait, name, builder| {
        let mut took: Vec<Duration> = (0..TRIALS)
            .map(|trial| {
                let abi = [Abi::Preview1, Abi::Unstable][trial % 2];
                cancelled(wait, name, builder(), abi)
            })
            .collect();
        took.sort();
        let (middle, last) = (took[TRIALS / 2], took[TRIALS - 1]);
        println!("{name}: {middle:?}, at most {last:?}");
        assert!(middle <= SOON, "{name}: {took:?}");
    });
}

#[test]
fn every_call_that_waits_ends_at_the_deadline() {
    const TIME: Duration = Duration::from_millis(8);
    each(|wait, name, builder| {
        for abi in [Abi::Preview1, Abi::Unstable] {
            let (mut guest, blocked, _held) = wait.start(builder(), |guest| guest.abi = abi);
            let started = Instant::now();
            guest.wasi.set_deadline(Some(TIME)).expect("a clock");
            blocked.wait();
            assert!(started.elapsed() >= TIME, "{name}: too early");
            is_over(blocked, &mut guest.memory, name);
        }
    });
}

fn is_over(blocked: Blocked, memory: &mut [u8], name: &str) {
    let outcome = blocked.resume(&mut Memory::new(memory));
    assert!(
        matches!(outcome, Outcome::Trap(Trap::Deadline)),
        "{name}: {outcome:?}"
    );
}
