//! `fd_close`.

use crate::support::{
    Probe, answer, check_closed, content, dir, drain, file, memory, open, open_with,
};
use std::sync::Arc;
use wasi_shim::abi::Syscall::FdClose;
use wasi_shim::abi::{Errno, FdFlags, OFlags, Rights};
use wasi_shim::backends::{MemDir, pipe};
use wasi_shim::{Access, FaultMode, Limits, Wasi};
use wasi_shim_tests::Guest;
use wasi_shim_tests::trees::{READ_ONLY, ROOT, Tree, on_each};

#[test]
fn a_closed_descriptor_is_gone_and_its_neighbours_are_not() {
    on_each(|_, guest| {
        let fds = ["a", "b", "c"].map(|name| file(guest, name, name.as_bytes()));
        assert_eq!(guest.fd_close(fds[1]), Ok(()));
        assert_eq!(guest.fd_close(fds[1]), Err(Errno::Badf));
        assert_eq!(guest.fd_read(fds[1], 1), Err(Errno::Badf));
        assert_eq!(guest.fd_read(fds[0], 1).unwrap(), b"a");
        assert_eq!(guest.fd_read(fds[2], 1).unwrap(), b"c");
        assert_eq!(content(guest, "b"), b"b", "the file is still there");
    });
}

#[test]
fn new_descriptors_take_the_lowest_free_number() {
    on_each(|_, guest| {
        let fds = ["a", "b", "c", "d"].map(|name| file(guest, name, b""));
        assert_eq!(fds, [5, 6, 7, 8]);
        for fd in [7, 0, 5] {
            assert_eq!(guest.fd_close(fd), Ok(()));
        }
        let again =
            ["a", "b", "c", "d"].map(|name| open(guest, name, OFlags::empty(), FdFlags::empty()));
        assert_eq!(again, [0, 5, 7, 9]);
    });
}

#[test]
fn a_closed_preopen_is_gone_but_what_was_opened_through_it_is_not() {
    on_each(|_, guest| {
        let (sub, fd) = (dir(guest, "d"), file(guest, "f", b"x"));
        assert_eq!(guest.fd_close(ROOT), Ok(()));
        assert_eq!(guest.fd_prestat_get(ROOT), Err(Errno::Badf));
        assert_eq!(guest.path_create_directory(ROOT, "e"), Err(Errno::Badf));
        assert_eq!(guest.path_create_directory(sub, "e"), Ok(()));
        assert_eq!(guest.fd_read(fd, 1).unwrap(), b"x");
        // The number is used again, and is no preopen then.
        let fd = open_with(guest, READ_ONLY, "f", Rights::FD_READ).unwrap();
        assert_eq!(fd, ROOT);
        assert_eq!(guest.fd_prestat_get(fd), Err(Errno::Badf));
    });
}

#[test]
fn a_file_without_a_name_lives_until_its_last_descriptor_is_closed() {
    let root = MemDir::new();
    let builder = Wasi::builder().preopen("/", root.clone(), Access::ReadWrite);
    let mut guest = Guest::new(builder);
    let first = file(&mut guest, "f", b"still here");
    let second = open(&mut guest, "f", OFlags::empty(), FdFlags::empty());
    guest.path_unlink_file(ROOT, "f").unwrap();
    guest.fd_close(first).unwrap();
    assert_eq!(guest.fd_read(second, 20).unwrap(), b"still here");
    assert_eq!(root.usage().inodes, 1);
    guest.fd_close(second).unwrap();
    assert_eq!((root.usage().inodes, root.usage().bytes), (0, 0));
}

#[test]
fn closing_the_end_of_a_pipe_closes_the_pipe() {
    let (reader, writer) = pipe(16);
    let mut guest = Guest::new(Wasi::builder().stdout(writer));
    guest.fd_write(1, "last words").unwrap();
    assert_eq!(guest.fd_close(1), Ok(()));
    assert_eq!(drain(&*reader, 20).unwrap(), b"last words");
    assert_eq!(drain(&*reader, 20), Ok(vec![]), "the end, not `again`");
}

#[test]
fn one_pipe_that_is_two_descriptors_is_closed_with_the_second() {
    let (reader, writer) = pipe(16);
    let mut guest = Guest::new(Wasi::builder().stdout(writer.clone()).stderr(writer));
    guest.fd_close(1).unwrap();
    assert_eq!(drain(&*reader, 1), Err(Errno::Again));
    guest.fd_close(2).unwrap();
    assert_eq!(drain(&*reader, 1), Ok(vec![]));
}

#[test]
fn a_full_table_has_room_again_for_each_descriptor_that_is_closed() {
    let mut limits = Limits::default();
    limits.descriptors = 7;
    let mut guest = Guest::new(Tree::memory().builder().limits(limits));
    let fds = ["a", "b"].map(|name| file(&mut guest, name, b""));
    let refused = |guest: &mut Guest| {
        assert_eq!(
            open_with(guest, ROOT, "a", Rights::FD_READ),
            Err(Errno::Mfile)
        );
    };
    refused(&mut guest);
    for fd in fds {
        guest.fd_close(fd).unwrap();
        assert_eq!(guest.fd_close(fd), Err(Errno::Badf), "which makes no room");
        assert_eq!(open_with(&mut guest, ROOT, "a", Rights::FD_READ), Ok(fd));
        refused(&mut guest);
    }
}

#[test]
fn a_handle_is_let_go_at_once_ten_thousand_times() {
    let probe = Probe::new(&[]);
    let (mut guest, fd) = probe.guest();
    let held = Arc::strong_count(&probe);
    for _ in 0..10_000 {
        guest.fd_close(fd).unwrap();
        assert_eq!(Arc::strong_count(&probe), held - 1);
        assert_eq!(open_with(&mut guest, ROOT, "f", Rights::FD_READ), Ok(fd));
    }
}

#[test]
fn closing_takes_no_right() {
    let mut guest = memory(FaultMode::Trap);
    let fd = file(&mut guest, "f", b"");
    for fd in [0, 1, ROOT, READ_ONLY, fd] {
        guest
            .fd_fdstat_set_rights(fd, Rights::empty(), Rights::empty())
            .unwrap();
        assert_eq!(guest.fd_close(fd), Ok(()));
    }
}

#[test]
fn what_is_not_open_cannot_be_closed() {
    check_closed(FdClose, &[]);
    // Descriptors are the low 32 bits, and nothing is negative.
    let mut guest = memory(FaultMode::Trap);
    assert_eq!(answer(guest.attempt(FdClose, &[-1])), Err(Errno::Badf));
}
