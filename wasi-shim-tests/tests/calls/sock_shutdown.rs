//! `sock_shutdown`.

use crate::sockets::{SOCKET, check_descriptors, check_right_is_enough, stream};
use std::io::{IoSlice, IoSliceMut, Read as _, Write as _};
use std::net::UdpSocket;
use std::sync::Arc;
use wasi_shim::abi::{Errno, FileKind, Result, RiFlags, Rights, RoFlags, SdFlags, Syscall};
use wasi_shim::vfs::{Socket, Stream};
use wasi_shim_tests::Guest;
use wasi_shim_tests::trees::Tree;

const END: (Vec<u8>, RoFlags) = (Vec::new(), RoFlags::empty());

#[test]
fn it_wants_a_connected_socket() {
    check_descriptors(Syscall::SockShutdown, Rights::SOCK_SHUTDOWN, |_, fd| {
        vec![fd, 1]
    });
    let (mut guest, _other) = stream();
    check_right_is_enough(&mut guest, Rights::SOCK_SHUTDOWN);
    assert_eq!(guest.sock_shutdown(SOCKET, SdFlags::all()), Ok(()));
}

#[test]
fn nothing_is_sent_after_the_one_and_nothing_received_after_the_other() {
    let (mut guest, mut other) = stream();
    assert_eq!(guest.sock_send(SOCKET, &[b"last"], 0), Ok(4));
    assert_eq!(guest.sock_shutdown(SOCKET, SdFlags::WR), Ok(()));
    let mut found = String::new();
    other.read_to_string(&mut found).expect("until the end");
    assert_eq!(found, "last");
    assert_eq!(guest.sock_send(SOCKET, &[b"x"], 0), Err(Errno::Pipe));
    other.write_all(b"answer").expect("sent");
    let answer = guest.sock_recv(SOCKET, &[10], RiFlags::empty());
    assert_eq!(
        answer,
        Ok((b"answer".to_vec(), RoFlags::empty())),
        "the other direction is open"
    );
    assert_eq!(guest.sock_shutdown(SOCKET, SdFlags::RD), Ok(()));
    assert_eq!(guest.sock_recv(SOCKET, &[10], RiFlags::empty()), Ok(END));
    assert!(other.write_all(b"x").is_err());
}

#[test]
fn both_directions_are_closed_at_once() {
    let (mut guest, mut other) = stream();
    assert_eq!(
        guest.sock_shutdown(SOCKET, SdFlags::RD | SdFlags::WR),
        Ok(())
    );
    assert_eq!(guest.sock_recv(SOCKET, &[10], RiFlags::empty()), Ok(END));
    assert_eq!(guest.sock_send(SOCKET, &[b"x"], 0), Err(Errno::Pipe));
    assert_eq!(other.read(&mut [0; 10]).expect("the end"), 0);
}

#[test]
fn a_direction_must_be_named_and_nothing_else() {
    let (mut guest, mut other) = stream();
    assert_eq!(
        guest.sock_shutdown(SOCKET, SdFlags::empty()),
        Err(Errno::Inval)
    );
    for bit in 2..32 {
        let found = guest.call(Syscall::SockShutdown, &[SOCKET.into(), 1 << bit | 1]);
        assert_eq!(found, Err(Errno::Inval), "bit {bit}");
    }
    let found = guest.call(Syscall::SockShutdown, &[0, 0]);
    assert_eq!(
        found,
        Err(Errno::Notsock),
        "what it is comes before what is asked"
    );
    other.write_all(b"x").expect("nothing was closed");
    assert_eq!(guest.sock_send(SOCKET, &[b"x"], 0), Ok(1));
}

#[test]
fn the_sockets_error_is_the_guests() {
    let unconnected = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let socket = wasi_shim::host::socket(unconnected).expect("a socket");
    let mut guest = Guest::new(Tree::memory().builder().socket(socket));
    assert_eq!(
        guest.sock_shutdown(SOCKET, SdFlags::RD),
        Err(Errno::Notconn)
    );
}

/// A socket that takes every direction for one.
struct Yielding;

impl Stream for Yielding {
    fn kind(&self) -> FileKind {
        FileKind::SocketStream
    }

    fn as_socket(&self) -> Option<&dyn Socket> {
        Some(self)
    }
}

impl Socket for Yielding {
    fn recv(&self, _: &mut [IoSliceMut<'_>], _: RiFlags) -> Result<(usize, RoFlags)> {
        Ok((0, RoFlags::empty()))
    }

    fn send(&self, _: &[IoSlice<'_>]) -> Result<usize> {
        Ok(0)
    }

    fn shutdown(&self, _: SdFlags) -> Result<()> {
        Ok(())
    }
}

#[test]
fn a_socket_of_the_embedder_is_never_asked_for_no_direction() {
    let builder = Tree::memory().builder().socket(Arc::new(Yielding));
    let mut guest = Guest::new(builder);
    assert_eq!(guest.sock_shutdown(SOCKET, SdFlags::RD), Ok(()));
    let found = guest.sock_shutdown(SOCKET, SdFlags::empty());
    assert_eq!(found, Err(Errno::Inval));
}
