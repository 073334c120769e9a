//! `path_remove_directory`.

use crate::paths::{Place, on_each, open_dir, stat};
use wasi_shim::abi::{Errno, Rights, Syscall};
use wasi_shim::{Access, Wasi};
use wasi_shim_tests::Guest;
use wasi_shim_tests::trees::ROOT;

#[test]
fn it_answers_like_every_function_on_paths() {
    Place {
        syscall: Syscall::PathRemoveDirectory,
        right: Rights::PATH_REMOVE_DIRECTORY,
        other_right: Rights::empty(),
        changes: true,
        good: "dir/sub",
        args: |_, fd, [path, len]| vec![fd, path, len],
    }
    .check();
}

#[test]
fn an_empty_directory_is_removed() {
    on_each(|_, guest| {
        for path in [
            "dir/sub",
            "dir/sub/",
            "dir/sub//",
            "todir/sub",
            "dir/./sub",
            "dir/sub/../sub",
        ] {
            assert_eq!(guest.path_remove_directory(ROOT, path), Ok(()), "{path:?}");
            assert_eq!(stat(guest, "dir/sub").map(drop), Err(Errno::Noent));
            assert_eq!(
                guest.path_create_directory(ROOT, "dir/sub"),
                Ok(()),
                "the name is free"
            );
        }
    });
}

#[test]
fn anything_else_stays() {
    use Errno::{Inval, Noent, Notdir, Notempty, Perm};
    on_each(|tree, guest| {
        let before = tree.snapshot();
        for (path, errno) in [
            (".", Inval),
            ("./", Inval),
            ("dir/.", Inval),
            ("dir/sub/./", Inval),
            ("dir/..", Notempty),
            ("dir/sub/..", Notempty),
            ("dir/sub/../", Notempty),
            ("..", Perm),
            ("missing", Noent),
            ("missing/", Noent),
            ("file", Notdir),
            ("file/", Notdir),
            ("tofile", Notdir),
            ("dangling", Notdir),
            ("dangling/", Notdir),
            // A link is no directory, whatever it leads to.
            ("todir", Notdir),
            ("todir/", Notdir),
            ("outdir", Notdir),
            ("outdir/", Notdir),
            ("self/", Notdir),
            ("dir", Notempty),
            ("dir/", Notempty),
        ] {
            assert_eq!(
                guest.path_remove_directory(ROOT, path),
                Err(errno),
                "{path:?}"
            );
        }
        assert_eq!(tree.snapshot(), before);
    });
}

#[test]
fn a_directory_can_be_removed_while_it_is_open() {
    on_each(|_, guest| {
        let sub = open_dir(guest, ROOT, "dir/sub");
        let ino = guest.fd_filestat_get(sub).map(|stat| stat.ino);
        assert_eq!(guest.path_remove_directory(ROOT, "dir/sub"), Ok(()));
        assert_eq!(guest.fd_filestat_get(sub).map(|stat| stat.ino), ino);
        assert_eq!(
            guest
                .path_filestat_get(sub, Default::default(), "x")
                .map(drop),
            Err(Errno::Noent)
        );
        assert_eq!(guest.fd_close(sub), Ok(()));
    });
}

#[test]
fn a_directory_can_be_removed_that_is_another_preopen() {
    on_each(|tree, guest| {
        let sub = tree.tree.root.clone();
        let name = |name| wasi_shim::vfs::Name::new(name).expect("a name");
        let step = &wasi_shim::vfs::OpenRequest::STEP;
        let Ok(wasi_shim::vfs::Node::Dir(dir)) = sub.open(name("dir"), step) else {
            panic!("dir")
        };
        let Ok(wasi_shim::vfs::Node::Dir(sub)) = dir.open(name("sub"), step) else {
            panic!("sub")
        };
        let builder = Wasi::builder()
            .preopen("/", dir, Access::ReadWrite)
            .preopen("/sub", sub, Access::ReadWrite);
        let mut other = Guest::new(builder);
        assert_eq!(other.path_remove_directory(3, "sub"), Ok(()));
        assert_eq!(other.path_create_directory(4, "new"), Err(Errno::Noent));
        assert_eq!(stat(guest, "dir/sub").map(drop), Err(Errno::Noent));
    });
}
