//! `sock_*`: on sockets that the embedder handed in, and on nothing else. Nothing here makes a socket but accepting on an
//! inherited listener.

use super::transfer::{Wait, all_waiting, count, lent_less, put_all, receive};
use super::{Call, Reply};
use crate::abi::{Errno, FdFlags, FileKind, RiFlags, RoFlags, SdFlags};
use crate::mem::{Memory, Vectors};
use crate::process::{Descriptor, Object};
use crate::vfs::{Interest, Socket};
use std::sync::Arc;

/// `sock_accept`. The flags become the new descriptor's; the listener keeps its own.
///
/// *Answers* `badf`; `notcapable` without `SOCK_ACCEPT`; `notsock`; `inval` for flags other than `nonblock`, and on a
/// socket that does not listen; `mfile` if no descriptor is free; `again` where it would wait and may not; the socket's
/// error.
pub(crate) fn accept(call: &Call<'_>, fd: &Arc<Descriptor>, flags: FdFlags) -> Reply<u32> {
    let (stream, socket) = fd.socket()?;
    if !FdFlags::NONBLOCK.contains(flags) || !socket.listens() {
        return Err(Errno::Inval.into());
    }
    let place = call.process.fds.reserve()?;
    let accepted = Wait::new(fd, stream, Interest::Read).once(socket.accept())?;
    accepted.flags_set(flags);
    let object = Object::Stream(accepted);
    Ok(place.fill(Descriptor::new(
        object,
        fd.grant.accepted(),
        fd.device,
        flags,
    )))
}

/// `sock_recv`. On a stream, with `RECV_WAITALL` and without `RECV_PEEK`, it returns when the buffers are full, the stream
/// ends or an error comes up.
///
/// *Answers* `badf`; `notcapable` without `FD_READ`; `inval` for too many buffers or flags that nobody knows; `notsock`;
/// `again` where it would wait and may not; `msgsize` for a message, which stays, that has room in the buffers and none in
/// what is copied of a shared memory at once; the socket's error. A count of 0 is the end.
pub(crate) fn recv(
    call: &Call<'_>,
    fd: &Arc<Descriptor>,
    data: Vectors,
    flags: RiFlags,
    memory: &mut Memory<'_>,
) -> Reply<(u32, RoFlags)> {
    let (stream, socket) = fd.socket()?;
    let wait = Wait::new(fd, stream, Interest::Read);
    // What stays in the queue cannot be waited for, and datagrams are taken one by one.
    let waits_for_all = flags.contains(RiFlags::RECV_WAITALL)
        && !flags.contains(RiFlags::RECV_PEEK)
        && stream.kind() == FileKind::SocketStream;
    if waits_for_all {
        let moved = recv_all(call, &data, &wait, socket, memory)?;
        return Ok((count(moved)?, RoFlags::empty()));
    }
    let mut out = RoFlags::empty();
    let mut bounce = call.bounce();
    let large = data.total() > bounce.limit() as u64;
    let attempt = memory.scatter(&data, 0, &mut bounce, |bufs| {
        let less = large && lent_less(stream, bufs, data.total()).is_some();
        let (count, flags) = match less {
            true => receive(socket, bufs, flags),
            false => socket.recv(bufs, flags),
        }?;
        out = flags;
        Ok(count)
    });
    let moved = wait.once(attempt)?;
    Ok((count((moved as u64).min(data.total()))?, out))
}

fn recv_all(
    call: &Call<'_>,
    data: &Vectors,
    wait: &Wait<'_>,
    socket: &dyn Socket,
    memory: &mut Memory<'_>,
) -> Reply<u64> {
    let mut bounce = call.bounce();
    all_waiting(data.total(), call.moved(), wait, |done| {
        memory.scatter(data, done, &mut bounce, |bufs| {
            socket.recv(bufs, RiFlags::empty()).map(|(count, _)| count)
        })
    })
}

/// What preview1 calls `siflags`: there are none, so only 0 is right.
pub(crate) struct SiFlags;

/// `sock_send`. In blocking mode a stream is given all the bytes, however often that takes waiting; a datagram is sent
/// whole, or not at all.
///
/// *Answers* `badf`; `notcapable` without `FD_WRITE`; `inval` for too many buffers, and for any flag; `notsock`; `msgsize`
/// for a datagram that would have to be cut; `again` where it would wait and may not; the socket's error.
pub(crate) fn send(
    call: &Call<'_>,
    fd: &Arc<Descriptor>,
    data: Vectors,
    _: SiFlags,
    memory: &mut Memory<'_>,
) -> Reply<u32> {
    let (stream, socket) = fd.socket()?;
    let wait = Wait::new(fd, stream, Interest::Write);
    put_all(call, &wait, &data, memory, |bufs| socket.send(bufs))
}

/// `sock_shutdown`.
///
/// *Answers* `badf`; `notcapable` without `SOCK_SHUTDOWN`; `inval` for flags that nobody knows; `notsock`; `inval` for
/// no direction; the socket's error.
pub(crate) fn shutdown(_: &Call<'_>, fd: &Arc<Descriptor>, how: SdFlags) -> Reply<()> {
    let (_, socket) = fd.socket()?;
    if how.is_empty() {
        return Err(Errno::Inval.into());
    }
    Ok(socket.shutdown(how)?)
}
