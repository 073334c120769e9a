//! `fd_filestat_set_size`.

use crate::support::{
    MAX_OFFSET, Probe, a_directory, a_file, check_closed, content, dir, file, gates, memory,
    open_with,
};
use wasi_shim::abi::Syscall::FdFilestatSetSize;
use wasi_shim::abi::{Errno, FdFlags, Rights, Whence};
use wasi_shim::{FaultMode, RightsMode};
use wasi_shim_tests::Guest;
use wasi_shim_tests::trees::{READ_ONLY, ROOT, Tree, on_each};

#[test]
fn a_file_is_cut_and_grows_by_zeros() {
    on_each(|_, guest| {
        let fd = file(guest, "f", b"0123456789");
        for (size, expected) in [
            (4, &b"0123"[..]),
            (6, b"0123\0\0"),
            (6, b"0123\0\0"),
            (0, b""),
            (3, b"\0\0\0"),
        ] {
            assert_eq!(guest.fd_filestat_set_size(fd, size), Ok(()));
            assert_eq!(guest.fd_filestat_get(fd).unwrap().size, size);
            assert_eq!(content(guest, "f"), expected);
        }
    });
}

#[test]
fn what_was_cut_off_does_not_come_back() {
    on_each(|_, guest| {
        let fd = file(guest, "f", &[7; 10_000]);
        guest.fd_filestat_set_size(fd, 5_000).unwrap();
        guest.fd_filestat_set_size(fd, 10_000).unwrap();
        let expected = [vec![7; 5_000], vec![0; 5_000]].concat();
        assert_eq!(content(guest, "f"), expected);
    });
}

#[test]
fn the_offset_stays_even_beyond_the_end() {
    on_each(|_, guest| {
        let fd = file(guest, "f", b"0123456789");
        guest.fd_seek(fd, 8, Whence::Set).unwrap();
        guest.fd_filestat_set_size(fd, 2).unwrap();
        assert_eq!(guest.fd_tell(fd), Ok(8));
        assert_eq!(guest.fd_read(fd, 10).unwrap(), b"");
        guest.fd_write(fd, "X").unwrap();
        assert_eq!(content(guest, "f"), b"01\0\0\0\0\0\0X");
    });
}

#[test]
fn append_does_not_matter() {
    on_each(|_, guest| {
        let fd = file(guest, "f", b"0123");
        guest.fd_fdstat_set_flags(fd, FdFlags::APPEND).unwrap();
        assert_eq!(guest.fd_filestat_set_size(fd, 2), Ok(()));
        guest.fd_write(fd, "X").unwrap();
        assert_eq!(content(guest, "f"), b"01X");
    });
}

#[test]
fn beyond_the_largest_offset_is_too_big() {
    on_each(|_, guest| {
        let fd = file(guest, "f", b"0123");
        for size in [MAX_OFFSET + 1, u64::MAX - 1, u64::MAX] {
            assert_eq!(guest.fd_filestat_set_size(fd, size), Err(Errno::Fbig));
        }
        assert_eq!(content(guest, "f"), b"0123");
    });
    let (mut guest, fd) = a_file();
    assert_eq!(guest.fd_filestat_set_size(fd, MAX_OFFSET), Ok(()));
    assert_eq!(guest.fd_filestat_get(fd).unwrap().size, MAX_OFFSET);
}

#[test]
fn a_filesystem_s_error_is_the_answer() {
    let probe = Probe::new(&[]);
    let (mut guest, fd) = probe.guest();
    assert_eq!(guest.fd_filestat_set_size(fd, 5), Ok(()));
    assert_eq!(guest.fd_filestat_set_size(fd, u64::MAX), Err(Errno::Fbig));
    probe.answer(Err(Errno::Txtbsy));
    assert_eq!(guest.fd_filestat_set_size(fd, 6), Err(Errno::Txtbsy));
    assert_eq!(probe.asked(), ["set_len 5", "set_len 6"]);
}

#[test]
fn only_files_have_a_size_to_set() {
    on_each(|_, guest| {
        let sub = dir(guest, "d");
        for size in [0, u64::MAX] {
            assert_eq!(guest.fd_filestat_set_size(sub, size), Err(Errno::Isdir));
            assert_eq!(guest.fd_filestat_set_size(ROOT, size), Err(Errno::Isdir));
            for fd in [0, 1, 2] {
                assert_eq!(guest.fd_filestat_set_size(fd, size), Err(Errno::Inval));
            }
        }
    });
}

#[test]
fn it_takes_the_right_to_it_and_no_other() {
    assert_eq!(
        gates(a_file, FdFilestatSetSize, &[0]),
        Rights::FD_FILESTAT_SET_SIZE
    );
    assert_eq!(gates(a_directory, FdFilestatSetSize, &[0]), Rights::empty());
    let stdout = || (memory(FaultMode::Trap), 1);
    assert_eq!(gates(stdout, FdFilestatSetSize, &[0]), Rights::empty());
}

#[test]
fn a_file_not_opened_for_writing_does_not_get_that_right() {
    // Go's library asks for it with every file, also with those that it only reads.
    on_each(|_, guest| {
        file(guest, "f", b"0123");
        let asked = Rights::FD_READ | Rights::FD_FILESTAT_SET_SIZE;
        for parent in [ROOT, READ_ONLY] {
            let fd = open_with(guest, parent, "f", asked).unwrap();
            let stat = guest.fd_fdstat_get(fd).unwrap();
            assert_eq!(stat.rights_base, Rights::FD_READ);
            assert_eq!(guest.fd_filestat_set_size(fd, 1), Err(Errno::Notcapable));
        }
        assert_eq!(content(guest, "f"), b"0123");
        let fd = open_with(guest, ROOT, "f", asked | Rights::FD_WRITE).unwrap();
        assert_eq!(guest.fd_filestat_set_size(fd, 1), Ok(()));
        assert_eq!(content(guest, "f"), b"0");
    });
}

#[test]
fn nothing_in_a_tree_given_for_reading_is_cut() {
    on_each(|_, guest| {
        for size in [0, 4, 100, u64::MAX] {
            let found = guest.fd_filestat_set_size(READ_ONLY, size);
            assert_eq!(found, Err(Errno::Perm));
        }
    });
}

#[test]
fn without_enforced_rights_a_file_not_opened_for_writing_is_a_bad_descriptor() {
    for tree in Tree::all() {
        let mut guest = Guest::new(tree.builder().rights(RightsMode::ReadWriteOnly));
        file(&mut guest, "f", b"0123");
        for parent in [ROOT, READ_ONLY] {
            let fd = open_with(&mut guest, parent, "f", Rights::FD_READ).unwrap();
            for size in [0, 4, 100, u64::MAX] {
                assert_eq!(guest.fd_filestat_set_size(fd, size), Err(Errno::Badf));
            }
        }
        assert_eq!(content(&mut guest, "f"), b"0123");
        let fd = open_with(&mut guest, ROOT, "f", Rights::FD_WRITE).unwrap();
        assert_eq!(guest.fd_filestat_set_size(fd, 1), Ok(()));
        assert_eq!(content(&mut guest, "f"), b"0");
    }
}

#[test]
fn what_is_not_open_has_no_size() {
    check_closed(FdFilestatSetSize, &[0]);
    check_closed(FdFilestatSetSize, &[-1]);
}
