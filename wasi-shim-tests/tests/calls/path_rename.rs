//! `path_rename`.

use crate::paths::{self, CLOSED, Place, on_each, open, open_dir, read, stat, text};
use wasi_shim::abi::{Errno, FileKind, Rights, Syscall};
use wasi_shim::backends::MemDir;
use wasi_shim::{Access, Wasi};
use wasi_shim_tests::trees::{READ_ONLY, ROOT, Tree};
use wasi_shim_tests::{Answer, Guest, Stat};

fn rename(guest: &mut Guest, old: &str, new: &str) -> Answer<()> {
    guest.path_rename(ROOT, old, ROOT, new)
}

#[test]
fn it_answers_like_every_function_on_paths() {
    let old = Place {
        syscall: Syscall::PathRename,
        right: Rights::PATH_RENAME_SOURCE,
        other_right: Rights::PATH_RENAME_TARGET,
        changes: true,
        good: "dir/file",
        args: |guest, fd, [path, len]| {
            let [new, new_len] = text(guest, "new");
            vec![fd, path, len, ROOT.into(), new, new_len]
        },
    };
    old.check();
    Place {
        right: Rights::PATH_RENAME_TARGET,
        other_right: Rights::PATH_RENAME_SOURCE,
        good: "dir/new",
        args: |guest, fd, [path, len]| {
            let [old, old_len] = text(guest, "file");
            vec![ROOT.into(), old, old_len, fd, path, len]
        },
        ..old
    }
    .check();
}

/// What each kind of thing does to each other kind that has its new name.
#[test]
fn what_replaces_what() {
    use Errno::{Isdir, Noent, Notdir, Notempty};
    const GOES: Answer<()> = Ok(());
    let like_file = [GOES, Err(Isdir), Err(Isdir), GOES, GOES, GOES];
    let (notdir, notempty) = (Err(Notdir), Err(Notempty));
    let like_dir = [notdir, GOES, notempty, notdir, notdir, GOES];
    let targets = ["file", "empty", "dir", "tofile", "dangling", "missing"];
    for (from, answers) in [
        ("afile", like_file),
        ("alink", like_file),
        ("adangling", like_file),
        ("adir", like_dir),
        ("afull", like_dir),
        ("nothing", [Err(Noent); 6]),
    ] {
        for (to, expected) in targets.into_iter().zip(answers) {
            on_each(|tree, guest| {
                furnish(guest);
                check_replacing(tree, guest, from, to, expected);
            });
        }
    }
}

/// Something of each kind, to be moved.
fn furnish(guest: &mut Guest) {
    for dir in ["empty", "adir", "afull"] {
        guest.path_create_directory(ROOT, dir).expect(dir);
    }
    paths::write(guest, ROOT, "afile", "afile");
    paths::write(guest, ROOT, "afull/inner", "inner");
    for (text, link) in [("dir", "alink"), ("nowhere", "adangling")] {
        guest.path_symlink(text, ROOT, link).expect(link);
    }
}

fn check_replacing(
    tree: &paths::Furnished,
    guest: &mut Guest,
    from: &str,
    to: &str,
    expected: Answer<()>,
) {
    let (before, moved, replaced) = (tree.snapshot(), stat(guest, from), stat(guest, to));
    assert_eq!(rename(guest, from, to), expected, "{from} to {to}");
    if expected.is_err() {
        assert_eq!(tree.snapshot(), before, "{from} to {to}");
        return;
    }
    let identity = |stat: Stat| (stat.ino, stat.filetype, stat.size);
    let (new, old) = (stat(guest, to), stat(guest, from));
    assert_eq!(new.map(identity), moved.map(identity), "{from} to {to}");
    assert_eq!(old.map(identity), Err(Errno::Noent), "{from} to {to}");
    // A link is replaced, not what it leads to.
    if replaced.is_ok_and(|stat| stat.filetype == FileKind::SymbolicLink) {
        let file = read(guest, ROOT, "file");
        assert_eq!(file.as_deref(), Ok("0123456789"));
    }
}

#[test]
fn what_moves_keeps_its_content_and_is_open_still() {
    on_each(|_, guest| {
        let file = open(guest, ROOT, "file", Rights::FD_READ).expect("file");
        let dir = open_dir(guest, ROOT, "dir");
        assert_eq!(rename(guest, "file", "dir/sub/moved"), Ok(()));
        assert_eq!(rename(guest, "dir", "renamed"), Ok(()));
        assert_eq!(guest.fd_read(file, 3), Ok(b"012".to_vec()));
        assert_eq!(read(guest, dir, "sub/moved").as_deref(), Ok("0123456789"));
        assert_eq!(
            read(guest, ROOT, "renamed/sub/moved").as_deref(),
            Ok("0123456789")
        );
        // `..` is the directory that was walked through, wherever it is now.
        assert_eq!(guest.path_rename(dir, "sub/moved", ROOT, "file"), Ok(()));
        assert_eq!(read(guest, ROOT, "file").as_deref(), Ok("0123456789"));
    });
}

#[test]
fn names_of_the_same_file_stay_as_they_are() {
    on_each(|tree, guest| {
        let plain = wasi_shim::abi::LookupFlags::empty();
        guest
            .path_link((ROOT, plain, "file"), (ROOT, "dir/second"))
            .expect("a second name");
        let before = tree.snapshot();
        for (old, new) in [
            ("file", "file"),
            ("file", "dir/second"),
            ("dir/second", "./file"),
            ("dir", "dir"),
            ("dir", "dir/../dir"),
            ("tofile", "tofile"),
            ("dir/", "dir"),
            ("dir", "dir/"),
        ] {
            assert_eq!(rename(guest, old, new), Ok(()), "{old} to {new}");
            assert_eq!(tree.snapshot(), before, "{old} to {new}");
        }
    });
}

#[test]
fn a_directory_cannot_move_below_itself() {
    on_each(|tree, guest| {
        let before = tree.snapshot();
        for new in [
            "dir/new",
            "dir/sub/new",
            "todir/new",
            "dir/sub/../new",
            "dir/new/",
        ] {
            assert_eq!(rename(guest, "dir", new), Err(Errno::Inval), "{new}");
        }
        assert_eq!(
            rename(guest, "dir/sub", "dir"),
            Err(Errno::Notempty),
            "nor take its parent's name"
        );
        assert_eq!(rename(guest, "dir/file", "dir"), Err(Errno::Isdir));
        assert_eq!(tree.snapshot(), before);
    });
}

#[test]
fn dots_are_no_names() {
    on_each(|tree, guest| {
        let before = tree.snapshot();
        for dots in [".", "./", "dir/.", "dir/..", "dir/./", "dir/../", "todir/."] {
            assert_eq!(rename(guest, dots, "new"), Err(Errno::Busy), "{dots}");
            assert_eq!(rename(guest, "file", dots), Err(Errno::Busy), "{dots}");
            assert_eq!(rename(guest, "missing", dots), Err(Errno::Busy), "{dots}");
        }
        assert_eq!(
            rename(guest, "..", "new"),
            Err(Errno::Perm),
            "a way out, before a name"
        );
        assert_eq!(rename(guest, "file", ".."), Err(Errno::Perm));
        assert_eq!(tree.snapshot(), before);
    });
}

#[test]
fn slashes_are_for_directories() {
    on_each(|tree, guest| {
        let before = tree.snapshot();
        for (old, new, expected) in [
            ("file/", "new", Err(Errno::Notdir)),
            ("file", "new/", Err(Errno::Notdir)),
            ("file", "missing/", Err(Errno::Notdir)),
            ("file/", "new/", Err(Errno::Notdir)),
            ("file", "dir/", Err(Errno::Notdir)),
            ("tofile", "new/", Err(Errno::Notdir)),
            // A link moves, so nothing is said about what it leads to.
            ("todir/", "new", Err(Errno::Notdir)),
            ("outdir/", "new", Err(Errno::Notdir)),
            ("out/", "moved", Err(Errno::Notdir)),
            ("dangling/", "new", Err(Errno::Notdir)),
            ("missing/", "new", Err(Errno::Noent)),
            ("missing", "new/", Err(Errno::Noent)),
            ("dir/", "outdir/", Err(Errno::Notdir)),
            ("dir/", "todir/", Err(Errno::Notdir)),
            ("dir", "file/", Err(Errno::Notdir)),
        ] {
            assert_eq!(rename(guest, old, new), expected, "{old} to {new}");
            assert_eq!(tree.snapshot(), before, "{old} to {new}");
        }
        for (old, new) in [("dir/", "one"), ("one", "two/"), ("two/", "three//")] {
            assert_eq!(rename(guest, old, new), Ok(()), "{old} to {new}");
        }
        assert_eq!(read(guest, ROOT, "three/file").as_deref(), Ok("0123456789"));
    });
}

#[test]
fn nothing_moves_between_trees_given_for_different_things() {
    on_each(|tree, guest| {
        let before = tree.snapshot();
        for name in ["file", "dir", "tofile"] {
            assert_eq!(
                guest.path_rename(READ_ONLY, name, ROOT, "new"),
                Err(Errno::Perm)
            );
            assert_eq!(
                guest.path_rename(ROOT, name, READ_ONLY, "new"),
                Err(Errno::Perm)
            );
            assert_eq!(
                guest.path_rename(READ_ONLY, name, READ_ONLY, "new"),
                Err(Errno::Perm)
            );
            assert_eq!(
                guest.path_rename(READ_ONLY, name, ROOT, name),
                Err(Errno::Perm)
            );
        }
        assert_eq!(tree.snapshot(), before);
    });
}

/// A guest with the tree as 3 and 4, and filesystems other than that as 5 and 6.
pub(crate) fn beside_others(tree: &paths::Furnished) -> Guest {
    let other = if tree.tree.folder.is_some() {
        MemDir::new()
    } else {
        Tree::host().root
    };
    let builder = Wasi::builder()
        .preopen("/", tree.tree.root.clone(), Access::ReadWrite)
        .preopen("/same", tree.tree.root.clone(), Access::ReadWrite)
        .preopen("/other", other, Access::ReadWrite)
        .preopen("/memory", MemDir::new(), Access::ReadWrite);
    Guest::new(builder)
}

#[test]
fn filesystems_have_borders_and_preopens_have_none() {
    on_each(|tree, _| {
        let mut guest = beside_others(tree);
        for other in [5, 6] {
            for name in ["file", "dir", "tofile"] {
                assert_eq!(
                    guest.path_rename(3, name, other, "new"),
                    Err(Errno::Xdev),
                    "{name}"
                );
            }
            assert_eq!(
                guest.path_rename(3, "file", other, "."),
                Err(Errno::Busy),
                "names first"
            );
        }
        assert_eq!(guest.path_rename(3, "file", 4, "dir/moved"), Ok(()));
        assert_eq!(
            read(&mut guest, 3, "dir/moved").as_deref(),
            Ok("0123456789")
        );
    });
}

#[test]
fn conditions_are_checked_in_order() {
    on_each(|_, guest| {
        let file = open(guest, ROOT, "file", Rights::FILE).expect("file");
        let cases = [
            // From left to right: descriptors and texts,
            ((CLOSED, "\0"), (CLOSED, "\0"), Errno::Badf),
            ((ROOT, "\0"), (CLOSED, "x"), Errno::Inval),
            ((ROOT, "missing"), (CLOSED, "\0"), Errno::Badf),
            ((ROOT, "missing"), (READ_ONLY, "\0"), Errno::Perm),
            ((ROOT, "missing"), (ROOT, "\0"), Errno::Inval),
            // then the way to the old name, then to the new,
            ((file, "x"), (0, "x"), Errno::Notdir),
            ((ROOT, "missing/x"), (0, "x"), Errno::Noent),
            ((ROOT, "missing"), (0, "x"), Errno::Badf),
            ((ROOT, "missing"), (ROOT, "../x"), Errno::Perm),
            ((ROOT, "."), (ROOT, "missing/x"), Errno::Noent),
            // then the names.
            ((ROOT, "."), (ROOT, "x"), Errno::Busy),
            ((ROOT, "missing"), (ROOT, "."), Errno::Busy),
            ((ROOT, "missing"), (ROOT, "x"), Errno::Noent),
        ];
        for ((old_fd, old), (new_fd, new), errno) in cases {
            let found = guest.path_rename(old_fd, old, new_fd, new);
            assert_eq!(found, Err(errno), "{old:?} to {new:?}");
        }
    });
}

#[test]
fn links_are_not_followed() {
    on_each(|tree, guest| {
        let outside = |tree: &paths::Furnished| {
            let all = tree.snapshot();
            all.into_iter()
                .filter(|line| line.starts_with("outside"))
                .collect::<Vec<_>>()
        };
        let before = outside(tree);
        for (old, new) in [("out", "moved"), ("dangling", "dir/d"), ("self", "self2")] {
            let (moved, text) = (stat(guest, old), guest.path_readlink(ROOT, old, 99));
            assert_eq!(rename(guest, old, new), Ok(()), "{old}");
            assert_eq!(
                stat(guest, new).map(|stat| stat.ino),
                moved.map(|stat| stat.ino)
            );
            assert_eq!(guest.path_readlink(ROOT, new, 99), text);
        }
        assert_eq!(
            rename(guest, "file", "outdir"),
            Ok(()),
            "the link is replaced"
        );
        assert_eq!(
            rename(guest, "todir/file", "todir/sub/file"),
            Ok(()),
            "on the way they are"
        );
        assert_eq!(
            read(guest, ROOT, "dir/sub/file").as_deref(),
            Ok("0123456789")
        );
        assert_eq!(outside(tree), before);
    });
}
