//! `fd_read`.

use crate::support::{
    Busy, FAULTS, Liar, MAX_OFFSET, MAX32, Probe, a_directory, a_file, answer, blocked,
    check_closed, check_pointer, check_writes, dir, file, gates, memory, open, open_with, poke,
    poke_buffers, resume,
};
use std::io::IoSlice;
use std::sync::Arc;
use std::sync::atomic::AtomicU8;
use std::task::Waker;
use wasi_shim::abi::Syscall::FdRead;
use wasi_shim::abi::{Abi, Errno, FdFlags, OFlags, Rights, Whence};
use wasi_shim::backends::{Capture, Input, pipe};
use wasi_shim::mem::Memory;
use wasi_shim::vfs::Stream;
use wasi_shim::{FaultMode, Limits, Outcome, RightsMode, Trap, Wasi};
use wasi_shim_tests::Guest;
use wasi_shim_tests::trees::{READ_ONLY, ROOT, Tree, on_each};

fn give(stream: &dyn Stream, bytes: &[u8]) {
    assert_eq!(stream.write(&[IoSlice::new(bytes)]), Ok(bytes.len()));
}

#[test]
fn reading_goes_on_where_it_stopped_until_the_end() {
    on_each(|_, guest| {
        let fd = file(guest, "f", b"0123456789");
        for expected in [&b"0123"[..], b"4567", b"89", b"", b""] {
            assert_eq!(guest.fd_read(fd, 4).unwrap(), expected);
        }
        assert_eq!(guest.fd_tell(fd), Ok(10));
        guest.fd_pwrite(fd, &[b"ab"], 10).unwrap();
        assert_eq!(guest.fd_read(fd, 4).unwrap(), b"ab", "the file has grown");
    });
}

#[test]
fn an_empty_buffer_does_not_end_the_reading() {
    // A peer stopped at it (wazero#1402).
    on_each(|_, guest| {
        let fd = file(guest, "f", b"wazero");
        assert_eq!(guest.fd_readv(fd, &[4, 0, 2]).unwrap(), b"wazero");
        guest.fd_seek(fd, 0, Whence::Set).unwrap();
        assert_eq!(guest.fd_readv(fd, &[0, 0, 3, 0, 9]).unwrap(), b"wazero");
        guest.fd_seek(fd, 0, Whence::Set).unwrap();
        assert_eq!(guest.fd_readv(fd, &[]).unwrap(), b"");
        assert_eq!(guest.fd_readv(fd, &[0, 0]).unwrap(), b"");
        assert_eq!(guest.fd_tell(fd), Ok(0));
    });
    let mut guest = Guest::new(Wasi::builder().stdin(Input::new("wazero")));
    assert_eq!(guest.fd_readv(0, &[0, 4, 0, 2]).unwrap(), b"wazero");
}

#[test]
fn each_descriptor_has_an_offset_of_its_own() {
    on_each(|_, guest| {
        let first = file(guest, "f", b"0123456789");
        let second = open(guest, "f", OFlags::empty(), FdFlags::empty());
        assert_eq!(guest.fd_read(first, 4).unwrap(), b"0123");
        assert_eq!(guest.fd_read(second, 2).unwrap(), b"01");
        assert_eq!(guest.fd_read(first, 4).unwrap(), b"4567");
    });
}

#[test]
fn more_buffers_than_the_limit_are_invalid_wherever_they_are() {
    on_each(|_, guest| {
        let data: Vec<u8> = (0..2_000_u32).map(|n| n as u8).collect();
        let fd = file(guest, "f", &data);
        for count in [15, 16, 17, 1_023, 1_024] {
            guest.fd_seek(fd, 0, Whence::Set).unwrap();
            assert_eq!(guest.fd_readv(fd, &vec![1; count]).unwrap(), data[..count]);
        }
        let at = guest.fd_tell(fd);
        assert_eq!(guest.fd_readv(fd, &[1; 1_025]), Err(Errno::Inval));
        for fd in [fd, ROOT, 0] {
            for count in [1_025, 0x2000_0000, MAX32] {
                let found = guest.attempt(FdRead, &[fd.into(), MAX32, count, MAX32]);
                assert_eq!(answer(found), Err(Errno::Inval));
            }
        }
        assert_eq!(guest.fd_tell(fd), at);
    });
}

#[test]
fn buffers_of_more_than_4_gib_together_are_invalid() {
    let (mut guest, fd) = a_file();
    guest.memory = vec![0; 5 << 20];
    let mut buffers = [(0, 1 << 22); 1_024];
    poke_buffers(&mut guest, 1 << 22, &buffers);
    let args = [fd.into(), 1 << 22, 1_024, (1 << 22) + 9_000];
    assert_eq!(answer(guest.attempt(FdRead, &args)), Err(Errno::Inval));
    buffers[1_023].1 -= 1;
    poke_buffers(&mut guest, 1 << 22, &buffers);
    assert_eq!(answer(guest.attempt(FdRead, &args)), Ok(()));
    assert_eq!(guest.u32_at(args[3] as u32), 10);
    assert_eq!(guest.bytes(0, 12), b"0123456789\0\0");
}

#[test]
fn only_the_bytes_read_and_their_number_are_written() {
    on_each(|_, guest| {
        let fd = file(guest, "f", b"0123456789");
        guest.memory.fill(0xaa);
        // The second buffer lies before the first, and the third has room for more than there is.
        poke_buffers(guest, 64, &[(512, 4), (256, 3), (1_024, 100)]);
        let outputs = [(512, 4), (256, 3), (1_024, 3), (128, 4)];
        check_writes(guest, FdRead, &[fd.into(), 64, 3, 128], &outputs);
        assert_eq!(guest.u32_at(128), 10);
        assert_eq!(guest.bytes(512, 4), b"0123");
        assert_eq!(guest.bytes(256, 3), b"456");
        assert_eq!(guest.bytes(1_024, 3), b"789");
    });
}

#[test]
fn buffers_may_lie_in_any_order_and_over_each_other() {
    let data: Vec<u8> = (0..300_000_u32).map(|n| (n % 251) as u8).collect();
    on_each(|_, guest| {
        let fd = file(guest, "f", &data);
        // Later buffers win, as when they are filled one after the other.
        let buffers = [(1_002, 4), (1_000, 4), (1_001, 0), (1_000, 1)];
        poke_buffers(guest, 64, &buffers);
        let args = [fd.into(), 64, 4, 128];
        assert_eq!(answer(guest.attempt(FdRead, &args)), Ok(()));
        assert_eq!(guest.u32_at(128), 9);
        assert_eq!(guest.bytes(1_000, 6), [8, 5, 6, 7, 2, 3]);
        // One byte is enough to be over each other.
        guest.fd_seek(fd, 0, Whence::Set).unwrap();
        poke_buffers(guest, 64, &[(1_000, 4), (1_003, 3)]);
        assert_eq!(
            answer(guest.attempt(FdRead, &[fd.into(), 64, 2, 128])),
            Ok(())
        );
        assert_eq!(guest.bytes(1_000, 6), [0, 1, 2, 4, 5, 6]);
        // The same with more than is copied at a time.
        guest.fd_seek(fd, 0, Whence::Set).unwrap();
        poke_buffers(guest, 64, &[(200_000, 150_000), (100_000, 150_000)]);
        assert_eq!(
            answer(guest.attempt(FdRead, &[fd.into(), 64, 2, 128])),
            Ok(())
        );
        assert_eq!(guest.u32_at(128), 300_000);
        assert!(guest.bytes(100_000, 150_000) == &data[150_000..]);
        assert!(guest.bytes(250_000, 100_000) == &data[50_000..150_000]);
        assert_eq!(guest.fd_tell(fd), Ok(300_000));
    });
}

#[test]
fn a_limit_of_no_bytes_copied_at_a_time_is_one_of_one() {
    let mut limits = Limits::default();
    limits.bounce = 0;
    let mut guest = Guest::new(Tree::memory().builder().limits(limits));
    let fd = file(&mut guest, "f", b"0123456789");
    // Buffers over each other are filled through a copy.
    poke_buffers(&mut guest, 64, &[(256, 4), (257, 3)]);
    assert_eq!(
        answer(guest.attempt(FdRead, &[fd.into(), 64, 2, 128])),
        Ok(())
    );
    assert_eq!((guest.u32_at(128), guest.bytes(256, 4)), (7, &b"0456"[..]));
}

#[test]
fn the_array_of_buffers_may_be_read_over() {
    on_each(|_, guest| {
        let fd = file(guest, "f", &[0xff; 64]);
        poke_buffers(guest, 64, &[(60, 30), (200, 10)]);
        // The count is stored last, here into the first buffer.
        assert_eq!(
            answer(guest.attempt(FdRead, &[fd.into(), 64, 2, 60])),
            Ok(())
        );
        assert_eq!(guest.u32_at(60), 40);
        assert_eq!(guest.bytes(64, 26), [0xff; 26]);
        assert_eq!(guest.bytes(200, 10), [0xff; 10]);
    });
}

#[test]
fn a_large_read_is_whole_even_in_a_memory_that_others_write() {
    on_each(|_, guest| {
        let data: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
        let fd = file(guest, "f", &data);
        poke_buffers(guest, 64, &[(1_024, 300_000)]);
        let shared: Vec<AtomicU8> = guest.memory.iter().map(|byte| (*byte).into()).collect();
        let args = [fd.into(), 64, 1, 128];
        let outcome = guest
            .wasi
            .call(Abi::Preview1, &mut Memory::shared(&shared), FdRead, &args);
        assert_eq!(answer(outcome), Ok(()));
        guest.memory = shared.into_iter().map(AtomicU8::into_inner).collect();
        assert_eq!(guest.u32_at(128), 200_000);
        assert!(guest.bytes(1_024, 200_000) == data);
        assert_eq!(guest.fd_tell(fd), Ok(200_000));
    });
}

#[test]
fn reading_at_the_largest_offset_is_the_end() {
    on_each(|_, guest| {
        let fd = file(guest, "f", b"x");
        guest.fd_seek(fd, i64::MAX, Whence::Set).unwrap();
        assert_eq!(guest.fd_read(fd, 100).unwrap(), b"");
        assert_eq!(guest.fd_tell(fd), Ok(MAX_OFFSET));
    });
}

#[test]
fn a_directory_cannot_be_read() {
    on_each(|_, guest| {
        let sub = dir(guest, "d");
        for fd in [ROOT, READ_ONLY, sub] {
            assert_eq!(guest.fd_read(fd, 4), Err(Errno::Isdir));
            assert_eq!(guest.fd_readv(fd, &[]), Err(Errno::Isdir));
        }
    });
}

#[test]
fn it_takes_the_right_to_read_and_no_other() {
    let args = [64, 1, 128];
    assert_eq!(gates(a_file, FdRead, &args), Rights::FD_READ);
    assert_eq!(gates(a_directory, FdRead, &args), Rights::empty());
    assert_eq!(
        gates(|| (memory(FaultMode::Trap), 0), FdRead, &args),
        Rights::FD_READ
    );
    // Standard output was given for writing.
    let mut guest = memory(FaultMode::Trap);
    assert_eq!(guest.fd_read(1, 4), Err(Errno::Notcapable));
    assert_eq!(guest.fd_read(1, 0), Err(Errno::Notcapable));
}

#[test]
fn without_enforced_rights_what_was_not_opened_for_reading_is_a_bad_descriptor() {
    let mut guest = Guest::new(Tree::memory().builder().rights(RightsMode::ReadWriteOnly));
    file(&mut guest, "f", b"x");
    let fd = open_with(&mut guest, ROOT, "f", Rights::FD_WRITE).unwrap();
    assert_eq!(guest.fd_read(fd, 4), Err(Errno::Badf));
    assert_eq!(guest.fd_read(1, 4), Err(Errno::Badf));
    let fd = open_with(&mut guest, READ_ONLY, "f", Rights::FD_READ).unwrap();
    assert_eq!(guest.fd_read(fd, 4).unwrap(), b"x");
}

#[test]
fn an_error_leaves_the_offset_where_it_was() {
    let probe = Probe::new(&[]);
    let (mut guest, fd) = probe.guest();
    guest.fd_read(fd, 3).unwrap();
    probe.answer(Err(Errno::Io));
    assert_eq!(guest.fd_readv(fd, &[2, 2]), Err(Errno::Io));
    assert_eq!(probe.asked(), ["read 3 at 0", "read 2 at 3"]);
    assert_eq!(guest.fd_tell(fd), Ok(3));
}

#[test]
fn a_stream_gives_what_it_has_and_ends_when_it_has_no_more() {
    let mut guest = Guest::new(Wasi::builder().stdin(Input::new("0123456789")));
    assert_eq!(guest.fd_readv(0, &[2, 3]).unwrap(), b"01234");
    assert_eq!(guest.fd_read(0, 100).unwrap(), b"56789");
    assert_eq!(guest.fd_read(0, 100).unwrap(), b"");
    let mut guest = memory(FaultMode::Trap);
    assert_eq!(
        guest.fd_read(0, 100).unwrap(),
        b"",
        "no input is an empty one"
    );
    // A stream that cannot be read says so itself.
    let mut guest = Guest::new(Wasi::builder().stdin(Capture::new(1)));
    assert_eq!(guest.fd_read(0, 1), Err(Errno::Badf));
}

#[test]
fn an_empty_pipe_makes_a_reader_wait_and_then_gives_what_came() {
    let (reader, writer) = pipe(8);
    let mut guest = Guest::new(Wasi::builder().stdin(reader));
    guest.memory.fill(0xaa);
    poke_buffers(&mut guest, 64, &[(256, 2), (512, 100)]);
    let before = guest.memory.clone();
    let mut wait = blocked(guest.attempt(FdRead, &[0, 64, 2, 128]));
    assert_eq!(wait.syscall(), FdRead);
    assert!(wait.deadlines().is_empty() && wait.timeout().is_none());
    assert!(!wait.is_ready(Waker::noop(), &mut Vec::new()));
    // Going on too early is waiting again.
    wait = blocked(resume(&mut guest, wait));
    assert!(guest.memory == before, "nothing was read so far");
    give(&*writer, b"abc");
    assert!(wait.is_ready(Waker::noop(), &mut Vec::new()));
    assert_eq!(answer(resume(&mut guest, wait)), Ok(()));
    assert_eq!((guest.u32_at(128), guest.bytes(256, 2)), (3, &b"ab"[..]));
    assert_eq!(guest.bytes(512, 2), b"c\xaa");
    // What is there is given without waiting for the buffers to be full.
    give(&*writer, b"de");
    assert_eq!(guest.fd_read(0, 100).unwrap(), b"de");
}

#[test]
fn a_reader_who_waits_learns_that_the_writer_has_gone() {
    let (reader, writer) = pipe(8);
    let mut guest = Guest::new(Wasi::builder().stdin(reader));
    poke_buffers(&mut guest, 64, &[(256, 4)]);
    let wait = blocked(guest.attempt(FdRead, &[0, 64, 1, 128]));
    drop(writer);
    assert!(wait.is_ready(Waker::noop(), &mut Vec::new()));
    assert_eq!(answer(resume(&mut guest, wait)), Ok(()));
    assert_eq!(guest.u32_at(128), 0);
}

#[test]
fn reading_no_bytes_never_waits() {
    let mut guest = Guest::new(Wasi::builder().stdin(Arc::new(Busy)));
    assert_eq!(guest.fd_readv(0, &[]).unwrap(), b"");
    assert_eq!(guest.fd_readv(0, &[0, 0]).unwrap(), b"");
    poke_buffers(&mut guest, 64, &[(256, 1)]);
    blocked(guest.attempt(FdRead, &[0, 64, 1, 128]));
}

#[test]
fn a_stream_that_claims_too_much_is_not_believed() {
    let mut guest = Guest::new(Wasi::builder().stdin(Arc::new(Liar)));
    assert_eq!(guest.fd_readv(0, &[2, 3]).unwrap(), [0; 5]);
}

#[test]
fn who_must_not_wait_is_told_to_come_again() {
    let (reader, writer) = pipe(8);
    let mut guest = Guest::new(Wasi::builder().stdin(reader));
    guest.fd_fdstat_set_flags(0, FdFlags::NONBLOCK).unwrap();
    assert_eq!(guest.fd_read(0, 4), Err(Errno::Again));
    give(&*writer, b"abc");
    assert_eq!(guest.fd_read(0, 4).unwrap(), b"abc");
    assert_eq!(guest.fd_read(0, 4), Err(Errno::Again));
    drop(writer);
    assert_eq!(guest.fd_read(0, 4).unwrap(), b"");
}

#[test]
fn a_reader_who_waits_is_ended_with_the_guest() {
    let (reader, writer) = pipe(8);
    let mut guest = Guest::new(Wasi::builder().stdin(reader));
    poke_buffers(&mut guest, 64, &[(256, 4)]);
    let wait = blocked(guest.attempt(FdRead, &[0, 64, 1, 128]));
    guest.wasi.cancel();
    assert!(wait.is_ready(Waker::noop(), &mut Vec::new()));
    give(&*writer, b"late");
    assert!(matches!(
        resume(&mut guest, wait),
        Outcome::Trap(Trap::Cancelled)
    ));
    assert_eq!(guest.bytes(256, 4), [0; 4]);
}

#[test]
fn a_bad_pointer_is_refused_and_nothing_is_read() {
    for faults in FAULTS {
        let mut guest = memory(faults);
        let fd = file(&mut guest, "f", b"0123456789");
        guest.memory.fill(0xaa);
        poke_buffers(&mut guest, 64, &[(256, 4), (512, 4)]);
        let args = [fd.into(), 64, 2, 128];
        check_pointer((&mut guest, faults), FdRead, &args, 1, (16, 4));
        check_pointer((&mut guest, faults), FdRead, &args, 3, (4, 4));
        assert_eq!(guest.fd_tell(fd), Ok(0));
    }
}

#[test]
fn a_bad_buffer_is_refused_before_the_good_ones_are_filled() {
    let (mut guest, fd) = a_file();
    let size = guest.memory.len() as u64;
    let end = size as u32;
    for (address, len) in [
        (end - 1, 2),
        (end, 1),
        (end + 1, 0),
        (u32::MAX, 1),
        (u32::MAX, u32::MAX),
        (0, 0x8000_0000),
        (256, u32::MAX),
    ] {
        poke_buffers(&mut guest, 64, &[(256, 4), (address, len), (512, 4)]);
        let before = guest.memory.clone();
        let len = u64::from(len);
        match guest.attempt(FdRead, &[fd.into(), 64, 3, 128]) {
            Outcome::Trap(trap) => {
                assert_eq!(
                    trap,
                    Trap::OutOfBounds {
                        call: FdRead,
                        address,
                        len,
                        size
                    }
                );
            }
            outcome => panic!("{address:#x} + {len} was taken: {:?}", answer(outcome)),
        }
        assert!(guest.memory == before);
        assert_eq!(guest.fd_tell(fd), Ok(0));
    }
}

#[test]
#[cfg(target_pointer_width = "64")]
fn a_buffer_may_end_where_32_bits_do() {
    let (mut guest, fd) = a_file();
    guest.memory = vec![0; 1 << 32];
    for (len, expected) in [(4, Some(())), (5, None)] {
        poke(&mut guest, 64, &(u32::MAX - 3).to_le_bytes());
        poke(&mut guest, 68, &[len, 0, 0, 0]);
        let found = match guest.attempt(FdRead, &[fd.into(), 64, 1, 128]) {
            Outcome::Trap(_) => None,
            outcome => answer(outcome).ok(),
        };
        assert_eq!(found, expected);
    }
    assert_eq!(guest.bytes(u32::MAX - 3, 4), b"0123");
}

#[test]
fn what_is_not_open_cannot_be_read() {
    check_closed(FdRead, &[64, 1, 128]);
    check_closed(FdRead, &[MAX32, MAX32, MAX32]);
}
