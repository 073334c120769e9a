//! The waker of one call, whoever waits for that call by now.
//!
//! Streams keep this one: to take it from them takes no other call's, although several may be waited for by one task; and
//! a stream that keeps it for too long keeps nobody's task. Knows nothing of what is waited for.

use super::lock;
use std::sync::{Arc, Mutex};
use std::task::{Wake, Waker};

/// Made when a call first waits.
pub(crate) struct CallWaker {
    task: Arc<Task>,
    /// Always the same one, so that it is known again.
    waker: Waker,
}

/// Who is woken. A waker is somebody else's code: none is woken or dropped while the lock is held.
#[derive(Default)]
struct Task(Mutex<Option<Waker>>);

impl CallWaker {
    /// Wakes nobody yet.
    pub(crate) fn new() -> Self {
        let task = Arc::new(Task::default());
        // What others keep are copies, and a copy is known by a copy.
        let waker = Waker::from(Arc::clone(&task)).clone();
        Self { task, waker }
    }

    /// To be handed to streams.
    pub(crate) const fn waker(&self) -> &Waker {
        &self.waker
    }

    /// Wakes this one from now on, in place of the one before.
    pub(crate) fn wakes(&self, waker: &Waker) {
        let mut task = lock(&self.task.0);
        if !task.as_ref().is_some_and(|known| known.will_wake(waker)) {
            let old = task.replace(waker.clone());
            drop(task);
            drop(old);
        }
    }

    /// Wakes nobody any more.
    pub(crate) fn wakes_nobody(&self) {
        let old = lock(&self.task.0).take();
        drop(old);
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let waker = lock(&self.0).clone();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}
