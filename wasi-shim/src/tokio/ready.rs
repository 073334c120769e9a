//! The future that a blocked call becomes.

use super::runtime;
use super::watches::Watches;
use crate::Blocked;
use crate::vfs::{HostHandle, Interest};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;
use tokio::runtime::{Handle, Id};
use tokio::time::{Instant, Sleep, sleep_until};

/// The longest single wait; longer ones look at the clocks again.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest wait while something can happen that nobody would tell of.
const BLIND: Duration = Duration::from_millis(10);

/// Waits until it is time to [resume](Blocked::resume) a call.
///
/// It wakes the task when a stream in this process says so, when a handle of the host becomes ready, when the guest's time
/// has come, and when the guest is cancelled or its deadline is changed. Dropping the future ends the waiting; the call is
/// given up by dropping the [`Blocked`].
///
/// ```
/// # use wasi_shim::mem::Memory;
/// # use wasi_shim::{Outcome, Wasi};
/// # use wasi_shim::abi::{Abi, Syscall};
/// async fn call(wasi: &Wasi, memory: &mut [u8], call: Syscall, args: &[i64]) -> Outcome {
///     let mut outcome = wasi.call(Abi::Preview1, &mut Memory::new(memory), call, args);
///     while let Outcome::Block(blocked) = outcome {
///         wasi_shim::tokio::ready(&blocked).await;
///         outcome = blocked.resume(&mut Memory::new(memory));
///     }
///     outcome
/// }
/// ```
///
/// # Runtimes
/// In a runtime of tokio's, its timer and its reactor are used: a runtime that was built without `enable_time` and
/// `enable_io` makes tokio panic, as it does for its own. In another executor, a thread is started, once in a process, which
/// has a timer and a reactor for all who wait there.
///
/// tokio's timer has milliseconds: a call wakes up to one later than its time, never earlier.
pub fn ready(blocked: &Blocked) -> Ready<'_> {
    Ready {
        blocked,
        handles: Vec::new(),
        watches: Watches::default(),
        timer: None,
    }
}

/// The future of [`ready`].
#[must_use = "futures do nothing unless they are polled"]
pub struct Ready<'a> {
    blocked: &'a Blocked,
    handles: Vec<(HostHandle, Interest)>,
    watches: Watches,
    timer: Option<(Id, Pin<Box<Sleep>>)>,
}

impl Future for Ready<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        if this.blocked.is_ready(cx.waker(), &mut this.handles) {
            return Poll::Ready(());
        }
        match this.look_again(cx) {
            Again::Woken => {}
            Again::Now => cx.waker().wake_by_ref(),
        }
        Poll::Pending
    }
}

/// When to look again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Again {
    /// When the task is woken.
    Woken,
    /// At once.
    Now,
}

impl Ready<'_> {
    /// Has the task woken by handles and by time.
    fn look_again(&mut self, cx: &mut Context<'_>) -> Again {
        let timeout = self.blocked.timeout();
        if self.handles.is_empty() && timeout.is_none() {
            self.watches.clear();
            self.timer = None;
            return Again::Woken;
        }
        let Some(runtime) = runtime::current() else {
            // To wait here for a moment is better than to ask again at once, or never.
            thread::sleep(timeout.map_or(BLIND, |timeout| timeout.min(BLIND)));
            return Again::Now;
        };
        self.watches.set(&runtime, &self.handles);
        if self.watches.poll(cx) {
            return Again::Now;
        }
        let blind = self.watches.are_blind().then_some(BLIND);
        match timeout.into_iter().chain(blind).min() {
            Some(timeout) => self.sleep(&runtime, timeout, cx),
            None => Again::Woken,
        }
    }

    fn sleep(&mut self, runtime: &Handle, timeout: Duration, cx: &mut Context<'_>) -> Again {
        let now = Instant::now();
        let until = now.checked_add(timeout.min(LONGEST)).unwrap_or(now);
        let id = runtime.id();
        let known = self.timer.take().filter(|(known, _)| *known == id);
        let mut timer = match known {
            Some((_, mut timer)) => {
                timer.as_mut().reset(until);
                timer
            }
            None => {
                let _runtime = runtime.enter();
                Box::pin(sleep_until(until))
            }
        };
        let polled = timer.as_mut().poll(cx);
        self.timer = Some((id, timer));
        match polled {
            Poll::Pending => Again::Woken,
            Poll::Ready(()) => Again::Now,
        }
    }
}
