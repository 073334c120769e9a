//! `fd_prestat_dir_name`.

use crate::support::{
    FAULTS, answer, check_closed, check_pointer, check_writes, dir, file, give_up, memory,
};
use wasi_shim::FaultMode;
use wasi_shim::abi::Syscall::FdPrestatDirName;
use wasi_shim::abi::{Errno, Rights};
use wasi_shim_tests::trees::on_each;

const NAME: &[u8] = b"/read-only";

#[test]
fn the_name_is_copied_without_a_terminator_and_the_rest_of_the_buffer_stays() {
    let mut guest = memory(FaultMode::Trap);
    for len in [10, 11, 1_000] {
        guest.memory.fill(0xaa);
        check_writes(&mut guest, FdPrestatDirName, &[4, 65, len], &[(65, 10)]);
        assert_eq!(guest.bytes(65, 10), NAME);
    }
}

#[test]
fn a_buffer_that_is_too_short_gets_nothing() {
    let mut guest = memory(FaultMode::Trap);
    guest.memory.fill(0xaa);
    for len in 0..10 {
        let found = guest.attempt(FdPrestatDirName, &[4, 64, len]);
        assert_eq!(answer(found), Err(Errno::Nametoolong), "{len}");
    }
    assert!(guest.memory.iter().all(|byte| *byte == 0xaa));
}

#[test]
fn whatever_is_no_preopen_has_no_name() {
    on_each(|_, guest| {
        let (sub, fd) = (dir(guest, "d"), file(guest, "f", b""));
        for fd in [0, 1, 2, sub, fd] {
            for len in [0, 100] {
                assert_eq!(guest.fd_prestat_dir_name(fd, len), Err(Errno::Badf), "{fd}");
            }
        }
    });
    check_closed(FdPrestatDirName, &[64, 64]);
}

#[test]
fn it_takes_no_right() {
    let mut guest = memory(FaultMode::Trap);
    give_up(&mut guest, 4, Rights::all());
    assert_eq!(guest.fd_prestat_dir_name(4, 10).unwrap(), NAME);
}

#[test]
fn the_whole_buffer_must_be_in_the_memory_not_only_the_name() {
    for faults in FAULTS {
        let mut guest = memory(faults);
        for len in [10, 4_096] {
            let args = [4, 64, i64::from(len)];
            check_pointer(
                (&mut guest, faults),
                FdPrestatDirName,
                &args,
                1,
                (len as u64, 1),
            );
        }
    }
}
