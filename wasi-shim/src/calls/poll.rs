//! `poll_oneoff`.

use super::{Call, Failure, Pending, Reply, Resume};
use crate::abi::{
    ClockId, Errno, Event, EventRwFlags, EventType, Result, Rights, SubclockFlags, Subscription,
    SubscriptionKind, Wire,
};
use crate::mem::{Memory, Window};
use crate::process::{Descriptor, Object};
use crate::vfs::{Interest, Readiness, Stream, Timestamp};
use std::sync::Arc;
use std::task::Waker;

/// A subscription as it is waited for: what could be looked up has been, and a duration has become a time.
pub(crate) struct Awaited {
    userdata: u64,
    kind: EventType,
    what: Result<What>,
}

enum What {
    Clock(ClockId, Timestamp),
    Descriptor(Arc<Descriptor>, Interest),
}

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
    let awaited = match call.resumed() {
        Some(Resume::Poll(awaited)) => awaited,
        _ if subscriptions.len() == Subscription::size(call.abi) as usize => {
            // By far the most frequent: a program sleeps, or waits for one descriptor.
            let one = [decode_one(call, &memory.bytes(subscriptions))?];
            return match report(call, &one, events, memory) {
                0 => Err(wait_for(one.into())),
                count => Ok(count),
            };
        }
        _ => decode(call, subscriptions, memory)?,
    };
    match report(call, &awaited, events, memory) {
        0 => Err(wait_for(awaited)),
        count => Ok(count),
    }
}

/// Stores what has happened by now, and counts it.
fn report(call: &Call<'_>, awaited: &[Awaited], events: Window, memory: &mut Memory<'_>) -> u32 {
    let size = Event::size(call.abi) as usize;
    let mut count = 0_u32;
    for event in awaited.iter().filter_map(|one| one.event(call)) {
        let at = events.part(size.saturating_mul(count as usize), size);
        memory.store_at(call.abi, at, &event);
        count = count.saturating_add(1);
    }
    count
}

fn decode(call: &Call<'_>, subscriptions: Window, memory: &Memory<'_>) -> Reply<Vec<Awaited>> {
    let bytes = memory.bytes(subscriptions);
    let elements = bytes.chunks_exact(Subscription::size(call.abi) as usize);
    // No more than the limit allows for.
    let mut awaited = Vec::with_capacity(elements.len());
    for element in elements {
        awaited.push(decode_one(call, element)?);
    }
    Ok(awaited)
}

fn decode_one(call: &Call<'_>, element: &[u8]) -> Reply<Awaited> {
    let subscription = Subscription::decode(call.abi, element)?;
    Ok(Awaited::new(call, subscription))
}

fn wait_for(awaited: Vec<Awaited>) -> Failure {
    let mut streams = Vec::new();
    let mut deadlines = Vec::new();
    for one in &awaited {
        match &one.what {
            Ok(What::Clock(clock, time)) => deadlines.push((*clock, *time)),
            Ok(What::Descriptor(fd, interest)) => {
                if let Object::Stream(stream) = &fd.object {
                    streams.push((Arc::clone(stream), *interest));
                }
            }
            Err(_) => {}
        }
    }
    Failure::Block(Box::new(Pending {
        streams,
        deadlines,
        resume: Resume::Poll(awaited),
    }))
}

impl Awaited {
    fn new(call: &Call<'_>, subscription: Subscription) -> Self {
        let (kind, what) = match subscription.kind {
            SubscriptionKind::Clock {
                clock,
                timeout,
                flags,
            } => (EventType::Clock, deadline(call, clock, timeout, flags)),
            SubscriptionKind::FdRead(fd) => (
                EventType::FdRead,
                descriptor(call, fd, Rights::FD_READ, Interest::Read),
            ),
            SubscriptionKind::FdWrite(fd) => (
                EventType::FdWrite,
                descriptor(call, fd, Rights::FD_WRITE, Interest::Write),
            ),
        };
        Self {
            userdata: subscription.userdata,
            kind,
            what,
        }
    }

    /// What there is to report by now, if anything.
    fn event(&self, call: &Call<'_>) -> Option<Event> {
        let state = match &self.what {
            Ok(What::Clock(clock, time)) => reached(call, *clock, *time),
            Ok(What::Descriptor(fd, interest)) => ready(fd, *interest),
            Err(errno) => Some(Err(*errno)),
        };
        let (error, (nbytes, flags)) = match state? {
            Ok(state) => (None, state),
            Err(errno) => (Some(errno), (0, EventRwFlags::empty())),
        };
        Some(Event {
            userdata: self.userdata,
            error,
            kind: self.kind,
            nbytes,
            flags,
        })
    }
}

fn deadline(
    call: &Call<'_>,
    clock: u32,
    timeout: u64,
    flags: Result<SubclockFlags>,
) -> Result<What> {
    let clock = match ClockId::from_number(clock)? {
        clock @ (ClockId::Realtime | ClockId::Monotonic) => clock,
        // CPU time stands still while one waits.
        ClockId::ProcessCputime | ClockId::ThreadCputime => return Err(Errno::Inval),
    };
    if flags?.contains(SubclockFlags::SUBSCRIPTION_CLOCK_ABSTIME) {
        return Ok(What::Clock(clock, Timestamp(timeout)));
    }
    // A duration is measured by the clock that nobody sets (POSIX, `clock_settime`: relative waits are not affected).
    let now = call.process.clock.now(ClockId::Monotonic)?;
    Ok(What::Clock(
        ClockId::Monotonic,
        Timestamp(now.0.saturating_add(timeout)),
    ))
}

fn descriptor(call: &Call<'_>, fd: u32, right: Rights, interest: Interest) -> Result<What> {
    let found = call.process.fds.get(fd);
    let descriptor = found.descriptor()?;
    descriptor.require(Rights::POLL_FD_READWRITE | right)?;
    Ok(What::Descriptor(Arc::clone(descriptor), interest))
}

type State = Result<(u64, EventRwFlags)>;

fn reached(call: &Call<'_>, clock: ClockId, time: Timestamp) -> Option<State> {
    let due = call.process.clock.now(clock).map(|now| now >= time);
    match due {
        Ok(true) => Some(Ok((0, EventRwFlags::empty()))),
        Ok(false) => None,
        Err(errno) => Some(Err(errno)),
    }
}

fn ready(fd: &Descriptor, interest: Interest) -> Option<State> {
    match &fd.object {
        Object::Stream(stream) => stream_ready(stream, interest),
        Object::Dir(_) => Some(Ok((0, EventRwFlags::empty()))),
        Object::File(file) => Some(match interest {
            Interest::Write => Ok((0, EventRwFlags::empty())),
            Interest::Read => file.metadata().map(|metadata| {
                (
                    metadata.size.saturating_sub(*fd.offset()),
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
