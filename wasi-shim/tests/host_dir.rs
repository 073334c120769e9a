//! Every method of a directory of the host but `open`, each with every error of its contract.
#![cfg(all(unix, feature = "host"))]

mod host_kit;

use host_kit::*;
use std::fs::{self, File};
use std::ops::ControlFlow;
use std::os::unix::fs::{MetadataExt, symlink};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use wasi_shim::abi::{Errno, FileKind, Result};
use wasi_shim::vfs::{
    Dir, Entry, FsId, Metadata, Name, Node, OpenRequest, SetTime, SetTimes, Timestamp,
};

const OK: Option<Errno> = None;

#[test]
fn opening_by_path_takes_directories_only() {
    let tree = Tree::of_each_kind();
    assert!(wasi_shim::host::open_dir(tree.path("dir")).is_ok());
    assert!(wasi_shim::host::open_dir(tree.path("to_dir")).is_ok());
    for path in ["file", "missing", "fifo", "dangling"] {
        assert!(
            wasi_shim::host::open_dir(tree.path(path)).is_err(),
            "{path}"
        );
    }
}

#[test]
fn stat_looks_at_the_entry_itself() {
    let tree = Tree::of_each_kind();
    for (name, kind) in [
        ("file", FileKind::RegularFile),
        ("dir", FileKind::Directory),
        ("to_file", FileKind::SymbolicLink),
        ("to_dir", FileKind::SymbolicLink),
        ("dangling", FileKind::SymbolicLink),
        ("fifo", FileKind::Unknown),
        ("socket", FileKind::SocketStream),
    ] {
        assert_eq!(tree.dir.stat(n(name)).unwrap().kind, kind, "{name}");
    }
    assert_eq!(errno(tree.dir.stat(n("missing"))), Some(Errno::Noent));
    assert_eq!(tree.dir.stat(n("file")).unwrap().size, 7);
    assert_eq!(tree.dir.stat(n("dangling")).unwrap().size, 7);
}

#[test]
fn the_facts_are_the_same_from_every_side() {
    let tree = Tree::of_each_kind();
    fs::hard_link(tree.path("file"), tree.path("second")).unwrap();
    let by_name = tree.dir.stat(n("file")).unwrap();
    assert_eq!(by_name.nlink, 2);
    assert_eq!(tree.dir.stat(n("second")), Ok(by_name));
    let file = as_file(tree.open("file", &OpenRequest::READ));
    assert_eq!(file.metadata(), Ok(by_name));
    let dir = tree.dir.stat(n("dir")).unwrap();
    assert_eq!(tree.subdir("dir").metadata(), Ok(dir));
    let host = fs::metadata(tree.path("file")).unwrap();
    assert_ne!(by_name.ino, host.ino(), "the host's own number");
    assert_eq!(by_name.mtim, host.modified().unwrap().into());
}

#[test]
fn times_beyond_what_preview1_can_say_are_the_nearest_it_can() {
    let tree = Tree::new();
    tree.file("f", "");
    let file = File::options().write(true).open(tree.path("f")).unwrap();
    let old = SystemTime::UNIX_EPOCH - Duration::from_secs(100);
    file.set_modified(old).unwrap();
    assert_eq!(tree.dir.stat(n("f")).unwrap().mtim, Timestamp(0));
    // ext4 ends in 2446, tmpfs does not. Whatever was stored is what is told.
    let new = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 35);
    file.set_modified(new).unwrap();
    let stored = fs::metadata(tree.path("f")).unwrap().modified().unwrap();
    let told = tree.dir.stat(n("f")).unwrap().mtim;
    assert_eq!(told, Timestamp::from(stored));
    assert_eq!(
        as_file(tree.open("f", &OpenRequest::READ))
            .metadata()
            .unwrap()
            .mtim,
        told
    );
}

#[test]
fn all_directories_of_the_host_are_one_filesystem() {
    let (a, b) = (Tree::new(), Tree::of_each_kind());
    assert_eq!(a.dir.filesystem(), b.dir.filesystem());
    assert_eq!(b.dir.filesystem(), b.subdir("dir").filesystem());
    assert_ne!(a.dir.filesystem(), FsId::NONE);
}

#[test]
fn read_link_reads_links_only() {
    let tree = Tree::of_each_kind();
    assert_eq!(tree.dir.read_link(n("dangling")), Ok("nowhere".into()));
    assert_eq!(tree.dir.read_link(n("missing")), Err(Errno::Noent));
    for name in ["file", "dir", "fifo", "socket"] {
        assert_eq!(tree.dir.read_link(n(name)), Err(Errno::Inval), "{name}");
    }
}

#[test]
fn create_dir_takes_free_names() {
    let tree = Tree::of_each_kind();
    assert_eq!(tree.dir.create_dir(n("new")), Ok(()));
    assert_eq!(tree.dir.stat(n("new")).unwrap().kind, FileKind::Directory);
    for name in ["new", "file", "dir", "to_dir", "dangling", "fifo"] {
        assert_eq!(tree.dir.create_dir(n(name)), Err(Errno::Exist), "{name}");
    }
    assert!(!tree.exists("nowhere"));
}

#[test]
fn create_symlink_stores_the_text_as_it_is() {
    let tree = Tree::of_each_kind();
    for (name, text) in [
        ("l1", "file"),
        ("l2", "../x/"),
        ("l3", "a//./b"),
        ("l4", "/abs"),
    ] {
        assert_eq!(tree.dir.create_symlink(n(name), text), Ok(()));
        assert_eq!(tree.dir.read_link(n(name)), Ok(text.into()));
    }
    for name in ["l1", "file", "dir", "dangling"] {
        assert_eq!(
            tree.dir.create_symlink(n(name), "x"),
            Err(Errno::Exist),
            "{name}"
        );
    }
    assert_eq!(tree.dir.create_symlink(n("new"), ""), Err(Errno::Noent));
    let long = "x".repeat(1 << 16);
    assert_eq!(
        tree.dir.create_symlink(n("new"), &long),
        Err(Errno::Nametoolong)
    );
}

#[test]
fn remove_file_removes_all_but_directories() {
    let tree = Tree::of_each_kind();
    assert_eq!(tree.dir.remove_file(n("missing")), Err(Errno::Noent));
    assert_eq!(tree.dir.remove_file(n("dir")), Err(Errno::Isdir));
    assert_eq!(tree.dir.remove_file(n("empty")), Err(Errno::Isdir));
    let open = as_file(tree.open("file", &OpenRequest::READ));
    for name in ["file", "to_file", "to_dir", "dangling", "fifo", "socket"] {
        assert_eq!(tree.dir.remove_file(n(name)), Ok(()), "{name}");
        assert!(!tree.exists(name));
    }
    assert_eq!(open.read_at(&mut [0; 7], 0), Ok(7));
    assert_eq!(tree.content("dir/inner"), "inner");
}

#[test]
fn remove_dir_removes_empty_directories() {
    let tree = Tree::of_each_kind();
    assert_eq!(tree.dir.remove_dir(n("missing")), Err(Errno::Noent));
    for name in ["file", "to_file", "to_dir", "dangling", "fifo", "socket"] {
        assert_eq!(tree.dir.remove_dir(n(name)), Err(Errno::Notdir), "{name}");
    }
    assert_eq!(tree.dir.remove_dir(n("dir")), Err(Errno::Notempty));
    let open = tree.subdir("empty");
    assert_eq!(tree.dir.remove_dir(n("empty")), Ok(()));
    assert_eq!(open.metadata().unwrap().kind, FileKind::Directory);
}

fn rename(tree: &Tree, from: &str, to: &str) -> Option<Errno> {
    tree.dir.rename(n(from), &*tree.dir, n(to)).err()
}

#[test]
fn rename_replaces_what_fits() {
    let tree = Tree::of_each_kind();
    assert_eq!(rename(&tree, "file", "new"), OK);
    assert_eq!(tree.content("new"), "content");
    assert_eq!(rename(&tree, "new", "dangling"), OK);
    assert_eq!(tree.content("dangling"), "content");
    assert!(!tree.exists("nowhere"));
    assert_eq!(rename(&tree, "dir", "empty"), OK);
    assert_eq!(tree.content("empty/inner"), "inner");
    // The link moves, not what it leads to.
    assert_eq!(rename(&tree, "to_dir", "to_file"), OK);
    assert_eq!(tree.dir.read_link(n("to_file")), Ok("dir".into()));
}

#[test]
fn rename_refuses_in_the_order_of_the_contract() {
    let tree = Tree::of_each_kind();
    tree.dir("dir/sub/below");
    tree.file("dir/sub/f", "");
    let sub = as_dir(tree.subdir("dir").open(n("sub"), &OpenRequest::STEP));
    let into = |from: &str, to: &str| tree.dir.rename(n(from), &*sub, n(to)).err();
    let from_sub = |from: &str, to: &str| sub.rename(n(from), &*tree.dir, n(to)).err();

    assert_eq!(rename(&tree, "missing", "dir"), Some(Errno::Noent));
    assert_eq!(rename(&tree, "missing", "missing"), Some(Errno::Noent));
    assert_eq!(into("dir", "new"), Some(Errno::Inval));
    assert_eq!(into("dir", "below"), Some(Errno::Inval));
    assert_eq!(into("dir", "f"), Some(Errno::Inval));
    assert_eq!(rename(&tree, "file", "dir"), Some(Errno::Isdir));
    assert_eq!(rename(&tree, "file", "empty"), Some(Errno::Isdir));
    assert_eq!(rename(&tree, "to_dir", "empty"), Some(Errno::Isdir));
    assert_eq!(rename(&tree, "dir", "file"), Some(Errno::Notdir));
    assert_eq!(rename(&tree, "empty", "to_dir"), Some(Errno::Notdir));
    assert_eq!(rename(&tree, "empty", "dir"), Some(Errno::Notempty));
    // Onto the directory it is in.
    assert_eq!(from_sub("f", "dir"), Some(Errno::Isdir));
    assert_eq!(from_sub("below", "dir"), Some(Errno::Notempty));
}

#[test]
fn rename_of_one_file_to_another_of_its_names_does_nothing() {
    let tree = Tree::of_each_kind();
    fs::hard_link(tree.path("file"), tree.path("second")).unwrap();
    for (from, to) in [("file", "second"), ("file", "file"), ("dir", "dir")] {
        assert_eq!(rename(&tree, from, to), OK);
        assert!(tree.exists(from) && tree.exists(to));
    }
}

#[test]
fn link_gives_a_second_name() {
    let tree = Tree::of_each_kind();
    let sub = tree.subdir("dir");
    let link = |from: &str, to: &str| tree.dir.link(n(from), &*sub, n(to)).err();
    assert_eq!(link("missing", "inner"), Some(Errno::Noent));
    assert_eq!(link("file", "inner"), Some(Errno::Exist));
    assert_eq!(link("empty", "inner"), Some(Errno::Exist));
    assert_eq!(link("empty", "new"), Some(Errno::Perm));
    assert_eq!(link("file", "second"), OK);
    assert_eq!(sub.stat(n("second")), tree.dir.stat(n("file")));
    // A link is linked, not followed, wherever it leads.
    for name in ["to_file", "to_dir", "dangling"] {
        assert_eq!(link(name, name), OK);
        assert_eq!(sub.read_link(n(name)), tree.dir.read_link(n(name)));
    }
    symlink("nowhere", tree.path("dir/taken")).unwrap();
    assert_eq!(link("file", "taken"), Some(Errno::Exist));
}

#[test]
fn devices_are_told_apart_by_the_kernel() {
    let Ok(memory) = tempfile::TempDir::new_in("/dev/shm") else {
        return;
    };
    let tree = Tree::of_each_kind();
    if memory.path().metadata().unwrap().dev() == tree.root().metadata().unwrap().dev() {
        return;
    }
    let other = wasi_shim::host::open_dir(memory.path()).unwrap();
    assert_eq!(
        tree.dir.rename(n("file"), &*other, n("new")),
        Err(Errno::Xdev)
    );
    assert_eq!(
        tree.dir.link(n("file"), &*other, n("new")),
        Err(Errno::Xdev)
    );
    assert_eq!(tree.content("file"), "content");
}

/// A directory of another kind that pretends to be the host's.
struct Impostor(FsId);

impl Dir for Impostor {
    fn metadata(&self) -> Result<Metadata> {
        Ok(Metadata::dir(1))
    }
    fn stat(&self, _: Name<'_>) -> Result<Metadata> {
        Err(Errno::Noent)
    }
    fn open(&self, _: Name<'_>, _: &OpenRequest) -> Result<Node> {
        Err(Errno::Noent)
    }
    fn list(&self, _: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        Ok(())
    }
    fn filesystem(&self) -> FsId {
        self.0
    }
}

#[test]
fn a_target_that_is_not_of_the_host_is_another_filesystem() {
    let tree = Tree::of_each_kind();
    let impostor: Arc<dyn Dir> = Arc::new(Impostor(tree.dir.filesystem()));
    assert_eq!(
        tree.dir.rename(n("file"), &*impostor, n("x")),
        Err(Errno::Xdev)
    );
    assert_eq!(
        tree.dir.link(n("file"), &*impostor, n("x")),
        Err(Errno::Xdev)
    );
}

fn at(nanoseconds: u64) -> SetTime {
    SetTime::At(Timestamp(nanoseconds))
}

#[test]
fn times_are_set_to_the_nanosecond() {
    let tree = Tree::of_each_kind();
    let (a, m) = (1_234_567_890_123_456_789, 987_654_321_987_654_321);
    let both = SetTimes {
        atim: at(a),
        mtim: at(m),
    };
    for name in ["file", "dir", "to_file", "dangling", "fifo"] {
        assert_eq!(tree.dir.set_times(n(name), &both), Ok(()), "{name}");
        let facts = tree.dir.stat(n(name)).unwrap();
        assert_eq!((facts.atim.0, facts.mtim.0), (a, m), "{name}");
    }
    let keep = SetTimes {
        atim: SetTime::Keep,
        mtim: at(5),
    };
    assert_eq!(tree.dir.set_times(n("file"), &keep), Ok(()));
    let facts = tree.dir.stat(n("file")).unwrap();
    assert_eq!((facts.atim.0, facts.mtim.0), (a, 5));

    let now = SetTimes {
        atim: SetTime::Now,
        mtim: SetTime::Keep,
    };
    assert_eq!(tree.dir.set_times(n("file"), &now), Ok(()));
    let facts = tree.dir.stat(n("file")).unwrap();
    assert_eq!(facts.mtim.0, 5);
    assert!(SystemTime::from(facts.atim).elapsed().unwrap_or_default() < Duration::from_secs(60));
    // Those of the target are not those of the link.
    assert_eq!(tree.dir.stat(n("to_file")).unwrap().atim.0, a);
}

#[test]
fn times_of_a_missing_entry_cannot_be_set() {
    let tree = Tree::new();
    for atim in [SetTime::Keep, SetTime::Now, at(1)] {
        let times = SetTimes {
            atim,
            mtim: SetTime::Keep,
        };
        assert_eq!(tree.dir.set_times(n("missing"), &times), Err(Errno::Noent));
    }
}

#[test]
fn a_directory_is_changed_and_synced_through_every_handle() {
    let tree = Tree::of_each_kind();
    for (i, request) in [OpenRequest::STEP, directory()].iter().enumerate() {
        let dir = as_dir(tree.open("dir", request));
        let times = SetTimes {
            atim: at(i as u64),
            mtim: at(7),
        };
        assert_eq!(dir.set_own_times(&times), Ok(()));
        let facts = tree.dir.stat(n("dir")).unwrap();
        assert_eq!((facts.atim.0, facts.mtim.0), (i as u64, 7));
        assert_eq!(dir.sync(), Ok(()));
    }
    assert_eq!(tree.dir.sync(), Ok(()));
}

#[test]
fn the_longest_name_works_everywhere() {
    let tree = Tree::new();
    let (long, other) = ("x".repeat(255), "y".repeat(255));
    as_file(tree.open(&long, &create(wasi_shim::vfs::Create::Exclusive)));
    assert_eq!(rename(&tree, &long, &other), OK);
    assert_eq!(tree.dir.link(n(&other), &*tree.dir, n(&long)), Ok(()));
    assert_eq!(tree.dir.remove_file(n(&long)), Ok(()));
    assert_eq!(listing(&*tree.dir).unwrap().into_keys().next(), Some(other));
}
