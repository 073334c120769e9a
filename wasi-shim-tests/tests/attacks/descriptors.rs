//! The table of descriptors: numbers that are free, moved, closed, and what is never in it.

use crate::row::{everywhere, on_hosts, quietly, without_trees};
use crate::scene::{Place, Scene};
use crate::support::{
    FOLLOW, NOFOLLOW, NONE, entries, handles, look, open, open_dir, put, reading, write,
};
use std::sync::Arc;
use wasi_shim::Access::ReadWrite;
use wasi_shim::abi::{Errno, FdFlags, OFlags, Rights};
use wasi_shim::backends::{Faulty, MemDir, Overlay};
use wasi_shim::vfs::{Dir, Name, Node, OpenRequest};
use wasi_shim::{Wasi, host};
use wasi_shim_tests::trees::{READ_ONLY, ROOT};
use wasi_shim_tests::{Answer, Guest};

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

/// The name of no file in the current directory, which is the package's.
const NOT_THERE: &str = "made-by-a-guest-that-was-given-nothing";

#[test]
fn a40_a_guest_that_was_given_nothing() {
    without_trees("CVE-2023-51661", || {
        let mut guest = Guest::new(Wasi::builder());
        for fd in (3..64).chain([1 << 31, u32::MAX]) {
            assert_eq!(guest.fd_prestat_get(fd), Err(Errno::Badf), "{fd}");
            assert_eq!(guest.fd_prestat_dir_name(fd, 9), Err(Errno::Badf), "{fd}");
            let found = open(
                &mut guest,
                (fd, NOFOLLOW),
                NOT_THERE,
                OFlags::CREAT,
                Rights::FILE,
            );
            assert_eq!(found, Err(Errno::Badf), "{fd}");
        }
        let folder = tempfile::tempdir().expect("a folder");
        let new = folder.path().join("x");
        for fd in 0..3 {
            for path in [NOT_THERE, new.to_str().expect("UTF-8"), ".", ".."] {
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
        assert!(!std::path::Path::new(NOT_THERE).exists() && !new.exists());
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
fn class05_preopens_are_closed_and_moved_over() {
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

/// A guest with the directory `a` as 5, and `a/b` as 6.
fn nested(scene: &mut Scene) -> Guest {
    let builder = scene.builder();
    let a = below(&scene.root, "a");
    let b = below(&a, "b");
    Guest::new(
        builder
            .preopen("/a", a, ReadWrite)
            .preopen("/a/b", b, ReadWrite),
    )
}

const A: u32 = 5;
const B: u32 = 6;

fn below(dir: &Arc<dyn Dir>, name: &str) -> Arc<dyn Dir> {
    let name = Name::new(name).expect("a name");
    match dir.open(name, &OpenRequest::STEP) {
        Ok(Node::Dir(below)) => below,
        other => panic!("{name:?} is no directory: {:?}", other.err()),
    }
}

fn read_in(guest: &mut Guest, dir: u32, path: &str) -> Answer<Vec<u8>> {
    let fd = open(guest, (dir, FOLLOW), path, NONE, reading())?;
    let found = guest.fd_read(fd, 64);
    guest.fd_close(fd)?;
    found
}

#[test]
fn class05_a_preopen_in_another_preopen() {
    everywhere("no single report", |scene| {
        scene.file("a/b/file", "inside");
        scene.file("a/file", "of a");
        scene.link("a/b/up", "..");
        let mut guest = nested(scene);
        for (dir, path) in [
            (ROOT, "a/b/file"),
            (A, "b/file"),
            (A, "b/../b/file"),
            (B, "file"),
        ] {
            assert_eq!(
                read_in(&mut guest, dir, path),
                Ok(b"inside".to_vec()),
                "{dir} {path}"
            );
        }
        // What is above is another preopen's; by this one there is no way to it.
        for path in ["../file", "up/file", "up", "../../a/file"] {
            assert_eq!(read_in(&mut guest, B, path), Err(Errno::Perm), "{path}");
        }
        assert_eq!(read_in(&mut guest, A, "b/up/file"), Ok(b"of a".to_vec()));
        // Whatever is made by one is there by the others.
        assert_eq!(guest.path_rename(B, "file", A, "moved"), Ok(()));
        assert_eq!(read_in(&mut guest, ROOT, "a/moved"), Ok(b"inside".to_vec()));
        assert_eq!(
            guest.path_rename(ROOT, "a", B, "a"),
            Err(Errno::Inval),
            "into itself"
        );
        assert_eq!(guest.path_rename(A, ".", B, "a"), Err(Errno::Busy));
    });
}

#[test]
fn class05_a_directory_that_is_another_preopen_is_moved_and_removed() {
    everywhere("no single report", |scene| {
        scene.file("a/b/file", "inside");
        scene.dir("else");
        let mut guest = nested(scene);
        assert_eq!(
            guest.path_remove_directory(ROOT, "a/b"),
            Err(Errno::Notempty)
        );
        // It is the directory that was given, wherever it is.
        assert_eq!(guest.path_rename(A, "b", ROOT, "else/c"), Ok(()));
        assert_eq!(read_in(&mut guest, B, "file"), Ok(b"inside".to_vec()));
        for path in ["..", "../c/file", "../../secret"] {
            assert_eq!(read_in(&mut guest, B, path), Err(Errno::Perm), "{path}");
        }
        guest
            .path_symlink("../outside", ROOT, "a/b")
            .expect("a link in its place");
        assert_eq!(read_in(&mut guest, B, "file"), Ok(b"inside".to_vec()));
        assert_eq!(read_in(&mut guest, A, "b/secret"), Err(Errno::Perm));
        assert_eq!(guest.path_unlink_file(B, "file"), Ok(()));
        assert_eq!(guest.path_remove_directory(ROOT, "else/c"), Ok(()));
        is_empty(&mut guest, B);
        takes_nothing(&mut guest, B);
        assert_eq!(guest.fd_prestat_get(B), Ok(4));
        assert_eq!(guest.fd_close(B), Ok(()));
    });
}

/// A directory without a name holds nothing, and leads nowhere.
fn is_empty(guest: &mut Guest, dir: u32) {
    for path in ["file", "x/../y"] {
        assert_eq!(read_in(guest, dir, path), Err(Errno::Noent), "{path}");
    }
    for path in ["..", "../secret", "../outside/secret"] {
        let found = read_in(guest, dir, path);
        assert_eq!(found, Err(Errno::Perm), "{path}");
    }
    let listed = guest.fd_readdir(dir, 4096, 0).expect("a listing");
    for entry in entries(&listed) {
        assert!([".", ".."].contains(&&*entry.name), "{entry:?}");
    }
    assert!(guest.fd_filestat_get(dir).is_ok());
}

/// Nor can anything be made in it.
fn takes_nothing(guest: &mut Guest, dir: u32) {
    assert_eq!(guest.path_create_directory(dir, "new"), Err(Errno::Noent));
    assert_eq!(guest.path_symlink("text", dir, "new"), Err(Errno::Noent));
    let made = open(guest, (dir, NOFOLLOW), "new", OFlags::CREAT, Rights::FILE);
    assert_eq!(made, Err(Errno::Noent));
}

#[test]
fn class05_preopens_on_two_filesystems() {
    everywhere("no single report", |scene| {
        scene.file("file", "inside");
        let other = MemDir::new();
        other.file("file", "of the other").expect("a file");
        let builder = scene.builder();
        let mut guest = Guest::new(builder.preopen("/other", other, ReadWrite));
        const OTHER: u32 = 5;
        for (from, to) in [(ROOT, OTHER), (OTHER, ROOT)] {
            for name in ["file", "new"] {
                let moved = guest.path_rename(from, "file", to, name);
                assert_eq!(moved, Err(Errno::Xdev), "{from} {name}");
            }
            let linked = guest.path_link((from, NOFOLLOW, "file"), (to, "new"));
            assert_eq!(linked, Err(Errno::Xdev), "{from}");
        }
        assert_eq!(read_in(&mut guest, ROOT, "file"), Ok(b"inside".to_vec()));
        assert_eq!(
            read_in(&mut guest, OTHER, "file"),
            Ok(b"of the other".to_vec())
        );
    });
}

const NO_HOST: &str = "no host changes a tree in memory";

#[test]
fn class05_the_host_replaces_or_deletes_a_preopen() {
    on_hosts("no single report", NO_HOST, |scene| {
        scene.file("a/b/file", "inside");
        scene.share();
        let mut guest = nested(scene);
        let folder = scene.folder().expect("a folder");
        let (b, c) = (folder.join("a/b"), folder.join("a/c"));
        std::fs::rename(&b, &c).expect("it moves");
        std::os::unix::fs::symlink("../../outside", &b).expect("a link in its place");
        assert_eq!(read_in(&mut guest, B, "file"), Ok(b"inside".to_vec()));
        assert_eq!(read_in(&mut guest, B, "secret"), Err(Errno::Noent));
        assert_eq!(read_in(&mut guest, A, "b/secret"), Err(Errno::Perm));
        std::fs::remove_dir_all(&c).expect("it goes");
        is_empty(&mut guest, B);
        // An overlay keeps what is made itself, and does not ask the tree below.
        if scene.place == Place::Host {
            takes_nothing(&mut guest, B);
        }
    });
}

/// Whoever gives a directory by a name that is a link gives what it leads to, and what it leads to stays the border.
#[test]
fn class05_a_preopen_that_is_opened_through_a_link() {
    on_hosts("no single report", NO_HOST, |scene| {
        scene.file("a/file", "inside");
        scene.share();
        let builder = scene.builder();
        let folder = scene.folder().expect("a folder");
        let link = folder.join("link");
        std::os::unix::fs::symlink("a", &link).expect("a link");
        let given = host::open_dir(&link).expect("a directory");
        let given: Arc<dyn Dir> = match scene.place {
            Place::Host => given,
            _ => Overlay::new(given),
        };
        let mut guest = Guest::new(builder.preopen("/link", given, ReadWrite));
        const LINK: u32 = 5;
        std::fs::remove_file(&link).expect("a link");
        std::os::unix::fs::symlink("../outside", &link).expect("a link");
        assert_eq!(read_in(&mut guest, LINK, "file"), Ok(b"inside".to_vec()));
        for path in ["..", "../a/file", "../link/secret"] {
            assert_eq!(read_in(&mut guest, LINK, path), Err(Errno::Perm), "{path}");
        }
        assert_eq!(read_in(&mut guest, LINK, "secret"), Err(Errno::Noent));
    });
}
