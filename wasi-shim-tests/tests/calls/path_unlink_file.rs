//! `path_unlink_file`.

use crate::paths::{NOFOLLOW, Place, on_each, open, read, stat};
use wasi_shim::abi::{Errno, Rights, Syscall};
use wasi_shim_tests::trees::ROOT;

#[test]
fn it_answers_like_every_function_on_paths() {
    Place {
        syscall: Syscall::PathUnlinkFile,
        right: Rights::PATH_UNLINK_FILE,
        other_right: Rights::empty(),
        changes: true,
        good: "dir/file",
        args: |_, fd, [path, len]| vec![fd, path, len],
    }
    .check();
}

#[test]
fn files_and_links_are_removed_and_nothing_at_the_end_of_a_link() {
    on_each(|tree, guest| {
        let outside = |line: &String| line.starts_with("outside");
        let before: Vec<_> = tree.snapshot().into_iter().filter(outside).collect();
        for path in [
            "tofile",
            "todir",
            "dangling",
            "self",
            "out",
            "outdir",
            "absolute",
            "./dir/file",
        ] {
            assert_eq!(guest.path_unlink_file(ROOT, path), Ok(()), "{path:?}");
            assert_eq!(stat(guest, path).map(drop), Err(Errno::Noent), "{path:?}");
            assert_eq!(
                guest.path_unlink_file(ROOT, path),
                Err(Errno::Noent),
                "{path:?}"
            );
        }
        assert_eq!(read(guest, ROOT, "file").as_deref(), Ok("0123456789"));
        assert!(stat(guest, "dir/sub").is_ok());
        let after: Vec<_> = tree.snapshot().into_iter().filter(outside).collect();
        assert_eq!(after, before);
    });
}

#[test]
fn directories_stay_and_so_does_what_a_slash_denies() {
    use Errno::{Isdir, Noent, Notdir, Perm};
    on_each(|tree, guest| {
        let before = tree.snapshot();
        for (path, errno) in [
            (".", Isdir),
            ("./", Isdir),
            ("dir/.", Isdir),
            ("dir/..", Isdir),
            ("dir/sub/../", Isdir),
            ("..", Perm),
            ("dir", Isdir),
            ("dir/", Isdir),
            ("dir/sub", Isdir),
            ("dir/sub//", Isdir),
            ("missing", Noent),
            ("missing/", Noent),
            ("file/", Notdir),
            ("tofile/", Notdir),
            ("todir/", Notdir),
            ("dangling/", Notdir),
            ("self/", Notdir),
            ("out/", Notdir),
            ("outdir/", Notdir),
        ] {
            assert_eq!(guest.path_unlink_file(ROOT, path), Err(errno), "{path:?}");
        }
        assert_eq!(tree.snapshot(), before);
    });
}

#[test]
fn an_open_file_lives_on_and_so_do_its_other_names() {
    on_each(|_, guest| {
        guest
            .path_link((ROOT, NOFOLLOW, "file"), (ROOT, "second"))
            .expect("a second name");
        let file = open(guest, ROOT, "file", Rights::FILE).expect("file");
        assert_eq!(guest.fd_filestat_get(file).map(|stat| stat.nlink), Ok(2));
        assert_eq!(guest.path_unlink_file(ROOT, "file"), Ok(()));
        assert_eq!(guest.fd_filestat_get(file).map(|stat| stat.nlink), Ok(1));
        assert_eq!(read(guest, ROOT, "second").as_deref(), Ok("0123456789"));
        assert_eq!(guest.path_unlink_file(ROOT, "second"), Ok(()));
        assert_eq!(guest.fd_filestat_get(file).map(|stat| stat.nlink), Ok(0));
        assert_eq!(guest.fd_read(file, 4), Ok(b"0123".to_vec()));
        assert_eq!(guest.fd_write(file, "x"), Ok(1));
    });
}
