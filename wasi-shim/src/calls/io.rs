//! `fd_read`, `fd_write`, `fd_pread`, `fd_pwrite`.
//!
//! Every call serves all of its buffers, in one system call where there is a system: incumbents serve the first only, so
//! that each line a C program prints costs them two calls.

use super::transfer::{Wait, all, count, lent_less, put_all, receive};
use super::{Call, Reply};
use crate::abi::{Errno, FdFlags, FileKind, Result, RiFlags};
use crate::mem::{Memory, Vectors};
use crate::process::{Descriptor, Object};
use crate::vfs::{File, Interest};
use std::sync::Arc;

/// `fd_read`.
///
/// *Answers* `badf`; `notcapable` without `FD_READ`; `inval` for too many buffers; `isdir` for a directory; `again` where
/// it would wait and may not; `msgsize` as `sock_recv`; the file's error. A count of 0 is the end.
pub(crate) fn read(
    call: &Call<'_>,
    fd: &Arc<Descriptor>,
    vectors: Vectors,
    memory: &mut Memory<'_>,
) -> Reply<u32> {
    match &fd.object {
        Object::Dir(_) => Err(Errno::Isdir.into()),
        Object::File(file) => {
            let mut offset = fd.offset.turn();
            let moved = read_file(call, file, &vectors, offset.get(), memory)?;
            offset.set(offset.get().saturating_add(moved));
            count(moved)
        }
        Object::Stream(_) if vectors.total() == 0 => Ok(0),
        Object::Stream(stream) => {
            let mut bounce = call.bounce();
            let total = vectors.total();
            // What fits is lent as a whole, whatever the memory.
            let large = total > bounce.limit() as u64;
            let attempt = memory.scatter(&vectors, 0, &mut bounce, |bufs| {
                if large && let Some(socket) = lent_less(stream, bufs, total) {
                    return receive(socket, bufs, RiFlags::empty()).map(|(count, _)| count);
                }
                stream.read(bufs)
            });
            let moved = Wait::new(fd, stream, Interest::Read).once(attempt)?;
            count((moved as u64).min(vectors.total()))
        }
    }
}

/// `fd_pread`.
///
/// *Answers* `badf`; `notcapable` without `FD_READ` and `FD_SEEK`; `inval` for too many buffers; `isdir` for a directory;
/// `spipe` for a stream; `inval` for an offset beyond the largest; the file's error. A count of 0 is the end.
pub(crate) fn pread(
    call: &Call<'_>,
    fd: &Arc<Descriptor>,
    vectors: Vectors,
    offset: u64,
    memory: &mut Memory<'_>,
) -> Reply<u32> {
    let file = fd.file(Errno::Spipe)?;
    // POSIX: a negative offset.
    i64::try_from(offset).map_err(|_| Errno::Inval)?;
    count(read_file(call, file, &vectors, offset, memory)?)
}

/// `fd_write`.
///
/// *Answers* `badf`; `notcapable` without `FD_WRITE`; `perm` in a tree given for reading; `inval` for too many buffers;
/// `isdir` for a directory; `again` where it would wait and may not; the file's error. In blocking mode a stream is
/// given all the bytes, however often that takes waiting; a socket of datagrams sends one message, as `sock_send` does.
pub(crate) fn write(
    call: &Call<'_>,
    fd: &Arc<Descriptor>,
    vectors: Vectors,
    memory: &mut Memory<'_>,
) -> Reply<u32> {
    match &fd.object {
        Object::Dir(_) => Err(Errno::Isdir.into()),
        Object::File(file) => {
            let mut offset = fd.offset.turn();
            let (moved, end) = write_file(call, fd, file, &vectors, offset.get(), memory)?;
            offset.set(end);
            count(moved)
        }
        // Of a message there can be one without bytes.
        Object::Stream(stream)
            if vectors.total() == 0 && stream.kind() != FileKind::SocketDgram =>
        {
            Ok(0)
        }
        Object::Stream(stream) => {
            let wait = Wait::new(fd, stream, Interest::Write);
            put_all(call, &wait, &vectors, memory, |bufs| stream.write(bufs))
        }
    }
}

/// `fd_pwrite`.
///
/// *Answers* `badf`; `notcapable` without `FD_WRITE` and `FD_SEEK`; `perm` in a tree given for reading; `inval` for too
/// many buffers; `isdir` for a directory; `spipe` for a stream; `inval` for an offset beyond the largest; the file's
/// error.
///
/// *Differs from POSIX* as Linux does: with `fdflags::append` the offset is ignored. The official suite expects it.
pub(crate) fn pwrite(
    call: &Call<'_>,
    fd: &Arc<Descriptor>,
    vectors: Vectors,
    offset: u64,
    memory: &mut Memory<'_>,
) -> Reply<u32> {
    let file = fd.file(Errno::Spipe)?;
    i64::try_from(offset).map_err(|_| Errno::Inval)?;
    let (moved, _) = write_file(call, fd, file, &vectors, offset, memory)?;
    count(moved)
}

fn read_file(
    call: &Call<'_>,
    file: &Arc<dyn File>,
    vectors: &Vectors,
    offset: u64,
    memory: &mut Memory<'_>,
) -> Result<u64> {
    if vectors.total() == 0 {
        return Ok(0);
    }
    let mut bounce = call.bounce();
    all(vectors.total(), bounce.limit(), |done| {
        let at = offset.saturating_add(done);
        memory.scatter(vectors, done, &mut bounce, |bufs| {
            file.read_vectored_at(bufs, at)
        })
    })
}

/// Writes at the offset or, with the append flag, at the end. Returns the count and where the next write goes.
fn write_file(
    call: &Call<'_>,
    fd: &Descriptor,
    file: &Arc<dyn File>,
    vectors: &Vectors,
    offset: u64,
    memory: &Memory<'_>,
) -> Result<(u64, u64)> {
    if vectors.total() == 0 {
        return Ok((0, offset));
    }
    let mut bounce = call.bounce();
    if !fd.has(FdFlags::APPEND) {
        let moved = all(vectors.total(), bounce.limit(), |done| {
            let at = offset.saturating_add(done);
            memory.gather(vectors, done, &mut bounce, |bufs| {
                file.write_vectored_at(bufs, at)
            })
        })?;
        return Ok((moved, offset.saturating_add(moved)));
    }
    let mut end = offset;
    let moved = all(vectors.total(), bounce.limit(), |done| {
        let (count, at) = memory.gather(vectors, done, &mut bounce, |bufs| file.append(bufs))?;
        end = at.min(i64::MAX as u64);
        Ok(count)
    })?;
    Ok((moved, end))
}
