//! Messages that are received whole, or left where they are.
#![cfg(all(unix, feature = "host"))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

use std::os::unix::net::UnixDatagram;
use std::sync::atomic::{AtomicU8, Ordering};
use wasi_shim::abi::{Abi, Errno, RoFlags, Syscall};
use wasi_shim::mem::Memory;
use wasi_shim::{Limits, Outcome, Wasi, host};

mod guest_kit;
use guest_kit::Guest;
mod socket_kit;
use socket_kit::{packets, udp, unix};

const SOCKET: u32 = 3;
const CUT: u8 = RoFlags::RECV_DATA_TRUNCATED.bits() as u8;

#[test]
fn what_there_is_room_for_is_not_cut_where_memory_is_shared() {
    for (ours, theirs) in [udp(), unix(), packets()] {
        let peer = UnixDatagram::from(theirs);
        let mut limits = Limits::default();
        limits.bounce = 8;
        let builder = Wasi::builder()
            .limits(limits)
            .socket(host::socket(ours).unwrap());
        let wasi = builder.build().unwrap();
        let memory: Vec<AtomicU8> = (0..128).map(|_| AtomicU8::new(0)).collect();
        let byte = |at: usize| memory[at].load(Ordering::Relaxed);
        memory[0].store(64, Ordering::Relaxed);
        // The count and the flags, or an error.
        let receive = |call, len, args: &[i64]| {
            memory[4].store(len, Ordering::Relaxed);
            memory[36].store(0, Ordering::Relaxed);
            let answer = wasi.call(Abi::Preview1, &mut Memory::shared(&memory), call, args);
            match answer {
                Outcome::Return(0) => Ok((byte(32), byte(36))),
                Outcome::Return(number) => Err(Errno::from_number(number).unwrap()),
                other => panic!("{other:?}"),
            }
        };
        let fd = SOCKET.into();
        let recv = |len| receive(Syscall::SockRecv, len, &[fd, 0, 1, 0, 32, 36]);
        let read = |len| receive(Syscall::FdRead, len, &[fd, 0, 1, 32]);
        for message in [
            b"123456789".as_slice(),
            b"123456789",
            b"12345678",
            b"1234567",
        ] {
            peer.send(message).unwrap();
        }
        for _ in 0..2 {
            assert_eq!(recv(20), Err(Errno::Msgsize), "it stays");
            assert_eq!(read(9), Err(Errno::Msgsize), "it stays");
        }
        // As much as can be copied at once is all that is asked for: what does not fit is cut, as ever.
        assert_eq!(recv(8), Ok((8, CUT)));
        assert_eq!(read(8), Ok((8, 0)));
        assert_eq!(recv(20), Ok((8, 0)));
        assert_eq!(read(20), Ok((7, 0)));
    }
}

#[test]
fn what_there_is_room_for_is_not_cut_where_buffers_are_in_no_order() {
    let (ours, theirs) = unix();
    let peer = UnixDatagram::from(theirs);
    let mut limits = Limits::default();
    limits.bounce = 8;
    let builder = Wasi::builder()
        .limits(limits)
        .socket(host::socket(ours).unwrap());
    let mut guest = Guest::new(builder);
    // Five bytes at 40, then five at 30.
    guest.memory[..16].copy_from_slice(&[40, 0, 0, 0, 5, 0, 0, 0, 30, 0, 0, 0, 5, 0, 0, 0]);
    peer.send(b"123456789").unwrap();
    let fd = SOCKET.into();
    assert_eq!(
        guest.call(Syscall::FdRead, &[fd, 0, 2, 64]),
        Err(Errno::Msgsize)
    );
    guest.memory[8] = 45;
    assert_eq!(guest.call(Syscall::FdRead, &[fd, 0, 2, 64]), Ok(()));
    assert_eq!(&guest.memory[40..50], b"123456789\0");
}

#[test]
fn what_there_is_room_for_is_not_cut_where_the_system_takes_fewer_buffers() {
    let (ours, theirs) = unix();
    let peer = UnixDatagram::from(theirs);
    let mut limits = Limits::default();
    limits.iovecs = 2000;
    let builder = Wasi::builder()
        .limits(limits)
        .socket(host::socket(ours).unwrap());
    let mut guest = Guest::new(builder);
    // The array, then where each of the buffers is: one byte after the other from 40,000 on.
    for index in 0..2000 {
        let at = 20_000 + index * 8;
        let buf = (40_000 + index as u32).to_le_bytes();
        guest.memory[at..at + 4].copy_from_slice(&buf);
        guest.memory[at + 4] = 1;
    }
    peer.send(&[7; 1025]).unwrap();
    peer.send(&[8; 1024]).unwrap();
    let fd = SOCKET.into();
    let recv =
        |guest: &mut Guest, count| guest.call(Syscall::SockRecv, &[fd, 20_000, count, 0, 512, 516]);
    let read = |guest: &mut Guest, count| guest.call(Syscall::FdRead, &[fd, 20_000, count, 512]);
    assert_eq!(recv(&mut guest, 1025), Err(Errno::Msgsize));
    assert_eq!(read(&mut guest, 2000), Err(Errno::Msgsize));
    assert_eq!(read(&mut guest, 1024), Ok(()), "it is cut");
    assert_eq!(read(&mut guest, 1025), Ok(()));
    assert_eq!(
        guest.memory[40_000..41_025],
        [vec![8; 1024], vec![0]].concat()
    );
}
