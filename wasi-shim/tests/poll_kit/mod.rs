//! What the tests of `poll_oneoff` share: clocks that count looks, and a guest with arrays anywhere in its memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use wasi_shim::abi::{Abi, ClockId, Errno, Result};
use wasi_shim::backends::{Capture, PipeWriter, pipe};
use wasi_shim::mem::Memory;
use wasi_shim::vfs::{Clock, Timestamp};
use wasi_shim::{Blocked, Outcome, Wasi, raw};

/// Time in the tests begins here.
pub(crate) const START: u64 = 1_000;

/// Clocks that move on by one nanosecond with every look, and count the looks.
pub(crate) struct Ticking {
    looks: [AtomicU32; 2],
    time: AtomicU64,
    broken: Option<ClockId>,
}

impl Ticking {
    pub(crate) fn new(broken: Option<ClockId>) -> Arc<Self> {
        Arc::new(Self {
            looks: [AtomicU32::new(0), AtomicU32::new(0)],
            time: AtomicU64::new(START),
            broken,
        })
    }

    /// How often the realtime and the monotonic clock were looked at since this was asked last.
    pub(crate) fn looks(&self) -> [u32; 2] {
        [0, 1].map(|clock: usize| self.looks[clock].swap(0, Ordering::Relaxed))
    }

    pub(crate) fn set(&self, time: u64) {
        self.time.store(time, Ordering::Relaxed);
    }
}

impl Clock for Ticking {
    fn resolution(&self, _clock: ClockId) -> Result<Timestamp> {
        Ok(Timestamp(1))
    }

    fn now(&self, clock: ClockId) -> Result<Timestamp> {
        self.looks[clock.number() as usize].fetch_add(1, Ordering::Relaxed);
        if self.broken == Some(clock) {
            return Err(Errno::Io);
        }
        Ok(Timestamp(self.time.fetch_add(1, Ordering::Relaxed)))
    }
}

/// What is waited for.
#[derive(Clone, Copy)]
pub(crate) enum Sub {
    /// A clock, a time, and whether it is a time of that clock.
    At(ClockId, u64, bool),
    Read(u32),
    Write(u32),
    /// A tag that nobody knows.
    Unknown,
}

use ClockId::{Monotonic, Realtime};
use Sub::{At, Read, Unknown, Write};

/// A mark, an error code, a type and a number of bytes.
pub(crate) type Event = (u64, u16, u8, u64);

pub(crate) const CLOCK: u8 = 0;
pub(crate) const READ: u8 = 1;
pub(crate) const WRITE: u8 = 2;

/// Where the number of events goes.
pub(crate) const COUNT: usize = 8;
/// Where subscriptions and events usually lie.
pub(crate) const SUBS: usize = 1 << 12;
pub(crate) const EVENTS: usize = 1 << 18;
pub(crate) const SIZE: usize = 1 << 19;

/// Marks are told from everything else.
pub(crate) const MARK: u64 = 0xabcd_0000_0000_0000;

pub(crate) struct Guest {
    pub(crate) wasi: Wasi,
    pub(crate) clock: Arc<Ticking>,
    /// Feeds standard input.
    pub(crate) feed: Arc<PipeWriter>,
    pub(crate) abi: Abi,
    pub(crate) bytes: Vec<u8>,
}

impl Guest {
    /// A guest with a pipe for standard input, and somewhere to write.
    pub(crate) fn new(abi: Abi, broken: Option<ClockId>) -> Self {
        let (stdin, feed) = pipe(16);
        let clock = Ticking::new(broken);
        let builder = Wasi::builder().stdin(stdin).stdout(Capture::new(64));
        Self {
            wasi: builder.clock(clock.clone()).build().unwrap(),
            clock,
            feed,
            abi,
            bytes: vec![0; SIZE],
        }
    }

    /// Bytes of one subscription.
    pub(crate) fn size(&self) -> usize {
        match self.abi {
            Abi::Preview1 => 48,
            Abi::Unstable => 56,
        }
    }

    pub(crate) fn put(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..][..bytes.len()].copy_from_slice(bytes);
    }

    /// Puts an array of subscriptions into the memory.
    pub(crate) fn subscribe(&mut self, start: usize, subs: &[Sub]) {
        for (index, sub) in subs.iter().enumerate() {
            let at = start + self.size() * index;
            let from = at + self.size() - 32;
            self.put(at, &[0; 56][..self.size()]);
            self.put(at, &(MARK + index as u64).to_le_bytes());
            match *sub {
                At(clock, time, absolute) => {
                    self.put(from, &clock.number().to_le_bytes());
                    self.put(from + 8, &time.to_le_bytes());
                    self.put(from + 24, &[u8::from(absolute)]);
                }
                Read(fd) => {
                    self.put(at + 8, &[READ]);
                    self.put(at + 16, &fd.to_le_bytes());
                }
                Write(fd) => {
                    self.put(at + 8, &[WRITE]);
                    self.put(at + 16, &fd.to_le_bytes());
                }
                Unknown => self.put(at + 8, &[3]),
            }
        }
    }

    pub(crate) fn call(&mut self, subs: usize, events: usize, count: usize) -> Outcome {
        let memory = &mut Memory::new(&mut self.bytes);
        let [subs, events, count] = [subs, events, count].map(|number| number as i32);
        raw::poll_oneoff(
            &self.wasi,
            self.abi,
            memory,
            subs,
            events,
            count,
            COUNT as i32,
        )
    }

    /// Polls with arrays at these places.
    pub(crate) fn poll_at(
        &mut self,
        subs: usize,
        events: usize,
        all: &[Sub],
    ) -> Result<Vec<Event>> {
        self.subscribe(subs, all);
        match self.call(subs, events, all.len()) {
            Outcome::Return(0) => Ok(self.events(events)),
            Outcome::Return(number) => Err(Errno::from_number(number).unwrap()),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn poll(&mut self, all: &[Sub]) -> Result<Vec<Event>> {
        self.poll_at(SUBS, EVENTS, all)
    }

    /// Polls, and has to wait.
    pub(crate) fn waits(&mut self, all: &[Sub]) -> Blocked {
        self.subscribe(SUBS, all);
        match self.call(SUBS, EVENTS, all.len()) {
            Outcome::Block(blocked) => blocked,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn resume(&mut self, blocked: Blocked) -> Outcome {
        blocked.resume(&mut Memory::new(&mut self.bytes))
    }

    pub(crate) fn number<const N: usize>(&self, at: usize) -> [u8; N] {
        *self.bytes[at..].first_chunk().unwrap()
    }

    pub(crate) fn events(&self, start: usize) -> Vec<Event> {
        let count = u32::from_le_bytes(self.number(COUNT)) as usize;
        let event = |index| {
            let at = start + 32 * index;
            (
                u64::from_le_bytes(self.number(at)).wrapping_sub(MARK),
                u16::from_le_bytes(self.number(at + 8)),
                self.bytes[at + 10],
                u64::from_le_bytes(self.number(at + 16)),
            )
        };
        (0..count).map(event).collect()
    }
}

pub(crate) fn on_both(test: impl Fn(Guest)) {
    for abi in [Abi::Preview1, Abi::Unstable] {
        println!("{abi:?}");
        test(Guest::new(abi, None));
    }
}

/// Of so many clocks every third has come.
pub(crate) fn thirds(count: usize) -> Vec<Sub> {
    let clock = |index| [Monotonic, Realtime][index / 3 % 2];
    let time = |index| if index % 3 == 0 { 1 } else { u64::MAX };
    (0..count)
        .map(|index| At(clock(index), time(index), true))
        .collect()
}
