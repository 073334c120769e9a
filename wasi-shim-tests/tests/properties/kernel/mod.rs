//! The kernel as an oracle: the same operations by raw system calls in a scratch directory.
//!
//! Knows which call of Linux is which function of preview1, and how to keep it below the directory: whatever is looked up
//! is looked up by `openat2` with `RESOLVE_BENEATH`, the last component alone is left to the call itself. Translates
//! nothing but numbers: where preview1 has another answer than Linux, that is a row of the list of differences.

mod errno;
mod files;
mod paths;

use errno::errno;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno as Native;
use std::path::Path;
use wasi_shim::abi::{FileKind, Rights};
use wasi_shim_tests::model::{Answer, Call, ROOT, SLOTS, Slot, Stat, System, Value};

/// What the system calls answer.
type Result<T> = std::result::Result<T, Native>;

/// An open descriptor.
struct Open {
    fd: OwnedFd,
    kind: FileKind,
}

/// The kernel, and the descriptors of a guest.
pub(crate) struct Kernel {
    slots: [Option<Open>; SLOTS],
}

impl Kernel {
    /// With this directory.
    pub(crate) fn new(folder: &Path) -> Self {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::open(folder, flags, Mode::empty()).expect("a folder");
        let kind = FileKind::Directory;
        let mut slots = [const { None }; SLOTS];
        slots[ROOT] = Some(Open { fd, kind });
        Self { slots }
    }

    /// Can it be asked? Rights and the names of preopened directories are preview1's own.
    pub(crate) fn knows(call: &Call) -> bool {
        !matches!(
            call,
            Call::FdstatSetRights { .. }
                | Call::PrestatGet { .. }
                | Call::PrestatDirName { .. }
                | Call::ReaddirFrom { .. }
        )
    }

    fn open(&self, fd: Slot) -> Result<&Open> {
        let open = self.slots.get(fd).and_then(Option::as_ref);
        open.ok_or(Native::BADF)
    }

    fn fd(&self, fd: Slot) -> Result<BorrowedFd<'_>> {
        Ok(self.open(fd)?.fd.as_fd())
    }

    fn close(&mut self, fd: Slot) -> Result<Value> {
        let closed = self.slots.get_mut(fd).and_then(Option::take);
        closed.map(|_| Value::Done).ok_or(Native::BADF)
    }

    /// `dup2`, and the old number is closed.
    fn renumber(&mut self, from: Slot, to: Slot) -> Result<Value> {
        self.open(from)?;
        self.open(to)?;
        let moved = self.slots[from].take();
        self.slots[to] = moved;
        Ok(Value::Done)
    }
}

fn kind(mode: u32) -> FileKind {
    match FileType::from_raw_mode(mode) {
        FileType::RegularFile => FileKind::RegularFile,
        FileType::Directory => FileKind::Directory,
        FileType::Symlink => FileKind::SymbolicLink,
        other => panic!("a {other:?} in the scratch directory"),
    }
}

fn facts(stat: &rustix::fs::Stat) -> Value {
    let size = u64::try_from(stat.st_size).expect("a size");
    #[allow(clippy::useless_conversion)] // Its type depends on the architecture.
    let nlink = u64::from(stat.st_nlink);
    Value::Stat(Stat::new(kind(stat.st_mode), nlink, size))
}

/// The access mode that rights ask for, as the library's decision 011 has it.
fn access(base: Rights) -> OFlags {
    let writes = base.intersects(Rights::FD_WRITE | Rights::FD_ALLOCATE);
    let reads = base.intersects(Rights::FD_READ | Rights::FD_READDIR);
    match (reads, writes) {
        (true, true) => OFlags::RDWR,
        (false, true) => OFlags::WRONLY,
        _ => OFlags::RDONLY,
    }
}

impl System for Kernel {
    fn answer(&mut self, call: &Call) -> Answer {
        let answer = match call {
            Call::Close { fd } => self.close(*fd),
            Call::Renumber { from, to } => self.renumber(*from, *to),
            Call::Open { at, opening } => self.open_at(at, opening),
            other if other.fd().is_some() => self.on_descriptor(other),
            other => self.with_path(other),
        };
        answer.map_err(errno)
    }
}
