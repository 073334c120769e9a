//! The contract of a filesystem that does not change.
//!
//! Knows the reading half of the contract, and that the other half answers "read-only". Refuses to know how the content
//! came to be. The tests of filesystems use it.

use super::tools::{Thing, WRITE, kind, list, name, names, read, stat};
use crate::abi::{Errno, FileKind, Result};
use crate::vfs::{Create, Dir, File, Node, OpenRequest, SetTimes};
use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;

/// What a read-only filesystem is known to hold.
#[derive(Clone, Copy, Debug)]
pub enum Known<'a> {
    /// A directory of this name with exactly this content.
    Dir(&'a str, &'a [Known<'a>]),
    /// A file of this name with exactly these bytes.
    File(&'a str, &'a [u8]),
    /// A symbolic link of this name with exactly this text.
    Symlink(&'a str, &'a str),
}

impl<'a> Known<'a> {
    const fn name(&self) -> &'a str {
        match self {
            Self::Dir(name, _) | Self::File(name, _) | Self::Symlink(name, _) => name,
        }
    }

    const fn thing(&self) -> Thing {
        match self {
            Self::Dir(..) => Thing::Full,
            Self::File(..) => Thing::File,
            Self::Symlink(..) => Thing::Symlink,
        }
    }
}

/// Checks that `root` holds exactly `content`, that it refuses every change with `rofs` or with the error that the
/// contract puts before it, and that `content` is still there afterwards.
///
/// # Panics
/// If the filesystem breaks the contract.
pub fn read_only(root: &Arc<dyn Dir>, content: &[Known<'_>]) {
    holds(&**root, content);
    refuses(&**root, content);
    holds(&**root, content);
}

fn holds(dir: &dyn Dir, content: &[Known<'_>]) {
    let mut expected: Vec<&str> = content.iter().map(Known::name).collect();
    expected.sort_unstable();
    assert_eq!(names(dir), expected);
    assert_eq!(
        dir.metadata().map(|facts| facts.kind),
        Ok(FileKind::Directory)
    );
    assert_eq!(dir.stat(name("no such entry")), Err(Errno::Noent));
    for known in content {
        let text = known.name();
        let (facts, listed) = (stat(dir, text), list(dir)[text]);
        assert!(
            listed.0 == 0 || listed.0 == facts.ino,
            "{text:?}: {listed:?}"
        );
        assert!(
            matches!(listed.1, FileKind::Unknown) || listed.1 == facts.kind,
            "{text:?}: {listed:?}"
        );
        let node = dir
            .open(name(text), &OpenRequest::READ)
            .map_err(|errno| format!("{text:?}: {errno:?}"));
        match (known, node.unwrap()) {
            (Known::Dir(_, content), Node::Dir(dir)) => {
                assert_eq!(dir.metadata().unwrap().ino, facts.ino);
                holds(&*dir, content);
            }
            (Known::File(_, content), Node::File(file)) => reads(&*file, content),
            (Known::Symlink(_, content), Node::Symlink(found)) => {
                assert_eq!(
                    (found.as_str(), facts.size),
                    (*content, content.len() as u64)
                );
            }
            (known, found) => panic!("{known:?} was opened as {:?}", kind(&found)),
        }
        let link = dir.read_link(name(text));
        assert_eq!(
            link.is_ok(),
            facts.kind == FileKind::SymbolicLink,
            "{text:?}: {link:?}"
        );
    }
}

fn reads(file: &dyn File, content: &[u8]) {
    let size = content.len() as u64;
    assert_eq!(
        file.metadata().map(|facts| (facts.kind, facts.size)),
        Ok((FileKind::RegularFile, size))
    );
    assert_eq!(read(file, 0, content.len() + 1), content);
    assert_eq!(
        read(file, size / 2, content.len()),
        content[content.len() / 2..]
    );
    for offset in [size, size + 1, i64::MAX as u64] {
        assert_eq!(file.read_at(&mut [0], offset), Ok(0), "at {offset}");
    }
    let (mut a, mut b) = (vec![0; content.len() / 3], vec![0; content.len()]);
    let mut bufs = [IoSliceMut::new(&mut a), IoSliceMut::new(&mut b)];
    let count = file.read_vectored_at(&mut bufs, 0).unwrap();
    let both = [a, b].concat();
    assert_eq!(both[..count], content[..count]);
}

/// Is this a refusal, and not one for a reason that comes later than "read-only"?
#[track_caller]
fn assert_refused<T>(answer: Result<T>, earlier: &[Errno], what: &str) {
    match answer.err() {
        Some(Errno::Rofs) => {}
        Some(errno) if earlier.contains(&errno) => {}
        other => panic!("{what}: answered {other:?}, not rofs"),
    }
}

fn refuses(dir: &dyn Dir, content: &[Known<'_>]) {
    let free = "no such entry";
    assert_refused(dir.create_dir(name(free)), &[], "create_dir");
    assert_refused(dir.create_symlink(name(free), "t"), &[], "create_symlink");
    assert_refused(dir.open(name(free), &WRITE), &[], "open and create");
    assert_refused(dir.remove_file(name(free)), &[Errno::Noent], "remove_file");
    assert_refused(dir.remove_dir(name(free)), &[Errno::Noent], "remove_dir");
    assert_refused(
        dir.rename(name(free), dir, name("x")),
        &[Errno::Noent],
        "rename",
    );
    assert_refused(
        dir.link(name(free), dir, name("x")),
        &[Errno::Noent],
        "link",
    );
    assert_refused(
        dir.set_times(name(free), &SetTimes::default()),
        &[Errno::Noent],
        "set_times",
    );
    assert_refused(
        dir.set_own_times(&SetTimes::default()),
        &[],
        "set_own_times",
    );
    for known in content {
        refuses_entry(dir, known);
        match dir.open(name(known.name()), &OpenRequest::READ).unwrap() {
            Node::File(file) => refuses_bytes(&*file),
            Node::Dir(dir) => {
                let Known::Dir(_, content) = known else {
                    continue;
                };
                refuses(&*dir, content);
            }
            Node::Stream(_) | Node::Symlink(_) => {}
        }
    }
}

fn refuses_entry(dir: &dyn Dir, known: &Known<'_>) {
    let (text, taken) = (name(known.name()), [Errno::Exist]);
    assert_refused(dir.create_dir(text), &taken, "create_dir");
    assert_refused(dir.create_symlink(text, "t"), &taken, "create_symlink");
    assert_refused(dir.remove_file(text), &[Errno::Isdir], "remove_file");
    assert_refused(
        dir.remove_dir(text),
        &[Errno::Notdir, Errno::Notempty],
        "remove_dir",
    );
    assert_refused(dir.rename(text, dir, name("no such entry")), &[], "rename");
    assert_refused(
        dir.link(text, dir, name("no such entry")),
        &[Errno::Perm],
        "link",
    );
    assert_refused(dir.set_times(text, &SetTimes::default()), &[], "set_times");
    let exclusive = OpenRequest {
        create: Create::Exclusive,
        ..WRITE
    };
    assert_eq!(
        dir.open(text, &exclusive).err(),
        Some(Errno::Exist),
        "exclusive creation of {text}"
    );
    let truncating = OpenRequest {
        truncate: true,
        ..OpenRequest::READ
    };
    for request in [
        WRITE,
        truncating,
        OpenRequest {
            directory: true,
            ..WRITE
        },
    ] {
        let answer = dir.open(text, &request).map(|node| kind(&node));
        let expected = match known.thing() {
            Thing::Symlink => Ok(FileKind::SymbolicLink),
            Thing::Full => Err(Errno::Isdir),
            _ if request.directory => Err(Errno::Notdir),
            _ => Err(Errno::Rofs),
        };
        assert_eq!(answer, expected, "{known:?}, {request:?}");
    }
}

fn refuses_bytes(file: &dyn File) {
    let bufs = [IoSlice::new(b"x")];
    assert_refused(file.write_at(b"x", 0), &[], "write_at");
    assert_refused(file.write_vectored_at(&bufs, 0), &[], "write_vectored_at");
    assert_refused(file.append(&bufs), &[], "append");
    assert_refused(file.set_len(0), &[], "set_len");
    assert_refused(file.allocate(0, 1 << 20), &[Errno::Notsup], "allocate");
    assert_refused(file.set_times(&SetTimes::default()), &[], "set_times");
}
