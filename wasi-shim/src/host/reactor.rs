//! Handles of the host in tokio's reactor.
//!
//! This file knows how a handle is registered with a runtime, and that it can be registered there only once, however many
//! wait for it. It does not know who waits, nor what for: a watch may end early, and whoever waits looks again. Only the
//! room `tokio` uses it.

use super::ready;
use crate::vfs::{HostHandle, Interest};
use std::collections::HashMap;
use std::future::poll_fn;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::pin::{Pin, pin};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::io::unix::AsyncFd;
use tokio::runtime::{Handle, Id};

/// A wait for one handle.
///
/// What is registered with the runtime is gone when the last watch of a handle is dropped, before anybody can register it
/// again.
pub(crate) struct Watch {
    key: Key,
    interest: Interest,
    state: State,
}

enum State {
    Watching(Arc<Registered>, Changed),
    Blind,
}

type Registered = AsyncFd<Arc<OwnedFd>>;
type Changed = Pin<Box<dyn Future<Output = bool> + Send>>;

/// What a watch has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Something has happened to the handle. Asked again, the watch waits for the next time.
    Change,
    /// Nothing, and it never will.
    Nothing,
}

impl Watch {
    /// Watches from now on, in this runtime. `None` if the handle is none of this room's, or if the system does not take
    /// it: it has no memory left, say, or the handle is that of a file, which is always ready.
    pub(crate) fn new(runtime: &Handle, handle: &HostHandle, interest: Interest) -> Option<Self> {
        let handle: Arc<OwnedFd> = handle.downcast()?;
        let key = (runtime.id(), handle.as_raw_fd());
        let registered = Table::lock().join(runtime, key, handle)?;
        Some(Self {
            key,
            interest,
            state: State::watching(registered, interest),
        })
    }

    /// Does it watch this?
    pub(crate) fn is_of(&self, runtime: &Handle, handle: &HostHandle, interest: Interest) -> bool {
        let fd: Option<&OwnedFd> = handle.downcast_ref();
        let key = fd.map(|fd| (runtime.id(), fd.as_raw_fd()));
        self.interest == interest && key == Some(self.key)
    }

    /// Ready when it is time to look at the handle, or when that has to be found out in another way.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Seen> {
        let State::Watching(registered, changed) = &mut self.state else {
            return Poll::Ready(Seen::Nothing);
        };
        match changed.as_mut().poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(true) => {
                self.state = State::watching(Arc::clone(registered), self.interest);
                Poll::Ready(Seen::Change)
            }
            Poll::Ready(false) => {
                self.state = State::Blind;
                Poll::Ready(Seen::Nothing)
            }
        }
    }
}

impl State {
    fn watching(registered: Arc<Registered>, interest: Interest) -> Self {
        let changed = Box::pin(changed(Arc::clone(&registered), interest));
        Self::Watching(registered, changed)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.state = State::Blind;
        let last = Table::lock().leave(self.key);
        // Closing it may take a while.
        drop(last);
    }
}

/// Waits for an event that is newer than the last look at the handle. False if this cannot be told.
///
/// The reactor keeps what it has seen until it is told to forget it, and others may wait for the same handle: what it
/// knows at once may be of the past. So the handle itself is asked, and if it is not ready, that event is forgotten, by
/// its number: one that has come meanwhile is kept.
async fn changed(registered: Arc<Registered>, interest: Interest) -> bool {
    loop {
        let mut waited = false;
        let mut ready = pin!(registered.ready(events(interest)));
        let guard = poll_fn(|cx| {
            let polled = ready.as_mut().poll(cx);
            waited |= polled.is_pending();
            polled
        });
        let Ok(mut guard) = guard.await else {
            return false;
        };
        if waited || is_ready(&registered, interest) {
            return true;
        }
        let seen = guard.ready();
        // The reactor takes this to be final, but another may open a FIFO again.
        if seen.is_read_closed() || seen.is_write_closed() {
            return false;
        }
        guard.clear_ready();
    }
}

fn is_ready(registered: &Registered, interest: Interest) -> bool {
    ready::look(registered.get_ref(), interest).map_or(true, |happened| !happened.is_empty())
}

/// What tokio calls [`ready::events`]. There, errors always end a wait, and some of them come alone.
fn events(interest: Interest) -> tokio::io::Interest {
    let wanted = match interest {
        Interest::Read => tokio::io::Interest::READABLE,
        Interest::Write => tokio::io::Interest::WRITABLE,
    };
    wanted | tokio::io::Interest::ERROR
}

/// A runtime, and a handle that is open: its number is nobody else's.
type Key = (Id, RawFd);

/// What is registered, and how many watch it.
#[derive(Default)]
struct Table(HashMap<Key, (Arc<Registered>, usize)>);

impl Table {
    fn lock() -> MutexGuard<'static, Self> {
        static TABLE: LazyLock<Mutex<Table>> = LazyLock::new(Mutex::default);
        TABLE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more watches this handle.
    fn join(
        &mut self,
        runtime: &Handle,
        key: Key,
        handle: Arc<OwnedFd>,
    ) -> Option<Arc<Registered>> {
        if let Some((registered, watches)) = self.0.get_mut(&key) {
            *watches = watches.saturating_add(1);
            return Some(Arc::clone(registered));
        }
        let registered = Arc::new(register(runtime, handle)?);
        self.0.insert(key, (Arc::clone(&registered), 1));
        Some(registered)
    }

    /// One fewer does. The handle, if that was the last.
    fn leave(&mut self, key: Key) -> Option<Arc<OwnedFd>> {
        let (_, watches) = self.0.get_mut(&key)?;
        *watches = watches.saturating_sub(1);
        if *watches > 0 {
            return None;
        }
        let (registered, _) = self.0.remove(&key)?;
        // Whoever else had a share has given it up before it left.
        Arc::into_inner(registered).map(AsyncFd::into_inner)
    }
}

#[allow(
    deprecated,
    reason = "what it warns of are handles that are another one from call to call; these are not"
)]
fn register(runtime: &Handle, handle: Arc<OwnedFd>) -> Option<Registered> {
    let _runtime = runtime.enter();
    AsyncFd::new(handle).ok()
}
