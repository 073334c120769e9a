//! Overlays over directories of the host.
#![cfg(all(unix, feature = "host"))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

mod host_kit;
mod overlay_kit;

use host_kit::Tree;
use overlay_kit::{
    Clock, Dice, Facts, Twins, content_of, dump, entries, n, plant, put, subdir, walk, writing,
};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use wasi_shim::abi::{Errno, FileKind};
use wasi_shim::backends::{MemDir, Overlay};
use wasi_shim::vfs::{Dir, Node, OpenRequest};

/// Number, mode, names, times and content of a file.
type Known = (u64, u32, u64, i64, i64, Vec<u8>);

/// All that the host knows of a tree, but when it was last read.
fn snapshot(path: &Path) -> BTreeMap<String, Known> {
    let mut all = BTreeMap::new();
    let mut open = vec![path.to_owned()];
    while let Some(path) = open.pop() {
        let facts = fs::symlink_metadata(&path).unwrap();
        let content = if facts.is_dir() {
            let entries = fs::read_dir(&path).unwrap();
            open.extend(entries.map(|entry| entry.unwrap().path()));
            vec![]
        } else if facts.is_file() {
            fs::read(&path).unwrap()
        } else {
            vec![]
        };
        let times = (facts.mtime_nsec(), facts.ctime_nsec());
        let what = (
            facts.ino(),
            facts.mode(),
            facts.nlink(),
            times.0,
            times.1,
            content,
        );
        all.insert(path.to_string_lossy().into_owned(), what);
    }
    all
}

fn loose(dir: &dyn Dir) -> BTreeMap<String, Facts> {
    let mut all = dump(dir);
    all.values_mut().for_each(Facts::forget);
    all
}

#[test]
fn any_sequence_over_the_host_has_the_answers_of_a_plain_tree() {
    for seed in 0..12 {
        let clock = Clock::new();
        let (lower, upper, copy, plain) = (Tree::new(), Tree::new(), Tree::new(), MemDir::new());
        for root in [&*lower.dir, &*copy.dir, &*plain] {
            plant(root, &mut Dice(seed), 3);
        }
        let before = snapshot(lower.root());
        let root = Overlay::builder(lower.dir.clone())
            .upper(upper.dir.clone())
            .time(clock.source())
            .build();
        let mut twins = Twins::loose(plain.clone(), root.clone());
        let mut dice = Dice(seed ^ 0x5eed);
        for index in 0..300 {
            clock.tick();
            twins.step(&mut dice, &format!("seed {seed}, step {index}"));
        }
        twins.compare(&format!("seed {seed}, at the end"));
        assert!(
            snapshot(lower.root()) == before,
            "seed {seed}: the lower tree"
        );
        assert_eq!(loose(&*root), loose(&*plain), "seed {seed}");
        root.commit(&*copy.dir).unwrap();
        assert_eq!(loose(&*copy.dir), loose(&*plain), "seed {seed}: the copy");
        drop((root, twins));
        assert_eq!(
            fs::read_dir(upper.root()).unwrap().count(),
            0,
            "seed {seed}"
        );
    }
}

#[test]
fn permissions_and_identity_are_kept_by_a_commit() {
    let tree = Tree::new();
    for path in ["edited", "moved", "both"] {
        tree.file(path, "#!/bin/sh");
        fs::set_permissions(tree.path(path), fs::Permissions::from_mode(0o751)).unwrap();
    }
    let facts = |path: &str| {
        let facts = fs::metadata(tree.path(path)).unwrap();
        (facts.ino(), facts.mode() & 0o777)
    };
    let before = ["edited", "moved", "both"].map(facts);
    let root = Overlay::new(tree.dir.clone());
    root.create_dir(n("bin")).unwrap();
    let bin = subdir(&*root, "bin");
    put(&*root, "edited", b"# edited");
    root.rename(n("moved"), &*bin, n("moved")).unwrap();
    root.rename(n("both"), &*bin, n("both")).unwrap();
    put(&*bin, "both", b"# edited");
    root.commit(&*tree.dir).unwrap();
    assert_eq!(["edited", "bin/moved", "bin/both"].map(facts), before);
    assert_eq!(tree.content("bin/both"), "# editedh");
    assert_eq!(entries(&*tree.dir).len(), 2);
}

#[test]
fn what_is_special_can_be_moved_and_not_written() {
    let tree = Tree::of_each_kind();
    let root = Overlay::new(tree.dir.clone());
    assert_eq!(root.open(n("fifo"), &writing()).err(), Some(Errno::Rofs));
    assert!(matches!(
        root.open(n("fifo"), &OpenRequest::READ),
        Ok(Node::Stream(_))
    ));
    root.rename(n("fifo"), &*subdir(&*root, "dir"), n("pipe"))
        .unwrap();
    root.link(n("to_file"), &*root, n("second")).unwrap();
    assert_eq!(root.read_link(n("second")), Ok("file".to_owned()));
    root.commit(&*tree.dir).unwrap();
    assert_eq!(
        subdir(&*tree.dir, "dir").stat(n("pipe")).unwrap().kind,
        FileKind::Unknown
    );
    assert_eq!(tree.dir.stat(n("second")).unwrap().nlink, 2);
}

#[cfg(target_os = "linux")]
#[test]
fn handles_of_the_host_are_held_while_somebody_holds_theirs() {
    let (lower, upper) = (Tree::new(), Tree::new());
    for index in 0..100 {
        lower.dir(&format!("{index}"));
        lower.file(&format!("{index}/f"), "content");
    }
    let root = Overlay::builder(lower.dir.clone())
        .upper(upper.dir.clone())
        .build();
    let held = |root: &Path| {
        let open = fs::read_dir("/proc/self/fd").unwrap();
        let leads =
            |fd: &fs::DirEntry| fs::read_link(fd.path()).is_ok_and(|to| to.starts_with(root));
        open.filter_map(|fd| fd.ok()).filter(leads).count()
    };
    for index in 0..100 {
        let dir = subdir(&*root, &index.to_string());
        put(&*dir, "f", b"changed");
        put(&*dir, "new", b"new");
        assert_eq!(content_of(&*dir, "f"), Ok(b"changed".to_vec()));
    }
    assert_eq!(
        (held(lower.root()), held(upper.root())),
        (1, 1),
        "the two roots"
    );
    assert_eq!(entries(&*upper.dir).len(), 200);
}

#[test]
fn a_link_in_place_of_a_directory_leads_nowhere() {
    let (lower, outside) = (Tree::new(), Tree::new());
    outside.file("secret", "secret");
    lower.dir("d/e");
    lower.file("d/e/f", "content");
    let root: Arc<dyn Dir> = Overlay::new(lower.dir.clone());
    let e = walk(&root, "d/e");
    put(&*e, "f", b"changed");
    root.rename(n("d"), &*root, n("moved")).unwrap();
    drop(e);
    fs::rename(lower.path("d"), lower.path("elsewhere")).unwrap();
    lower.link("d", outside.root().to_str().unwrap());
    for path in ["moved", "d"] {
        let answer = root.open(n(path), &OpenRequest::STEP).map(|_| ());
        assert!(
            matches!(answer, Err(Errno::Stale | Errno::Noent)),
            "{path}: {answer:?}"
        );
    }
    let e = root.stat(n("moved")).map(drop);
    assert!(matches!(e, Ok(()) | Err(Errno::Stale)), "{e:?}");
    assert_eq!(outside.content("secret"), "secret");
}

#[test]
fn a_directory_with_what_no_guest_can_spell_is_not_empty() {
    let tree = Tree::new();
    tree.dir("d/inner");
    tree.dir("empty");
    tree.file("d/f", "");
    fs::write(tree.raw_path(b"d/bad\xff"), "kept").unwrap();
    let refused = Err(Errno::Notempty);
    let root = Overlay::new(tree.dir.clone());
    let check = |root: &dyn Dir| {
        let dir = subdir(root, "d");
        dir.remove_file(n("f")).unwrap();
        dir.remove_dir(n("inner")).unwrap();
        assert_eq!(root.remove_dir(n("d")), refused);
        assert_eq!(root.rename(n("empty"), root, n("d")), refused);
    };
    check(&*root);
    root.rename(n("d"), &*root, n("moved")).unwrap();
    root.commit(&*tree.dir).unwrap();
    assert_eq!(fs::read(tree.raw_path(b"moved/bad\xff")).unwrap(), b"kept");
    // The host answers the same.
    tree.dir("d");
    fs::rename(tree.path("moved"), tree.path("d")).unwrap();
    tree.dir("d/inner");
    tree.file("d/f", "");
    check(&*tree.dir);
}

#[test]
fn what_no_guest_can_spell_ends_a_commit_before_its_directory_is_touched() {
    let (lower, target) = (Tree::new(), Tree::new());
    for tree in [&lower, &target] {
        tree.dir("d");
        tree.file("d/f", "");
    }
    fs::write(target.raw_path(b"d/bad\xff"), "").unwrap();
    let root = Overlay::new(lower.dir.clone());
    subdir(&*root, "d").remove_file(n("f")).unwrap();
    root.remove_dir(n("d")).unwrap();
    let error = root.commit(&*target.dir).unwrap_err();
    assert_eq!((error.errno, error.done.len()), (Errno::Notempty, 0));
    assert!(target.exists("d/f"));
}
