//! Functions on descriptors that neither transfer data nor describe the descriptor itself.

use super::{Call, Reply, fixed};
use crate::abi::{Advice, Errno, Filestat, Rights, Whence};
use crate::process::{Descriptor, Object};
use crate::vfs::{SetTimes, SyncScope};
use std::sync::Arc;

/// The largest offset of a file: POSIX's `off_t` is signed.
const MAX_OFFSET: u64 = i64::MAX as u64;

/// `fd_advise`. Means nothing for a directory or a stream, and succeeds there.
///
/// *Answers* `badf`; `notcapable` without `FD_ADVISE`; `inval` for an advice that nobody knows, and for a range that ends
/// beyond the largest offset.
pub(crate) fn advise(
    _: &Call<'_>,
    fd: &Arc<Descriptor>,
    offset: u64,
    len: u64,
    advice: Advice,
) -> Reply<()> {
    check_range(offset, len, Errno::Inval)?;
    match &fd.object {
        Object::File(file) => Ok(file.advise(offset, len, advice)?),
        Object::Dir(_) | Object::Stream(_) => Ok(()),
    }
}

/// `fd_allocate`. Never shrinks the file, never changes a byte of it.
///
/// *Answers* `badf`; `notcapable` without `FD_ALLOCATE`; `perm` in a tree given for reading; `isdir` for a directory;
/// `spipe` for a stream; `inval` for no bytes; `fbig` for a range that ends beyond the largest offset; `notsup` where the
/// filesystem cannot promise the room; the file's error.
pub(crate) fn allocate(_: &Call<'_>, fd: &Arc<Descriptor>, offset: u64, len: u64) -> Reply<()> {
    let file = fd.file(Errno::Spipe)?;
    if len == 0 {
        return Err(Errno::Inval.into());
    }
    check_range(offset, len, Errno::Fbig)?;
    Ok(file.allocate(offset, len)?)
}

fn check_range(offset: u64, len: u64, errno: Errno) -> Reply<()> {
    match offset.checked_add(len) {
        Some(end) if end <= MAX_OFFSET => Ok(()),
        _ => Err(errno.into()),
    }
}

/// `fd_close`. A preopened directory can be closed like any other descriptor.
///
/// *Answers* `badf`.
pub(crate) fn close(call: &Call<'_>, fd: u32) -> Reply<()> {
    Ok(call.process.fds.close(fd)?)
}

/// `fd_datasync`.
///
/// *Answers* `badf`; `notcapable` without `FD_DATASYNC`; `inval` for a stream; the filesystem's error.
pub(crate) fn datasync(_: &Call<'_>, fd: &Arc<Descriptor>) -> Reply<()> {
    make_durable(fd, SyncScope::Data)
}

/// `fd_sync`.
///
/// *Answers* `badf`; `notcapable` without `FD_SYNC`; `inval` for a stream; the filesystem's error.
pub(crate) fn sync(_: &Call<'_>, fd: &Arc<Descriptor>) -> Reply<()> {
    make_durable(fd, SyncScope::Full)
}

fn make_durable(fd: &Descriptor, scope: SyncScope) -> Reply<()> {
    match &fd.object {
        Object::File(file) => Ok(file.sync(scope)?),
        Object::Dir(dir) => Ok(dir.sync()?),
        Object::Stream(_) => Err(Errno::Inval.into()),
    }
}

/// `fd_filestat_get`. Of a stream, only the kind is known.
///
/// *Answers* `badf`; `notcapable` without `FD_FILESTAT_GET`; the filesystem's error.
pub(crate) fn filestat_get(_: &Call<'_>, fd: &Arc<Descriptor>) -> Reply<Filestat> {
    let metadata = match &fd.object {
        Object::File(file) => file.metadata()?,
        Object::Dir(dir) => dir.metadata()?,
        Object::Stream(stream) => return Ok(fixed::stream_filestat(stream.kind())),
    };
    Ok(fd.filestat(&metadata))
}

/// `fd_filestat_set_size`.
///
/// *Answers* `badf`; `notcapable` without `FD_FILESTAT_SET_SIZE`; `perm` in a tree given for reading; `isdir` for a
/// directory; `inval` for a stream; `fbig` beyond the largest offset; the file's error.
pub(crate) fn filestat_set_size(_: &Call<'_>, fd: &Arc<Descriptor>, size: u64) -> Reply<()> {
    let file = fd.file(Errno::Inval)?;
    if size > MAX_OFFSET {
        return Err(Errno::Fbig.into());
    }
    Ok(file.set_len(size)?)
}

/// `fd_filestat_set_times`.
///
/// *Answers* `badf`; `notcapable` without `FD_FILESTAT_SET_TIMES`; `perm` in a tree given for reading; `inval` for flags
/// that nobody knows or that contradict each other, and for a stream; the filesystem's error.
pub(crate) fn filestat_set_times(_: &Call<'_>, fd: &Arc<Descriptor>, times: SetTimes) -> Reply<()> {
    match &fd.object {
        Object::File(file) => Ok(file.set_times(&times)?),
        Object::Dir(dir) => Ok(dir.set_own_times(&times)?),
        Object::Stream(_) => Err(Errno::Inval.into()),
    }
}

/// `fd_renumber`. The descriptor at `to` is closed, in one step with the move.
///
/// *Answers* `badf` unless both are open. *Differs from POSIX* (`dup2`) in that `from` is gone afterwards.
pub(crate) fn renumber(call: &Call<'_>, from: u32, to: u32) -> Reply<()> {
    Ok(call.process.fds.renumber(from, to)?)
}

/// `fd_seek`. Asking for the offset, by moving it nowhere, needs less than moving it.
///
/// *Answers* `badf`; `inval` for a whence that nobody knows; `notcapable` without `FD_SEEK` (to ask: `FD_TELL`); `isdir`
/// for a directory; `spipe` for a stream; `inval` for an offset before the start; `overflow` beyond the largest offset;
/// the file's error.
pub(crate) fn seek(_: &Call<'_>, fd: &Arc<Descriptor>, delta: i64, whence: Whence) -> Reply<u64> {
    let asks = delta == 0 && whence == Whence::Cur;
    fd.require(if asks {
        Rights::FD_TELL
    } else {
        Rights::FD_SEEK
    })?;
    let file = fd.file(Errno::Spipe)?;
    if asks {
        return Ok(fd.offset.get());
    }
    let mut offset = fd.offset.turn();
    let base = match whence {
        Whence::Set => 0,
        Whence::Cur => offset.get(),
        Whence::End => file.metadata()?.size,
    };
    let moved = i128::from(base).saturating_add(i128::from(delta));
    let moved = u64::try_from(moved).map_err(|_| Errno::Inval)?;
    if moved > MAX_OFFSET {
        return Err(Errno::Overflow.into());
    }
    offset.set(moved);
    Ok(moved)
}

/// `fd_tell`.
///
/// *Answers* `badf`; `notcapable` without `FD_TELL` or `FD_SEEK`; `isdir` for a directory; `spipe` for a stream.
pub(crate) fn tell(_: &Call<'_>, fd: &Arc<Descriptor>) -> Reply<u64> {
    fd.file(Errno::Spipe)?;
    Ok(fd.offset.get())
}
