//! Ways out of a directory: paths and links that lead somewhere else.

use crate::others::{TIME, while_renaming};
use crate::row::everywhere;
use crate::scene::Scene;
use crate::support::{
    BOTH, FOLLOW, NOFOLLOW, NONE, all_refuse, content, every_function, look, open, put, reading,
};
use std::time::Instant;
use wasi_shim::abi::{Errno, OFlags, Rights};
use wasi_shim_tests::trees::ROOT;

/// The layout of A19: a link out, and a link to it with a slash.
fn slashed_links(scene: &mut Scene) -> wasi_shim_tests::Guest {
    let mut guest = scene.guest();
    assert_eq!(guest.path_create_directory(ROOT, "a"), Ok(()));
    let out = guest.path_symlink("../../outside", ROOT, "a/relevil");
    assert_eq!(out, Ok(()));
    assert_eq!(guest.path_symlink("relevil/", ROOT, "a/link2"), Ok(()));
    guest
}

#[test]
fn a19_a_slash_put_back_behind_a_link() {
    everywhere("GHSA-hp8f-xmx4-4qrg, GHSA-vqjp-4c8c-hfgg", |scene| {
        let mut guest = slashed_links(scene);
        for path in ["a/link2", "a/relevil", "a/../a/link2"] {
            assert_eq!(look(&mut guest, path), Err(Errno::Perm), "{path:?}");
        }
        for lookup in BOTH {
            for path in [
                "a/link2/",
                "a/relevil/",
                "a/link2/.",
                "a/relevil//",
                "a/link2/sub/",
            ] {
                for oflags in [NONE, OFlags::DIRECTORY, OFlags::TRUNC, OFlags::CREAT] {
                    let found = open(&mut guest, (ROOT, lookup), path, oflags, reading());
                    assert_eq!(found, Err(Errno::Perm), "{path:?} {lookup:?} {oflags:?}");
                }
            }
        }
        for path in [
            "a/link2/x",
            "a/link2/sub",
            "a/link2/secret",
            "a/relevil/secret",
        ] {
            all_refuse(&mut guest, path, Errno::Perm);
        }
    });
}

/// What an old resolver did after a few `EAGAIN`s. The path has many `..`, for which the kernel has to make sure that
/// nobody renames anything. The same a million times is the pair `open-storm` of `spec-notes/races.md`.
#[test]
fn a20_renames_elsewhere_make_the_kernel_give_up() {
    everywhere("cap-primitives 3.4.4", |scene| {
        let mut guest = slashed_links(scene);
        for dir in ["a/b", "a/b/c", "a/b/c/d", "a/b/c/d/e"] {
            guest.path_create_directory(ROOT, dir).expect("a new name");
        }
        let elsewhere = tempfile::tempdir().expect("a folder");
        let path = "a/b/c/d/e/../../../../../a/../a/../a/b/../../a/../a/link2";
        while_renaming(elsewhere.path(), || {
            let (begin, mut asked) = (Instant::now(), 0);
            while asked < 50 || begin.elapsed() < TIME {
                assert_eq!(look(&mut guest, path), Err(Errno::Perm));
                asked += 1;
            }
        });
    });
}

#[test]
fn a21_renaming_a_link_by_a_name_with_a_slash() {
    everywhere("GHSA-m9f7-9w4p-gv38", |scene| {
        let mut guest = scene.guest();
        guest.path_symlink("../outside", ROOT, "l").expect("a link");
        guest.path_create_directory(ROOT, "d").expect("a new name");
        for (old, new) in [
            ("l/", "moved"),
            ("d", "l/"),
            ("d/", "l/"),
            ("l/", "l/"),
            ("l//", "m/"),
        ] {
            let found = guest.path_rename(ROOT, old, ROOT, new);
            assert_eq!(found, Err(Errno::Notdir), "{old:?} {new:?}");
        }
        assert_eq!(
            guest.path_readlink(ROOT, "l", 64),
            Ok(b"../outside".to_vec())
        );
        assert_eq!(
            guest.path_rename(ROOT, "l", ROOT, "moved"),
            Ok(()),
            "the link"
        );
    });
}

#[test]
fn a41_creating_through_a_link_out() {
    everywhere("CVE-2024-38358", |scene| {
        scene.link("dir/file", "../../outside.file");
        scene.link("dir/there", "../../secret");
        let mut guest = scene.guest();
        for path in ["dir/file", "dir/there"] {
            for oflags in [
                NONE,
                OFlags::CREAT,
                OFlags::CREAT | OFlags::TRUNC,
                OFlags::TRUNC,
            ] {
                for rights in [Rights::FILE, reading()] {
                    let found = open(&mut guest, (ROOT, FOLLOW), path, oflags, rights);
                    assert_eq!(found, Err(Errno::Perm), "{path:?} {oflags:?}");
                }
            }
            let exclusive = OFlags::CREAT | OFlags::EXCL;
            let found = open(&mut guest, (ROOT, FOLLOW), path, exclusive, Rights::FILE);
            assert_eq!(found, Err(Errno::Exist), "{path:?}");
        }
    });
}

#[test]
fn a42_opening_a_link_out_that_the_guest_made() {
    everywhere("CVE-2024-38358", |scene| {
        let mut guest = scene.guest();
        assert_eq!(guest.path_symlink("../../x", ROOT, "l"), Ok(()));
        assert_eq!(look(&mut guest, "l"), Err(Errno::Perm));
        let found = open(&mut guest, (ROOT, NOFOLLOW), "l", NONE, reading());
        assert_eq!(found, Err(Errno::Loop));
        assert_eq!(guest.path_readlink(ROOT, "l", 64), Ok(b"../../x".to_vec()));
    });
}

#[test]
fn a44_opening_through_a_link() {
    everywhere("wasmer#6189", |scene| {
        let mut guest = scene.guest();
        guest.path_create_directory(ROOT, "d").expect("a new name");
        put(&mut guest, "d/file", "content");
        for (text, name) in [
            ("d", "to_dir"),
            ("d/file", "to_file"),
            ("to_file", "to_link"),
        ] {
            guest.path_symlink(text, ROOT, name).expect("a new name");
        }
        for path in ["to_dir/file", "to_file", "to_link", "to_dir/../to_dir/file"] {
            assert_eq!(
                content(&mut guest, path).as_deref(),
                Ok("content"),
                "{path}"
            );
        }
    });
}

#[test]
fn a45_a_relative_link_with_many_dots() {
    everywhere("wazero#2321", |scene| {
        let mut guest = scene.guest();
        for text in [
            "../../../../../../etc/passwd",
            "..",
            "../",
            "./..",
            "../root/../secret",
        ] {
            guest.path_symlink(text, ROOT, "a").expect("a new name");
            assert_eq!(look(&mut guest, "a"), Err(Errno::Perm), "{text}");
            all_refuse(&mut guest, "a/x", Errno::Perm);
            guest.path_unlink_file(ROOT, "a").expect("the link");
        }
    });
}

#[test]
fn a49_dots_behind_a_link_are_where_it_leads() {
    everywhere("wazero atPath", |scene| {
        let mut guest = scene.guest();
        for dir in ["b", "b/c"] {
            guest.path_create_directory(ROOT, dir).expect("a new name");
        }
        put(&mut guest, "b/target", "of b");
        put(&mut guest, "target", "of the root");
        guest.path_symlink("b/c", ROOT, "a").expect("a new name");
        assert_eq!(content(&mut guest, "a/../target").as_deref(), Ok("of b"));
    });
}

#[test]
fn a50_whatever_is_done_through_a_link_to_a_password_file() {
    everywhere("CVE-2025-43853, uvwasi#299", |scene| {
        let mut guest = scene.guest();
        guest.path_symlink("../../etc", ROOT, "l").expect("a link");
        all_refuse(&mut guest, "l/passwd", Errno::Perm);
        guest
            .path_symlink("../../etc/passwd", ROOT, "p")
            .expect("a link");
        assert_eq!(look(&mut guest, "p"), Err(Errno::Perm));
        let stat = guest.path_filestat_get(ROOT, FOLLOW, "p");
        assert_eq!(stat.map(drop), Err(Errno::Perm));
        // The link itself is the guest's.
        assert_eq!(guest.path_link((ROOT, NOFOLLOW, "p"), (ROOT, "q")), Ok(()));
        assert_eq!(look(&mut guest, "q"), Err(Errno::Perm));
        let followed = guest.path_link((ROOT, FOLLOW, "p"), (ROOT, "r"));
        assert_eq!(followed, Err(Errno::Inval));
    });
}

#[test]
fn a51_a_link_with_an_absolute_text() {
    everywhere("uvwasi#272", |scene| {
        scene.link("made", &scene.absolute("outside"));
        let secret = scene.absolute("secret");
        let mut guest = scene.guest();
        for text in ["/etc/passwd", "/", "//", &secret] {
            let found = guest.path_symlink(text, ROOT, "l");
            assert_eq!(found, Err(Errno::Perm), "{text}");
            assert_eq!(guest.path_readlink(ROOT, "l", 9), Err(Errno::Noent));
        }
        assert_eq!(
            look(&mut guest, "made"),
            Err(Errno::Perm),
            "one of the host's"
        );
        all_refuse(&mut guest, "made/secret", Errno::Perm);
    });
}

#[test]
fn a52_a_nul_that_ends_a_path_for_the_host_only() {
    everywhere("uvwasi#266", |scene| {
        scene.file("allowed", "");
        let mut guest = scene.guest();
        for path in [
            "allowed\0/../x",
            "allowed\0",
            "\0allowed",
            "\0",
            "a\0/../../secret",
        ] {
            all_refuse(&mut guest, path, Errno::Inval);
            let made = guest.path_symlink(path, ROOT, "l");
            assert_eq!(made, Err(Errno::Inval), "{path:?}");
        }
    });
}

#[test]
fn a65_a_link_made_through_a_link() {
    everywhere("WasmEdge#4938", |scene| {
        let mut guest = scene.guest();
        guest.path_create_directory(ROOT, "d").expect("a new name");
        assert_eq!(
            guest.path_symlink("../../x", ROOT, "d/l"),
            Ok(()),
            "judged later"
        );
        assert_eq!(look(&mut guest, "d/l"), Err(Errno::Perm));
        assert_eq!(guest.path_symlink("t", ROOT, "d/l"), Err(Errno::Exist));
        guest
            .path_symlink("nothing", ROOT, "dangling")
            .expect("a link");
        assert_eq!(guest.path_symlink("t", ROOT, "dangling"), Err(Errno::Exist));
        assert_eq!(guest.path_readlink(ROOT, "nothing", 9), Err(Errno::Noent));
        guest
            .path_symlink("../outside", ROOT, "out")
            .expect("a link");
        assert_eq!(guest.path_symlink("t", ROOT, "out/made"), Err(Errno::Perm));
    });
}

#[test]
fn a77_a_sibling_whose_name_begins_alike() {
    everywhere("endive 16c57da", |scene| {
        scene.link("sibling", "../root2/file");
        scene.link("dir", "../root2");
        let mut guest = scene.guest();
        for path in ["sibling", "dir/file", "../root2/file", "dir/../root2/file"] {
            assert_eq!(look(&mut guest, path), Err(Errno::Perm), "{path}");
        }
        all_refuse(&mut guest, "../root2/file", Errno::Perm);
    });
}

#[test]
fn a87_nothing_but_dots() {
    everywhere("wasmoon#294", |scene| {
        let mut guest = scene.guest();
        for path in ["../outside", "..", "../..", "./../secret", "x/../../secret"] {
            guest
                .path_create_directory(ROOT, "x")
                .or_else(|errno| match errno {
                    Errno::Exist => Ok(()),
                    errno => Err(errno),
                })
                .expect("a directory");
            all_refuse(&mut guest, path, Errno::Perm);
        }
    });
}

#[test]
fn a89_an_absolute_path_lets_a_kernel_pass_over_the_directory() {
    everywhere("lind-wasm#1077", |scene| {
        let secret = scene.absolute("secret");
        let mut guest = scene.guest();
        for path in ["/etc/passwd", "//x", "/", "/..", &secret] {
            all_refuse(&mut guest, path, Errno::Perm);
        }
    });
}

#[test]
fn a95_a_path_that_ends_in_dots_and_a_slash() {
    everywhere("CVE-2025-22873", |scene| {
        let mut guest = scene.guest();
        guest.path_create_directory(ROOT, "d").expect("a new name");
        for path in ["../", "d/../../", "..//", "./../", "d/../../."] {
            all_refuse(&mut guest, path, Errno::Perm);
        }
        assert_eq!(
            ino_of(&mut guest, "d/../"),
            ino_of(&mut guest, "."),
            "inside"
        );
    });
}

fn ino_of(guest: &mut wasi_shim_tests::Guest, path: &str) -> u64 {
    crate::support::ino(guest, path).expect("it is there")
}

#[test]
fn a98_a_link_and_a_slash_at_the_end() {
    everywhere("CVE-2026-39822", |scene| {
        scene.link("out", "../outside");
        scene.link("up", "..");
        let mut guest = scene.guest();
        for path in ["out/", "out/.", "up/", "up/outside/", "out//"] {
            for (what, found) in every_function(&mut guest, ROOT, path, "missing") {
                assert!(found.is_err(), "{what} {path:?}");
            }
            for lookup in BOTH {
                let found = open(
                    &mut guest,
                    (ROOT, lookup),
                    path,
                    OFlags::DIRECTORY,
                    reading(),
                );
                assert_eq!(found, Err(Errno::Perm), "{path:?} {lookup:?}");
            }
        }
    });
}

#[test]
fn a101_what_was_opened_is_not_looked_up_by_its_name_again() {
    everywhere("libpathrs docs/avoidable-vulnerabilities.md", |scene| {
        scene.file("dir/file", "inside");
        let mut guest = scene.guest();
        let dir = crate::support::open_dir(&mut guest, "dir");
        let file = open(&mut guest, (dir, NOFOLLOW), "file", NONE, Rights::FILE).expect("a file");
        guest
            .path_rename(ROOT, "dir", ROOT, "gone")
            .expect("it moves");
        guest
            .path_symlink("../outside", ROOT, "dir")
            .expect("a link in its place");
        guest
            .path_rename(dir, "file", dir, "other")
            .expect("it moves");
        guest
            .path_symlink("../secret", dir, "file")
            .expect("a link in its place");
        assert_eq!(guest.fd_read(file, 9), Ok(b"inside".to_vec()));
        assert_eq!(guest.fd_filestat_set_size(file, 2), Ok(()));
        assert_eq!(content(&mut guest, "gone/other").as_deref(), Ok("in"));
        let stat = guest
            .path_filestat_get(dir, FOLLOW, "other")
            .map(|stat| stat.size);
        assert_eq!(stat, Ok(2));
    });
}

/// In the modes in which `openat2` fails every time, once is enough to try.
#[test]
fn a102_a_kernel_that_refuses_once_opens_no_way_out() {
    everywhere("bun#36156", |scene| {
        scene.dir("a/b");
        scene.link("a/b/out", "../../../secret");
        let mut guest = scene.guest();
        for _ in 0..100 {
            assert_eq!(look(&mut guest, "a/b/out"), Err(Errno::Perm));
            assert_eq!(look(&mut guest, "a/b/../../.."), Err(Errno::Perm));
            let dir = look(&mut guest, "a/b").expect("it is there");
            guest.fd_close(dir).expect("it is open");
        }
    });
}
