//! `sock_send`.

use crate::sockets::{SOCKET, check_descriptors, check_right_is_enough, datagrams, stream};
use std::io::Read as _;
use wasi_shim::abi::{Errno, FdFlags, Rights, SdFlags, Syscall};
use wasi_shim::mem::Memory;
use wasi_shim::{Outcome, Trap};
use wasi_shim_tests::Guest;

/// Arguments that send `len` bytes from 4096 on, with the result at 512.
fn from_one(guest: &mut Guest, fd: i64, len: u32) -> Vec<i64> {
    let mut iovec = 4096_u32.to_le_bytes().to_vec();
    iovec.extend(len.to_le_bytes());
    let iovec = guest.put(&iovec);
    vec![fd, iovec.into(), 1, 0, 512]
}

#[test]
fn it_wants_a_connected_socket() {
    check_descriptors(Syscall::SockSend, Rights::FD_WRITE, |guest, fd| {
        from_one(guest, fd, 1)
    });
    let (mut guest, mut other) = stream();
    check_right_is_enough(&mut guest, Rights::FD_WRITE);
    assert_eq!(guest.sock_send(SOCKET, &[b"x"], 0), Ok(1));
    drop(guest);
    let mut found = String::new();
    other.read_to_string(&mut found).expect("received");
    assert_eq!(found, "x");
}

#[test]
fn bytes_come_from_all_buffers() {
    let (mut guest, mut other) = stream();
    assert_eq!(guest.sock_send(SOCKET, &[], 0), Ok(0));
    assert_eq!(guest.sock_send(SOCKET, &[b"", b""], 0), Ok(0));
    assert_eq!(guest.sock_send(SOCKET, &[b"abc", b"", b"def"], 0), Ok(6));
    assert_eq!(
        guest.fd_write(SOCKET, "ghi"),
        Ok(3),
        "it is a stream like others"
    );
    let mut found = [0; 9];
    other.read_exact(&mut found).expect("received");
    assert_eq!(&found, b"abcdefghi");
}

#[test]
fn a_message_is_sent_in_one_piece() {
    let (mut guest, other) = datagrams();
    assert_eq!(guest.sock_send(SOCKET, &[b"abc", b"def"], 0), Ok(6));
    assert_eq!(guest.sock_send(SOCKET, &[b"g"], 0), Ok(1));
    let mut found = [0; 100];
    assert_eq!(other.recv(&mut found).expect("received"), 6);
    assert_eq!(&found[..6], b"abcdef");
    assert_eq!(other.recv(&mut found).expect("received"), 1);
}

#[test]
fn all_is_sent_however_often_that_takes_waiting() {
    let (mut guest, mut other) = stream();
    other.set_nonblocking(true).expect("a flag");
    let len = guest.memory.len() - 4096;
    let content: Vec<u8> = (0..len).map(|index| (index % 251) as u8).collect();
    guest.memory[4096..].copy_from_slice(&content);
    let args = from_one(&mut guest, SOCKET.into(), len as u32);
    let mut outcome = guest.attempt(Syscall::SockSend, &args);
    let (mut found, mut waited) = (Vec::new(), 0);
    while let Outcome::Block(waiting) = outcome {
        waited += 1;
        let _would_block = other.read_to_end(&mut found);
        waiting.wait();
        outcome = waiting.resume(&mut Memory::new(&mut guest.memory));
    }
    assert!(matches!(outcome, Outcome::Return(0)) && waited > 0);
    assert_eq!(guest.u32_at(512) as usize, len);
    drop(guest);
    other.read_to_end(&mut found).expect("the rest");
    assert!(found == content, "nothing twice, nothing lost");
}

#[test]
fn what_may_not_wait_sends_what_fits() {
    let (mut guest, _other) = stream();
    guest
        .fd_fdstat_set_flags(SOCKET, FdFlags::NONBLOCK)
        .expect("a flag");
    let args = from_one(&mut guest, SOCKET.into(), 1 << 19);
    assert_eq!(guest.call(Syscall::SockSend, &args), Ok(()));
    let sent = guest.u32_at(512);
    assert!(sent > 0 && sent < 1 << 19, "{sent}");
    while guest.call(Syscall::SockSend, &args).is_ok() {}
    assert_eq!(guest.call(Syscall::SockSend, &args), Err(Errno::Again));
}

#[test]
fn nobody_at_the_other_end_is_an_error_and_no_signal() {
    let (mut guest, other) = stream();
    drop(other);
    assert_eq!(guest.sock_send(SOCKET, &[b"x"], 0), Err(Errno::Pipe));
    assert_eq!(guest.fd_write(SOCKET, "x"), Err(Errno::Pipe));
    let (mut guest, _other) = stream();
    guest.sock_shutdown(SOCKET, SdFlags::WR).expect("closed");
    assert_eq!(guest.sock_send(SOCKET, &[b"x"], 0), Err(Errno::Pipe));
}

#[test]
fn flags_and_too_many_buffers_are_refused() {
    let (mut guest, mut other) = stream();
    for bit in 0..32 {
        assert_eq!(
            guest.sock_send(SOCKET, &[b"x"], 1 << bit),
            Err(Errno::Inval),
            "bit {bit}"
        );
    }
    let parts = [&b"x"[..]; 1025];
    assert_eq!(guest.sock_send(SOCKET, &parts, 0), Err(Errno::Inval));
    assert_eq!(guest.sock_send(SOCKET, &parts[..1024], 0), Ok(1024));
    drop(guest);
    let mut found = Vec::new();
    other.read_to_end(&mut found).expect("received");
    assert_eq!(found.len(), 1024, "nothing else was sent");
}

#[test]
fn bad_pointers_trap_and_send_nothing() {
    let (mut guest, mut other) = stream();
    let end = guest.memory.len() as i64;
    let good = from_one(&mut guest, SOCKET.into(), 3);
    for (index, pointer, misaligned) in [
        (1, end, false),
        (1, 18, true),
        (4, end, false),
        (4, 514, true),
    ] {
        let mut args = good.clone();
        args[index] = pointer;
        let Outcome::Trap(trap) = guest.attempt(Syscall::SockSend, &args) else {
            panic!("{args:?} did not trap");
        };
        assert_eq!(
            matches!(trap, Trap::Misaligned { .. }),
            misaligned,
            "{trap}"
        );
    }
    let iovecs = guest.put(&[0, 1, 0, 0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0]);
    let outcome = guest.attempt(
        Syscall::SockSend,
        &[SOCKET.into(), iovecs.into(), 2, 0, 512],
    );
    assert!(matches!(outcome, Outcome::Trap(Trap::OutOfBounds { .. })));
    drop(guest);
    let mut found = Vec::new();
    other.read_to_end(&mut found).expect("received");
    assert!(found.is_empty());
}
