//! Several names at once: an answer, if there is one, is the walk's.
#![cfg(all(unix, feature = "host"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot be set up has failed"
)]

mod host_kit;

use host_kit::*;
use std::sync::Arc;
use wasi_shim::abi::{Errno, FileKind, Result};
use wasi_shim::vfs::{Create, Dir, Follow, Metadata, Node, OpenRequest, PlainPath, SyncMode};

/// What the shim's walk does as long as it meets no link: `None` where it would have one to follow.
fn walk(dir: &Arc<dyn Dir>, path: &str, request: &OpenRequest) -> Option<Result<Node>> {
    let (mut dir, mut rest) = (dir.clone(), path);
    while let Some((first, after)) = rest.split_once('/') {
        match dir.open(n(first), &OpenRequest::STEP) {
            Ok(Node::Dir(next)) => dir = next,
            Ok(Node::Symlink(_)) => return None,
            Ok(_) => return Some(Err(Errno::Notdir)),
            Err(errno) => return Some(Err(errno)),
        }
        rest = after;
    }
    Some(dir.open(n(rest), request))
}

fn walk_stat(dir: &Arc<dyn Dir>, path: &str) -> Option<Result<Metadata>> {
    let (parent, name) = path.rsplit_once('/')?;
    let parent = if parent.contains('/') {
        walk(dir, parent, &OpenRequest::STEP)?
    } else {
        dir.open(n(parent), &OpenRequest::STEP)
    };
    match parent {
        Ok(Node::Dir(dir)) => Some(dir.stat(n(name))),
        Ok(Node::Symlink(_)) => None,
        Ok(_) => Some(Err(Errno::Notdir)),
        Err(errno) => Some(Err(errno)),
    }
}

/// Every kind at every depth, and links on the way.
fn forest() -> Tree {
    let tree = Tree::of_each_kind();
    for dir in ["a", "a/b", "a/b/c"] {
        tree.dir(dir);
        for (name, text) in [
            ("self", "."),
            ("up", ".."),
            ("out", "../../../../.."),
            ("abs", "/"),
            ("loop", "loop"),
            ("to_f", "f"),
            ("to_d", "d"),
            ("dangling", "nowhere"),
        ] {
            tree.link(&format!("{dir}/{name}"), text);
        }
        tree.file(&format!("{dir}/f"), "file");
        tree.dir(&format!("{dir}/d"));
        tree.fifo(&format!("{dir}/fifo"));
        tree.socket(&format!("{dir}/socket"));
    }
    tree
}

fn paths() -> Vec<String> {
    let ways = [
        "a",
        "a/b",
        "a/b/c",
        "a/self",
        "a/up",
        "a/b/up/b",
        "a/out",
        "a/abs",
        "a/loop",
        "a/f",
        "a/to_d",
        "a/missing",
        "a/b/c/d",
        "to_dir",
        "file",
        "missing",
        "a/fifo",
        "a/dangling",
    ];
    let ends = [
        "f", "d", "fifo", "socket", "self", "up", "out", "abs", "loop", "to_f", "to_d", "dangling",
        "missing", "b", "inner",
    ];
    let all = ways
        .iter()
        .flat_map(|way| ends.map(|end| format!("{way}/{end}")));
    all.collect()
}

fn requests() -> Vec<OpenRequest> {
    let mut all = Vec::new();
    for bits in 0..16_u8 {
        for create in [Create::Never, Create::IfMissing, Create::Exclusive] {
            all.push(request(|r| {
                r.read = bits & 1 != 0;
                r.write = bits & 2 != 0;
                r.truncate = bits & 4 != 0;
                r.directory = bits & 8 != 0;
                r.create = create;
                r.sync = SyncMode::None;
            }));
        }
    }
    all
}

/// Is there `openat2`, and may we call it?
fn kernel_can() -> bool {
    let tree = forest();
    tree.dir
        .stat_deep(PlainPath::new("a/f").unwrap(), Follow::No)
        .is_some()
}

/// Each on a tree of its own kind, because opening changes them.
#[test]
fn opening_deep_is_walking_or_declining() {
    let mut answered = 0;
    for request in requests() {
        let (one, two) = (forest(), forest());
        for path in paths() {
            let plain = PlainPath::new(&path).unwrap();
            let deep = one.dir.open_deep(plain, &request);
            let walked = walk(&two.dir, &path, &request);
            let context = format!("{path}: {request:?}");
            let same_sizes = || {
                let size = |tree: &Tree| walk_stat(&tree.dir, &path).map(|s| s.map(|m| m.size));
                assert_eq!(size(&one), size(&two), "{context}");
            };
            match (deep, walked) {
                (None, walked) => {
                    // Declining must not have changed anything, so that the walk comes to the same.
                    let again = walk(&one.dir, &path, &request);
                    assert_eq!(again.map(kind), walked.map(kind), "{context}");
                    same_sizes();
                }
                (Some(Node::Symlink(_)), _) => panic!("{context}: a link"),
                (Some(deep), Some(walked)) => {
                    answered += 1;
                    assert_eq!(kind(Ok(deep)), kind(walked), "{context}");
                    same_sizes();
                }
                (Some(_), None) => panic!("{context}: a link was followed"),
            }
        }
    }
    if kernel_can() {
        assert!(answered > 400, "{answered}");
    }
}

fn kind(result: Result<Node>) -> std::result::Result<FileKind, Errno> {
    result.map(|node| match node {
        Node::Dir(dir) => dir.metadata().unwrap().kind,
        Node::File(file) => file.metadata().unwrap().kind,
        Node::Stream(stream) => stream.kind(),
        Node::Symlink(_) => FileKind::SymbolicLink,
    })
}

#[test]
fn looking_deep_is_walking_or_declining() {
    let tree = forest();
    let mut answered = 0;
    for path in paths() {
        let plain = PlainPath::new(&path).unwrap();
        let walked = walk_stat(&tree.dir, &path);
        for follow in [Follow::No, Follow::Yes] {
            let Some(deep) = tree.dir.stat_deep(plain, follow) else {
                continue;
            };
            answered += 1;
            assert_eq!(Some(Ok(deep)), walked, "{path}");
            assert!(
                follow == Follow::No || deep.kind != FileKind::SymbolicLink,
                "{path}"
            );
        }
    }
    if kernel_can() {
        assert!(answered > 40, "{answered}");
    }
}

#[test]
fn what_was_opened_deep_is_the_very_thing() {
    let tree = forest();
    let plain = PlainPath::new("a/b/c/f").unwrap();
    let Some(node) = tree.dir.open_deep(plain, &write()) else {
        return;
    };
    let file = as_file(Ok(node));
    assert_eq!(file.write_at(b"FILE", 0), Ok(4));
    assert_eq!(tree.content("a/b/c/f"), "FILE");
    let Some(Ok(walked)) = walk_stat(&tree.dir, "a/b/c/f") else {
        panic!("no file");
    };
    assert_eq!(file.metadata().map(|m| m.ino), Ok(walked.ino));
    let dir = tree
        .dir
        .open_deep(PlainPath::new("a/b").unwrap(), &directory());
    assert_eq!(
        listing(&*as_dir(dir.ok_or(Errno::Noent))).unwrap().len(),
        13
    );
}
