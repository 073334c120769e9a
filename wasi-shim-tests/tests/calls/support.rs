//! What many of these tests need.

use std::io::{IoSlice, IoSliceMut};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use wasi_shim::abi::{
    Advice, Errno, FdFlags, FileKind, LookupFlags, OFlags, Result, Rights, Syscall,
};
use wasi_shim::mem::Memory;
use wasi_shim::vfs::{
    Dir, Entry, File, Metadata, Name, Node, OpenRequest, SetTimes, Stream, SyncScope,
};
use wasi_shim::{Access, Blocked, FaultMode, Outcome, Trap, Wasi};
use wasi_shim_tests::trees::{ROOT, Tree};
use wasi_shim_tests::{Answer, Guest};

/// Numbers that are no length, offset, flag or descriptor by any reading, but the largest of their type.
pub(crate) const MAX32: i64 = u32::MAX as i64;

/// The largest offset of a file.
pub(crate) const MAX_OFFSET: u64 = i64::MAX as u64;

/// Both answers to a bad pointer.
pub(crate) const FAULTS: [FaultMode; 2] = [FaultMode::Trap, FaultMode::Errno];

/// A guest over an empty tree in memory.
pub(crate) fn memory(faults: FaultMode) -> Guest {
    Guest::new(Tree::memory().builder().faults(faults))
}

/// Opens a path below [`ROOT`], with every right that files can have.
pub(crate) fn open(guest: &mut Guest, path: &str, oflags: OFlags, flags: FdFlags) -> u32 {
    let rights = (Rights::FILE, Rights::empty());
    guest
        .path_open(ROOT, LookupFlags::empty(), path, oflags, rights, flags)
        .expect("a file that can be opened")
}

/// Opens a file below `dir` with these rights only.
pub(crate) fn open_with(guest: &mut Guest, dir: u32, path: &str, rights: Rights) -> Answer<u32> {
    let rights = (rights, Rights::empty());
    let (lookup, flags) = (LookupFlags::empty(), FdFlags::empty());
    guest.path_open(dir, lookup, path, OFlags::empty(), rights, flags)
}

/// A new file, open with every right at its start.
pub(crate) fn file(guest: &mut Guest, path: &str, content: &[u8]) -> u32 {
    let fd = open(guest, path, OFlags::CREAT | OFlags::EXCL, FdFlags::empty());
    assert_eq!(guest.fd_write(fd, content), Ok(content.len()));
    guest.fd_close(fd).expect("it was open");
    open(guest, path, OFlags::empty(), FdFlags::empty())
}

/// A new directory, open with every right.
pub(crate) fn dir(guest: &mut Guest, path: &str) -> u32 {
    guest.path_create_directory(ROOT, path).expect("a new name");
    let rights = (Rights::DIRECTORY, Rights::INHERITED);
    let (lookup, flags) = (LookupFlags::empty(), FdFlags::empty());
    guest
        .path_open(ROOT, lookup, path, OFlags::DIRECTORY, rights, flags)
        .expect("a directory that can be opened")
}

/// What a file holds, read by its path.
pub(crate) fn content(guest: &mut Guest, path: &str) -> Vec<u8> {
    let fd = open_with(guest, ROOT, path, Rights::FD_READ).expect("a file that can be opened");
    let bytes = guest.fd_read(fd, 1 << 19).expect("a file that can be read");
    guest.fd_close(fd).expect("it was open");
    bytes
}

/// Gives up rights of a descriptor.
pub(crate) fn give_up(guest: &mut Guest, fd: u32, rights: Rights) {
    let stat = guest.fd_fdstat_get(fd).expect("an open descriptor");
    let (base, inheriting) = (stat.rights_base - rights, stat.rights_inheriting);
    assert_eq!(guest.fd_fdstat_set_rights(fd, base, inheriting), Ok(()));
}

/// The number that a call returned.
pub(crate) fn answer(outcome: Outcome) -> Answer<()> {
    match outcome {
        Outcome::Return(0) => Ok(()),
        Outcome::Return(number) => Err(Errno::from_number(number).expect("an error code")),
        Outcome::Trap(trap) => panic!("it trapped: {trap}"),
        Outcome::Block(_) => panic!("it waits"),
        Outcome::Exit(exit) => panic!("it exited: {exit}"),
    }
}

/// The call that has to wait.
pub(crate) fn blocked(outcome: Outcome) -> Blocked {
    match outcome {
        Outcome::Block(blocked) => blocked,
        outcome => panic!("it does not wait but answers {:?}", answer(outcome)),
    }
}

/// Goes on with a call that had to wait.
pub(crate) fn resume(guest: &mut Guest, blocked: Blocked) -> Outcome {
    blocked.resume(&mut Memory::new(&mut guest.memory))
}

/// Checks that a call answers `badf` for numbers that no descriptor has: one that was closed, one that was never used,
/// and the largest ones.
pub(crate) fn check_closed(call: Syscall, args: &[i64]) {
    let mut guest = memory(FaultMode::Trap);
    let fd = file(&mut guest, "closed", b"");
    guest.fd_close(fd).expect("it was open");
    for number in [fd, fd + 1, 1_024, i32::MAX.cast_unsigned(), u32::MAX] {
        let mut all = vec![i64::from(number)];
        all.extend(args);
        let found = answer(guest.attempt(call, &all));
        assert_eq!(found, Err(Errno::Badf), "{call} of {number}");
    }
}

/// A guest, and a descriptor of a file of ten bytes with every right.
pub(crate) fn a_file() -> (Guest, u32) {
    let mut guest = memory(FaultMode::Trap);
    let fd = file(&mut guest, "file", b"0123456789");
    (guest, fd)
}

/// A guest, and a descriptor of a directory with every right.
pub(crate) fn a_directory() -> (Guest, u32) {
    let mut guest = memory(FaultMode::Trap);
    let fd = dir(&mut guest, "dir");
    (guest, fd)
}

/// The rights without which a call answers `notcapable`: each was given up in turn, with all others kept. Having just
/// those is enough.
pub(crate) fn gates(make: impl Fn() -> (Guest, u32), call: Syscall, args: &[i64]) -> Rights {
    let refused = |keep: &dyn Fn(Rights) -> Rights| {
        let (mut guest, fd) = make();
        let stat = guest.fd_fdstat_get(fd).expect("an open descriptor");
        let (base, inheriting) = (keep(stat.rights_base), stat.rights_inheriting);
        assert_eq!(guest.fd_fdstat_set_rights(fd, base, inheriting), Ok(()));
        let mut all = vec![i64::from(fd)];
        all.extend(args);
        answer(guest.attempt(call, &all)) == Err(Errno::Notcapable)
    };
    assert!(!refused(&|all| all), "{call} lacks a right from the start");
    let each = Rights::all().iter();
    let gates = each.filter(|right| refused(&|all| all - *right)).collect();
    assert!(!refused(&|_| gates), "{call} needs more than {gates:?}");
    gates
}

/// Checks what becomes of a pointer to `len` bytes that points where they are not: `args` is a call that would succeed,
/// `index` the pointer among them. No byte of the memory changes.
pub(crate) fn check_pointer(
    (guest, faults): (&mut Guest, FaultMode),
    call: Syscall,
    args: &[i64],
    index: usize,
    (len, align): (u64, u32),
) {
    let size = guest.memory.len() as u64;
    let end = u32::try_from(size).expect("a memory below 4 GiB");
    let good = u32::try_from(args[index]).expect("an address");
    let outside = (1..len.min(16)).map(|k| end - k as u32);
    let far = [
        end + align,
        i32::MAX.cast_unsigned() + 1,
        u32::MAX - (align - 1),
        u32::MAX,
    ];
    let misaligned = (1..align).map(|k| good + k);
    for address in outside.chain(far).chain(misaligned) {
        let expected = if u64::from(address) + len > size {
            Trap::OutOfBounds {
                call,
                address,
                len,
                size,
            }
        } else {
            Trap::Misaligned {
                call,
                address,
                align,
                size,
            }
        };
        let mut args = args.to_vec();
        args[index] = address.into();
        let before = guest.memory.clone();
        match guest.attempt(call, &args) {
            Outcome::Trap(trap) => assert_eq!((trap, faults), (expected, FaultMode::Trap)),
            outcome => {
                assert_eq!(
                    faults,
                    FaultMode::Errno,
                    "{call} did not trap for {address:#x}"
                );
                assert_eq!(
                    answer(outcome),
                    Err(Errno::Fault),
                    "{call} with {address:#x}"
                );
            }
        }
        assert!(
            guest.memory == before,
            "{call} with {address:#x} wrote to the memory"
        );
    }
}

/// Makes a call that succeeds and checks that it changes no byte of the memory outside `outputs`: addresses and lengths.
pub(crate) fn check_writes(guest: &mut Guest, call: Syscall, args: &[i64], outputs: &[(u32, u32)]) {
    let mut expected = guest.memory.clone();
    assert_eq!(answer(guest.attempt(call, args)), Ok(()), "{call}");
    for (at, len) in outputs {
        let range = *at as usize..(at + len) as usize;
        expected[range.clone()].copy_from_slice(&guest.memory[range]);
    }
    let mut pairs = guest.memory.iter().zip(&expected);
    let changed = pairs.position(|(new, old)| new != old);
    assert_eq!(changed, None, "{call} changed the byte at this address");
}

/// Puts bytes at an address.
pub(crate) fn poke(guest: &mut Guest, at: u32, bytes: &[u8]) {
    guest.memory[at as usize..][..bytes.len()].copy_from_slice(bytes);
}

/// Puts an array of buffers, each an address and a length, at an address.
pub(crate) fn poke_buffers(guest: &mut Guest, at: u32, buffers: &[(u32, u32)]) {
    for (place, (start, len)) in (at..).step_by(8).zip(buffers) {
        poke(guest, place, &start.to_le_bytes());
        poke(guest, place + 4, &len.to_le_bytes());
    }
}

/// Reads what is in a stream outside any guest.
pub(crate) fn drain(stream: &dyn Stream, len: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; len];
    let count = stream.read(&mut [IoSliceMut::new(&mut bytes)])?;
    bytes.truncate(count);
    Ok(bytes)
}

/// A stream that is never ready, whatever is asked of it.
pub(crate) struct Busy;

impl Stream for Busy {
    fn read(&self, _: &mut [IoSliceMut<'_>]) -> Result<usize> {
        Err(Errno::Again)
    }

    fn write(&self, _: &[IoSlice<'_>]) -> Result<usize> {
        Err(Errno::Again)
    }
}

/// A stream that claims to have moved more than it was lent.
pub(crate) struct Liar;

impl Stream for Liar {
    fn read(&self, _: &mut [IoSliceMut<'_>]) -> Result<usize> {
        Ok(usize::MAX)
    }

    fn write(&self, _: &[IoSlice<'_>]) -> Result<usize> {
        Ok(usize::MAX)
    }
}

/// A filesystem of one file, `f`, that writes down what it is asked and answers what it is told.
pub(crate) struct Probe {
    asked: Mutex<Vec<String>>,
    answer: Mutex<Result<()>>,
    names: Vec<&'static str>,
}

impl Probe {
    /// One whose directory lists these names.
    pub(crate) fn new(names: &[&'static str]) -> Arc<Self> {
        Arc::new(Self {
            asked: Mutex::default(),
            answer: Mutex::new(Ok(())),
            names: names.to_vec(),
        })
    }

    /// A guest that has it as [`ROOT`], and a descriptor of the file with every right.
    pub(crate) fn guest(self: &Arc<Self>) -> (Guest, u32) {
        let root = Arc::new(Probed(Arc::clone(self)));
        let builder = Wasi::builder().preopen("/", root, Access::ReadWrite);
        let mut guest = Guest::new(builder);
        let fd = open(&mut guest, "f", OFlags::empty(), FdFlags::empty());
        self.asked();
        (guest, fd)
    }

    /// What it was asked since the last time.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().expect("no panic"))
    }

    /// From now on it answers this.
    pub(crate) fn answer(&self, answer: Result<()>) {
        *self.answer.lock().expect("no panic") = answer;
    }

    fn ask(&self, what: impl Into<String>) -> Result<()> {
        self.asked.lock().expect("no panic").push(what.into());
        *self.answer.lock().expect("no panic")
    }
}

/// The directory of a [`Probe`], and its file.
struct Probed(Arc<Probe>);

impl Dir for Probed {
    fn metadata(&self) -> Result<Metadata> {
        self.0.ask("dir.metadata").map(|()| Metadata::dir(1))
    }

    fn stat(&self, _: Name<'_>) -> Result<Metadata> {
        File::metadata(self)
    }

    fn open(&self, _: Name<'_>, _: &OpenRequest) -> Result<Node> {
        Ok(Node::File(Arc::new(Self(Arc::clone(&self.0)))))
    }

    fn list(&self, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        self.0.ask("list")?;
        for name in &self.0.names {
            let kind = FileKind::RegularFile;
            if sink(Entry { name, ino: 2, kind }).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn set_own_times(&self, times: &SetTimes) -> Result<()> {
        self.0
            .ask(format!("dir.set_times {:?} {:?}", times.atim, times.mtim))
    }

    fn sync(&self) -> Result<()> {
        self.0.ask("dir.sync")
    }
}

impl File for Probed {
    fn metadata(&self) -> Result<Metadata> {
        self.0.ask("metadata").map(|()| Metadata::file(2, 10))
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        self.0.ask(format!("read {} at {offset}", buf.len()))?;
        buf.fill(b'r');
        Ok(buf.len())
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> Result<usize> {
        self.0.ask(format!("write {} at {offset}", buf.len()))?;
        Ok(buf.len())
    }

    fn append(&self, bufs: &[IoSlice<'_>]) -> Result<(usize, u64)> {
        let count = bufs.iter().map(|buf| buf.len()).sum();
        self.0.ask(format!("append {count}"))?;
        Ok((count, 10 + count as u64))
    }

    fn set_len(&self, len: u64) -> Result<()> {
        self.0.ask(format!("set_len {len}"))
    }

    fn allocate(&self, offset: u64, len: u64) -> Result<()> {
        self.0.ask(format!("allocate {offset} {len}"))
    }

    fn advise(&self, offset: u64, len: u64, advice: Advice) -> Result<()> {
        self.0.ask(format!("advise {offset} {len} {advice:?}"))
    }

    fn set_times(&self, times: &SetTimes) -> Result<()> {
        self.0
            .ask(format!("set_times {:?} {:?}", times.atim, times.mtim))
    }

    fn sync(&self, scope: SyncScope) -> Result<()> {
        self.0.ask(format!("sync {scope:?}"))
    }
}
