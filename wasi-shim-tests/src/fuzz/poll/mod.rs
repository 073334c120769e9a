//! The target `poll`: any subscriptions, in a world whose time and streams the input moves.
//!
//! The input is a byte that chooses layout and rights, a byte for each descriptor's rights, then polls: where the arrays
//! are, the subscriptions, and what happens in the world while the call waits. `model` says which events there must be and
//! when; the whole memory is compared, so that order, marks, error codes and padding are, and whatever lies beside them.

mod model;
mod world;

use crate::{Answer, Guest};
use arbitrary::{Result, Unstructured};
use model::{Awaited, Event, Found, Model, Sub};
use std::sync::Arc;
use std::task::Waker;
use wasi_shim::abi::{Abi, Errno, Rights, Syscall};
use wasi_shim::mem::Memory;
use wasi_shim::{Blocked, Outcome, RightsMode};
use world::World;

/// The guest's memory. Three kinds of arrays have to fit, in any order and one over the other.
const MEMORY: usize = 4096;

/// Panics if a poll answers anything but what the model says.
pub fn run(data: &[u8]) {
    run_off(data, 0);
}

/// As [`run`], with clocks that show the library so much more than they show the model.
pub fn run_off(data: &[u8], ahead: u64) {
    let mut input = Unstructured::new(data);
    // The bytes that are missing at the end are zeros.
    let mut run = Run::new(&mut input, ahead).expect("bytes can always be read");
    for _ in 0..8 {
        if input.is_empty() {
            break;
        }
        run.poll(&mut input).expect("bytes can always be read");
    }
}

struct Run {
    guest: Guest,
    world: Arc<World>,
    model: Model,
}

/// Where a poll has its arrays.
struct Places {
    subs: usize,
    events: usize,
    count: usize,
}

impl Run {
    fn new(input: &mut Unstructured<'_>, ahead: u64) -> Result<Self> {
        let choice = input.arbitrary::<u8>()?;
        let mode = match choice & 1 {
            0 => RightsMode::Enforce,
            _ => RightsMode::ReadWriteOnly,
        };
        let world = World::new(ahead);
        let mut guest = world::guest(&world, mode);
        guest.memory = vec![0; MEMORY];
        if choice & 2 != 0 {
            guest.abi = Abi::Unstable;
        }
        let mut fds = world::open_all(&mut guest);
        for fd in &mut fds {
            let taken = input.arbitrary::<u8>()?;
            let bits = [Rights::POLL_FD_READWRITE, Rights::FD_READ, Rights::FD_WRITE];
            let fewer = bits
                .into_iter()
                .enumerate()
                .filter(|(bit, _)| taken >> bit & 1 == 1)
                .fold(fd.rights, |rights, (_, right)| rights.difference(right));
            let answer = world::restrict(&mut guest, fd.number, fewer);
            match mode {
                RightsMode::Enforce => {
                    assert_eq!(answer, Ok(()));
                    fd.rights = fewer;
                }
                RightsMode::ReadWriteOnly => assert_eq!(answer, Err(Errno::Notsup)),
            }
        }
        let enforced = mode == RightsMode::Enforce;
        let model = Model { fds, enforced };
        Ok(Self {
            guest,
            world,
            model,
        })
    }

    fn poll(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let size = if self.guest.abi == Abi::Unstable {
            56
        } else {
            48
        };
        let [len, subs_at, events_at, count_at] = input.arbitrary::<[u8; 4]>()?;
        let len = usize::from(len % 22);
        let place = |byte: u8| usize::from(byte) * 8;
        let places = Places {
            subs: place(subs_at),
            events: place(events_at),
            count: place(count_at),
        };
        self.world.happen(input)?;
        let mut subs = Vec::new();
        for _ in 0..len {
            subs.push(self.model.subscription(input, &self.world)?);
        }
        self.guest.memory.fill(0x5a);
        for (sub, at) in subs.iter().zip((places.subs..).step_by(size)) {
            self.guest.memory[at..][..size].copy_from_slice(&sub.encode(size));
        }
        let mut image = self.guest.memory.clone();
        let args = [places.subs, places.events, len, places.count].map(|number| number as i64);
        let outcome = self.guest.attempt(Syscall::PollOneoff, &args);
        match self.model.first_look(&subs, &self.world) {
            Err(errno) => assert_eq!(returned(outcome), Err(errno), "{subs:?}"),
            Ok(Found::Events(events)) => {
                assert_eq!(returned(outcome), Ok(()), "{subs:?}");
                model::store(&mut image, &places, &events);
            }
            Ok(Found::Nothing(awaited)) => {
                let Outcome::Block(blocked) = outcome else {
                    panic!("{outcome:?} instead of a wait for {awaited:?}");
                };
                let events = self.wait(input, blocked, &awaited)?;
                if let Some(events) = events {
                    model::store(&mut image, &places, &events);
                }
            }
        }
        same(&self.guest.memory, &image, &subs);
        Ok(())
    }

    /// Lets things happen and looks again, until there is an event. Nothing, if none can come any more.
    fn wait(
        &mut self,
        input: &mut Unstructured<'_>,
        mut blocked: Blocked,
        awaited: &[Awaited],
    ) -> Result<Option<Vec<Event>>> {
        let mut steps = 0;
        loop {
            steps += 1;
            if steps < 12 && !input.is_empty() {
                self.world.happen(input)?;
                self.model.happen(input, &mut self.guest)?;
            } else if steps > 12 || !self.world.come_to(awaited) {
                assert!(steps <= 12, "no event at the first deadline");
                return Ok(None);
            }
            let events = model::look(awaited, &self.world);
            self.says_when(&blocked, awaited, !events.is_empty());
            match blocked.resume(&mut Memory::new(&mut self.guest.memory)) {
                Outcome::Block(again) if events.is_empty() => blocked = again,
                outcome => {
                    assert!(!events.is_empty(), "{outcome:?} without an event");
                    assert_eq!(returned(outcome), Ok(()), "{awaited:?}");
                    return Ok(Some(events));
                }
            }
        }
    }

    /// Whoever waits is told neither to go on too early nor to sleep too long.
    fn says_when(&self, blocked: &Blocked, awaited: &[Awaited], ready: bool) {
        let waits = blocked.is_ready(Waker::noop(), &mut Vec::new());
        assert_eq!(waits, ready, "{awaited:?}");
        assert_eq!(
            blocked.timeout(),
            model::timeout(awaited, &self.world),
            "{awaited:?}"
        );
        let times = awaited.iter().filter_map(Awaited::deadline);
        assert!(times.eq(blocked.deadlines().iter().copied()), "{awaited:?}");
    }
}

/// What a call that does not wait returned.
fn returned(outcome: Outcome) -> Answer<()> {
    match outcome {
        Outcome::Return(0) => Ok(()),
        Outcome::Return(number) => Err(Errno::from_number(number).expect("an error code")),
        other => panic!("{other:?}"),
    }
}

fn same(memory: &[u8], image: &[u8], subs: &[Sub]) {
    let different = memory
        .iter()
        .zip(image)
        .position(|(is, should)| is != should);
    if let Some(at) = different {
        let (is, should) = (&memory[at & !31..], &image[at & !31..]);
        panic!(
            "at {at}: {:x?}, not {:x?}, after {subs:?}",
            &is[..32],
            &should[..32]
        );
    }
}
