//! Checks of opening, of links' texts and of the shortcuts.
//!
//! Knows what [`Dir::open`] must answer to every request. Refuses to know what is done with what was opened. Run by the
//! suite.

use super::Abilities;
use super::tools::{Thing, WRITE, file, kind, name, names, open_file, read_all, stat, subdir};
use crate::abi::{Errno, FileKind, Result};
use crate::vfs::{Create, DeepPath, Dir, Follow, FsId, Node, OpenRequest, PlainPath, SyncMode};
use std::sync::Arc;

/// Every request that differs in what it may find, but for the creation of directories, which there is none of.
fn requests() -> impl Iterator<Item = OpenRequest> {
    let creates = [Create::Never, Create::IfMissing, Create::Exclusive];
    (0..48_usize).map(move |bits| OpenRequest {
        read: bits & 1 != 0 || bits & 2 == 0,
        write: bits & 2 != 0,
        create: creates[bits >> 4],
        truncate: bits & 4 != 0,
        directory: bits & 8 != 0,
        sync: SyncMode::None,
    })
}

/// What the contract says; `None` where it says nothing.
fn expected(thing: Thing, request: &OpenRequest) -> Option<Result<FileKind>> {
    let taken = thing != Thing::Nothing;
    Some(if taken && request.create == Create::Exclusive {
        Err(Errno::Exist)
    } else if thing == Thing::Symlink {
        Ok(FileKind::SymbolicLink)
    } else if !taken && request.create == Create::Never {
        Err(Errno::Noent)
    } else if !taken && request.directory {
        return None;
    } else if thing.is_dir() && request.mutates() {
        Err(Errno::Isdir)
    } else if thing.is_dir() {
        Ok(FileKind::Directory)
    } else if request.directory {
        Err(Errno::Notdir)
    } else {
        Ok(FileKind::RegularFile)
    })
}

pub(super) fn opening_answers_in_order(root: &Arc<dyn Dir>, able: &Abilities) {
    for thing in Thing::all(able.symlinks) {
        for (index, request) in requests().enumerate() {
            let Some(expected) = expected(thing, &request) else {
                continue;
            };
            let dir = subdir(&**root, &format!("{thing:?}{index}"));
            thing.put(&*dir, "x");
            let found = dir.open(name("x"), &request).map(|node| kind(&node));
            assert_eq!(found, expected, "{thing:?}, {request:?}");
        }
    }
}

pub(super) fn opening_leaves_no_trace_when_it_fails(root: &Arc<dyn Dir>, able: &Abilities) {
    for thing in Thing::all(able.symlinks).filter(|thing| *thing != Thing::Nothing) {
        thing.put(&**root, "x");
        let before = (names(&**root), stat(&**root, "x"));
        let failing = |request: &OpenRequest| matches!(expected(thing, request), Some(Err(_)));
        for request in requests().filter(failing) {
            let _ = root.open(name("x"), &request);
            assert_eq!(
                (names(&**root), stat(&**root, "x")),
                before,
                "{thing:?}, {request:?}"
            );
        }
        if thing == Thing::Full {
            subdir(&**root, "x").remove_file(name("inside")).unwrap();
        }
        let gone = if thing.is_dir() {
            root.remove_dir(name("x"))
        } else {
            root.remove_file(name("x"))
        };
        assert_eq!(gone, Ok(()), "{thing:?}");
    }
    let _ = root.open(name("missing"), &OpenRequest::READ);
    assert_eq!(names(&**root), [""; 0]);
}

pub(super) fn opening_creates_once(root: &Arc<dyn Dir>, _able: &Abilities) {
    let first = open_file(&**root, "x", &WRITE);
    assert_eq!(first.metadata().unwrap().size, 0);
    assert_eq!(first.metadata().unwrap().kind, FileKind::RegularFile);
    let again = open_file(&**root, "x", &WRITE);
    assert_eq!(first.metadata().unwrap().ino, again.metadata().unwrap().ino);
    let exclusive = OpenRequest {
        create: Create::Exclusive,
        ..WRITE
    };
    assert_eq!(root.open(name("x"), &exclusive).err(), Some(Errno::Exist));
    open_file(&**root, "y", &exclusive);
    assert_eq!(names(&**root), ["x", "y"]);
}

pub(super) fn opening_truncates_only_when_asked(root: &Arc<dyn Dir>, _able: &Abilities) {
    let held = file(&**root, "x", b"content");
    let ino = held.metadata().unwrap().ino;
    open_file(&**root, "x", &WRITE);
    assert_eq!(read_all(&*held), b"content");
    let cut = open_file(
        &**root,
        "x",
        &OpenRequest {
            truncate: true,
            ..WRITE
        },
    );
    assert_eq!(held.metadata().unwrap().size, 0);
    assert_eq!(
        cut.metadata().unwrap().ino,
        ino,
        "truncating made another file"
    );
}

pub(super) fn directories_are_handles(root: &Arc<dyn Dir>, _able: &Abilities) {
    root.create_dir(name("d")).unwrap();
    for request in [OpenRequest::READ, OpenRequest::STEP] {
        match root.open(name("d"), &request) {
            Ok(Node::Dir(dir)) => drop(file(&*dir, "f", b"1")),
            other => panic!("{:?}, {request:?}", other.map(|node| kind(&node))),
        }
    }
    let dir = subdir(&**root, "d");
    assert_eq!(root.rename(name("d"), &**root, name("e")), Ok(()));
    assert_eq!(names(&*dir), ["f"]);
    file(&*dir, "g", b"2");
    assert_eq!(names(&*subdir(&**root, "e")), ["f", "g"]);
}

pub(super) fn symlinks_are_returned_with_their_text(root: &Arc<dyn Dir>, able: &Abilities) {
    if !able.symlinks {
        return;
    }
    file(&**root, "f", b"content");
    let long = "y/".repeat(400);
    for text in ["f", "x/../f", "../../up", "a//b/", "é", "x", &long] {
        assert_eq!(root.create_symlink(name("x"), text), Ok(()), "{text:?}");
        for request in [OpenRequest::READ, OpenRequest::STEP, WRITE] {
            match root.open(name("x"), &request) {
                Ok(Node::Symlink(found)) => assert_eq!(found, text),
                other => panic!("{text:?}: {:?}, {request:?}", other.map(|node| kind(&node))),
            }
        }
        assert_eq!(root.read_link(name("x")).as_deref(), Ok(text));
        let facts = stat(&**root, "x");
        assert_eq!(
            (facts.kind, facts.size),
            (FileKind::SymbolicLink, text.len() as u64)
        );
        root.remove_file(name("x")).unwrap();
    }
    assert_eq!(names(&**root), ["f"]);
}

pub(super) fn read_link_answers_in_order(root: &Arc<dyn Dir>, _able: &Abilities) {
    file(&**root, "f", b"");
    subdir(&**root, "d");
    assert_eq!(root.read_link(name("missing")), Err(Errno::Noent));
    assert_eq!(root.read_link(name("f")), Err(Errno::Inval));
    assert_eq!(root.read_link(name("d")), Err(Errno::Inval));
}

pub(super) fn deep_calls_agree_with_the_walk(root: &Arc<dyn Dir>, able: &Abilities) {
    let below = subdir(&*subdir(&**root, "a"), "b");
    Thing::all(able.symlinks).for_each(|thing| thing.put(&*below, &format!("{thing:?}")));
    if able.symlinks {
        root.create_symlink(name("s"), "a").unwrap();
    }
    for thing in Thing::all(able.symlinks) {
        let last = format!("{thing:?}");
        let path = format!("a/b/{last}");
        let path = PlainPath::new(&path).unwrap();
        let walked = below.stat(name(&last));
        let link = thing == Thing::Symlink;
        if let Some(found) = root.stat_deep(path, Follow::No) {
            assert_eq!(Ok(found), walked, "{path:?}");
        }
        if let Some(found) = root.stat_deep(path, Follow::Yes) {
            assert!(!link, "a final link was followed: {path:?}");
            assert_eq!(Ok(found), walked, "{path:?}");
        }
        if let Some(found) = root.open_deep(path, &OpenRequest::READ) {
            assert_eq!(Ok(kind(&found)), walked.map(|facts| facts.kind), "{path:?}");
        }
        let through = format!("s/b/{last}");
        let through = PlainPath::new(&through).unwrap();
        let followed = root.stat_deep(through, Follow::No).map(|facts| facts.ino);
        assert!(
            followed.is_none() || followed == walked.ok().map(|facts| facts.ino),
            "{through:?}"
        );
        for path in [
            last.clone(),
            format!("a/b/{last}"),
            format!("a/b/../b/{last}"),
            format!("s/b/../b/{last}"),
        ] {
            paths_agree_with_the_walk(root, &*below, &path, &last);
        }
    }
}

/// What is found over links and `..` is what `below` has, whose way from `root` is `path`; or the walk is left to others.
fn paths_agree_with_the_walk(root: &Arc<dyn Dir>, below: &dyn Dir, path: &str, last: &str) {
    let (start, deep) = match path.contains('/') {
        true => (&**root, DeepPath::new(path).unwrap()),
        false => (below, DeepPath::new(last).unwrap()),
    };
    let walked = below.stat(name(last));
    if let Some(found) = start.stat_path(deep, Follow::No) {
        assert_eq!(found, walked, "{path:?}");
    }
    let Some(opened) = start.open_path(deep, Follow::No, &OpenRequest::READ) else {
        return;
    };
    let opened = opened.map(|node| kind(&node));
    let expected = below
        .open(name(last), &OpenRequest::READ)
        .map(|node| kind(&node));
    assert_eq!(opened, expected, "{path:?}");
}

pub(super) fn one_filesystem_has_one_id(root: &Arc<dyn Dir>, _able: &Abilities) {
    let id = root.filesystem();
    assert_ne!(id, FsId::NONE, "without an id, nothing can be renamed");
    assert_eq!(subdir(&*subdir(&**root, "a"), "b").filesystem(), id);
    assert_eq!(
        subdir(&**root, "a").filesystem(),
        id,
        "opened again, it is the same filesystem"
    );
}
