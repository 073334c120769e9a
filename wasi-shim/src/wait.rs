//! Waiting without an operating system's help: a thread that is parked until somebody wakes it.
//!
//! Knows threads, not handles: where there are handles to wait for, it looks again every few milliseconds. The builder
//! uses it where the crate is built without `host`, which has a better one.

use crate::vfs::{HostHandle, Interest, Waiter};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

/// How long to wait before looking at handles that this cannot wait for.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// A [`Waiter`] that parks the thread that made it.
pub struct Parker(Arc<Unpark>);

struct Unpark {
    thread: Thread,
    /// A thread's own token may be taken by whatever else parks on it.
    woken: AtomicBool,
}

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}

impl Parker {
    /// A waiter for the current thread.
    pub fn new() -> Self {
        Self(Arc::new(Unpark {
            thread: thread::current(),
            woken: AtomicBool::new(false),
        }))
    }
}

impl Default for Parker {
    fn default() -> Self {
        Self::new()
    }
}

impl Waiter for Parker {
    fn wait(&self, handles: &[(HostHandle, Interest)], timeout: Option<Duration>) {
        if self.0.woken.swap(false, Ordering::SeqCst) {
            return;
        }
        let longest = (!handles.is_empty()).then_some(LOOK_AGAIN);
        match [timeout, longest].into_iter().flatten().min() {
            Some(timeout) => thread::park_timeout(timeout),
            None => thread::park(),
        }
    }

    fn waker(&self) -> Waker {
        Waker::from(Arc::clone(&self.0))
    }
}
