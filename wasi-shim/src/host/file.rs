//! Regular files of the host.
//!
//! This file knows which system call answers which method of [`File`]: one call each, however many
//! buffers there are. It does not know offsets kept between calls, nor whether the guest may do what it asks. Only
//! `open` and `deep` make such files.

use super::{errno, facts};
use crate::abi::{Advice, Errno, Result};
use crate::vfs::{File, Metadata, SetTimes, SyncScope};
use rustix::io::{Errno as Native, retry_on_intr};
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::OwnedFd;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

/// The number of buffers that every system takes in one call.
pub(super) const MAX_BUFFERS: usize = 1024;

/// The last offset that the system can express.
const LAST_OFFSET: u64 = i64::MAX as u64;

/// No memory has as many bytes as follow before the last offset from here.
const FAR: u64 = LAST_OFFSET / 2;

/// A regular file of the host (or a block device, which can do the same).
pub(super) struct HostFile {
    file: OwnedFd,
    /// Held by `append`, which uses the handle's own position and may set its append flag, under which most systems
    /// ignore the offset of other writes. Those share it.
    appending: RwLock<()>,
}

impl HostFile {
    pub(super) const fn new(file: OwnedFd) -> Self {
        Self {
            file,
            appending: RwLock::new(()),
        }
    }
}

impl HostFile {
    /// Nobody appends while this is held.
    fn writing(&self) -> RwLockReadGuard<'_, ()> {
        self.appending
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl File for HostFile {
    fn metadata(&self) -> Result<Metadata> {
        let stat = rustix::fs::fstat(&self.file).map_err(errno::from_native)?;
        Ok(facts::metadata(&stat))
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        check(offset, Errno::Inval)?;
        // Linux refuses a read that would end beyond the last offset instead of finding the file's end before.
        let count = buf.len().min(before_the_last_offset(offset));
        let buf = buf.get_mut(..count).unwrap_or_default();
        retry_on_intr(|| rustix::io::pread(&self.file, &mut *buf, offset))
            .map_err(errno::from_native)
    }

    fn read_vectored_at(&self, bufs: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        if let [only] = bufs {
            // The kernel's way for several is longer.
            return self.read_at(only, offset);
        }
        check(offset, Errno::Inval)?;
        if offset > FAR && room(bufs) > before_the_last_offset(offset) as u64 {
            // Hardly any file has a byte there, and a short read is allowed.
            let first = bufs.iter_mut().find(|buf| !buf.is_empty());
            return first.map_or(Ok(0), |buf| self.read_at(buf, offset));
        }
        in_chunks(
            bufs.chunks_mut(MAX_BUFFERS),
            offset,
            |bufs, offset, more| {
                let room = if more { room(bufs) } else { 0 };
                let count = retry_on_intr(|| rustix::io::preadv(&self.file, bufs, offset))?;
                Ok((count, room))
            },
        )
    }

    /// The handle's own position moves, which is of use to nobody but `append`.
    fn seek_data(&self, offset: u64) -> Result<Option<u64>> {
        check(offset, Errno::Inval)?;
        let _writing = self.writing();
        seek_data(&self.file, offset)
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> Result<usize> {
        check(offset, Errno::Fbig)?;
        // Linux refuses a write that would end beyond the last offset; POSIX has it end there.
        let room = before_the_last_offset(offset);
        if room == 0 && !buf.is_empty() {
            return Err(Errno::Fbig);
        }
        let buf = buf.get(..buf.len().min(room)).unwrap_or_default();
        let _writing = self.writing();
        retry_on_intr(|| rustix::io::pwrite(&self.file, buf, offset)).map_err(errno::from_native)
    }

    fn write_vectored_at(&self, bufs: &[IoSlice<'_>], offset: u64) -> Result<usize> {
        if let [only] = bufs {
            return self.write_at(only, offset);
        }
        check(offset, Errno::Fbig)?;
        if offset > FAR && wanted(bufs) > before_the_last_offset(offset) as u64 {
            let first = bufs.iter().find(|buf| !buf.is_empty());
            return first.map_or(Ok(0), |buf| self.write_at(buf, offset));
        }
        let _writing = self.writing();
        in_chunks(bufs.chunks(MAX_BUFFERS), offset, |bufs, offset, more| {
            let count = retry_on_intr(|| rustix::io::pwritev(&self.file, bufs, offset))?;
            Ok((count, if more { wanted(bufs) } else { 0 }))
        })
    }

    /// The kernel finds the end, so that no other writer's bytes are overwritten. It also moves the handle's own
    /// position there, which is how the new end becomes known exactly, however many others append meanwhile.
    fn append(&self, bufs: &[IoSlice<'_>]) -> Result<(usize, u64)> {
        let appending = self.appending.write();
        let _appending = appending.unwrap_or_else(PoisonError::into_inner);
        let count = in_chunks(bufs.chunks(MAX_BUFFERS), 0, |bufs, _, more| {
            let count = retry_on_intr(|| append(&self.file, bufs))?;
            Ok((count, if more { wanted(bufs) } else { 0 }))
        })?;
        let told = match count {
            0 => None,
            _ => rustix::fs::tell(&self.file).ok(),
        };
        // What was written is not to become an error because its end is not told: then the file's end is close enough.
        let end = told.map_or_else(|| self.metadata().map(|facts| facts.size), Ok)?;
        Ok((count, end))
    }

    fn set_len(&self, len: u64) -> Result<()> {
        check(len, Errno::Inval)?;
        retry_on_intr(|| rustix::fs::ftruncate(&self.file, len)).map_err(errno::from_native)
    }

    fn allocate(&self, offset: u64, len: u64) -> Result<()> {
        if len == 0 {
            return Err(Errno::Inval);
        }
        let end = offset.checked_add(len).ok_or(Errno::Fbig)?;
        check(end, Errno::Fbig)?;
        allocate(&self.file, offset, len)
    }

    /// Advice that cannot be taken is not an error: nothing depends on it.
    fn advise(&self, offset: u64, len: u64, advice: Advice) -> Result<()> {
        advise(&self.file, offset, len, advice);
        Ok(())
    }

    fn set_times(&self, times: &SetTimes) -> Result<()> {
        rustix::fs::futimens(&self.file, &facts::timestamps(times)).map_err(errno::from_native)
    }

    fn sync(&self, scope: SyncScope) -> Result<()> {
        match scope {
            SyncScope::Data => retry_on_intr(|| data_sync(&self.file)),
            SyncScope::Full => retry_on_intr(|| rustix::fs::fsync(&self.file)),
        }
        .map_err(errno::from_native)
    }
}

fn check(offset: u64, errno: Errno) -> Result<()> {
    if offset <= LAST_OFFSET {
        Ok(())
    } else {
        Err(errno)
    }
}

/// How many bytes a file can have from here on.
fn before_the_last_offset(offset: u64) -> usize {
    usize::try_from(LAST_OFFSET.saturating_sub(offset)).unwrap_or(usize::MAX)
}

fn room(bufs: &[IoSliceMut<'_>]) -> u64 {
    bufs.iter().map(|buf| buf.len() as u64).sum()
}

fn wanted(bufs: &[IoSlice<'_>]) -> u64 {
    bufs.iter().map(|buf| buf.len() as u64).sum()
}

/// Applies `transfer`, which tells how much it moved and, if it is told that there are more, how much it could have,
/// until the two differ. Almost always there is one chunk. An error after the first byte is left for the next call to
/// meet, as POSIX has it.
fn in_chunks<B>(
    mut chunks: impl ExactSizeIterator<Item = B>,
    offset: u64,
    mut transfer: impl FnMut(B, u64, bool) -> Result<(usize, u64), Native>,
) -> Result<usize> {
    let mut total = 0_usize;
    while let Some(chunk) = chunks.next() {
        let more = chunks.len() > 0;
        match transfer(chunk, offset.saturating_add(total as u64), more) {
            Ok((count, wanted)) => {
                total = total.saturating_add(count);
                if (count as u64) < wanted {
                    break;
                }
            }
            Err(_) if total > 0 => break,
            Err(native) => return Err(errno::from_native(native)),
        }
    }
    Ok(total)
}

/// Writes at the end and leaves the handle's position behind what was written.
#[cfg(target_os = "linux")]
fn append(file: &OwnedFd, bufs: &[IoSlice<'_>]) -> Result<usize, Native> {
    use rustix::io::{ReadWriteFlags, pwritev2};
    /// "Use and move the handle's position"; with the flag, the kernel first moves it to the end.
    const POSITION: u64 = u64::MAX;
    match pwritev2(file, bufs, POSITION, ReadWriteFlags::APPEND) {
        // Linux before 4.16, or a filter of system calls.
        Err(Native::OPNOTSUPP | Native::NOSYS) => append_with_flag(file, bufs),
        result => result,
    }
}

#[cfg(not(target_os = "linux"))]
fn append(file: &OwnedFd, bufs: &[IoSlice<'_>]) -> Result<usize, Native> {
    append_with_flag(file, bufs)
}

/// As atomic, in three calls. Only this value uses the handle, and it does nothing else with it meanwhile.
fn append_with_flag(file: &OwnedFd, bufs: &[IoSlice<'_>]) -> Result<usize, Native> {
    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
    let flags = fcntl_getfl(file)?;
    fcntl_setfl(file, flags | OFlags::APPEND)?;
    let written = rustix::io::writev(file, bufs);
    fcntl_setfl(file, flags)?;
    written
}

#[cfg(target_os = "linux")]
fn seek_data(file: &OwnedFd, offset: u64) -> Result<Option<u64>> {
    match rustix::fs::seek(file, rustix::fs::SeekFrom::Data(offset)) {
        Ok(at) => Ok(Some(at)),
        // There is no more, or there never was as much.
        Err(Native::NXIO) => Ok(None),
        Err(Native::INVAL) => Err(Errno::Notsup),
        Err(native) => Err(errno::from_native(native)),
    }
}

#[cfg(not(target_os = "linux"))]
const fn seek_data(_: &OwnedFd, _: u64) -> Result<Option<u64>> {
    Err(Errno::Notsup)
}

#[cfg(target_os = "linux")]
fn allocate(file: &OwnedFd, offset: u64, len: u64) -> Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    // The system call, not the C library's emulation, which writes into files that others may be writing to.
    retry_on_intr(|| fallocate(file, FallocateFlags::empty(), offset, len))
        .map_err(errno::from_native)
}

#[cfg(not(target_os = "linux"))]
const fn allocate(_: &OwnedFd, _: u64, _: u64) -> Result<()> {
    Err(Errno::Notsup)
}

#[cfg(any(target_os = "linux", target_os = "freebsd"))]
fn advise(file: &OwnedFd, offset: u64, len: u64, advice: Advice) {
    use rustix::fs::{Advice as Native, fadvise};
    let advice = match advice {
        Advice::Normal => Native::Normal,
        Advice::Sequential => Native::Sequential,
        Advice::Random => Native::Random,
        Advice::Willneed => Native::WillNeed,
        Advice::Dontneed => Native::DontNeed,
        Advice::Noreuse => Native::NoReuse,
    };
    let _ = fadvise(file, offset, std::num::NonZeroU64::new(len), advice);
}

#[cfg(not(any(target_os = "linux", target_os = "freebsd")))]
const fn advise(_: &OwnedFd, _: u64, _: u64, _: Advice) {}

#[cfg(not(target_vendor = "apple"))]
fn data_sync(file: &OwnedFd) -> Result<(), Native> {
    rustix::fs::fdatasync(file)
}

#[cfg(target_vendor = "apple")]
fn data_sync(file: &OwnedFd) -> Result<(), Native> {
    rustix::fs::fsync(file)
}
