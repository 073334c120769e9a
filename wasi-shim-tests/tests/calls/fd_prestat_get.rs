//! `fd_prestat_get`.

use crate::support::{
    FAULTS, MAX32, check_closed, check_pointer, check_writes, dir, file, give_up, memory,
};
use wasi_shim::abi::Syscall::FdPrestatGet;
use wasi_shim::abi::{Errno, Rights};
use wasi_shim::backends::MemDir;
use wasi_shim::{Access, BuildError, FaultMode, Outcome, Wasi};
use wasi_shim_tests::Guest;
use wasi_shim_tests::trees::{READ_ONLY, ROOT, on_each};

#[test]
fn names_are_as_long_as_their_bytes_are_many() {
    let names = ["/", ".", "/größe", "a b/c", &"x".repeat(5_000)];
    let mut builder = Wasi::builder();
    for name in names {
        builder = builder.preopen(name, MemDir::new(), Access::ReadOnly);
    }
    let mut guest = Guest::new(builder);
    for (fd, name) in (3..).zip(names) {
        assert_eq!(guest.fd_prestat_get(fd), Ok(name.len() as u32));
        assert_eq!(
            guest.fd_prestat_dir_name(fd, name.len()).unwrap(),
            name.as_bytes()
        );
    }
    assert_eq!(guest.fd_prestat_get(8), Err(Errno::Badf));
}

#[test]
fn a_directory_under_a_name_that_no_guest_could_use_cannot_be_given() {
    for name in ["", "\0", "/a\0b"] {
        let builder = Wasi::builder().preopen("/", MemDir::new(), Access::ReadOnly);
        let builder = builder.preopen(name, MemDir::new(), Access::ReadOnly);
        let Some(BuildError::Preopen { name: reported, .. }) = builder.build().err() else {
            panic!("{name:?} was taken");
        };
        assert_eq!(reported, name);
    }
}

#[test]
fn a_start_up_that_looks_for_directories_finds_them_all_and_stops() {
    // As wasi-libc does: from 3 on until `badf`; any other error would end the program (preopens.c).
    on_each(|_, guest| {
        let mut names = Vec::new();
        for fd in 3.. {
            match guest.fd_prestat_get(fd) {
                Ok(len) => names.push(guest.fd_prestat_dir_name(fd, len as usize).unwrap()),
                Err(errno) => {
                    assert_eq!(errno, Errno::Badf);
                    break;
                }
            }
        }
        assert_eq!(names, [&b"/"[..], b"/read-only"]);
    });
}

#[test]
fn whatever_is_no_preopen_is_a_bad_descriptor_to_it() {
    on_each(|_, guest| {
        let (sub, fd) = (dir(guest, "d"), file(guest, "f", b""));
        for fd in [0, 1, 2, sub, fd, fd + 1, 1 << 31, u32::MAX] {
            assert_eq!(guest.fd_prestat_get(fd), Err(Errno::Badf), "{fd}");
        }
    });
    check_closed(FdPrestatGet, &[64]);
}

#[test]
fn it_takes_no_right() {
    let mut guest = memory(FaultMode::Trap);
    for (fd, len) in [(ROOT, 1), (READ_ONLY, 10)] {
        give_up(&mut guest, fd, Rights::all());
        assert_eq!(guest.fd_prestat_get(fd), Ok(len));
    }
}

#[test]
fn every_byte_of_the_record_is_written_and_none_beside_it() {
    let mut guest = memory(FaultMode::Trap);
    guest.memory.fill(0xaa);
    check_writes(&mut guest, FdPrestatGet, &[4, 64], &[(64, 8)]);
    assert_eq!(guest.bytes(64, 8), [0, 0, 0, 0, 10, 0, 0, 0]);
}

#[test]
fn a_bad_pointer_is_refused_even_for_a_bad_descriptor() {
    for faults in FAULTS {
        let mut guest = memory(faults);
        check_pointer((&mut guest, faults), FdPrestatGet, &[3, 64], 1, (8, 4));
    }
    let mut guest = memory(FaultMode::Trap);
    assert!(matches!(
        guest.attempt(FdPrestatGet, &[99, MAX32]),
        Outcome::Trap(_)
    ));
}
