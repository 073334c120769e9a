//! Files of the host.
//!
//! This file knows which system call answers which method. It refuses to know where the file comes from. Embedders make such
//! files, and the host's directories hand them to those that wrap them.

pub use super::facts::filetype_from;

use super::facts::{filestat, timestamps};
use crate::file::{Advice, FdFlags, FileType, Filestat, WasiFile};
use crate::ready::ready;
use crate::{Error, ErrorExt, SystemTimeSpec};
use rustix::fs::{self, OFlags, SeekFrom};
use std::any::Any;
use std::io::{self, IoSlice, IoSliceMut, IsTerminal};
use std::num::NonZeroU64;
use std::os::fd::{AsFd, BorrowedFd};
use wasi_shim::vfs::Interest;

/// A file of the host.
pub struct File(cap_std::fs::File);

impl File {
    /// This file.
    pub const fn from_cap_std(file: cap_std::fs::File) -> Self {
        Self(file)
    }
}

impl AsFd for File {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The flags that the system has for a handle.
pub fn get_fd_flags(handle: impl AsFd) -> io::Result<FdFlags> {
    let native = fs::fcntl_getfl(handle)?;
    let mut flags = FdFlags::empty();
    flags.set(FdFlags::APPEND, native.contains(OFlags::APPEND));
    flags.set(FdFlags::NONBLOCK, native.contains(OFlags::NONBLOCK));
    flags.set(FdFlags::DSYNC, native.contains(OFlags::DSYNC));
    flags.set(FdFlags::SYNC, native.contains(OFlags::SYNC));
    Ok(flags)
}

/// Sets the flags that can be changed.
pub(super) fn set_fd_flags(handle: impl AsFd, flags: FdFlags) -> Result<(), Error> {
    if flags.intersects(FdFlags::DSYNC | FdFlags::SYNC | FdFlags::RSYNC) {
        return Err(Error::invalid_argument().context("when a write is done cannot be changed"));
    }
    let mut native = fs::fcntl_getfl(&handle).map_err(io::Error::from)?;
    native.set(OFlags::APPEND, flags.contains(FdFlags::APPEND));
    native.set(OFlags::NONBLOCK, flags.contains(FdFlags::NONBLOCK));
    Ok(fs::fcntl_setfl(handle, native).map_err(io::Error::from)?)
}

fn told<T>(result: rustix::io::Result<T>) -> Result<T, Error> {
    Ok(result.map_err(io::Error::from)?)
}

#[async_trait::async_trait]
impl WasiFile for File {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn pollable(&self) -> Option<BorrowedFd<'_>> {
        Some(self.0.as_fd())
    }

    async fn datasync(&self) -> Result<(), Error> {
        Ok(self.0.sync_data()?)
    }

    async fn sync(&self) -> Result<(), Error> {
        Ok(self.0.sync_all()?)
    }

    async fn get_filetype(&self) -> Result<FileType, Error> {
        Ok(filetype_from(&self.0.metadata()?.file_type()))
    }

    async fn get_fdflags(&self) -> Result<FdFlags, Error> {
        Ok(get_fd_flags(&self.0)?)
    }

    async fn set_fdflags(&mut self, flags: FdFlags) -> Result<(), Error> {
        set_fd_flags(&self.0, flags)
    }

    async fn get_filestat(&self) -> Result<Filestat, Error> {
        Ok(filestat(&self.0.metadata()?))
    }

    async fn set_filestat_size(&self, size: u64) -> Result<(), Error> {
        Ok(self.0.set_len(size)?)
    }

    async fn advise(&self, offset: u64, len: u64, advice: Advice) -> Result<(), Error> {
        let advice = match advice {
            Advice::Normal => fs::Advice::Normal,
            Advice::Sequential => fs::Advice::Sequential,
            Advice::Random => fs::Advice::Random,
            Advice::WillNeed => fs::Advice::WillNeed,
            Advice::DontNeed => fs::Advice::DontNeed,
            Advice::NoReuse => fs::Advice::NoReuse,
        };
        told(fs::fadvise(&self.0, offset, NonZeroU64::new(len), advice))
    }

    async fn set_times(
        &self,
        atime: Option<SystemTimeSpec>,
        mtime: Option<SystemTimeSpec>,
    ) -> Result<(), Error> {
        told(fs::futimens(&self.0, &timestamps(atime, mtime)))
    }

    async fn read_vectored<'a>(&self, bufs: &mut [IoSliceMut<'a>]) -> Result<u64, Error> {
        Ok(told(rustix::io::readv(&self.0, bufs))? as u64)
    }

    async fn read_vectored_at<'a>(
        &self,
        bufs: &mut [IoSliceMut<'a>],
        offset: u64,
    ) -> Result<u64, Error> {
        Ok(told(rustix::io::preadv(&self.0, bufs, offset))? as u64)
    }

    async fn write_vectored<'a>(&self, bufs: &[IoSlice<'a>]) -> Result<u64, Error> {
        Ok(told(rustix::io::writev(&self.0, bufs))? as u64)
    }

    async fn write_vectored_at<'a>(&self, bufs: &[IoSlice<'a>], offset: u64) -> Result<u64, Error> {
        Ok(told(rustix::io::pwritev(&self.0, bufs, offset))? as u64)
    }

    async fn seek(&self, pos: io::SeekFrom) -> Result<u64, Error> {
        let pos = match pos {
            io::SeekFrom::Start(offset) => SeekFrom::Start(offset),
            io::SeekFrom::End(offset) => SeekFrom::End(offset),
            io::SeekFrom::Current(offset) => SeekFrom::Current(offset),
        };
        told(fs::seek(&self.0, pos))
    }

    async fn peek(&self, buf: &mut [u8]) -> Result<u64, Error> {
        let position = told(fs::tell(&self.0))?;
        Ok(told(rustix::io::pread(&self.0, buf, position))? as u64)
    }

    fn num_ready_bytes(&self) -> Result<u64, Error> {
        let size = self.0.metadata()?.len();
        Ok(size.saturating_sub(told(fs::tell(&self.0))?))
    }

    fn isatty(&self) -> bool {
        self.0.as_fd().is_terminal()
    }

    async fn readable(&self) -> Result<(), Error> {
        ready(&self.0, Interest::Read).await
    }

    async fn writable(&self) -> Result<(), Error> {
        ready(&self.0, Interest::Write).await
    }

    fn immediate(&self) -> bool {
        true
    }
}
