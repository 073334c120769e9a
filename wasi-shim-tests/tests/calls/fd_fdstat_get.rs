//! `fd_fdstat_get`.

use crate::support::{
    FAULTS, check_closed, check_pointer, check_writes, dir, file, memory, open, open_with,
};
use std::sync::Arc;
use wasi_shim::abi::Syscall::FdFdstatGet;
use wasi_shim::abi::{FdFlags, Fdstat, FileKind, LookupFlags, OFlags, Rights};
use wasi_shim::backends::{Capture, Input, pipe};
use wasi_shim::vfs::Stream;
use wasi_shim::{FaultMode, Wasi};
use wasi_shim_tests::Guest;
use wasi_shim_tests::trees::{READ_ONLY, ROOT, on_each};

/// A terminal that nobody sits at.
struct Terminal;

impl Stream for Terminal {
    fn kind(&self) -> FileKind {
        FileKind::CharacterDevice
    }
}

#[test]
fn a_preopened_directory_allows_and_passes_on_everything_whatever_it_was_given_for() {
    // wasi-libc asks for what a directory passes on: were a right missing, files would open without it.
    on_each(|_, guest| {
        for fd in [ROOT, READ_ONLY] {
            assert_eq!(
                guest.fd_fdstat_get(fd),
                Ok(Fdstat {
                    filetype: FileKind::Directory,
                    flags: FdFlags::empty(),
                    rights_base: Rights::DIRECTORY,
                    rights_inheriting: Rights::INHERITED,
                })
            );
        }
    });
}

#[test]
fn what_was_opened_has_the_rights_it_was_opened_with_that_apply_to_it() {
    on_each(|_, guest| {
        file(guest, "f", b"");
        dir(guest, "d");
        let mut stat = |path, oflags, base| {
            let lookup = LookupFlags::empty();
            let rights = (base, Rights::INHERITED);
            let fd = guest.path_open(ROOT, lookup, path, oflags, rights, FdFlags::empty());
            guest.fd_fdstat_get(fd.unwrap()).unwrap()
        };
        let file = stat("f", OFlags::empty(), Rights::INHERITED);
        assert_eq!(file.filetype, FileKind::RegularFile);
        assert_eq!(file.rights_base, Rights::FILE);
        assert_eq!(file.rights_inheriting, Rights::empty());
        let one = stat("f", OFlags::empty(), Rights::FD_READ | Rights::PATH_OPEN);
        assert_eq!(one.rights_base, Rights::FD_READ);
        let none = stat("f", OFlags::empty(), Rights::empty());
        assert_eq!(none.rights_base, Rights::empty());
        let dir = stat("d", OFlags::DIRECTORY, Rights::INHERITED - Rights::FD_WRITE);
        assert_eq!(dir.filetype, FileKind::Directory);
        assert_eq!(dir.rights_base, Rights::DIRECTORY);
        assert_eq!(dir.rights_inheriting, Rights::INHERITED);
    });
}

#[test]
fn the_flags_are_those_it_was_opened_with() {
    on_each(|_, guest| {
        file(guest, "f", b"");
        for flags in [
            FdFlags::empty(),
            FdFlags::APPEND,
            FdFlags::NONBLOCK,
            FdFlags::DSYNC,
            FdFlags::SYNC | FdFlags::APPEND,
            FdFlags::RSYNC,
            FdFlags::all(),
        ] {
            let fd = open(guest, "f", OFlags::empty(), flags);
            assert_eq!(guest.fd_fdstat_get(fd).unwrap().flags, flags);
        }
    });
}

#[test]
fn a_standard_stream_goes_one_way_and_cannot_seek() {
    type Streams = (Arc<dyn Stream>, Arc<dyn Stream>, FileKind);
    let (reader, writer) = pipe(1);
    let streams: [Streams; 3] = [
        (reader, writer, FileKind::Unknown),
        (Input::new(""), Capture::new(1), FileKind::Unknown),
        (
            Arc::new(Terminal),
            Arc::new(Terminal),
            FileKind::CharacterDevice,
        ),
    ];
    for (stdin, stdout, kind) in streams {
        let mut guest = Guest::new(Wasi::builder().stdin(stdin).stdout(stdout));
        for (fd, missing) in [(0, Rights::FD_WRITE), (1, Rights::FD_READ)] {
            let stat = guest.fd_fdstat_get(fd).unwrap();
            assert_eq!((stat.filetype, stat.flags), (kind, FdFlags::empty()));
            assert_eq!(stat.rights_base, Rights::STREAM - missing);
            assert_eq!(stat.rights_inheriting, Rights::empty());
            // wasi-libc calls it a terminal only if it is a character device with neither right (isatty.c).
            assert!(
                !stat
                    .rights_base
                    .intersects(Rights::FD_SEEK | Rights::FD_TELL)
            );
        }
    }
}

#[test]
fn every_byte_of_the_record_is_written_and_none_beside_it() {
    let mut guest = memory(FaultMode::Trap);
    file(&mut guest, "f", b"");
    let fd = open(
        &mut guest,
        "f",
        OFlags::empty(),
        FdFlags::APPEND | FdFlags::NONBLOCK,
    );
    let rights = Rights::FILE.bits().to_le_bytes();
    for abi in [wasi_shim::abi::Abi::Preview1, wasi_shim::abi::Abi::Unstable] {
        guest.abi = abi;
        guest.memory.fill(0xaa);
        check_writes(&mut guest, FdFdstatGet, &[fd.into(), 64], &[(64, 24)]);
        // The filetype, one byte of padding, the flags, four bytes of padding, and the rights.
        assert_eq!(guest.bytes(64, 8), [4, 0, 0b101, 0, 0, 0, 0, 0]);
        assert_eq!(guest.bytes(72, 8), rights);
        assert_eq!(guest.bytes(80, 8), [0; 8]);
    }
}

#[test]
fn it_takes_no_right() {
    on_each(|_, guest| {
        file(guest, "f", b"");
        let fd = open_with(guest, ROOT, "f", Rights::empty()).unwrap();
        assert!(guest.fd_fdstat_get(fd).is_ok());
    });
}

#[test]
fn a_bad_pointer_is_refused() {
    for faults in FAULTS {
        let mut guest = memory(faults);
        check_pointer((&mut guest, faults), FdFdstatGet, &[3, 64], 1, (24, 8));
    }
}

#[test]
fn what_is_not_open_has_no_state() {
    check_closed(FdFdstatGet, &[64]);
    // The descriptor is looked at first.
    check_closed(FdFdstatGet, &[crate::support::MAX32]);
}
