//! `path_open`: what may be opened. Rights are in `path_open_rights.rs`, and where paths lead is in
//! `resolve.rs` beside this folder.

use crate::paths::{
    self, CLOSED, FOLLOW, NOFOLLOW, Place, on_each, open, open_dir, read, stat, text,
};
use wasi_shim::abi::{Abi, Errno, FdFlags, OFlags, Rights, Syscall};
use wasi_shim::{Limits, Outcome, Trap};
use wasi_shim_tests::trees::{READ_ONLY, ROOT};
use wasi_shim_tests::{Answer, Guest};

const PLAIN: OFlags = OFlags::empty();
const NO_FLAGS: FdFlags = FdFlags::empty();
const READ: (Rights, Rights) = (Rights::FD_READ, Rights::empty());

/// Opens with raw numbers, among them some that no flag set has.
fn raw(
    guest: &mut Guest,
    fd: u32,
    dirflags: i64,
    path: &[u8],
    oflags: i64,
    fdflags: i64,
) -> Answer<u32> {
    let [path, len] = text(guest, path);
    let out = guest.room(4);
    let args = [
        fd.into(),
        dirflags,
        path,
        len,
        oflags,
        0,
        0,
        fdflags,
        out.into(),
    ];
    guest.call(Syscall::PathOpen, &args)?;
    Ok(guest.u32_at(out))
}

fn trying(guest: &mut Guest, fd: u32, path: &str, oflags: OFlags, base: Rights) -> Answer<()> {
    let fd = guest.path_open(fd, FOLLOW, path, oflags, (base, Rights::empty()), NO_FLAGS)?;
    guest.fd_close(fd)
}

#[test]
fn it_answers_like_every_function_on_paths() {
    let place = Place {
        syscall: Syscall::PathOpen,
        right: Rights::PATH_OPEN,
        other_right: Rights::empty(),
        changes: false,
        good: "dir/file",
        args: |guest, fd, [path, len]| {
            let out = guest.room(4);
            vec![fd, 0, path, len, 0, 0, 0, 0, out.into()]
        },
    };
    place.check();
}

#[test]
fn nothing_is_created_where_it_could_not_be_reached() {
    let creating = Place {
        syscall: Syscall::PathOpen,
        right: Rights::PATH_OPEN,
        other_right: Rights::PATH_CREATE_FILE,
        changes: true,
        good: "dir/new",
        args: |guest, fd, [path, len]| {
            let (creat, out) = (OFlags::CREAT.bits().into(), guest.room(4));
            vec![fd, 1, path, len, creat, 0, 0, 0, out.into()]
        },
    };
    on_each(|tree, guest| {
        let before = tree.snapshot();
        for (path, errno) in [
            ("out", Errno::Perm),
            ("out/", Errno::Perm),
            ("outdir/new", Errno::Perm),
            ("../new", Errno::Perm),
            ("absolute", Errno::Perm),
            ("self", Errno::Loop),
            ("file/new", Errno::Notdir),
            ("missing/new", Errno::Noent),
            ("", Errno::Noent),
        ] {
            assert_eq!(creating.call(guest, ROOT, path), Err(errno), "{path:?}");
        }
        assert_eq!(creating.call(guest, READ_ONLY, "dir/new"), Err(Errno::Perm));
        assert_eq!(creating.call(guest, READ_ONLY, "file"), Err(Errno::Perm));
        assert_eq!(tree.snapshot(), before, "nothing, inside or outside");
        assert_eq!(creating.call(guest, ROOT, "dir/new"), Ok(()));
        assert_eq!(creating.call(guest, ROOT, "dangling"), Ok(()));
        let through_link = stat(guest, "missing").map(|stat| stat.size);
        assert_eq!(through_link, Ok(0));
    });
}

#[test]
fn a_new_file_has_the_lowest_free_number_and_can_be_used() {
    on_each(|_, guest| {
        for abi in [Abi::Preview1, Abi::Unstable] {
            guest.abi = abi;
            let name = format!("new {abi:?}");
            let oflags = OFlags::CREAT | OFlags::EXCL;
            let rights = (Rights::FILE, Rights::empty());
            let fd = guest.path_open(ROOT, NOFOLLOW, &name, oflags, rights, NO_FLAGS);
            assert_eq!(fd, Ok(5));
            assert_eq!(guest.fd_write(5, "abc"), Ok(3));
            assert_eq!(open(guest, ROOT, "file", Rights::FD_READ), Ok(6));
            assert_eq!(guest.fd_close(5), Ok(()));
            assert_eq!(
                open(guest, ROOT, &name, Rights::FD_READ),
                Ok(5),
                "the lowest"
            );
            assert_eq!(guest.fd_read(5, 10), Ok(b"abc".to_vec()));
            assert_eq!(
                guest.fd_read(6, 4),
                Ok(b"0123".to_vec()),
                "each has its own offset"
            );
            assert_eq!(guest.fd_close(5).and(guest.fd_close(6)), Ok(()));
        }
    });
}

#[test]
fn truncating_discards_the_content_and_creating_does_not() {
    on_each(|_, guest| {
        assert_eq!(
            trying(guest, ROOT, "file", OFlags::CREAT, Rights::FILE),
            Ok(())
        );
        assert_eq!(read(guest, ROOT, "file").as_deref(), Ok("0123456789"));
        let taken = trying(
            guest,
            ROOT,
            "file",
            OFlags::CREAT | OFlags::EXCL | OFlags::TRUNC,
            Rights::FILE,
        );
        assert_eq!(taken, Err(Errno::Exist));
        assert_eq!(
            read(guest, ROOT, "file").as_deref(),
            Ok("0123456789"),
            "nor does a failure"
        );
        // Cutting needs no right to write.
        assert_eq!(
            trying(guest, ROOT, "tofile", OFlags::TRUNC, Rights::empty()),
            Ok(())
        );
        assert_eq!(read(guest, ROOT, "file").as_deref(), Ok(""));
    });
}

#[test]
fn writing_is_for_files() {
    on_each(|tree, guest| {
        let before = tree.snapshot();
        let (write, room) = (Rights::FD_WRITE, Rights::FD_ALLOCATE);
        let size = Rights::FD_FILESTAT_SET_SIZE;
        let all_but_write = Rights::INHERITED.difference(write);
        let (isdir, notdir) = (Err(Errno::Isdir), Err(Errno::Notdir));
        let directory = OFlags::DIRECTORY;
        for (path, oflags, base, expected) in [
            ("dir", PLAIN, write, isdir),
            ("dir", PLAIN, room, isdir),
            (".", PLAIN, write, isdir),
            ("todir", PLAIN, write, isdir),
            ("dir", directory, write, isdir),
            ("dir/", directory, write, isdir),
            ("dir", OFlags::TRUNC, Rights::empty(), isdir),
            ("file", directory, write, notdir),
            ("file", PLAIN, Rights::INHERITED, Ok(())),
            // These are asked for by programs that do not mean to write.
            ("dir", PLAIN, size, Ok(())),
            ("dir", directory, room, Ok(())),
            ("dir", directory, all_but_write, Ok(())),
        ] {
            let found = trying(guest, ROOT, path, oflags, base);
            assert_eq!(found, expected, "{path:?} {oflags:?} {base:?}");
        }
        assert_eq!(tree.snapshot(), before);
    });
}

#[test]
fn directories_are_not_made_or_cut() {
    on_each(|tree, guest| {
        let before = tree.snapshot();
        let others = [OFlags::CREAT, OFlags::EXCL, OFlags::TRUNC];
        for oflags in others.map(|other| OFlags::DIRECTORY | other) {
            for path in ["dir", "new", "file", ".", "..", ""] {
                let found = trying(guest, ROOT, path, oflags, Rights::empty());
                assert_eq!(found, Err(Errno::Inval), "{path:?} {oflags:?}");
            }
        }
        assert_eq!(tree.snapshot(), before);
    });
}

#[test]
fn flags_are_kept_and_reported() {
    on_each(|_, guest| {
        for flags in [NO_FLAGS, FdFlags::all()].into_iter().chain(FdFlags::all()) {
            for path in ["file", "dir"] {
                let fd = guest
                    .path_open(ROOT, FOLLOW, path, PLAIN, READ, flags)
                    .expect(path);
                assert_eq!(
                    guest.fd_fdstat_get(fd).map(|stat| stat.flags),
                    Ok(flags),
                    "{path}"
                );
                guest.fd_close(fd).expect("closed");
            }
        }
        let appending = (Rights::FD_WRITE, Rights::empty());
        let fd = guest
            .path_open(ROOT, FOLLOW, "file", PLAIN, appending, FdFlags::APPEND)
            .expect("file");
        assert_eq!(guest.fd_write(fd, "x"), Ok(1));
        assert_eq!(read(guest, ROOT, "file").as_deref(), Ok("0123456789x"));
    });
}

#[test]
fn flags_nobody_knows_are_refused() {
    on_each(|tree, guest| {
        let before = tree.snapshot();
        let creat = i64::from(OFlags::CREAT.bits());
        for bit in 0..32 {
            let flag = 1_i64 << bit;
            let expected = |known: bool| if known { Ok(5) } else { Err(Errno::Inval) };
            for (dirflags, fdflags, known) in [(flag, 0, bit < 1), (0, flag, bit < 5)] {
                let found = raw(guest, ROOT, dirflags, b"file", 0, fdflags);
                assert_eq!(found, expected(known), "bit {bit}");
                assert_eq!(guest.fd_close(5).is_ok(), known);
            }
            if bit >= 4 {
                assert_eq!(
                    raw(guest, ROOT, 0, b"new", creat | flag, 0),
                    Err(Errno::Inval),
                    "bit {bit}"
                );
            }
        }
        assert_eq!(tree.snapshot(), before);
    });
}

#[test]
fn a_full_table_creates_and_cuts_nothing() {
    on_each(|tree, _| {
        let mut limits = Limits::default();
        limits.descriptors = 6;
        let mut guest = Guest::new(tree.tree.builder().limits(limits));
        let dir = open_dir(&mut guest, ROOT, "dir");
        let before = tree.snapshot();
        for (path, oflags) in [
            ("new", OFlags::CREAT),
            ("file", OFlags::TRUNC),
            ("file", PLAIN),
            ("missing", PLAIN),
            ("..", PLAIN),
            ("", PLAIN),
        ] {
            assert_eq!(
                trying(&mut guest, ROOT, path, oflags, Rights::empty()),
                Err(Errno::Mfile)
            );
        }
        assert_eq!(
            trying(&mut guest, READ_ONLY, "new", OFlags::CREAT, Rights::empty()),
            Err(Errno::Perm)
        );
        assert_eq!(tree.snapshot(), before);
        guest.fd_close(dir).expect("closed");
        // A failure gives the place back.
        for _ in 0..10 {
            assert_eq!(
                trying(&mut guest, ROOT, "missing", PLAIN, Rights::empty()),
                Err(Errno::Noent)
            );
        }
        assert_eq!(
            trying(&mut guest, ROOT, "new", OFlags::CREAT, Rights::empty()),
            Ok(())
        );
    });
}

#[test]
fn a_bad_result_pointer_leaves_no_file_and_no_descriptor() {
    on_each(|tree, guest| {
        let before = tree.snapshot();
        let end = guest.memory.len() as i64;
        for round in 0..2_000 {
            let out = [end, end - 3, u32::MAX.into(), 17, 18][round % 5];
            let [path, len] = text(guest, if round % 2 == 0 { "new" } else { "file" });
            let oflags = (OFlags::CREAT | OFlags::TRUNC).bits().into();
            let outcome = guest.attempt(
                Syscall::PathOpen,
                &[ROOT.into(), 0, path, len, oflags, 0, 0, 0, out],
            );
            let Outcome::Trap(trap) = outcome else {
                panic!("{out:#x} did not trap")
            };
            let misaligned = matches!(trap, Trap::Misaligned { align: 4, .. });
            assert_eq!(misaligned, out < end - 3, "{trap}");
        }
        assert_eq!(tree.snapshot(), before, "nothing was created or cut");
        assert_eq!(
            open(guest, ROOT, "file", Rights::FD_READ),
            Ok(5),
            "nothing is open"
        );
        guest.fd_close(5).expect("closed");
        assert_eq!(host_handles(tree), 0, "not even for the host");
    });
}

/// How many of this process's handles lead into the tree, where the system tells. The tree's own root is not counted.
fn host_handles(tree: &paths::Furnished) -> usize {
    let (Some(folder), Ok(handles)) = (&tree.tree.folder, std::fs::read_dir("/proc/self/fd"))
    else {
        return 0;
    };
    let root = folder.path().join("root");
    let leads_below = |path: &std::path::PathBuf| path.starts_with(&root) && *path != root;
    handles
        .flatten()
        .filter_map(|handle| handle.path().read_link().ok())
        .filter(leads_below)
        .count()
}

#[test]
fn open_handles_of_the_host_are_counted() {
    on_each(|tree, guest| {
        let file = open(guest, ROOT, "dir/file", Rights::FD_READ).expect("file");
        let counted = host_handles(tree);
        assert!(
            tree.tree.folder.is_none()
                || counted == 1
                || !std::path::Path::new("/proc/self/fd").exists()
        );
        guest.fd_close(file).expect("closed");
        assert_eq!(host_handles(tree), 0);
    });
}

#[test]
fn conditions_are_checked_in_the_documented_order() {
    on_each(|_, guest| {
        let creat = i64::from(OFlags::CREAT.bits());
        let directory = i64::from(OFlags::DIRECTORY.bits());
        let file = open(guest, ROOT, "file", Rights::FILE).expect("file");
        // 1. badf, notcapable, inval, ilseq …
        assert_eq!(raw(guest, CLOSED, 8, b"\xff", 0, 0), Err(Errno::Badf));
        let dir = open_dir(guest, ROOT, ".");
        let rest = Rights::DIRECTORY.difference(Rights::PATH_OPEN);
        guest
            .fd_fdstat_set_rights(dir, rest, Rights::empty())
            .expect("fewer rights");
        assert_eq!(raw(guest, dir, 8, b"\xff", 0, 0), Err(Errno::Notcapable));
        assert_eq!(raw(guest, ROOT, 8, b"\xff", 0, 0), Err(Errno::Inval));
        assert_eq!(
            raw(guest, ROOT, 0, b"\xff", creat | directory, 0),
            Err(Errno::Ilseq)
        );
        // 2. inval before 3. notdir and badf,
        assert_eq!(
            raw(guest, file, 0, b"x", creat | directory, 0),
            Err(Errno::Inval)
        );
        assert_eq!(
            raw(guest, 0, 0, b"x", creat | directory, 0),
            Err(Errno::Inval)
        );
        // which come before 4. perm and notcapable,
        let reader = open(guest, READ_ONLY, "file", Rights::FD_READ).expect("file");
        assert_eq!(raw(guest, reader, 0, b"x", creat, 0), Err(Errno::Notdir));
        assert_eq!(raw(guest, 0, 0, b"x", creat, 0), Err(Errno::Badf));
        // perm first.
        let poor = open_dir(guest, READ_ONLY, ".");
        guest
            .fd_fdstat_set_rights(poor, Rights::PATH_OPEN, Rights::empty())
            .expect("fewer rights");
        assert_eq!(raw(guest, poor, 0, b"x", creat, 0), Err(Errno::Perm));
        assert_eq!(
            trying(guest, poor, "..", PLAIN, Rights::FD_READ),
            Err(Errno::Notcapable)
        );
        // 5. is in `a_full_table_creates_and_cuts_nothing`, 6. last.
        assert_eq!(raw(guest, poor, 0, b"..", 0, 0), Err(Errno::Perm));
    });
}

#[test]
fn links_are_followed_as_posix_says_and_never_out() {
    on_each(|tree, guest| {
        let link = |guest: &mut Guest, text: &str, path: &str| {
            guest.path_symlink(text, ROOT, path).expect("a new link");
        };
        link(guest, "..", "dir/up");
        link(guest, "dir/sub", "tosub");
        link(guest, "../../outside", "dir/relevil");
        link(guest, "relevil/", "dir/link2");
        link(guest, "../../../../../../etc/passwd", "passwd");
        link(guest, "../root2/file", "sibling");
        let before = tree.snapshot();
        // `..` after a link is the parent of what it leads to.
        assert_eq!(
            read(guest, ROOT, "tosub/../file").as_deref(),
            Ok("0123456789")
        );
        let found = open(guest, ROOT, "tosub/../dir/file", Rights::empty());
        assert_eq!(found, Err(Errno::Noent), "not by its spelling");
        assert_eq!(
            read(guest, ROOT, "dir/up/file").as_deref(),
            Ok("0123456789")
        );
        for path in [
            "dir/relevil",
            "dir/relevil/",
            "dir/link2",
            "dir/link2/",
            "dir/link2/secret",
            "dir/sub/../../dir/link2",
            "passwd",
            "sibling",
            "dir/up/..",
            "dir/up/../outside",
        ] {
            for oflags in [PLAIN, OFlags::CREAT, OFlags::TRUNC, OFlags::DIRECTORY] {
                let found = trying(guest, ROOT, path, oflags, Rights::FD_READ);
                assert_eq!(found, Err(Errno::Perm), "{path:?} {oflags:?}");
            }
        }
        assert_eq!(tree.snapshot(), before);
    });
}
