//! Changes to what was given for reading, and calls without the right to them.

use crate::row::everywhere;
use crate::scene::Scene;
use crate::support::{BOTH, FOLLOW, NOFOLLOW, NONE, content, look, open, open_dir, put, reading};
use wasi_shim::abi::{Errno, FdFlags, FstFlags, OFlags, Rights, Whence};
use wasi_shim_tests::Guest;
use wasi_shim_tests::trees::{READ_ONLY, ROOT};

/// A guest, and the facts about a file before the attack.
fn given(scene: &mut Scene) -> (Guest, wasi_shim_tests::Stat) {
    scene.file("test.txt", "as it was");
    scene.file("d/file", "as it was");
    scene.link("link", "test.txt");
    let mut guest = scene.guest();
    let stat = guest.path_filestat_get(ROOT, NOFOLLOW, "test.txt");
    (guest, stat.expect("a file"))
}

/// The file has the same bytes and times.
fn check(guest: &mut Guest, before: &wasi_shim_tests::Stat) {
    assert_eq!(content(guest, "test.txt").as_deref(), Ok("as it was"));
    assert_eq!(content(guest, "d/file").as_deref(), Ok("as it was"));
    let after = guest.path_filestat_get(ROOT, NOFOLLOW, "test.txt");
    let after = after.expect("a file");
    let facts = |stat: &wasi_shim_tests::Stat| (stat.ino, stat.size, stat.mtim, stat.nlink);
    assert_eq!(facts(&after), facts(before));
}

#[test]
fn a06_cutting_a_file_that_is_opened_to_be_read() {
    everywhere("CVE-2026-47261", |scene| {
        let (mut guest, before) = given(scene);
        for (lookup, path) in [
            (NOFOLLOW, "test.txt"),
            (FOLLOW, "test.txt"),
            (FOLLOW, "link"),
        ] {
            for rights in [Rights::FD_READ, Rights::empty(), Rights::FILE] {
                for flags in [FdFlags::empty(), FdFlags::NONBLOCK, FdFlags::APPEND] {
                    let oflags = OFlags::TRUNC;
                    let rights = (rights, Rights::empty());
                    let found = guest.path_open(READ_ONLY, lookup, path, oflags, rights, flags);
                    assert_eq!(found, Err(Errno::Perm), "{path} {rights:?} {flags:?}");
                }
            }
        }
        check(&mut guest, &before);
    });
}

#[test]
fn a07_a_file_gets_a_name_where_it_can_be_written() {
    everywhere("CVE-2026-58494", |scene| {
        let (mut guest, before) = given(scene);
        for (old, new) in [(READ_ONLY, ROOT), (ROOT, READ_ONLY), (READ_ONLY, READ_ONLY)] {
            let found = guest.path_link((old, NOFOLLOW, "test.txt"), (new, "alias"));
            assert_eq!(found, Err(Errno::Perm), "{old} {new}");
            assert_eq!(look(&mut guest, "alias"), Err(Errno::Noent));
        }
        check(&mut guest, &before);
    });
}

#[test]
fn a08_a_file_is_moved_where_it_can_be_written() {
    everywhere("CVE-2026-58494", |scene| {
        let (mut guest, before) = given(scene);
        for (old, new) in [(READ_ONLY, ROOT), (ROOT, READ_ONLY), (READ_ONLY, READ_ONLY)] {
            for (from, to) in [
                ("test.txt", "test.txt"),
                ("test.txt", "other"),
                ("d", "d"),
                ("d", "e"),
            ] {
                let found = guest.path_rename(old, from, new, to);
                assert_eq!(found, Err(Errno::Perm), "{old} {from} {new} {to}");
            }
        }
        check(&mut guest, &before);
    });
}

#[test]
fn a09_writing_no_bytes_where_none_may_be_written() {
    everywhere("wasmtime#8822", |scene| {
        let (mut guest, before) = given(scene);
        let rights = reading();
        let fd = open(&mut guest, (READ_ONLY, NOFOLLOW), "test.txt", NONE, rights).expect("a file");
        assert_eq!(guest.fd_writev(fd, &[b""]), Err(Errno::Notcapable));
        assert_eq!(guest.fd_writev(fd, &[]), Err(Errno::Notcapable));
        assert_eq!(guest.fd_pwrite(fd, &[b""], 0), Err(Errno::Notcapable));
        assert_eq!(guest.fd_allocate(fd, 0, 0), Err(Errno::Notcapable));
        check(&mut guest, &before);
    });
}

/// The functions on one descriptor of a file, each with the rights it needs.
type OnFile = (&'static str, Rights, fn(&mut Guest, u32) -> bool);

const fn refused<T>(answer: &wasi_shim_tests::Answer<T>) -> bool {
    matches!(answer, Err(Errno::Notcapable))
}

const ON_FILES: &[OnFile] = &[
    ("fd_read", Rights::FD_READ, |guest, fd| {
        refused(&guest.fd_read(fd, 1))
    }),
    ("fd_write", Rights::FD_WRITE, |guest, fd| {
        refused(&guest.fd_write(fd, "x"))
    }),
    (
        "fd_pread",
        Rights::FD_READ.union(Rights::FD_SEEK),
        |guest, fd| refused(&guest.fd_pread(fd, &[1], 0)),
    ),
    (
        "fd_pwrite",
        Rights::FD_WRITE.union(Rights::FD_SEEK),
        |guest, fd| refused(&guest.fd_pwrite(fd, &[b"x"], 0)),
    ),
    ("fd_seek", Rights::FD_SEEK, |guest, fd| {
        refused(&guest.fd_seek(fd, 0, Whence::Set))
    }),
    // The right to seek is one to tell, too.
    ("fd_tell", Rights::empty(), |guest, fd| {
        refused(&guest.fd_tell(fd))
    }),
    ("fd_sync", Rights::FD_SYNC, |guest, fd| {
        refused(&guest.fd_sync(fd))
    }),
    ("fd_datasync", Rights::FD_DATASYNC, |guest, fd| {
        refused(&guest.fd_datasync(fd))
    }),
    ("fd_filestat_get", Rights::FD_FILESTAT_GET, |guest, fd| {
        refused(&guest.fd_filestat_get(fd))
    }),
    (
        "fd_filestat_set_size",
        Rights::FD_FILESTAT_SET_SIZE,
        |guest, fd| refused(&guest.fd_filestat_set_size(fd, 1)),
    ),
    (
        "fd_filestat_set_times",
        Rights::FD_FILESTAT_SET_TIMES,
        |guest, fd| refused(&guest.fd_filestat_set_times(fd, 0, 0, FstFlags::MTIM_NOW)),
    ),
    ("fd_allocate", Rights::FD_ALLOCATE, |guest, fd| {
        refused(&guest.fd_allocate(fd, 0, 1))
    }),
];

/// Every function, on descriptors of every kind:
/// `rights::enforced::without_one_right_exactly_the_documented_calls_are_refused`.
#[test]
fn a61_calls_on_a_file_with_each_right_removed() {
    everywhere("WAMR#4849", |scene| {
        scene.file("file", "content");
        let mut guest = scene.guest();
        for (name, needs, is_refused) in ON_FILES {
            for right in Rights::FILE.iter() {
                let rights = Rights::FILE.difference(right);
                let fd = open(&mut guest, (ROOT, NOFOLLOW), "file", NONE, rights).expect("a file");
                let refused = is_refused(&mut guest, fd);
                assert_eq!(refused, needs.contains(right), "{name} without {right:?}");
                guest.fd_close(fd).expect("it is open");
            }
        }
    });
}

#[test]
fn a66_cutting_without_the_right_to() {
    everywhere("WasmEdge a71b2f8", |scene| {
        scene.file("dir/file", "as it was");
        let mut guest = scene.guest();
        let dir = open_dir(&mut guest, "dir");
        let base = Rights::DIRECTORY.difference(Rights::PATH_FILESTAT_SET_SIZE);
        assert_eq!(
            guest.fd_fdstat_set_rights(dir, base, Rights::INHERITED),
            Ok(())
        );
        for lookup in BOTH {
            for oflags in [OFlags::TRUNC, OFlags::TRUNC | OFlags::CREAT] {
                let found = open(&mut guest, (dir, lookup), "file", oflags, Rights::FILE);
                assert_eq!(found, Err(Errno::Notcapable));
            }
        }
        assert_eq!(content(&mut guest, "dir/file").as_deref(), Ok("as it was"));
    });
}

#[test]
fn a80_more_rights_than_the_directory_passes_on() {
    everywhere("epsilon#56, epsilon#65", |scene| {
        scene.file("dir/file", "as it was");
        let mut guest = scene.guest();
        let dir = open_dir(&mut guest, "dir");
        let fewer = Rights::FD_READ;
        assert_eq!(
            guest.fd_fdstat_set_rights(dir, Rights::DIRECTORY, fewer),
            Ok(())
        );
        for more in [
            Rights::FD_WRITE,
            Rights::FD_READ | Rights::FD_SEEK,
            Rights::FILE,
        ] {
            let found = open(&mut guest, (dir, NOFOLLOW), "file", NONE, more);
            assert_eq!(found, Err(Errno::Notcapable), "{more:?}");
            let rights = (Rights::FD_READ, more);
            let flags = FdFlags::empty();
            let found = guest.path_open(dir, NOFOLLOW, "file", NONE, rights, flags);
            assert_eq!(found, Err(Errno::Notcapable), "{more:?} inheriting");
        }
        let file = open(&mut guest, (dir, NOFOLLOW), "file", NONE, fewer).expect("a file");
        assert_eq!(guest.fd_pread(file, &[1], 0), Err(Errno::Notcapable));
        assert_eq!(guest.fd_filestat_get(file), Err(Errno::Notcapable));
        let more = guest.fd_fdstat_set_rights(file, Rights::FILE, Rights::empty());
        assert_eq!(more, Err(Errno::Notcapable));
        put(&mut guest, "other", "");
    });
}
