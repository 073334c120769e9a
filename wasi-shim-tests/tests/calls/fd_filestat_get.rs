//! `fd_filestat_get`.

use crate::support::{
    FAULTS, MAX32, Probe, a_directory, a_file, answer, check_closed, check_pointer, check_writes,
    content, dir, file, gates, memory, open_with,
};
use std::time::{Duration, SystemTime};
use wasi_shim::abi::Syscall::FdFilestatGet;
use wasi_shim::abi::{Abi, Errno, FileKind, FstFlags, LookupFlags, Rights};
use wasi_shim::backends::{MemDir, pipe};
use wasi_shim::vfs::Timestamp;
use wasi_shim::{Access, FaultMode, Wasi};
use wasi_shim_tests::trees::{READ_ONLY, ROOT, on_each};
use wasi_shim_tests::{Guest, Stat};

#[test]
fn a_file_is_described_as_its_path_is() {
    on_each(|_, guest| {
        let fd = file(guest, "f", b"0123456789");
        let stat = guest.fd_filestat_get(fd).unwrap();
        assert_eq!(stat.filetype, FileKind::RegularFile);
        assert_eq!((stat.size, stat.nlink, stat.dev), (10, 1, 1));
        assert_ne!(stat.ino, 0);
        let by_path = guest.path_filestat_get(ROOT, LookupFlags::empty(), "f");
        assert_eq!(by_path, Ok(stat));
        // The device is the ordinal of the preopen, never the host's.
        let fd = open_with(guest, READ_ONLY, "f", Rights::FD_FILESTAT_GET).unwrap();
        assert_eq!(guest.fd_filestat_get(fd), Ok(Stat { dev: 2, ..stat }));
    });
}

#[test]
fn names_are_counted_as_they_come_and_go() {
    on_each(|_, guest| {
        let fd = file(guest, "f", b"");
        let nlink = |guest: &mut Guest| guest.fd_filestat_get(fd).unwrap().nlink;
        guest
            .path_link((ROOT, LookupFlags::empty(), "f"), (ROOT, "g"))
            .unwrap();
        assert_eq!(nlink(guest), 2);
        guest.path_unlink_file(ROOT, "f").unwrap();
        assert_eq!(nlink(guest), 1);
        guest.path_unlink_file(ROOT, "g").unwrap();
        assert_eq!(nlink(guest), 0, "the descriptor is all that is left of it");
    });
}

#[test]
fn a_directory_is_described_too_and_after_it_was_removed() {
    on_each(|_, guest| {
        let sub = dir(guest, "d");
        let stat = guest.fd_filestat_get(sub).unwrap();
        assert_eq!(stat.filetype, FileKind::Directory);
        assert_eq!(
            guest.path_filestat_get(ROOT, LookupFlags::empty(), "d"),
            Ok(stat)
        );
        assert_eq!(
            guest.path_filestat_get(sub, LookupFlags::empty(), "."),
            Ok(stat)
        );
        guest.path_remove_directory(ROOT, "d").unwrap();
        assert_eq!(guest.fd_filestat_get(sub).unwrap().ino, stat.ino);
    });
}

#[test]
fn of_a_stream_only_the_kind_is_known() {
    let (reader, writer) = pipe(8);
    let mut guest = Guest::new(Wasi::builder().stdin(reader).stdout(writer));
    guest.fd_write(1, "abc").unwrap();
    for fd in [0, 1, 2] {
        guest.memory.fill(0xaa);
        check_writes(&mut guest, FdFilestatGet, &[fd, 64], &[(64, 64)]);
        assert_eq!(guest.bytes(64, 64), [0; 64]);
    }
}

#[test]
fn every_byte_of_the_record_is_written_and_none_beside_it() {
    let times = Timestamp(0x1112_1314_1516_1718);
    let root = MemDir::with_time(move || times);
    let mut guest = Guest::new(Wasi::builder().preopen("/", root, Access::ReadWrite));
    let fd = file(&mut guest, "f", b"0123456789");
    guest
        .fd_filestat_set_times(fd, 7, u64::MAX, FstFlags::ATIM | FstFlags::MTIM)
        .unwrap();
    let ino = guest.fd_filestat_get(fd).unwrap().ino;
    let expected = |nlink: &[u8]| {
        let mut bytes = [1_u64.to_le_bytes(), ino.to_le_bytes()].concat();
        bytes.extend([4, 0, 0, 0]);
        bytes.extend(nlink);
        for number in [10, 7, u64::MAX, times.0] {
            bytes.extend(number.to_le_bytes());
        }
        bytes
    };
    guest.memory.fill(0xaa);
    check_writes(&mut guest, FdFilestatGet, &[fd.into(), 64], &[(64, 64)]);
    // Four bytes of padding, and a count of eight.
    assert_eq!(
        guest.bytes(64, 64),
        expected(&[0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
    );
    guest.abi = Abi::Unstable;
    guest.memory.fill(0xaa);
    check_writes(&mut guest, FdFilestatGet, &[fd.into(), 64], &[(64, 56)]);
    assert_eq!(guest.bytes(64, 56), expected(&[1, 0, 0, 0]));
}

#[test]
fn the_older_record_needs_less_room() {
    let (mut guest, fd) = a_file();
    let at = i64::try_from(guest.memory.len()).unwrap() - 56;
    guest.abi = Abi::Unstable;
    assert_eq!(
        answer(guest.attempt(FdFilestatGet, &[fd.into(), at])),
        Ok(())
    );
}

#[test]
fn times_beyond_what_the_record_can_hold_are_cut_to_it() {
    // Peers panicked on these (GHSA-mr2v-56j5-cmfc).
    let tree = wasi_shim_tests::trees::Tree::host();
    let mut guest = tree.guest();
    let fd = file(&mut guest, "f", b"");
    let path = tree.folder.as_ref().unwrap().path().join("f");
    let host = std::fs::File::options().write(true).open(path).unwrap();
    host.set_modified(SystemTime::UNIX_EPOCH - Duration::from_secs(1))
        .unwrap();
    assert_eq!(guest.fd_filestat_get(fd).unwrap().mtim, 0);
    host.set_modified(SystemTime::UNIX_EPOCH + Duration::from_nanos(1_500_000_000))
        .unwrap();
    assert_eq!(guest.fd_filestat_get(fd).unwrap().mtim, 1_500_000_000);
}

#[test]
fn a_filesystem_s_error_is_the_answer() {
    let probe = Probe::new(&[]);
    let (mut guest, fd) = probe.guest();
    probe.answer(Err(Errno::Stale));
    assert_eq!(guest.fd_filestat_get(fd), Err(Errno::Stale));
    assert_eq!(guest.fd_filestat_get(ROOT), Err(Errno::Stale));
    assert_eq!(probe.asked(), ["metadata", "dir.metadata"]);
    // A bad result pointer is found before anybody is asked.
    assert!(matches!(
        guest.attempt(FdFilestatGet, &[fd.into(), MAX32]),
        wasi_shim::Outcome::Trap(_)
    ));
    assert!(probe.asked().is_empty());
}

#[test]
fn it_takes_the_right_to_it_and_no_other() {
    let right = Rights::FD_FILESTAT_GET;
    assert_eq!(gates(a_file, FdFilestatGet, &[64]), right);
    assert_eq!(gates(a_directory, FdFilestatGet, &[64]), right);
    for fd in [0, 1] {
        assert_eq!(
            gates(|| (memory(FaultMode::Trap), fd), FdFilestatGet, &[64]),
            right
        );
    }
}

#[test]
fn a_bad_pointer_is_refused() {
    for (abi, len) in [(Abi::Preview1, 64), (Abi::Unstable, 56)] {
        for faults in FAULTS {
            let mut guest = memory(faults);
            guest.abi = abi;
            check_pointer((&mut guest, faults), FdFilestatGet, &[3, 64], 1, (len, 8));
        }
    }
}

#[test]
fn looking_at_a_file_does_not_change_it() {
    on_each(|_, guest| {
        let fd = file(guest, "f", b"abc");
        let first = guest.fd_filestat_get(fd);
        assert_eq!(guest.fd_filestat_get(fd), first);
        assert_eq!(guest.fd_tell(fd), Ok(0));
        assert_eq!(content(guest, "f"), b"abc");
    });
}

#[test]
fn of_what_is_not_open_nothing_is_known() {
    check_closed(FdFilestatGet, &[64]);
    check_closed(FdFilestatGet, &[MAX32]);
}
