//! `sock_accept`.

use crate::sockets::{SOCKET, blocked, check_descriptors, lax, listener, stream};
use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use wasi_shim::abi::{
    Errno, FdFlags, FileKind, LookupFlags, OFlags, RiFlags, Rights, SdFlags, Syscall,
};
use wasi_shim::mem::Memory;
use wasi_shim::{Limits, Outcome, Trap};
use wasi_shim_tests::Guest;
use wasi_shim_tests::trees::{ROOT, Tree};

const NONE: FdFlags = FdFlags::empty();

fn args(guest: &mut Guest, fd: i64) -> Vec<i64> {
    let out = guest.room(4);
    vec![fd, 0, out.into()]
}

#[test]
fn it_wants_a_listener() {
    let (mut guest, _connect) = listener(Limits::default());
    guest
        .fd_fdstat_set_rights(SOCKET, Rights::SOCK_ACCEPT, Rights::SOCKET)
        .expect("fewer rights");
    blocked({
        let args = args(&mut guest, SOCKET.into());
        guest.attempt(Syscall::SockAccept, &args)
    });
    guest
        .fd_fdstat_set_rights(SOCKET, Rights::empty(), Rights::SOCKET)
        .expect("fewer rights");
    assert_eq!(guest.sock_accept(SOCKET, NONE), Err(Errno::Notcapable));
    // A connected socket has no such right; where rights do not count, it is still no listener.
    check_descriptors(Syscall::SockAccept, Rights::SOCK_ACCEPT, args);
    let (mut guest, _other) = lax();
    assert_eq!(guest.sock_accept(SOCKET, NONE), Err(Errno::Inval));
}

#[test]
fn sockets_come_after_the_directories() {
    let (mut guest, _connect) = listener(Limits::default());
    assert!(guest.fd_prestat_get(ROOT).is_ok() && guest.fd_prestat_get(ROOT + 1).is_ok());
    assert_eq!(
        guest.fd_prestat_get(SOCKET),
        Err(Errno::Badf),
        "where the search for directories ends"
    );
    let found = guest.fd_fdstat_get(SOCKET).expect("fdstat");
    assert_eq!(found.filetype, FileKind::SocketStream);
    assert_eq!(
        (found.rights_base, found.rights_inheriting),
        (Rights::LISTENER, Rights::SOCKET)
    );
}

#[test]
fn a_connection_can_be_used_both_ways() {
    let (mut guest, connect) = listener(Limits::default());
    let mut client = connect();
    let accepted = guest.sock_accept(SOCKET, NONE).expect("a connection");
    assert_eq!(accepted, SOCKET + 1, "the lowest free number");
    let found = guest.fd_fdstat_get(accepted).expect("fdstat");
    assert_eq!(
        (found.filetype, found.flags),
        (FileKind::SocketStream, NONE)
    );
    assert_eq!(
        (found.rights_base, found.rights_inheriting),
        (Rights::SOCKET, Rights::empty())
    );
    client.write_all(b"question").expect("sent");
    let (bytes, _) = guest
        .sock_recv(accepted, &[8], RiFlags::RECV_WAITALL)
        .expect("received");
    assert_eq!(bytes, b"question");
    assert_eq!(guest.sock_send(accepted, &[b"ans", b"wer"], 0), Ok(6));
    assert_eq!(guest.sock_shutdown(accepted, SdFlags::WR), Ok(()));
    let mut answer = String::new();
    client.read_to_string(&mut answer).expect("received");
    assert_eq!(answer, "answer");
    client.write_all(b"more").expect("sent");
    assert_eq!(
        guest.fd_read(accepted, 10),
        Ok(b"more".to_vec()),
        "it is a stream like others"
    );
}

#[test]
fn only_the_new_descriptor_gets_the_flag() {
    let (mut guest, connect) = listener(Limits::default());
    let _clients = [connect(), connect()];
    let patient = guest.sock_accept(SOCKET, NONE).expect("a connection");
    let hasty = guest
        .sock_accept(SOCKET, FdFlags::NONBLOCK)
        .expect("a connection");
    for (fd, flags) in [(SOCKET, NONE), (patient, NONE), (hasty, FdFlags::NONBLOCK)] {
        assert_eq!(guest.fd_fdstat_get(fd).map(|stat| stat.flags), Ok(flags));
    }
    assert_eq!(
        guest.sock_recv(hasty, &[1], RiFlags::empty()),
        Err(Errno::Again)
    );
    let iovec = guest.put(&[0, 1, 0, 0, 1, 0, 0, 0]);
    let recv = [patient.into(), iovec.into(), 1, 0, 512, 516];
    blocked(guest.attempt(Syscall::SockRecv, &recv));
    let accept = args(&mut guest, SOCKET.into());
    blocked(guest.attempt(Syscall::SockAccept, &accept));
}

#[test]
fn a_listener_that_may_not_wait_says_so() {
    let (mut guest, connect) = listener(Limits::default());
    guest
        .fd_fdstat_set_flags(SOCKET, FdFlags::NONBLOCK)
        .expect("a flag");
    for _ in 0..10 {
        assert_eq!(guest.sock_accept(SOCKET, NONE), Err(Errno::Again));
    }
    guest.fd_fdstat_set_flags(SOCKET, NONE).expect("no flag");
    let accept = args(&mut guest, SOCKET.into());
    let waiting = blocked(guest.attempt(Syscall::SockAccept, &accept));
    let _client = connect();
    waiting.wait();
    let outcome = waiting.resume(&mut Memory::new(&mut guest.memory));
    assert!(matches!(outcome, Outcome::Return(0)));
    assert_eq!(
        guest.u32_at(accept[2] as u32),
        SOCKET + 1,
        "no attempt kept a number"
    );
}

#[test]
fn other_flags_are_refused() {
    let (mut guest, connect) = listener(Limits::default());
    let _client = connect();
    for bit in (0..32).filter(|bit| 1 << bit != i64::from(FdFlags::NONBLOCK.bits())) {
        let out = guest.room(4);
        let args = [SOCKET.into(), 1 << bit, out.into()];
        assert_eq!(
            guest.call(Syscall::SockAccept, &args),
            Err(Errno::Inval),
            "bit {bit}"
        );
    }
    assert_eq!(
        guest.sock_accept(ROOT, FdFlags::APPEND),
        Err(Errno::Notsock)
    );
    assert_eq!(
        guest.sock_accept(SOCKET, NONE),
        Ok(SOCKET + 1),
        "the connection is still there"
    );
}

#[test]
fn a_full_table_loses_no_connection() {
    let mut limits = Limits::default();
    limits.descriptors = SOCKET + 2;
    let (mut guest, connect) = listener(limits);
    let (mut first, mut second) = (connect(), connect());
    assert_eq!(guest.sock_accept(SOCKET, NONE), Ok(SOCKET + 1));
    for _ in 0..10 {
        assert_eq!(guest.sock_accept(SOCKET, NONE), Err(Errno::Mfile));
    }
    first.write_all(b"1").expect("sent");
    second.write_all(b"2").expect("sent");
    for number in [b"1", b"2"] {
        assert_eq!(guest.fd_read(SOCKET + 1, 1), Ok(number.to_vec()));
        guest.fd_close(SOCKET + 1).expect("closed");
        let waiting = number == b"1";
        assert!(!waiting || guest.sock_accept(SOCKET, NONE) == Ok(SOCKET + 1));
    }
}

#[test]
fn a_bad_result_pointer_loses_no_connection() {
    let (mut guest, connect) = listener(Limits::default());
    let mut client = connect();
    let end = guest.memory.len() as i64;
    for out in [end, end - 3, u32::MAX.into(), 17, 18] {
        let outcome = guest.attempt(Syscall::SockAccept, &[SOCKET.into(), 0, out]);
        assert!(matches!(
            outcome,
            Outcome::Trap(Trap::OutOfBounds { .. } | Trap::Misaligned { .. })
        ));
    }
    client.write_all(b"x").expect("sent");
    assert_eq!(guest.sock_accept(SOCKET, NONE), Ok(SOCKET + 1));
    assert_eq!(guest.fd_read(SOCKET + 1, 1), Ok(b"x".to_vec()));
}

#[test]
fn a_connection_can_do_no_more_than_its_listener_passes_on() {
    let (mut guest, connect) = listener(Limits::default());
    let _client = connect();
    let reading = Rights::FD_READ | Rights::POLL_FD_READWRITE;
    guest
        .fd_fdstat_set_rights(SOCKET, Rights::LISTENER, reading)
        .expect("fewer rights");
    let accepted = guest.sock_accept(SOCKET, NONE).expect("a connection");
    assert_eq!(
        guest.fd_fdstat_get(accepted).map(|stat| stat.rights_base),
        Ok(reading)
    );
    assert_eq!(
        guest.sock_send(accepted, &[b"x"], 0),
        Err(Errno::Notcapable)
    );
}

#[test]
fn listeners_on_names_of_the_filesystem_are_listeners_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).expect("a listener");
    let socket = wasi_shim::host::listener(listener).expect("a listener");
    let mut guest = Guest::new(Tree::memory().builder().socket(socket));
    let mut client = UnixStream::connect(&path).expect("a connection");
    let accepted = guest.sock_accept(SOCKET, NONE).expect("a connection");
    client.write_all(b"x").expect("sent");
    assert_eq!(guest.fd_read(accepted, 1), Ok(b"x".to_vec()));
}

#[test]
fn no_other_function_makes_a_socket() {
    let tree = Tree::host();
    let path = tree
        .folder
        .as_ref()
        .expect("a folder")
        .path()
        .join("socket");
    let _listener = UnixListener::bind(path).expect("a listener");
    let mut guest = tree.guest();
    let stat = guest
        .path_filestat_get(ROOT, LookupFlags::empty(), "socket")
        .expect("facts");
    assert_eq!(stat.filetype, FileKind::SocketStream);
    for rights in [Rights::empty(), Rights::FD_READ, Rights::FILE] {
        for oflags in [OFlags::empty(), OFlags::CREAT, OFlags::TRUNC] {
            let rights = (rights, Rights::empty());
            let found = guest.path_open(ROOT, LookupFlags::empty(), "socket", oflags, rights, NONE);
            assert_eq!(found, Err(Errno::Nxio), "{oflags:?}");
        }
    }
    let (mut guest, _other) = stream();
    assert_eq!(
        guest.sock_accept(SOCKET, NONE),
        Err(Errno::Notcapable),
        "nor a connection"
    );
}
