//! The table of descriptors: numbers that are free, moved, closed, and what is never in it.

use crate::row::{everywhere, quietly, without_trees};
use crate::support::{NOFOLLOW, NONE, handles, look, open, open_dir, put, reading, write};
use wasi_shim::Wasi;
use wasi_shim::abi::{Errno, FdFlags, OFlags, Rights};
use wasi_shim::backends::Faulty;
use wasi_shim_tests::Guest;
use wasi_shim_tests::trees::{READ_ONLY, ROOT};

#[test]
fn a04_a_number_that_looks_free_and_is_not() {
    everywhere("CVE-2025-53901", |scene| {
        let mut guest = scene.guest();
        assert_eq!(guest.fd_renumber(0, 0), Ok(()));
        let f = write(&mut guest, "f");
        let (one, other) = (write(&mut guest, "one"), write(&mut guest, "other"));
        guest.fd_close(other).expect("it is open");
        for to in [other, 127, 1023, 1024, i32::MAX.cast_unsigned(), u32::MAX] {
            assert_eq!(guest.fd_renumber(one, to), Err(Errno::Badf), "{to}");
            assert_eq!(guest.fd_renumber(to, one), Err(Errno::Badf), "{to}");
            let next = write(&mut guest, "next");
            assert_eq!(next, other, "the table is as it was");
            guest.fd_close(next).expect("it is open");
        }
        assert_eq!(
            (guest.fd_write(one, "1"), guest.fd_write(f, "f")),
            (Ok(1), Ok(1))
        );
    });
}

#[test]
fn a05_what_is_moved_over_is_closed() {
    quietly("GHSA-3p27-qvp9-27qf", |scene| {
        scene.file("file1", "content");
        let mut guest = scene.guest();
        let mut current = look(&mut guest, "file1").expect("a file");
        let before = handles();
        for _ in 0..2000 {
            let next = look(&mut guest, "file1").expect("a file");
            assert_eq!(guest.fd_renumber(current, next), Ok(()));
            current = next;
        }
        assert_eq!(handles(), before);
        assert_eq!(guest.fd_read(current, 9), Ok(b"content".to_vec()));
    });
}

#[test]
fn a40_a_guest_that_was_given_nothing() {
    without_trees("CVE-2023-51661", || {
        let mut guest = Guest::new(Wasi::builder());
        for fd in (3..64).chain([1 << 31, u32::MAX]) {
            assert_eq!(guest.fd_prestat_get(fd), Err(Errno::Badf), "{fd}");
            assert_eq!(guest.fd_prestat_dir_name(fd, 9), Err(Errno::Badf), "{fd}");
            let found = open(&mut guest, (fd, NOFOLLOW), "x", OFlags::CREAT, Rights::FILE);
            assert_eq!(found, Err(Errno::Badf), "{fd}");
        }
        for fd in 0..3 {
            for path in ["x", "/tmp/x", ".", ".."] {
                let found = open(
                    &mut guest,
                    (fd, NOFOLLOW),
                    path,
                    OFlags::CREAT,
                    Rights::FILE,
                );
                assert!(found.is_err(), "{fd} {path}");
            }
        }
        assert!(!std::path::Path::new("x").exists() && !std::path::Path::new("/tmp/x").exists());
    });
}

#[test]
fn a46_changing_a_flag_opens_the_file_again() {
    everywhere("wazero#1863", |scene| {
        let mut guest = scene.guest();
        let oflags = OFlags::CREAT | OFlags::EXCL | OFlags::TRUNC;
        let file = open(&mut guest, (ROOT, NOFOLLOW), "f", oflags, Rights::FILE).expect("a file");
        assert_eq!(guest.fd_write(file, "abc"), Ok(3));
        for flags in [
            FdFlags::empty(),
            FdFlags::APPEND,
            FdFlags::empty(),
            FdFlags::NONBLOCK,
        ] {
            assert_eq!(guest.fd_fdstat_set_flags(file, flags), Ok(()));
            assert_eq!(
                guest.fd_pread(file, &[9], 0),
                Ok(b"abc".to_vec()),
                "{flags:?}"
            );
        }
    });
}

#[test]
fn a47_an_empty_buffer_ends_a_read() {
    everywhere("wazero#1402", |scene| {
        scene.file("f", "wazero");
        let mut guest = scene.guest();
        let file = look(&mut guest, "f").expect("a file");
        assert_eq!(guest.fd_readv(file, &[4, 0, 2]), Ok(b"wazero".to_vec()));
        assert_eq!(guest.fd_pread(file, &[0, 0, 6], 0), Ok(b"wazero".to_vec()));
        assert_eq!(guest.fd_readv(file, &[0, 1]), Ok(Vec::new()), "the end");
    });
}

#[test]
fn a48_the_length_of_a_preopens_name() {
    everywhere("wazero#2491", |scene| {
        let long = "n".repeat(3000);
        let root = scene.root.clone();
        let builder = scene.builder();
        let mut guest = Guest::new(builder.preopen(&long, root, wasi_shim::Access::ReadOnly));
        for (fd, name) in [(ROOT, "/"), (READ_ONLY, "/read-only"), (5, &long)] {
            assert_eq!(guest.fd_prestat_get(fd), Ok(name.len() as u32));
            let found = guest.fd_prestat_dir_name(fd, name.len());
            assert_eq!(found.as_deref(), Ok(name.as_bytes()));
            let short = guest.fd_prestat_dir_name(fd, name.len() - 1);
            assert_eq!(short, Err(Errno::Nametoolong));
        }
    });
}

#[test]
fn a67_moving_a_descriptor_to_itself() {
    everywhere("WasmEdge 00ef3d1", |scene| {
        let mut guest = scene.guest();
        let file = write(&mut guest, "f");
        for fd in [file, 0, ROOT] {
            assert_eq!(guest.fd_renumber(fd, fd), Ok(()), "{fd}");
        }
        assert_eq!(guest.fd_write(file, "still open"), Ok(10));
        assert_eq!(guest.fd_prestat_get(ROOT), Ok(1));
    });
}

/// Every call to the filesystem fails once; afterwards everything that was open can be used.
#[test]
fn a64_a_lock_that_is_kept_when_a_call_fails() {
    everywhere("WAMR#3437", |scene| {
        scene.file("d/file", "content");
        let inner = scene.root.clone();
        scene.seal();
        for n in 1.. {
            assert!(n < 1000, "it ends");
            let root = Faulty::nth(inner.clone(), n, Errno::Io);
            let access = wasi_shim::Access::ReadWrite;
            let mut guest = Guest::new(Wasi::builder().preopen("/", root.clone(), access));
            use_everything(&mut guest);
            if root.probe().faults() == 0 {
                break;
            }
            use_everything(&mut guest);
            assert!(look(&mut guest, "d/file").is_ok(), "after call {n} failed");
        }
    });
}

fn use_everything(guest: &mut Guest) {
    let rights = Rights::FILE;
    let flags = OFlags::CREAT;
    if let Ok(fd) = open(guest, (ROOT, NOFOLLOW), "f", flags, rights) {
        let _ = guest.fd_write(fd, "abc");
        let _ = guest.fd_pread(fd, &[3], 0);
        let _ = guest.fd_filestat_set_size(fd, 1);
        let _ = guest.fd_sync(fd);
        let _ = guest.fd_filestat_get(fd);
        assert_eq!(guest.fd_close(fd), Ok(()), "whatever failed, it is open");
    }
    let _ = guest.fd_readdir(ROOT, 4096, 0);
    let _ = guest.path_create_directory(ROOT, "new");
    let _ = guest.path_rename(ROOT, "f", ROOT, "new/f");
    let _ = guest.path_unlink_file(ROOT, "new/f");
    let _ = guest.path_remove_directory(ROOT, "new");
}

#[test]
fn class05_preopens_are_closed_moved_over_and_removed() {
    everywhere("no single report", |scene| {
        scene.file("a/b/file", "inside");
        scene.link("a/link", "b");
        let root = scene.root.clone();
        let builder = scene.builder();
        let mut guest = Guest::new(builder.preopen("/again", root, wasi_shim::Access::ReadWrite));
        const AGAIN: u32 = 5;
        for fd in [ROOT, READ_ONLY, AGAIN] {
            let found = open(&mut guest, (fd, NOFOLLOW), "..", NONE, reading());
            assert_eq!(found, Err(Errno::Perm), "{fd}");
        }
        // Two preopens of one tree: what may be written in both moves between them.
        assert_eq!(guest.path_rename(ROOT, "a/b/file", AGAIN, "moved"), Ok(()));
        assert_eq!(
            guest.path_link((AGAIN, NOFOLLOW, "moved"), (ROOT, "linked")),
            Ok(())
        );
        // Another descriptor in a preopen's place is none.
        let dir = open_dir(&mut guest, "a");
        assert_eq!(guest.fd_renumber(dir, AGAIN), Ok(()));
        assert_eq!(guest.fd_prestat_get(AGAIN), Err(Errno::Badf));
        assert_eq!(guest.fd_prestat_dir_name(AGAIN, 9), Err(Errno::Badf));
        let up = open(&mut guest, (AGAIN, NOFOLLOW), "../moved", NONE, reading());
        assert_eq!(up, Err(Errno::Perm));
        // A preopen's number is used again.
        assert_eq!(guest.fd_close(READ_ONLY), Ok(()));
        put(&mut guest, "new", "");
        let file = write(&mut guest, "new");
        assert_eq!(file, READ_ONLY, "the lowest number that is free");
        assert_eq!(guest.fd_prestat_get(file), Err(Errno::Badf));
        assert_eq!(
            open(&mut guest, (file, NOFOLLOW), "new", NONE, reading()),
            Err(Errno::Notdir)
        );
    });
}
