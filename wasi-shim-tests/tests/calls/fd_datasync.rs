//! `fd_datasync`.

use crate::fd_sync::Durable;
use crate::support::check_closed;
use wasi_shim::abi::{Rights, Syscall};

const DATASYNC: Durable = Durable {
    call: Syscall::FdDatasync,
    right: Rights::FD_DATASYNC,
    asked: "sync Data",
};

#[test]
fn files_and_directories_can_be_made_durable() {
    DATASYNC.files_and_directories_can_be_made_durable();
}

#[test]
fn a_file_needs_no_other_right_and_may_be_in_a_tree_given_for_reading() {
    DATASYNC.a_file_needs_no_other_right_and_may_be_in_a_tree_given_for_reading();
}

#[test]
fn only_the_data_are_asked_for_and_the_filesystem_s_error_is_the_answer() {
    DATASYNC.the_filesystem_is_asked_and_its_error_is_the_answer();
}

#[test]
fn a_stream_is_nothing_to_make_durable() {
    DATASYNC.a_stream_is_nothing_to_make_durable();
}

#[test]
fn it_takes_the_right_to_it_and_no_other() {
    DATASYNC.it_takes_the_right_to_it_and_no_other();
}

#[test]
fn what_is_not_open_cannot_be_made_durable() {
    check_closed(Syscall::FdDatasync, &[]);
}
