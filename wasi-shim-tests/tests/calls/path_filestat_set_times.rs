//! `path_filestat_set_times`.

use crate::paths::{FOLLOW, NOFOLLOW, Place, on_each, open, text};
use wasi_shim::abi::{Errno, FstFlags, Rights, Syscall};
use wasi_shim_tests::trees::{READ_ONLY, ROOT};
use wasi_shim_tests::{Answer, Guest};

/// A time within living memory, to the nanosecond.
const THEN: u64 = 1_234_567_890_123_456_789;

fn times(guest: &mut Guest, path: &str) -> (u64, u64) {
    let stat = guest
        .path_filestat_get(ROOT, NOFOLLOW, path)
        .expect("facts");
    (stat.atim, stat.mtim)
}

fn set(guest: &mut Guest, path: &str, times: (u64, u64), flags: FstFlags) -> Answer<()> {
    guest.path_filestat_set_times(ROOT, NOFOLLOW, path, times, flags)
}

#[test]
fn it_answers_like_every_function_on_paths() {
    Place {
        syscall: Syscall::PathFilestatSetTimes,
        right: Rights::PATH_FILESTAT_SET_TIMES,
        other_right: Rights::empty(),
        changes: true,
        good: "dir/file",
        args: |_, fd, [path, len]| {
            vec![
                fd,
                0,
                path,
                len,
                1,
                2,
                (FstFlags::ATIM | FstFlags::MTIM).bits().into(),
            ]
        },
    }
    .check();
}

#[test]
fn times_are_set_to_the_nanosecond() {
    let both = FstFlags::ATIM | FstFlags::MTIM;
    on_each(|_, guest| {
        for path in ["file", "dir", "dir/file", ".", "todir/", "dir/.."] {
            for (atim, mtim) in [
                (THEN, THEN + 1),
                (0, 1),
                (999_999_999, 1_000_000_000),
                (u64::from(u32::MAX), 5),
            ] {
                assert_eq!(set(guest, path, (atim, mtim), both), Ok(()), "{path}");
                assert_eq!(times(guest, path), (atim, mtim), "{path}");
            }
        }
    });
}

#[test]
fn each_time_is_set_by_itself() {
    on_each(|_, guest| {
        for path in ["file", "dir"] {
            let start = (THEN, THEN + 1);
            let reset = |guest: &mut Guest| {
                assert_eq!(
                    set(guest, path, start, FstFlags::ATIM | FstFlags::MTIM),
                    Ok(())
                );
            };
            reset(guest);
            assert_eq!(set(guest, path, (5, 6), FstFlags::empty()), Ok(()));
            assert_eq!(times(guest, path), start, "nothing was asked for");
            assert_eq!(set(guest, path, (5, 6), FstFlags::ATIM), Ok(()));
            assert_eq!(times(guest, path), (5, start.1));
            reset(guest);
            assert_eq!(set(guest, path, (5, 6), FstFlags::MTIM), Ok(()));
            assert_eq!(times(guest, path), (start.0, 6));
            reset(guest);
            assert_eq!(set(guest, path, (5, 6), FstFlags::ATIM_NOW), Ok(()));
            let (atim, mtim) = times(guest, path);
            assert!(
                atim > 1_600_000_000_000_000_000 && mtim == start.1,
                "{atim} {mtim}"
            );
            reset(guest);
            assert_eq!(
                set(guest, path, (5, 6), FstFlags::MTIM_NOW | FstFlags::ATIM),
                Ok(())
            );
            let (atim, mtim) = times(guest, path);
            assert!(
                mtim > 1_600_000_000_000_000_000 && atim == 5,
                "{atim} {mtim}"
            );
        }
    });
}

#[test]
fn a_time_is_either_given_or_now() {
    on_each(|tree, guest| {
        let before = tree.snapshot();
        let (atim, mtim) = (FstFlags::ATIM, FstFlags::MTIM);
        for flags in [
            atim | FstFlags::ATIM_NOW,
            mtim | FstFlags::MTIM_NOW,
            atim | FstFlags::ATIM_NOW | mtim,
            FstFlags::all(),
        ] {
            assert_eq!(
                set(guest, "file", (5, 6), flags),
                Err(Errno::Inval),
                "{flags:?}"
            );
        }
        for (bit, lookup) in (0..32).flat_map(|bit| [(bit, false), (bit, true)]) {
            let [path, len] = text(guest, "missing");
            let flag = 1_i64 << bit;
            let (lookup_flags, fst_flags) = if lookup { (flag, 0) } else { (0, flag) };
            let args = [ROOT.into(), lookup_flags, path, len, 5, 6, fst_flags];
            let known = bit < if lookup { 1 } else { 4 };
            let expected = if known { Errno::Noent } else { Errno::Inval };
            assert_eq!(
                guest.call(Syscall::PathFilestatSetTimes, &args),
                Err(expected),
                "bit {bit}"
            );
        }
        assert_eq!(tree.snapshot(), before);
    });
}

#[test]
fn the_times_of_a_link_are_its_own() {
    let both = FstFlags::ATIM | FstFlags::MTIM;
    on_each(|_, guest| {
        for (link, target) in [("tofile", "file"), ("todir", "dir")] {
            let before = times(guest, target);
            assert_eq!(set(guest, link, (THEN, THEN + 1), both), Ok(()));
            assert_eq!(times(guest, link).1, THEN + 1);
            assert_eq!(times(guest, target), before, "what it leads to has others");
            let found = guest.path_filestat_set_times(ROOT, FOLLOW, link, (7, 8), both);
            assert_eq!(found, Ok(()));
            assert_eq!(times(guest, target), (7, 8));
            assert_eq!(times(guest, link).1, THEN + 1, "the link keeps its own");
        }
        for link in ["dangling", "self", "out", "absolute"] {
            assert_eq!(set(guest, link, (THEN, THEN), both), Ok(()), "{link}");
            assert_eq!(times(guest, link).1, THEN);
        }
    });
}

#[test]
fn what_cannot_be_reached_is_not_touched() {
    use Errno::{Loop, Noent, Notdir, Perm};
    on_each(|tree, guest| {
        let before = tree.snapshot();
        for (path, lookup, errno) in [
            ("missing", NOFOLLOW, Noent),
            ("missing/", NOFOLLOW, Noent),
            ("file/", NOFOLLOW, Notdir),
            ("tofile/", NOFOLLOW, Notdir),
            ("dangling/", NOFOLLOW, Noent),
            ("dangling", FOLLOW, Noent),
            ("self", FOLLOW, Loop),
            ("self/", NOFOLLOW, Loop),
            ("out", FOLLOW, Perm),
            ("out/", NOFOLLOW, Perm),
            ("outdir", FOLLOW, Perm),
            ("outdir/", NOFOLLOW, Perm),
            ("absolute", FOLLOW, Perm),
        ] {
            for flags in [FstFlags::empty(), FstFlags::MTIM, FstFlags::MTIM_NOW] {
                let found = guest.path_filestat_set_times(ROOT, lookup, path, (5, 6), flags);
                assert_eq!(found, Err(errno), "{path:?} {lookup:?} {flags:?}");
            }
        }
        let found =
            guest.path_filestat_set_times(READ_ONLY, NOFOLLOW, "file", (5, 6), FstFlags::empty());
        assert_eq!(found, Err(Errno::Perm));
        assert_eq!(tree.snapshot(), before);
    });
}

#[test]
fn far_times_are_kept_in_memory() {
    on_each(|tree, guest| {
        let both = FstFlags::ATIM | FstFlags::MTIM;
        // 2038 and beyond.
        let later = (1 << 31) * 1_000_000_000 + 1;
        assert_eq!(set(guest, "file", (later, later), both), Ok(()));
        assert_eq!(times(guest, "file"), (later, later));
        // The filesystems of hosts end somewhere before 2554; what is kept then is theirs to say.
        let last = u64::MAX;
        let found = set(guest, "file", (last, last - 1), both);
        if tree.tree.folder.is_none() {
            assert_eq!(found, Ok(()));
            assert_eq!(times(guest, "file"), (last, last - 1));
        }
    });
}

#[test]
fn conditions_are_checked_in_order() {
    on_each(|_, guest| {
        let file = open(guest, ROOT, "file", Rights::FILE).expect("file");
        let contradiction = FstFlags::ATIM | FstFlags::ATIM_NOW;
        for (fd, path, flags, errno) in [
            (ROOT, "\0", contradiction, Errno::Inval),
            (READ_ONLY, "\0", contradiction, Errno::Perm),
            (file, "x", contradiction, Errno::Inval),
            (file, "x", FstFlags::ATIM, Errno::Notdir),
            (ROOT, "..", contradiction, Errno::Inval),
            (ROOT, "..", FstFlags::ATIM, Errno::Perm),
        ] {
            let found = guest.path_filestat_set_times(fd, NOFOLLOW, path, (1, 2), flags);
            assert_eq!(found, Err(errno), "{path:?} {flags:?}");
        }
        let found = guest.path_filestat_set_times(ROOT, NOFOLLOW, b"\xff", (1, 2), contradiction);
        assert_eq!(found, Err(Errno::Ilseq));
    });
}
