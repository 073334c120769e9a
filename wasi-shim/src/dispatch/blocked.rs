//! A call that has to wait, as a value: whoever runs the guest decides how.

use super::{CoreArgs, Outcome, Wasi};
use crate::abi::{Abi, ClockId, Syscall};
use crate::calls::Pending;
use crate::mem::Memory;
use crate::process::{CallWaker, Process};
use crate::vfs::{HostHandle, Interest, Readiness, Timestamp};
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::task::Waker;
use std::time::Duration;

/// How long to sleep before looking at a clock that somebody may have set.
const SETTABLE_CLOCK: Duration = Duration::from_secs(1);

/// A call that has to wait. Nothing of the guest's memory is borrowed meanwhile; dropping it abandons the call, which
/// leaves no trace but the bytes already moved.
///
/// It is the size of a pointer: every call's [`Outcome`] has room for one.
pub struct Blocked(Box<Waiting>);

struct Waiting {
    process: Arc<Process>,
    abi: Abi,
    call: Syscall,
    args: CoreArgs,
    pending: Option<Box<Pending>>,
    /// What streams keep.
    waker: OnceLock<CallWaker>,
    /// Where [`Wasi::cancel`] and [`Wasi::set_deadline`] find this call's waker.
    place: u64,
}

impl Blocked {
    pub(super) fn new(
        process: Arc<Process>,
        abi: Abi,
        call: Syscall,
        args: CoreArgs,
        pending: Box<Pending>,
    ) -> Self {
        Self(Box::new(Waiting {
            place: process.sleepers.place(),
            process,
            abi,
            call,
            args,
            pending: Some(pending),
            waker: OnceLock::new(),
        }))
    }

    /// Goes on with the call. It may have to wait again.
    pub fn resume(mut self, memory: &mut Memory<'_>) -> Outcome {
        let waiting = &mut self.0;
        let pending = waiting.leave();
        let resume = pending.map(|pending| pending.resume.into());
        let wasi = Wasi(Arc::clone(&waiting.process));
        wasi.attempt(waiting.abi, memory, waiting.call, &waiting.args, resume)
    }

    /// The function that waits.
    pub const fn syscall(&self) -> Syscall {
        self.0.call
    }

    /// The times that end the waiting, each of its clock: those of `poll_oneoff`. The guest's own deadline is not among
    /// them, as it may change meanwhile; [`timeout`](Self::timeout) knows it.
    pub fn deadlines(&self) -> &[(ClockId, Timestamp)] {
        let pending = self.0.pending.as_ref();
        pending.map_or(&[], |pending| &pending.deadlines)
    }

    /// Is it time to resume? If not, `waker` is woken when to ask again, unless it is one of `handles` that becomes ready
    /// (the operating system must be asked about those) or [`timeout`](Self::timeout) that passes. [`Wasi::cancel`] and
    /// [`Wasi::set_deadline`] wake it too.
    ///
    /// A call has one waker: that of the last question. Nothing is kept of it when the call is resumed or dropped.
    pub fn is_ready(&self, waker: &Waker, handles: &mut Vec<(HostHandle, Interest)>) -> bool {
        handles.clear();
        let waker = self.0.wakes(waker);
        // Only now: a cancellation that comes later finds the waker.
        if self.0.process.ended().is_some() {
            return true;
        }
        let streams = self.0.pending.iter().flat_map(|pending| &pending.streams);
        for (stream, interest) in streams {
            match stream.ready(*interest, waker) {
                Readiness::Now { .. } => return true,
                Readiness::Later => {}
                Readiness::Handle(handle) => handles.push((handle, *interest)),
            }
        }
        self.timeout() == Some(Duration::ZERO)
    }

    /// How long until the first of [these times](Self::deadlines) and the guest's [deadline](Wasi::set_deadline); `None` if
    /// there is none. May be early for clocks that can be set.
    pub fn timeout(&self) -> Option<Duration> {
        let left = |(clock, time): &(ClockId, Timestamp)| {
            // A clock that fails is for the call to report.
            let now = self.0.process.clock.now(*clock).unwrap_or(*time);
            let left = Duration::from_nanos(time.0.saturating_sub(now.0));
            match clock {
                ClockId::Realtime => left.min(SETTABLE_CLOCK),
                _ => left,
            }
        };
        let process = &self.0.process;
        let times = self.deadlines().iter().map(left);
        times.chain(process.end.left(&*process.clock)).min()
    }

    /// Blocks this thread until it is time to resume.
    pub fn wait(&self) {
        let waiter = (self.0.process.waiter)();
        let waker = waiter.waker();
        let mut handles = Vec::new();
        while !self.is_ready(&waker, &mut handles) {
            waiter.wait(&handles, self.timeout());
        }
    }
}

impl Waiting {
    /// What is to be kept where something may happen, in place of `waker`.
    fn wakes(&self, waker: &Waker) -> &Waker {
        let own = self.waker.get_or_init(|| {
            let own = CallWaker::new();
            self.process.sleepers.keep(self.place, own.waker());
            own
        });
        own.wakes(waker);
        own.waker()
    }

    /// Nobody waits any more. What was waited for, the first time.
    fn leave(&mut self) -> Option<Box<Pending>> {
        let pending = self.pending.take()?;
        if let Some(own) = self.waker.get() {
            self.process.sleepers.leave(self.place);
            own.wakes_nobody();
            for (stream, interest) in &pending.streams {
                stream.forget(*interest, own.waker());
            }
        }
        Some(pending)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.leave();
    }
}

impl fmt::Debug for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocked")
            .field("call", &self.0.call)
            .finish_non_exhaustive()
    }
}
