//! Where paths lead: one table, walked on every kind of tree.
//!
//! ```text
//! dir/            file in dir, `up -> ..`, `self -> self`, `out -> ../../outside`
//! file
//! todir -> dir            todir_slash -> dir/        tofile -> file          tofile_slash -> file/
//! absolute -> /file       dangling -> missing        out -> ../outside       escape_and_back -> ../root/file
//! chain1 -> chain2 -> … -> chain41 -> file
//! ```

use std::sync::Arc;
use wasi_shim::Limits;
use wasi_shim::abi::{Errno, FdFlags, FileKind, LookupFlags, OFlags, Rights};
use wasi_shim::vfs::{Create, Dir, Name, OpenRequest};
use wasi_shim_tests::trees::{ROOT, Tree, on_each};
use wasi_shim_tests::{Answer, Guest};

const FOLLOW: LookupFlags = LookupFlags::SYMLINK_FOLLOW;
const NOFOLLOW: LookupFlags = LookupFlags::empty();

/// Puts a link in place without asking the shim, which would refuse some.
fn plant(root: &Arc<dyn Dir>, name: &str, text: &str) {
    let name = Name::new(name).expect("a name");
    root.create_symlink(name, text).expect("a new link");
}

fn furnish(tree: &Tree) {
    let name = |name| Name::new(name).expect("a name");
    let root = &tree.root;
    let mut create = OpenRequest::READ;
    create.write = true;
    create.create = Create::Exclusive;
    root.create_dir(name("dir")).expect("dir");
    root.open(name("file"), &create).expect("file");
    let Ok(wasi_shim::vfs::Node::Dir(dir)) = root.open(name("dir"), &OpenRequest::STEP) else {
        panic!("dir is a directory");
    };
    dir.open(name("file"), &create).expect("dir/file");
    plant(&dir, "up", "..");
    plant(&dir, "self", "self");
    plant(&dir, "out", "../../outside");
    for (link, text) in [
        ("todir", "dir"),
        ("todir_slash", "dir/"),
        ("tofile", "file"),
        ("tofile_slash", "file/"),
        ("absolute", "/file"),
        ("dangling", "missing"),
        ("out", "../outside"),
        ("escape_and_back", "../root/file"),
        ("toup", "dir/up"),
    ] {
        plant(root, link, text);
    }
    for link in 1..=40 {
        plant(root, &format!("chain{link}"), &format!("chain{}", link + 1));
    }
    plant(root, "chain41", "file");
}

fn open(guest: &mut Guest, lookup: LookupFlags, path: &str, oflags: OFlags) -> Answer<FileKind> {
    let rights = (Rights::FD_READ | Rights::FD_FILESTAT_GET, Rights::empty());
    let fd = guest.path_open(ROOT, lookup, path, oflags, rights, FdFlags::empty())?;
    let kind = guest.fd_fdstat_get(fd)?.filetype;
    guest.fd_close(fd)?;
    Ok(kind)
}

use Errno::{Exist, Inval, Isdir, Loop, Noent, Notdir, Perm};
use FileKind::{Directory as D, RegularFile as F, SymbolicLink as L};

/// A path; what `path_filestat_get` finds without and with following; what `path_open` opens with following.
type Lead = (
    &'static str,
    Answer<FileKind>,
    Answer<FileKind>,
    Answer<FileKind>,
);

const LEADS: &[Lead] = &[
    ("file", Ok(F), Ok(F), Ok(F)),
    ("dir", Ok(D), Ok(D), Ok(D)),
    (".", Ok(D), Ok(D), Ok(D)),
    ("./", Ok(D), Ok(D), Ok(D)),
    ("dir/.", Ok(D), Ok(D), Ok(D)),
    ("dir/..", Ok(D), Ok(D), Ok(D)),
    ("dir//file", Ok(F), Ok(F), Ok(F)),
    ("dir/../file", Ok(F), Ok(F), Ok(F)),
    ("dir/./../dir/file", Ok(F), Ok(F), Ok(F)),
    ("dir/", Ok(D), Ok(D), Ok(D)),
    ("dir///", Ok(D), Ok(D), Ok(D)),
    ("file/", Err(Notdir), Err(Notdir), Err(Notdir)),
    ("file/.", Err(Notdir), Err(Notdir), Err(Notdir)),
    ("file/..", Err(Notdir), Err(Notdir), Err(Notdir)),
    ("file/x", Err(Notdir), Err(Notdir), Err(Notdir)),
    ("missing", Err(Noent), Err(Noent), Err(Noent)),
    ("missing/", Err(Noent), Err(Noent), Err(Noent)),
    ("missing/x", Err(Noent), Err(Noent), Err(Noent)),
    ("missing/..", Err(Noent), Err(Noent), Err(Noent)),
    ("", Err(Noent), Err(Noent), Err(Noent)),
    // out
    ("/", Err(Perm), Err(Perm), Err(Perm)),
    ("/file", Err(Perm), Err(Perm), Err(Perm)),
    ("//file", Err(Perm), Err(Perm), Err(Perm)),
    ("..", Err(Perm), Err(Perm), Err(Perm)),
    ("../", Err(Perm), Err(Perm), Err(Perm)),
    ("../root/file", Err(Perm), Err(Perm), Err(Perm)),
    ("dir/../..", Err(Perm), Err(Perm), Err(Perm)),
    ("dir/../../root", Err(Perm), Err(Perm), Err(Perm)),
    // links
    ("todir", Ok(L), Ok(D), Ok(D)),
    ("todir/", Ok(D), Ok(D), Ok(D)),
    ("todir/file", Ok(F), Ok(F), Ok(F)),
    ("todir/..", Ok(D), Ok(D), Ok(D)),
    ("todir_slash", Ok(L), Ok(D), Ok(D)),
    ("todir_slash/file", Ok(F), Ok(F), Ok(F)),
    ("tofile", Ok(L), Ok(F), Ok(F)),
    ("tofile/", Err(Notdir), Err(Notdir), Err(Notdir)),
    ("tofile_slash", Ok(L), Err(Notdir), Err(Notdir)),
    ("tofile/x", Err(Notdir), Err(Notdir), Err(Notdir)),
    ("dangling", Ok(L), Err(Noent), Err(Noent)),
    ("dangling/", Err(Noent), Err(Noent), Err(Noent)),
    ("dir/up", Ok(L), Ok(D), Ok(D)),
    ("dir/up/file", Ok(F), Ok(F), Ok(F)),
    ("toup/file", Ok(F), Ok(F), Ok(F)),
    ("dir/self", Ok(L), Err(Loop), Err(Loop)),
    ("dir/self/x", Err(Loop), Err(Loop), Err(Loop)),
    ("chain2", Ok(L), Ok(F), Ok(F)),
    ("chain1", Ok(L), Err(Loop), Err(Loop)),
    // links out
    ("absolute", Ok(L), Err(Perm), Err(Perm)),
    ("absolute/", Err(Perm), Err(Perm), Err(Perm)),
    ("out", Ok(L), Err(Perm), Err(Perm)),
    ("out/", Err(Perm), Err(Perm), Err(Perm)),
    ("out/x", Err(Perm), Err(Perm), Err(Perm)),
    ("dir/out", Ok(L), Err(Perm), Err(Perm)),
    ("escape_and_back", Ok(L), Err(Perm), Err(Perm)),
];

#[test]
fn paths_lead_where_posix_says_and_never_out() {
    on_each(|tree, guest| {
        furnish(tree);
        for (path, nofollow, follow, opened) in LEADS {
            let stat = |guest: &mut Guest, lookup| {
                guest
                    .path_filestat_get(ROOT, lookup, path)
                    .map(|stat| stat.filetype)
            };
            assert_eq!(
                stat(guest, NOFOLLOW),
                *nofollow,
                "stat {path:?} without following"
            );
            assert_eq!(stat(guest, FOLLOW), *follow, "stat {path:?} with following");
            assert_eq!(
                open(guest, FOLLOW, path, OFlags::empty()),
                *opened,
                "open {path:?}"
            );
        }
    });
}

/// A path, whether to follow and how to open it; what is opened.
type Opening = (&'static str, LookupFlags, OFlags, Answer<FileKind>);

const PLAIN: OFlags = OFlags::empty();
const CREAT: OFlags = OFlags::CREAT;
const DIRECTORY: OFlags = OFlags::DIRECTORY;
const TRUNC: OFlags = OFlags::TRUNC;
const EXCL: OFlags = OFlags::CREAT.union(OFlags::EXCL);

const OPENINGS: &[Opening] = &[
    ("tofile", NOFOLLOW, PLAIN, Err(Loop)),
    ("todir", NOFOLLOW, PLAIN, Err(Loop)),
    ("out", NOFOLLOW, PLAIN, Err(Loop)),
    ("todir", NOFOLLOW, DIRECTORY, Err(Notdir)),
    ("out", NOFOLLOW, DIRECTORY, Err(Notdir)),
    ("todir/", NOFOLLOW, PLAIN, Ok(D)),
    ("todir/", NOFOLLOW, DIRECTORY, Ok(D)),
    ("out/", NOFOLLOW, DIRECTORY, Err(Perm)),
    ("todir", FOLLOW, DIRECTORY, Ok(D)),
    ("tofile", FOLLOW, DIRECTORY, Err(Notdir)),
    ("dir", FOLLOW, DIRECTORY, Ok(D)),
    ("file", FOLLOW, DIRECTORY, Err(Notdir)),
    ("missing", FOLLOW, DIRECTORY, Err(Noent)),
    ("dir", FOLLOW, DIRECTORY.union(CREAT), Err(Inval)),
    ("dir", FOLLOW, DIRECTORY.union(TRUNC), Err(Inval)),
    ("dir", FOLLOW, DIRECTORY.union(OFlags::EXCL), Err(Inval)),
    ("file", FOLLOW, OFlags::EXCL, Ok(F)),
    ("dir", FOLLOW, CREAT, Err(Isdir)),
    ("dir", FOLLOW, TRUNC, Err(Isdir)),
    (".", FOLLOW, CREAT, Err(Isdir)),
    ("dir/..", FOLLOW, CREAT, Err(Isdir)),
    (".", FOLLOW, EXCL, Err(Exist)),
    ("file", FOLLOW, EXCL, Err(Exist)),
    ("dir", FOLLOW, EXCL, Err(Exist)),
    ("dangling", FOLLOW, EXCL, Err(Exist)),
    ("out", FOLLOW, EXCL, Err(Exist)),
    ("out", FOLLOW, CREAT, Err(Perm)),
    ("absolute", FOLLOW, CREAT, Err(Perm)),
    ("dangling", NOFOLLOW, CREAT, Err(Loop)),
    ("new/", FOLLOW, CREAT, Err(Isdir)),
    ("new/", FOLLOW, EXCL, Err(Isdir)),
    ("file/", FOLLOW, CREAT, Err(Notdir)),
    ("file/", FOLLOW, EXCL, Err(Exist)),
    ("dir/", FOLLOW, CREAT, Err(Isdir)),
    ("tofile/", FOLLOW, CREAT, Err(Notdir)),
    ("todir/", FOLLOW, CREAT, Err(Isdir)),
    ("dangling/", FOLLOW, CREAT, Err(Isdir)),
    ("todir/new", NOFOLLOW, CREAT, Ok(F)),
    ("tofile", FOLLOW, CREAT, Ok(F)),
    ("dangling", FOLLOW, CREAT, Ok(F)),
    ("new", FOLLOW, EXCL, Ok(F)),
    ("file", FOLLOW, TRUNC, Ok(F)),
];

#[test]
fn opening_keeps_following_slash_and_directory_apart() {
    on_each(|tree, guest| {
        furnish(tree);
        for (path, lookup, oflags, expected) in OPENINGS {
            let found = open(guest, *lookup, path, *oflags);
            assert_eq!(found, *expected, "{path:?} {lookup:?} {oflags:?}");
        }
        let made = guest.path_filestat_get(ROOT, NOFOLLOW, "missing");
        assert_eq!(
            made.map(|stat| stat.filetype),
            Ok(F),
            "the link was followed to make it"
        );
    });
}

#[test]
fn the_text_of_a_path_is_checked_before_it_is_walked() {
    on_each(|_, guest| {
        let mut stat = |path: &[u8]| guest.path_filestat_get(ROOT, NOFOLLOW, path).map(drop);
        assert_eq!(stat(b"a\0b"), Err(Errno::Inval));
        assert_eq!(stat(b"\0"), Err(Errno::Inval));
        for bytes in [&b"\xff"[..], b"a\xc0\xafb", b"\xed\xa0\x80", b"ok\0\xff"] {
            assert_eq!(stat(bytes), Err(Errno::Ilseq), "{bytes:?}");
        }
        assert_eq!(stat(&[b'x'; 255]), Err(Errno::Noent));
        assert_eq!(stat(&[b'x'; 256]), Err(Errno::Nametoolong));
        assert_eq!(stat(&b"./".repeat(2048)), Ok(()));
        assert_eq!(stat(&[b'x'; 4097]), Err(Errno::Nametoolong));
        assert_eq!(stat(&[0xff; 4097]), Err(Errno::Nametoolong));
    });
}

#[test]
fn links_cannot_expand_without_end() {
    for tree in Tree::all() {
        println!("on the {} tree", tree.name);
        // Each leads over two thousand directories to the next: short texts, endless walks.
        let long = format!("{}x", "./".repeat(2000));
        for link in 0..30 {
            plant(
                &tree.root,
                &format!("l{link}"),
                &format!("{long}/../l{}", link + 1),
            );
        }
        let name = |name| Name::new(name).expect("a name");
        tree.root.create_dir(name("x")).expect("x");
        tree.root.create_dir(name("l30")).expect("l30");
        let mut limits = Limits::default();
        for (limit, expected) in [(64 << 10, Err(Errno::Nametoolong)), (160 << 10, Ok(()))] {
            limits.expanded_path = limit;
            let mut guest = Guest::new(tree.builder().limits(limits));
            let found = guest.path_filestat_get(ROOT, FOLLOW, "l0").map(drop);
            assert_eq!(found, expected, "{limit}");
        }
    }
}
