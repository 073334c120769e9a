//! What is left of a call that was given up: nothing.

use crate::kit::{block_on, others, read_byte};
use crate::waits::ALL;
use std::fs;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use wasi_shim::tokio::ready;
use wasi_shim::{Wasi, host};

struct Nobody;

impl Wake for Nobody {
    fn wake(self: Arc<Self>) {}
}

#[test]
fn no_waker_is_left_of_a_call_that_is_given_up() {
    for wait in ALL {
        let (_guest, blocked, _held) = wait.start(Wasi::builder(), |_| ());
        let task = Arc::new(Nobody);
        block_on(async {
            let waker = Waker::from(Arc::clone(&task));
            let mut waiting = pin!(ready(&blocked));
            let polled = waiting.as_mut().poll(&mut Context::from_waker(&waker));
            assert!(polled.is_pending(), "{}", wait.name);
        });
        assert!(Arc::strong_count(&task) > 1, "{}", wait.name);
        drop(blocked);
        assert_eq!(Arc::strong_count(&task), 1, "{}", wait.name);
    }
}

/// Is a handle registered with any reactor of this process?
fn is_registered(handle: RawFd) -> bool {
    let target = format!("tfd: {handle:8} ");
    let reactors = fs::read_dir("/proc/self/fdinfo").expect("the system has it");
    let mut infos = reactors.filter_map(|entry| fs::read_to_string(entry.ok()?.path()).ok());
    infos.any(|info| info.contains(&target))
}

#[test]
fn no_registration_is_left_when_nobody_waits() {
    block_on(async {
        let (inner, _outer) = UnixStream::pair().expect("a pair");
        let handle = inner.as_raw_fd();
        let socket = host::socket(inner).expect("a socket");
        let read = || {
            let guest = Wasi::builder().stdin(Arc::clone(&socket)).build();
            tokio::spawn(read_byte(guest.expect("a guest"), 0))
        };
        assert!(!is_registered(handle));
        let (first, second) = (read(), read());
        others().await;
        assert!(is_registered(handle));
        first.abort();
        others().await;
        assert!(is_registered(handle));
        second.abort();
        others().await;
        assert!(!is_registered(handle));
        let third = read();
        others().await;
        assert!(is_registered(handle));
        third.abort();
    });
}
