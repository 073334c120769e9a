//! `fd_renumber`.

use crate::support::{
    answer, blocked, check_closed, content, dir, drain, file, memory, open, open_with,
    poke_buffers, resume,
};
use std::io::IoSlice;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use wasi_shim::abi::Syscall::{FdRead, FdRenumber, FdWrite};
use wasi_shim::abi::{Errno, FdFlags, OFlags, Rights, Whence};
use wasi_shim::backends::{Capture, MemDir, pipe};
use wasi_shim::vfs::Stream;
use wasi_shim::{Access, FaultMode, Limits, Wasi};
use wasi_shim_tests::Guest;
use wasi_shim_tests::trees::{READ_ONLY, ROOT, Tree, on_each};

#[test]
fn a_descriptor_moves_with_its_offset_flags_and_rights() {
    on_each(|_, guest| {
        let (from, to) = (file(guest, "a", b"0123456789"), file(guest, "b", b"other"));
        guest.fd_seek(from, 4, Whence::Set).unwrap();
        guest.fd_fdstat_set_flags(from, FdFlags::APPEND).unwrap();
        crate::support::give_up(guest, from, Rights::FD_ADVISE);
        let stat = guest.fd_fdstat_get(from);
        assert_eq!(guest.fd_renumber(from, to), Ok(()));
        assert_eq!(guest.fd_fdstat_get(to), stat);
        assert_eq!(guest.fd_read(to, 4).unwrap(), b"4567");
        assert_eq!(guest.fd_read(from, 4), Err(Errno::Badf));
        assert_eq!(content(guest, "b"), b"other");
    });
}

#[test]
fn a_descriptor_moved_to_itself_stays_open() {
    // A peer closed it (WasmEdge#3040), another panicked at the next open (CVE-2025-53901).
    on_each(|_, guest| {
        let fd = file(guest, "f", b"x");
        for fd in [0, 1, 2, ROOT, READ_ONLY, fd] {
            assert_eq!(guest.fd_renumber(fd, fd), Ok(()));
        }
        assert_eq!(guest.fd_read(fd, 4).unwrap(), b"x");
        assert_eq!(guest.fd_prestat_get(ROOT), Ok(1));
        let next = open(guest, "f", OFlags::CREAT, FdFlags::empty());
        assert_eq!(next, fd + 1);
    });
}

#[test]
fn both_numbers_must_be_open_and_nothing_happens_otherwise() {
    // The cases of CVE-2025-53901: each is followed by an open, which gets the lowest free number.
    on_each(|_, guest| {
        let (a, b) = (file(guest, "a", b"a"), file(guest, "b", b"b"));
        guest.fd_close(b).unwrap();
        for to in [
            b,
            b + 1,
            127,
            1_023,
            1_024,
            i32::MAX.cast_unsigned(),
            1 << 31,
            u32::MAX,
        ] {
            assert_eq!(guest.fd_renumber(a, to), Err(Errno::Badf), "{to}");
            assert_eq!(guest.fd_renumber(to, a), Err(Errno::Badf), "{to}");
            assert_eq!(guest.fd_renumber(to, to), Err(Errno::Badf), "{to}");
            assert_eq!(open(guest, "b", OFlags::empty(), FdFlags::empty()), b);
            guest.fd_close(b).unwrap();
        }
        assert_eq!(guest.fd_read(a, 4).unwrap(), b"a");
    });
    check_closed(FdRenumber, &[0]);
    check_closed(FdRenumber, &[99]);
}

#[test]
fn the_number_moved_from_is_the_next_to_be_used() {
    on_each(|_, guest| {
        let fds = ["a", "b", "c"].map(|name| file(guest, name, b""));
        guest.fd_renumber(fds[0], fds[2]).unwrap();
        assert_eq!(open(guest, "a", OFlags::empty(), FdFlags::empty()), fds[0]);
        assert_eq!(
            open(guest, "a", OFlags::empty(), FdFlags::empty()),
            fds[2] + 1
        );
    });
}

#[test]
fn the_descriptor_moved_over_is_closed() {
    let root = MemDir::new();
    let builder = Wasi::builder().preopen("/", root.clone(), Access::ReadWrite);
    let mut guest = Guest::new(builder);
    let (kept, doomed) = (
        file(&mut guest, "kept", b"x"),
        file(&mut guest, "doomed", b"y"),
    );
    guest.path_unlink_file(ROOT, "doomed").unwrap();
    assert_eq!(
        root.usage().inodes,
        2,
        "a file without a name that is still open"
    );
    guest.fd_renumber(kept, doomed).unwrap();
    assert_eq!(root.usage().inodes, 1);
    let (reader, writer) = pipe(8);
    let mut guest = Guest::new(Wasi::builder().stdout(writer));
    guest.fd_renumber(2, 1).unwrap();
    assert_eq!(drain(&*reader, 1), Ok(vec![]), "the pipe has ended");
}

#[test]
fn two_thousand_moves_leave_nothing_open() {
    // A peer forgot to close what it moved over (GHSA-3p27-qvp9-27qf).
    let root = MemDir::new();
    let builder = Wasi::builder().preopen("/", root.clone(), Access::ReadWrite);
    let mut guest = Guest::new(builder);
    let mut current = file(&mut guest, "kept", b"x");
    for _ in 0..2_000 {
        let next = open(
            &mut guest,
            "f",
            OFlags::CREAT | OFlags::EXCL,
            FdFlags::empty(),
        );
        guest.path_unlink_file(ROOT, "f").unwrap();
        assert_eq!(root.usage().inodes, 2);
        assert_eq!(guest.fd_renumber(current, next), Ok(()));
        assert_eq!(root.usage().inodes, 1);
        current = next;
    }
    assert_eq!(guest.fd_read(current, 4).unwrap(), b"x");
}

#[test]
fn a_full_table_has_room_for_one_more_after_a_move() {
    let mut limits = Limits::default();
    limits.descriptors = 7;
    let mut guest = Guest::new(Tree::memory().builder().limits(limits));
    let fds = ["a", "b"].map(|name| file(&mut guest, name, b""));
    let open = |guest: &mut Guest| open_with(guest, ROOT, "a", Rights::FD_READ);
    assert_eq!(open(&mut guest), Err(Errno::Mfile));
    assert_eq!(guest.fd_renumber(fds[1], fds[1]), Ok(()));
    assert_eq!(open(&mut guest), Err(Errno::Mfile));
    assert_eq!(guest.fd_renumber(fds[1], fds[0]), Ok(()));
    assert_eq!(open(&mut guest), Ok(fds[1]));
    assert_eq!(open(&mut guest), Err(Errno::Mfile));
}

#[test]
fn what_is_moved_over_a_preopen_is_none() {
    on_each(|_, guest| {
        let sub = dir(guest, "d");
        assert_eq!(guest.fd_renumber(sub, ROOT), Ok(()));
        assert_eq!(guest.fd_prestat_get(ROOT), Err(Errno::Badf));
        assert_eq!(guest.fd_prestat_dir_name(ROOT, 10), Err(Errno::Badf));
        // It is the directory it was, and leads no higher.
        assert_eq!(guest.path_create_directory(ROOT, "e"), Ok(()));
        assert_eq!(
            open_with(guest, ROOT, "../d", Rights::empty()),
            Err(Errno::Perm)
        );
        assert!(open_with(guest, READ_ONLY, "d/e", Rights::empty()).is_ok());
    });
}

#[test]
fn a_preopen_that_is_moved_keeps_its_name_and_what_it_was_given_for() {
    on_each(|_, guest| {
        assert_eq!(guest.fd_renumber(READ_ONLY, ROOT), Ok(()));
        assert_eq!(guest.fd_prestat_dir_name(ROOT, 10).unwrap(), b"/read-only");
        assert_eq!(guest.path_create_directory(ROOT, "d"), Err(Errno::Perm));
        assert_eq!(guest.fd_prestat_get(READ_ONLY), Err(Errno::Badf));
    });
}

#[test]
fn a_file_in_place_of_standard_output_takes_what_is_printed() {
    let terminal = Capture::new(100);
    let mut guest = Guest::new(Tree::memory().builder().stdout(terminal.clone()));
    let fd = file(&mut guest, "log", b"");
    guest.fd_write(1, "before").unwrap();
    guest.fd_renumber(fd, 1).unwrap();
    guest.fd_write(1, "after").unwrap();
    assert_eq!(terminal.contents(), b"before");
    assert_eq!(content(&mut guest, "log"), b"after");
}

#[test]
fn moving_takes_no_right() {
    let mut guest = memory(FaultMode::Trap);
    let (from, to) = (file(&mut guest, "a", b""), file(&mut guest, "b", b""));
    for fd in [from, to] {
        crate::support::give_up(&mut guest, fd, Rights::all());
    }
    assert_eq!(guest.fd_renumber(from, to), Ok(()));
}

#[test]
fn a_write_that_waits_goes_on_with_the_stream_it_began_with() {
    let (reader, writer) = pipe(2);
    let other = Capture::new(100);
    let mut guest = Guest::new(Wasi::builder().stdout(writer).stderr(other.clone()));
    poke_buffers(&mut guest, 64, &[(256, 4)]);
    crate::support::poke(&mut guest, 256, b"abcd");
    let wait = blocked(guest.attempt(FdWrite, &[1, 64, 1, 128]));
    guest.fd_renumber(2, 1).unwrap();
    assert_eq!(drain(&*reader, 8).unwrap(), b"ab");
    assert_eq!(answer(resume(&mut guest, wait)), Ok(()));
    assert_eq!(guest.u32_at(128), 4);
    assert_eq!(drain(&*reader, 8).unwrap(), b"cd");
    assert_eq!(other.contents(), b"");
}

#[test]
fn a_read_that_waits_goes_on_with_the_stream_it_began_with() {
    let (reader, writer) = pipe(8);
    let mut guest = Guest::new(Tree::memory().builder().stdin(reader));
    let fd = file(&mut guest, "secret", b"secret");
    poke_buffers(&mut guest, 64, &[(256, 8)]);
    let wait = blocked(guest.attempt(FdRead, &[0, 64, 1, 128]));
    guest.fd_renumber(fd, 0).unwrap();
    writer.write(&[IoSlice::new(b"mine")]).unwrap();
    assert_eq!(answer(resume(&mut guest, wait)), Ok(()));
    assert_eq!(guest.bytes(256, 8), b"mine\0\0\0\0");
    assert_eq!(
        guest.fd_read(0, 10).unwrap(),
        b"secret",
        "none of it was taken"
    );
}

#[test]
fn another_thread_never_finds_the_number_closed() {
    let mut guest = memory(FaultMode::Trap);
    let to = file(&mut guest, "to", b"x");
    let (wasi, moved) = (guest.wasi.clone(), AtomicBool::new(false));
    thread::scope(|scope| {
        let looker = scope.spawn(|| {
            let mut other = Guest::of(wasi);
            let mut looks = 0;
            while !moved.load(Ordering::SeqCst) || looks == 0 {
                assert!(other.fd_fdstat_get(to).is_ok(), "after {looks} looks");
                looks += 1;
            }
        });
        for _ in 0..3_000 {
            let from = open(&mut guest, "to", OFlags::empty(), FdFlags::empty());
            assert_eq!(guest.fd_renumber(from, to), Ok(()));
        }
        moved.store(true, Ordering::SeqCst);
        looker.join().expect("the number was always open");
    });
}
