//! What directories that nobody can change answer about what they hold.
//!
//! Knows the order of errors that a directory's contract gives, with `rofs` at its end, and the facts about things that
//! have none of their own. Refuses to know how an entry is found. The directories of devices use it.

use crate::abi::{Errno, FileKind, Result};
use crate::vfs::{Create, Dir, Metadata, Name, Node, OpenRequest, Stream};
use std::sync::Arc;

/// What an entry is called when it is looked at by name.
pub(super) fn kind(node: &Node) -> FileKind {
    match node {
        Node::Dir(_) => FileKind::Directory,
        Node::File(_) => FileKind::RegularFile,
        Node::Stream(stream) => stream_kind(stream),
        Node::Symlink(_) => FileKind::SymbolicLink,
    }
}

fn stream_kind(stream: &Arc<dyn Stream>) -> FileKind {
    match stream.kind() {
        FileKind::Unknown => FileKind::CharacterDevice,
        kind => kind,
    }
}

/// The facts about an entry. The number is for streams and links; files and directories have theirs.
pub(super) fn facts(node: &Node, ino: u64) -> Result<Metadata> {
    match node {
        Node::Dir(dir) => dir.metadata(),
        Node::File(file) => file.metadata(),
        Node::Stream(_) => Ok(Metadata::new(kind(node), ino, 0)),
        Node::Symlink(text) => Ok(Metadata::symlink(ino, text.len() as u64)),
    }
}

/// A number for the entry of this name in the directory of this number: the same in every run, and other than those of
/// the other names but by chance (FNV-1a).
pub(super) fn number(dir: u64, name: Name<'_>) -> u64 {
    let dir = dir.to_le_bytes();
    let bytes = dir.iter().copied().chain(name.as_str().bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    // 0 is "not known".
    hash.max(1)
}

/// Opens what was found. Streams take any request: what cannot be read or written says so when it is tried, and there is
/// nothing to truncate. Files that may be written are, others are `rofs`.
pub(super) fn serve(node: Node, request: &OpenRequest, writable: bool) -> Result<Node> {
    request.check_existing(kind(&node))?;
    if let Node::File(file) = &node
        && request.mutates()
    {
        if !writable {
            return Err(Errno::Rofs);
        }
        if request.truncate {
            file.set_len(0)?;
        }
    }
    Ok(node)
}

/// What opening answers where there is nothing.
pub(super) const fn missing(request: &OpenRequest) -> Errno {
    match request.create {
        Create::Never => Errno::Noent,
        Create::IfMissing | Create::Exclusive => Errno::Rofs,
    }
}

/// What a directory that cannot change answers to the functions that would change it: the errors of the contract that
/// facts alone decide, then `rofs`.
macro_rules! refusals {
    () => {
        fn create_dir(&self, name: Name<'_>) -> Result<()> {
            Err(found::refuse_new(self, name))
        }

        fn create_symlink(&self, name: Name<'_>, _text: &str) -> Result<()> {
            Err(found::refuse_new(self, name))
        }

        fn remove_file(&self, name: Name<'_>) -> Result<()> {
            Err(found::refuse_removal(self, name, false))
        }

        fn remove_dir(&self, name: Name<'_>) -> Result<()> {
            Err(found::refuse_removal(self, name, true))
        }

        fn rename(&self, from: Name<'_>, _target: &dyn Dir, _to: Name<'_>) -> Result<()> {
            self.stat(from)?;
            Err(Errno::Rofs)
        }

        fn link(&self, from: Name<'_>, target: &dyn Dir, to: Name<'_>) -> Result<()> {
            Err(found::refuse_link(self, from, target, to))
        }

        fn set_times(&self, name: Name<'_>, _times: &SetTimes) -> Result<()> {
            self.stat(name)?;
            Err(Errno::Rofs)
        }
    };
}
pub(super) use refusals;

/// `exist` if the name is taken, else `rofs`.
pub(super) fn refuse_new(dir: &dyn Dir, name: Name<'_>) -> Errno {
    match dir.stat(name) {
        Ok(_) => Errno::Exist,
        Err(Errno::Noent) => Errno::Rofs,
        Err(errno) => errno,
    }
}

/// In order: `noent`, `notdir` or `isdir` if the entry is not what is to be removed, `rofs`.
pub(super) fn refuse_removal(dir: &dyn Dir, name: Name<'_>, directory: bool) -> Errno {
    match dir.stat(name).map(|facts| facts.kind) {
        Ok(FileKind::Directory) if !directory => Errno::Isdir,
        Ok(kind) if directory && kind != FileKind::Directory => Errno::Notdir,
        Ok(_) => Errno::Rofs,
        Err(errno) => errno,
    }
}

/// In order: `noent` if `from` is missing, `exist` if `to` is taken, `perm` if `from` is a directory, `rofs`.
pub(super) fn refuse_link(dir: &dyn Dir, from: Name<'_>, target: &dyn Dir, to: Name<'_>) -> Errno {
    match (dir.stat(from), refuse_new(target, to)) {
        (Err(errno), _) => errno,
        (Ok(facts), Errno::Rofs) if facts.kind == FileKind::Directory => Errno::Perm,
        (Ok(_), errno) => errno,
    }
}
