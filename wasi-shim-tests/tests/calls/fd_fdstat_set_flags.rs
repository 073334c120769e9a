//! `fd_fdstat_set_flags`.

use crate::support::{
    MAX32, a_directory, a_file, answer, check_closed, content, file, gates, memory, open,
};
use wasi_shim::abi::Syscall::FdFdstatSetFlags;
use wasi_shim::abi::{Errno, FdFlags, OFlags, Rights};
use wasi_shim::backends::pipe;
use wasi_shim::{FaultMode, Wasi};
use wasi_shim_tests::Guest;
use wasi_shim_tests::trees::{READ_ONLY, ROOT, on_each};

#[test]
fn append_can_be_switched_on_and_off() {
    on_each(|_, guest| {
        let fd = file(guest, "f", b"0123");
        guest.fd_fdstat_set_flags(fd, FdFlags::APPEND).unwrap();
        assert_eq!(guest.fd_fdstat_get(fd).unwrap().flags, FdFlags::APPEND);
        guest.fd_write(fd, "ab").unwrap();
        assert_eq!(guest.fd_tell(fd), Ok(6));
        guest.fd_fdstat_set_flags(fd, FdFlags::empty()).unwrap();
        guest.fd_seek(fd, 1, wasi_shim::abi::Whence::Set).unwrap();
        guest.fd_write(fd, "X").unwrap();
        assert_eq!(content(guest, "f"), b"0X23ab");
    });
}

#[test]
fn a_file_that_was_opened_with_trunc_keeps_what_was_written_since() {
    // A peer opened the file again to change its flags, and emptied it (wazero#1863).
    on_each(|_, guest| {
        let fd = open(
            guest,
            "f",
            OFlags::CREAT | OFlags::EXCL | OFlags::TRUNC,
            FdFlags::empty(),
        );
        guest.fd_write(fd, "abc").unwrap();
        for flags in [
            FdFlags::empty(),
            FdFlags::APPEND,
            FdFlags::NONBLOCK,
            FdFlags::empty(),
        ] {
            guest.fd_fdstat_set_flags(fd, flags).unwrap();
            assert_eq!(content(guest, "f"), b"abc");
            assert_eq!(guest.fd_tell(fd), Ok(3));
        }
    });
}

#[test]
fn flags_belong_to_one_descriptor_not_to_the_file() {
    on_each(|_, guest| {
        let first = file(guest, "f", b"0123");
        let second = open(guest, "f", OFlags::empty(), FdFlags::empty());
        guest.fd_fdstat_set_flags(first, FdFlags::APPEND).unwrap();
        assert_eq!(guest.fd_fdstat_get(second).unwrap().flags, FdFlags::empty());
        guest.fd_write(second, "X").unwrap();
        assert_eq!(content(guest, "f"), b"X123");
    });
}

#[test]
fn a_stream_that_must_not_wait_answers_again_until_it_may() {
    let (reader, _writer) = pipe(4);
    let mut guest = Guest::new(Wasi::builder().stdin(reader));
    guest.fd_fdstat_set_flags(0, FdFlags::NONBLOCK).unwrap();
    assert_eq!(guest.fd_read(0, 1), Err(Errno::Again));
    guest.fd_fdstat_set_flags(0, FdFlags::empty()).unwrap();
    let args = [0, 64, 1, 128];
    crate::support::poke_buffers(&mut guest, 64, &[(256, 1)]);
    crate::support::blocked(guest.attempt(wasi_shim::abi::Syscall::FdRead, &args));
}

#[test]
fn any_descriptor_takes_append_and_nonblock() {
    on_each(|_, guest| {
        let both = FdFlags::APPEND | FdFlags::NONBLOCK;
        for fd in [0, 1, 2, ROOT, READ_ONLY] {
            for flags in [FdFlags::APPEND, FdFlags::NONBLOCK, both, FdFlags::empty()] {
                assert_eq!(guest.fd_fdstat_set_flags(fd, flags), Ok(()));
                assert_eq!(guest.fd_fdstat_get(fd).unwrap().flags, flags);
            }
        }
    });
}

#[test]
fn flags_about_durability_can_be_repeated_but_not_changed() {
    on_each(|_, guest| {
        file(guest, "f", b"");
        let durable = [FdFlags::DSYNC, FdFlags::SYNC, FdFlags::RSYNC];
        for flag in durable {
            let fd = open(guest, "f", OFlags::empty(), FdFlags::empty());
            assert_eq!(guest.fd_fdstat_set_flags(fd, flag), Err(Errno::Inval));
            assert_eq!(
                guest.fd_fdstat_set_flags(fd, flag | FdFlags::APPEND),
                Err(Errno::Inval)
            );
            assert_eq!(guest.fd_fdstat_get(fd).unwrap().flags, FdFlags::empty());
            // What F_GETFL reports can be passed to F_SETFL.
            let fd = open(guest, "f", OFlags::empty(), flag);
            assert_eq!(
                guest.fd_fdstat_set_flags(fd, flag | FdFlags::APPEND),
                Ok(())
            );
            assert_eq!(
                guest.fd_fdstat_set_flags(fd, FdFlags::APPEND),
                Err(Errno::Inval)
            );
            assert_eq!(
                guest.fd_fdstat_get(fd).unwrap().flags,
                flag | FdFlags::APPEND
            );
        }
    });
}

#[test]
fn flags_that_nobody_knows_are_invalid_and_change_nothing() {
    let (mut guest, fd) = a_file();
    for flags in [1 << 5, 1 << 15, 1 << 16, (1 << 16) | 1, 1 << 31, MAX32] {
        for fd in [fd, ROOT, 0] {
            let found = guest.attempt(FdFdstatSetFlags, &[fd.into(), flags]);
            assert_eq!(answer(found), Err(Errno::Inval), "{flags:#x}");
            assert_eq!(guest.fd_fdstat_get(fd).unwrap().flags, FdFlags::empty());
        }
    }
}

#[test]
fn it_takes_the_right_to_it_and_no_other() {
    let right = Rights::FD_FDSTAT_SET_FLAGS;
    assert_eq!(gates(a_file, FdFdstatSetFlags, &[1]), right);
    assert_eq!(gates(a_directory, FdFdstatSetFlags, &[1]), right);
    for fd in [0, 1] {
        assert_eq!(
            gates(|| (memory(FaultMode::Trap), fd), FdFdstatSetFlags, &[1]),
            right
        );
    }
    // The right comes before the flags.
    let (mut guest, fd) = a_file();
    crate::support::give_up(&mut guest, fd, right);
    let found = guest.attempt(FdFdstatSetFlags, &[fd.into(), MAX32]);
    assert_eq!(answer(found), Err(Errno::Notcapable));
}

#[test]
fn what_is_not_open_has_no_flags() {
    check_closed(FdFdstatSetFlags, &[0]);
    check_closed(FdFdstatSetFlags, &[MAX32]);
}
