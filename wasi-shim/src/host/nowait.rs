//! Reading and writing without waiting, in one call.
//!
//! This file knows how Linux is told of one operation that it must not wait, which changes nothing about a handle that
//! others share. It does not know what to do where that cannot be told: then it says so, and nothing has happened. Only
//! `stream` uses it.

use rustix::io::Result;
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a handle has been found not to understand. Which handles do depends on what they lead to, on the kernel, and
/// on who filters its calls; of one handle it stays true.
#[derive(Debug, Default)]
pub(super) struct NoWait {
    refused: AtomicBool,
}

impl NoWait {
    #[cfg(test)]
    pub(super) fn refuse(&self) {
        self.refused.store(true, Ordering::Relaxed);
    }

    /// `None` if it has to be done in another way.
    pub(super) fn read(&self, fd: &OwnedFd, bufs: &mut [IoSliceMut<'_>]) -> Option<Result<usize>> {
        self.attempt(|| system::read(fd, bufs))
    }

    /// `None` if it has to be done in another way.
    pub(super) fn write(&self, fd: &OwnedFd, bufs: &[IoSlice<'_>]) -> Option<Result<usize>> {
        self.attempt(|| system::write(fd, bufs))
    }

    fn attempt(&self, operation: impl FnMut() -> Result<usize>) -> Option<Result<usize>> {
        use rustix::io::{Errno, retry_on_intr};
        if self.refused.load(Ordering::Relaxed) {
            return None;
        }
        let result = retry_on_intr(operation);
        // `EINVAL` is what the oldest kernels say to the flag, `EPERM` what filters say to the call. Where they mean
        // something else, the other way meets it too.
        if let Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL | Errno::PERM) = result {
            self.refused.store(true, Ordering::Relaxed);
            return None;
        }
        Some(result)
    }
}

#[cfg(target_os = "linux")]
mod system {
    use rustix::io::{ReadWriteFlags, Result, preadv2, pwritev2};
    use std::io::{IoSlice, IoSliceMut};
    use std::os::fd::OwnedFd;

    /// "Use the handle's position", if it has one.
    const POSITION: u64 = u64::MAX;

    pub(super) fn read(fd: &OwnedFd, bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
        preadv2(fd, bufs, POSITION, ReadWriteFlags::NOWAIT)
    }

    pub(super) fn write(fd: &OwnedFd, bufs: &[IoSlice<'_>]) -> Result<usize> {
        pwritev2(fd, bufs, POSITION, ReadWriteFlags::NOWAIT)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use rustix::io::{Errno, Result};
    use std::io::{IoSlice, IoSliceMut};
    use std::os::fd::OwnedFd;

    pub(super) const fn read(_: &OwnedFd, _: &mut [IoSliceMut<'_>]) -> Result<usize> {
        Err(Errno::NOSYS)
    }

    pub(super) const fn write(_: &OwnedFd, _: &[IoSlice<'_>]) -> Result<usize> {
        Err(Errno::NOSYS)
    }
}
