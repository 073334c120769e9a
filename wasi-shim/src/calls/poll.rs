//! `poll_oneoff`.

use super::{Call, Failure, Pending, Reply, Resume};
use crate::abi::{
    Abi, ClockId, Errno, Event, EventRwFlags, EventType, Result, Rights, SubclockFlags,
    Subscription, SubscriptionKind, Wire,
};
use crate::mem::{Memory, Window};
use crate::process::{Descriptor, Object};
use crate::vfs::{Clock, Interest, Readiness, Stream, Timestamp};
use std::sync::Arc;
use std::task::Waker;

/// A subscription that is waited for: what could be looked up has been, and a duration has become a time.
pub(crate) struct Awaited {
    userdata: u64,
    kind: EventType,
    what: What,
}

enum What {
    Clock(ClockId, Timestamp),
    Descriptor(Arc<Descriptor>, Interest),
}

/// What there is to report: how many bytes and the descriptor's state, or what is wrong with the subscription.
type State = Result<(u64, EventRwFlags)>;

/// A clock that has come, or a descriptor about which there is nothing more to say.
const PLAIN: State = Ok((0, EventRwFlags::empty()));

/// `poll_oneoff`. Waits until at least one subscription has something to say, and reports all that have.
///
/// What is wrong with one subscription is that one's event, and does not spoil the others: `badf` for a number that is
/// not open, `notcapable` without `POLL_FD_READWRITE` and `FD_READ` or `FD_WRITE`, `perm` for writing in a tree given for
/// reading, `inval` for a clock that cannot be waited for (CPU time) or flags that nobody knows. Files and directories are
/// always ready.
///
/// *Answers* `inval` for no subscription, for too many, and for one whose tag is none of the three.
///
/// *Differs from POSIX* (`poll`) in that a timeout is a subscription among others.
pub(crate) fn oneoff(
    call: &Call<'_>,
    subscriptions: Window,
    events: Window,
    memory: &mut Memory<'_>,
) -> Reply<u32> {
    let mut clocks = Clocks::new(call.process.clock.as_ref());
    let mut report = Report::new(call.abi, events);
    let awaited = match call.resumed() {
        Some(Resume::Poll(awaited)) => {
            for one in &awaited {
                if let Some(state) = one.what.state(&mut clocks) {
                    report.add(one.userdata, one.kind, state, memory);
                }
            }
            awaited
        }
        _ => look(call, subscriptions, &mut clocks, &mut report, memory)?,
    };
    match report.count {
        0 => Err(wait_for(awaited)),
        count => Ok(count),
    }
}

/// Takes the subscriptions one after the other and reports those that have something to say. If none has, all of them
/// are to be waited for.
///
/// Before anything is written, all of them have been looked at, because one that nobody understands spoils the call; and
/// are copied, if something could change them later: another thread, or events that are written on top of them.
fn look(
    call: &Call<'_>,
    subscriptions: Window,
    clocks: &mut Clocks<'_>,
    report: &mut Report,
    memory: &mut Memory<'_>,
) -> Reply<Vec<Awaited>> {
    let size = Subscription::size(call.abi) as usize;
    let copy = memory.copy_unless_settled(subscriptions, report.events);
    match &copy {
        Some(copy) => check_tags(copy, size)?,
        None => check_tags(&memory.bytes(subscriptions), size)?,
    }
    let mut awaited = Vec::new();
    let mut at = 0_usize;
    while at < subscriptions.len() {
        let Subscription { userdata, kind } = match &copy {
            Some(copy) => Subscription::decode(call.abi, copy.get(at..).unwrap_or_default())?,
            None => Subscription::decode(call.abi, &memory.bytes(subscriptions.part(at, size)))?,
        };
        match seen(call, kind, clocks) {
            Seen::Now(state) => report.add(userdata, kind.event_type(), state, memory),
            Seen::Later(what) if report.count == 0 => {
                if awaited.is_empty() {
                    // No more than the limit allows for.
                    let all = subscriptions.len().checked_div(size);
                    awaited.reserve_exact(all.unwrap_or_default());
                }
                awaited.push(Awaited {
                    userdata,
                    kind: kind.event_type(),
                    what,
                });
            }
            Seen::Later(_) => {}
        }
        at = at.saturating_add(size);
    }
    Ok(awaited)
}

fn check_tags(bytes: &[u8], size: usize) -> Result<()> {
    let mut elements = bytes.chunks_exact(size);
    elements.try_for_each(|element| Subscription::tag(element).map(drop))
}

/// What the clocks show: each is looked at once in a call, and only if it matters.
struct Clocks<'a> {
    clock: &'a dyn Clock,
    realtime: Option<Result<Timestamp>>,
    monotonic: Option<Result<Timestamp>>,
}

impl<'a> Clocks<'a> {
    const fn new(clock: &'a dyn Clock) -> Self {
        Self {
            clock,
            realtime: None,
            monotonic: None,
        }
    }

    /// `inval` for a clock that cannot be waited for: CPU time stands still meanwhile.
    #[inline]
    fn now(&mut self, clock: ClockId) -> Result<Timestamp> {
        let shown = match clock {
            ClockId::Realtime => &mut self.realtime,
            ClockId::Monotonic => &mut self.monotonic,
            ClockId::ProcessCputime | ClockId::ThreadCputime => return Err(Errno::Inval),
        };
        *shown.get_or_insert_with(|| self.clock.now(clock))
    }

    /// The clock and the time on it that a subscription means.
    #[inline]
    fn deadline(
        &mut self,
        clock: u32,
        timeout: u64,
        flags: Result<SubclockFlags>,
    ) -> Result<(ClockId, Timestamp)> {
        let clock = match ClockId::from_number(clock)? {
            clock @ (ClockId::Realtime | ClockId::Monotonic) => clock,
            ClockId::ProcessCputime | ClockId::ThreadCputime => return Err(Errno::Inval),
        };
        if flags?.contains(SubclockFlags::SUBSCRIPTION_CLOCK_ABSTIME) {
            return Ok((clock, Timestamp(timeout)));
        }
        // A duration is measured by the clock that nobody sets (POSIX, `clock_settime`: relative waits are not affected).
        let now = self.now(ClockId::Monotonic)?;
        let time = Timestamp(now.0.saturating_add(timeout));
        Ok((ClockId::Monotonic, time))
    }

    /// Has a clock come to a time?
    #[inline]
    fn reached(&mut self, clock: ClockId, time: Timestamp) -> Option<State> {
        match self.now(clock) {
            Ok(now) => (now >= time).then_some(PLAIN),
            Err(errno) => Some(Err(errno)),
        }
    }
}

/// The events so far.
struct Report {
    abi: Abi,
    events: Window,
    count: u32,
}

impl Report {
    const fn new(abi: Abi, events: Window) -> Self {
        Self {
            abi,
            events,
            count: 0,
        }
    }

    /// Stores an event behind the others.
    #[inline]
    fn add(&mut self, userdata: u64, kind: EventType, state: State, memory: &mut Memory<'_>) {
        let (error, (nbytes, flags)) = match state {
            Ok(state) => (None, state),
            Err(errno) => (Some(errno), (0, EventRwFlags::empty())),
        };
        let event = Event {
            userdata,
            error,
            kind,
            nbytes,
            flags,
        };
        let size = Event::size(self.abi) as usize;
        let at = self
            .events
            .part(size.saturating_mul(self.count as usize), size);
        memory.store_at(self.abi, at, &event);
        self.count = self.count.saturating_add(1);
    }
}

/// What the first look at a subscription finds.
enum Seen {
    Now(State),
    Later(What),
}

#[inline]
fn seen(call: &Call<'_>, kind: SubscriptionKind, clocks: &mut Clocks<'_>) -> Seen {
    let found = match kind {
        SubscriptionKind::Clock {
            clock,
            timeout,
            flags,
        } => clocks.deadline(clock, timeout, flags).map(|(clock, time)| {
            match clocks.reached(clock, time) {
                Some(state) => Seen::Now(state),
                None => Seen::Later(What::Clock(clock, time)),
            }
        }),
        SubscriptionKind::FdRead(fd) => descriptor(call, fd, Rights::FD_READ, Interest::Read),
        SubscriptionKind::FdWrite(fd) => descriptor(call, fd, Rights::FD_WRITE, Interest::Write),
    };
    found.unwrap_or_else(|errno| Seen::Now(Err(errno)))
}

fn descriptor(call: &Call<'_>, fd: u32, right: Rights, interest: Interest) -> Result<Seen> {
    let found = call.process.fds.get(fd);
    let descriptor = found.descriptor()?;
    descriptor.require(Rights::POLL_FD_READWRITE | right)?;
    Ok(match ready(descriptor, interest) {
        Some(state) => Seen::Now(state),
        // It stays open for as long as it is waited for.
        None => Seen::Later(What::Descriptor(Arc::clone(descriptor), interest)),
    })
}

impl What {
    /// What there is to report by now, if anything.
    fn state(&self, clocks: &mut Clocks<'_>) -> Option<State> {
        match self {
            Self::Clock(clock, time) => clocks.reached(*clock, *time),
            Self::Descriptor(fd, interest) => ready(fd, *interest),
        }
    }
}

fn ready(fd: &Descriptor, interest: Interest) -> Option<State> {
    match &fd.object {
        Object::Stream(stream) => stream_ready(stream, interest),
        Object::Dir(_) => Some(PLAIN),
        Object::File(file) => Some(match interest {
            Interest::Write => PLAIN,
            Interest::Read => file.metadata().map(|metadata| {
                (
                    metadata.size.saturating_sub(fd.offset.get()),
                    EventRwFlags::empty(),
                )
            }),
        }),
    }
}

fn stream_ready(stream: &Arc<dyn Stream>, interest: Interest) -> Option<State> {
    let Readiness::Now { bytes, hangup } = stream.ready(interest, Waker::noop()) else {
        return None;
    };
    let mut flags = EventRwFlags::empty();
    flags.set(EventRwFlags::FD_READWRITE_HANGUP, hangup);
    Some(Ok((bytes, flags)))
}

fn wait_for(awaited: Vec<Awaited>) -> Failure {
    let mut streams = Vec::new();
    let mut deadlines = Vec::new();
    for one in &awaited {
        match &one.what {
            What::Clock(clock, time) => deadlines.push((*clock, *time)),
            What::Descriptor(fd, interest) => {
                if let Object::Stream(stream) = &fd.object {
                    streams.push((Arc::clone(stream), *interest));
                }
            }
        }
    }
    Failure::Block(Box::new(Pending {
        streams,
        deadlines,
        resume: Resume::Poll(awaited),
    }))
}
