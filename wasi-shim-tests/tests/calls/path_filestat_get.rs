//! `path_filestat_get`.

use crate::paths::{FOLLOW, NOFOLLOW, Place, on_each, open, open_dir, text};
use std::time::{Duration, SystemTime};
use wasi_shim::abi::{Abi, Errno, FileKind, Rights, Syscall};
use wasi_shim::vfs::Timestamp;
use wasi_shim::{Outcome, Trap};
use wasi_shim_tests::trees::{READ_ONLY, ROOT};

#[test]
fn it_answers_like_every_function_on_paths() {
    Place {
        syscall: Syscall::PathFilestatGet,
        right: Rights::PATH_FILESTAT_GET,
        other_right: Rights::empty(),
        changes: false,
        good: "dir/file",
        args: |guest, fd, [path, len]| {
            let out = guest.room(64);
            vec![fd, 0, path, len, out.into()]
        },
    }
    .check();
}

#[test]
fn both_layouts_tell_the_same_facts() {
    on_each(|_, guest| {
        guest
            .path_link((ROOT, NOFOLLOW, "file"), (ROOT, "second"))
            .expect("a second name");
        let new = guest
            .path_filestat_get(ROOT, NOFOLLOW, "file")
            .expect("facts");
        assert_eq!(
            (new.filetype, new.size, new.nlink),
            (FileKind::RegularFile, 10, 2)
        );
        assert!(new.ino != 0 && new.mtim > 1_600_000_000_000_000_000 && new.ctim >= new.mtim);
        guest.abi = Abi::Unstable;
        assert_eq!(guest.path_filestat_get(ROOT, NOFOLLOW, "file"), Ok(new));
    });
}

#[test]
fn the_facts_are_those_of_the_open_file() {
    on_each(|_, guest| {
        let file = open(guest, ROOT, "dir/file", Rights::FILE).expect("file");
        let dir = open_dir(guest, ROOT, "dir");
        for (fd, path) in [
            (file, "dir/file"),
            (dir, "dir"),
            (ROOT, "."),
            (ROOT, "dir/.."),
            (dir, "todir"),
        ] {
            let opened = guest.fd_filestat_get(fd);
            assert_eq!(
                guest.path_filestat_get(ROOT, FOLLOW, path),
                opened,
                "{path}"
            );
        }
        // The device is the preopened directory that the way began at; the file is the same.
        let (one, other) = (
            guest
                .path_filestat_get(ROOT, NOFOLLOW, "file")
                .expect("facts"),
            guest
                .path_filestat_get(READ_ONLY, NOFOLLOW, "file")
                .expect("facts"),
        );
        assert_eq!((one.dev, other.dev), (1, 2));
        assert_eq!(one.ino, other.ino);
    });
}

#[test]
fn links_are_followed_if_asked_and_before_a_slash() {
    use FileKind::{Directory, RegularFile, SymbolicLink};
    on_each(|_, guest| {
        for (path, link, followed) in [
            ("file", Ok(RegularFile), Ok(RegularFile)),
            ("file/", Err(Errno::Notdir), Err(Errno::Notdir)),
            ("file/.", Err(Errno::Notdir), Err(Errno::Notdir)),
            ("dir/", Ok(Directory), Ok(Directory)),
            ("tofile", Ok(SymbolicLink), Ok(RegularFile)),
            ("tofile/", Err(Errno::Notdir), Err(Errno::Notdir)),
            ("todir", Ok(SymbolicLink), Ok(Directory)),
            ("todir/", Ok(Directory), Ok(Directory)),
            ("todir/.", Ok(Directory), Ok(Directory)),
            ("dangling", Ok(SymbolicLink), Err(Errno::Noent)),
            ("dangling/", Err(Errno::Noent), Err(Errno::Noent)),
            ("self", Ok(SymbolicLink), Err(Errno::Loop)),
            ("self/", Err(Errno::Loop), Err(Errno::Loop)),
            ("out", Ok(SymbolicLink), Err(Errno::Perm)),
            ("out/", Err(Errno::Perm), Err(Errno::Perm)),
            ("outdir/", Err(Errno::Perm), Err(Errno::Perm)),
            ("absolute", Ok(SymbolicLink), Err(Errno::Perm)),
            ("missing", Err(Errno::Noent), Err(Errno::Noent)),
            ("missing/", Err(Errno::Noent), Err(Errno::Noent)),
        ] {
            for (lookup, expected) in [(NOFOLLOW, link), (FOLLOW, followed)] {
                let found = guest.path_filestat_get(ROOT, lookup, path);
                assert_eq!(
                    found.map(|stat| stat.filetype),
                    expected,
                    "{path:?} {lookup:?}"
                );
            }
        }
        let link = guest
            .path_filestat_get(ROOT, NOFOLLOW, "out")
            .expect("facts");
        assert_eq!((link.size, link.nlink), ("../outside".len() as u64, 1));
    });
}

#[test]
fn times_that_do_not_fit_are_cut_to_what_does() {
    on_each(|tree, guest| {
        let Some(folder) = &tree.tree.folder else {
            return;
        };
        let path = folder.path().join("root/file");
        let epoch = SystemTime::UNIX_EPOCH;
        let far = Duration::from_secs(1 << 34);
        for time in [
            epoch - Duration::from_secs(1),
            epoch - far,
            epoch,
            epoch + far,
            epoch + far * 2,
        ] {
            let file = std::fs::File::options()
                .write(true)
                .open(&path)
                .expect("file");
            if file.set_modified(time).is_err() {
                continue;
            }
            // What the host made of it, which may be less than was asked for.
            let kept = file
                .metadata()
                .and_then(|facts| facts.modified())
                .expect("a time");
            let found = guest
                .path_filestat_get(ROOT, NOFOLLOW, "file")
                .map(|stat| stat.mtim);
            assert_eq!(found, Ok(Timestamp::from(kept).0), "{time:?}");
            assert!(time > epoch || found == Ok(0), "before 1970 is 1970");
        }
    });
}

#[test]
fn flags_nobody_knows_are_refused() {
    on_each(|_, guest| {
        for bit in 0..32 {
            let [path, len] = text(guest, "file");
            let out = guest.room(64);
            let args = [ROOT.into(), 1 << bit, path, len, out.into()];
            let expected = if bit == 0 { Ok(()) } else { Err(Errno::Inval) };
            assert_eq!(
                guest.call(Syscall::PathFilestatGet, &args),
                expected,
                "bit {bit}"
            );
        }
    });
}

#[test]
fn bad_result_pointers_trap() {
    on_each(|_, guest| {
        for (abi, size) in [(Abi::Preview1, 64), (Abi::Unstable, 56)] {
            guest.abi = abi;
            let end = guest.memory.len() as i64;
            for (out, misaligned) in [
                (end, false),
                (end - size + 8, false),
                (u32::MAX.into(), false),
                (129, true),
                (132, true),
            ] {
                let [path, len] = text(guest, "file");
                let before = guest.memory.clone();
                let args = [ROOT.into(), 0, path, len, out];
                let Outcome::Trap(trap) = guest.attempt(Syscall::PathFilestatGet, &args) else {
                    panic!("{out:#x} did not trap");
                };
                assert_eq!(
                    matches!(trap, Trap::Misaligned { align: 8, .. }),
                    misaligned,
                    "{trap}"
                );
                assert!(guest.memory == before);
            }
            let [path, len] = text(guest, "file");
            let args = [ROOT.into(), 0, path, len, end - size];
            assert_eq!(
                guest.call(Syscall::PathFilestatGet, &args),
                Ok(()),
                "the last place that fits"
            );
        }
    });
}
