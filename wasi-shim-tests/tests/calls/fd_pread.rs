//! `fd_pread`.

use crate::support::{
    FAULTS, MAX_OFFSET, MAX32, Probe, a_directory, a_file, answer, check_closed, check_pointer,
    dir, file, gates, memory, open_with, poke_buffers,
};
use wasi_shim::abi::Syscall::FdPread;
use wasi_shim::abi::{Errno, Rights, Whence};
use wasi_shim::{FaultMode, RightsMode};
use wasi_shim_tests::Guest;
use wasi_shim_tests::trees::{READ_ONLY, ROOT, Tree, on_each};

#[test]
fn it_reads_at_the_offset_given_and_leaves_the_descriptor_s_alone() {
    on_each(|_, guest| {
        let fd = file(guest, "f", b"0123456789");
        guest.fd_seek(fd, 3, Whence::Set).unwrap();
        for (offset, expected) in [
            (0, &b"0123"[..]),
            (5, b"5678"),
            (8, b"89"),
            (10, b""),
            (1 << 40, b""),
        ] {
            assert_eq!(guest.fd_pread(fd, &[4], offset).unwrap(), expected);
            assert_eq!(guest.fd_tell(fd), Ok(3));
        }
    });
}

#[test]
fn every_buffer_is_filled_in_turn_empty_ones_included() {
    on_each(|_, guest| {
        let fd = file(guest, "f", b"0123456789");
        assert_eq!(guest.fd_pread(fd, &[1, 0, 3, 0, 2], 2).unwrap(), b"234567");
        assert_eq!(guest.fd_pread(fd, &[0, 6, 6], 2).unwrap(), b"23456789");
        assert_eq!(guest.fd_pread(fd, &[1; 40], 0).unwrap(), b"0123456789");
        assert_eq!(guest.fd_pread(fd, &[], 0).unwrap(), b"");
        assert_eq!(guest.fd_pread(fd, &[0, 0], 0).unwrap(), b"");
    });
}

#[test]
fn the_largest_offset_is_past_every_end_and_those_beyond_are_negative() {
    on_each(|_, guest| {
        let fd = file(guest, "f", b"x");
        assert_eq!(guest.fd_pread(fd, &[4], MAX_OFFSET).unwrap(), b"");
        for offset in [MAX_OFFSET + 1, u64::MAX - 1, u64::MAX] {
            assert_eq!(guest.fd_pread(fd, &[4], offset), Err(Errno::Inval));
            assert_eq!(guest.fd_pread(fd, &[], offset), Err(Errno::Inval));
        }
    });
}

#[test]
fn more_buffers_than_the_limit_are_invalid_wherever_they_are() {
    on_each(|_, guest| {
        let fd = file(guest, "f", &[7; 2_000]);
        assert_eq!(guest.fd_pread(fd, &[1; 1_024], 0).unwrap(), [7; 1_024]);
        assert_eq!(guest.fd_pread(fd, &[1; 1_025], 0), Err(Errno::Inval));
        for fd in [fd, ROOT] {
            for count in [1_025, 0x2000_0000, MAX32] {
                let found = guest.attempt(FdPread, &[fd.into(), MAX32, count, 0, MAX32]);
                assert_eq!(answer(found), Err(Errno::Inval));
            }
        }
    });
}

#[test]
fn only_files_have_offsets() {
    on_each(|_, guest| {
        let sub = dir(guest, "d");
        for fd in [ROOT, READ_ONLY, sub] {
            assert_eq!(guest.fd_pread(fd, &[4], 0), Err(Errno::Isdir));
            assert_eq!(guest.fd_pread(fd, &[], u64::MAX), Err(Errno::Isdir));
        }
        assert_eq!(guest.fd_pread(0, &[4], 0), Err(Errno::Spipe));
        assert_eq!(guest.fd_pread(0, &[], u64::MAX), Err(Errno::Spipe));
        // Standard output cannot be read in the first place.
        assert_eq!(guest.fd_pread(1, &[4], 0), Err(Errno::Notcapable));
    });
}

#[test]
fn it_takes_the_rights_to_read_and_to_seek() {
    let args = [64, 1, 0, 128];
    assert_eq!(
        gates(a_file, FdPread, &args),
        Rights::FD_READ | Rights::FD_SEEK
    );
    assert_eq!(gates(a_directory, FdPread, &args), Rights::empty());
    assert_eq!(
        gates(|| (memory(FaultMode::Trap), 0), FdPread, &args),
        Rights::FD_READ
    );
}

#[test]
fn without_enforced_rights_a_file_not_opened_for_reading_is_a_bad_descriptor() {
    let tree = Tree::memory();
    let mut guest = Guest::new(tree.builder().rights(RightsMode::ReadWriteOnly));
    file(&mut guest, "f", b"x");
    let fd = open_with(&mut guest, ROOT, "f", Rights::FD_WRITE).unwrap();
    assert_eq!(guest.fd_pread(fd, &[1], 0), Err(Errno::Badf));
    let fd = open_with(&mut guest, ROOT, "f", Rights::FD_READ).unwrap();
    assert_eq!(
        guest.fd_pread(fd, &[1], 0).unwrap(),
        b"x",
        "seeking is not asked for"
    );
}

#[test]
fn a_filesystem_s_error_is_the_answer_unless_bytes_were_read() {
    let probe = Probe::new(&[]);
    let (mut guest, fd) = probe.guest();
    assert_eq!(guest.fd_pread(fd, &[2, 3], 7).unwrap(), b"rrrrr");
    assert_eq!(probe.asked(), ["read 2 at 7", "read 3 at 9"]);
    assert_eq!(guest.fd_pread(fd, &[], 7).unwrap(), b"");
    assert_eq!(guest.fd_pread(fd, &[0], 7).unwrap(), b"");
    assert!(probe.asked().is_empty(), "nothing is asked for no bytes");
    probe.answer(Err(Errno::Io));
    assert_eq!(guest.fd_pread(fd, &[2], 7), Err(Errno::Io));
}

#[test]
fn a_bad_pointer_is_refused_and_nothing_is_read() {
    for faults in FAULTS {
        let mut guest = memory(faults);
        let fd = file(&mut guest, "f", b"0123456789");
        guest.memory.fill(0xaa);
        poke_buffers(&mut guest, 64, &[(256, 4), (512, 4)]);
        let args = [fd.into(), 64, 2, 0, 128];
        check_pointer((&mut guest, faults), FdPread, &args, 1, (16, 4));
        check_pointer((&mut guest, faults), FdPread, &args, 4, (4, 4));
    }
}

#[test]
fn what_is_not_open_cannot_be_read() {
    check_closed(FdPread, &[64, 1, 0, 128]);
    check_closed(FdPread, &[MAX32, MAX32, -1, MAX32]);
}
