//! What a poll looks at: two clocks that the input sets and may break, and five streams that become ready when it says so.
//!
//! Three streams are as the input has them; two are ends of the library's pipes, whose other ends the input uses. The world
//! knows what each shows; it does not know subscriptions. The target `poll` uses it.

use super::model::{Awaited, Fd, Kind, What};
use crate::trees::{READ_ONLY, ROOT};
use crate::{Answer, Guest};
use arbitrary::{Result, Unstructured};
use std::io::{IoSlice, IoSliceMut};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Waker;
use wasi_shim::abi::{ClockId, Errno, FdFlags, LookupFlags, OFlags, Rights, Whence};
use wasi_shim::backends::{MemDir, PipeReader, PipeWriter, pipe};
use wasi_shim::vfs::{Clock, HostHandle, Interest, Readiness, Stream, Timestamp};
use wasi_shim::{Access, Limits, RightsMode, Wasi};

/// Subscriptions that one poll may have.
pub(super) const MOST: u32 = 20;

/// Which streams are ends of pipes; those before are as the input has them.
const READER: usize = 3;
const WRITER: usize = 4;

/// How many bytes a pipe holds.
const CAPACITY: usize = 8;

/// Bytes and hangup, to read and to write; nothing if it is not ready.
type Ready = [Option<(u64, bool)>; 2];

pub(super) struct World {
    /// Realtime, and what nobody sets.
    times: [AtomicU64; 2],
    /// One bit for each clock that fails.
    broken: AtomicU8,
    /// What the library's clocks show too much.
    ahead: u64,
    scripted: Mutex<[Ready; 3]>,
    pipes: Mutex<Pipes>,
}

/// The embedder's ends, and how many bytes are under way.
struct Pipes {
    feed: Option<Arc<PipeWriter>>,
    fed: usize,
    drain: Option<Arc<PipeReader>>,
    written: usize,
    /// The guest's ends, until it has them.
    ends: Option<(Arc<PipeReader>, Arc<PipeWriter>)>,
}

impl World {
    pub(super) fn new(ahead: u64) -> Arc<Self> {
        let (reader, feed) = pipe(CAPACITY);
        let (drain, writer) = pipe(CAPACITY);
        assert_eq!(writer.write(&[IoSlice::new(&[0; CAPACITY])]), Ok(CAPACITY));
        Arc::new(Self {
            times: [AtomicU64::new(5_000), AtomicU64::new(1_000)],
            broken: AtomicU8::new(0),
            ahead,
            scripted: Mutex::default(),
            pipes: Mutex::new(Pipes {
                feed: Some(feed),
                fed: 0,
                drain: Some(drain),
                written: CAPACITY,
                ends: Some((reader, writer)),
            }),
        })
    }

    /// What a clock shows: 0 is realtime, 1 is monotonic.
    pub(super) fn time(&self, clock: usize) -> std::result::Result<u64, Errno> {
        if self.broken.load(SeqCst) >> clock & 1 == 1 {
            return Err(Errno::Io);
        }
        Ok(self.times[clock].load(SeqCst))
    }

    /// What a stream has to say about reading or writing, if anything.
    pub(super) fn stream(&self, index: usize, write: bool) -> Option<(u64, bool)> {
        let pipes = self.pipes();
        match (index, write) {
            (READER, false) => {
                let closed = pipes.feed.is_none();
                (pipes.fed > 0 || closed).then_some((pipes.fed as u64, closed))
            }
            (WRITER, true) => {
                let closed = pipes.drain.is_none();
                let room = if closed {
                    CAPACITY
                } else {
                    CAPACITY - pipes.written
                };
                (room > 0).then_some((room as u64, closed))
            }
            // Neither end waits for what it cannot do.
            (READER | WRITER, _) => Some((0, false)),
            _ => self.scripted()[index][usize::from(write)],
        }
    }

    fn scripted(&self) -> MutexGuard<'_, [Ready; 3]> {
        self.scripted.lock().expect("nobody panics with it")
    }

    fn pipes(&self) -> MutexGuard<'_, Pipes> {
        self.pipes.lock().expect("nobody panics with it")
    }

    /// Something happens.
    pub(super) fn happen(&self, input: &mut Unstructured<'_>) -> Result<()> {
        let what = input.arbitrary::<u8>()?;
        let amount = u64::from(input.arbitrary::<u8>()?);
        let [realtime, monotonic] = &self.times;
        match what % 9 {
            0 => {
                let now = monotonic.load(SeqCst).saturating_add(amount << (what >> 4));
                monotonic.store(now, SeqCst);
            }
            1 => realtime.store(amount << (what >> 3), SeqCst),
            2 | 3 => {
                let ready = (what % 9 == 2).then_some((amount, what & 64 != 0));
                self.scripted()[usize::from(what >> 4) % 3][usize::from(what >> 7)] = ready;
            }
            4 => self
                .broken
                .store(u8::from(amount < 64) << (what >> 7), SeqCst),
            5 => self.pipes().feed(amount as usize % 6),
            6 => self.pipes().drain(amount as usize % 6),
            7 if amount < 16 => self.pipes().close(amount % 2 == 0),
            // It wakes up for nothing.
            _ => {}
        }
        Ok(())
    }

    /// Moves one clock on to the first time that is waited for; false if none is.
    pub(super) fn come_to(&self, awaited: &[Awaited]) -> bool {
        let times = awaited.iter().filter_map(|one| match one.what {
            What::Clock(clock, time) => Some((clock, time)),
            What::Stream(..) => None,
        });
        let left =
            |(clock, time): &(usize, u64)| time.saturating_sub(self.times[*clock].load(SeqCst));
        let first = times.min_by_key(left);
        if let Some((clock, time)) = first {
            self.times[clock].store(time, SeqCst);
        }
        first.is_some()
    }
}

impl Pipes {
    fn feed(&mut self, count: usize) {
        let written = self
            .feed
            .as_ref()
            .map(|feed| feed.write(&[IoSlice::new(&[7; 6][..count])]));
        if let Some(Ok(count)) = written {
            self.fed += count;
        }
    }

    fn drain(&mut self, count: usize) {
        let buf = &mut [0; 6][..count];
        let read = self
            .drain
            .as_ref()
            .map(|drain| drain.read(&mut [IoSliceMut::new(buf)]));
        if let Some(Ok(count)) = read {
            self.written -= count;
        }
    }

    fn close(&mut self, feed: bool) {
        if feed {
            self.feed = None;
        } else {
            self.drain = None;
        }
    }
}

impl Clock for World {
    fn resolution(&self, _: ClockId) -> wasi_shim::abi::Result<Timestamp> {
        Ok(Timestamp(1))
    }

    fn now(&self, clock: ClockId) -> wasi_shim::abi::Result<Timestamp> {
        let clock = match clock {
            ClockId::Realtime => 0,
            ClockId::Monotonic => 1,
            ClockId::ProcessCputime | ClockId::ThreadCputime => panic!("nobody waits for those"),
        };
        Ok(Timestamp(self.time(clock)?.saturating_add(self.ahead)))
    }
}

/// A stream that is as the input has it.
struct Scripted(Arc<World>, usize);

impl Stream for Scripted {
    fn ready(&self, interest: Interest, _: &Waker) -> Readiness {
        match self.0.stream(self.1, interest == Interest::Write) {
            Some((bytes, hangup)) => Readiness::Now { bytes, hangup },
            None if self.1 == 1 => Readiness::Handle(HostHandle::new(Arc::new(()))),
            None => Readiness::Later,
        }
    }
}

/// A guest with all the streams, a tree to change and the same for reading.
pub(super) fn guest(world: &Arc<World>, mode: RightsMode) -> Guest {
    let tree = MemDir::new();
    tree.file("file", [0; 10]).expect("a file");
    let mut limits = Limits::default();
    limits.subscriptions = MOST;
    let scripted = |index| Arc::new(Scripted(world.clone(), index));
    let ends = world.pipes().ends.take();
    let (reader, writer) = ends.expect("there is one guest in a world");
    let builder = Wasi::builder()
        .stdin(scripted(0))
        .stdout(scripted(1))
        .stderr(writer)
        .preopen("/", tree.clone(), Access::ReadWrite)
        .preopen("/read-only", tree, Access::ReadOnly)
        .socket(scripted(2))
        .socket(reader)
        .clock(world.clone())
        .limits(limits)
        .rights(mode);
    Guest::new(builder)
}

/// Every descriptor of that guest: two files are opened, one read to its middle and one beyond its end.
pub(super) fn open_all(guest: &mut Guest) -> Vec<Fd> {
    let mut open = |dir, rights, offset| {
        let rights = (
            rights | Rights::POLL_FD_READWRITE | Rights::FD_SEEK,
            Rights::empty(),
        );
        let (lookup, oflags, fdflags) = (LookupFlags::empty(), OFlags::empty(), FdFlags::empty());
        let file = guest.path_open(dir, lookup, "file", oflags, rights, fdflags);
        let file = file.expect("the file can be opened");
        assert_eq!(guest.fd_seek(file, offset, Whence::Set), Ok(offset as u64));
        file
    };
    let both = Rights::FD_READ | Rights::FD_WRITE;
    let files = [open(ROOT, both, 3), open(READ_ONLY, Rights::FD_READ, 20)];
    let kinds = [
        (0, Kind::Stream(0), true),
        (1, Kind::Stream(1), true),
        (2, Kind::Stream(WRITER), true),
        (ROOT, Kind::Dir, true),
        (READ_ONLY, Kind::Dir, false),
        (5, Kind::Stream(2), true),
        (6, Kind::Stream(READER), true),
        (files[0], Kind::File(7), true),
        (files[1], Kind::File(0), false),
    ];
    let with_rights = kinds.map(|(number, kind, writable)| Fd {
        number,
        kind,
        writable,
        rights: guest.fd_fdstat_get(number).expect("it is open").rights_base,
    });
    with_rights.into()
}

/// Takes rights away.
pub(super) fn restrict(guest: &mut Guest, fd: u32, rights: Rights) -> Answer<()> {
    guest.fd_fdstat_set_rights(fd, rights, Rights::empty())
}
