//! Sockets that keep the borders of messages: UDP, Unix datagrams, sequenced packets.
#![cfg(all(unix, feature = "host"))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

use std::net::UdpSocket;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;
use std::time::Duration;
use wasi_shim::abi::{Abi, Errno, FdFlags, FileKind, RiFlags, RoFlags, SdFlags, Syscall};
use wasi_shim::mem::Memory;
use wasi_shim::{Limits, Outcome, Wasi, host};

mod guest_kit;
use guest_kit::Guest;
mod socket_kit;
use socket_kit::{Pair, packets, udp, unix};

const SOCKET: u32 = 3;
const SHORT: Duration = Duration::from_millis(20);
const NONE: RiFlags = RiFlags::empty();
const ALL: RiFlags = RiFlags::RECV_WAITALL;
const PEEK: RiFlags = RiFlags::RECV_PEEK;
const CUT: u16 = RoFlags::RECV_DATA_TRUNCATED.bits();

/// The other end. A wait that takes too long is an error.
struct Peer(UnixDatagram);

impl Peer {
    fn new(fd: OwnedFd) -> Self {
        // Of any datagram socket: its functions say nothing of addresses.
        let socket = UnixDatagram::from(fd);
        let long = Some(Duration::from_secs(30));
        socket.set_read_timeout(long).unwrap();
        Self(socket)
    }

    fn send(&self, message: &[u8]) {
        assert_eq!(self.0.send(message).unwrap(), message.len());
    }

    fn recv(&self) -> Vec<u8> {
        let mut message = vec![0; 1 << 17];
        let count = self.0.recv(&mut message).unwrap();
        message.truncate(count);
        message
    }
}

fn each(check: impl Fn(&mut Guest, Peer)) {
    for (name, make) in [
        ("udp", udp as fn() -> Pair),
        ("unix", unix),
        ("packets", packets),
    ] {
        println!("{name}");
        let (ours, theirs) = make();
        let mut guest = Guest::new(Wasi::builder().socket(host::socket(ours).unwrap()));
        check(&mut guest, Peer::new(theirs));
    }
}

fn received(bytes: &[u8]) -> Result<(Vec<u8>, u16), Errno> {
    Ok((bytes.to_vec(), 0))
}

#[test]
fn messages_come_one_by_one_and_an_empty_one_is_no_end() {
    each(|guest, peer| {
        assert_eq!(guest.fdstat(SOCKET).0, FileKind::SocketDgram);
        for message in [b"one".as_slice(), b"", b"three", b"", b"five"] {
            peer.send(message);
        }
        // Of sequenced packets the system counts all that wait.
        assert!(matches!(guest.poll(SOCKET, false), (3 | 12, false)));
        assert_eq!(guest.recv(SOCKET, &[2, 50], NONE), received(b"one"));
        assert!(
            matches!(guest.poll(SOCKET, false), (0 | 9, false)),
            "an empty one"
        );
        assert_eq!(guest.recv(SOCKET, &[50], NONE), received(b""));
        assert_eq!(guest.recv(SOCKET, &[50], ALL), received(b"three"));
        assert_eq!(guest.read(SOCKET, 50), Ok(vec![]));
        assert_eq!(guest.read(SOCKET, 50), Ok(b"five".to_vec()));
        guest.set_flags(SOCKET, FdFlags::NONBLOCK);
        assert_eq!(guest.recv(SOCKET, &[50], NONE), Err(Errno::Again));
    });
}

#[test]
fn what_does_not_fit_is_cut_and_that_is_told() {
    each(|guest, peer| {
        for message in [b"0123456789".as_slice(), b"abcd", b"efgh", b"ijkl"] {
            peer.send(message);
        }
        for flags in [PEEK, PEEK | ALL, NONE] {
            let cut = Ok((b"0123".to_vec(), CUT));
            assert_eq!(guest.recv(SOCKET, &[1, 3], flags), cut, "{flags:?}");
        }
        assert_eq!(guest.recv(SOCKET, &[4], NONE), received(b"abcd"), "it fits");
        assert_eq!(guest.read(SOCKET, 2), Ok(b"ef".to_vec()), "nobody is told");
        assert_eq!(
            guest.recv(SOCKET, &[], NONE),
            Ok((vec![], CUT)),
            "no room at all"
        );
        peer.send(b"next");
        assert_eq!(guest.read(SOCKET, 9), Ok(b"next".to_vec()));
    });
}

#[test]
fn receiving_waits_for_a_message() {
    each(|guest, peer| {
        for flags in [NONE, ALL, PEEK] {
            let args = guest.recv_args(SOCKET, &[9], flags);
            assert!(guest.blocks(Syscall::SockRecv, &args), "{flags:?}");
        }
        let sender = thread::spawn(move || {
            for message in [b"one".as_slice(), b"two"] {
                thread::sleep(SHORT);
                peer.send(message);
            }
            peer
        });
        assert_eq!(guest.recv(SOCKET, &[9], ALL), received(b"one"));
        assert_eq!(guest.read(SOCKET, 9), Ok(b"two".to_vec()));
        drop(sender.join().unwrap());
    });
}

#[test]
fn one_call_sends_one_message() {
    each(|guest, peer| {
        assert_eq!(guest.send(SOCKET, b"first"), Ok(5));
        assert_eq!(guest.write(SOCKET, b"second"), Ok(6));
        guest.vectors(&[2, 0, 3]);
        guest.memory[1024..1029].copy_from_slice(b"third");
        let args = [SOCKET.into(), 0, 3, 0, 512];
        assert_eq!(guest.call(Syscall::SockSend, &args), Ok(()));
        let messages = [peer.recv(), peer.recv(), peer.recv()];
        assert_eq!(
            messages,
            [b"first".to_vec(), b"second".to_vec(), b"third".to_vec()]
        );
        assert!(guest.poll(SOCKET, true).0 > 0);
    });
}

#[test]
fn a_message_may_be_empty() {
    each(|guest, peer| {
        assert_eq!(guest.send(SOCKET, b""), Ok(0));
        assert_eq!(guest.write(SOCKET, b""), Ok(0));
        assert_eq!(
            guest.call(Syscall::SockSend, &[SOCKET.into(), 0, 0, 0, 512]),
            Ok(())
        );
        assert_eq!(guest.send(SOCKET, b"end"), Ok(3));
        let messages = [peer.recv(), peer.recv(), peer.recv(), peer.recv()];
        assert_eq!(messages, [vec![], vec![], vec![], b"end".to_vec()]);
    });
}

#[test]
fn a_message_that_is_too_long_is_not_sent_in_parts() {
    let (ours, theirs) = udp();
    let peer = Peer::new(theirs);
    let mut guest = Guest::new(Wasi::builder().socket(host::socket(ours).unwrap()));
    let longest = vec![7; 65_507];
    assert_eq!(guest.send(SOCKET, &[7; 65_508]), Err(Errno::Msgsize));
    assert_eq!(guest.write(SOCKET, &[7; 70_000]), Err(Errno::Msgsize));
    assert_eq!(guest.send(SOCKET, &longest), Ok(65_507));
    assert_eq!(peer.recv(), longest);
}

#[test]
fn a_message_is_not_cut_where_memory_is_shared() {
    let (ours, theirs) = unix();
    let peer = Peer::new(theirs);
    let mut limits = Limits::default();
    limits.bounce = 8;
    let builder = Wasi::builder()
        .limits(limits)
        .socket(host::socket(ours).unwrap());
    let wasi = builder.build().unwrap();
    let memory: Vec<AtomicU8> = (0..128).map(|_| AtomicU8::new(0)).collect();
    memory[0].store(64, Ordering::Relaxed);
    let send = |call, len, args: &[i64]| {
        memory[4].store(len, Ordering::Relaxed);
        match wasi.call(Abi::Preview1, &mut Memory::shared(&memory), call, args) {
            Outcome::Return(number) => Errno::from_number(number),
            other => panic!("{other:?}"),
        }
    };
    let fd = SOCKET.into();
    assert_eq!(
        send(Syscall::SockSend, 9, &[fd, 0, 1, 0, 32]),
        Some(Errno::Msgsize)
    );
    assert_eq!(
        send(Syscall::FdWrite, 9, &[fd, 0, 1, 32]),
        Some(Errno::Msgsize)
    );
    assert_eq!(send(Syscall::SockSend, 8, &[fd, 0, 1, 0, 32]), None);
    assert_eq!(send(Syscall::FdWrite, 7, &[fd, 0, 1, 32]), None);
    assert_eq!([peer.recv(), peer.recv()], [vec![0; 8], vec![0; 7]]);
}

#[test]
fn more_buffers_than_the_system_takes_are_not_two_messages() {
    let (ours, theirs) = unix();
    let peer = Peer::new(theirs);
    let mut limits = Limits::default();
    limits.iovecs = 2000;
    let builder = Wasi::builder()
        .limits(limits)
        .socket(host::socket(ours).unwrap());
    let mut guest = Guest::new(builder);
    // The array, then where each of the buffers is: one byte at 0.
    for at in (0..2000 * 8).step_by(8) {
        guest.memory[20_000 + at + 4] = 1;
    }
    let mut send = |count| guest.call(Syscall::SockSend, &[SOCKET.into(), 20_000, count, 0, 512]);
    assert_eq!(send(1025), Err(Errno::Msgsize));
    assert_eq!(send(1024), Ok(()));
    assert_eq!(peer.recv().len(), 1024);
}

#[test]
fn sending_waits_until_there_is_room() {
    // UDP loses what there is no room for.
    for (ours, theirs) in [unix(), packets()] {
        let mut guest = Guest::new(Wasi::builder().socket(host::socket(ours).unwrap()));
        guest.set_flags(SOCKET, FdFlags::NONBLOCK);
        let message = vec![1; 1000];
        let mut sent = 0;
        let full = loop {
            match guest.send(SOCKET, &message) {
                Ok(count) => sent += usize::from(count == 1000),
                Err(errno) => break errno,
            }
        };
        assert_eq!(full, Errno::Again);
        guest.set_flags(SOCKET, FdFlags::empty());
        let reader = thread::spawn(move || {
            thread::sleep(SHORT);
            let peer = Peer::new(theirs);
            (0..=sent).map(|_| peer.recv().len()).collect::<Vec<_>>()
        });
        assert_eq!(guest.send(SOCKET, &[2; 900]), Ok(900));
        let lens = reader.join().unwrap();
        assert_eq!((lens.len(), lens[sent]), (sent + 1, 900));
    }
}

#[test]
fn nobody_at_the_other_end_is_an_error() {
    let (ours, theirs) = unix();
    drop(theirs);
    let mut guest = Guest::new(Wasi::builder().socket(host::socket(ours).unwrap()));
    for _ in 0..2 {
        let sent = guest.send(SOCKET, b"x");
        assert!(
            matches!(sent, Err(Errno::Connrefused | Errno::Notconn)),
            "{sent:?}"
        );
    }
    let (ours, theirs) = packets();
    drop(theirs);
    let mut guest = Guest::new(Wasi::builder().socket(host::socket(ours).unwrap()));
    assert_eq!(guest.send(SOCKET, b"x"), Err(Errno::Pipe));
    assert_eq!(guest.recv(SOCKET, &[4], NONE), received(b""));
}

#[test]
fn directions_of_a_pair_can_be_shut_down() {
    for (ours, theirs) in [unix(), packets()] {
        let peer = Peer::new(theirs);
        let mut guest = Guest::new(Wasi::builder().socket(host::socket(ours).unwrap()));
        assert_eq!(guest.shutdown(SOCKET, SdFlags::WR.bits()), Ok(()));
        assert_eq!(guest.send(SOCKET, b"x"), Err(Errno::Pipe));
        peer.send(b"still");
        assert_eq!(guest.recv(SOCKET, &[9], NONE), received(b"still"));
        assert_eq!(guest.shutdown(SOCKET, SdFlags::RD.bits()), Ok(()));
        assert_eq!(guest.recv(SOCKET, &[9], NONE), received(b""));
    }
}

#[test]
fn a_wait_ends_when_nothing_more_is_received() {
    for (name, make) in [
        ("udp", udp as fn() -> Pair),
        ("unix", unix),
        ("packets", packets),
    ] {
        println!("{name}");
        let (ours, _theirs) = make();
        let other = ours.try_clone().unwrap();
        let mut guest = Guest::new(Wasi::builder().socket(host::socket(ours).unwrap()));
        let shutting = thread::spawn(move || {
            thread::sleep(SHORT);
            rustix::net::shutdown(&other, rustix::net::Shutdown::Read).unwrap();
        });
        for flags in [NONE, ALL] {
            assert_eq!(guest.recv(SOCKET, &[9], flags), received(b""), "{flags:?}");
        }
        assert_eq!(guest.read(SOCKET, 9), Ok(vec![]));
        assert!(guest.poll(SOCKET, false).1, "the end is a hangup");
        shutting.join().unwrap();
    }
}

#[test]
fn a_socket_that_is_not_connected_receives_only() {
    let ours = UdpSocket::bind("127.0.0.1:0").unwrap();
    let theirs = UdpSocket::bind("127.0.0.1:0").unwrap();
    theirs.connect(ours.local_addr().unwrap()).unwrap();
    let mut guest = Guest::new(Wasi::builder().socket(host::socket(ours).unwrap()));
    theirs.send(b"hello").unwrap();
    assert_eq!(guest.recv(SOCKET, &[9], NONE), received(b"hello"));
    let sent = guest.send(SOCKET, b"x");
    assert!(
        matches!(sent, Err(Errno::Destaddrreq | Errno::Notconn)),
        "{sent:?}"
    );
}
