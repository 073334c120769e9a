//! `path_symlink`.

use crate::paths::{CLOSED, FOLLOW, Place, on_each, open, read, stat, text};
use wasi_shim::abi::{Errno, FileKind, Rights, Syscall};
use wasi_shim_tests::trees::{READ_ONLY, ROOT};

#[test]
fn it_answers_like_every_function_on_paths() {
    Place {
        syscall: Syscall::PathSymlink,
        right: Rights::PATH_SYMLINK,
        other_right: Rights::empty(),
        changes: true,
        good: "dir/new",
        args: |guest, fd, [path, len]| {
            let [text, text_len] = text(guest, "text");
            vec![text, text_len, fd, path, len]
        },
    }
    .check();
}

#[test]
fn the_text_is_stored_as_it_is() {
    on_each(|_, guest| {
        let long = "x/".repeat(2000);
        for text in [
            "file",
            "./file",
            "dir//..///file",
            "dir/",
            "..",
            ".",
            "missing",
            "é ü\n",
            &long,
        ] {
            assert_eq!(guest.path_symlink(text, ROOT, "new"), Ok(()), "{text:?}");
            assert_eq!(
                guest.path_readlink(ROOT, "new", 5000).as_deref(),
                Ok(text.as_bytes())
            );
            let found = stat(guest, "new").map(|stat| (stat.filetype, stat.size));
            assert_eq!(found, Ok((FileKind::SymbolicLink, text.len() as u64)));
            assert_eq!(guest.path_unlink_file(ROOT, "new"), Ok(()));
        }
        assert_eq!(guest.path_symlink("../file", ROOT, "todir/new"), Ok(()));
        assert_eq!(read(guest, ROOT, "dir/new").as_deref(), Ok("0123456789"));
    });
}

#[test]
fn an_absolute_or_empty_text_is_refused_on_every_filesystem() {
    on_each(|tree, guest| {
        let before = tree.snapshot();
        for (text, errno) in [
            ("", Errno::Noent),
            ("/", Errno::Perm),
            ("//", Errno::Perm),
            ("/file", Errno::Perm),
            ("//file", Errno::Perm),
            ("/etc/passwd", Errno::Perm),
            ("f\0", Errno::Inval),
            ("\0", Errno::Inval),
            ("/\0", Errno::Inval),
        ] {
            for path in ["new", "file", ".", "../new", "missing/new"] {
                assert_eq!(
                    guest.path_symlink(text, ROOT, path),
                    Err(errno),
                    "{text:?} at {path:?}"
                );
            }
        }
        assert_eq!(guest.path_symlink(b"\xff", ROOT, "new"), Err(Errno::Ilseq));
        assert_eq!(
            guest.path_symlink("x".repeat(4097), ROOT, "new"),
            Err(Errno::Nametoolong)
        );
        assert_eq!(tree.snapshot(), before);
    });
}

#[test]
fn a_text_that_leads_out_is_stored_and_refused_when_it_is_followed() {
    on_each(|tree, guest| {
        let texts = [
            "../outside",
            "../../../../etc/passwd",
            "dir/../../outside",
            "../root/file",
            "..",
            "todir/../..",
        ];
        for text in texts {
            assert_eq!(guest.path_symlink(text, ROOT, "new"), Ok(()), "{text:?}");
            let before = tree.snapshot();
            assert_eq!(
                guest.path_readlink(ROOT, "new", 99).as_deref(),
                Ok(text.as_bytes())
            );
            for path in ["new", "new/", "new/x"] {
                let found = guest.path_filestat_get(ROOT, FOLLOW, path).map(drop);
                assert_eq!(found, Err(Errno::Perm), "{text:?} at {path:?}");
                let found = open(guest, ROOT, path, Rights::FILE);
                assert_eq!(found, Err(Errno::Perm), "{text:?} at {path:?}");
            }
            for (name, errno) in [("new/x", Errno::Perm), ("new", Errno::Exist)] {
                assert_eq!(guest.path_symlink("x", ROOT, name), Err(errno), "{text:?}");
                assert_eq!(
                    guest.path_create_directory(ROOT, name),
                    Err(errno),
                    "{text:?}"
                );
            }
            assert_eq!(tree.snapshot(), before);
            assert_eq!(guest.path_unlink_file(ROOT, "new"), Ok(()));
        }
    });
}

#[test]
fn a_name_that_is_taken_stays_what_it_is() {
    use Errno::{Exist, Noent, Notdir};
    on_each(|tree, guest| {
        let before = tree.snapshot();
        for (path, errno) in [
            ("file", Exist),
            ("dir", Exist),
            ("tofile", Exist),
            ("todir", Exist),
            ("dangling", Exist),
            ("self", Exist),
            ("out", Exist),
            (".", Exist),
            ("./", Exist),
            ("dir/..", Exist),
            ("dir/.", Exist),
            ("dir/", Exist),
            ("new/", Noent),
            ("dir/new//", Noent),
            ("file/", Notdir),
            ("tofile/", Notdir),
            ("todir/", Exist),
            ("dangling/", Notdir),
            ("out/", Notdir),
        ] {
            assert_eq!(
                guest.path_symlink("text", ROOT, path),
                Err(errno),
                "{path:?}"
            );
        }
        assert_eq!(tree.snapshot(), before);
    });
}

#[test]
fn conditions_are_checked_in_order() {
    on_each(|_, guest| {
        let file = open(guest, ROOT, "file", Rights::FILE).expect("file");
        for (text, fd, path, errno) in [
            // From left to right,
            ("\0", CLOSED, "\0", Errno::Inval),
            ("/x", CLOSED, "\0", Errno::Badf),
            ("/x", READ_ONLY, "\0", Errno::Perm),
            // then the descriptor, the text, the path.
            ("", file, "", Errno::Notdir),
            ("/x", 0, "", Errno::Badf),
            ("/x", ROOT, "", Errno::Perm),
            ("", ROOT, "..", Errno::Noent),
            ("x", ROOT, "..", Errno::Perm),
        ] {
            assert_eq!(
                guest.path_symlink(text, fd, path),
                Err(errno),
                "{text:?} at {path:?}"
            );
        }
    });
}
