//! `path_create_directory`.

use crate::paths::{Place, on_each, open_dir, read, stat, write};
use wasi_shim::abi::{Errno, FileKind, Rights, Syscall};
use wasi_shim_tests::trees::ROOT;

#[test]
fn it_answers_like_every_function_on_paths() {
    Place {
        syscall: Syscall::PathCreateDirectory,
        right: Rights::PATH_CREATE_DIRECTORY,
        other_right: Rights::empty(),
        changes: true,
        good: "dir/new",
        args: |_, fd, [path, len]| vec![fd, path, len],
    }
    .check();
}

#[test]
fn a_new_directory_is_empty_and_can_be_used() {
    on_each(|_, guest| {
        let longest = "x".repeat(255);
        for path in [
            "new",
            "new/",
            "new//",
            "./new",
            "dir/../new",
            "todir/new",
            "dir/new/",
            &longest,
        ] {
            assert_eq!(guest.path_create_directory(ROOT, path), Ok(()), "{path:?}");
            assert_eq!(
                stat(guest, path).map(|stat| stat.filetype),
                Ok(FileKind::Directory)
            );
            assert_eq!(
                guest.path_create_directory(ROOT, path),
                Err(Errno::Exist),
                "{path:?}"
            );
            assert_eq!(
                guest.path_remove_directory(ROOT, path),
                Ok(()),
                "{path:?} is empty"
            );
        }
        assert_eq!(guest.path_create_directory(ROOT, "new"), Ok(()));
        let new = open_dir(guest, ROOT, "new");
        assert_eq!(guest.path_create_directory(new, "deeper"), Ok(()));
        write(guest, new, "deeper/file", "content");
        assert_eq!(
            read(guest, ROOT, "new/deeper/file").as_deref(),
            Ok("content")
        );
    });
}

#[test]
fn a_name_that_is_taken_stays_what_it_is() {
    on_each(|tree, guest| {
        let before = tree.snapshot();
        for path in [
            ".",
            "./",
            "dir/.",
            "dir/..",
            "dir/./",
            "todir/..",
            "dir",
            "dir/",
            "file",
            "file/",
            "tofile",
            "tofile/",
            "todir",
            "todir/",
            "dangling",
            "dangling/",
            "self",
            "self/",
            "out",
            "out/",
            "outdir/",
            "absolute",
        ] {
            assert_eq!(
                guest.path_create_directory(ROOT, path),
                Err(Errno::Exist),
                "{path:?}"
            );
        }
        assert_eq!(
            tree.snapshot(),
            before,
            "nothing was made, at the end of a link neither"
        );
    });
}

#[test]
fn nothing_is_made_in_a_directory_that_was_removed() {
    on_each(|_, guest| {
        let sub = open_dir(guest, ROOT, "dir/sub");
        assert_eq!(guest.path_remove_directory(ROOT, "dir/sub"), Ok(()));
        assert_eq!(guest.path_create_directory(sub, "new"), Err(Errno::Noent));
    });
}
