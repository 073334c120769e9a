//! `fd_seek`.

use crate::support::{
    FAULTS, MAX_OFFSET, MAX32, Probe, a_directory, a_file, answer, check_closed, check_pointer,
    check_writes, dir, file, gates, give_up, memory, open,
};
use wasi_shim::FaultMode;
use wasi_shim::abi::Syscall::FdSeek;
use wasi_shim::abi::{Abi, Errno, FdFlags, OFlags, Rights, Whence};
use wasi_shim_tests::trees::{READ_ONLY, ROOT, on_each};

#[test]
fn the_offset_moves_from_the_start_the_end_or_where_it_is() {
    on_each(|_, guest| {
        let fd = file(guest, "f", b"0123456789");
        for (delta, whence, expected) in [
            (4, Whence::Set, 4),
            (3, Whence::Cur, 7),
            (-2, Whence::Cur, 5),
            (0, Whence::Cur, 5),
            (-1, Whence::End, 9),
            (0, Whence::End, 10),
            (5, Whence::End, 15),
            (-15, Whence::Cur, 0),
            (-10, Whence::End, 0),
            (i64::MAX, Whence::Set, MAX_OFFSET),
            (0, Whence::Cur, MAX_OFFSET),
            (-i64::MAX, Whence::Cur, 0),
        ] {
            assert_eq!(
                guest.fd_seek(fd, delta, whence),
                Ok(expected),
                "{delta} {whence:?}"
            );
            assert_eq!(guest.fd_tell(fd), Ok(expected));
        }
        guest.fd_seek(fd, 8, Whence::Set).unwrap();
        assert_eq!(guest.fd_read(fd, 10).unwrap(), b"89");
    });
}

#[test]
fn the_older_module_numbers_the_three_otherwise() {
    let (mut guest, fd) = a_file();
    guest.abi = Abi::Unstable;
    // Here, the end, the start; preview1 has the start, here, the end.
    for (delta, whence, expected) in [(4, 2, 4), (2, 0, 6), (-3, 1, 7), (0, 0, 7), (1, 2, 1)] {
        assert_eq!(
            answer(guest.attempt(FdSeek, &[fd.into(), delta, whence, 64])),
            Ok(())
        );
        assert_eq!(guest.u64_at(64), expected, "{delta} {whence}");
    }
    assert_eq!(
        answer(guest.attempt(FdSeek, &[fd.into(), 0, 3, 64])),
        Err(Errno::Inval)
    );
}

#[test]
fn an_offset_beyond_the_end_is_kept_and_does_not_make_the_file_grow() {
    on_each(|_, guest| {
        let fd = file(guest, "f", b"01");
        guest.fd_seek(fd, 5, Whence::Set).unwrap();
        assert_eq!(guest.fd_filestat_get(fd).unwrap().size, 2);
        assert_eq!(guest.fd_read(fd, 4).unwrap(), b"");
        guest.fd_write(fd, "x").unwrap();
        assert_eq!(guest.fd_pread(fd, &[9], 0).unwrap(), b"01\0\0\0x");
        assert_eq!(guest.fd_tell(fd), Ok(6));
    });
}

#[test]
fn a_failure_leaves_the_offset_where_it_was() {
    on_each(|_, guest| {
        let fd = file(guest, "f", b"0123456789");
        guest.fd_seek(fd, 4, Whence::Set).unwrap();
        for (delta, whence, expected) in [
            (-1, Whence::Set, Errno::Inval),
            (i64::MIN, Whence::Set, Errno::Inval),
            (-5, Whence::Cur, Errno::Inval),
            (i64::MIN, Whence::Cur, Errno::Inval),
            (-11, Whence::End, Errno::Inval),
            (i64::MIN, Whence::End, Errno::Inval),
            (i64::MAX, Whence::Cur, Errno::Overflow),
            (i64::MAX - 3, Whence::Cur, Errno::Overflow),
            (i64::MAX, Whence::End, Errno::Overflow),
            (i64::MAX - 9, Whence::End, Errno::Overflow),
        ] {
            let found = guest.fd_seek(fd, delta, whence);
            assert_eq!(found, Err(expected), "{delta} {whence:?}");
            assert_eq!(guest.fd_tell(fd), Ok(4));
        }
        assert_eq!(guest.fd_seek(fd, i64::MAX - 4, Whence::Cur), Ok(MAX_OFFSET));
        assert_eq!(guest.fd_seek(fd, 1, Whence::Cur), Err(Errno::Overflow));
        assert_eq!(
            guest.fd_seek(fd, i64::MAX - 10, Whence::End),
            Ok(MAX_OFFSET)
        );
    });
}

#[test]
fn an_origin_that_nobody_knows_is_invalid_and_comes_before_the_right() {
    let (mut guest, fd) = a_file();
    give_up(&mut guest, fd, Rights::FD_SEEK | Rights::FD_TELL);
    for fd in [fd, ROOT, 0] {
        for whence in [3, 4, 255, 256, 1 << 31, MAX32] {
            let found = guest.attempt(FdSeek, &[fd.into(), 0, whence, 64]);
            assert_eq!(answer(found), Err(Errno::Inval), "{whence} for {fd}");
        }
    }
}

#[test]
fn only_files_have_an_offset() {
    on_each(|_, guest| {
        let sub = dir(guest, "d");
        for (delta, whence) in [(0, Whence::Cur), (0, Whence::End), (-1, Whence::Set)] {
            for fd in [ROOT, READ_ONLY, sub] {
                assert_eq!(guest.fd_seek(fd, delta, whence), Err(Errno::Isdir));
            }
            for fd in [0, 1, 2] {
                assert_eq!(guest.fd_seek(fd, delta, whence), Err(Errno::Spipe));
            }
        }
    });
}

#[test]
fn moving_takes_the_right_to_seek() {
    for (delta, whence) in [(1, 0), (0, 0), (1, 1), (-1, 2), (0, 2)] {
        let args = [delta, whence, 64];
        assert_eq!(gates(a_file, FdSeek, &args), Rights::FD_SEEK);
        assert_eq!(gates(a_directory, FdSeek, &args), Rights::empty());
    }
    let stdin = || (memory(FaultMode::Trap), 0);
    assert_eq!(gates(stdin, FdSeek, &[1, 0, 64]), Rights::empty());
}

#[test]
fn asking_takes_the_right_to_tell_which_the_right_to_seek_implies() {
    let ask = |lost: Rights| {
        let (mut guest, fd) = a_file();
        give_up(&mut guest, fd, lost);
        guest.fd_seek(fd, 0, Whence::Cur)
    };
    assert_eq!(ask(Rights::FD_SEEK), Ok(0));
    assert_eq!(ask(Rights::FD_TELL), Ok(0));
    assert_eq!(
        ask(Rights::FD_SEEK | Rights::FD_TELL),
        Err(Errno::Notcapable)
    );
    assert_eq!(ask(Rights::all() - Rights::FD_TELL), Ok(0));
    assert_eq!(ask(Rights::all() - Rights::FD_SEEK), Ok(0));
}

#[test]
fn the_end_is_where_the_filesystem_says_and_its_error_is_the_answer() {
    let probe = Probe::new(&[]);
    let (mut guest, fd) = probe.guest();
    assert_eq!(guest.fd_seek(fd, -3, Whence::End), Ok(7));
    assert_eq!(probe.asked(), ["metadata"]);
    probe.answer(Err(Errno::Stale));
    assert_eq!(guest.fd_seek(fd, 0, Whence::End), Err(Errno::Stale));
    probe.asked();
    assert_eq!(guest.fd_seek(fd, 1, Whence::Cur), Ok(8));
    assert_eq!(guest.fd_seek(fd, 1, Whence::Set), Ok(1));
    assert!(
        probe.asked().is_empty(),
        "the offset is not the filesystem's business"
    );
}

#[test]
fn append_does_not_keep_a_reader_from_moving() {
    on_each(|_, guest| {
        file(guest, "f", b"0123");
        let fd = open(guest, "f", OFlags::empty(), FdFlags::APPEND);
        guest.fd_write(fd, "45").unwrap();
        assert_eq!(guest.fd_seek(fd, 0, Whence::Cur), Ok(6));
        assert_eq!(guest.fd_seek(fd, -4, Whence::Cur), Ok(2));
        assert_eq!(guest.fd_read(fd, 9).unwrap(), b"2345");
    });
}

#[test]
fn a_bad_pointer_is_refused_and_the_offset_stays() {
    for faults in FAULTS {
        let mut guest = memory(faults);
        let fd = file(&mut guest, "f", b"0123456789");
        check_pointer(
            (&mut guest, faults),
            FdSeek,
            &[fd.into(), 3, 0, 64],
            3,
            (8, 8),
        );
        assert_eq!(guest.fd_tell(fd), Ok(0));
        guest.memory.fill(0xaa);
        check_writes(&mut guest, FdSeek, &[fd.into(), 3, 0, 64], &[(64, 8)]);
        assert_eq!(guest.u64_at(64), 3);
    }
}

#[test]
fn what_is_not_open_has_no_offset() {
    check_closed(FdSeek, &[0, 0, 64]);
    check_closed(FdSeek, &[0, MAX32, MAX32]);
}
