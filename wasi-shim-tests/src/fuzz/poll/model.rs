//! What a poll has to answer, said plainly: from subscriptions and a world to events.
//!
//! Knows the rules of `spec-notes/polling.md` and the layout of both records. Refuses to know the library's code. The target
//! `poll` uses it.

use super::Places;
use super::world::{MOST, World};
use crate::Guest;
use arbitrary::{Result, Unstructured};
use std::time::Duration;
use wasi_shim::abi::{ClockId, Errno, Rights};
use wasi_shim::vfs::Timestamp;

/// How long to sleep before looking at a clock that somebody may have set.
const SETTABLE: Duration = Duration::from_secs(1);

/// What is behind a descriptor.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Stream(usize),
    Dir,
    /// A file with so many bytes left.
    File(u64),
}

/// An open descriptor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fd {
    pub(super) number: u32,
    pub(super) kind: Kind,
    /// Not in a tree given for reading.
    pub(super) writable: bool,
    pub(super) rights: Rights,
}

/// The descriptors that are open.
pub(super) struct Model {
    pub(super) fds: Vec<Fd>,
    pub(super) enforced: bool,
}

const CLOCK: u8 = 0;
const WRITE: u8 = 2;

/// A subscription, whatever its tag.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sub {
    userdata: u64,
    tag: u8,
    clock: u32,
    timeout: u64,
    flags: u16,
    fd: u32,
}

#[derive(Debug)]
pub(super) struct Event {
    userdata: u64,
    tag: u8,
    what: State,
}

/// Bytes and hangup, or what is wrong.
type State = std::result::Result<(u64, bool), Errno>;

/// What a poll waits for, looked up once.
#[derive(Debug)]
pub(super) struct Awaited {
    userdata: u64,
    tag: u8,
    pub(super) what: What,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    /// A clock, 0 for realtime and 1 for monotonic, and its time.
    Clock(usize, u64),
    /// A stream, and whether it is to be written.
    Stream(usize, bool),
}

impl Awaited {
    /// The time that ends it, if one does.
    pub(super) fn deadline(&self) -> Option<(ClockId, Timestamp)> {
        match self.what {
            What::Clock(0, time) => Some((ClockId::Realtime, Timestamp(time))),
            What::Clock(_, time) => Some((ClockId::Monotonic, Timestamp(time))),
            What::Stream(..) => None,
        }
    }
}

/// What there is at the first look.
pub(super) enum Found {
    Events(Vec<Event>),
    Nothing(Vec<Awaited>),
}

impl Sub {
    /// As it is in memory: 56 bytes in `wasi_unstable`, where a clock has a mark of its own before everything else.
    pub(super) fn encode(&self, size: usize) -> Vec<u8> {
        let mut bytes = vec![0x33; size];
        bytes[..8].copy_from_slice(&self.userdata.to_le_bytes());
        bytes[8] = self.tag;
        if self.tag == CLOCK {
            let clock = &mut bytes[size - 32..];
            clock[..4].copy_from_slice(&self.clock.to_le_bytes());
            clock[8..16].copy_from_slice(&self.timeout.to_le_bytes());
            clock[24..26].copy_from_slice(&self.flags.to_le_bytes());
        } else {
            bytes[16..20].copy_from_slice(&self.fd.to_le_bytes());
        }
        bytes
    }
}

impl Model {
    /// A subscription that may have a meaning.
    pub(super) fn subscription(&self, input: &mut Unstructured<'_>, world: &World) -> Result<Sub> {
        let [tag, mark, which, flags] = input.arbitrary::<[u8; 4]>()?;
        let number = u64::from(mark);
        let now = world.time(usize::from(which & 1)).unwrap_or_default();
        let timeout = match flags >> 4 {
            0 => number,
            1..=4 => now.wrapping_add(number),
            5 | 6 => now.wrapping_sub(number),
            7 => u64::MAX,
            8 => u64::MAX - number,
            9 => input.arbitrary()?,
            10 => 0,
            11 => (u64::MAX - now).wrapping_add(1),
            _ => number << (flags >> 2),
        };
        let fd = self.fds.get(usize::from(which) % (self.fds.len() + 2));
        Ok(Sub {
            userdata: number.wrapping_mul(0x0123_4567_89ab_cdef),
            tag: if tag < 250 {
                [0, 1, 2, 1, 2][usize::from(tag) % 5]
            } else {
                tag
            },
            clock: if which == 255 {
                u32::MAX
            } else {
                u32::from(which % 6)
            },
            timeout,
            flags: [0, 0, 0, 1, 1, 1, 2, 0x8001][usize::from(flags & 7)],
            fd: fd.map_or(u32::from(which) << 8, |fd| fd.number),
        })
    }

    /// The answer to a poll, as far as it has one at once.
    pub(super) fn first_look(
        &self,
        subs: &[Sub],
        world: &World,
    ) -> std::result::Result<Found, Errno> {
        let known = |sub: &Sub| sub.tag <= WRITE;
        if subs.is_empty() || subs.len() > MOST as usize || !subs.iter().all(known) {
            return Err(Errno::Inval);
        }
        let (mut events, mut awaited) = (Vec::new(), Vec::new());
        for sub in subs {
            let (userdata, tag) = (sub.userdata, sub.tag);
            let state = match self.meaning(sub, world) {
                Err(errno) => Some(Err(errno)),
                Ok(Meaning::Ready(bytes)) => Some(Ok((bytes, false))),
                Ok(Meaning::Awaited(what)) => {
                    awaited.push(Awaited {
                        userdata,
                        tag,
                        what,
                    });
                    state(what, world)
                }
            };
            events.extend(state.map(|what| Event {
                userdata,
                tag,
                what,
            }));
        }
        Ok(if events.is_empty() {
            Found::Nothing(awaited)
        } else {
            Found::Events(events)
        })
    }

    fn meaning(&self, sub: &Sub, world: &World) -> std::result::Result<Meaning, Errno> {
        if sub.tag != CLOCK {
            return self.descriptor(sub);
        }
        // CPU time stands still while one waits, and nobody knows the others.
        if sub.clock > 1 || sub.flags > 1 {
            return Err(Errno::Inval);
        }
        Ok(Meaning::Awaited(if sub.flags == 1 {
            What::Clock(sub.clock as usize, sub.timeout)
        } else {
            What::Clock(1, world.time(1)?.saturating_add(sub.timeout))
        }))
    }

    fn descriptor(&self, sub: &Sub) -> std::result::Result<Meaning, Errno> {
        let found = self.fds.iter().find(|fd| fd.number == sub.fd);
        let fd = found.ok_or(Errno::Badf)?;
        let write = sub.tag == WRITE;
        let right = if write {
            Rights::FD_WRITE
        } else {
            Rights::FD_READ
        };
        // To a directory the right to read or write means nothing, and it does not miss it.
        let moves = matches!(fd.kind, Kind::Dir) || fd.rights.contains(right);
        if self.enforced && !(moves && fd.rights.contains(Rights::POLL_FD_READWRITE)) {
            return Err(Errno::Notcapable);
        }
        if !moves {
            return Err(Errno::Badf);
        }
        if write && !fd.writable {
            return Err(Errno::Perm);
        }
        Ok(match fd.kind {
            Kind::Stream(index) => Meaning::Awaited(What::Stream(index, write)),
            Kind::File(left) if !write => Meaning::Ready(left),
            Kind::File(_) | Kind::Dir => Meaning::Ready(0),
        })
    }

    /// A descriptor may be closed, by another thread for instance, while a poll waits.
    pub(super) fn happen(&mut self, input: &mut Unstructured<'_>, guest: &mut Guest) -> Result<()> {
        let index = usize::from(input.arbitrary::<u8>()?);
        if index < self.fds.len() {
            let fd = self.fds.remove(index);
            assert_eq!(guest.fd_close(fd.number), Ok(()));
        }
        Ok(())
    }
}

/// What a subscription means, if nothing is wrong with it.
enum Meaning {
    /// Always ready, with so many bytes.
    Ready(u64),
    Awaited(What),
}

/// What there is to report now, if anything.
fn state(what: What, world: &World) -> Option<State> {
    match what {
        What::Stream(index, write) => world.stream(index, write).map(Ok),
        What::Clock(clock, time) => match world.time(clock) {
            Ok(now) => (now >= time).then_some(Ok((0, false))),
            Err(errno) => Some(Err(errno)),
        },
    }
}

/// What has happened by now of all that is waited for.
pub(super) fn look(awaited: &[Awaited], world: &World) -> Vec<Event> {
    let event = |one: &Awaited| {
        let what = state(one.what, world)?;
        Some(Event {
            userdata: one.userdata,
            tag: one.tag,
            what,
        })
    };
    awaited.iter().filter_map(event).collect()
}

/// How long whoever waits may sleep.
pub(super) fn timeout(awaited: &[Awaited], world: &World) -> Option<Duration> {
    let left = |one: &Awaited| match one.what {
        What::Stream(..) => None,
        What::Clock(clock, time) => {
            // A clock that fails is something to report.
            let now = world.time(clock).unwrap_or(time);
            let left = Duration::from_nanos(time.saturating_sub(now));
            Some(if clock == 0 { left.min(SETTABLE) } else { left })
        }
    };
    awaited.iter().filter_map(left).min()
}

/// Puts events and their number where the call was told to.
pub(super) fn store(image: &mut [u8], places: &Places, events: &[Event]) {
    for (event, at) in events.iter().zip((places.events..).step_by(32)) {
        let record = &mut image[at..at + 32];
        let error = event.what.map_or_else(Errno::number, |_| 0);
        let (bytes, hangup) = event.what.unwrap_or_default();
        record.fill(0);
        record[..8].copy_from_slice(&event.userdata.to_le_bytes());
        record[8..10].copy_from_slice(&error.to_le_bytes());
        record[10] = event.tag;
        record[16..24].copy_from_slice(&bytes.to_le_bytes());
        record[24] = u8::from(hangup);
    }
    let count = (events.len() as u32).to_le_bytes();
    image[places.count..][..4].copy_from_slice(&count);
}
