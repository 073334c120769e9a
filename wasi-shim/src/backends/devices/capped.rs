//! A file that may not grow beyond a size.
//!
//! Knows how many bytes went in and came out, and the largest size. Refuses to know where they are kept. Embedders wrap
//! a file with it before they put it into a directory.

use super::super::streams::total;
use crate::abi::{Advice, Errno, Result};
use crate::vfs::{File, Metadata, SetTimes, SyncScope};
use std::io::{IoSlice, IoSliceMut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

/// A file that is counted, and that nobody can make larger than a cap through this handle.
///
/// A write takes what fits below the cap; one that begins at the cap or beyond fails with `fbig`, as one beyond
/// `RLIMIT_FSIZE` does (POSIX, `write`), and so do setting a larger size and allocating beyond the cap. A file that was
/// larger from the start stays so, and can be written below the cap.
///
/// Others can still grow the inner file through other handles.
pub struct Capped {
    inner: Arc<dyn File>,
    cap: u64,
    /// Held for reading by whatever may grow the file up to the cap, for writing by an append, which has to know where
    /// the file ends. It guards no value, so a poisoned one is as good.
    growing: RwLock<()>,
    read: AtomicU64,
    written: AtomicU64,
}

impl Capped {
    /// Lets `inner` grow up to `cap` bytes.
    pub fn new(inner: Arc<dyn File>, cap: u64) -> Arc<Self> {
        Arc::new(Self {
            inner,
            cap,
            growing: RwLock::default(),
            read: AtomicU64::default(),
            written: AtomicU64::default(),
        })
    }

    /// How many bytes have been read through this handle; those that were read twice count twice.
    pub fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// How many bytes have been written through this handle; those that were written over count too.
    pub fn bytes_written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    fn grow(&self) -> RwLockReadGuard<'_, ()> {
        self.growing.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many bytes fit from `offset` on, as far as they can be in one buffer; `fbig` if none does.
    fn room(&self, offset: u64) -> Result<usize> {
        match self.cap.saturating_sub(offset) {
            0 => Err(Errno::Fbig),
            room => Ok(usize::try_from(room).unwrap_or(usize::MAX)),
        }
    }

    /// `fbig` if a file of this size would be too large.
    fn admit(&self, size: u64) -> Result<()> {
        if size > self.cap {
            return Err(Errno::Fbig);
        }
        Ok(())
    }
}

/// Adds to a counter what has been moved.
fn count(counter: &AtomicU64, moved: usize) -> usize {
    counter.fetch_add(moved as u64, Ordering::Relaxed);
    moved
}

/// The first `room` bytes of the buffers.
fn cut<'a>(bufs: &'a [IoSlice<'_>], mut room: usize) -> Vec<IoSlice<'a>> {
    let mut parts = Vec::with_capacity(bufs.len());
    for buf in bufs {
        let part = buf.get(..room).unwrap_or(buf);
        room = room.saturating_sub(part.len());
        parts.push(IoSlice::new(part));
        if room == 0 {
            break;
        }
    }
    parts
}

impl File for Capped {
    fn metadata(&self) -> Result<Metadata> {
        self.inner.metadata()
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        Ok(count(&self.read, self.inner.read_at(buf, offset)?))
    }

    fn read_vectored_at(&self, bufs: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        let moved = self.inner.read_vectored_at(bufs, offset)?;
        Ok(count(&self.read, moved))
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> Result<usize> {
        self.write_vectored_at(&[IoSlice::new(buf)], offset)
    }

    fn write_vectored_at(&self, bufs: &[IoSlice<'_>], offset: u64) -> Result<usize> {
        let _growing = self.grow();
        if total(bufs) == 0 {
            return self.inner.write_vectored_at(bufs, offset);
        }
        let parts = cut(bufs, self.room(offset)?);
        let moved = self.inner.write_vectored_at(&parts, offset)?;
        Ok(count(&self.written, moved))
    }

    fn append(&self, bufs: &[IoSlice<'_>]) -> Result<(usize, u64)> {
        let growing = self.growing.write();
        let _growing = growing.unwrap_or_else(PoisonError::into_inner);
        if total(bufs) == 0 {
            return self.inner.append(bufs);
        }
        let parts = cut(bufs, self.room(self.inner.metadata()?.size)?);
        let (moved, end) = self.inner.append(&parts)?;
        Ok((count(&self.written, moved), end))
    }

    fn set_len(&self, len: u64) -> Result<()> {
        self.admit(len)?;
        let _growing = self.grow();
        self.inner.set_len(len)
    }

    fn allocate(&self, offset: u64, len: u64) -> Result<()> {
        self.admit(offset.saturating_add(len))?;
        let _growing = self.grow();
        self.inner.allocate(offset, len)
    }

    fn advise(&self, offset: u64, len: u64, advice: Advice) -> Result<()> {
        self.inner.advise(offset, len, advice)
    }

    fn set_times(&self, times: &SetTimes) -> Result<()> {
        self.inner.set_times(times)
    }

    fn sync(&self, scope: SyncScope) -> Result<()> {
        self.inner.sync(scope)
    }
}
