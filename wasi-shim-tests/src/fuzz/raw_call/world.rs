//! A guest that has some of everything: trees of each kind to change and to read, streams, sockets, a clock that stands
//! still.
//!
//! Knows what must hold of it at the end, whatever was called. Nothing in it is the host's, and everything has limits, so
//! that an input costs what it says.

use crate::ManualClock;
use crate::fuzz::snapshot::Snapshot;
use crate::fuzz::source::Source;
use std::io::{IoSlice, IoSliceMut};
use std::sync::{Arc, Mutex};
use std::task::Waker;
use wasi_shim::abi::{Abi, Errno, FileKind, Result, RiFlags, RoFlags, SdFlags, Syscall};
use wasi_shim::backends::{Capture, MemDir, Mounts, Overlay, PipeWriter, ReadOnly, Seeded, pipe};
use wasi_shim::mem::Memory;
use wasi_shim::vfs::{Interest, Readiness, Socket, Stream, Timestamp};
use wasi_shim::{Access, FaultMode, Limits, Outcome, RightsMode, Wasi};

/// How many descriptors there may be.
const DESCRIPTORS: u32 = 18;

/// How many bytes, files and bytes of names a tree may have.
const BYTES: u64 = 1 << 18;
const INODES: u64 = 32;
const NAMES: u64 = 1 << 16;

/// How many bytes of output are kept.
const OUTPUT: usize = 512;

/// The guest, and what others have of it.
pub(super) struct World {
    pub(super) wasi: Wasi,
    pub(super) clock: Arc<ManualClock>,
    /// Does a bad pointer end it?
    pub(super) traps: bool,
    input: Arc<PipeWriter>,
    output: Arc<Capture>,
    given: Arc<MemDir>,
    before: Snapshot,
    changed: [Arc<MemDir>; 2],
}

/// A tree with one of each.
fn furnished() -> Arc<MemDir> {
    let build = || {
        let root = MemDir::builder()
            .bytes(BYTES)
            .inodes(INODES)
            .names(NAMES)
            .time(|| Timestamp(7))
            .build();
        root.file("a", "0123456789")?;
        root.symlink("c", "b")?;
        root.symlink("d", "../b/../..")?;
        root.dir("b")?.file("a", vec![b'x'; 5000])?;
        root.dir("b")?.dir("b")?;
        Ok::<_, Errno>(root)
    };
    build().expect("room for a few files")
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.descriptors = DESCRIPTORS;
    limits.iovecs = 4;
    limits.subscriptions = 4;
    limits.depth = 6;
    limits.bounce = 16;
    limits
}

impl World {
    pub(super) fn new(source: &mut Source<'_>) -> Self {
        let modes = source.byte();
        let traps = modes & 1 == 0;
        let rights = if modes & 6 == 6 {
            RightsMode::ReadWriteOnly
        } else {
            RightsMode::default()
        };
        let (given, changed) = (furnished(), [furnished(), furnished()]);
        let overlay = Overlay::builder(given.clone())
            .upper(changed[1].clone())
            .inodes(INODES)
            .names(NAMES);
        let mounts = Mounts::builder()
            .mount("/", given.clone())
            .mount("/b/b", changed[0].clone())
            .mount("/e", ReadOnly::new(changed[0].clone()))
            .build();
        let (input, output) = (pipe(64), Capture::new(OUTPUT));
        let (inner, clock) = (pipe(8), Arc::new(ManualClock::new(1_000)));
        let wasi = Wasi::builder()
            .args(["abc", "def"])
            .env("A", "b")
            .env("C", "d")
            .stdin(input.0)
            .stdout(output.clone())
            .preopen("/changed", changed[0].clone(), Access::ReadWrite)
            .preopen("/given", given.clone(), Access::ReadOnly)
            .preopen("/overlay", overlay.build(), Access::ReadWrite)
            .preopen("/mounts", mounts.expect("trees that fit"), Access::ReadOnly)
            .socket(Peer::new(false))
            .socket(Peer::new(true))
            .socket(inner.0)
            .socket(inner.1)
            .clock(clock.clone())
            .entropy(Arc::new(Seeded::new(1)))
            .limits(limits())
            .rights(rights)
            .faults(if traps {
                FaultMode::Trap
            } else {
                FaultMode::Errno
            })
            .build();
        Self {
            wasi: wasi.expect("the guest can be built"),
            clock,
            traps,
            input: input.1,
            output,
            before: Snapshot::of(&*given),
            given,
            changed,
        }
    }

    /// Writes into the pipe that the guest reads, as far as there is room.
    pub(super) fn feed(&self, bytes: &[u8]) {
        let _ = self.input.write(&[IoSlice::new(bytes)]);
    }

    /// Panics unless all is within its limits, and what was given for reading as it was.
    pub(super) fn check(&self) {
        assert_eq!(
            Snapshot::of(&*self.given),
            self.before,
            "the tree given for reading"
        );
        assert!(self.output.contents().len() <= OUTPUT, "the output");
        for usage in self.changed.each_ref().map(|tree| tree.usage()) {
            let fits = usage.bytes <= BYTES && usage.inodes <= INODES && usage.names <= NAMES;
            assert!(fits, "{usage:?}");
        }
        let open = (0..4 * DESCRIPTORS).filter(|fd| self.is_open(*fd));
        let beyond: Vec<_> = open.filter(|fd| *fd >= DESCRIPTORS).collect();
        assert!(beyond.is_empty(), "{beyond:?} are open");
    }

    fn is_open(&self, fd: u32) -> bool {
        let mut memory = [0; 24];
        let mut memory = Memory::new(&mut memory);
        let outcome = self.wasi.call(
            Abi::Preview1,
            &mut memory,
            Syscall::FdFdstatGet,
            &[fd.into(), 0],
        );
        match outcome {
            Outcome::Return(0) => true,
            Outcome::Return(number) if number == Errno::Badf.number() => false,
            other => panic!("fd_fdstat_get of {fd}: {other:?}"),
        }
    }
}

/// A socket that has a few bytes and takes a few, or that always has another one.
struct Peer {
    listens: bool,
    left: Mutex<usize>,
}

impl Peer {
    fn new(listens: bool) -> Arc<Self> {
        let left = Mutex::new(if listens { 2 } else { 20 });
        Arc::new(Self { listens, left })
    }

    /// Moves as many bytes as there are left.
    fn take(&self, wanted: usize) -> Result<usize> {
        let mut left = self.left.lock().expect("no panic");
        let count = wanted.min(*left);
        *left -= count;
        if count < wanted && count == 0 {
            Err(Errno::Again)
        } else {
            Ok(count)
        }
    }
}

impl Stream for Peer {
    fn kind(&self) -> FileKind {
        FileKind::SocketStream
    }

    fn read(&self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
        let mut count = self.take(bufs.iter().map(|buf| buf.len()).sum())?;
        let moved = count;
        for buf in bufs {
            let part = count.min(buf.len());
            buf[..part].fill(b'p');
            count -= part;
        }
        Ok(moved)
    }

    fn write(&self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        self.take(bufs.iter().map(|buf| buf.len()).sum())
    }

    fn ready(&self, _: Interest, _: &Waker) -> Readiness {
        match *self.left.lock().expect("no panic") {
            0 => Readiness::Later,
            left => Readiness::Now {
                bytes: left as u64,
                hangup: false,
            },
        }
    }

    fn as_socket(&self) -> Option<&dyn Socket> {
        Some(self)
    }
}

impl Socket for Peer {
    fn accept(&self) -> Result<Arc<dyn Stream>> {
        if !self.listens {
            return Err(Errno::Notsup);
        }
        self.take(1)?;
        Ok(Self::new(false))
    }

    fn listens(&self) -> bool {
        self.listens
    }

    fn recv(&self, bufs: &mut [IoSliceMut<'_>], _: RiFlags) -> Result<(usize, RoFlags)> {
        Ok((self.read(bufs)?, RoFlags::empty()))
    }

    fn send(&self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        self.write(bufs)
    }

    fn shutdown(&self, _: SdFlags) -> Result<()> {
        Ok(())
    }
}
