//! Opening a name.
//!
//! This file knows how a request becomes the flags of one open that follows nothing and waits for nothing, and how
//! what was opened is told apart. It does not know paths of several names; those are `deep`'s. Only `dir` and `deep`
//! use it.

use super::dir::{HostDir, path};
use super::file::HostFile;
use super::stdio::HostStream;
use super::{errno, facts};
use crate::abi::{Errno, FileKind, Result};
use crate::vfs::{Create, Name, Node, OpenRequest, SyncMode};
use cap_fs_ext::{DirExt, FollowSymlinks, OpenOptionsFollowExt, OpenOptionsSyncExt};
use cap_std::fs::{Dir as CapDir, OpenOptions, OpenOptionsExt};
use rustix::fs::OFlags;
use rustix::io::Errno as Native;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;

/// How often an entry may turn into something else between two looks at it before `again` is answered.
const ATTEMPTS: usize = 16;

/// [`Dir::open`](crate::vfs::Dir::open) of a host directory.
pub(super) fn open(dir: &HostDir, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
    if request.directory && request.mutates() {
        return refuse(dir, name, request);
    }
    for _ in 0..ATTEMPTS {
        if let Some(node) = attempt(dir, name, request)? {
            return Ok(node);
        }
    }
    Err(Errno::Again)
}

/// The answer to a request that no entry can satisfy: a directory that can be written like a file.
fn refuse(dir: &HostDir, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
    let stat = match dir.look(name) {
        // A regular file would have to be created to be found wanting.
        Err(Errno::Noent) if request.create != Create::Never => return Err(Errno::Inval),
        found => found?,
    };
    let kind = facts::kind(facts::file_type(&stat));
    request.check_existing(kind)?;
    if kind == FileKind::SymbolicLink {
        return crate::vfs::Dir::read_link(dir, name).map(Node::Symlink);
    }
    Err(Errno::Isdir)
}

/// One try. `None` if the entry turned into something else meanwhile.
fn attempt(dir: &HostDir, name: Name<'_>, request: &OpenRequest) -> Result<Option<Node>> {
    let error = match open_handle(dir.cap(), name, request) {
        Ok(opened) => return opened.node(request).map(Some),
        Err(error) => error,
    };
    let native = Native::from_io_error(&error);
    match native {
        // A link that is not followed is `ELOOP`, on FreeBSD `EMLINK`, and where a directory is asked for `ENOTDIR`.
        Some(Native::LOOP | Native::MLINK | Native::NOTDIR) => match link_text(dir, name) {
            Ok(text) => Ok(Some(Node::Symlink(text))),
            Err(NoText::NotUtf8) => Err(Errno::Ilseq),
            Err(NoText::Native(Native::INVAL)) if native == Some(Native::NOTDIR) => {
                Err(Errno::Notdir)
            }
            Err(NoText::Native(Native::INVAL | Native::NOENT)) => Ok(None),
            Err(NoText::Native(native)) => Err(errno::from_native(native)),
        },
        // Created by somebody else after it was found missing.
        Some(Native::EXIST) if request.create == Create::IfMissing => Ok(None),
        // A directory that may be searched but not read is still good for what does not read it.
        Some(Native::ACCESS) if !request.read && !request.mutates() => dir
            .cap()
            .open_dir_nofollow(path(name))
            .map(|dir| Some(Node::Dir(Arc::new(HostDir::new(dir)))))
            .map_err(|_| Errno::Acces),
        _ => Err(errno::from_io(&error)),
    }
}

/// What was opened, as far as the way of opening tells.
enum Opened {
    Dir(CapDir),
    NewFile(File),
    Something(File),
}

impl Opened {
    fn node(self, request: &OpenRequest) -> Result<Node> {
        match self {
            Self::Dir(dir) => Ok(Node::Dir(Arc::new(HostDir::new(dir)))),
            Self::NewFile(file) => Ok(Node::File(Arc::new(HostFile::new(file)))),
            Self::Something(file) => classify(file, request),
        }
    }
}

fn open_handle(dir: &CapDir, name: Name<'_>, request: &OpenRequest) -> io::Result<Opened> {
    let path = path(name);
    if request.directory && !request.read {
        return dir.open_dir_nofollow(path).map(Opened::Dir);
    }
    let open = |options: &OpenOptions| dir.open_with(path, options).map(|file| file.into_std());
    match request.create {
        Create::Never if request.directory => {
            open(&options(request)).map(|file| Opened::Dir(CapDir::from_std_file(file)))
        }
        Create::Never => open(&options(request)).map(Opened::Something),
        Create::Exclusive => {
            open(options(request).write(true).create_new(true)).map(Opened::NewFile)
        }
        Create::IfMissing if request.write || request.truncate => {
            open(options(request).create(true)).map(Opened::Something)
        }
        // cap-std creates only what it may write, but a file that exists may be one that we may not.
        Create::IfMissing => match open(&options(request)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                open(options(request).write(true).create_new(true)).map(Opened::NewFile)
            }
            result => result.map(Opened::Something),
        },
    }
}

/// The flags that do not depend on whether the file exists.
///
/// `O_NONBLOCK` keeps the open of a FIFO from waiting for its other end; it has no meaning for what has an offset.
/// `O_NOCTTY` keeps a terminal from becoming this process's.
fn options(request: &OpenRequest) -> OpenOptions {
    let write = request.write || request.truncate;
    let mut extra = OFlags::NOCTTY;
    if request.directory {
        extra |= OFlags::DIRECTORY;
    }
    let mut options = OpenOptions::new();
    options
        .read(request.read || !write)
        .write(write)
        .truncate(request.truncate)
        .custom_flags(extra.bits().cast_signed())
        .follow(FollowSymlinks::No)
        .nonblock(true)
        .dsync(request.sync == SyncMode::Data)
        .sync(request.sync == SyncMode::Full);
    options
}

/// Tells apart what was opened without having been followed.
pub(super) fn classify(file: File, request: &OpenRequest) -> Result<Node> {
    let stat = rustix::fs::fstat(&file).map_err(errno::from_native)?;
    let file_type = facts::file_type(&stat);
    Ok(match facts::kind(file_type) {
        FileKind::Directory if request.mutates() => return Err(Errno::Isdir),
        FileKind::Directory => Node::Dir(Arc::new(HostDir::new(CapDir::from_std_file(file)))),
        // A block device has offsets, which makes it a file as far as the plug is concerned.
        FileKind::RegularFile | FileKind::BlockDevice => Node::File(Arc::new(HostFile::new(file))),
        _ => Node::Stream(Arc::new(HostStream::opened(
            file.into(),
            file_type,
            request,
        ))),
    })
}

/// Why there is no link text.
pub(super) enum NoText {
    Native(Native),
    NotUtf8,
}

/// The text of a symbolic link.
pub(super) fn link_text(dir: &HostDir, name: Name<'_>) -> Result<String, NoText> {
    let text = rustix::fs::readlinkat(dir.cap().as_fd(), name.as_str(), Vec::new());
    let text = text.map_err(NoText::Native)?;
    text.into_string().map_err(|_| NoText::NotUtf8)
}
