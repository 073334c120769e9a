//! What is left of a call that was given up: nothing.

use crate::kit::{block_on, others, read_byte};
use crate::waits::ALL;
use std::fs;
use std::future::poll_fn;
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::sync::atomic::{AtomicIsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use wasi_shim::abi::{Errno, Result, Syscall};
use wasi_shim::backends::pipe;
use wasi_shim::mem::Memory;
use wasi_shim::tokio::ready;
use wasi_shim::vfs::{Interest, Readiness, Stream};
use wasi_shim::{Blocked, Outcome, Wasi, host};
use wasi_shim_tests::Guest;

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

/// Keeps every waker, whoever waits no more.
#[derive(Default)]
struct Hoard(Mutex<Vec<Waker>>);

impl Stream for Hoard {
    fn read(&self, _: &mut [IoSliceMut<'_>]) -> Result<usize> {
        Err(Errno::Again)
    }

    fn ready(&self, _: Interest, waker: &Waker) -> Readiness {
        let mut kept = self.0.lock().expect("nobody panics");
        kept.push(waker.clone());
        Readiness::Later
    }
}

#[test]
fn a_stream_that_cannot_forget_keeps_nobodys_task() {
    let hoard = Arc::new(Hoard::default());
    let guest = Wasi::builder().stdin(hoard.clone()).build();
    let task = Arc::new(Nobody);
    block_on(async {
        let waker = Waker::from(Arc::clone(&task));
        let mut reading = pin!(read_byte(guest.expect("a guest"), 0));
        let polled = reading.as_mut().poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
        assert!(Arc::strong_count(&task) > 2);
    });
    let kept = std::mem::take(&mut *hoard.0.lock().expect("nobody panics"));
    assert!(!kept.is_empty());
    assert_eq!(Arc::strong_count(&task), 1);
    kept.into_iter().for_each(Waker::wake);
}

/// Two calls of one task have one waker: what is taken back for the one must not be the other's.
#[test]
fn a_call_that_is_given_up_takes_no_other_calls_waker() {
    let (reader, writer) = pipe(1);
    let guest = || Wasi::builder().stdin(reader.clone()).build();
    let (first, second) = (guest().expect("a guest"), guest().expect("a guest"));
    block_on(async {
        let mut second = pin!(read_byte(second, 0));
        {
            let mut first = pin!(read_byte(first, 0));
            poll_fn(|cx| {
                assert!(first.as_mut().poll(cx).is_pending());
                assert!(second.as_mut().poll(cx).is_pending());
                Poll::Ready(())
            })
            .await;
        }
        let (byte, ()) = tokio::join!(second, async {
            others().await;
            assert_eq!(writer.write(&[IoSlice::new(b"x")]), Ok(1));
        });
        assert_eq!(byte, b'x');
    });
}

/// Counts who waits.
#[derive(Default)]
struct Door(AtomicIsize);

impl Stream for Door {
    fn read(&self, _: &mut [IoSliceMut<'_>]) -> Result<usize> {
        Err(Errno::Again)
    }

    fn ready(&self, _: Interest, _: &Waker) -> Readiness {
        self.0.fetch_add(1, Ordering::SeqCst);
        Readiness::Later
    }

    fn forget(&self, _: Interest, _: &Waker) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[test]
fn a_stream_is_told_of_every_call_that_waits_no_more() {
    let door = Arc::new(Door::default());
    let mut guest = Guest::new(Wasi::builder().stdin(door.clone()));
    guest.memory[16] = 64;
    guest.memory[20] = 8;
    let mut memory = guest.memory.clone();
    let mut begin = || match guest.attempt(Syscall::FdRead, &[0, 16, 1, 32]) {
        Outcome::Block(blocked) => blocked,
        other => panic!("{other:?}"),
    };
    let look = |blocked: &Blocked| assert!(!blocked.is_ready(Waker::noop(), &mut Vec::new()));
    let waiting = || door.0.load(Ordering::SeqCst);
    // Nobody has asked for it.
    drop(begin());
    assert_eq!(waiting(), 0);
    let (first, second) = (begin(), begin());
    look(&first);
    look(&second);
    assert_eq!(waiting(), 2);
    let again = first.resume(&mut Memory::new(&mut memory));
    assert!(matches!(again, Outcome::Block(_)));
    assert_eq!(waiting(), 1);
    drop((again, second));
    assert_eq!(waiting(), 0);
}
