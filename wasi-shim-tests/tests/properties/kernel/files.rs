//! System calls on descriptors.

use super::{Kernel, Result, facts};
use rustix::fs::{self, FallocateFlags, OFlags, SeekFrom, Timespec, Timestamps};
use rustix::io::{self, Errno as Native};
use std::io::{IoSlice, IoSliceMut};
use std::num::NonZeroU64;
use wasi_shim::abi::{Advice, FdFlags, FileKind, FstFlags, Whence};
use wasi_shim_tests::model::{Call, Slot, Times, Value};

/// What `utimensat` takes.
pub(super) fn timestamps(times: &Times) -> Result<Timestamps> {
    let one =
        |value: u64, given, now| match (times.flags.contains(given), times.flags.contains(now)) {
            (true, true) => Err(Native::INVAL),
            (true, false) => Ok(Timespec {
                tv_sec: i64::try_from(value / 1_000_000_000).expect("seconds"),
                tv_nsec: i64::try_from(value % 1_000_000_000).expect("nanoseconds"),
            }),
            (false, true) => Ok(Timespec {
                tv_sec: 0,
                tv_nsec: fs::UTIME_NOW,
            }),
            (false, false) => Ok(Timespec {
                tv_sec: 0,
                tv_nsec: fs::UTIME_OMIT,
            }),
        };
    Ok(Timestamps {
        last_access: one(times.atim, FstFlags::ATIM, FstFlags::ATIM_NOW)?,
        last_modification: one(times.mtim, FstFlags::MTIM, FstFlags::MTIM_NOW)?,
    })
}

fn advice(advice: Advice) -> fs::Advice {
    match advice {
        Advice::Normal => fs::Advice::Normal,
        Advice::Sequential => fs::Advice::Sequential,
        Advice::Random => fs::Advice::Random,
        Advice::Willneed => fs::Advice::WillNeed,
        Advice::Dontneed => fs::Advice::DontNeed,
        Advice::Noreuse => fs::Advice::NoReuse,
    }
}

fn moved(count: usize) -> Value {
    Value::Number(count as u64)
}

impl Kernel {
    pub(super) fn on_descriptor(&mut self, call: &Call) -> Result<Value> {
        let fd = self.fd(call.fd().expect("a descriptor"))?;
        match call {
            Call::Advise {
                offset,
                len,
                advice: how,
                ..
            } => {
                fs::fadvise(fd, *offset, NonZeroU64::new(*len), advice(*how))?;
            }
            Call::Allocate { offset, len, .. } => {
                fs::fallocate(fd, FallocateFlags::empty(), *offset, *len)?;
            }
            Call::Datasync { .. } => fs::fdatasync(fd)?,
            Call::Sync { .. } => fs::fsync(fd)?,
            Call::FdstatGet { fd } => return self.fdstat(*fd),
            Call::FdstatSetFlags { flags, .. } => {
                let mut native = fs::fcntl_getfl(fd)?;
                native.set(OFlags::APPEND, flags.contains(FdFlags::APPEND));
                native.set(OFlags::NONBLOCK, flags.contains(FdFlags::NONBLOCK));
                fs::fcntl_setfl(fd, native)?;
            }
            Call::FilestatGet { .. } => return Ok(facts(&fs::fstat(fd)?)),
            Call::FilestatSetSize { size, .. } => fs::ftruncate(fd, *size)?,
            Call::FilestatSetTimes { times, .. } => fs::futimens(fd, &timestamps(times)?)?,
            Call::Read { lens, .. } => return read(lens, |bufs| io::readv(fd, bufs)),
            Call::Pread { lens, offset, .. } => {
                return read(lens, |bufs| io::preadv(fd, bufs, *offset));
            }
            Call::Write { parts, .. } => return write(parts, |bufs| io::writev(fd, bufs)),
            Call::Pwrite { parts, offset, .. } => {
                return write(parts, |bufs| io::pwritev(fd, bufs, *offset));
            }
            Call::Seek { delta, whence, .. } => {
                let to = match whence {
                    Whence::Cur => SeekFrom::Current(*delta),
                    Whence::End => SeekFrom::End(*delta),
                    Whence::Set => {
                        SeekFrom::Start(u64::try_from(*delta).map_err(|_| Native::INVAL)?)
                    }
                };
                return fs::seek(fd, to).map(Value::Number);
            }
            Call::Tell { .. } => return fs::tell(fd).map(Value::Number),
            Call::Readdir { fd, .. } => return self.entries(*fd),
            other => panic!("{} has no system call", other.name()),
        }
        Ok(Value::Done)
    }

    fn fdstat(&self, fd: Slot) -> Result<Value> {
        let native = fs::fcntl_getfl(self.fd(fd)?)?;
        let mut flags = FdFlags::empty();
        flags.set(FdFlags::APPEND, native.contains(OFlags::APPEND));
        flags.set(FdFlags::NONBLOCK, native.contains(OFlags::NONBLOCK));
        flags.set(FdFlags::SYNC, native.contains(OFlags::SYNC));
        Ok(Value::Fdstat {
            kind: self.open(fd)?.kind,
            flags,
            rights: None,
        })
    }

    /// From the start, like a stream of the C library that is rewound.
    fn entries(&self, fd: Slot) -> Result<Value> {
        let fd = self.directory(fd)?;
        fs::seek(fd, SeekFrom::Start(0))?;
        let mut buffer = Vec::with_capacity(4096);
        let mut reader = fs::RawDir::new(fd, buffer.spare_capacity_mut());
        let mut entries = Vec::new();
        while let Some(entry) = reader.next() {
            let entry = entry?;
            let name = entry.file_name().to_str().expect("UTF-8").to_owned();
            let kind = match entry.file_type() {
                fs::FileType::Directory => FileKind::Directory,
                fs::FileType::RegularFile => FileKind::RegularFile,
                fs::FileType::Symlink => FileKind::SymbolicLink,
                other => panic!("a {other:?} in the scratch directory"),
            };
            if !matches!(&name[..], "." | "..") {
                entries.push((name, kind));
            }
        }
        entries.sort_by(|one, other| one.0.cmp(&other.0));
        Ok(Value::Entries(entries))
    }
}

fn read(
    lens: &[usize],
    read: impl FnOnce(&mut [IoSliceMut<'_>]) -> Result<usize>,
) -> Result<Value> {
    let mut buffers: Vec<Vec<u8>> = lens.iter().map(|len| vec![0; *len]).collect();
    let mut slices: Vec<_> = buffers.iter_mut().map(|buf| IoSliceMut::new(buf)).collect();
    let count = read(&mut slices)?;
    let mut bytes = buffers.concat();
    bytes.truncate(count);
    Ok(Value::Bytes(bytes))
}

fn write(parts: &[Vec<u8>], write: impl FnOnce(&[IoSlice<'_>]) -> Result<usize>) -> Result<Value> {
    let slices: Vec<_> = parts.iter().map(|part| IoSlice::new(part)).collect();
    write(&slices).map(moved)
}
