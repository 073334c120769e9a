//! `fd_fdstat_set_rights`.

use crate::support::{a_file, answer, check_closed, file, memory, open_with};
use wasi_shim::abi::Syscall::FdFdstatSetRights;
use wasi_shim::abi::{Errno, FdFlags, LookupFlags, OFlags, Rights};
use wasi_shim::{FaultMode, RightsMode};
use wasi_shim_tests::Guest;
use wasi_shim_tests::trees::{READ_ONLY, ROOT, Tree, on_each};

const NONE: Rights = Rights::empty();

#[test]
fn each_right_can_be_given_up_and_stays_given_up() {
    let (mut guest, fd) = a_file();
    let mut left = Rights::FILE;
    for right in Rights::FILE.iter() {
        left -= right;
        assert_eq!(guest.fd_fdstat_set_rights(fd, left, NONE), Ok(()));
        assert_eq!(guest.fd_fdstat_get(fd).unwrap().rights_base, left);
        let regained = guest.fd_fdstat_set_rights(fd, left | right, NONE);
        assert_eq!(regained, Err(Errno::Notcapable), "{right:?}");
        assert_eq!(guest.fd_fdstat_get(fd).unwrap().rights_base, left);
    }
    assert_eq!(left, NONE);
    assert_eq!(
        guest.fd_fdstat_set_rights(fd, NONE, NONE),
        Ok(()),
        "there is nothing to gain"
    );
}

#[test]
fn a_right_that_was_never_there_cannot_be_gained() {
    on_each(|_, guest| {
        let fd = file(guest, "f", b"");
        for right in Rights::all() - Rights::FILE {
            let found = guest.fd_fdstat_set_rights(fd, Rights::FILE | right, NONE);
            assert_eq!(found, Err(Errno::Notcapable), "{right:?}");
        }
        let found = guest.fd_fdstat_set_rights(fd, Rights::FILE, Rights::FD_READ);
        assert_eq!(found, Err(Errno::Notcapable), "a file passes nothing on");
        for (fd, missing) in [
            (0, Rights::FD_WRITE),
            (1, Rights::FD_READ),
            (ROOT, Rights::FD_READ),
        ] {
            let base = guest.fd_fdstat_get(fd).unwrap().rights_base;
            let found = guest.fd_fdstat_set_rights(fd, base | missing, NONE);
            assert_eq!(found, Err(Errno::Notcapable), "{fd}");
        }
    });
}

#[test]
fn a_refusal_takes_nothing_away() {
    let mut guest = memory(FaultMode::Trap);
    let before = guest.fd_fdstat_get(ROOT).unwrap();
    let (base, inheriting) = (before.rights_base, before.rights_inheriting);
    // One set would gain a right while the other would lose all.
    for (base, inheriting) in [(base | Rights::FD_READ, NONE), (NONE, Rights::all())] {
        let found = guest.fd_fdstat_set_rights(ROOT, base, inheriting);
        assert_eq!(found, Err(Errno::Notcapable));
    }
    assert_eq!(guest.fd_fdstat_get(ROOT).unwrap(), before);
    assert_eq!(
        guest.fd_fdstat_set_rights(ROOT, base, inheriting),
        Ok(()),
        "no change is no gain"
    );
}

#[test]
fn rights_no_longer_passed_on_cannot_be_asked_for() {
    on_each(|_, guest| {
        let fd = file(guest, "f", b"x");
        let inheriting = Rights::INHERITED - Rights::FD_WRITE;
        guest
            .fd_fdstat_set_rights(ROOT, Rights::DIRECTORY, inheriting)
            .unwrap();
        assert_eq!(
            open_with(guest, ROOT, "f", Rights::FILE),
            Err(Errno::Notcapable)
        );
        assert_eq!(
            open_with(guest, ROOT, "f", Rights::FD_WRITE),
            Err(Errno::Notcapable)
        );
        let reading = open_with(guest, ROOT, "f", Rights::FILE - Rights::FD_WRITE).unwrap();
        assert_eq!(guest.fd_write(reading, "y"), Err(Errno::Notcapable));
        assert_eq!(guest.fd_read(reading, 1).unwrap(), b"x");
        // A directory opened through it cannot pass on more than it does.
        let (lookup, oflags, flags) = (LookupFlags::empty(), OFlags::DIRECTORY, FdFlags::empty());
        let rights = (Rights::DIRECTORY, Rights::INHERITED);
        let found = guest.path_open(ROOT, lookup, ".", oflags, rights, flags);
        assert_eq!(found, Err(Errno::Notcapable));
        // What was opened before keeps its rights.
        assert_eq!(guest.fd_write(fd, "y"), Ok(1));
    });
}

#[test]
fn rights_belong_to_one_descriptor_not_to_the_file() {
    on_each(|_, guest| {
        let fd = file(guest, "f", b"x");
        let other = open_with(guest, ROOT, "f", Rights::FD_READ).unwrap();
        guest.fd_fdstat_set_rights(fd, NONE, NONE).unwrap();
        guest.fd_fdstat_set_rights(ROOT, NONE, NONE).unwrap();
        assert_eq!(guest.fd_read(fd, 1), Err(Errno::Notcapable));
        assert_eq!(guest.fd_read(other, 1).unwrap(), b"x");
        assert!(open_with(guest, READ_ONLY, "f", Rights::FD_READ).is_ok());
    });
}

#[test]
fn a_bit_that_is_no_right_is_neither_gained_nor_lost() {
    let (mut guest, fd) = a_file();
    let base = (Rights::FILE.bits() | (1 << 30) | (1 << 63)).cast_signed();
    let found = guest.attempt(FdFdstatSetRights, &[fd.into(), base, 1 << 62]);
    assert_eq!(answer(found), Ok(()));
    assert_eq!(guest.fd_fdstat_get(fd).unwrap().rights_base, Rights::FILE);
    let found = guest.attempt(FdFdstatSetRights, &[fd.into(), -1, 0]);
    assert_eq!(
        answer(found),
        Err(Errno::Notcapable),
        "all bits are all rights"
    );
}

#[test]
fn a_guest_whose_rights_are_not_enforced_cannot_give_them_up() {
    let mut guest = Guest::new(Tree::memory().builder().rights(RightsMode::ReadWriteOnly));
    let before = guest.fd_fdstat_get(ROOT).unwrap();
    for base in [NONE, before.rights_base, Rights::all()] {
        assert_eq!(
            guest.fd_fdstat_set_rights(ROOT, base, NONE),
            Err(Errno::Notsup)
        );
    }
    assert_eq!(guest.fd_fdstat_get(ROOT).unwrap(), before);
    assert_eq!(guest.fd_fdstat_set_rights(9, NONE, NONE), Err(Errno::Badf));
}

#[test]
fn what_is_not_open_has_no_rights() {
    check_closed(FdFdstatSetRights, &[0, 0]);
    check_closed(FdFdstatSetRights, &[-1, -1]);
}
