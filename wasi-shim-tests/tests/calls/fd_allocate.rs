//! `fd_allocate`.

use crate::support::{
    MAX_OFFSET, Probe, a_directory, a_file, check_closed, content, dir, file, gates, memory,
    open_with,
};
use wasi_shim::abi::Syscall::FdAllocate;
use wasi_shim::abi::{Errno, Rights};
use wasi_shim::backends::MemDir;
use wasi_shim::{Access, FaultMode, RightsMode, Wasi};
use wasi_shim_tests::Guest;
use wasi_shim_tests::trees::{READ_ONLY, ROOT, Tree, on_each};

#[test]
fn a_file_grows_to_the_end_of_the_range_or_stays_as_it_is() {
    on_each(|tree, guest| {
        let fd = file(guest, "f", b"0123456789");
        guest.fd_seek(fd, 4, wasi_shim::abi::Whence::Set).unwrap();
        let found = guest.fd_allocate(fd, 8, 12);
        let mut expected = b"0123456789".to_vec();
        if found == Ok(()) {
            expected.resize(20, 0);
        } else {
            // A host filesystem may be unable to promise the room.
            assert_eq!((tree.name, found), ("host", Err(Errno::Notsup)));
        }
        assert_eq!(content(guest, "f"), expected);
        assert_eq!(guest.fd_tell(fd), Ok(4));
    });
}

#[test]
fn a_file_never_shrinks_and_no_byte_of_it_changes() {
    let (mut guest, fd) = a_file();
    for (offset, len) in [(0, 1), (0, 10), (3, 4), (9, 1)] {
        assert_eq!(guest.fd_allocate(fd, offset, len), Ok(()));
    }
    assert_eq!(content(&mut guest, "file"), b"0123456789");
}

#[test]
fn room_that_was_promised_is_there_when_all_other_room_is_gone() {
    let root = MemDir::builder().bytes(2 << 12).build();
    let mut guest = Guest::new(Wasi::builder().preopen("/", root, Access::ReadWrite));
    let (safe, greedy) = (
        file(&mut guest, "safe", b""),
        file(&mut guest, "greedy", b""),
    );
    assert_eq!(guest.fd_allocate(safe, 0, 4096), Ok(()));
    assert_eq!(guest.fd_write(greedy, [1; 5000]), Ok(4096));
    assert_eq!(guest.fd_write(greedy, [1; 10]), Err(Errno::Nospc));
    assert_eq!(guest.fd_allocate(safe, 0, 4097), Err(Errno::Nospc));
    assert_eq!(guest.fd_filestat_get(safe).unwrap().size, 4096);
    assert_eq!(guest.fd_write(safe, [2; 4096]), Ok(4096));
}

#[test]
fn no_bytes_are_invalid_wherever_they_are() {
    on_each(|_, guest| {
        let fd = file(guest, "f", b"x");
        for offset in [0, 1, MAX_OFFSET, u64::MAX] {
            assert_eq!(guest.fd_allocate(fd, offset, 0), Err(Errno::Inval));
        }
        assert_eq!(guest.fd_filestat_get(fd).unwrap().size, 1);
    });
}

#[test]
fn a_range_that_ends_beyond_the_largest_offset_is_too_big() {
    on_each(|_, guest| {
        let fd = file(guest, "f", b"x");
        for (offset, len) in [
            (MAX_OFFSET, 1),
            (1, MAX_OFFSET),
            (0, MAX_OFFSET + 1),
            (u64::MAX, 1),
            (1, u64::MAX),
            (u64::MAX, u64::MAX),
        ] {
            let found = guest.fd_allocate(fd, offset, len);
            assert_eq!(found, Err(Errno::Fbig), "{offset} + {len}");
        }
        assert_eq!(guest.fd_filestat_get(fd).unwrap().size, 1);
    });
}

#[test]
fn the_largest_offset_is_no_overflow_but_more_than_there_is_room_for() {
    let (mut guest, fd) = a_file();
    assert_eq!(guest.fd_allocate(fd, 0, MAX_OFFSET), Err(Errno::Nospc));
    assert_eq!(guest.fd_allocate(fd, MAX_OFFSET - 1, 1), Ok(()));
    assert_eq!(guest.fd_filestat_get(fd).unwrap().size, MAX_OFFSET);
}

#[test]
fn a_filesystem_s_error_is_the_answer() {
    let probe = Probe::new(&[]);
    let (mut guest, fd) = probe.guest();
    probe.answer(Err(Errno::Notsup));
    assert_eq!(guest.fd_allocate(fd, 3, 4), Err(Errno::Notsup));
    assert_eq!(probe.asked(), ["allocate 3 4"]);
}

#[test]
fn only_files_can_be_given_room() {
    on_each(|_, guest| {
        let sub = dir(guest, "d");
        for fd in [ROOT, sub] {
            assert_eq!(guest.fd_allocate(fd, 0, 0), Err(Errno::Isdir));
        }
        for fd in [0, 1, 2] {
            assert_eq!(guest.fd_allocate(fd, 0, 0), Err(Errno::Spipe));
        }
    });
}

#[test]
fn it_takes_the_right_to_allocate_and_no_other() {
    assert_eq!(gates(a_file, FdAllocate, &[0, 1]), Rights::FD_ALLOCATE);
    assert_eq!(gates(a_directory, FdAllocate, &[0, 1]), Rights::empty());
    let stdin = || (memory(FaultMode::Trap), 0);
    assert_eq!(gates(stdin, FdAllocate, &[0, 1]), Rights::empty());
}

#[test]
fn that_right_alone_opens_a_file_well_enough() {
    on_each(|_, guest| {
        file(guest, "f", b"");
        let fd = open_with(guest, ROOT, "f", Rights::FD_ALLOCATE).unwrap();
        let found = guest.fd_allocate(fd, 0, 7);
        assert!(matches!(found, Ok(()) | Err(Errno::Notsup)), "{found:?}");
        assert_eq!(content(guest, "f").len(), if found.is_ok() { 7 } else { 0 });
    });
}

#[test]
fn a_tree_given_for_reading_has_no_room_to_give() {
    on_each(|_, guest| {
        file(guest, "f", b"x");
        let found = open_with(guest, READ_ONLY, "f", Rights::FD_ALLOCATE);
        assert_eq!(found, Err(Errno::Perm));
        for len in [0, 1] {
            assert_eq!(guest.fd_allocate(READ_ONLY, 0, len), Err(Errno::Perm));
        }
    });
}

#[test]
fn without_enforced_rights_a_file_not_opened_for_writing_is_a_bad_descriptor() {
    for tree in Tree::all() {
        let mut guest = Guest::new(tree.builder().rights(RightsMode::ReadWriteOnly));
        file(&mut guest, "f", b"x");
        for parent in [ROOT, READ_ONLY] {
            let fd = open_with(&mut guest, parent, "f", Rights::FD_READ).unwrap();
            assert_eq!(guest.fd_allocate(fd, 0, 100), Err(Errno::Badf));
            assert_eq!(guest.fd_allocate(fd, 0, 0), Err(Errno::Badf));
        }
        assert_eq!(content(&mut guest, "f"), b"x");
        let fd = open_with(&mut guest, ROOT, "f", Rights::FD_WRITE).unwrap();
        let found = guest.fd_allocate(fd, 0, 7);
        assert!(matches!(found, Ok(()) | Err(Errno::Notsup)), "{found:?}");
    }
}

#[test]
fn what_is_not_open_has_no_room() {
    check_closed(FdAllocate, &[0, 1]);
    check_closed(FdAllocate, &[0, 0]);
}
