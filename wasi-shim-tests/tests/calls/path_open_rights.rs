//! `path_open`: the rights it needs, the rights it gives, and trees given for reading.

use crate::paths::{FOLLOW, on_each, open, open_dir, text};
use wasi_shim::RightsMode;
use wasi_shim::abi::{Errno, FdFlags, FileKind, FstFlags, OFlags, Rights, Syscall};
use wasi_shim_tests::trees::{READ_ONLY, ROOT};
use wasi_shim_tests::{Answer, Guest};

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

/// What opening answers through a directory with these rights, which is closed again, as is what was opened.
fn through(
    guest: &mut Guest,
    rights: (Rights, Rights),
    path: &str,
    how: (OFlags, FdFlags),
) -> Answer<()> {
    let dir = open_dir(guest, ROOT, ".");
    let restricted = guest.fd_fdstat_set_rights(dir, rights.0, rights.1);
    restricted.expect("fewer rights");
    let found = guest.path_open(dir, FOLLOW, path, how.0, READ, how.1);
    if let Ok(fd) = found {
        guest.fd_close(fd).expect("closed");
    }
    guest.fd_close(dir).expect("closed");
    found.map(drop)
}

#[test]
fn creating_and_truncating_need_rights_of_the_directory() {
    let excl = OFlags::CREAT | OFlags::EXCL;
    on_each(|tree, guest| {
        for (right, path, oflags) in [
            (Rights::PATH_CREATE_FILE, "created", OFlags::CREAT),
            (Rights::PATH_CREATE_FILE, "exclusive", excl),
            (Rights::PATH_CREATE_FILE, "file", OFlags::CREAT),
            (Rights::PATH_FILESTAT_SET_SIZE, "file", OFlags::TRUNC),
        ] {
            let before = tree.snapshot();
            let rest = Rights::DIRECTORY.difference(right);
            let how = (oflags, NO_FLAGS);
            let found = through(guest, (rest, Rights::INHERITED), path, how);
            assert_eq!(found, Err(Errno::Notcapable), "{path} without {right:?}");
            assert_eq!(tree.snapshot(), before, "{path} without {right:?}");
            let enough = Rights::PATH_OPEN | right;
            let found = through(guest, (enough, Rights::FD_READ), path, how);
            assert_eq!(found, Ok(()), "{path} with {enough:?}");
        }
    });
}

#[test]
fn synchronous_writing_must_be_passed_on_by_the_directory() {
    // The official suite opens so through a directory that has `FD_SYNC` among the rights it passes on, and only there.
    let both = FdFlags::DSYNC | FdFlags::SYNC;
    on_each(|_, guest| {
        for (right, fdflags) in [
            (Rights::FD_DATASYNC | Rights::FD_SYNC, FdFlags::DSYNC),
            (Rights::FD_SYNC, FdFlags::RSYNC),
            (Rights::FD_SYNC, FdFlags::SYNC),
            (Rights::FD_SYNC, both),
        ] {
            let how = (PLAIN, fdflags);
            let rest = Rights::INHERITED.difference(right);
            let found = through(guest, (Rights::DIRECTORY, rest), "file", how);
            assert_eq!(
                found,
                Err(Errno::Notcapable),
                "{fdflags:?} without {right:?}"
            );
            let enough = Rights::FD_READ | Rights::FD_DATASYNC | Rights::FD_SYNC;
            let found = through(guest, (Rights::PATH_OPEN, enough), "file", how);
            assert_eq!(found, Ok(()), "{fdflags:?}");
        }
        // To ask for the right as well does not make up for it.
        let dir = open_dir(guest, ROOT, ".");
        let rest = Rights::INHERITED.difference(Rights::FD_SYNC);
        let restricted = guest.fd_fdstat_set_rights(dir, Rights::DIRECTORY, rest);
        restricted.expect("fewer rights");
        let (sync, none) = (Rights::FD_SYNC, Rights::empty());
        for asked in [(sync, none), (none, sync), (sync, sync)] {
            let found = guest.path_open(dir, FOLLOW, "file", PLAIN, asked, FdFlags::SYNC);
            assert_eq!(found, Err(Errno::Notcapable), "{asked:?}");
        }
        guest.fd_close(dir).expect("closed");
        for right in [Rights::FD_DATASYNC, Rights::FD_SYNC] {
            let granted = (Rights::PATH_OPEN, Rights::FD_READ | right);
            let found = through(guest, granted, "file", (PLAIN, FdFlags::DSYNC));
            assert_eq!(found, Ok(()), "one of the two is enough: {right:?}");
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
