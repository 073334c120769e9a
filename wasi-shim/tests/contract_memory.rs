//! The filesystem in memory keeps the contract of filesystems.

#![allow(clippy::unwrap_used, reason = "what is wrong in a test should fail it")]

use std::ops::ControlFlow;
use wasi_shim::abi::Errno;
use wasi_shim::backends::MemDir;
use wasi_shim::vfs::{Dir, Name};

wasi_shim::vfs::contract!(MemDir::new);

#[test]
fn lists_are_in_the_order_of_names() {
    let root = MemDir::new();
    for name in ["b", "a", "ä", "c", "B"] {
        root.file(name, "").unwrap();
    }
    let mut names = Vec::new();
    root.list(&mut |entry| {
        names.push(entry.name.to_owned());
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(names, ["B", "a", "b", "c", "ä"]);
}

#[test]
fn names_of_every_length_are_found_listed_in_order_and_removed() {
    let root = MemDir::new();
    let mut names: Vec<String> = (1..=Name::MAX_LEN).map(|len| "n".repeat(len)).collect();
    // Names that are alike as far as a few words go, and names that end where others go on.
    for len in [7, 8, 9, 15, 16, 17, 22, 23, 24, 25, 40] {
        for end in ["a", "b", "\u{1}", "ä", "\u{10ffff}"] {
            names.push(format!("{}{end}", "n".repeat(len)));
        }
    }
    for name in names.iter().rev() {
        root.file(name, name.as_bytes()).unwrap();
    }
    let listed = || {
        let mut listed = Vec::new();
        root.list(&mut |entry| {
            listed.push(entry.name.to_owned());
            ControlFlow::Continue(())
        })
        .unwrap();
        listed
    };
    let mut expected = names.clone();
    expected.sort();
    assert_eq!(listed(), expected);
    for (index, name) in names.iter().enumerate() {
        assert_eq!(root.contents(name), Ok(name.clone().into_bytes()));
        if index % 2 == 0 {
            root.remove_file(Name::new(name).unwrap()).unwrap();
            assert_eq!(root.contents(name), Err(Errno::Noent));
            expected.retain(|other| other != name);
        }
    }
    assert_eq!(listed(), expected);
    let bytes: usize = expected.iter().map(|name| 96 + 192 + name.len()).sum();
    assert_eq!(root.usage().names, bytes as u64);
}

#[test]
fn directories_count_their_subdirectories() {
    let root = MemDir::new();
    let nlink = |dir: &dyn Dir| dir.metadata().unwrap().nlink;
    let (a, b) = (root.dir("a").unwrap(), root.dir("b").unwrap());
    a.dir("c").unwrap();
    a.file("f", "").unwrap();
    assert_eq!((nlink(&*root), nlink(&*a), nlink(&*b)), (4, 3, 2));
    let name = |text| Name::new(text).unwrap();
    a.rename(name("c"), &*root, name("b")).unwrap();
    assert_eq!((nlink(&*root), nlink(&*a), nlink(&*b)), (4, 2, 0));
    root.remove_dir(name("b")).unwrap();
    assert_eq!(nlink(&*root), 3);
}

/// A tree that a snapshot was taken of, which is still there and was not looked at.
mod original {
    use super::MemDir;
    use std::sync::{Arc, Mutex};

    fn original() -> Arc<MemDir> {
        static SNAPSHOTS: Mutex<Vec<Arc<MemDir>>> = Mutex::new(Vec::new());
        let root = MemDir::new();
        SNAPSHOTS.lock().unwrap().push(root.snapshot());
        root
    }

    wasi_shim::vfs::contract!(original);
}

/// The snapshot of a tree that had things in it, which were removed in the snapshot.
mod snapshot {
    use super::{Dir as _, MemDir, Name};
    use std::sync::Arc;

    fn snapshot() -> Arc<MemDir> {
        let original = MemDir::new();
        original.dir("d").unwrap().file("f", "f").unwrap();
        let snapshot = original.snapshot();
        let name = |text| Name::new(text).unwrap();
        let dir = snapshot.dir("d").unwrap();
        dir.remove_file(name("f")).unwrap();
        snapshot.remove_dir(name("d")).unwrap();
        snapshot
    }

    wasi_shim::vfs::contract!(snapshot);
}
