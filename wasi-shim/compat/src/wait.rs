//! Who waits for a call that waits.
//!
//! This file knows that a scheduler of an embedder's waits for what `poll_oneoff` names, what it is told of that, and that
//! it has the last word on when a time is over. It refuses to know what the call does. Only `run` and the linkers use it.

use crate::adapt::{self, Times};
use crate::clocks::WasiMonotonicClock;
use crate::file::{FileType, WasiFile};
use crate::ready::ready;
use crate::sched::{Poll, SubscriptionResult, Userdata};
use crate::snapshots::types::Errno;
use crate::{Error, WasiCtx};
use cap_std::time::{Duration, Instant};
use std::any::Any;
use std::future::poll_fn;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::task::{self, Waker};
use wasi_shim::Blocked;
use wasi_shim::abi::{ClockId, Syscall};
use wasi_shim::vfs::{Clock, Interest, Timestamp};

/// A time on a clock that is over because a scheduler says so, whatever the clock shows.
pub(crate) type Over = (ClockId, Timestamp);

/// How long to wait where something can happen that no scheduler can be told of.
const BLIND: Duration = Duration::from_millis(10);

/// How long to pause where a scheduler comes back and nothing has happened.
const PAUSE: Duration = Duration::from_millis(1);

/// Waits on this thread, as the context has it.
pub(crate) fn wait(ctx: &WasiCtx, blocked: &Blocked, args: &[i64]) -> Result<Option<Over>, Error> {
    let Some(asked) = Asked::new(ctx, blocked, args) else {
        blocked.wait();
        return Ok(None);
    };
    let over = adapt::settle(asked.wait(Some(BLIND)))?;
    if over.is_none() && !blocked.is_ready(Waker::noop(), &mut Vec::new()) {
        std::thread::sleep(PAUSE);
    }
    Ok(over)
}

/// As [`wait`], without a thread.
#[cfg(feature = "tokio")]
pub(crate) async fn wait_async(
    ctx: &WasiCtx,
    blocked: &Blocked,
    args: &[i64],
) -> Result<Option<Over>, Error> {
    let ready = wasi_shim::tokio::ready(blocked);
    let Some(asked) = Asked::new(ctx, blocked, args) else {
        ready.await;
        return Ok(None);
    };
    let (mut ready, mut waiting) = (std::pin::pin!(ready), std::pin::pin!(asked.wait(None)));
    let over = poll_fn(|context| {
        // Of times alone the scheduler decides.
        if asked.streams > 0 && ready.as_mut().poll(context).is_ready() {
            return task::Poll::Ready(None);
        }
        waiting.as_mut().poll(context).map(Some)
    });
    let over = over.await.unwrap_or(Ok(None))?;
    if over.is_none() && !blocked.is_ready(Waker::noop(), &mut Vec::new()) {
        ::tokio::time::sleep(PAUSE).await;
    }
    Ok(over)
}

/// What a scheduler is asked to wait for.
struct Asked<'a> {
    ctx: &'a WasiCtx,
    blocked: &'a Blocked,
    /// How many subscriptions are no times.
    streams: usize,
    /// Those that the system can wait for.
    handles: Vec<(Handle, Interest)>,
}

impl<'a> Asked<'a> {
    /// Nothing, if there is no scheduler of an embedder's, or nothing that it could be asked.
    fn new(ctx: &'a WasiCtx, blocked: &'a Blocked, args: &[i64]) -> Option<Self> {
        if ctx.sched.built_in() || blocked.syscall() != Syscall::PollOneoff {
            return None;
        }
        let mut handles = Vec::new();
        if blocked.is_ready(Waker::noop(), &mut handles) {
            return None;
        }
        let shared = |(handle, interest): &(wasi_shim::vfs::HostHandle, Interest)| {
            Some((Handle(handle.downcast()?), *interest))
        };
        let handles: Vec<_> = handles.iter().filter_map(shared).collect();
        if handles.is_empty() && blocked.deadlines().is_empty() {
            return None;
        }
        let subscriptions = args
            .get(2)
            .and_then(|count| usize::try_from(*count).ok())
            .unwrap_or_default();
        Some(Self {
            ctx,
            blocked,
            streams: subscriptions.saturating_sub(blocked.deadlines().len()),
            handles,
        })
    }

    /// The time that comes first, and how long it is until then.
    fn first(&self) -> Option<(Over, Duration)> {
        let clocks = Times(Arc::clone(&self.ctx.clocks));
        let left = |over: &Over| {
            let (clock, time) = *over;
            let now = clocks.now(clock).unwrap_or(time);
            let left = Duration::from_nanos(time.0.saturating_sub(now.0));
            (*over, left)
        };
        let all = self.blocked.deadlines().iter().map(left);
        all.min_by_key(|(_, left)| *left)
    }

    /// Has the scheduler wait. What is over by its word: the first time, if it comes back and nothing else has happened.
    ///
    /// Where it cannot be told of everything, it is asked for no longer than `blind`.
    async fn wait(&self, blind: Option<Duration>) -> Result<Option<Over>, Error> {
        let begin = self.monotonic();
        // In this order: what is asked for is not less than what is left a moment later.
        let mut asked = self.blocked.timeout();
        let first = self.first();
        if self.streams == 0 && self.blocked.deadlines().len() == 1 {
            self.ctx.sched.sleep(asked.unwrap_or_default()).await?;
        } else {
            let blind = blind.filter(|_| self.handles.len() < self.streams);
            asked = asked.into_iter().chain(blind).min();
            if self.poll(asked).await? {
                return Ok(None);
            }
        }
        // A time that was not asked for to its end is over only if the scheduler did not wait as long.
        let ended = |left| asked.is_some_and(|asked| asked >= left || self.less(begin, asked));
        let over = first.filter(|(_, left)| ended(*left));
        let happened = over.is_some() && self.streams > 0 && self.has_happened().await;
        Ok(over.filter(|_| !happened).map(|(over, _)| over))
    }

    fn monotonic(&self) -> Option<Timestamp> {
        let clocks = Times(Arc::clone(&self.ctx.clocks));
        clocks.now(ClockId::Monotonic).ok()
    }

    /// Has less time gone by?
    fn less(&self, begin: Option<Timestamp>, than: Duration) -> bool {
        let both = begin.zip(self.monotonic());
        let gone = both.map(|(begin, now)| now.0.saturating_sub(begin.0));
        gone.is_some_and(|gone| Duration::from_nanos(gone) < than)
    }

    /// Whoever waits for this is woken by what it waits for.
    async fn has_happened(&self) -> bool {
        let mut handles = Vec::new();
        let asked = |context: &mut task::Context<'_>| {
            let ready = self.blocked.is_ready(context.waker(), &mut handles);
            task::Poll::Ready(ready)
        };
        poll_fn(asked).await
    }

    /// Has the scheduler wait for the handles, and for a time. Does it say that something has happened to a handle?
    async fn poll(&self, left: Option<Duration>) -> Result<bool, Error> {
        let clock: &dyn WasiMonotonicClock = match &self.ctx.clocks.monotonic {
            Some(clock) => &*clock.abs_clock,
            None => &System,
        };
        let mut poll = Poll::new();
        let userdata = |index: usize| Userdata::from(index as u64);
        for (index, (handle, interest)) in self.handles.iter().enumerate() {
            match interest {
                Interest::Read => poll.subscribe_read(handle, userdata(index)),
                Interest::Write => poll.subscribe_write(handle, userdata(index)),
            }
        }
        if let Some(left) = left {
            let precision = clock.resolution();
            let deadline = clock.now(precision).checked_add(left);
            let deadline = deadline.ok_or(Errno::Overflow)?;
            let index = userdata(self.handles.len());
            poll.subscribe_monotonic_clock(clock, deadline, precision, index);
        }
        self.ctx.sched.poll_oneoff(&mut poll).await?;
        let clock = |(what, _): &_| matches!(what, SubscriptionResult::MonotonicClock(_));
        Ok(!poll.results().iter().all(clock))
    }
}

/// A handle of the system's, for a scheduler to wait for.
struct Handle(Arc<OwnedFd>);

#[async_trait::async_trait]
impl WasiFile for Handle {
    fn as_any(&self) -> &dyn Any {
        self
    }

    async fn get_filetype(&self) -> Result<FileType, Error> {
        Ok(FileType::Unknown)
    }

    fn pollable(&self) -> Option<BorrowedFd<'_>> {
        Some(self.0.as_fd())
    }

    fn num_ready_bytes(&self) -> Result<u64, Error> {
        Ok(rustix::io::ioctl_fionread(&*self.0).unwrap_or_default())
    }

    async fn readable(&self) -> Result<(), Error> {
        ready(&*self.0, Interest::Read).await
    }

    async fn writable(&self) -> Result<(), Error> {
        ready(&*self.0, Interest::Write).await
    }
}

/// Time passes where a context has no clock, too.
struct System;

impl WasiMonotonicClock for System {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }

    fn now(&self, _: Duration) -> Instant {
        Instant::from_std(std::time::Instant::now())
    }
}
