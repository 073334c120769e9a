//! Several trees in one: what shows, what is hidden, what is busy, and what is another filesystem.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

mod support;

use std::io::IoSlice;
use std::sync::Arc;
use support::{name, names, open, subdir, writing};
use wasi_shim::abi::{Abi, Errno, FileKind};
use wasi_shim::backends::{MemDir, Mounts};
use wasi_shim::mem::Memory;
use wasi_shim::vfs::{
    Create, Dir, Follow, FsId, Node, OpenRequest, PlainPath, SetTime, SetTimes, Timestamp,
};
use wasi_shim::{Access, Outcome, Wasi, raw};

/// `/` has `etc/passwd`, `usr/share` and `usr/lib/hidden`; `/usr/lib` has `z`; `/made/up` has `m`.
struct Fixture {
    base: Arc<MemDir>,
    lib: Arc<MemDir>,
    root: Arc<Mounts>,
}

fn fixture() -> Fixture {
    let (base, lib, up) = (MemDir::new(), MemDir::new(), MemDir::new());
    base.dir("etc").unwrap().file("passwd", "root").unwrap();
    let usr = base.dir("usr").unwrap();
    usr.dir("share").unwrap();
    usr.dir("lib").unwrap().file("hidden", "").unwrap();
    lib.file("z", "zlib").unwrap();
    up.file("m", "").unwrap();
    let root = Mounts::builder()
        .mount("/made/up", up)
        .mount("/usr/lib", lib.clone())
        .mount("/", base.clone())
        .build()
        .unwrap();
    Fixture { base, lib, root }
}

fn at(root: &dyn Dir, path: &str) -> Arc<dyn Dir> {
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    let dir = subdir(root, first);
    if rest.is_empty() {
        dir
    } else {
        at(&*dir, rest)
    }
}

#[test]
fn mount_points_are_listed_and_looked_at_wherever_they_are() {
    let Fixture { root, .. } = fixture();
    let sorted = |dir: &dyn Dir| {
        let mut names = names(dir);
        names.sort();
        names
    };
    assert_eq!(sorted(&*root), ["etc", "made", "usr"]);
    assert_eq!(sorted(&*at(&*root, "usr")), ["lib", "share"]);
    assert_eq!(sorted(&*at(&*root, "made")), ["up"]);
    assert_eq!(sorted(&*at(&*root, "made/up")), ["m"]);
    for path in ["usr", "usr/lib", "made", "made/up"] {
        let (above, last) = path.rsplit_once('/').unwrap_or(("", path));
        let above = if above.is_empty() {
            root.clone()
        } else {
            at(&*root, above)
        };
        let facts = above.stat(name(last)).unwrap();
        assert_eq!(facts.kind, FileKind::Directory, "{path}");
        assert_eq!(at(&*root, path).metadata(), Ok(facts), "{path}");
    }
    assert_eq!(at(&*root, "made").metadata().unwrap().nlink, 3);
}

#[test]
fn what_is_under_a_mount_point_is_hidden() {
    let Fixture { root, lib, .. } = fixture();
    let mounted = at(&*root, "usr/lib");
    assert_eq!(names(&*mounted), ["z"]);
    assert_eq!(mounted.stat(name("hidden")), Err(Errno::Noent));
    open(&*mounted, "new").write_at(b"n", 0).unwrap();
    assert_eq!(lib.contents("new"), Ok(b"n".to_vec()));
}

#[test]
fn a_mount_point_is_a_directory_like_any_other() {
    let Fixture { root, .. } = fixture();
    let usr = at(&*root, "usr");
    for (dir, text) in [(&usr, "lib"), (&(root as Arc<dyn Dir>), "made")] {
        let text = name(text);
        let mut exclusive = writing();
        exclusive.create = Create::Exclusive;
        assert_eq!(dir.open(text, &writing()).err(), Some(Errno::Isdir));
        assert_eq!(dir.open(text, &exclusive).err(), Some(Errno::Exist));
        assert_eq!(dir.create_dir(text), Err(Errno::Exist));
        assert_eq!(dir.create_symlink(text, "t"), Err(Errno::Exist));
        assert_eq!(dir.read_link(text), Err(Errno::Inval));
        assert_eq!(dir.remove_file(text), Err(Errno::Isdir));
        assert_eq!(dir.link(text, &**dir, name("new")), Err(Errno::Perm));
        assert_eq!(dir.link(text, &**dir, text), Err(Errno::Exist));
    }
}

#[test]
fn a_mount_point_is_busy() {
    let Fixture { root, base, .. } = fixture();
    let (usr, lib) = (at(&*root, "usr"), name("lib"));
    usr.create_dir(name("empty")).unwrap();
    open(&*usr, "file");
    let (empty, file, free) = (name("empty"), name("file"), name("free"));
    assert_eq!(usr.remove_dir(lib), Err(Errno::Busy));
    assert_eq!(usr.rename(lib, &*usr, free), Err(Errno::Busy));
    assert_eq!(usr.rename(lib, &*usr, empty), Err(Errno::Busy));
    assert_eq!(usr.rename(lib, &*usr, file), Err(Errno::Notdir));
    assert_eq!(usr.rename(lib, &*usr, lib), Ok(()));
    assert_eq!(usr.rename(free, &*usr, lib), Err(Errno::Noent));
    assert_eq!(usr.rename(file, &*usr, lib), Err(Errno::Isdir));
    assert_eq!(usr.rename(empty, &*usr, lib), Err(Errno::Busy));
    assert_eq!(usr.link(file, &*usr, lib), Err(Errno::Exist));
    // Nothing happened to what is hidden either.
    let hidden = at(&*base, "usr/lib");
    assert_eq!(names(&*hidden), ["hidden"]);
}

#[test]
fn a_directory_on_the_way_to_a_mount_point_stays() {
    let Fixture { root, .. } = fixture();
    let (etc, file) = (at(&*root, "etc"), name("passwd"));
    for on_the_way in ["usr", "made"].map(name) {
        assert_eq!(root.remove_dir(on_the_way), Err(Errno::Notempty));
        assert_eq!(root.rename(on_the_way, &*root, name("x")), Err(Errno::Busy));
        assert_eq!(root.rename(on_the_way, &*etc, name("x")), Err(Errno::Busy));
        assert_eq!(etc.rename(file, &*root, on_the_way), Err(Errno::Isdir));
        etc.create_dir(name("d")).unwrap();
        let moved = etc.rename(name("d"), &*root, on_the_way);
        assert_eq!(moved, Err(Errno::Notempty));
        etc.remove_dir(name("d")).unwrap();
    }
}

#[test]
fn a_made_up_directory_is_read_only() {
    let Fixture { root, .. } = fixture();
    let made = at(&*root, "made");
    let (free, etc) = (name("free"), name("etc"));
    let mut directory = writing();
    directory.directory = true;
    assert_eq!(made.open(free, &writing()).err(), Some(Errno::Rofs));
    assert_eq!(made.open(free, &directory).err(), Some(Errno::Notdir));
    assert_eq!(
        made.open(free, &OpenRequest::READ).err(),
        Some(Errno::Noent)
    );
    assert_eq!(made.stat(free), Err(Errno::Noent));
    assert_eq!(made.read_link(free), Err(Errno::Noent));
    assert_eq!(made.create_dir(free), Err(Errno::Rofs));
    assert_eq!(made.create_symlink(free, "t"), Err(Errno::Rofs));
    assert_eq!(made.remove_file(free), Err(Errno::Noent));
    assert_eq!(made.remove_dir(free), Err(Errno::Noent));
    assert_eq!(made.rename(free, &*root, etc), Err(Errno::Noent));
    assert_eq!(made.link(free, &*root, etc), Err(Errno::Noent));
    assert_eq!(root.rename(etc, &*made, free), Err(Errno::Rofs));
    assert_eq!(root.rename(free, &*made, free), Err(Errno::Noent));
    assert_eq!(root.link(etc, &*made, free), Err(Errno::Perm));
    let passwd = name("passwd");
    let linked = at(&*root, "etc").link(passwd, &*made, free);
    assert_eq!(linked, Err(Errno::Rofs));
    let times = SetTimes::default();
    assert_eq!(made.set_times(free, &times), Err(Errno::Noent));
    assert_eq!(made.set_own_times(&times), Err(Errno::Rofs));
    assert_eq!(root.set_times(name("made"), &times), Err(Errno::Rofs));
    assert_eq!(made.sync(), Ok(()));
}

#[test]
fn trees_are_filesystems_of_their_own() {
    let shared = MemDir::new();
    shared.file("f", "").unwrap();
    let root = Mounts::builder()
        .mount("/", shared.clone())
        .mount("/a", shared.clone())
        .mount("/b/c", shared.clone())
        .build()
        .unwrap();
    let (a, b, c) = (at(&*root, "a"), at(&*root, "b"), at(&*root, "b/c"));
    let ids = [&*root, &*a, &*c, &*shared].map(|dir: &dyn Dir| dir.filesystem());
    for (index, id) in ids.iter().enumerate() {
        assert!(!ids[..index].contains(id), "{ids:?}");
        assert_ne!(*id, FsId::NONE);
    }
    assert_eq!(b.filesystem(), root.filesystem());
    let f = name("f");
    for other in [&*a, &*c, &*shared] {
        assert_eq!(root.rename(f, other, name("g")), Err(Errno::Xdev));
        assert_eq!(root.link(f, other, name("g")), Err(Errno::Xdev));
    }
}

#[test]
fn a_tree_of_trees_can_be_mounted() {
    let inner = fixture().root;
    let root = Mounts::builder().mount("/in/ner", inner).build().unwrap();
    let (usr, lib) = (at(&*root, "in/ner/usr"), at(&*root, "in/ner/usr/lib"));
    assert_eq!(names(&*lib), ["z"]);
    let (z, free) = (name("z"), name("free"));
    assert_eq!(lib.rename(z, &*usr, free), Err(Errno::Xdev));
    assert_eq!(lib.link(z, &*usr, free), Err(Errno::Xdev));
    assert_eq!(lib.rename(z, &*lib, free), Ok(()));
    assert_eq!(usr.remove_dir(name("lib")), Err(Errno::Busy));
}

#[test]
fn moves_and_links_work_between_all_directories_of_a_tree() {
    let Fixture { root, base, .. } = fixture();
    let (usr, etc) = (at(&*root, "usr"), at(&*root, "etc"));
    let share = at(&*usr, "share");
    let dirs: [&dyn Dir; 4] = [&*root, &*usr, &*etc, &*share];
    let mut holder = &*etc;
    for dir in dirs.into_iter().cycle().take(8) {
        holder.link(name("passwd"), dir, name("linked")).unwrap();
        dir.remove_file(name("linked")).unwrap();
        holder.rename(name("passwd"), dir, name("passwd")).unwrap();
        holder = dir;
    }
    let found = base.dir("usr").unwrap().dir("share").unwrap();
    assert_eq!(found.contents("passwd"), Ok(b"root".to_vec()));
}

#[test]
fn numbers_of_different_trees_differ() {
    let Fixture { root, base, lib } = fixture();
    let lib_dir = at(&*root, "usr/lib");
    let number = |dir: &dyn Dir, text: &str| dir.stat(name(text)).unwrap().ino;
    let z = number(&*lib_dir, "z");
    assert_ne!(z, number(&*lib, "z"));
    let all = [
        root.metadata().unwrap().ino,
        number(&*root, "etc"),
        number(&*root, "usr"),
        number(&*root, "made"),
        at(&*root, "made/up").metadata().unwrap().ino,
        number(&*at(&*root, "made/up"), "m"),
        number(&*at(&*root, "etc"), "passwd"),
        lib_dir.metadata().unwrap().ino,
        z,
    ];
    let different: std::collections::BTreeSet<u64> = all.into_iter().collect();
    assert_eq!(different.len(), all.len(), "{all:?}");
    // What is at the root keeps its numbers, and no file tells another than its entry.
    assert_eq!(number(&*root, "etc"), number(&*base, "etc"));
    assert_eq!(open(&*lib_dir, "z").metadata().unwrap().ino, z);
    let path = PlainPath::new("d/f").unwrap();
    lib.dir("d").unwrap().file("f", "").unwrap();
    let deep = lib_dir.stat_deep(path, Follow::No).unwrap();
    assert_eq!(deep.ino, number(&*at(&*lib_dir, "d"), "f"));
    // They are the same when other trees come and go.
    let fewer = Mounts::builder().mount("/usr/lib", lib).build().unwrap();
    assert_eq!(number(&*at(&*fewer, "usr/lib"), "z"), z);
}

#[test]
fn a_renumbered_file_does_all_that_a_file_does() {
    let Fixture { root, lib, .. } = fixture();
    let file = open(&*at(&*root, "usr/lib"), "z");
    assert_eq!(file.write_at(b"Z", 0), Ok(1));
    let bufs = [IoSlice::new(b"-"), IoSlice::new(b"1")];
    assert_eq!(file.write_vectored_at(&bufs, 4), Ok(2));
    assert_eq!(file.append(&bufs), Ok((2, 8)));
    assert_eq!(file.allocate(0, 10), Ok(()));
    assert_eq!(lib.contents("z"), Ok(b"Zlib-1-1\0\0".to_vec()));
    assert_eq!(file.set_len(1), Ok(()));
    let mtim = SetTime::At(Timestamp(5));
    let times = SetTimes {
        mtim,
        ..SetTimes::default()
    };
    assert_eq!(file.set_times(&times), Ok(()));
    let facts = lib.stat(name("z")).unwrap();
    assert_eq!((facts.size, facts.mtim), (1, Timestamp(5)));
}

#[test]
fn deep_calls_are_declined_above_a_mount_point_and_forwarded_elsewhere() {
    let Fixture { root, .. } = fixture();
    let read = |dir: &dyn Dir, path: &str| {
        let path = PlainPath::new(path).unwrap();
        let facts = dir.stat_deep(path, Follow::No);
        let node = dir.open_deep(path, &OpenRequest::READ);
        assert_eq!(facts.is_some(), node.is_some(), "{path:?}");
        node
    };
    assert!(read(&*root, "usr/lib/z").is_none());
    assert!(read(&*root, "usr/lib/hidden").is_none());
    // A link in a tree that follows some could lead to what is hidden.
    assert!(read(&*root, "etc/passwd").is_none());
    assert!(read(&*at(&*root, "made"), "up/m").is_none());
    let etc = at(&*root, "etc");
    etc.create_dir(name("d")).unwrap();
    open(&*at(&*etc, "d"), "f");
    etc.create_dir(name("e")).unwrap();
    assert!(matches!(read(&*etc, "d/f"), Some(Node::File(_))));
    // A directory that is reached so is of the same filesystem.
    at(&*etc, "d").create_dir(name("below")).unwrap();
    let Some(Node::Dir(below)) = read(&*etc, "d/below") else {
        panic!("a directory should open");
    };
    let moved = at(&*etc, "d").rename(name("f"), &*below, name("f"));
    assert_eq!(moved, Ok(()));
}

#[test]
fn a_symlink_to_a_directory_on_the_way_is_a_link_like_any_other() {
    let Fixture { root, base, .. } = fixture();
    base.symlink("s", "usr").unwrap();
    let step = root.open(name("s"), &OpenRequest::STEP);
    assert!(matches!(step, Ok(Node::Symlink(text)) if text == "usr"));
}

#[test]
fn times_of_mount_points_are_those_of_what_is_mounted() {
    let Fixture { root, lib, base } = fixture();
    let at_time = |time| SetTimes {
        atim: SetTime::Keep,
        mtim: SetTime::At(Timestamp(time)),
    };
    at(&*root, "usr")
        .set_times(name("lib"), &at_time(7))
        .unwrap();
    assert_eq!(lib.metadata().unwrap().mtim, Timestamp(7));
    root.set_times(name("usr"), &at_time(8)).unwrap();
    assert_eq!(base.stat(name("usr")).unwrap().mtim, Timestamp(8));
}

#[test]
fn what_comes_to_be_under_a_mount_point_later_is_hidden() {
    let Fixture { root, base, .. } = fixture();
    base.file("made", "a file").unwrap();
    assert_eq!(names(&*at(&*root, "made")), ["up"]);
    assert_eq!(root.stat(name("made")).unwrap().kind, FileKind::Directory);
    assert_eq!(
        names(&*root).iter().filter(|name| *name == "made").count(),
        1
    );
}

/// The error of `path_filestat_get` on a guest's only directory, and the file's number.
fn look(wasi: &Wasi, path: &str) -> (u16, u64) {
    let mut bytes = [0; 256];
    bytes[128..128 + path.len()].copy_from_slice(path.as_bytes());
    let mut memory = Memory::new(&mut bytes);
    let len = i32::try_from(path.len()).unwrap();
    let outcome = raw::path_filestat_get(wasi, Abi::Preview1, &mut memory, 3, 1, 128, len, 0);
    let Outcome::Return(error) = outcome else {
        panic!("{path:?}: {outcome:?}");
    };
    (error, u64::from_le_bytes(bytes[8..16].try_into().unwrap()))
}

#[test]
fn a_guest_walks_into_trees_and_back() {
    let Fixture { root, base, lib } = fixture();
    base.symlink("short", "usr/lib").unwrap();
    lib.symlink("out", "../../etc/passwd").unwrap();
    let z = at(&*root, "usr/lib").stat(name("z")).unwrap().ino;
    let passwd = at(&*root, "etc").stat(name("passwd")).unwrap().ino;
    let wasi = Wasi::builder()
        .preopen("/", root, Access::ReadWrite)
        .build()
        .unwrap();
    for path in [
        "usr/lib/z",
        "usr/lib/../lib/z",
        "made/up/../../usr/lib/z",
        "short/z",
    ] {
        assert_eq!(look(&wasi, path), (0, z), "{path:?}");
    }
    for path in ["etc/passwd", "usr/lib/../../etc/passwd", "short/out"] {
        assert_eq!(look(&wasi, path), (0, passwd), "{path:?}");
    }
    let noent = Errno::Noent.number();
    for path in ["usr/lib/hidden", "short/hidden", "made/up/n"] {
        assert_eq!(look(&wasi, path).0, noent, "{path:?}");
    }
    let perm = Errno::Perm.number();
    assert_eq!(look(&wasi, "made/up/../../..").0, perm);
}
