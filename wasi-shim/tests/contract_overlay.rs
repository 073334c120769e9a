//! The overlay keeps the contract of filesystems, whatever is below it and whatever keeps its changes.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

mod support;

use std::sync::Arc;
use support::{name, names};
use wasi_shim::abi::FileKind;
use wasi_shim::backends::{MemDir, Overlay};
use wasi_shim::vfs::contract::{Known, Scratch, read_only};
use wasi_shim::vfs::{Dir, Node, OpenRequest};

/// Names that the checks use for things of their own.
const TAKEN: &[&str] = &[
    "a", "b", "c", "d", "e", "f", "g", "x", "y", "z", "File", "Full", "Empty", "Symlink", "log",
];

/// A tree with something at each of those names, for each kind of thing.
fn fill(root: &dyn Dir) {
    for (index, text) in TAKEN.iter().enumerate() {
        match index % 4 {
            0 => {
                let file = support::open(root, text);
                file.write_at(b"of the lower tree", 0).unwrap();
            }
            1 => root.create_symlink(name(text), "elsewhere").unwrap(),
            2 => root.create_dir(name(text)).unwrap(),
            _ => {
                root.create_dir(name(text)).unwrap();
                let dir = subdir(root, text);
                for inner in ["from", "to", "inside", "f"] {
                    support::open(&*dir, inner).write_at(b"inner", 0).unwrap();
                }
            }
        }
    }
}

fn subdir(dir: &dyn Dir, text: &str) -> Arc<dyn Dir> {
    match dir.open(name(text), &OpenRequest::STEP) {
        Ok(Node::Dir(dir)) => dir,
        _ => panic!("{text:?} is no directory"),
    }
}

/// Removes everything.
fn empty(dir: &dyn Dir) {
    for text in names(dir) {
        if dir.stat(name(&text)).unwrap().kind == FileKind::Directory {
            empty(&*subdir(dir, &text));
            dir.remove_dir(name(&text)).unwrap();
        } else {
            dir.remove_file(name(&text)).unwrap();
        }
    }
}

/// An overlay in which everything that the lower tree has was removed.
fn emptied() -> Arc<Overlay> {
    let lower = MemDir::new();
    fill(&*lower);
    let root = Overlay::new(lower);
    empty(&*root);
    root
}

mod over_nothing {
    use super::*;
    wasi_shim::vfs::contract!(|| Overlay::new(MemDir::new()));
}

mod over_what_was_removed {
    use super::*;
    wasi_shim::vfs::contract!(emptied);
}

mod over_an_overlay {
    use super::*;
    wasi_shim::vfs::contract!(|| Overlay::new(emptied()));
}

/// Below a directory of the lower tree that was moved and emptied.
mod in_a_moved_directory {
    use super::*;

    fn moved() -> Scratch {
        let lower = MemDir::new();
        let dir = lower.dir("there").unwrap();
        fill(&*dir);
        let root = Overlay::new(lower);
        root.rename(name("there"), &*root, name("here")).unwrap();
        let dir = subdir(&*root, "here");
        empty(&*dir);
        Scratch::guarded(dir, root)
    }

    wasi_shim::vfs::contract!(moved);
}

/// Where the lower tree is a directory of the host and the upper is in memory, and the other way round.
#[cfg(all(unix, feature = "host"))]
mod half_on_the_host {
    use super::*;
    use tempfile::TempDir;
    use wasi_shim::host::open_dir;

    mod below {
        use super::*;

        fn scratch() -> Scratch {
            let folder = TempDir::new().unwrap();
            let lower = open_dir(folder.path()).unwrap();
            fill(&*lower);
            let root = Overlay::new(lower);
            empty(&*root);
            Scratch::guarded(root, folder)
        }

        wasi_shim::vfs::contract!(scratch);
    }

    mod above {
        use super::*;
        use wasi_shim::vfs::contract::Abilities;

        fn scratch() -> Scratch {
            let folder = TempDir::new().unwrap();
            let lower = MemDir::new();
            fill(&*lower);
            let upper = open_dir(folder.path()).unwrap();
            let root = Overlay::builder(lower).upper(upper).build();
            empty(&*root);
            Scratch::guarded(root, folder)
        }

        wasi_shim::vfs::contract!(
            scratch,
            Abilities {
                allocate: cfg!(target_os = "linux"),
                ..Abilities::ALL
            }
        );
    }
}

#[cfg(all(unix, feature = "host"))]
mod over_the_host {
    use super::*;
    use tempfile::TempDir;
    use wasi_shim::host::open_dir;
    use wasi_shim::vfs::contract::Abilities;

    fn scratch() -> Scratch {
        let (lower, upper) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let below = open_dir(lower.path()).unwrap();
        fill(&*below);
        let root = Overlay::builder(below)
            .upper(open_dir(upper.path()).unwrap())
            .build();
        empty(&*root);
        Scratch::guarded(root, (lower, upper))
    }

    wasi_shim::vfs::contract!(
        scratch,
        Abilities {
            allocate: cfg!(target_os = "linux"),
            ..Abilities::ALL
        }
    );
}

#[test]
fn what_is_unchanged_is_found_as_it_is() {
    let lower = MemDir::new();
    lower.file("file", "some content").unwrap();
    lower.symlink("link", "../dir/inner").unwrap();
    lower
        .dir("dir")
        .unwrap()
        .file("inner", "inner content")
        .unwrap();
    let below = wasi_shim::backends::ReadOnly::new(lower.clone());
    let root: Arc<dyn Dir> = wasi_shim::backends::ReadOnly::new(Overlay::new(below));
    read_only(
        &root,
        &[
            Known::File("file", b"some content"),
            Known::Symlink("link", "../dir/inner"),
            Known::Dir("dir", &[Known::File("inner", b"inner content")]),
        ],
    );
    for text in ["file", "link", "dir"] {
        assert_eq!(root.stat(name(text)), lower.stat(name(text)), "{text:?}");
    }
    assert_eq!(root.metadata(), lower.metadata());
}
