//! `fd_advise`.

use crate::support::{
    MAX_OFFSET, MAX32, Probe, a_directory, a_file, answer, check_closed, dir, file, gates, memory,
};
use wasi_shim::FaultMode;
use wasi_shim::abi::Syscall::FdAdvise;
use wasi_shim::abi::{Advice, Errno, Rights};
use wasi_shim_tests::trees::{READ_ONLY, ROOT, on_each};

#[test]
fn advice_changes_nothing_that_a_guest_can_see() {
    on_each(|_, guest| {
        let fd = file(guest, "f", b"0123456789");
        let before = guest.fd_filestat_get(fd);
        for advice in Advice::ALL {
            for (offset, len) in [(0, 0), (0, 10), (5, 100), (1 << 40, 1), (MAX_OFFSET, 0)] {
                assert_eq!(guest.fd_advise(fd, offset, len, *advice), Ok(()));
            }
        }
        assert_eq!(guest.fd_filestat_get(fd), before);
        assert_eq!(guest.fd_read(fd, 20).unwrap(), b"0123456789");
    });
}

#[test]
fn a_filesystem_is_told_what_the_guest_said_and_its_error_is_the_answer() {
    let probe = Probe::new(&[]);
    let (mut guest, fd) = probe.guest();
    assert_eq!(guest.fd_advise(fd, 3, 4, Advice::Dontneed), Ok(()));
    assert_eq!(probe.asked(), ["advise 3 4 Dontneed"]);
    probe.answer(Err(Errno::Io));
    assert_eq!(guest.fd_advise(fd, 3, 4, Advice::Normal), Err(Errno::Io));
}

#[test]
fn a_range_that_ends_beyond_the_largest_offset_is_invalid() {
    let probe = Probe::new(&[]);
    let (mut guest, fd) = probe.guest();
    for (offset, len) in [
        (MAX_OFFSET, 1),
        (1, MAX_OFFSET),
        (0, MAX_OFFSET + 1),
        (MAX_OFFSET + 1, 0),
        (u64::MAX, 0),
        (u64::MAX, 1),
        (0, u64::MAX),
        (u64::MAX, u64::MAX),
    ] {
        let found = guest.fd_advise(fd, offset, len, Advice::Normal);
        assert_eq!(found, Err(Errno::Inval), "{offset} + {len}");
    }
    assert_eq!(
        guest.fd_advise(fd, 1, MAX_OFFSET - 1, Advice::Normal),
        Ok(())
    );
    assert_eq!(probe.asked().len(), 1, "only the last one got through");
}

#[test]
fn an_advice_that_nobody_knows_is_invalid_whatever_it_is_for() {
    let (mut guest, file) = a_file();
    for fd in [file, ROOT, 0] {
        for advice in [6, 255, 256, 1 << 31, MAX32] {
            let found = guest.attempt(FdAdvise, &[fd.into(), 0, 0, advice]);
            assert_eq!(answer(found), Err(Errno::Inval), "{advice} for {fd}");
        }
    }
}

#[test]
fn advice_means_nothing_for_a_directory_or_a_stream_and_is_no_error() {
    on_each(|_, guest| {
        let sub = dir(guest, "d");
        for fd in [ROOT, READ_ONLY, sub, 0, 1, 2] {
            assert_eq!(guest.fd_advise(fd, 0, 0, Advice::Normal), Ok(()));
            let found = guest.fd_advise(fd, u64::MAX, 1, Advice::Normal);
            assert_eq!(found, Err(Errno::Inval), "the range is wrong all the same");
        }
    });
}

#[test]
fn it_takes_the_right_to_advise_and_no_other() {
    assert_eq!(gates(a_file, FdAdvise, &[0, 0, 0]), Rights::FD_ADVISE);
    assert_eq!(gates(a_directory, FdAdvise, &[0, 0, 0]), Rights::empty());
    let stdin = || (memory(FaultMode::Trap), 0);
    assert_eq!(gates(stdin, FdAdvise, &[0, 0, 0]), Rights::empty());
    // Without the right, neither the advice nor the range is looked at, in this order.
    let (mut guest, fd) = a_file();
    crate::support::give_up(&mut guest, fd, Rights::FD_ADVISE);
    let found = guest.attempt(FdAdvise, &[fd.into(), -1, 0, 6]);
    assert_eq!(answer(found), Err(Errno::Notcapable));
}

#[test]
fn a_file_in_a_tree_given_for_reading_takes_advice() {
    on_each(|_, guest| {
        file(guest, "f", b"x");
        let fd = crate::support::open_with(guest, READ_ONLY, "f", Rights::FD_ADVISE).unwrap();
        assert_eq!(guest.fd_advise(fd, 0, 1, Advice::Willneed), Ok(()));
    });
}

#[test]
fn what_is_not_open_takes_no_advice() {
    check_closed(FdAdvise, &[0, 0, 0]);
    check_closed(FdAdvise, &[-1, -1, MAX32]);
}
