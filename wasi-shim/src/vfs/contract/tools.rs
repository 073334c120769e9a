//! Words that the checks are written in.
//!
//! Knows how to make, read and describe what a check needs, and fails the check where that fails. Refuses to know any
//! rule of the contract. Only the checks use it.

use crate::abi::FileKind;
use crate::vfs::{Create, Dir, File, Metadata, Name, Node, OpenRequest};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Reading and writing a file that is made if it is missing.
pub(super) const WRITE: OpenRequest = OpenRequest {
    write: true,
    create: Create::IfMissing,
    ..OpenRequest::READ
};

#[track_caller]
pub(super) fn name(text: &str) -> Name<'_> {
    Name::new(text).unwrap()
}

/// What can stand at a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thing {
    Nothing,
    File,
    Empty,
    Full,
    Symlink,
}

impl Thing {
    /// Everything, without symbolic links if there are none.
    pub(super) fn all(symlinks: bool) -> impl Iterator<Item = Self> + Clone {
        let all = [
            Self::Nothing,
            Self::File,
            Self::Empty,
            Self::Full,
            Self::Symlink,
        ];
        all.into_iter()
            .filter(move |thing| symlinks || *thing != Self::Symlink)
    }

    pub(super) const fn is_dir(self) -> bool {
        matches!(self, Self::Empty | Self::Full)
    }

    /// Puts it at a free name.
    #[track_caller]
    pub(super) fn put(self, dir: &dyn Dir, text: &str) {
        match self {
            Self::Nothing => {}
            Self::File => drop(file(dir, text, b"content")),
            Self::Empty => drop(subdir(dir, text)),
            Self::Full => drop(file(&*subdir(dir, text), "inside", b"")),
            Self::Symlink => dir.create_symlink(name(text), "elsewhere").unwrap(),
        }
    }
}

/// Makes a file with this content, or overwrites the beginning of one.
#[track_caller]
pub(super) fn file(dir: &dyn Dir, text: &str, content: &[u8]) -> Arc<dyn File> {
    let file = open_file(dir, text, &WRITE);
    write_all(&*file, content, 0);
    file
}

#[track_caller]
pub(super) fn open_file(dir: &dyn Dir, text: &str, request: &OpenRequest) -> Arc<dyn File> {
    match dir.open(name(text), request) {
        Ok(Node::File(file)) => file,
        Ok(other) => panic!("{text:?} was opened as {:?}", kind(&other)),
        Err(errno) => panic!("{text:?} cannot be opened as a file: {errno:?}"),
    }
}

/// The directory of that name, made if it is missing.
#[track_caller]
pub(super) fn subdir(dir: &dyn Dir, text: &str) -> Arc<dyn Dir> {
    let _ = dir.create_dir(name(text));
    match dir.open(name(text), &OpenRequest::STEP) {
        Ok(Node::Dir(dir)) => dir,
        Ok(other) => panic!("{text:?} was opened as {:?}", kind(&other)),
        Err(errno) => panic!("{text:?} cannot be opened as a directory: {errno:?}"),
    }
}

pub(super) fn kind(node: &Node) -> FileKind {
    match node {
        Node::Dir(_) => FileKind::Directory,
        Node::File(_) => FileKind::RegularFile,
        Node::Stream(stream) => stream.kind(),
        Node::Symlink(_) => FileKind::SymbolicLink,
    }
}

/// Writes everything, over as many calls as it takes.
#[track_caller]
pub(super) fn write_all(file: &dyn File, mut bytes: &[u8], mut offset: u64) {
    while !bytes.is_empty() {
        let count = file.write_at(bytes, offset).unwrap();
        assert_ne!(count, 0, "a write made no progress");
        bytes = &bytes[count..];
        offset += count as u64;
    }
}

/// Reads `len` bytes at `offset`, or up to the end of the file.
#[track_caller]
pub(super) fn read(file: &dyn File, offset: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0xee; len];
    let mut done = 0;
    while done < len {
        match file
            .read_at(&mut bytes[done..], offset + done as u64)
            .unwrap()
        {
            0 => break,
            count => done += count,
        }
    }
    bytes.truncate(done);
    bytes
}

#[track_caller]
pub(super) fn read_all(file: &dyn File) -> Vec<u8> {
    let size = file.metadata().unwrap().size;
    read(file, 0, usize::try_from(size).unwrap() + 1)
}

#[track_caller]
pub(super) fn stat(dir: &dyn Dir, text: &str) -> Metadata {
    match dir.stat(name(text)) {
        Ok(facts) => facts,
        Err(errno) => panic!("{text:?} cannot be looked at: {errno:?}"),
    }
}

/// What a listing says: each name once, with the number and the kind given for it.
#[track_caller]
pub(super) fn list(dir: &dyn Dir) -> BTreeMap<String, (u64, FileKind)> {
    let mut entries = BTreeMap::new();
    let result = dir.list(&mut |entry| {
        let old = entries.insert(entry.name.to_owned(), (entry.ino, entry.kind));
        assert_eq!(old, None, "{:?} was listed twice", entry.name);
        ControlFlow::Continue(())
    });
    assert_eq!(result, Ok(()), "the directory cannot be listed");
    entries
}

/// The names alone.
#[track_caller]
pub(super) fn names(dir: &dyn Dir) -> Vec<String> {
    list(dir).into_keys().collect()
}
