//! `fd_filestat_set_times`.

use crate::support::{
    MAX32, Probe, a_directory, a_file, answer, check_closed, dir, file, gates, memory, open_with,
};
use wasi_shim::FaultMode;
use wasi_shim::abi::Syscall::FdFilestatSetTimes;
use wasi_shim::abi::{Errno, FstFlags, Rights};
use wasi_shim_tests::trees::{READ_ONLY, ROOT, on_each};
use wasi_shim_tests::{Answer, Guest};

const BOTH: FstFlags = FstFlags::ATIM.union(FstFlags::MTIM);

/// 2020-01-01, before which no test runs.
const PAST: u64 = 1_577_836_800_000_000_000;

fn times(guest: &mut Guest, fd: u32) -> (u64, u64) {
    let stat = guest.fd_filestat_get(fd).expect("facts");
    (stat.atim, stat.mtim)
}

#[test]
fn times_are_kept_to_the_nanosecond() {
    on_each(|_, guest| {
        for fd in [file(guest, "f", b""), dir(guest, "d"), ROOT] {
            for (atim, mtim) in [
                (0, 1),
                (1_000_000_007, 999_999_999),
                // The first second that 32 bits cannot count, and 2100.
                ((1 << 31) * 1_000_000_000, 4_102_444_800_123_456_789),
            ] {
                assert_eq!(guest.fd_filestat_set_times(fd, atim, mtim, BOTH), Ok(()));
                assert_eq!(times(guest, fd), (atim, mtim));
            }
        }
    });
}

#[test]
fn the_last_time_of_all_can_be_set() {
    let (mut guest, fd) = a_file();
    assert_eq!(
        guest.fd_filestat_set_times(fd, u64::MAX, u64::MAX, BOTH),
        Ok(())
    );
    assert_eq!(times(&mut guest, fd), (u64::MAX, u64::MAX));
}

#[test]
fn only_the_times_that_are_named_change() {
    on_each(|_, guest| {
        for fd in [file(guest, "f", b""), dir(guest, "d")] {
            guest.fd_filestat_set_times(fd, 1, 2, BOTH).unwrap();
            guest
                .fd_filestat_set_times(fd, 10, 20, FstFlags::ATIM)
                .unwrap();
            assert_eq!(times(guest, fd), (10, 2));
            guest
                .fd_filestat_set_times(fd, 100, 200, FstFlags::MTIM)
                .unwrap();
            assert_eq!(times(guest, fd), (10, 200));
            guest
                .fd_filestat_set_times(fd, 7, 7, FstFlags::empty())
                .unwrap();
            assert_eq!(times(guest, fd), (10, 200));
        }
    });
}

#[test]
fn now_is_the_time_of_the_filesystem_whatever_the_value_says() {
    on_each(|_, guest| {
        for fd in [file(guest, "f", b""), dir(guest, "d")] {
            guest.fd_filestat_set_times(fd, 1, 2, BOTH).unwrap();
            guest
                .fd_filestat_set_times(fd, 3, 4, FstFlags::ATIM_NOW)
                .unwrap();
            let (atim, mtim) = times(guest, fd);
            assert!(atim > PAST && mtim == 2, "{atim} {mtim}");
            let mixed = FstFlags::ATIM | FstFlags::MTIM_NOW;
            guest.fd_filestat_set_times(fd, 3, 4, mixed).unwrap();
            let (atim, mtim) = times(guest, fd);
            assert!(atim == 3 && mtim > PAST, "{atim} {mtim}");
        }
    });
}

#[test]
fn a_time_cannot_be_given_and_now_at_once() {
    on_each(|_, guest| {
        let fd = file(guest, "f", b"");
        guest.fd_filestat_set_times(fd, 1, 2, BOTH).unwrap();
        let atim = FstFlags::ATIM | FstFlags::ATIM_NOW;
        let mtim = FstFlags::MTIM | FstFlags::MTIM_NOW;
        for flags in [atim, mtim, FstFlags::all(), atim | FstFlags::MTIM] {
            for fd in [fd, ROOT, 0] {
                let found = guest.fd_filestat_set_times(fd, 5, 6, flags);
                assert_eq!(found, Err(Errno::Inval), "{flags:?} on {fd}");
            }
        }
        assert_eq!(times(guest, fd), (1, 2));
    });
}

#[test]
fn flags_that_nobody_knows_are_invalid() {
    let (mut guest, fd) = a_file();
    guest.fd_filestat_set_times(fd, 1, 2, BOTH).unwrap();
    for flags in [
        1 << 4,
        (1 << 4) | 1,
        1 << 15,
        1 << 16,
        (1 << 16) | 1,
        1 << 31,
        MAX32,
    ] {
        let found = guest.attempt(FdFilestatSetTimes, &[fd.into(), 5, 6, flags]);
        assert_eq!(answer(found), Err(Errno::Inval), "{flags:#x}");
    }
    assert_eq!(times(&mut guest, fd), (1, 2));
}

#[test]
fn a_filesystem_is_told_what_the_guest_said_and_its_error_is_the_answer() {
    let probe = Probe::new(&[]);
    let (mut guest, fd) = probe.guest();
    guest
        .fd_filestat_set_times(fd, 5, 6, FstFlags::ATIM | FstFlags::MTIM_NOW)
        .unwrap();
    guest
        .fd_filestat_set_times(ROOT, 5, 6, FstFlags::MTIM)
        .unwrap();
    assert_eq!(
        probe.asked(),
        [
            "set_times At(Timestamp(5)) Now",
            "dir.set_times Keep At(Timestamp(6))",
        ]
    );
    probe.answer(Err(Errno::Io));
    assert_eq!(guest.fd_filestat_set_times(fd, 5, 6, BOTH), Err(Errno::Io));
    assert_eq!(
        guest.fd_filestat_set_times(ROOT, 5, 6, BOTH),
        Err(Errno::Io)
    );
}

#[test]
fn a_stream_has_no_times() {
    let mut guest = memory(FaultMode::Trap);
    for fd in [0, 1, 2] {
        assert_eq!(
            guest.fd_filestat_set_times(fd, 5, 6, BOTH),
            Err(Errno::Inval)
        );
    }
}

#[test]
fn it_takes_the_right_to_it_and_no_other() {
    let right = Rights::FD_FILESTAT_SET_TIMES;
    assert_eq!(gates(a_file, FdFilestatSetTimes, &[1, 2, 5]), right);
    assert_eq!(gates(a_directory, FdFilestatSetTimes, &[1, 2, 5]), right);
}

#[test]
fn times_can_be_set_by_who_cannot_write() {
    on_each(|_, guest| {
        file(guest, "f", b"");
        let rights = Rights::FD_FILESTAT_SET_TIMES | Rights::FD_FILESTAT_GET;
        let fd = open_with(guest, ROOT, "f", rights).unwrap();
        assert_eq!(guest.fd_filestat_set_times(fd, 5, 6, BOTH), Ok(()));
        assert_eq!(times(guest, fd), (5, 6));
    });
}

#[test]
fn times_in_a_tree_given_for_reading_stay() {
    on_each(|_, guest| {
        let writable = file(guest, "f", b"");
        for fd in [writable, ROOT] {
            guest.fd_filestat_set_times(fd, 1, 2, BOTH).unwrap();
        }
        let rights = Rights::FD_FILESTAT_SET_TIMES | Rights::FD_FILESTAT_GET;
        let fd = open_with(guest, READ_ONLY, "f", rights).unwrap();
        let attempt = |guest: &mut Guest, fd, flags| -> Answer<()> {
            guest.fd_filestat_set_times(fd, 5, 6, flags)
        };
        for fd in [fd, READ_ONLY] {
            for flags in [BOTH, FstFlags::ATIM_NOW, FstFlags::empty()] {
                assert_eq!(attempt(guest, fd, flags), Err(Errno::Perm));
            }
            assert_eq!(times(guest, fd), (1, 2));
        }
    });
}

#[test]
fn what_is_not_open_has_no_times() {
    check_closed(FdFilestatSetTimes, &[0, 0, 0]);
    check_closed(FdFilestatSetTimes, &[0, 0, MAX32]);
}
