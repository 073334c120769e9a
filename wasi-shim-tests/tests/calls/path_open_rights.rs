//! `path_open`: the rights it needs, the rights it gives, and trees given for reading.

use crate::paths::{FOLLOW, on_each, open, open_dir, text};
use wasi_shim::RightsMode;
use wasi_shim::abi::{Errno, FdFlags, FileKind, FstFlags, OFlags, Rights, Syscall};
use wasi_shim_tests::Guest;
use wasi_shim_tests::trees::{READ_ONLY, ROOT};

const PLAIN: OFlags = OFlags::empty();
const NO_FLAGS: FdFlags = FdFlags::empty();
const NONE: (Rights, Rights) = (Rights::empty(), Rights::empty());
const READ: (Rights, Rights) = (Rights::FD_READ, Rights::empty());

#[test]
fn only_rights_that_apply_are_reported() {
    on_each(|_, guest| {
        let all = (Rights::INHERITED, Rights::INHERITED);
        let file = guest
            .path_open(ROOT, FOLLOW, "file", PLAIN, all, NO_FLAGS)
            .expect("file");
        let found = guest.fd_fdstat_get(file).expect("fdstat");
        assert_eq!(found.filetype, FileKind::RegularFile);
        assert_eq!(
            (found.rights_base, found.rights_inheriting),
            (Rights::FILE, Rights::empty())
        );

        let base = Rights::INHERITED.difference(Rights::FD_WRITE);
        let dir = guest.path_open(
            ROOT,
            FOLLOW,
            "dir",
            OFlags::DIRECTORY,
            (base, Rights::FILE),
            NO_FLAGS,
        );
        let dir = dir.expect("dir");
        let found = guest.fd_fdstat_get(dir).expect("fdstat");
        assert_eq!(found.filetype, FileKind::Directory);
        assert_eq!(
            (found.rights_base, found.rights_inheriting),
            (Rights::DIRECTORY, Rights::FILE)
        );

        let some = (Rights::FD_READ | Rights::FD_SEEK, Rights::FD_READ);
        let none = Rights::empty();
        for (path, base, inheriting) in [("file", some.0, none), ("dir", none, some.1)] {
            let fd = guest.path_open(ROOT, FOLLOW, path, PLAIN, some, NO_FLAGS);
            let found = guest.fd_fdstat_get(fd.expect(path)).expect("fdstat");
            let reported = (found.rights_base, found.rights_inheriting);
            assert_eq!(reported, (base, inheriting), "{path}");
        }
    });
}

#[test]
fn the_size_is_for_those_to_set_who_may_write() {
    on_each(|_, guest| {
        let size = Rights::FD_FILESTAT_SET_SIZE;
        for (asked, given) in [
            (size, Rights::empty()),
            (size | Rights::FD_READ, Rights::FD_READ),
            (size | Rights::FD_WRITE, size | Rights::FD_WRITE),
            (size | Rights::FD_ALLOCATE, size | Rights::FD_ALLOCATE),
        ] {
            let fd = open(guest, ROOT, "file", asked).expect("file");
            let found = guest.fd_fdstat_get(fd).map(|stat| stat.rights_base);
            assert_eq!(found, Ok(given), "{asked:?}");
            let expected = if given.contains(size) {
                Ok(())
            } else {
                Err(Errno::Notcapable)
            };
            assert_eq!(guest.fd_filestat_set_size(fd, 3), expected, "{asked:?}");
        }
    });
}

#[test]
fn a_descriptor_without_rights_can_do_nothing() {
    on_each(|_, guest| {
        let fd = guest
            .path_open(ROOT, FOLLOW, "file", PLAIN, NONE, NO_FLAGS)
            .expect("file");
        assert_eq!(guest.fd_read(fd, 1), Err(Errno::Notcapable));
        assert_eq!(guest.fd_write(fd, "x"), Err(Errno::Notcapable));
        assert_eq!(guest.fd_tell(fd), Err(Errno::Notcapable));
        let dir = guest
            .path_open(ROOT, FOLLOW, "dir", PLAIN, NONE, NO_FLAGS)
            .expect("dir");
        assert_eq!(
            open(guest, dir, "file", Rights::empty()),
            Err(Errno::Notcapable)
        );
        assert_eq!(guest.fd_readdir(dir, 100, 0), Err(Errno::Notcapable));
    });
}

#[test]
fn rights_nobody_knows_are_left_out() {
    on_each(|_, guest| {
        let [path, len] = text(guest, "file");
        let out = guest.room(4);
        let rights = (u64::MAX << 30 | Rights::FD_READ.bits()).cast_signed();
        let args = [ROOT.into(), 0, path, len, 0, rights, rights, 0, out.into()];
        assert_eq!(guest.call(Syscall::PathOpen, &args), Ok(()));
        let fd = guest.u32_at(out);
        let found = guest.fd_fdstat_get(fd).expect("fdstat");
        assert_eq!((found.rights_base, found.rights_inheriting), READ);
    });
}

#[test]
fn rights_can_only_get_fewer_on_the_way_down() {
    on_each(|tree, guest| {
        let before = tree.snapshot();
        for right in Rights::INHERITED {
            let dir = open_dir(guest, ROOT, "dir");
            let rest = Rights::INHERITED.difference(right);
            guest
                .fd_fdstat_set_rights(dir, Rights::DIRECTORY, rest)
                .expect("fewer rights");
            for rights in [
                (right, Rights::empty()),
                (Rights::empty(), right),
                (right, right),
            ] {
                for (path, oflags) in [
                    ("sub", OFlags::DIRECTORY),
                    ("file", PLAIN),
                    ("new", OFlags::CREAT),
                ] {
                    let found = guest.path_open(dir, FOLLOW, path, oflags, rights, NO_FLAGS);
                    assert_eq!(found, Err(Errno::Notcapable), "{path} {rights:?}");
                }
            }
            let all = (Rights::empty(), rest);
            let sub = guest
                .path_open(dir, FOLLOW, "sub", OFlags::DIRECTORY, all, NO_FLAGS)
                .expect("sub");
            assert_eq!(
                guest.fd_fdstat_get(sub).map(|stat| stat.rights_inheriting),
                Ok(rest)
            );
            assert_eq!(guest.fd_close(dir).and(guest.fd_close(sub)), Ok(()));
        }
        assert_eq!(tree.snapshot(), before, "nothing was created");
        // Rights of sockets are not passed on by directories.
        let socket = (Rights::SOCK_SHUTDOWN, Rights::empty());
        let found = guest.path_open(ROOT, FOLLOW, "file", PLAIN, socket, NO_FLAGS);
        assert_eq!(found, Err(Errno::Notcapable));
    });
}

#[test]
fn creating_truncating_and_synchronising_need_rights_of_the_directory() {
    on_each(|tree, guest| {
        for (right, path, oflags, fdflags) in [
            (Rights::PATH_CREATE_FILE, "created", OFlags::CREAT, NO_FLAGS),
            (
                Rights::PATH_CREATE_FILE,
                "exclusive",
                OFlags::CREAT | OFlags::EXCL,
                NO_FLAGS,
            ),
            (Rights::PATH_CREATE_FILE, "file", OFlags::CREAT, NO_FLAGS),
            (
                Rights::PATH_FILESTAT_SET_SIZE,
                "file",
                OFlags::TRUNC,
                NO_FLAGS,
            ),
            (Rights::FD_DATASYNC, "file", PLAIN, FdFlags::DSYNC),
            (Rights::FD_SYNC, "file", PLAIN, FdFlags::RSYNC),
            (Rights::FD_SYNC, "file", PLAIN, FdFlags::SYNC),
            (
                Rights::FD_DATASYNC,
                "file",
                PLAIN,
                FdFlags::DSYNC | FdFlags::SYNC,
            ),
            (
                Rights::FD_SYNC,
                "file",
                PLAIN,
                FdFlags::DSYNC | FdFlags::SYNC,
            ),
        ] {
            let before = tree.snapshot();
            let dir = open_dir(guest, ROOT, ".");
            let rest = Rights::DIRECTORY.difference(right);
            guest
                .fd_fdstat_set_rights(dir, rest, Rights::INHERITED)
                .expect("fewer rights");
            let found = guest.path_open(dir, FOLLOW, path, oflags, READ, fdflags);
            assert_eq!(found, Err(Errno::Notcapable), "{path} without {right:?}");
            assert_eq!(tree.snapshot(), before, "{path} without {right:?}");
            let both = Rights::FD_DATASYNC | Rights::FD_SYNC;
            let enough = Rights::PATH_OPEN
                | if fdflags.is_empty() {
                    right
                } else {
                    right | both
                };
            let dir = open_dir(guest, ROOT, ".");
            guest
                .fd_fdstat_set_rights(dir, enough, Rights::FD_READ)
                .expect("fewer rights");
            let found = guest.path_open(dir, FOLLOW, path, oflags, READ, fdflags);
            assert!(found.is_ok(), "{path} with {enough:?}: {found:?}");
            for fd in 5..=found.unwrap() {
                guest.fd_close(fd).expect("closed");
            }
        }
    });
}

#[test]
fn a_tree_given_for_reading_stays_as_it_is() {
    on_each(|tree, guest| {
        let before = tree.snapshot();
        let dir = open_dir(guest, READ_ONLY, "dir");
        assert_eq!(
            guest.fd_fdstat_get(dir).map(|stat| stat.rights_base),
            Ok(Rights::DIRECTORY)
        );
        for (fd, paths) in [(READ_ONLY, ["file", "tofile"]), (dir, ["file", "./file"])] {
            for (oflags, base) in [
                (OFlags::TRUNC, Rights::FD_READ),
                (OFlags::TRUNC, Rights::empty()),
                (OFlags::CREAT, Rights::FD_READ),
                (OFlags::CREAT | OFlags::EXCL, Rights::FD_READ),
                (PLAIN, Rights::FD_WRITE),
                (PLAIN, Rights::FD_ALLOCATE),
                (PLAIN, Rights::INHERITED),
            ] {
                for path in paths.into_iter().chain(["new"]) {
                    for fdflags in [NO_FLAGS, FdFlags::NONBLOCK, FdFlags::APPEND] {
                        let rights = (base, Rights::empty());
                        let found = guest.path_open(fd, FOLLOW, path, oflags, rights, fdflags);
                        assert_eq!(found, Err(Errno::Perm), "{path} {oflags:?} {base:?}");
                    }
                }
            }
        }
        let rights = Rights::FILE.difference(Rights::FD_WRITE | Rights::FD_ALLOCATE);
        let file = open(guest, dir, "file", rights).expect("for reading");
        assert_eq!(guest.fd_filestat_set_size(file, 0), Err(Errno::Notcapable));
        assert_eq!(guest.fd_read(file, 4), Ok(b"0123".to_vec()));
        let touched = guest.fd_filestat_set_times(file, 1, 1, FstFlags::MTIM);
        assert_eq!(touched, Err(Errno::Perm));
        assert_eq!(guest.path_create_directory(dir, "new"), Err(Errno::Perm));
        assert_eq!(tree.snapshot(), before, "not a byte, not a time");
    });
}

#[test]
fn without_rights_enforced_only_the_grant_counts() {
    on_each(|tree, _| {
        let mut guest = Guest::new(tree.tree.builder().rights(RightsMode::ReadWriteOnly));
        let all = (Rights::all(), Rights::all());
        let found = guest.path_open(ROOT, FOLLOW, "file", PLAIN, all, NO_FLAGS);
        assert_eq!(found, Ok(5), "rights that the directory does not pass on");
        let found = guest.path_open(READ_ONLY, FOLLOW, "file", OFlags::TRUNC, NONE, NO_FLAGS);
        assert_eq!(found, Err(Errno::Perm));
        let fd = guest
            .path_open(ROOT, FOLLOW, "file", PLAIN, NONE, NO_FLAGS)
            .expect("file");
        assert_eq!(guest.fd_read(fd, 1), Err(Errno::Badf));
        assert_eq!(guest.fd_write(fd, "x"), Err(Errno::Badf));
    });
}
