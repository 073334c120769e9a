//! Files under a quota.
//!
//! Knows what a change of a file's length takes and gives. Refuses to know names. Only the directories of this folder
//! make such files.
//!
//! What a change may need is taken before it is made, and given back as far as it was not needed: in between others may
//! find less than there is, never more. The wrapped file is asked with the lock on the length held, so that two changes
//! of one file's length come one after the other; should it panic, what was taken stays taken.

use super::accounts::Use;
use super::meter::Meter;
use crate::abi::Result;
use crate::backends::forward::{cut, forward_file};
use crate::backends::streams::total;
use crate::vfs::File;
use std::io::IoSlice;
use std::sync::Arc;

/// The fields are dropped in this order: while a number is in use, no other file can get it.
pub(super) struct QuotaFile {
    pub(super) used: Use,
    pub(super) inner: Arc<dyn File>,
}

impl QuotaFile {
    /// Writes `len` bytes at `offset`, or at the end, or as many as there is room for. `write` is told how many, and
    /// answers with their number and where they end.
    fn put(
        &self,
        offset: Option<u64>,
        len: usize,
        write: impl FnOnce(usize) -> Result<(usize, u64)>,
    ) -> Result<(usize, u64)> {
        if len == 0 {
            return write(0);
        }
        self.used.change(|bytes, size| {
            let start = offset.unwrap_or(*size);
            let (taken, len) = make_room(bytes, *size, start, len)?;
            let result = write(len);
            let end = match result {
                Ok((1.., end)) => end.max(*size),
                _ => *size,
            };
            bytes.settle(taken, end.saturating_sub(*size));
            *size = end;
            result
        })
    }

    /// Lets `resize` give the file this length. `dquot` if there is no room for that.
    fn resize(
        &self,
        len: impl FnOnce(u64) -> u64,
        resize: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        self.used.change(|bytes, size| {
            let len = len(*size);
            let more = len.saturating_sub(*size);
            bytes.take(more)?;
            resize().inspect_err(|_| bytes.give(more))?;
            bytes.give(size.saturating_sub(len));
            *size = len;
            Ok(())
        })
    }
}

/// Takes what writing `len` bytes at `start` needs, or what there is, as long as one byte can be written. Returns it,
/// and how many can. The gap before `start` counts.
fn make_room(bytes: &Meter, size: u64, start: u64, len: usize) -> Result<(u64, usize)> {
    let most = start.saturating_add(len as u64).saturating_sub(size);
    let least = start.saturating_add(1).saturating_sub(size);
    let taken = bytes.take_some(least, most)?;
    let room = size.saturating_add(taken).saturating_sub(start);
    Ok((taken, usize::try_from(room).unwrap_or(len).min(len)))
}

impl File for QuotaFile {
    forward_file!(metadata read_at read_vectored_at seek_data advise set_times sync);

    fn write_at(&self, buf: &[u8], offset: u64) -> Result<usize> {
        let written = self.put(Some(offset), buf.len(), |len| {
            let count = self
                .inner
                .write_at(buf.get(..len).unwrap_or_default(), offset)?;
            Ok((count, offset.saturating_add(count as u64)))
        })?;
        Ok(written.0)
    }

    fn write_vectored_at(&self, bufs: &[IoSlice<'_>], offset: u64) -> Result<usize> {
        let all = total(bufs);
        let written = self.put(Some(offset), all, |len| {
            let count = if len < all {
                self.inner.write_vectored_at(&cut(bufs, len), offset)
            } else {
                self.inner.write_vectored_at(bufs, offset)
            }?;
            Ok((count, offset.saturating_add(count as u64)))
        })?;
        Ok(written.0)
    }

    fn append(&self, bufs: &[IoSlice<'_>]) -> Result<(usize, u64)> {
        let all = total(bufs);
        self.put(None, all, |len| {
            if len < all {
                self.inner.append(&cut(bufs, len))
            } else {
                self.inner.append(bufs)
            }
        })
    }

    fn set_len(&self, len: u64) -> Result<()> {
        self.resize(|_| len, || self.inner.set_len(len))
    }

    fn allocate(&self, offset: u64, len: u64) -> Result<()> {
        let allocate = || self.inner.allocate(offset, len);
        match offset.checked_add(len) {
            // It makes nothing longer, or fails.
            None => allocate(),
            Some(_) if len == 0 => allocate(),
            Some(end) => self.resize(|size| size.max(end), allocate),
        }
    }
}
