//! A thread that waits for handles of the host.
//!
//! This file knows how to block a thread, in `poll(2)` if there are handles, and how to get it out again. It does not know
//! what it is waiting for, nor whether it was worth it: a wait may end early, and whoever waits looks again. Whoever
//! builds a guest may use it.

use super::ready;
use crate::vfs::{HostHandle, Interest, Waiter};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno as Native;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::{Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// The longest single wait. Longer ones end early, which spares every system's arithmetic the extremes.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest wait while something can happen that `poll(2)` would not notice.
const BLIND: Duration = Duration::from_millis(10);

/// Blocks threads: in `poll(2)`, or parked where there is nothing to poll.
///
/// A thread that has waited for handles keeps two descriptors of the process, by which it is woken, until it ends; one that
/// has only slept keeps none. One value serves any number of threads. Waking it wakes all that wait. A thread that has
/// asked for a waker and does not wait yet returns from its next wait at once.
#[derive(Clone, Debug, Default)]
pub struct Poller {
    threads: Arc<Threads>,
}

impl Poller {
    /// A poller that nobody uses yet.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Waiter for Poller {
    fn wait(&self, handles: &[(HostHandle, Interest)], timeout: Option<Duration>) {
        let waited = SLEEPER.try_with(|sleeper| match handles {
            [] => self.sleep(sleeper, timeout),
            _ => self.poll(sleeper, handles, timeout),
        });
        if !matches!(waited, Ok(true)) && !self.threads.woken.swap(false, Ordering::SeqCst) {
            block(None, handles, timeout);
        }
    }

    fn waker(&self) -> Waker {
        let _ = SLEEPER.try_with(|sleeper| self.threads.register(sleeper));
        Waker::from(self.threads.clone())
    }
}

impl Poller {
    /// Waits for nothing but a wake. Takes none of the process's descriptors: there may be many threads that sleep.
    fn sleep(&self, sleeper: &Arc<Sleeper>, timeout: Option<Duration>) -> bool {
        self.threads.register(sleeper);
        if self.threads.woken.swap(false, Ordering::SeqCst) {
            sleeper.forget();
        } else if sleeper.park(timeout.map_or(LONGEST, |timeout| timeout.min(LONGEST))) {
            self.threads.woken.store(false, Ordering::SeqCst);
        }
        true
    }

    /// Waits for handles too. False if the process has no descriptors left for what would wake the thread.
    fn poll(
        &self,
        sleeper: &Arc<Sleeper>,
        handles: &[(HostHandle, Interest)],
        timeout: Option<Duration>,
    ) -> bool {
        let Some(pipe) = sleeper.pipe() else {
            return false;
        };
        // In this order, a wake that comes in between is either seen now or found in the pipe.
        self.threads.register(sleeper);
        let woken = self.threads.woken.swap(false, Ordering::SeqCst);
        if sleeper.forget() | woken {
            return true;
        }
        if block(Some(pipe), handles, timeout) {
            self.threads.woken.store(false, Ordering::SeqCst);
            sleeper.forget();
        }
        true
    }
}

/// Waits once. True if a byte in the pipe was the reason to stop.
fn block(
    pipe: Option<&WakePipe>,
    handles: &[(HostHandle, Interest)],
    timeout: Option<Duration>,
) -> bool {
    let wake = pipe.map(|pipe| PollFd::new(&pipe.read_end, PollFlags::IN));
    let mut fds: Vec<PollFd<'_>> = wake.into_iter().collect();
    fds.extend(handles.iter().filter_map(poll_fd));

    let all = handles.len().saturating_add(1);
    let longest = if fds.len() < all { BLIND } else { LONGEST };
    let timeout = timeout.map_or(longest, |timeout| timeout.min(longest));
    match poll(&mut fds, Timespec::try_from(timeout).ok().as_ref()) {
        Ok(_) | Err(Native::INTR) => {}
        // No memory, or more handles than the process may have. Answering at once would turn waiting into spinning.
        Err(_) => thread::sleep(timeout.min(BLIND)),
    }
    let Some(pipe) = pipe else { return false };
    let woken = fds.first().is_some_and(|fd| !fd.revents().is_empty());
    if woken {
        pipe.drain();
    }
    woken
}

/// `None` if the handle is not one of ours.
fn poll_fd((handle, interest): &(HostHandle, Interest)) -> Option<PollFd<'_>> {
    let fd: &OwnedFd = handle.downcast_ref()?;
    Some(PollFd::from_borrowed_fd(
        fd.as_fd(),
        ready::events(*interest),
    ))
}

/// The threads that wait, or are about to.
#[derive(Debug, Default)]
struct Threads {
    /// Woken since the last wait began or was ended by it.
    woken: AtomicBool,
    sleepers: Mutex<Vec<Weak<Sleeper>>>,
}

impl Threads {
    /// From now on a wake reaches this thread; one that was before has set `woken`.
    fn register(&self, sleeper: &Arc<Sleeper>) {
        let mut known = self.known();
        if !known.iter().any(|one| one.as_ptr() == Arc::as_ptr(sleeper)) {
            // Threads end without saying so.
            known.retain(|one| one.strong_count() > 0);
            known.push(Arc::downgrade(sleeper));
        }
    }

    fn known(&self) -> MutexGuard<'_, Vec<Weak<Sleeper>>> {
        let known = self.sleepers.lock();
        known.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Threads {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
        self.known()
            .iter()
            .filter_map(Weak::upgrade)
            .for_each(|sleeper| sleeper.wake());
    }
}

thread_local! {
    static SLEEPER: Arc<Sleeper> = Arc::new(Sleeper {
        thread: thread::current(),
        woken: AtomicBool::new(false),
        pipe: OnceLock::new(),
    });
}

/// What gets one thread out of its wait. Each has its own: if they shared one, the first to wake would take it from the
/// others.
#[derive(Debug)]
struct Sleeper {
    thread: Thread,
    /// Woken, and has not noticed. What a parked thread itself remembers may be taken by whatever else parks on it.
    woken: AtomicBool,
    /// Once it has waited in `poll(2)`.
    pipe: OnceLock<WakePipe>,
}

impl Sleeper {
    fn wake(&self) {
        self.woken.store(true, Ordering::SeqCst);
        if let Some(pipe) = self.pipe.get() {
            // A full pipe wakes as well as one with a byte more.
            let _ = (&pipe.write_end).write(&[1]);
        }
        self.thread.unpark();
    }

    /// The wakes until now are over. True if there were any.
    fn forget(&self) -> bool {
        let woken = self.woken.swap(false, Ordering::SeqCst);
        if let Some(pipe) = self.pipe.get().filter(|_| woken) {
            pipe.drain();
        }
        woken
    }

    /// True if it was woken.
    fn park(&self, timeout: Duration) -> bool {
        let begun = Instant::now();
        loop {
            if self.forget() {
                return true;
            }
            let left = timeout.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return false;
            }
            thread::park_timeout(left);
        }
    }

    /// None if the process has no descriptors left, which the next call may find otherwise.
    fn pipe(&self) -> Option<&WakePipe> {
        if self.pipe.get().is_none() {
            let _ = self.pipe.set(WakePipe::new().ok()?);
        }
        self.pipe.get()
    }
}

/// What gets a thread out of `poll(2)`.
#[derive(Debug)]
struct WakePipe {
    write_end: UnixStream,
    read_end: UnixStream,
}

impl WakePipe {
    fn new() -> io::Result<Self> {
        let (write_end, read_end) = UnixStream::pair()?;
        write_end.set_nonblocking(true)?;
        read_end.set_nonblocking(true)?;
        Ok(Self {
            write_end,
            read_end,
        })
    }

    fn drain(&self) {
        let mut bytes = [0; 64];
        while matches!((&self.read_end).read(&mut bytes), Ok(count) if count == bytes.len()) {}
    }
}
