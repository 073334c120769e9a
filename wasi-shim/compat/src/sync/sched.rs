//! Waiting on the guest's thread.
//!
//! This file knows that a guest with this scheduler is waited for by the shim; what stands here is for embedders that call
//! it, or wrap it.

use crate::sched::{Poll, RwEventFlags, Subscription, WasiSched};
use crate::{Error, ErrorExt};
use cap_std::time::Duration;
use rustix::event::{PollFd, PollFlags, Timespec};
use std::thread;

/// Waits on the guest's thread.
#[derive(Default)]
pub struct SyncSched {}

impl SyncSched {
    /// There is nothing to say.
    pub const fn new() -> Self {
        Self {}
    }
}

#[async_trait::async_trait]
impl WasiSched for SyncSched {
    async fn poll_oneoff<'a>(&self, poll: &mut Poll<'a>) -> Result<(), Error> {
        poll_oneoff(poll).await
    }

    async fn sched_yield(&self) -> Result<(), Error> {
        thread::yield_now();
        Ok(())
    }

    async fn sleep(&self, duration: Duration) -> Result<(), Error> {
        thread::sleep(duration);
        Ok(())
    }

    fn built_in(&self) -> bool {
        true
    }
}

/// The scheduler.
pub fn sched_ctx() -> Box<dyn WasiSched> {
    Box::new(SyncSched::new())
}

/// The same by the name that it has in wasi-common on Unix.
pub mod unix {
    pub use super::poll_oneoff;
}

/// Waits until a file that the system knows is ready, or the first time has come. A file that is ready says so, and no
/// other. For nothing it does not wait.
pub async fn poll_oneoff<'a>(poll: &mut Poll<'a>) -> Result<(), Error> {
    if poll.is_empty() {
        return Ok(());
    }
    let left = poll
        .earliest_clock_deadline()
        .map(|clock| clock.duration_until().unwrap_or_default());
    let timeout = left.map(Timespec::try_from).transpose();
    let timeout = timeout.map_err(|_| Error::overflow())?;
    let mut fds = Vec::new();
    for subscription in poll.rw_subscriptions() {
        let (file, events) = match subscription {
            Subscription::Read(one) => (one.file, PollFlags::IN),
            Subscription::Write(one) => (one.file, PollFlags::OUT),
            Subscription::MonotonicClock(_) => continue,
        };
        let handle = file.pollable().ok_or_else(Error::invalid_argument)?;
        fds.push(PollFd::from_borrowed_fd(handle, events));
    }
    let waited = rustix::io::retry_on_intr(|| rustix::event::poll(&mut fds, timeout.as_ref()));
    waited.map_err(std::io::Error::from)?;
    for (subscription, fd) in poll.rw_subscriptions().zip(&fds) {
        say(subscription, fd.revents());
    }
    Ok(())
}

fn say(subscription: &mut Subscription<'_>, events: PollFlags) {
    let mut flags = RwEventFlags::empty();
    flags.set(RwEventFlags::HANGUP, events.contains(PollFlags::HUP));
    let (one, bytes) = match subscription {
        Subscription::Read(one) => {
            let bytes = one.file.num_ready_bytes().unwrap_or_default();
            (one, bytes.max(1))
        }
        Subscription::Write(one) => (one, 0),
        Subscription::MonotonicClock(_) => return,
    };
    if events.contains(PollFlags::NVAL) {
        one.error(Error::badf());
    } else if events.contains(PollFlags::ERR) {
        one.error(Error::io());
    } else if !events.is_empty() {
        one.complete(bytes, flags);
    }
}
