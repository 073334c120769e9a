//! What the functions on sockets have in common: guests that were given some, and descriptors that are none.

use crate::paths::{open, open_dir, write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixDatagram, UnixStream};
use wasi_shim::abi::{Errno, Rights, Syscall};
use wasi_shim::host;
use wasi_shim::{Limits, Outcome, RightsMode};
use wasi_shim_tests::Guest;
use wasi_shim_tests::trees::{ROOT, Tree};

/// The descriptor of the socket in the guests made here: the first after the directories.
pub(crate) const SOCKET: u32 = 5;

/// A guest with one end of a stream, and the other end.
pub(crate) fn stream() -> (Guest, UnixStream) {
    let (inner, outer) = UnixStream::pair().expect("a pair");
    let socket = host::socket(inner).expect("a socket");
    (Guest::new(Tree::memory().builder().socket(socket)), outer)
}

/// As [`stream`], for messages.
pub(crate) fn datagrams() -> (Guest, UnixDatagram) {
    let (inner, outer) = UnixDatagram::pair().expect("a pair");
    let socket = host::socket(inner).expect("a socket");
    (Guest::new(Tree::memory().builder().socket(socket)), outer)
}

/// A guest with a listener, and a way to connect to it.
pub(crate) fn listener(limits: Limits) -> (Guest, impl Fn() -> TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let socket = host::listener(listener).expect("a listener");
    let guest = Guest::new(Tree::memory().builder().limits(limits).socket(socket));
    (guest, move || {
        TcpStream::connect(address).expect("a connection")
    })
}

/// Makes the one call of a function that would succeed or wait, with another descriptor.
pub(crate) fn check_descriptors(
    call: Syscall,
    right: Rights,
    args: fn(&mut Guest, i64) -> Vec<i64>,
) {
    let (mut guest, _other) = stream();
    write(&mut guest, ROOT, "file", "content");
    let file = open(&mut guest, ROOT, "file", Rights::FILE).expect("file");
    let dir = open_dir(&mut guest, ROOT, ".");
    let of = |guest: &mut Guest, fd: u32| {
        let args = args(guest, fd.into());
        guest.call(call, &args)
    };
    for closed in [99, 9999, 1 << 31, u32::MAX] {
        assert_eq!(
            of(&mut guest, closed),
            Err(Errno::Badf),
            "{call} of {closed}"
        );
    }
    for (fd, what) in [
        (file, "a file"),
        (dir, "a directory"),
        (ROOT, "a preopened directory"),
    ] {
        assert_eq!(of(&mut guest, fd), Err(Errno::Notsock), "{call} of {what}");
    }
    // Standard input cannot be written, nor output read, and that is found out first.
    let of_stdio = [
        (0, Rights::FD_WRITE),
        (1, Rights::FD_READ),
        (2, Rights::FD_READ),
    ];
    for (fd, lacking) in of_stdio {
        let expected = if right == lacking {
            Errno::Notcapable
        } else {
            Errno::Notsock
        };
        assert_eq!(of(&mut guest, fd), Err(expected), "{call} of {fd}");
    }
    guest
        .fd_fdstat_set_rights(SOCKET, Rights::SOCKET.difference(right), Rights::empty())
        .expect("fewer rights");
    assert_eq!(
        of(&mut guest, SOCKET),
        Err(Errno::Notcapable),
        "{call} without {right:?}"
    );
    guest.fd_close(SOCKET).expect("closed");
    assert_eq!(
        of(&mut guest, SOCKET),
        Err(Errno::Badf),
        "{call} when it is closed"
    );
}

/// Checks that a function needs only this right.
pub(crate) fn check_right_is_enough(guest: &mut Guest, right: Rights) {
    guest
        .fd_fdstat_set_rights(SOCKET, right, Rights::empty())
        .expect("fewer rights");
}

/// A guest that has one end of a stream, with rights not enforced.
pub(crate) fn lax() -> (Guest, UnixStream) {
    let (inner, outer) = UnixStream::pair().expect("a pair");
    let builder = Tree::memory().builder().rights(RightsMode::ReadWriteOnly);
    (
        Guest::new(builder.socket(host::socket(inner).expect("a socket"))),
        outer,
    )
}

/// Checks that a call waits.
pub(crate) fn blocked(outcome: Outcome) -> wasi_shim::Blocked {
    match outcome {
        Outcome::Block(blocked) => blocked,
        Outcome::Return(errno) => panic!("it answered {errno}"),
        _ => panic!("it ended"),
    }
}
