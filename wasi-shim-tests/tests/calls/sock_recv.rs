//! `sock_recv`.

use crate::sockets::{
    SOCKET, blocked, check_descriptors, check_right_is_enough, datagrams, stream,
};
use std::io::Write as _;
use wasi_shim::abi::{Errno, FdFlags, RiFlags, Rights, RoFlags, Syscall};
use wasi_shim::mem::Memory;
use wasi_shim::{Outcome, Trap};
use wasi_shim_tests::Guest;

const PLAIN: RiFlags = RiFlags::empty();
const ALL: RiFlags = RiFlags::RECV_WAITALL;
const PEEK: RiFlags = RiFlags::RECV_PEEK;

/// Arguments that receive `len` bytes at 256, with the results at 512 and 516.
fn into_one(guest: &mut Guest, fd: i64, len: u32, flags: RiFlags) -> Vec<i64> {
    let mut iovec = 256_u32.to_le_bytes().to_vec();
    iovec.extend(len.to_le_bytes());
    let iovec = guest.put(&iovec);
    vec![fd, iovec.into(), 1, flags.bits().into(), 512, 516]
}

fn hasty(guest: &mut Guest) {
    guest
        .fd_fdstat_set_flags(SOCKET, FdFlags::NONBLOCK)
        .expect("a flag");
}

#[test]
fn it_wants_a_connected_socket() {
    check_descriptors(Syscall::SockRecv, Rights::FD_READ, |guest, fd| {
        into_one(guest, fd, 1, PLAIN)
    });
    let (mut guest, mut other) = stream();
    check_right_is_enough(&mut guest, Rights::FD_READ);
    other.write_all(b"x").expect("sent");
    assert_eq!(
        guest.sock_recv(SOCKET, &[1], PLAIN),
        Ok((b"x".to_vec(), RoFlags::empty()))
    );
}

#[test]
fn bytes_go_to_all_buffers_and_the_end_is_no_byte() {
    let (mut guest, mut other) = stream();
    other.write_all(b"0123456789").expect("sent");
    let found = guest.sock_recv(SOCKET, &[3, 0, 4], PLAIN);
    assert_eq!(found, Ok((b"0123456".to_vec(), RoFlags::empty())));
    assert_eq!(
        guest.sock_recv(SOCKET, &[], PLAIN),
        Ok((Vec::new(), RoFlags::empty()))
    );
    assert_eq!(
        guest.sock_recv(SOCKET, &[0], PLAIN),
        Ok((Vec::new(), RoFlags::empty()))
    );
    let found = guest.sock_recv(SOCKET, &[100], PLAIN);
    assert_eq!(
        found,
        Ok((b"789".to_vec(), RoFlags::empty())),
        "what is there"
    );
    drop(other);
    for flags in [PLAIN, PEEK, ALL] {
        assert_eq!(
            guest.sock_recv(SOCKET, &[100], flags),
            Ok((Vec::new(), RoFlags::empty()))
        );
    }
}

#[test]
fn peeking_takes_nothing_away() {
    let (mut guest, mut other) = stream();
    other.write_all(b"abc").expect("sent");
    for flags in [PEEK, PEEK, PEEK | ALL] {
        let found = guest.sock_recv(SOCKET, &[10], flags);
        assert_eq!(found, Ok((b"abc".to_vec(), RoFlags::empty())), "{flags:?}");
    }
    assert_eq!(
        guest.sock_recv(SOCKET, &[2], PEEK),
        Ok((b"ab".to_vec(), RoFlags::empty()))
    );
    assert_eq!(
        guest.sock_recv(SOCKET, &[10], PLAIN),
        Ok((b"abc".to_vec(), RoFlags::empty()))
    );
    hasty(&mut guest);
    assert_eq!(guest.sock_recv(SOCKET, &[10], PEEK), Err(Errno::Again));
}

#[test]
fn waiting_for_all_takes_several_sends() {
    let (mut guest, mut other) = stream();
    let args = into_one(&mut guest, SOCKET.into(), 9, ALL);
    let mut outcome = guest.attempt(Syscall::SockRecv, &args);
    for part in [b"abc", b"def", b"ghi"] {
        let waiting = blocked(outcome);
        assert!(waiting.deadlines().is_empty());
        other.write_all(part).expect("sent");
        waiting.wait();
        outcome = waiting.resume(&mut Memory::new(&mut guest.memory));
    }
    assert!(matches!(outcome, Outcome::Return(0)));
    assert_eq!(
        (guest.u32_at(512), guest.bytes(256, 9)),
        (9, &b"abcdefghi"[..])
    );
    // The end of the stream is the end of the waiting.
    let outcome = guest.attempt(Syscall::SockRecv, &args);
    other.write_all(b"xy").expect("sent");
    drop(other);
    let waiting = blocked(outcome);
    waiting.wait();
    let outcome = waiting.resume(&mut Memory::new(&mut guest.memory));
    assert!(matches!(outcome, Outcome::Return(0)));
    assert_eq!((guest.u32_at(512), guest.bytes(256, 2)), (2, &b"xy"[..]));
}

#[test]
fn what_may_not_wait_says_so() {
    let (mut guest, mut other) = stream();
    let args = into_one(&mut guest, SOCKET.into(), 4, PLAIN);
    blocked(guest.attempt(Syscall::SockRecv, &args));
    hasty(&mut guest);
    for flags in [PLAIN, ALL, PEEK] {
        assert_eq!(
            guest.sock_recv(SOCKET, &[4], flags),
            Err(Errno::Again),
            "{flags:?}"
        );
    }
    other.write_all(b"ab").expect("sent");
    assert_eq!(
        guest.sock_recv(SOCKET, &[4], ALL),
        Ok((b"ab".to_vec(), RoFlags::empty()))
    );
}

#[test]
fn waiting_for_all_does_not_glue_messages_together() {
    let (mut guest, other) = datagrams();
    for message in ["one", "two", "too long for it"] {
        other.send(message.as_bytes()).expect("sent");
    }
    let mut next = || guest.sock_recv(SOCKET, &[8], ALL);
    assert_eq!(next(), Ok((b"one".to_vec(), RoFlags::empty())));
    assert_eq!(next(), Ok((b"two".to_vec(), RoFlags::empty())));
    let cut = RoFlags::RECV_DATA_TRUNCATED;
    assert_eq!(next(), Ok((b"too long".to_vec(), cut)));
}

#[test]
fn messages_that_are_cut_are_reported() {
    let (mut guest, other) = datagrams();
    for message in ["0123456789", "abc", "x"] {
        other.send(message.as_bytes()).expect("sent");
    }
    let found = guest.sock_recv(SOCKET, &[2, 2], PEEK);
    assert_eq!(found, Ok((b"0123".to_vec(), RoFlags::RECV_DATA_TRUNCATED)));
    let found = guest.sock_recv(SOCKET, &[2, 2], PLAIN);
    assert_eq!(found, Ok((b"0123".to_vec(), RoFlags::RECV_DATA_TRUNCATED)));
    assert_eq!(
        guest.sock_recv(SOCKET, &[3], PLAIN),
        Ok((b"abc".to_vec(), RoFlags::empty()))
    );
    assert_eq!(
        guest.sock_recv(SOCKET, &[3], PLAIN),
        Ok((b"x".to_vec(), RoFlags::empty()))
    );
}

#[test]
fn flags_nobody_knows_and_too_many_buffers_are_refused() {
    let (mut guest, mut other) = stream();
    other.write_all(b"x").expect("sent");
    for bit in 2..32 {
        let mut args = into_one(&mut guest, SOCKET.into(), 1, PLAIN);
        args[3] = 1 << bit;
        assert_eq!(
            guest.call(Syscall::SockRecv, &args),
            Err(Errno::Inval),
            "bit {bit}"
        );
    }
    assert_eq!(
        guest.sock_recv(SOCKET, &[1; 1025], PLAIN),
        Err(Errno::Inval)
    );
    let found = guest.sock_recv(SOCKET, &[1; 1024], PLAIN);
    assert_eq!(
        found,
        Ok((b"x".to_vec(), RoFlags::empty())),
        "nothing was lost"
    );
}

#[test]
fn bad_pointers_trap_and_lose_nothing() {
    let (mut guest, mut other) = stream();
    other.write_all(b"abc").expect("sent");
    let end = guest.memory.len() as i64;
    let good = into_one(&mut guest, SOCKET.into(), 3, PLAIN);
    for (index, pointer, misaligned) in [
        (1, end, false),
        (1, end - 7, true),
        (1, 18, true),
        (4, end, false),
        (4, 514, true),
        (5, end, false),
        (5, end - 1, false),
        (5, 517, true),
    ] {
        let mut args = good.clone();
        args[index] = pointer;
        let Outcome::Trap(trap) = guest.attempt(Syscall::SockRecv, &args) else {
            panic!("{args:?} did not trap");
        };
        let both = pointer == end - 7;
        assert!(
            both || matches!(trap, Trap::Misaligned { .. }) == misaligned,
            "{trap}"
        );
    }
    // A buffer that is not there.
    let iovecs = guest.put(&[0, 1, 0, 0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0]);
    let outcome = guest.attempt(
        Syscall::SockRecv,
        &[SOCKET.into(), iovecs.into(), 2, 0, 512, 516],
    );
    assert!(matches!(outcome, Outcome::Trap(Trap::OutOfBounds { .. })));
    assert_eq!(
        guest.sock_recv(SOCKET, &[3], PLAIN),
        Ok((b"abc".to_vec(), RoFlags::empty()))
    );
}
