//! A call that waits, as a future.
//!
//! This file knows how tokio waits for handles of the system and for the time. It refuses to know what the call does. The
//! linker for asynchronous stores uses it.

use std::future::{Future, poll_fn};
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::unix::AsyncFd;
use tokio::time::{Sleep, sleep};
use wasi_shim::Blocked;
use wasi_shim::vfs::{HostHandle, Interest};

/// How long to wait where there is something that cannot be waited for.
const BLIND: Duration = Duration::from_millis(10);

/// What is waited for at a time.
struct Watch {
    handles: Vec<(AsyncFd<OwnedFd>, Interest)>,
    sleep: Option<Pin<Box<Sleep>>>,
}

/// The handle once more, because tokio waits for none twice. Nothing for one that is not the system's.
#[allow(
    deprecated,
    reason = "the other name is newer than what is asked for of tokio"
)]
fn watched(handle: &HostHandle, interest: Interest) -> Option<AsyncFd<OwnedFd>> {
    let interest = match interest {
        Interest::Read => ::tokio::io::Interest::READABLE,
        Interest::Write => ::tokio::io::Interest::WRITABLE,
    };
    let handle: &OwnedFd = handle.downcast_ref()?;
    AsyncFd::with_interest(handle.try_clone().ok()?, interest).ok()
}

impl Watch {
    fn new(handles: &[(HostHandle, Interest)], timeout: Option<Duration>) -> Self {
        let watched: Vec<_> = handles
            .iter()
            .filter_map(|(handle, interest)| Some((watched(handle, *interest)?, *interest)))
            .collect();
        let longest = (watched.len() < handles.len()).then_some(BLIND);
        let timeout = [timeout, longest].into_iter().flatten().min();
        Self {
            handles: watched,
            sleep: timeout.map(|timeout| Box::pin(sleep(timeout))),
        }
    }

    /// Is one of them ready, or the time over?
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        for (handle, interest) in &self.handles {
            let ready = match interest {
                Interest::Read => handle.poll_read_ready(context).map(drop),
                Interest::Write => handle.poll_write_ready(context).map(drop),
            };
            if ready.is_ready() {
                return Poll::Ready(());
            }
        }
        match &mut self.sleep {
            Some(sleep) => sleep.as_mut().poll(context),
            None => Poll::Pending,
        }
    }
}

/// Waits until it is time to go on with the call. It may be early.
pub(crate) async fn ready(blocked: &mut Blocked) {
    loop {
        let mut handles = Vec::new();
        let mut watch = None;
        let ready = poll_fn(|context| {
            let Some(watch) = &mut watch else {
                if blocked.is_ready(context.waker(), &mut handles) {
                    return Poll::Ready(true);
                }
                let new = watch.insert(Watch::new(&handles, blocked.timeout()));
                return new.poll(context).map(|()| false);
            };
            // Whatever woke this task, it is time to look again.
            let _ = watch.poll(context);
            Poll::Ready(false)
        });
        if ready.await {
            return;
        }
    }
}
