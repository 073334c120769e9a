//! `path_readlink`.

use crate::paths::{Place, on_each, text};
use wasi_shim::abi::{Errno, Rights, Syscall};
use wasi_shim::{Outcome, Trap};
use wasi_shim_tests::trees::{READ_ONLY, ROOT};

#[test]
fn it_answers_like_every_function_on_paths() {
    Place {
        syscall: Syscall::PathReadlink,
        right: Rights::PATH_READLINK,
        other_right: Rights::empty(),
        changes: false,
        good: "tofile",
        args: |guest, fd, [path, len]| {
            let (buf, out) = (guest.room(64), guest.room(4));
            vec![fd, path, len, buf.into(), 64, out.into()]
        },
    }
    .check();
}

#[test]
fn texts_are_read_as_they_were_written() {
    on_each(|_, guest| {
        for (path, text) in [
            ("tofile", "file"),
            ("dir/../todir", "dir"),
            ("dangling", "missing"),
            ("self", "self"),
            ("out", "../outside"),
            ("absolute", "/file"),
        ] {
            for fd in [ROOT, READ_ONLY] {
                assert_eq!(
                    guest.path_readlink(fd, path, 64).as_deref(),
                    Ok(text.as_bytes()),
                    "{path}"
                );
            }
        }
    });
}

#[test]
fn a_text_is_cut_to_the_buffer_and_nothing_is_written_behind_it() {
    on_each(|_, guest| {
        for len in 0..=9 {
            let [path, path_len] = text(guest, "dangling");
            let (buf, out) = (guest.room(16), guest.room(4));
            guest.memory[buf as usize..][..16].fill(0xaa);
            let args = [
                ROOT.into(),
                path,
                path_len,
                buf.into(),
                len as i64,
                out.into(),
            ];
            assert_eq!(guest.call(Syscall::PathReadlink, &args), Ok(()));
            let used = len.min("missing".len());
            assert_eq!(guest.u32_at(out) as usize, used);
            assert_eq!(guest.bytes(buf, used), &b"missing"[..used]);
            assert!(
                guest
                    .bytes(buf + used as u32, 16 - used)
                    .iter()
                    .all(|byte| *byte == 0xaa)
            );
        }
    });
}

#[test]
fn only_links_have_a_text() {
    use Errno::{Inval, Loop, Noent, Notdir, Perm};
    on_each(|_, guest| {
        for (path, errno) in [
            ("file", Inval),
            ("dir", Inval),
            (".", Inval),
            ("./", Inval),
            ("dir/.", Inval),
            ("dir/..", Inval),
            ("missing", Noent),
            // After a slash there is a directory, or a link to one.
            ("dir/", Inval),
            ("todir/", Inval),
            ("file/", Notdir),
            ("tofile/", Notdir),
            ("missing/", Noent),
            ("dangling/", Noent),
            ("self/", Loop),
            ("out/", Perm),
            ("outdir/", Perm),
            ("absolute/", Perm),
        ] {
            assert_eq!(guest.path_readlink(ROOT, path, 64), Err(errno), "{path:?}");
        }
    });
}

#[test]
fn a_text_that_is_not_utf8_has_no_answer() {
    use std::ffi::OsStr;
    use std::os::unix::{ffi::OsStrExt, fs::symlink};
    on_each(|tree, guest| {
        let Some(folder) = &tree.tree.folder else {
            return;
        };
        let place = folder.path().join("root/strange");
        symlink(OsStr::from_bytes(b"\xff"), place).expect("a new link");
        assert_eq!(guest.path_readlink(ROOT, "strange", 64), Err(Errno::Ilseq));
        assert_eq!(guest.path_unlink_file(ROOT, "strange"), Ok(()));
    });
}

#[test]
fn bad_pointers_trap_before_anything_is_written() {
    on_each(|_, guest| {
        let end = guest.memory.len() as i64;
        for (buf, len, out, misaligned) in [
            (end, 1, 16, false),
            (end - 4, 5, 16, false),
            (64, u32::MAX.into(), 16, false),
            (64, 1 << 31, 16, false),
            (u32::MAX.into(), 1, 16, false),
            (64, 16, end, false),
            (64, 16, end - 3, false),
            (64, 16, 17, true),
            (64, 16, 18, true),
        ] {
            let [path, path_len] = text(guest, "tofile");
            let before = guest.memory.clone();
            let args = [ROOT.into(), path, path_len, buf, len, out];
            let Outcome::Trap(trap) = guest.attempt(Syscall::PathReadlink, &args) else {
                panic!("{args:?} did not trap");
            };
            assert_eq!(
                matches!(trap, Trap::Misaligned { .. }),
                misaligned,
                "{trap}"
            );
            assert!(guest.memory == before);
        }
        // An empty buffer at the very end is one.
        let [path, path_len] = text(guest, "tofile");
        let out = guest.room(4);
        let args = [ROOT.into(), path, path_len, end, 0, out.into()];
        assert_eq!(guest.call(Syscall::PathReadlink, &args), Ok(()));
    });
}
