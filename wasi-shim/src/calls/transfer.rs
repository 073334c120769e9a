//! Moving bytes between buffers of the guest and a file or stream, until all are moved or it takes waiting.

use super::{Call, Failure, Pending, Reply, Resume};
use crate::abi::{Errno, FdFlags, FileKind, Result, RiFlags, RoFlags};
use crate::mem::{Memory, Vectors};
use crate::process::Descriptor;
use crate::vfs::{Interest, Socket, Stream};
use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;

/// Repeats `step` until it has moved `total` bytes, comes back with fewer than it could have, or fails. It is told how
/// many are done, and moves up to `whole` bytes at a time, or all that is left if that is less.
///
/// One step is the rule: the buffers go to the system in one piece. More are needed where memory is shared and bytes
/// move through a buffer of limited size. An error after the first byte is not reported: the caller learns how many
/// bytes were moved, and the next call meets the error again.
pub(super) fn all(
    total: u64,
    whole: usize,
    mut step: impl FnMut(u64) -> Result<usize>,
) -> Result<u64> {
    let mut done = 0_u64;
    loop {
        let expected = total.saturating_sub(done).min(whole as u64);
        let moved = match step(done) {
            Ok(count) => count as u64,
            Err(_) if done > 0 => return Ok(done),
            Err(errno) => return Err(errno),
        };
        // No more than was lent, whatever a filesystem says: a guest would read beyond its buffer.
        done = done.saturating_add(moved).min(total);
        if moved < expected || done >= total {
            return Ok(done);
        }
    }
}

/// As [`all`], for something that may have to wait before it can move the rest: `step` answers `again` then.
pub(super) fn all_waiting(
    total: u64,
    done: u64,
    wait: &Wait<'_>,
    mut step: impl FnMut(u64) -> Result<usize>,
) -> Reply<u64> {
    // The buffers are read again after a wait, and another thread may have made them shorter.
    let mut done = done.min(total);
    loop {
        match step(done) {
            Ok(0) => return Ok(done),
            Ok(count) => done = done.saturating_add(count as u64).min(total),
            Err(Errno::Again) if !wait.nonblocking => return Err(wait.block(done)),
            Err(_) if done > 0 => return Ok(done),
            Err(errno) => return Err(errno.into()),
        }
        if done >= total {
            return Ok(done);
        }
    }
}

/// Writes to a stream by `put`: all the bytes, however often that takes waiting. To a socket of datagrams they are one
/// message, which may be empty, and is `msgsize` where it would have to be cut: two messages are not one.
pub(super) fn put_all(
    call: &Call<'_>,
    wait: &Wait<'_>,
    data: &Vectors,
    memory: &Memory<'_>,
    mut put: impl FnMut(&[IoSlice<'_>]) -> Result<usize>,
) -> Reply<u32> {
    let mut bounce = call.bounce();
    if wait.stream.kind() != FileKind::SocketDgram {
        let moved = all_waiting(data.total(), call.moved(), wait, |done| {
            memory.gather(data, done, &mut bounce, &mut put)
        })?;
        return count(moved);
    }
    let sent = memory.gather(data, 0, &mut bounce, |message| {
        let lent = message.iter().map(|buf| buf.len() as u64);
        if lent.sum::<u64>() < data.total() {
            return Err(Errno::Msgsize);
        }
        put(message)
    });
    count((wait.once(sent)? as u64).min(data.total()))
}

/// The socket, if it takes messages and less could be lent than the `total` bytes that the guest's buffers have room for.
#[cold]
pub(super) fn lent_less<'a>(
    stream: &'a Arc<dyn Stream>,
    bufs: &[IoSliceMut<'_>],
    total: u64,
) -> Option<&'a dyn Socket> {
    let lent = bufs.iter().map(|buf| buf.len() as u64);
    let less = lent.sum::<u64>() < total && stream.kind() == FileKind::SocketDgram;
    if less { stream.as_socket() } else { None }
}

/// Receives into less room than the guest has.
///
/// A message that is longer is `msgsize`, and stays in the queue: it is not cut because a memory is shared. To take it with
/// less room than can be lent cuts it, as ever.
#[cold]
pub(super) fn receive(
    socket: &dyn Socket,
    bufs: &mut [IoSliceMut<'_>],
    flags: RiFlags,
) -> Result<(usize, RoFlags)> {
    let (_, told) = socket.recv(bufs, flags | RiFlags::RECV_PEEK)?;
    if told.contains(RoFlags::RECV_DATA_TRUNCATED) {
        return Err(Errno::Msgsize);
    }
    // Somebody else may have taken that one; if this one is longer, what it is cut to is told as it is.
    socket.recv(bufs, flags)
}

/// What to wait for when a stream is not ready.
pub(super) struct Wait<'a> {
    fd: &'a Arc<Descriptor>,
    stream: &'a Arc<dyn Stream>,
    interest: Interest,
    nonblocking: bool,
}

impl<'a> Wait<'a> {
    /// For this stream, which is what the descriptor is.
    pub(super) fn new(
        fd: &'a Arc<Descriptor>,
        stream: &'a Arc<dyn Stream>,
        interest: Interest,
    ) -> Self {
        Self {
            fd,
            stream,
            interest,
            nonblocking: fd.has(FdFlags::NONBLOCK),
        }
    }

    /// Waits, then goes on after `done` bytes.
    fn block(&self, done: u64) -> Failure {
        Failure::Block(Box::new(Pending {
            streams: vec![(Arc::clone(self.stream), self.interest)],
            deadlines: Vec::new(),
            resume: Resume::Transfer(Arc::clone(self.fd), done),
        }))
    }

    /// One operation that is done whole or not at all.
    pub(super) fn once<T>(&self, attempt: Result<T>) -> Reply<T> {
        match attempt {
            Err(Errno::Again) if !self.nonblocking => Err(self.block(0)),
            answer => Ok(answer?),
        }
    }
}

/// The number of bytes moved, as it is reported.
pub(super) fn count(moved: u64) -> Reply<u32> {
    u32::try_from(moved).map_err(|_| Errno::Overflow.into())
}
