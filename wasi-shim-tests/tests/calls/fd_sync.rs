//! `fd_sync`, and what it has in common with `fd_datasync`.

use crate::support::{
    Probe, a_directory, a_file, check_closed, dir, file, gates, memory, open_with,
};
use wasi_shim::FaultMode;
use wasi_shim::abi::{Errno, Rights, Syscall};
use wasi_shim_tests::trees::{READ_ONLY, ROOT, on_each};
use wasi_shim_tests::{Answer, Guest};

/// One of the two functions, the right it takes, and what a filesystem is asked for.
pub(crate) struct Durable {
    pub(crate) call: Syscall,
    pub(crate) right: Rights,
    pub(crate) asked: &'static str,
}

const SYNC: Durable = Durable {
    call: Syscall::FdSync,
    right: Rights::FD_SYNC,
    asked: "sync Full",
};

impl Durable {
    fn of(&self, guest: &mut Guest, fd: u32) -> Answer<()> {
        guest.call(self.call, &[fd.into()])
    }

    pub(crate) fn files_and_directories_can_be_made_durable(&self) {
        on_each(|_, guest| {
            let (sub, fd) = (dir(guest, "d"), file(guest, "f", b"x"));
            for fd in [fd, sub, ROOT, READ_ONLY] {
                assert_eq!(self.of(guest, fd), Ok(()));
            }
        });
    }

    pub(crate) fn a_file_needs_no_other_right_and_may_be_in_a_tree_given_for_reading(&self) {
        on_each(|_, guest| {
            file(guest, "f", b"x");
            for parent in [ROOT, READ_ONLY] {
                let fd = open_with(guest, parent, "f", self.right).unwrap();
                assert_eq!(self.of(guest, fd), Ok(()));
            }
        });
    }

    pub(crate) fn the_filesystem_is_asked_and_its_error_is_the_answer(&self) {
        let probe = Probe::new(&[]);
        let (mut guest, fd) = probe.guest();
        assert_eq!(self.of(&mut guest, fd), Ok(()));
        assert_eq!(self.of(&mut guest, ROOT), Ok(()));
        assert_eq!(probe.asked(), [self.asked, "dir.sync"]);
        probe.answer(Err(Errno::Io));
        assert_eq!(self.of(&mut guest, fd), Err(Errno::Io));
        assert_eq!(self.of(&mut guest, ROOT), Err(Errno::Io));
    }

    pub(crate) fn a_stream_is_nothing_to_make_durable(&self) {
        let mut guest = memory(FaultMode::Trap);
        for fd in [0, 1, 2] {
            assert_eq!(self.of(&mut guest, fd), Err(Errno::Inval));
        }
    }

    pub(crate) fn it_takes_the_right_to_it_and_no_other(&self) {
        assert_eq!(gates(a_file, self.call, &[]), self.right);
        assert_eq!(gates(a_directory, self.call, &[]), self.right);
    }
}

#[test]
fn files_and_directories_can_be_made_durable() {
    SYNC.files_and_directories_can_be_made_durable();
}

#[test]
fn a_file_needs_no_other_right_and_may_be_in_a_tree_given_for_reading() {
    SYNC.a_file_needs_no_other_right_and_may_be_in_a_tree_given_for_reading();
}

#[test]
fn data_and_facts_are_asked_for_and_the_filesystem_s_error_is_the_answer() {
    SYNC.the_filesystem_is_asked_and_its_error_is_the_answer();
}

#[test]
fn a_stream_is_nothing_to_make_durable() {
    SYNC.a_stream_is_nothing_to_make_durable();
}

#[test]
fn it_takes_the_right_to_it_and_no_other() {
    SYNC.it_takes_the_right_to_it_and_no_other();
}

#[test]
fn what_is_not_open_cannot_be_made_durable() {
    check_closed(Syscall::FdSync, &[]);
}
