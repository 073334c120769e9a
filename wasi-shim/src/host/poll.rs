//! A thread that waits for handles of the host.
//!
//! This file knows how to block a thread in `poll(2)` and how to get it out again. It does not know what it is waiting
//! for, nor whether it was worth it: a wait may end early, and whoever waits looks again. Whoever builds a guest may
//! use it.

use super::ready;
use crate::vfs::{HostHandle, Interest, Waiter};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno as Native;
use std::cell::OnceCell;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Wake, Waker};
use std::thread;
use std::time::Duration;

/// The longest single wait. Longer ones end early, which spares every system's arithmetic the extremes.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest wait while something can happen that `poll(2)` would not notice.
const BLIND: Duration = Duration::from_millis(10);

/// Blocks threads in `poll(2)`.
///
/// One value serves any number of threads. Waking it wakes all that wait. A thread that has asked for a waker and does
/// not wait yet returns from its next wait at once.
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
        let waited = PIPE.try_with(|cell| {
            let pipe = WakePipe::of_thread(cell)?;
            // In this order, a wake that comes in between is either seen now or found in the pipe.
            self.threads.register(&pipe.write_end);
            if self.threads.woken.swap(false, Ordering::SeqCst) {
                pipe.drain();
            } else if block(Some(pipe), handles, timeout) {
                self.threads.woken.store(false, Ordering::SeqCst);
            }
            Some(())
        });
        let without_pipe = !matches!(waited, Ok(Some(())));
        if without_pipe && !self.threads.woken.swap(false, Ordering::SeqCst) {
            block(None, handles, timeout);
        }
    }

    fn waker(&self) -> Waker {
        let _ = PIPE.try_with(|cell| {
            let pipe = WakePipe::of_thread(cell)?;
            self.threads.register(&pipe.write_end);
            Some(())
        });
        Waker::from(self.threads.clone())
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
    pipes: Mutex<Vec<Weak<UnixStream>>>,
}

impl Threads {
    fn register(&self, pipe: &Arc<UnixStream>) {
        let mut pipes = self.pipes.lock().unwrap_or_else(PoisonError::into_inner);
        if !pipes
            .iter()
            .any(|known| known.as_ptr() == Arc::as_ptr(pipe))
        {
            // Threads end without saying so.
            pipes.retain(|known| known.strong_count() > 0);
            pipes.push(Arc::downgrade(pipe));
        }
    }
}

impl Wake for Threads {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
        let pipes = self.pipes.lock().unwrap_or_else(PoisonError::into_inner);
        for pipe in pipes.iter().filter_map(Weak::upgrade) {
            // A full pipe wakes as well as one with a byte more.
            let _ = (&*pipe).write(&[1]);
        }
    }
}

thread_local! {
    static PIPE: OnceCell<WakePipe> = const { OnceCell::new() };
}

/// What gets one thread out of `poll(2)`. Each has its own: if they shared one, the first to wake would empty it for
/// the others.
struct WakePipe {
    write_end: Arc<UnixStream>,
    read_end: UnixStream,
}

impl WakePipe {
    fn new() -> io::Result<Self> {
        let (write_end, read_end) = UnixStream::pair()?;
        write_end.set_nonblocking(true)?;
        read_end.set_nonblocking(true)?;
        Ok(Self {
            write_end: Arc::new(write_end),
            read_end,
        })
    }

    /// The pipe of this thread; none if the process has no descriptors left, which the next call may find otherwise.
    fn of_thread(cell: &OnceCell<Self>) -> Option<&Self> {
        if cell.get().is_none() {
            let _ = cell.set(Self::new().ok()?);
        }
        cell.get()
    }

    fn drain(&self) {
        let mut bytes = [0; 64];
        while matches!((&self.read_end).read(&mut bytes), Ok(count) if count == bytes.len()) {}
    }
}
