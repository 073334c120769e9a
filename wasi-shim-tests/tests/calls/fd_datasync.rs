//! `fd_datasync`.

use crate::support::{
    Probe, a_directory, a_file, check_closed, dir, file, gates, memory, open_with,
};
use wasi_shim::FaultMode;
use wasi_shim::abi::Syscall::FdDatasync;
use wasi_shim::abi::{Errno, Rights};
use wasi_shim_tests::trees::{READ_ONLY, ROOT, on_each};

#[test]
fn files_and_directories_can_be_made_durable() {
    on_each(|_, guest| {
        let (sub, fd) = (dir(guest, "d"), file(guest, "f", b"x"));
        for fd in [fd, sub, ROOT, READ_ONLY] {
            assert_eq!(guest.fd_datasync(fd), Ok(()));
        }
    });
}

#[test]
fn a_file_needs_no_other_right_and_may_be_in_a_tree_given_for_reading() {
    on_each(|_, guest| {
        file(guest, "f", b"x");
        for parent in [ROOT, READ_ONLY] {
            let fd = open_with(guest, parent, "f", Rights::FD_DATASYNC).unwrap();
            assert_eq!(guest.fd_datasync(fd), Ok(()));
        }
    });
}

#[test]
fn only_the_data_are_asked_for_and_the_filesystem_s_error_is_the_answer() {
    let probe = Probe::new(&[]);
    let (mut guest, fd) = probe.guest();
    assert_eq!(guest.fd_datasync(fd), Ok(()));
    assert_eq!(guest.fd_datasync(ROOT), Ok(()));
    assert_eq!(probe.asked(), ["sync Data", "dir.sync"]);
    probe.answer(Err(Errno::Io));
    assert_eq!(guest.fd_datasync(fd), Err(Errno::Io));
    assert_eq!(guest.fd_datasync(ROOT), Err(Errno::Io));
}

#[test]
fn a_stream_is_nothing_to_make_durable() {
    let mut guest = memory(FaultMode::Trap);
    for fd in [0, 1, 2] {
        assert_eq!(guest.fd_datasync(fd), Err(Errno::Inval));
    }
}

#[test]
fn it_takes_the_right_to_it_and_no_other() {
    assert_eq!(gates(a_file, FdDatasync, &[]), Rights::FD_DATASYNC);
    assert_eq!(gates(a_directory, FdDatasync, &[]), Rights::FD_DATASYNC);
}

#[test]
fn what_is_not_open_cannot_be_made_durable() {
    check_closed(FdDatasync, &[]);
}
