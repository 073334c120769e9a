//! `fd_write`.

use crate::support::{
    Busy, FAULTS, Liar, MAX_OFFSET, MAX32, Probe, a_directory, a_file, answer, blocked,
    check_closed, check_pointer, check_writes, content, dir, drain, file, gates, memory, open,
    open_with, poke, poke_buffers, resume,
};
use std::sync::Arc;
use std::sync::atomic::AtomicU8;
use std::task::Waker;
use wasi_shim::abi::Syscall::FdWrite;
use wasi_shim::abi::{Abi, Errno, FdFlags, OFlags, Rights, Whence};
use wasi_shim::backends::{Capture, Input, MemDir, pipe};
use wasi_shim::mem::Memory;
use wasi_shim::{Access, FaultMode, Outcome, RightsMode, Trap, Wasi};
use wasi_shim_tests::Guest;
use wasi_shim_tests::trees::{READ_ONLY, ROOT, Tree, on_each};

#[test]
fn writing_goes_on_where_it_stopped_and_over_what_is_there() {
    on_each(|_, guest| {
        let fd = file(guest, "f", b"0123456789");
        assert_eq!(guest.fd_write(fd, "ab"), Ok(2));
        assert_eq!(guest.fd_writev(fd, &[b"c", b"", b"de"]), Ok(3));
        assert_eq!(content(guest, "f"), b"abcde56789");
        guest.fd_seek(fd, 9, Whence::Set).unwrap();
        assert_eq!(guest.fd_write(fd, "XY"), Ok(2));
        assert_eq!(content(guest, "f"), b"abcde5678XY");
        assert_eq!(guest.fd_tell(fd), Ok(11));
    });
}

#[test]
fn with_append_every_write_goes_to_the_end_and_so_does_the_offset() {
    on_each(|_, guest| {
        let other = file(guest, "f", b"0123");
        let fd = open(guest, "f", OFlags::empty(), FdFlags::APPEND);
        assert_eq!(guest.fd_writev(fd, &[b"a", b"b"]), Ok(2));
        assert_eq!(guest.fd_tell(fd), Ok(6));
        // The end is wherever others have put it.
        guest.fd_pwrite(other, &[b"XYZ"], 6).unwrap();
        guest.fd_seek(fd, 1, Whence::Set).unwrap();
        assert_eq!(guest.fd_write(fd, "c"), Ok(1));
        assert_eq!(guest.fd_tell(fd), Ok(10));
        assert_eq!(content(guest, "f"), b"0123abXYZc");
        // No bytes go nowhere.
        guest.fd_seek(fd, 2, Whence::Set).unwrap();
        assert_eq!(guest.fd_write(fd, ""), Ok(0));
        assert_eq!(guest.fd_tell(fd), Ok(2));
    });
}

#[test]
fn a_write_is_one_operation_however_many_buffers_there_are() {
    let out = Capture::new(100);
    let probe = Probe::new(&[]);
    let (mut guest, fd) = probe.guest();
    guest.fd_fdstat_set_flags(fd, FdFlags::APPEND).unwrap();
    assert_eq!(guest.fd_writev(fd, &[&b"x"[..]; 40]), Ok(40));
    assert_eq!(probe.asked(), ["append 40"]);
    let mut guest = Guest::new(Wasi::builder().stdout(out.clone()));
    assert_eq!(
        guest.fd_writev(1, &[b"Hello", b", ", b"", b"world", b"\n"]),
        Ok(13)
    );
    assert_eq!(out.contents(), b"Hello, world\n");
}

#[test]
fn more_buffers_than_the_limit_are_invalid_wherever_they_are() {
    on_each(|_, guest| {
        let fd = file(guest, "f", b"");
        let parts: Vec<[u8; 1]> = (0..1_025_u32).map(|n| [n as u8]).collect();
        let parts: Vec<&[u8]> = parts.iter().map(|part| &part[..]).collect();
        for count in [0, 15, 16, 17, 1_023, 1_024] {
            guest.fd_seek(fd, 0, Whence::Set).unwrap();
            assert_eq!(guest.fd_writev(fd, &parts[..count]), Ok(count));
            assert_eq!(
                guest.fd_pread(fd, &[count], 0).unwrap(),
                parts[..count].concat()
            );
        }
        assert_eq!(guest.fd_writev(fd, &parts), Err(Errno::Inval));
        for fd in [fd, ROOT, 1] {
            for count in [1_025, 0x2000_0000, MAX32] {
                let found = guest.attempt(FdWrite, &[fd.into(), MAX32, count, MAX32]);
                assert_eq!(answer(found), Err(Errno::Inval));
            }
        }
        assert_eq!(guest.fd_filestat_get(fd).unwrap().size, 1_024);
    });
}

#[test]
fn a_gibibyte_goes_nowhere_at_no_cost_but_4_are_invalid() {
    // A sink that keeps nothing must not copy either (GHSA-gqmc-89g8-p25r).
    let mut guest = memory(FaultMode::Trap);
    guest.memory = vec![0; 5 << 20];
    let (array, out) = (1 << 22, (1 << 22) + 9_000);
    let args = [1, array, 1_024, out];
    let mut buffers = [(0, 1 << 20); 1_024];
    poke_buffers(&mut guest, array as u32, &buffers);
    assert_eq!(answer(guest.attempt(FdWrite, &args)), Ok(()));
    assert_eq!(guest.u32_at(out as u32), 1 << 30);
    buffers = [(0, 1 << 22); 1_024];
    poke_buffers(&mut guest, array as u32, &buffers);
    assert_eq!(answer(guest.attempt(FdWrite, &args)), Err(Errno::Inval));
    buffers[0].1 -= 1;
    poke_buffers(&mut guest, array as u32, &buffers);
    assert_eq!(answer(guest.attempt(FdWrite, &args)), Ok(()));
    assert_eq!(guest.u32_at(out as u32), u32::MAX);
}

#[test]
fn buffers_may_lie_in_any_order_and_over_each_other_and_only_the_count_is_written() {
    on_each(|_, guest| {
        let fd = file(guest, "f", b"");
        guest.memory.fill(0xaa);
        poke(guest, 1_000, b"abcdef");
        // The last one is the array itself.
        let buffers = [(1_003, 3), (1_000, 3), (1_001, 4), (1_000, 0), (64, 8)];
        poke_buffers(guest, 64, &buffers);
        check_writes(guest, FdWrite, &[fd.into(), 64, 5, 128], &[(128, 4)]);
        assert_eq!(guest.u32_at(128), 18);
        assert_eq!(content(guest, "f"), b"defabcbcde\xeb\x03\0\0\x03\0\0\0");
    });
}

#[test]
fn a_large_write_is_whole_even_in_a_memory_that_others_write() {
    on_each(|_, guest| {
        for flags in [FdFlags::empty(), FdFlags::APPEND] {
            let create = OFlags::CREAT | OFlags::TRUNC;
            let fd = open(guest, "f", create, flags);
            let data: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
            poke(guest, 1_024, &data);
            poke_buffers(guest, 64, &[(1_024, 199_999), (201_023, 1)]);
            let shared: Vec<AtomicU8> = guest.memory.iter().map(|byte| (*byte).into()).collect();
            let mut memory = Memory::shared(&shared);
            let args = [fd.into(), 64, 2, 128];
            let outcome = guest.wasi.call(Abi::Preview1, &mut memory, FdWrite, &args);
            assert_eq!(answer(outcome), Ok(()));
            guest.memory = shared.into_iter().map(AtomicU8::into_inner).collect();
            assert_eq!(guest.u32_at(128), 200_000);
            assert_eq!(guest.fd_tell(fd), Ok(200_000));
            assert!(content(guest, "f") == data);
        }
    });
}

#[test]
fn nothing_is_written_beyond_the_largest_offset() {
    on_each(|_, guest| {
        let fd = file(guest, "f", b"0123");
        guest.fd_seek(fd, i64::MAX, Whence::Set).unwrap();
        assert_eq!(guest.fd_write(fd, "x"), Err(Errno::Fbig));
        assert_eq!(guest.fd_write(fd, ""), Ok(0));
        assert_eq!(guest.fd_tell(fd), Ok(MAX_OFFSET));
        assert_eq!(content(guest, "f"), b"0123");
    });
}

#[test]
fn a_full_filesystem_takes_what_fits_and_then_says_so() {
    let root = MemDir::builder().bytes(4_096).build();
    let mut guest = Guest::new(Wasi::builder().preopen("/", root, Access::ReadWrite));
    let fd = file(&mut guest, "f", b"");
    assert_eq!(guest.fd_writev(fd, &[&[1; 3_000], &[2; 3_000]]), Ok(4_096));
    assert_eq!(guest.fd_write(fd, "x"), Err(Errno::Nospc));
    assert_eq!(guest.fd_tell(fd), Ok(4_096));
}

#[test]
fn an_error_leaves_the_offset_where_it_was() {
    let probe = Probe::new(&[]);
    let (mut guest, fd) = probe.guest();
    guest.fd_write(fd, "abc").unwrap();
    probe.answer(Err(Errno::Io));
    assert_eq!(guest.fd_write(fd, "de"), Err(Errno::Io));
    assert_eq!(probe.asked(), ["write 3 at 0", "write 2 at 3"]);
    assert_eq!(guest.fd_writev(fd, &[b"", b""]), Ok(0));
    assert!(probe.asked().is_empty(), "nothing is asked for no bytes");
    guest.fd_fdstat_set_flags(fd, FdFlags::APPEND).unwrap();
    assert_eq!(guest.fd_write(fd, "de"), Err(Errno::Io));
    assert_eq!(guest.fd_tell(fd), Ok(3));
}

#[test]
fn a_directory_cannot_be_written() {
    on_each(|_, guest| {
        let sub = dir(guest, "d");
        for fd in [ROOT, sub] {
            assert_eq!(guest.fd_write(fd, "x"), Err(Errno::Isdir));
            assert_eq!(guest.fd_writev(fd, &[]), Err(Errno::Isdir));
        }
        // What would change a tree given for reading is refused whatever it is.
        assert_eq!(guest.fd_write(READ_ONLY, "x"), Err(Errno::Perm));
    });
}

#[test]
fn it_takes_the_right_to_write_and_no_other() {
    let args = [64, 1, 128];
    assert_eq!(gates(a_file, FdWrite, &args), Rights::FD_WRITE);
    assert_eq!(gates(a_directory, FdWrite, &args), Rights::empty());
    assert_eq!(
        gates(|| (memory(FaultMode::Trap), 1), FdWrite, &args),
        Rights::FD_WRITE
    );
    // Standard input was given for reading.
    let mut guest = memory(FaultMode::Trap);
    assert_eq!(guest.fd_write(0, "x"), Err(Errno::Notcapable));
    assert_eq!(guest.fd_write(0, ""), Err(Errno::Notcapable));
}

#[test]
fn a_file_in_a_tree_given_for_reading_is_not_written_not_even_nothing() {
    // A peer let writes of no bytes through (wasmtime#8822).
    for (mode, expected) in [
        (RightsMode::Enforce, Errno::Notcapable),
        (RightsMode::ReadWriteOnly, Errno::Badf),
    ] {
        for tree in Tree::all() {
            let mut guest = Guest::new(tree.builder().rights(mode));
            file(&mut guest, "f", b"0123");
            let fd = open_with(&mut guest, READ_ONLY, "f", Rights::FD_READ).unwrap();
            for parts in [&[&b"x"[..]][..], &[b""], &[]] {
                assert_eq!(guest.fd_writev(fd, parts), Err(expected));
            }
            assert_eq!(
                open_with(&mut guest, READ_ONLY, "f", Rights::FD_WRITE),
                Err(Errno::Perm)
            );
            assert_eq!(content(&mut guest, "f"), b"0123");
        }
    }
}

#[test]
fn a_pipe_that_is_full_makes_a_writer_wait_and_gets_every_byte_once() {
    let (reader, writer) = pipe(4);
    let mut guest = Guest::new(Wasi::builder().stdout(writer));
    poke(&mut guest, 256, b"0123456789abc");
    poke_buffers(&mut guest, 64, &[(256, 3), (300, 0), (259, 10)]);
    let mut outcome = guest.attempt(FdWrite, &[1, 64, 3, 128]);
    let mut got = Vec::new();
    for round in 0..3 {
        let mut wait = blocked(outcome);
        assert!(wait.timeout().is_none());
        assert!(!wait.is_ready(Waker::noop(), &mut Vec::new()));
        // Going on too early is waiting again, and writes nothing twice.
        wait = blocked(resume(&mut guest, wait));
        assert_eq!(guest.u32_at(128), 0, "no count so far");
        let part = drain(&*reader, [4, 1, 100][round]).unwrap();
        got.extend(part);
        assert!(wait.is_ready(Waker::noop(), &mut Vec::new()));
        outcome = resume(&mut guest, wait);
    }
    assert_eq!(answer(outcome), Ok(()));
    assert_eq!(guest.u32_at(128), 13);
    got.extend(drain(&*reader, 100).unwrap());
    assert_eq!(got, b"0123456789abc");
    assert_eq!(
        drain(&*reader, 100),
        Err(Errno::Again),
        "and not a byte more"
    );
}

#[test]
fn a_writer_who_waits_in_a_thread_gets_everything_through_a_small_pipe() {
    let (reader, writer) = pipe(1_000);
    let mut guest = Guest::new(Wasi::builder().stdout(writer));
    let data: Vec<u8> = (0..500_000_u32).map(|n| (n % 251) as u8).collect();
    let sent = data.clone();
    let thread = std::thread::spawn(move || {
        let count = guest.fd_writev(1, &[&sent[..123], &sent[123..]]);
        drop(guest);
        count
    });
    // The host's end waits as a guest would: as the standard input of another.
    let mut other = Guest::new(Wasi::builder().stdin(reader));
    let mut got = Vec::new();
    loop {
        let part = other.fd_readv(0, &[7, 700]).unwrap();
        if part.is_empty() {
            break;
        }
        got.extend(part);
    }
    assert_eq!(thread.join().unwrap(), Ok(500_000));
    assert!(got == data);
}

#[test]
fn a_reader_who_goes_leaves_the_writer_its_count_and_then_an_error() {
    let (reader, writer) = pipe(4);
    let mut guest = Guest::new(Wasi::builder().stdout(writer));
    poke_buffers(&mut guest, 64, &[(256, 10)]);
    let wait = blocked(guest.attempt(FdWrite, &[1, 64, 1, 128]));
    drop(reader);
    assert!(wait.is_ready(Waker::noop(), &mut Vec::new()));
    assert_eq!(answer(resume(&mut guest, wait)), Ok(()));
    assert_eq!(guest.u32_at(128), 4);
    assert_eq!(guest.fd_write(1, "x"), Err(Errno::Pipe));
    assert_eq!(guest.fd_write(1, ""), Ok(0));
}

#[test]
fn a_stream_that_claims_too_much_is_not_believed() {
    let mut guest = Guest::new(Wasi::builder().stdout(Arc::new(Liar)));
    assert_eq!(guest.fd_writev(1, &[b"ab", b"cde"]), Ok(5));
}

#[test]
fn who_must_not_wait_is_told_how_much_went_and_to_come_again() {
    let (reader, writer) = pipe(4);
    let mut guest = Guest::new(Wasi::builder().stdout(writer));
    guest.fd_fdstat_set_flags(1, FdFlags::NONBLOCK).unwrap();
    assert_eq!(guest.fd_writev(1, &[b"01", b"2345"]), Ok(4));
    assert_eq!(guest.fd_write(1, "45"), Err(Errno::Again));
    assert_eq!(guest.fd_write(1, ""), Ok(0));
    assert_eq!(drain(&*reader, 1).unwrap(), b"0");
    assert_eq!(guest.fd_write(1, "45"), Ok(1));
    assert_eq!(drain(&*reader, 100).unwrap(), b"1234");
}

#[test]
fn writing_no_bytes_never_waits_and_leaves_nothing_behind() {
    // A peer queued them for ever (GHSA-5m8g-xhq4-4h93).
    let mut guest = Guest::new(Wasi::builder().stdout(Arc::new(Busy)));
    for _ in 0..10_000 {
        assert_eq!(guest.fd_writev(1, &[b"", b""]), Ok(0));
        assert_eq!(guest.fd_writev(1, &[]), Ok(0));
    }
    poke_buffers(&mut guest, 64, &[(256, 1)]);
    blocked(guest.attempt(FdWrite, &[1, 64, 1, 128]));
}

#[test]
fn a_writer_who_waits_is_ended_with_the_guest() {
    let (reader, writer) = pipe(4);
    let mut guest = Guest::new(Wasi::builder().stdout(writer));
    poke_buffers(&mut guest, 64, &[(256, 10)]);
    let wait = blocked(guest.attempt(FdWrite, &[1, 64, 1, 128]));
    guest.wasi.cancel();
    assert!(wait.is_ready(Waker::noop(), &mut Vec::new()));
    assert_eq!(drain(&*reader, 100).unwrap().len(), 4);
    assert!(matches!(
        resume(&mut guest, wait),
        Outcome::Trap(Trap::Cancelled)
    ));
    assert_eq!(drain(&*reader, 100), Err(Errno::Again));
}

#[test]
fn a_capture_that_is_full_is_a_full_filesystem() {
    let out = Capture::new(4);
    let mut guest = Guest::new(Wasi::builder().stdout(out.clone()));
    assert_eq!(guest.fd_writev(1, &[b"01", b"2345"]), Ok(4));
    assert_eq!(guest.fd_write(1, "45"), Err(Errno::Nospc));
    assert_eq!(out.take(), b"0123");
    assert_eq!(guest.fd_write(1, "45"), Ok(2));
    // A stream that cannot be written says so itself.
    let mut guest = Guest::new(Wasi::builder().stdout(Input::new("")));
    assert_eq!(guest.fd_write(1, "x"), Err(Errno::Badf));
}

#[test]
fn a_bad_pointer_is_refused_and_nothing_is_written() {
    for faults in FAULTS {
        let out = Capture::new(100);
        let tree = Tree::memory();
        let mut guest = Guest::new(tree.builder().stdout(out.clone()).faults(faults));
        let fd = file(&mut guest, "f", b"0123");
        poke_buffers(&mut guest, 64, &[(256, 4), (512, 4)]);
        for fd in [fd, 1] {
            let args = [fd.into(), 64, 2, 128];
            check_pointer((&mut guest, faults), FdWrite, &args, 1, (16, 4));
            check_pointer((&mut guest, faults), FdWrite, &args, 3, (4, 4));
        }
        assert_eq!(guest.fd_tell(fd), Ok(0));
        assert_eq!(content(&mut guest, "f"), b"0123");
        assert_eq!(out.contents(), b"");
    }
}

#[test]
fn a_bad_buffer_is_refused_before_the_good_ones_are_written() {
    let (mut guest, fd) = a_file();
    let size = guest.memory.len() as u64;
    let end = size as u32;
    for (address, len) in [(end - 1, 2), (end + 1, 0), (u32::MAX, 1), (0, 0x8000_0000)] {
        poke_buffers(&mut guest, 64, &[(256, 4), (address, len)]);
        let len = u64::from(len);
        match guest.attempt(FdWrite, &[fd.into(), 64, 2, 128]) {
            Outcome::Trap(trap) => {
                assert_eq!(
                    trap,
                    Trap::OutOfBounds {
                        call: FdWrite,
                        address,
                        len,
                        size
                    }
                );
            }
            outcome => panic!("{address:#x} + {len} was taken: {:?}", answer(outcome)),
        }
        assert_eq!(guest.fd_tell(fd), Ok(0));
        assert_eq!(content(&mut guest, "file"), b"0123456789");
    }
}

#[test]
fn what_is_not_open_cannot_be_written() {
    check_closed(FdWrite, &[64, 1, 128]);
    check_closed(FdWrite, &[MAX32, MAX32, MAX32]);
}
