//! Inherited sockets.
//!
//! This file knows how to receive, send and accept without waiting. It does not know how to make a socket: there is no
//! way from here to the network but through sockets that were handed over. Whoever builds a guest may use [`listener`]
//! and [`socket`].

use super::file::MAX_BUFFERS;
use super::{errno, ready};
use crate::abi::{Errno, FileKind, Result, RiFlags, RoFlags, SdFlags};
use crate::vfs::{Interest, Readiness, Socket, Stream};
use rustix::io::retry_on_intr;
use rustix::net::{
    RecvAncillaryBuffer, RecvFlags, ReturnFlags, SendAncillaryBuffer, SendFlags, Shutdown,
    SocketType, recv, recvmsg, send, sendmsg, sockopt,
};
use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::task::Waker;

/// A socket that accepts connections: a `TcpListener`, a `UnixListener`, or one that came from a parent process.
///
/// It is set to answer "would block", for everybody who shares it.
///
/// # Errors
/// The operating system's, or `InvalidInput` if the socket does not listen.
pub fn listener(handle: impl Into<OwnedFd>) -> io::Result<Arc<dyn Stream>> {
    let handle = handle.into();
    if !may_listen(&handle)? {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // Somebody else may take the connection between the moment we look and the moment we accept.
    rustix::io::ioctl_fionbio(&handle, true)?;
    Ok(Arc::new(HostSocket::new(handle, true)?))
}

/// A socket that sends and receives: a `TcpStream`, a `UnixStream`, a `UnixDatagram`, a connected `UdpSocket`.
///
/// Nothing about it is changed: every call says for itself that it will not wait.
///
/// # Errors
/// The operating system's.
pub fn socket(handle: impl Into<OwnedFd>) -> io::Result<Arc<dyn Stream>> {
    let handle = handle.into();
    without_signal(&handle)?;
    Ok(Arc::new(HostSocket::new(handle, false)?))
}

/// Does it accept connections?
#[cfg(not(target_vendor = "apple"))]
pub(super) fn accepts(handle: &OwnedFd) -> io::Result<bool> {
    may_listen(handle)
}

/// Apple's systems do not tell; what has no other end is taken for a listener.
#[cfg(target_vendor = "apple")]
pub(super) fn accepts(handle: &OwnedFd) -> io::Result<bool> {
    let stream = sockopt::socket_type(handle)? == SocketType::STREAM;
    Ok(stream && rustix::net::getpeername(handle).is_err())
}

struct HostSocket {
    handle: Arc<OwnedFd>,
    kind: FileKind,
    listens: bool,
}

impl HostSocket {
    fn new(handle: OwnedFd, listens: bool) -> io::Result<Self> {
        let kind = match sockopt::socket_type(&handle)? {
            SocketType::STREAM => FileKind::SocketStream,
            // Of sequenced packets preview1 does not speak; they keep their borders, as datagrams do.
            _ => FileKind::SocketDgram,
        };
        Ok(Self {
            handle: Arc::new(handle),
            kind,
            listens,
        })
    }

    /// Is the next message no longer than the first buffers, which are all that the system takes? `msgsize` if not: to take
    /// it would lose what there is room for.
    fn fits(&self, bufs: &mut [IoSliceMut<'_>]) -> Result<()> {
        match receive(&self.handle, bufs, RiFlags::RECV_PEEK, Cut::Told)? {
            (_, told) if told.contains(RoFlags::RECV_DATA_TRUNCATED) => Err(Errno::Msgsize),
            _ => Ok(()),
        }
    }
}

impl Stream for HostSocket {
    fn kind(&self) -> FileKind {
        self.kind
    }

    fn read(&self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
        self.recv(bufs, RiFlags::empty()).map(|(count, _)| count)
    }

    fn write(&self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        self.send(bufs)
    }

    fn ready(&self, interest: Interest, _: &Waker) -> Readiness {
        ready::readiness(&self.handle, interest, || match interest {
            Interest::Read if self.listens => 0,
            Interest::Read => ready::waiting(&self.handle),
            // Some room there is; the kernel does not say how much.
            Interest::Write => 1,
        })
    }

    fn as_socket(&self) -> Option<&dyn Socket> {
        Some(self)
    }
}

impl Socket for HostSocket {
    fn accept(&self) -> Result<Arc<dyn Stream>> {
        if !self.listens {
            return Err(Errno::Notsup);
        }
        let accepted = retry_on_intr(|| accept(&self.handle)).map_err(errno::from_native)?;
        let accepted = without_signal(&accepted).and_then(|()| Self::new(accepted, false));
        let accepted: Arc<dyn Stream> = Arc::new(accepted.map_err(|error| errno::from_io(&error))?);
        Ok(accepted)
    }

    fn listens(&self) -> bool {
        self.listens
    }

    fn recv(&self, bufs: &mut [IoSliceMut<'_>], flags: RiFlags) -> Result<(usize, RoFlags)> {
        if self.kind == FileKind::SocketStream && bufs.iter().all(|buf| buf.is_empty()) {
            // Some kernels would have it wait for a byte that it has no room for.
            return Ok((0, RoFlags::empty()));
        }
        let cut = match self.kind {
            // A stream has no messages.
            FileKind::SocketStream => Cut::Unseen,
            _ => Cut::Told,
        };
        if cut == Cut::Unseen {
            return receive(&self.handle, bufs, flags, cut);
        }
        or_end(&self.handle, || {
            if bufs.len() > MAX_BUFFERS {
                self.fits(bufs)?;
            }
            receive(&self.handle, bufs, flags, cut)
        })
    }

    fn send(&self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        if self.kind != FileKind::SocketStream && bufs.len() > MAX_BUFFERS {
            // Less than all of them would be another message.
            return Err(Errno::Msgsize);
        }
        transmit(&self.handle, bufs)
    }

    fn shutdown(&self, how: SdFlags) -> Result<()> {
        let how = match (how.contains(SdFlags::RD), how.contains(SdFlags::WR)) {
            (true, true) => Shutdown::Both,
            (true, false) => Shutdown::Read,
            (false, true) => Shutdown::Write,
            (false, false) => return Err(Errno::Inval),
        };
        rustix::net::shutdown(&self.handle, how).map_err(errno::from_native)
    }
}

/// What `attempt` receives, or the end if nothing comes any more. Of datagrams, Linux ends a receive that waits once its
/// direction is shut down, but one that does not wait is told to come back, for good: a guest that waits would look again
/// and again.
pub(super) fn or_end(
    handle: impl AsFd,
    mut attempt: impl FnMut() -> Result<(usize, RoFlags)>,
) -> Result<(usize, RoFlags)> {
    let ended = || {
        let events = ready::look(&handle, Interest::Read);
        events.is_ok_and(|events| events.intersects(ready::PEER_CLOSED))
    };
    match attempt() {
        // What came between the two looks is in the queue by the time the end is seen.
        Err(Errno::Again) if ended() => match attempt() {
            Err(Errno::Again) => Ok((0, RoFlags::empty())),
            received => received,
        },
        received => received,
    }
}

/// Whether it matters that a message was longer than the room for it. Telling takes the kernel's longer way.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    Told,
    Unseen,
}

/// Receives what is there. File descriptors that come with it are closed by the kernel: there is no room for them.
pub(super) fn receive(
    handle: impl AsFd,
    bufs: &mut [IoSliceMut<'_>],
    flags: RiFlags,
    cut: Cut,
) -> Result<(usize, RoFlags)> {
    let mut native = RecvFlags::DONTWAIT;
    native.set(RecvFlags::PEEK, flags.contains(RiFlags::RECV_PEEK));
    let count = bufs.len().min(MAX_BUFFERS);
    let bufs = bufs.get_mut(..count).unwrap_or_default();
    if let ([only], Cut::Unseen) = (&mut *bufs, cut) {
        let received = retry_on_intr(|| recv(handle.as_fd(), &mut **only, native));
        let (_, count) = received.map_err(errno::from_native)?;
        return Ok((count, RoFlags::empty()));
    }
    let mut control = RecvAncillaryBuffer::default();
    let received = retry_on_intr(|| recvmsg(handle.as_fd(), bufs, &mut control, native))
        .map_err(errno::from_native)?;
    let mut told = RoFlags::empty();
    let truncated = received.flags.contains(ReturnFlags::TRUNC);
    told.set(RoFlags::RECV_DATA_TRUNCATED, truncated);
    Ok((received.bytes, told))
}

/// Sends what there is room for.
pub(super) fn transmit(handle: impl AsFd, bufs: &[IoSlice<'_>]) -> Result<usize> {
    let bufs = bufs.get(..bufs.len().min(MAX_BUFFERS)).unwrap_or_default();
    if let [only] = bufs {
        let sent = retry_on_intr(|| send(handle.as_fd(), only, SEND));
        return sent.map_err(errno::from_native);
    }
    let mut control = SendAncillaryBuffer::default();
    retry_on_intr(|| sendmsg(handle.as_fd(), bufs, &mut control, SEND)).map_err(errno::from_native)
}

#[cfg(not(target_vendor = "apple"))]
const SEND: SendFlags = SendFlags::DONTWAIT.union(SendFlags::NOSIGNAL);
#[cfg(target_vendor = "apple")]
const SEND: SendFlags = SendFlags::DONTWAIT;

/// A write to a closed connection must not end the process. Where that cannot be said of a write, it is said of the
/// socket.
#[cfg(not(target_vendor = "apple"))]
const fn without_signal(_: &OwnedFd) -> io::Result<()> {
    Ok(())
}

#[cfg(target_vendor = "apple")]
fn without_signal(handle: &OwnedFd) -> io::Result<()> {
    Ok(sockopt::set_socket_nosigpipe(handle, true)?)
}

#[cfg(not(target_vendor = "apple"))]
fn may_listen(handle: &OwnedFd) -> io::Result<bool> {
    Ok(sockopt::socket_acceptconn(handle)?)
}

/// Apple's systems do not tell.
#[cfg(target_vendor = "apple")]
const fn may_listen(_: &OwnedFd) -> io::Result<bool> {
    Ok(true)
}

#[cfg(not(target_vendor = "apple"))]
fn accept(handle: &OwnedFd) -> rustix::io::Result<OwnedFd> {
    use rustix::net::{SocketFlags, accept_with};
    accept_with(handle, SocketFlags::CLOEXEC)
}

#[cfg(target_vendor = "apple")]
fn accept(handle: &OwnedFd) -> rustix::io::Result<OwnedFd> {
    let accepted = rustix::net::accept(handle)?;
    rustix::io::fcntl_setfd(&accepted, rustix::io::FdFlags::CLOEXEC)?;
    Ok(accepted)
}

#[cfg(test)]
mod tests {
    use super::or_end;
    use crate::abi::{Errno, RoFlags};
    use std::os::unix::net::UnixStream;

    #[test]
    fn what_comes_between_two_looks_is_not_taken_for_the_end() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let told = |count| Ok((count, RoFlags::empty()));
        assert_eq!(or_end(&ours, || Err(Errno::Again)), Err(Errno::Again));
        drop(theirs);
        for (then, answer) in [
            (told(4), told(4)),
            (Err(Errno::Connreset), Err(Errno::Connreset)),
            (Err(Errno::Again), told(0)),
        ] {
            let mut waits = Some(Err(Errno::Again));
            let received = or_end(&ours, || waits.take().unwrap_or(then));
            assert_eq!(received, answer);
        }
    }
}
