//! `fd_pwrite`.

use crate::support::{
    FAULTS, MAX_OFFSET, MAX32, Probe, a_directory, a_file, answer, check_closed, check_pointer,
    content, dir, file, gates, memory, open, open_with, poke_buffers,
};
use wasi_shim::abi::Syscall::FdPwrite;
use wasi_shim::abi::{Errno, FdFlags, OFlags, Rights, Whence};
use wasi_shim::{FaultMode, RightsMode};
use wasi_shim_tests::Guest;
use wasi_shim_tests::trees::{READ_ONLY, ROOT, Tree, on_each};

#[test]
fn it_writes_at_the_offset_given_and_leaves_the_descriptor_s_alone() {
    on_each(|_, guest| {
        let fd = file(guest, "f", b"0123456789");
        guest.fd_seek(fd, 3, Whence::Set).unwrap();
        assert_eq!(guest.fd_pwrite(fd, &[b"ab"], 5), Ok(2));
        assert_eq!(guest.fd_pwrite(fd, &[b"c", b"", b"de"], 9), Ok(3));
        assert_eq!(content(guest, "f"), b"01234ab78cde");
        assert_eq!(guest.fd_pwrite(fd, &[b"X"], 14), Ok(1));
        assert_eq!(content(guest, "f"), b"01234ab78cde\0\0X");
        assert_eq!(guest.fd_tell(fd), Ok(3));
    });
}

#[test]
fn with_append_the_offset_is_ignored_as_on_linux() {
    // POSIX wants it honoured; the official test suite expects Linux's behaviour.
    on_each(|_, guest| {
        file(guest, "f", b"0123");
        let fd = open(guest, "f", OFlags::empty(), FdFlags::APPEND);
        guest.fd_seek(fd, 1, Whence::Set).unwrap();
        assert_eq!(guest.fd_pwrite(fd, &[b"ab"], 0), Ok(2));
        assert_eq!(guest.fd_pwrite(fd, &[b"cd", b"e"], 1 << 20), Ok(3));
        assert_eq!(content(guest, "f"), b"0123abcde");
        assert_eq!(guest.fd_tell(fd), Ok(1), "the descriptor's offset stays");
        assert_eq!(guest.fd_pwrite(fd, &[b"x"], u64::MAX), Err(Errno::Inval));
    });
}

#[test]
fn nothing_is_written_beyond_the_largest_offset() {
    on_each(|_, guest| {
        let fd = file(guest, "f", b"0123");
        guest.fd_seek(fd, 2, Whence::Set).unwrap();
        assert_eq!(guest.fd_pwrite(fd, &[b"x"], MAX_OFFSET), Err(Errno::Fbig));
        for offset in [MAX_OFFSET + 1, u64::MAX - 1, u64::MAX] {
            assert_eq!(guest.fd_pwrite(fd, &[b"x"], offset), Err(Errno::Inval));
            assert_eq!(guest.fd_pwrite(fd, &[], offset), Err(Errno::Inval));
        }
        assert_eq!(content(guest, "f"), b"0123");
        assert_eq!(guest.fd_tell(fd), Ok(2));
    });
}

#[test]
fn the_last_byte_of_the_longest_file_can_be_written() {
    let (mut guest, fd) = a_file();
    assert_eq!(guest.fd_pwrite(fd, &[b"ab"], MAX_OFFSET - 1), Ok(1));
    assert_eq!(guest.fd_filestat_get(fd).unwrap().size, MAX_OFFSET);
    assert_eq!(guest.fd_pread(fd, &[4], MAX_OFFSET - 1).unwrap(), b"a");
}

#[test]
fn no_bytes_change_nothing_wherever_they_go() {
    on_each(|_, guest| {
        let fd = file(guest, "f", b"0123");
        for offset in [0, 100, MAX_OFFSET] {
            assert_eq!(guest.fd_pwrite(fd, &[], offset), Ok(0));
            assert_eq!(guest.fd_pwrite(fd, &[b"", b""], offset), Ok(0));
        }
        assert_eq!(content(guest, "f"), b"0123");
    });
}

#[test]
fn more_buffers_than_the_limit_are_invalid_wherever_they_are() {
    on_each(|_, guest| {
        let fd = file(guest, "f", b"");
        assert_eq!(guest.fd_pwrite(fd, &[&b"x"[..]; 1_024], 0), Ok(1_024));
        assert_eq!(
            guest.fd_pwrite(fd, &[&b"y"[..]; 1_025], 0),
            Err(Errno::Inval)
        );
        for fd in [fd, ROOT] {
            let found = guest.attempt(FdPwrite, &[fd.into(), MAX32, 0x2000_0000, 0, MAX32]);
            assert_eq!(answer(found), Err(Errno::Inval));
        }
        assert_eq!(content(guest, "f"), [b'x'; 1_024]);
    });
}

#[test]
fn only_files_have_offsets() {
    on_each(|_, guest| {
        let sub = dir(guest, "d");
        for fd in [ROOT, sub] {
            assert_eq!(guest.fd_pwrite(fd, &[b"x"], 0), Err(Errno::Isdir));
            assert_eq!(guest.fd_pwrite(fd, &[], u64::MAX), Err(Errno::Isdir));
        }
        for fd in [1, 2] {
            assert_eq!(guest.fd_pwrite(fd, &[b"x"], 0), Err(Errno::Spipe));
        }
        // Standard input cannot be written in the first place.
        assert_eq!(guest.fd_pwrite(0, &[b"x"], 0), Err(Errno::Notcapable));
    });
}

#[test]
fn it_takes_the_rights_to_write_and_to_seek() {
    let args = [64, 1, 0, 128];
    assert_eq!(
        gates(a_file, FdPwrite, &args),
        Rights::FD_WRITE | Rights::FD_SEEK
    );
    assert_eq!(gates(a_directory, FdPwrite, &args), Rights::empty());
    assert_eq!(
        gates(|| (memory(FaultMode::Trap), 1), FdPwrite, &args),
        Rights::FD_WRITE
    );
}

#[test]
fn a_file_in_a_tree_given_for_reading_is_not_written_not_even_nothing() {
    // A peer let writes of no bytes through (wasmtime#8822).
    for (mode, expected) in [
        (RightsMode::Enforce, Errno::Notcapable),
        (RightsMode::ReadWriteOnly, Errno::Badf),
    ] {
        for tree in Tree::all() {
            let mut guest = Guest::new(tree.builder().rights(mode));
            file(&mut guest, "f", b"0123");
            let rights = Rights::FD_READ | Rights::FD_SEEK;
            let fd = open_with(&mut guest, READ_ONLY, "f", rights).unwrap();
            for parts in [&[&b"x"[..]][..], &[b""], &[]] {
                assert_eq!(guest.fd_pwrite(fd, parts, 0), Err(expected));
                assert_eq!(guest.fd_pwrite(READ_ONLY, parts, 0), Err(Errno::Perm));
            }
            assert_eq!(content(&mut guest, "f"), b"0123");
        }
    }
}

#[test]
fn a_filesystem_s_error_is_the_answer() {
    let probe = Probe::new(&[]);
    let (mut guest, fd) = probe.guest();
    assert_eq!(guest.fd_pwrite(fd, &[b"ab", b"c"], 7), Ok(3));
    assert_eq!(probe.asked(), ["write 2 at 7", "write 1 at 9"]);
    guest.fd_fdstat_set_flags(fd, FdFlags::APPEND).unwrap();
    assert_eq!(guest.fd_pwrite(fd, &[b"ab", b"c"], 7), Ok(3));
    assert_eq!(probe.asked(), ["append 3"], "in one piece");
    probe.answer(Err(Errno::Dquot));
    assert_eq!(guest.fd_pwrite(fd, &[b"x"], 7), Err(Errno::Dquot));
}

#[test]
fn a_bad_pointer_is_refused_and_nothing_is_written() {
    for faults in FAULTS {
        let mut guest = memory(faults);
        let fd = file(&mut guest, "f", b"0123");
        poke_buffers(&mut guest, 64, &[(256, 4), (512, 4)]);
        let args = [fd.into(), 64, 2, 0, 128];
        check_pointer((&mut guest, faults), FdPwrite, &args, 1, (16, 4));
        check_pointer((&mut guest, faults), FdPwrite, &args, 4, (4, 4));
        assert_eq!(content(&mut guest, "f"), b"0123");
    }
}

#[test]
fn what_is_not_open_cannot_be_written() {
    check_closed(FdPwrite, &[64, 1, 0, 128]);
    check_closed(FdPwrite, &[MAX32, MAX32, -1, MAX32]);
}
