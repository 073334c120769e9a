//! The waiter that needs no operating system.

#![allow(clippy::unwrap_used, reason = "what is wrong in a test should fail it")]

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use wasi_shim::Parker;
use wasi_shim::vfs::{HostHandle, Interest, Waiter};

/// Far longer than any of these waits should take.
const LONG: Duration = Duration::from_secs(60);

/// How long one wait takes.
fn waited(
    parker: &Parker,
    handles: &[(HostHandle, Interest)],
    timeout: Option<Duration>,
) -> Duration {
    let start = Instant::now();
    parker.wait(handles, timeout);
    start.elapsed()
}

#[test]
fn a_wake_that_came_before_ends_the_next_wait_and_no_other() {
    let parker = Parker::new();
    parker.waker().wake();
    assert!(waited(&parker, &[], Some(LONG)) < LONG);
    // A park may end for no reason, so it is the sum that tells.
    let short = Duration::from_millis(20);
    let start = Instant::now();
    while start.elapsed() < short {
        parker.wait(&[], Some(short));
    }
    assert!(start.elapsed() < LONG);
}

#[test]
fn another_thread_ends_a_wait() {
    for timeout in [None, Some(LONG)] {
        let parker = Parker::default();
        let waker = parker.waker();
        let other = thread::spawn(move || {
            thread::sleep(Duration::from_millis(20));
            waker.wake_by_ref();
        });
        assert!(waited(&parker, &[], timeout) < LONG);
        other.join().unwrap();
    }
}

#[test]
fn handles_that_it_cannot_wait_for_are_looked_at_soon() {
    let parker = Parker::new();
    let handles = [(HostHandle::new(Arc::new(())), Interest::Read)];
    for timeout in [None, Some(LONG)] {
        assert!(waited(&parker, &handles, timeout) < LONG / 10);
    }
}
