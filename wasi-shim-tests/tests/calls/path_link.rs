//! `path_link`.

use crate::path_rename::beside_others;
use crate::paths::{CLOSED, FOLLOW, NOFOLLOW, Place, on_each, open, read, stat, text};
use wasi_shim::abi::{Errno, Rights, Syscall};
use wasi_shim_tests::trees::{READ_ONLY, ROOT};
use wasi_shim_tests::{Answer, Guest};

fn link(guest: &mut Guest, old: &str, new: &str) -> Answer<()> {
    guest.path_link((ROOT, NOFOLLOW, old), (ROOT, new))
}

#[test]
fn it_answers_like_every_function_on_paths() {
    let old = Place {
        syscall: Syscall::PathLink,
        right: Rights::PATH_LINK_SOURCE,
        other_right: Rights::PATH_LINK_TARGET,
        changes: true,
        good: "dir/file",
        args: |guest, fd, [path, len]| {
            let [new, new_len] = text(guest, "new");
            vec![fd, 0, path, len, ROOT.into(), new, new_len]
        },
    };
    old.check();
    Place {
        right: Rights::PATH_LINK_TARGET,
        other_right: Rights::PATH_LINK_SOURCE,
        good: "dir/new",
        args: |guest, fd, [path, len]| {
            let [old, old_len] = text(guest, "file");
            vec![ROOT.into(), 0, old, old_len, fd, path, len]
        },
        ..old
    }
    .check();
}

#[test]
fn a_second_name_is_as_good_as_the_first() {
    on_each(|_, guest| {
        assert_eq!(link(guest, "file", "dir/second"), Ok(()));
        let (first, second) = (stat(guest, "file"), stat(guest, "dir/second"));
        assert_eq!(first, second);
        assert_eq!(first.map(|stat| stat.nlink), Ok(2));
        let file = open(guest, ROOT, "dir/second", Rights::FILE).expect("file");
        assert_eq!(guest.fd_write(file, "new"), Ok(3));
        assert_eq!(read(guest, ROOT, "file").as_deref(), Ok("new3456789"));
        assert_eq!(guest.path_unlink_file(ROOT, "file"), Ok(()));
        assert_eq!(stat(guest, "dir/second").map(|stat| stat.nlink), Ok(1));
        assert_eq!(read(guest, ROOT, "dir/second").as_deref(), Ok("new3456789"));
    });
}

#[test]
fn a_link_is_linked_and_not_followed() {
    on_each(|_, guest| {
        for (old, text) in [
            ("tofile", "file"),
            ("todir", "dir"),
            ("dangling", "missing"),
            ("out", "../outside"),
        ] {
            assert_eq!(link(guest, old, "dir/second"), Ok(()), "{old}");
            assert_eq!(stat(guest, "dir/second"), stat(guest, old));
            assert_eq!(stat(guest, old).map(|stat| stat.nlink), Ok(2));
            assert_eq!(
                guest.path_readlink(ROOT, "dir/second", 64).as_deref(),
                Ok(text.as_bytes())
            );
            assert_eq!(guest.path_unlink_file(ROOT, "dir/second"), Ok(()));
        }
    });
}

/// What each kind of thing may be linked to, and what keeps its name.
#[test]
fn what_may_have_a_second_name_and_where() {
    use Errno::{Exist, Noent, Perm};
    on_each(|tree, guest| {
        let taken = [
            "file", "dir", "dir/sub", "tofile", "todir", "dangling", "out", "self",
        ];
        let before = tree.snapshot();
        for new in taken {
            for old in ["file", "dir/file", "tofile", "dangling", "dir", "dir/sub"] {
                assert_eq!(link(guest, old, new), Err(Exist), "{old} to {new}");
            }
            assert_eq!(link(guest, "missing", new), Err(Noent), "nothing to {new}");
        }
        for (old, errno) in [
            ("dir", Perm),
            ("dir/", Perm),
            ("dir/sub", Perm),
            ("missing", Noent),
        ] {
            assert_eq!(link(guest, old, "new"), Err(errno), "{old}");
        }
        assert_eq!(tree.snapshot(), before);
    });
}

#[test]
fn dots_and_slashes_are_no_names_of_files() {
    use Errno::{Exist, Noent, Notdir, Perm};
    on_each(|tree, guest| {
        let before = tree.snapshot();
        for (old, new, errno) in [
            (".", "new", Perm),
            ("dir/.", "new", Perm),
            ("dir/..", "new", Perm),
            ("./", "new", Perm),
            ("..", "new", Perm),
            ("file", ".", Exist),
            ("file", "./", Exist),
            ("file", "dir/..", Exist),
            ("file", "dir/", Exist),
            ("file", "..", Perm),
            ("file/", "new", Notdir),
            ("tofile/", "new", Notdir),
            // A directory has one name, also behind a link; what leads out is not looked at.
            ("todir/", "new", Perm),
            ("out/", "new", Perm),
            ("missing/", "new", Noent),
            ("file", "new/", Noent),
            ("file", "dir/new//", Noent),
            // A name that is taken is taken, as on Linux.
            ("file", "dir/file/", Exist),
            ("file", "tofile/", Exist),
            ("file", "dangling/", Exist),
            ("file", "out/", Exist),
            // What moves comes before where it goes.
            ("file/", "new/", Notdir),
            ("missing/", "file", Noent),
            (".", ".", Perm),
        ] {
            assert_eq!(link(guest, old, new), Err(errno), "{old:?} to {new:?}");
        }
        assert_eq!(tree.snapshot(), before);
    });
}

#[test]
fn following_is_refused_whatever_the_name_is() {
    on_each(|tree, guest| {
        let before = tree.snapshot();
        for old in ["file", "tofile", "todir", "dir", "missing", "out", "..", ""] {
            let found = guest.path_link((ROOT, FOLLOW, old), (ROOT, "new"));
            assert_eq!(found, Err(Errno::Inval), "{old:?}");
        }
        for bit in 1..32 {
            let [old, old_len] = text(guest, "file");
            let [new, new_len] = text(guest, "new");
            let args = [
                ROOT.into(),
                1 << bit,
                old,
                old_len,
                ROOT.into(),
                new,
                new_len,
            ];
            assert_eq!(
                guest.call(Syscall::PathLink, &args),
                Err(Errno::Inval),
                "bit {bit}"
            );
        }
        assert_eq!(tree.snapshot(), before);
    });
}

#[test]
fn nothing_gets_a_name_in_a_tree_given_for_something_else() {
    on_each(|tree, guest| {
        let before = tree.snapshot();
        for name in ["file", "dir/file", "tofile"] {
            for (old, new) in [(READ_ONLY, ROOT), (ROOT, READ_ONLY), (READ_ONLY, READ_ONLY)] {
                let found = guest.path_link((old, NOFOLLOW, name), (new, "alias"));
                assert_eq!(found, Err(Errno::Perm), "{name} from {old} to {new}");
            }
        }
        assert_eq!(tree.snapshot(), before);
    });
}

#[test]
fn filesystems_have_borders_and_preopens_have_none() {
    on_each(|tree, _| {
        let mut guest = beside_others(tree);
        for other in [5, 6] {
            let found = guest.path_link((3, NOFOLLOW, "file"), (other, "new"));
            assert_eq!(found, Err(Errno::Xdev));
            let found = guest.path_link((3, NOFOLLOW, "file"), (other, "."));
            assert_eq!(found, Err(Errno::Exist), "names first");
        }
        assert_eq!(
            guest.path_link((3, NOFOLLOW, "file"), (4, "dir/second")),
            Ok(())
        );
        assert_eq!(
            read(&mut guest, 3, "dir/second").as_deref(),
            Ok("0123456789")
        );
    });
}

#[test]
fn conditions_are_checked_in_order() {
    on_each(|_, guest| {
        let file = open(guest, ROOT, "file", Rights::FILE).expect("file");
        for (old, new, errno) in [
            ((CLOSED, FOLLOW, "\0"), (CLOSED, "\0"), Errno::Badf),
            ((ROOT, FOLLOW, "\0"), (CLOSED, "\0"), Errno::Inval),
            ((ROOT, FOLLOW, "x"), (CLOSED, "\0"), Errno::Badf),
            ((ROOT, FOLLOW, "x"), (READ_ONLY, "\0"), Errno::Perm),
            ((file, FOLLOW, "x"), (file, "x"), Errno::Inval),
            ((file, NOFOLLOW, "x"), (0, "x"), Errno::Notdir),
            ((0, NOFOLLOW, "x"), (file, "x"), Errno::Badf),
            ((ROOT, NOFOLLOW, "missing/x"), (0, "x"), Errno::Noent),
            ((ROOT, NOFOLLOW, "missing"), (0, "x"), Errno::Badf),
            ((ROOT, NOFOLLOW, "missing"), (ROOT, "file/x"), Errno::Notdir),
            ((ROOT, NOFOLLOW, "missing"), (ROOT, "file"), Errno::Noent),
        ] {
            assert_eq!(
                guest.path_link(old, new),
                Err(errno),
                "{:?} to {new:?}",
                (old.0, old.2)
            );
        }
    });
}
