//! Connected streams and listeners that a guest was given: TCP and Unix, waiting and not.
#![cfg(all(unix, feature = "host"))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

use rustix::net::sockopt::{set_socket_recv_buffer_size, set_socket_send_buffer_size};
use rustix::net::{Shutdown, shutdown};
use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread;
use std::time::Duration;
use wasi_shim::abi::{Errno, FdFlags, FileKind, RiFlags, SdFlags, Syscall};
use wasi_shim::{Wasi, host};

mod guest_kit;
use guest_kit::Guest;

/// The socket of a guest that has no directory.
const SOCKET: u32 = 3;
const SHORT: Duration = Duration::from_millis(20);
const NONE: RiFlags = RiFlags::empty();
const ALL: RiFlags = RiFlags::RECV_WAITALL;
const PEEK: RiFlags = RiFlags::RECV_PEEK;

type Pair = (OwnedFd, OwnedFd);

fn tcp() -> Pair {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let theirs = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (listener.accept().unwrap().0.into(), theirs.into())
}

fn unix() -> Pair {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let theirs = UnixStream::connect(&path).unwrap();
    (listener.accept().unwrap().0.into(), theirs.into())
}

fn socketpair() -> Pair {
    let (ours, theirs) = UnixStream::pair().unwrap();
    (ours.into(), theirs.into())
}

fn guest_of(ours: OwnedFd) -> Guest {
    Guest::new(Wasi::builder().socket(host::socket(ours).unwrap()))
}

/// Runs a check with each kind of stream: a guest that has one end, and the other end. Both send through small buffers.
fn each(check: impl Fn(&mut Guest, File)) {
    for (name, make) in [
        ("tcp", tcp as fn() -> Pair),
        ("unix", unix),
        ("pair", socketpair),
    ] {
        println!("{name}");
        let (ours, theirs) = make();
        for end in [&ours, &theirs] {
            set_socket_send_buffer_size(end, 8192).unwrap();
        }
        check(&mut guest_of(ours), theirs.into());
    }
}

fn received(bytes: &[u8]) -> Result<(Vec<u8>, u16), Errno> {
    Ok((bytes.to_vec(), 0))
}

#[test]
fn peeking_takes_nothing_away() {
    each(|guest, mut peer| {
        let args = guest.recv_args(SOCKET, &[4], PEEK);
        assert!(guest.blocks(Syscall::SockRecv, &args));
        peer.write_all(b"abcdef").unwrap();
        assert_eq!(guest.poll(SOCKET, false), (6, false));
        for flags in [PEEK, PEEK | ALL, PEEK] {
            assert_eq!(guest.recv(SOCKET, &[1, 3], flags), received(b"abcd"));
        }
        // What stays in the queue cannot be waited for.
        assert_eq!(guest.recv(SOCKET, &[20], PEEK | ALL), received(b"abcdef"));
        assert_eq!(guest.read(SOCKET, 20), Ok(b"abcdef".to_vec()));
        guest.set_flags(SOCKET, FdFlags::NONBLOCK);
        assert_eq!(guest.recv(SOCKET, &[4], PEEK), Err(Errno::Again));
    });
}

#[test]
fn waiting_for_all_ends_with_the_buffers_or_the_stream() {
    each(|guest, mut peer| {
        let sender = thread::spawn(move || {
            for part in [b"abc", b"def", b"ghi", b"jkl"] {
                thread::sleep(SHORT);
                peer.write_all(part).unwrap();
            }
        });
        assert_eq!(guest.recv(SOCKET, &[2, 0, 7], ALL), received(b"abcdefghi"));
        assert_eq!(guest.recv(SOCKET, &[9], ALL), received(b"jkl"), "the end");
        assert_eq!(guest.recv(SOCKET, &[9], ALL), received(b""));
        sender.join().unwrap();
    });
}

#[test]
fn without_waiting_there_is_what_there_is() {
    each(|guest, mut peer| {
        guest.set_flags(SOCKET, FdFlags::NONBLOCK);
        for flags in [NONE, ALL] {
            assert_eq!(guest.recv(SOCKET, &[4], flags), Err(Errno::Again));
        }
        assert_eq!(guest.read(SOCKET, 4), Err(Errno::Again));
        peer.write_all(b"ab").unwrap();
        assert_eq!(guest.poll(SOCKET, false), (2, false));
        assert_eq!(guest.recv(SOCKET, &[4], ALL), received(b"ab"));
        assert!(guest.poll(SOCKET, true).0 > 0);
        let block = vec![0; 1 << 20];
        let sent = guest.send(SOCKET, &block).unwrap();
        assert!(sent > 0);
        while guest.write(SOCKET, &block).is_ok() {}
        assert_eq!(guest.send(SOCKET, &block), Err(Errno::Again));
    });
}

#[test]
fn a_direction_that_is_shut_down_ends() {
    each(|guest, mut peer| {
        assert_eq!(guest.shutdown(SOCKET, SdFlags::WR.bits()), Ok(()));
        assert_eq!(guest.send(SOCKET, b"x"), Err(Errno::Pipe));
        assert_eq!(guest.write(SOCKET, b"x"), Err(Errno::Pipe));
        let mut rest = Vec::new();
        peer.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, b"");
        // The other direction goes on.
        peer.write_all(b"still").unwrap();
        assert_eq!(guest.read(SOCKET, 9), Ok(b"still".to_vec()));
    });
    each(|guest, mut peer| {
        assert_eq!(guest.shutdown(SOCKET, SdFlags::RD.bits()), Ok(()));
        assert_eq!(guest.recv(SOCKET, &[4], NONE), received(b""));
        assert!(guest.poll(SOCKET, false).1, "the end is a hangup");
        assert_eq!(guest.send(SOCKET, b"still"), Ok(5));
        let mut still = [0; 5];
        peer.read_exact(&mut still).unwrap();
        assert_eq!(&still, b"still");
    });
    each(|guest, mut peer| {
        let both = SdFlags::RD | SdFlags::WR;
        assert_eq!(guest.shutdown(SOCKET, both.bits()), Ok(()));
        assert_eq!(guest.recv(SOCKET, &[4], ALL), received(b""));
        assert_eq!(guest.send(SOCKET, b"x"), Err(Errno::Pipe));
        assert_eq!(peer.read(&mut [0]).unwrap(), 0);
    });
}

#[test]
fn what_the_other_end_shuts_down_ends_here() {
    each(|guest, mut peer| {
        peer.write_all(b"last").unwrap();
        shutdown(&peer, Shutdown::Write).unwrap();
        assert_eq!(guest.recv(SOCKET, &[9], ALL), received(b"last"));
        assert_eq!(guest.read(SOCKET, 9), Ok(vec![]));
        assert_eq!(guest.send(SOCKET, b"answer"), Ok(6));
        let mut answer = [0; 6];
        peer.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"answer");
    });
}

#[test]
fn sending_to_nobody_is_an_error() {
    each(|guest, peer| {
        drop(peer);
        // TCP learns of it by the answer to the first.
        let second = [0; 100].map(|_| guest.send(SOCKET, b"x"));
        let failed = second.iter().find(|sent| sent.is_err());
        assert_eq!(failed, Some(&Err(Errno::Pipe)));
        assert_eq!(guest.write(SOCKET, b"x"), Err(Errno::Pipe));
        assert_eq!(guest.recv(SOCKET, &[4], NONE), received(b""));
    });
}

/// Bytes that tell where they belong.
fn megabyte() -> Vec<u8> {
    (0..1_u32 << 20).map(|n| (n % 251) as u8).collect()
}

#[test]
fn a_megabyte_goes_through_a_small_buffer() {
    each(|guest, peer| {
        let data = megabyte();
        let reader = thread::spawn({
            let mut peer = peer.try_clone().unwrap();
            move || {
                let mut all = vec![0; 2 << 20];
                // Slow at first, so that the sender has to wait.
                thread::sleep(SHORT);
                peer.read_exact(&mut all).map(|()| all).unwrap()
            }
        });
        assert_eq!(guest.send(SOCKET, &data), Ok(1 << 20));
        assert_eq!(guest.write(SOCKET, &data), Ok(1 << 20));
        assert!(reader.join().unwrap() == [&data[..], &data].concat());
        let writer = thread::spawn({
            let (mut peer, data) = (peer, data.clone());
            move || peer.write_all(&data).unwrap()
        });
        let lens = [1, 100_000, 0, (1 << 20) - 100_001];
        let all = guest.recv(SOCKET, &lens, ALL).unwrap();
        assert!(all == (data, 0));
        writer.join().unwrap();
    });
}

#[test]
fn both_directions_at_once_need_no_more_than_polling() {
    let (ours, theirs) = socketpair();
    for end in [&ours, &theirs] {
        set_socket_send_buffer_size(end, 4096).unwrap();
        set_socket_recv_buffer_size(end, 4096).unwrap();
    }
    let mut guest = guest_of(ours);
    guest.set_flags(SOCKET, FdFlags::NONBLOCK);
    let data = megabyte();
    let echo = thread::spawn(move || {
        let mut peer = File::from(theirs);
        let mut block = [0; 3000];
        while let Ok(count @ 1..) = peer.read(&mut block) {
            peer.write_all(&block[..count]).unwrap();
        }
    });
    let (mut sent, mut echoed) = (0, Vec::new());
    while echoed.len() < data.len() {
        match guest.send(SOCKET, &data[sent..]) {
            Ok(count) => sent += count as usize,
            Err(errno) => assert_eq!(errno, Errno::Again),
        }
        if sent == data.len() && echoed.is_empty() {
            panic!("nothing had to wait");
        }
        guest.poll(SOCKET, false);
        echoed.extend(guest.read(SOCKET, 5000).unwrap());
        if sent == data.len() {
            guest.set_flags(SOCKET, FdFlags::empty());
            let rest = data.len() - echoed.len();
            echoed.extend(guest.recv(SOCKET, &[rest], ALL).unwrap().0);
        }
    }
    assert!(echoed == data);
    guest.shutdown(SOCKET, SdFlags::WR.bits()).unwrap();
    echo.join().unwrap();
}

/// A guest with a listener, and how to connect to it.
fn listeners(dir: &Path) -> [(Guest, Box<dyn Fn() -> File + Send>); 2] {
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = tcp.local_addr().unwrap();
    let path = dir.join("socket");
    let unix = UnixListener::bind(&path).unwrap();
    let guest = |fd: OwnedFd| Guest::new(Wasi::builder().socket(host::listener(fd).unwrap()));
    let by_tcp = move || File::from(OwnedFd::from(TcpStream::connect(address).unwrap()));
    let by_path = move || File::from(OwnedFd::from(UnixStream::connect(&path).unwrap()));
    [
        (guest(tcp.into()), Box::new(by_tcp)),
        (guest(unix.into()), Box::new(by_path)),
    ]
}

#[test]
fn accepting_waits_for_a_connection() {
    let dir = tempfile::tempdir().unwrap();
    for (mut guest, connect) in listeners(dir.path()) {
        assert_eq!(guest.fdstat(SOCKET).0, FileKind::SocketStream);
        let accept = [SOCKET.into(), 0, 512];
        assert!(guest.blocks(Syscall::SockAccept, &accept));
        let client = thread::spawn(move || {
            thread::sleep(SHORT);
            let mut client = connect();
            client.write_all(b"hello").unwrap();
            let mut answer = [0; 5];
            client.read_exact(&mut answer).map(|()| answer).unwrap()
        });
        let accepted = guest.accept(SOCKET, FdFlags::empty()).unwrap();
        assert_eq!(accepted, SOCKET + 1);
        assert_eq!(guest.recv(accepted, &[5], ALL), received(b"hello"));
        assert_eq!(guest.send(accepted, b"there"), Ok(5));
        assert_eq!(&client.join().unwrap(), b"there");
    }
}

#[test]
fn accepting_without_waiting_answers_again() {
    let dir = tempfile::tempdir().unwrap();
    for (mut guest, connect) in listeners(dir.path()) {
        guest.set_flags(SOCKET, FdFlags::NONBLOCK);
        assert_eq!(guest.accept(SOCKET, FdFlags::empty()), Err(Errno::Again));
        let _clients = [connect(), connect()];
        assert_eq!(guest.poll(SOCKET, false), (0, false));
        let hasty = guest.accept(SOCKET, FdFlags::NONBLOCK).unwrap();
        guest.poll(SOCKET, false);
        let patient = guest.accept(SOCKET, FdFlags::empty()).unwrap();
        assert_eq!(guest.recv(hasty, &[1], NONE), Err(Errno::Again));
        let args = guest.recv_args(patient, &[1], NONE);
        assert!(guest.blocks(Syscall::SockRecv, &args));
        assert_eq!(guest.accept(SOCKET, FdFlags::empty()), Err(Errno::Again));
    }
}

#[test]
fn a_poll_ends_when_somebody_connects() {
    let dir = tempfile::tempdir().unwrap();
    for (mut guest, connect) in listeners(dir.path()) {
        let client = thread::spawn(move || {
            thread::sleep(SHORT);
            connect()
        });
        assert_eq!(guest.poll(SOCKET, false), (0, false));
        assert!(guest.accept(SOCKET, FdFlags::empty()).is_ok());
        client.join().unwrap();
    }
}
