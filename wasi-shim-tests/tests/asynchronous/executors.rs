//! Executors that are not tokio's.

use crate::kit::each_ends_at_the_deadline;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;
use wasi_shim::Outcome;
use wasi_shim::tokio::ready;

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The smallest executor.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}

#[test]
fn where_there_is_no_runtime_every_call_that_waits_ends_at_the_deadline() {
    each_ends_at_the_deadline(|blocked| block_on(ready(blocked)));
}

#[test]
fn where_there_is_no_runtime_events_wake_who_waits() {
    for event in crate::events::ALL {
        let (mut guest, blocked, mut happen) = event.start();
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(2));
                happen();
            });
            block_on(ready(&blocked));
        });
        let outcome = crate::events::go_on(blocked, &mut guest.memory, &mut happen);
        assert!(matches!(outcome, Outcome::Return(0)), "{}", event.name);
    }
}

#[test]
fn a_call_that_began_to_wait_in_one_runtime_goes_on_in_another() {
    for event in crate::events::ALL {
        let (mut guest, blocked, mut happen) = event.start();
        let mut waiting = pin!(ready(&blocked));
        let poll = |cx: &mut Context<'_>| Poll::Ready(waiting.as_mut().poll(cx));
        let first = crate::kit::block_on(std::future::poll_fn(poll));
        assert!(first.is_pending(), "{}", event.name);
        // The first runtime is gone.
        crate::kit::block_on(async {
            tokio::join!(waiting, async {
                crate::kit::others().await;
                happen();
            })
        });
        let outcome = crate::events::go_on(blocked, &mut guest.memory, &mut happen);
        assert!(matches!(outcome, Outcome::Return(0)), "{}", event.name);
    }
}
