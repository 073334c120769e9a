//! The trait of regular files.

use super::{Metadata, SetTimes, SyncScope};
use crate::abi::{Advice, Errno, Result};
use std::any::Any;
use std::io::{IoSlice, IoSliceMut};

/// An open regular file. Offsets belong to the shim; a `File` has none.
///
/// # For implementers
///
/// Two methods make a read-only file. All take `&self` and may run concurrently.
pub trait File: Any + Send + Sync {
    // ------------------------------------------------------------------ required

    /// Facts about the file.
    fn metadata(&self) -> Result<Metadata>;

    /// Reads at `offset`. Short reads are allowed; `Ok(0)` for a buffer that is not empty means end of file.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize>;

    // ------------------------------------------------------------------ data

    /// As [`read_at`](Self::read_at), over several buffers. The default stops at the first short read.
    fn read_vectored_at(&self, bufs: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        in_turn(bufs.iter_mut(), offset, |buf, at| {
            Ok((self.read_at(buf, at)?, buf.len()))
        })
    }

    /// Where the next byte is that may be anything but zero, at `offset` or later. Nothing if only zeros follow, up to the
    /// end. What is copied as a whole is not read where there are holes; a guest cannot ask.
    ///
    /// `notsup` (the default) if this filesystem does not know.
    fn seek_data(&self, offset: u64) -> Result<Option<u64>> {
        let _ = offset;
        Err(Errno::Notsup)
    }

    /// Writes at `offset`, growing the file as needed. A short write is allowed when the rest has no room.
    fn write_at(&self, buf: &[u8], offset: u64) -> Result<usize> {
        let _ = (buf, offset);
        Err(Errno::Rofs)
    }

    /// As [`write_at`](Self::write_at), over several buffers. The default stops at the first short write.
    fn write_vectored_at(&self, bufs: &[IoSlice<'_>], offset: u64) -> Result<usize> {
        in_turn(bufs.iter(), offset, |buf, at| {
            Ok((self.write_at(buf, at)?, buf.len()))
        })
    }

    /// Writes at the end, wherever that is now; returns the count and the new end.
    ///
    /// Override it when others can grow the file: the default (ask for the size, then write) is not atomic.
    fn append(&self, bufs: &[IoSlice<'_>]) -> Result<(usize, u64)> {
        let end = self.metadata()?.size;
        let count = self.write_vectored_at(bufs, end)?;
        Ok((count, end.saturating_add(count as u64)))
    }

    // ------------------------------------------------------------------ shape

    /// Cuts the file, or extends it with zeros, to `len` bytes.
    fn set_len(&self, len: u64) -> Result<()> {
        let _ = len;
        Err(Errno::Rofs)
    }

    /// Makes sure that `offset..offset+len` exists and can be written. Never shrinks the file, never changes a byte.
    /// `notsup` (the default) if this filesystem cannot promise that.
    fn allocate(&self, offset: u64, len: u64) -> Result<()> {
        let _ = (offset, len);
        Err(Errno::Notsup)
    }

    /// Takes note of how a range will be used. Nothing that a guest could observe depends on it.
    fn advise(&self, offset: u64, len: u64, advice: Advice) -> Result<()> {
        let _ = (offset, len, advice);
        Ok(())
    }

    /// Sets the file's times.
    fn set_times(&self, times: &SetTimes) -> Result<()> {
        let _ = times;
        Err(Errno::Rofs)
    }

    /// Makes completed writes durable.
    fn sync(&self, scope: SyncScope) -> Result<()> {
        let _ = scope;
        Ok(())
    }
}

/// Applies `transfer` to each buffer in turn until one comes back short. An error after the first byte ends the
/// transfer without being reported, as POSIX has it: the next call meets it again.
fn in_turn<B>(
    bufs: impl Iterator<Item = B>,
    offset: u64,
    mut transfer: impl FnMut(B, u64) -> Result<(usize, usize)>,
) -> Result<usize> {
    let mut total = 0_usize;
    for buf in bufs {
        match transfer(buf, offset.saturating_add(total as u64)) {
            Ok((count, wanted)) => {
                total = total.saturating_add(count.min(wanted));
                if count < wanted {
                    break;
                }
            }
            Err(_) if total > 0 => break,
            Err(errno) => return Err(errno),
        }
    }
    Ok(total)
}

/// [`File::read_at`] of a file whose whole content is at hand.
pub fn read_slice(content: &[u8], buf: &mut [u8], offset: u64) -> usize {
    let rest = usize::try_from(offset)
        .ok()
        .and_then(|at| content.get(at..))
        .unwrap_or_default();
    let count = rest.len().min(buf.len());
    if let (Some(to), Some(from)) = (buf.get_mut(..count), rest.get(..count)) {
        to.copy_from_slice(from);
    }
    count
}
