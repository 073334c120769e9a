//! `fd_tell`.

use crate::support::{
    FAULTS, MAX_OFFSET, MAX32, Probe, a_directory, a_file, check_closed, check_pointer,
    check_writes, dir, file, gates, give_up, memory, open_with,
};
use wasi_shim::FaultMode;
use wasi_shim::abi::Syscall::FdTell;
use wasi_shim::abi::{Errno, Rights, Whence};
use wasi_shim_tests::trees::{READ_ONLY, ROOT, on_each};

#[test]
fn it_tells_where_reading_writing_and_seeking_have_led() {
    on_each(|_, guest| {
        let fd = file(guest, "f", b"0123456789");
        assert_eq!(guest.fd_tell(fd), Ok(0));
        guest.fd_read(fd, 4).unwrap();
        assert_eq!(guest.fd_tell(fd), Ok(4));
        guest.fd_write(fd, "ab").unwrap();
        assert_eq!(guest.fd_tell(fd), Ok(6));
        guest.fd_pread(fd, &[3], 0).unwrap();
        guest.fd_pwrite(fd, &[b"x"], 0).unwrap();
        guest.fd_filestat_set_size(fd, 1).unwrap();
        assert_eq!(guest.fd_tell(fd), Ok(6));
        guest.fd_seek(fd, i64::MAX, Whence::Set).unwrap();
        assert_eq!(guest.fd_tell(fd), Ok(MAX_OFFSET));
    });
}

#[test]
fn only_files_have_an_offset() {
    on_each(|_, guest| {
        let sub = dir(guest, "d");
        for fd in [ROOT, READ_ONLY, sub] {
            assert_eq!(guest.fd_tell(fd), Err(Errno::Isdir));
        }
        for fd in [0, 1, 2] {
            assert_eq!(guest.fd_tell(fd), Err(Errno::Spipe));
        }
    });
}

#[test]
fn it_takes_the_right_to_tell_which_the_right_to_seek_implies() {
    let ask = |lost: Rights| {
        let (mut guest, fd) = a_file();
        give_up(&mut guest, fd, lost);
        guest.fd_tell(fd)
    };
    assert_eq!(ask(Rights::FD_SEEK), Ok(0));
    assert_eq!(ask(Rights::FD_TELL), Ok(0));
    assert_eq!(
        ask(Rights::FD_SEEK | Rights::FD_TELL),
        Err(Errno::Notcapable)
    );
    assert_eq!(ask(Rights::all() - Rights::FD_TELL), Ok(0));
    assert_eq!(ask(Rights::all() - Rights::FD_SEEK), Ok(0));
    assert_eq!(gates(a_directory, FdTell, &[64]), Rights::empty());
    let stdin = || (memory(FaultMode::Trap), 0);
    assert_eq!(gates(stdin, FdTell, &[64]), Rights::empty());
}

#[test]
fn a_file_in_a_tree_given_for_reading_has_an_offset() {
    on_each(|_, guest| {
        file(guest, "f", b"0123");
        let rights = Rights::FD_READ | Rights::FD_TELL;
        let fd = open_with(guest, READ_ONLY, "f", rights).unwrap();
        guest.fd_read(fd, 3).unwrap();
        assert_eq!(guest.fd_tell(fd), Ok(3));
    });
}

#[test]
fn the_offset_is_not_the_filesystem_s_business() {
    let probe = Probe::new(&[]);
    let (mut guest, fd) = probe.guest();
    probe.answer(Err(Errno::Io));
    assert_eq!(guest.fd_tell(fd), Ok(0));
    assert!(probe.asked().is_empty());
}

#[test]
fn only_the_result_is_written_and_only_where_it_can_be() {
    for faults in FAULTS {
        let mut guest = memory(faults);
        let fd = file(&mut guest, "f", b"0123");
        guest.fd_read(fd, 3).unwrap();
        guest.memory.fill(0xaa);
        check_pointer((&mut guest, faults), FdTell, &[fd.into(), 64], 1, (8, 8));
        check_writes(&mut guest, FdTell, &[fd.into(), 64], &[(64, 8)]);
        assert_eq!(guest.u64_at(64), 3);
    }
}

#[test]
fn what_is_not_open_has_no_offset() {
    check_closed(FdTell, &[64]);
    check_closed(FdTell, &[MAX32]);
}
