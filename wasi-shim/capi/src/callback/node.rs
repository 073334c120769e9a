//! What opening an entry of a directory of the host's finds.
//!
//! Knows how an open is asked for in C, and how the answer is said. Refuses to know who opens; `dir` asks.

#![allow(unsafe_code, reason = "the attribute that exports a name")]

use super::dir::{CallbackDir, DirCallbacks};
use super::file::{CallbackFile, FileCallbacks};
use crate::dirs::Directory;
use crate::raw::{Place, Pointer, Ref, Text};
use crate::status::{Error, Status, attempt};
use crate::streams::ByteStream;
use std::sync::Arc;
use wasi_shim::abi::{self, Result};
use wasi_shim::vfs::{Create, FsId, Node, OpenRequest, SyncMode};

/// How an entry is to be opened.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct OpenHow {
    /// The file will be read.
    pub read: bool,
    /// The file will be written.
    pub write: bool,
    /// A missing file is created.
    pub create: bool,
    /// An entry that is there already is `exist`.
    pub exclusive: bool,
    /// The content of an existing file is discarded.
    pub truncate: bool,
    /// Anything but a directory or a link is `notdir`.
    pub directory: bool,
    /// When writes count as done: 0 when they are taken, 1 when the data are durable, 2 when the facts are too.
    pub sync: u8,
}

impl OpenHow {
    pub(super) const fn of(request: &OpenRequest) -> Self {
        Self {
            read: request.read,
            write: request.write,
            create: !matches!(request.create, Create::Never),
            exclusive: matches!(request.create, Create::Exclusive),
            truncate: request.truncate,
            directory: request.directory,
            sync: match request.sync {
                SyncMode::None => 0,
                SyncMode::Data => 1,
                SyncMode::Full => 2,
            },
        }
    }
}

/// What an open has found, for the time of the callback and its thread. It holds what was said last.
pub struct Found {
    node: Option<Node>,
    filesystem: FsId,
}

impl Found {
    pub(super) const fn nothing(filesystem: FsId) -> Self {
        let node = None;
        Self { node, filesystem }
    }

    /// What was found, if it is an answer to the request: `io` if nothing was said. The kind of what was asked for is
    /// looked at once more.
    pub(super) fn checked(self, request: &OpenRequest) -> Result<Node> {
        let node = self.node.ok_or(abi::Errno::Io)?;
        match &node {
            Node::Dir(_) if request.mutates() => return Err(abi::Errno::Isdir),
            Node::File(_) | Node::Stream(_) if request.directory => {
                return Err(abi::Errno::Notdir);
            }
            _ => {}
        }
        Ok(node)
    }
}

/// What was said before is dropped, and so perhaps a pointer of C's.
fn find(
    mut found: Place<Found>,
    work: impl FnOnce(FsId) -> std::result::Result<Node, Error>,
) -> Status {
    attempt(|| {
        let filesystem = found.with("found", |found| found.filesystem)?;
        let node = work(filesystem)?;
        let before = found.with("found", |found| found.node.replace(node))?;
        drop(before);
        Ok(())
    })
}

/// Within the callback `open`: it is a regular file that the host answers for. The callbacks are copied; `file` is passed to
/// each, and is taken only if this succeeds.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_found_file(
    found: Place<Found>,
    callbacks: Ref<FileCallbacks>,
    file: Pointer,
) -> Status {
    find(found, |_| {
        let file = CallbackFile::new(&callbacks, &file)?;
        Ok(Node::File(Arc::new(file)))
    })
}

/// Within the callback `open`: it is a directory of the same filesystem that the host answers for. The callbacks are copied;
/// `dir` is passed to each, and is taken only if this succeeds.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_found_dir(
    found: Place<Found>,
    callbacks: Ref<DirCallbacks>,
    dir: Pointer,
) -> Status {
    find(found, |filesystem| {
        let dir = CallbackDir::new(&callbacks, &dir, filesystem)?;
        Ok(Node::Dir(Arc::new(dir)))
    })
}

/// Within the callback `open`: it is a symbolic link with this text. The library decides whether it is followed.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_found_symlink(found: Place<Found>, text: Text) -> Status {
    find(found, |_| Ok(Node::Symlink(text.get("text")?.to_owned())))
}

/// Within the callback `open`: it is something without an offset, this stream. It stays the caller's to free, at any time.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_found_stream(found: Place<Found>, stream: Ref<ByteStream>) -> Status {
    find(found, |_| Ok(Node::Stream(stream.get("stream")?.get())))
}

/// Within the callback `open`: it is this directory, of any filesystem. It stays the caller's to free, at any time.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_found_mount(found: Place<Found>, dir: Ref<Directory>) -> Status {
    find(found, |_| Ok(Node::Dir(dir.get("dir")?.get())))
}
