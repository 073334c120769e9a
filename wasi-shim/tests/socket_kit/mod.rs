//! Pairs of connected sockets that keep the borders of messages, of each kind there is.

use rustix::net::{AddressFamily, SocketFlags, SocketType};
use std::net::UdpSocket;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;

/// The guest's end, and the other.
pub(crate) type Pair = (OwnedFd, OwnedFd);

/// Two UDP sockets that know each other.
pub(crate) fn udp() -> Pair {
    let ends = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").unwrap());
    let [ours, theirs] = &ends;
    ours.connect(theirs.local_addr().unwrap()).unwrap();
    theirs.connect(ours.local_addr().unwrap()).unwrap();
    let [ours, theirs] = ends;
    (ours.into(), theirs.into())
}

/// Datagrams.
pub(crate) fn unix() -> Pair {
    let (ours, theirs) = UnixDatagram::pair().unwrap();
    (ours.into(), theirs.into())
}

/// Sequenced packets.
pub(crate) fn packets() -> Pair {
    let (family, kind) = (AddressFamily::UNIX, SocketType::SEQPACKET);
    rustix::net::socketpair(family, kind, SocketFlags::CLOEXEC, None).unwrap()
}
