//! Paths that are hard to read: slashes, dots and empty names, and links that end in them. They stay inside, and lead where
//! POSIX says.

use crate::row::everywhere;
use crate::support::{
    BOTH, FOLLOW, NOFOLLOW, NONE, all_refuse, content, every_function, ino, look, open, put,
    reading,
};
use wasi_shim::abi::{Errno, FileKind, FstFlags, OFlags, Rights};
use wasi_shim_tests::Guest;
use wasi_shim_tests::trees::ROOT;

#[test]
fn a22_a_link_to_a_directory_with_a_slash() {
    everywhere("cap-std#383", |scene| {
        scene.file("dir/file", "inside");
        scene.link("sym", "dir");
        let mut guest = scene.guest();
        for lookup in BOTH {
            for oflags in [NONE, OFlags::DIRECTORY] {
                let found = open(&mut guest, (ROOT, lookup), "sym/", oflags, reading());
                let dir = found.expect("the directory");
                let stat = guest.fd_filestat_get(dir).map(|stat| stat.ino);
                assert_eq!(stat, ino(&mut guest, "dir"), "{lookup:?} {oflags:?}");
                let file = open(&mut guest, (dir, NOFOLLOW), "file", NONE, reading());
                assert!(file.is_ok());
            }
        }
        let found = open(
            &mut guest,
            (ROOT, NOFOLLOW),
            "sym",
            OFlags::DIRECTORY,
            reading(),
        );
        assert_eq!(found, Err(Errno::Notdir), "without a slash it is the link");
    });
}

#[test]
fn a23_looking_at_a_name_with_a_slash() {
    everywhere("wasmtime#14380, wasmtime#14359", |scene| {
        scene.dir("dir");
        scene.file("file", "");
        scene.link("sym_dir", "dir");
        scene.link("sym_file", "file");
        let mut guest = scene.guest();
        for lookup in BOTH {
            let mut kind = |path: &str| {
                let stat = guest.path_filestat_get(ROOT, lookup, path);
                stat.map(|stat| stat.filetype)
            };
            assert_eq!(kind("sym_dir/"), Ok(FileKind::Directory), "{lookup:?}");
            for path in ["file/", "file/.", "file/..", "sym_file/", "sym_file/."] {
                assert_eq!(kind(path), Err(Errno::Notdir), "{path} {lookup:?}");
            }
        }
    });
}

#[test]
fn a24_a_link_whose_text_ends_in_dots() {
    everywhere("wasmtime#9272", |scene| {
        scene.file("target", "inside");
        scene.dir("b/c");
        scene.link("b/up", "..");
        scene.link("b/c/upup", "../..");
        scene.link("b/here", ".");
        let mut guest = scene.guest();
        let target = ino(&mut guest, "target");
        assert!(target.is_ok());
        for path in [
            "b/up/target",
            "b/c/upup/target",
            "b/here/up/target",
            "b/up/b/up/target",
        ] {
            assert_eq!(ino(&mut guest, path), target, "{path}");
            assert_eq!(content(&mut guest, path).as_deref(), Ok("inside"));
        }
        assert_eq!(ino(&mut guest, "b/up"), ino(&mut guest, "."));
        assert_eq!(ino(&mut guest, "b/up/.."), Err(Errno::Perm));
    });
}

#[test]
fn a25_empty_names() {
    everywhere("wasmtime#12173", |scene| {
        let mut guest = scene.guest();
        all_refuse(&mut guest, "", Errno::Noent);
        assert_eq!(guest.path_symlink("", ROOT, "x"), Err(Errno::Noent));
        assert_eq!(guest.path_symlink("x", ROOT, ""), Err(Errno::Noent));
        assert_eq!(
            guest.path_readlink(ROOT, "x", 9),
            Err(Errno::Noent),
            "not made"
        );
    });
}

/// Each function that changes something, with a last component that is no name: an error code, and no change.
#[test]
fn a83_dots_as_names_to_rename_and_remove() {
    everywhere("zwasm#267", |scene| {
        let mut guest = scene.guest();
        guest.path_create_directory(ROOT, "a").expect("a new name");
        put(&mut guest, "a/file", "inside");
        put(&mut guest, "mine", "mine");
        for path in [".", "a/.", "a/..", "a/./", "a/../"] {
            for (what, found) in every_function(&mut guest, ROOT, path, "mine") {
                let looks = ["filestat_get", "filestat_set_times", "open"].contains(&what);
                assert_eq!(found.is_ok(), looks, "{what} {path:?}: {found:?}");
            }
            let busy = [
                guest.path_rename(ROOT, path, ROOT, "b"),
                guest.path_rename(ROOT, "a", ROOT, path),
            ];
            assert_eq!(busy, [Err(Errno::Busy); 2], "{path}");
        }
        assert_eq!(guest.path_remove_directory(ROOT, "a/."), Err(Errno::Inval));
        assert_eq!(
            guest.path_remove_directory(ROOT, "a/.."),
            Err(Errno::Notempty)
        );
        assert_eq!(guest.path_unlink_file(ROOT, "a/."), Err(Errno::Isdir));
        all_refuse(&mut guest, "..", Errno::Perm);
        all_refuse(&mut guest, "a/../..", Errno::Perm);
        assert_eq!(content(&mut guest, "a/file").as_deref(), Ok("inside"));
    });
}

#[test]
fn a97_a_flag_not_to_follow_that_is_ignored() {
    everywhere("CVE-2026-32282", |scene| {
        scene.file("target", "inside");
        scene.link("link", "target");
        scene.link("out", "../secret");
        let mut guest = scene.guest();
        let target = guest.path_filestat_get(ROOT, NOFOLLOW, "target");
        for name in ["link", "out"] {
            let flags = FstFlags::ATIM | FstFlags::MTIM;
            let times = (7_000_000_000, 9_000_000_000);
            let set = guest.path_filestat_set_times(ROOT, NOFOLLOW, name, times, flags);
            assert_eq!(set, Ok(()), "{name}");
            let link = guest
                .path_filestat_get(ROOT, NOFOLLOW, name)
                .expect("a link");
            assert_eq!(
                (link.filetype, link.mtim),
                (FileKind::SymbolicLink, times.1)
            );
            let linked = format!("linked {name}");
            let made = guest.path_link((ROOT, NOFOLLOW, name), (ROOT, &linked));
            assert_eq!(made, Ok(()), "{name}");
            let same = guest
                .path_filestat_get(ROOT, NOFOLLOW, &linked)
                .expect("a link");
            assert_eq!(same.ino, link.ino, "the link, and not what it leads to");
        }
        assert_eq!(guest.path_filestat_get(ROOT, NOFOLLOW, "target"), target);
        let found = open(&mut guest, (ROOT, NOFOLLOW), "link", NONE, reading());
        assert_eq!(found, Err(Errno::Loop));
    });
}

/// Answers to one path, by all functions.
fn answers(guest: &mut Guest, path: &str) -> Vec<Result<(), Errno>> {
    let all = every_function(guest, ROOT, path, "mine");
    all.into_iter().map(|(_, found)| found).collect()
}

#[test]
fn class04_texts_that_are_no_path_or_a_strange_one() {
    everywhere("no single report", |scene| {
        let mut guest = scene.guest();
        put(&mut guest, "mine", "mine");
        guest.path_create_directory(ROOT, "a").expect("a new name");
        for path in ["/", "//", "a/../..", ".."] {
            all_refuse(&mut guest, path, Errno::Perm);
        }
        let long = "x".repeat(256);
        for path in [
            &long,
            &format!("a/{long}"),
            &"x".repeat(4097),
            &"a/".repeat(32768),
        ] {
            all_refuse(&mut guest, path, Errno::Nametoolong);
        }
        for path in [&b"\xff"[..], b"\xc0\xaf", b"a/\xed\xa0\x80", b"../\xff"] {
            let found = open(
                &mut guest,
                (ROOT, FOLLOW),
                path,
                OFlags::CREAT,
                Rights::FILE,
            );
            assert_eq!(found, Err(Errno::Ilseq), "{path:?}");
            assert_eq!(guest.path_create_directory(ROOT, path), Err(Errno::Ilseq));
        }
        // `a//b` is `a/b`, also where it is not there.
        assert_eq!(
            answers(&mut guest, "b//c/./d"),
            answers(&mut guest, "b/c/d")
        );
        // A dangling link: what is made is made where it leads, if it leads inside.
        guest
            .path_symlink("a/new", ROOT, "dangling")
            .expect("a link");
        let exclusive = OFlags::CREAT | OFlags::EXCL;
        let found = open(
            &mut guest,
            (ROOT, FOLLOW),
            "dangling",
            exclusive,
            Rights::FILE,
        );
        assert_eq!(found, Err(Errno::Exist));
        assert!(
            open(
                &mut guest,
                (ROOT, FOLLOW),
                "dangling",
                OFlags::CREAT,
                Rights::FILE
            )
            .is_ok()
        );
        assert!(look(&mut guest, "a/new").is_ok());
    });
}

#[test]
fn class04_forty_links_and_one_more() {
    everywhere("no single report", |scene| {
        scene.file("l0", "inside");
        for n in 1..=41 {
            scene.link(&format!("l{n}"), &format!("l{}", n - 1));
        }
        scene.link("self", "self");
        scene.link("one", "other");
        scene.link("other", "one");
        let mut guest = scene.guest();
        assert_eq!(content(&mut guest, "l40").as_deref(), Ok("inside"));
        for path in ["l41", "self", "one", "self/x", "one/x"] {
            assert_eq!(look(&mut guest, path), Err(Errno::Loop), "{path}");
            let found = open(
                &mut guest,
                (ROOT, FOLLOW),
                path,
                OFlags::CREAT,
                Rights::FILE,
            );
            assert_eq!(found, Err(Errno::Loop), "{path}");
        }
    });
}

/// Names that mean something to other systems, and names that look alike.
#[test]
fn class04_letters_that_mean_something_elsewhere_are_letters() {
    everywhere("no single report", |scene| {
        let mut guest = scene.guest();
        let names = [
            "back\\slash",
            "..\\..\\secret",
            "C:x",
            "a:b",
            "new\nline",
            "\u{202e}txt",
            "PROGRA~1",
            "dot.",
            "space ",
            "caf\u{e9}",
            "cafe\u{301}",
            "CASE",
            "case",
            "~",
            "-rf",
            "%2e%2e",
            "con",
            "\u{2024}\u{2024}",
        ];
        let longest = "x".repeat(255);
        for name in names.into_iter().chain([&longest[..]]) {
            put(&mut guest, name, name);
        }
        for name in names.into_iter().chain([&longest[..]]) {
            assert_eq!(
                content(&mut guest, name).as_deref(),
                Ok(name),
                "each is its own file"
            );
        }
    });
}
