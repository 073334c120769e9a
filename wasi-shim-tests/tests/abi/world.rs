//! A guest whose every change can be seen: its tree, its descriptors, its streams, its memory.
//!
//! Knows how to make a call and what there is to compare. Does not know what any function does.

use std::io::{IoSlice, IoSliceMut};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use wasi_shim::abi::{Abi, FileKind, Result, RiFlags, RoFlags, SdFlags, Syscall};
use wasi_shim::backends::MemDir;
use wasi_shim::mem::Memory;
use wasi_shim::vfs::{
    Dir, Entropy, Interest, Metadata, Name, Readiness, Socket, Stream, Timestamp,
};
use wasi_shim::{Access, FaultMode, Outcome, Wasi};
use wasi_shim_tests::ManualClock;

/// The preopened directory.
pub(crate) const DIR: u32 = 3;
/// A connected socket.
pub(crate) const SOCKET: u32 = 4;
/// A listening one.
pub(crate) const LISTENER: u32 = 5;
/// An open file.
pub(crate) const FILE: u32 = 6;
/// The size of the memory that calls are made with.
pub(crate) const SIZE: u32 = 0x2000;

/// What was moved through the streams, in order.
type Log = Arc<Mutex<Vec<String>>>;

/// A guest.
pub(crate) struct World {
    wasi: Wasi,
    tree: Arc<MemDir>,
    log: Log,
}

/// All that can be seen of a guest.
#[derive(Debug, PartialEq)]
pub(crate) struct Seen {
    tree: Vec<(String, Metadata, Vec<u8>)>,
    descriptors: Vec<Vec<u8>>,
    log: Vec<String>,
}

impl World {
    /// A guest with a small tree, sockets, and an open file.
    pub(crate) fn new(faults: FaultMode) -> Self {
        let tree = MemDir::with_time(|| Timestamp(1));
        tree.file("file", "0123456789").expect("a new file");
        tree.dir("dir").expect("a new directory");
        tree.symlink("link", "file").expect("a new link");
        let log = Log::default();
        let tap = |kind, listens| {
            Arc::new(Tap {
                kind,
                listens,
                log: Arc::clone(&log),
            })
        };
        let wasi = Wasi::builder()
            .faults(faults)
            .args(["first", "two"])
            .env("NAME", "value")
            .clock(Arc::new(ManualClock::new(1_000)))
            .entropy(tap(FileKind::Unknown, false))
            .stdin(tap(FileKind::CharacterDevice, false))
            .stdout(tap(FileKind::CharacterDevice, false))
            .preopen("/root", tree.clone(), Access::ReadWrite)
            .socket(tap(FileKind::SocketStream, false))
            .socket(tap(FileKind::SocketStream, true))
            .build()
            .expect("a guest");
        let world = Self { wasi, tree, log };
        world.open_file();
        world
    }

    fn open_file(&self) {
        let mut memory = *b"file....";
        let rights = wasi_shim::abi::Rights::FILE.bits().cast_signed();
        let args = [DIR.into(), 0, 0, 4, 0, rights, 0, 0, 4];
        let outcome = self.wasi.call(
            Abi::Preview1,
            &mut Memory::new(&mut memory),
            Syscall::PathOpen,
            &args,
        );
        assert!(matches!(outcome, Outcome::Return(0)));
        assert_eq!(memory[4..], FILE.to_le_bytes());
    }

    /// Makes a call.
    pub(crate) fn call(
        &self,
        abi: Abi,
        shared: bool,
        memory: &mut [u8],
        call: Syscall,
        args: &[i64],
    ) -> Outcome {
        if !shared {
            return self.wasi.call(abi, &mut Memory::new(memory), call, args);
        }
        let bytes: Vec<AtomicU8> = memory.iter().map(|byte| AtomicU8::new(*byte)).collect();
        let outcome = self.wasi.call(abi, &mut Memory::shared(&bytes), call, args);
        for (to, from) in memory.iter_mut().zip(&bytes) {
            *to = from.load(Ordering::Relaxed);
        }
        outcome
    }

    /// All that can be seen of it.
    pub(crate) fn seen(&self) -> Seen {
        Seen {
            tree: self.tree(),
            descriptors: (0..12).map(|fd| self.descriptor(fd)).collect(),
            log: self.log.lock().expect("no panic").clone(),
        }
    }

    fn tree(&self) -> Vec<(String, Metadata, Vec<u8>)> {
        let mut names = Vec::new();
        let listed = Dir::list(self.tree.as_ref(), &mut |entry| {
            names.push(entry.name.to_owned());
            ControlFlow::Continue(())
        });
        listed.expect("a directory that can be listed");
        let fact = |name: String| {
            let metadata = self
                .tree
                .stat(Name::new(&name).expect("a name"))
                .expect("an entry");
            let content = self.tree.contents(&name).unwrap_or_default();
            (name, metadata, content)
        };
        names.into_iter().map(fact).collect()
    }

    /// What a descriptor is, where its offset is, and what its name is if it has one.
    fn descriptor(&self, fd: u32) -> Vec<u8> {
        let mut bytes = vec![0; 48];
        for (call, at) in [
            (Syscall::FdFdstatGet, 0),
            (Syscall::FdTell, 24),
            (Syscall::FdPrestatGet, 32),
        ] {
            let args = [fd.into(), at];
            let outcome = self
                .wasi
                .call(Abi::Preview1, &mut Memory::new(&mut bytes), call, &args);
            let Outcome::Return(number) = outcome else {
                panic!("{call}: {outcome:?}")
            };
            bytes.push(u8::try_from(number).expect("an error code"));
        }
        bytes
    }
}

/// A stream that never waits and writes down what goes through it; as a socket it always has another connection.
struct Tap {
    kind: FileKind,
    listens: bool,
    log: Log,
}

impl Tap {
    fn note(&self, what: String) {
        self.log.lock().expect("no panic").push(what);
    }
}

impl Stream for Tap {
    fn kind(&self) -> FileKind {
        self.kind
    }

    fn read(&self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
        let count = bufs.iter().map(|buf| buf.len()).sum();
        bufs.iter_mut().for_each(|buf| buf.fill(b'r'));
        self.note(format!("read {count}"));
        Ok(count)
    }

    fn write(&self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        let bytes = bufs
            .iter()
            .flat_map(|buf| buf.iter().copied())
            .collect::<Vec<u8>>();
        self.note(format!("write {bytes:?}"));
        Ok(bytes.len())
    }

    fn ready(&self, _: Interest, _: &std::task::Waker) -> Readiness {
        Readiness::Now {
            bytes: 9,
            hangup: true,
        }
    }

    fn as_socket(&self) -> Option<&dyn Socket> {
        (self.kind == FileKind::SocketStream).then_some(self)
    }
}

impl Socket for Tap {
    fn accept(&self) -> Result<Arc<dyn Stream>> {
        self.note("accept".to_owned());
        Ok(Arc::new(Self {
            kind: self.kind,
            listens: false,
            log: Arc::clone(&self.log),
        }))
    }

    fn listens(&self) -> bool {
        self.listens
    }

    fn recv(&self, bufs: &mut [IoSliceMut<'_>], _: RiFlags) -> Result<(usize, RoFlags)> {
        Ok((self.read(bufs)?, RoFlags::RECV_DATA_TRUNCATED))
    }

    fn send(&self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        self.write(bufs)
    }

    fn shutdown(&self, how: SdFlags) -> Result<()> {
        self.note(format!("shutdown {how:?}"));
        Ok(())
    }
}

impl Entropy for Tap {
    fn fill(&self, buf: &mut [u8]) -> Result<()> {
        buf.fill(b'e');
        self.note(format!("random {}", buf.len()));
        Ok(())
    }
}
