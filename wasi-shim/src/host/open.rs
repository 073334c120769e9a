//! Opening a name.
//!
//! This file knows how a request becomes the flags of one open that follows nothing and waits for nothing, and how
//! what was opened is told apart. It does not know paths of several names; those are `deep`'s. Only `dir` and `deep`
//! use it.
//!
//! Why nothing above the directory can be reached: a [`Name`] holds no slash and is neither `.` nor `..`, and the kernel
//! is told not to follow it. A link that is to be followed at once is `deep`'s again.

#[cfg(target_os = "linux")]
use super::deep;
use super::dir::HostDir;
use super::file::HostFile;
use super::stream::HostStream;
use super::{errno, facts};
use crate::abi::{Errno, FileKind, Result};
use crate::vfs::{Create, Follow, Name, Node, OpenRequest, SyncMode};
use cap_fs_ext::DirExt;
use rustix::fs::{Mode, OFlags};
use rustix::io::{Errno as Native, retry_on_intr};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::sync::Arc;

/// How often an entry may turn into something else between two looks at it before `again` is answered.
const ATTEMPTS: usize = 16;

/// The room on the stack for the text of a link. Whether a text that fills it goes on is not known.
const SHORT: usize = 256;

/// [`Dir::open`](crate::vfs::Dir::open) of a host directory. A link is returned; if it is to be followed, only where that
/// cannot be done at once.
pub(super) fn open(
    dir: &HostDir,
    name: Name<'_>,
    follow: Follow,
    request: &OpenRequest,
) -> Result<Node> {
    if request.directory && request.mutates() {
        return refuse(dir, name, request);
    }
    for _ in 0..ATTEMPTS {
        if let Some(node) = attempt(dir, name, follow, request)? {
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
fn attempt(
    dir: &HostDir,
    name: Name<'_>,
    follow: Follow,
    request: &OpenRequest,
) -> Result<Option<Node>> {
    let native = match open_handle(dir, name, request) {
        Ok(opened) => return opened.node(request).map(Some),
        Err(native) => native,
    };
    match native {
        // A link that is not followed is `ELOOP`, on FreeBSD `EMLINK`, and where a directory is asked for `ENOTDIR`.
        Native::LOOP | Native::MLINK | Native::NOTDIR => match followed(dir, name, follow, request)
        {
            Some(node) => Ok(Some(node)),
            None => link(dir, name, native),
        },
        // Created by somebody else after it was found missing.
        Native::EXIST if request.create == Create::IfMissing => Ok(None),
        // A directory that may be searched but not read is still good for what does not read it.
        Native::ACCESS if !request.read && !request.mutates() => search_as_any_system(dir, name)
            .map(|handle| Some(Node::Dir(Arc::new(HostDir::from_handle(handle)))))
            .map_err(|_| Errno::Acces),
        _ => Err(errno::from_native(native)),
    }
}

/// What a link leads to, if it is to be followed and that can be done at once.
fn followed(dir: &HostDir, name: Name<'_>, follow: Follow, request: &OpenRequest) -> Option<Node> {
    #[cfg(target_os = "linux")]
    if follow == Follow::Yes {
        return deep::open_beneath(dir.fd(), name.as_str(), follow, request);
    }
    let _ = (dir, name, follow, request);
    None
}

/// The link that an entry seems to be, since opening it has failed with `native`. `None` if it is none any more.
fn link(dir: &HostDir, name: Name<'_>, native: Native) -> Result<Option<Node>> {
    match link_text(dir, name) {
        Ok(text) => Ok(Some(Node::Symlink(text))),
        Err(NoText::NotUtf8) => Err(Errno::Ilseq),
        Err(NoText::Native(Native::INVAL)) if native == Native::NOTDIR => Err(Errno::Notdir),
        Err(NoText::Native(Native::INVAL | Native::NOENT)) => Ok(None),
        Err(NoText::Native(native)) => Err(errno::from_native(native)),
    }
}

/// What was opened, as far as the way of opening tells.
enum Opened {
    Dir(OwnedFd),
    NewFile(OwnedFd),
    Something(OwnedFd),
}

impl Opened {
    fn node(self, request: &OpenRequest) -> Result<Node> {
        match self {
            Self::Dir(handle) => Ok(Node::Dir(Arc::new(HostDir::from_handle(handle)))),
            Self::NewFile(handle) => Ok(Node::File(Arc::new(HostFile::new(handle)))),
            Self::Something(handle) => classify(handle, request),
        }
    }
}

fn open_handle(
    dir: &HostDir,
    name: Name<'_>,
    request: &OpenRequest,
) -> std::result::Result<Opened, Native> {
    if request.directory && !request.read {
        return search(dir, name).map(Opened::Dir);
    }
    let flags = flags(request) | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let open = |create: OFlags| {
        let flags = flags | create;
        retry_on_intr(|| rustix::fs::openat(dir.fd(), name.as_str(), flags, mode(flags)))
    };
    match request.create {
        Create::Never if request.directory => open(OFlags::empty()).map(Opened::Dir),
        Create::Never => open(OFlags::empty()).map(Opened::Something),
        Create::Exclusive => open(creation(Create::Exclusive)).map(Opened::NewFile),
        Create::IfMissing if request.write || request.truncate => {
            open(creation(Create::IfMissing)).map(Opened::Something)
        }
        // What may create opens no directory, which only reading could.
        Create::IfMissing => match open(OFlags::empty()) {
            Err(Native::NOENT) => open(creation(Create::Exclusive)).map(Opened::NewFile),
            result => result.map(Opened::Something),
        },
    }
}

/// A handle of a directory that is good for looking up names, which takes no permission to read it.
#[cfg(target_os = "linux")]
fn search(dir: &HostDir, name: Name<'_>) -> std::result::Result<OwnedFd, Native> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    retry_on_intr(|| rustix::fs::openat(dir.fd(), name.as_str(), flags, Mode::empty()))
}

#[cfg(not(target_os = "linux"))]
use search_as_any_system as search;

/// The same, as it is called and as it is done on each system, at a higher price.
fn search_as_any_system(dir: &HostDir, name: Name<'_>) -> std::result::Result<OwnedFd, Native> {
    let opened = dir.cap().open_dir_nofollow(name.as_str());
    opened
        .map(|dir| dir.into_std_file().into())
        .map_err(|error| Native::from_io_error(&error).unwrap_or(Native::IO))
}

/// The flags that do not depend on whether the file exists.
///
/// `O_NONBLOCK` keeps the open of a FIFO from waiting for its other end; it has no meaning for what has an offset.
/// `O_NOCTTY` keeps a terminal from becoming this process's.
pub(super) fn flags(request: &OpenRequest) -> OFlags {
    let write = request.write || request.truncate;
    let mut flags = match (request.read, write) {
        (true, true) => OFlags::RDWR,
        (false, true) => OFlags::WRONLY,
        (_, false) => OFlags::RDONLY,
    };
    flags.set(OFlags::TRUNC, request.truncate);
    flags.set(OFlags::DIRECTORY, request.directory);
    flags.insert(match request.sync {
        SyncMode::None => OFlags::empty(),
        SyncMode::Data => DSYNC,
        SyncMode::Full => OFlags::SYNC,
    });
    flags | OFlags::NONBLOCK | OFlags::NOCTTY
}

#[cfg(not(target_os = "freebsd"))]
const DSYNC: OFlags = OFlags::DSYNC;
/// Not every release has the other one.
#[cfg(target_os = "freebsd")]
const DSYNC: OFlags = OFlags::SYNC;

/// The flags that create.
pub(super) const fn creation(create: Create) -> OFlags {
    match create {
        Create::Never => OFlags::empty(),
        Create::IfMissing => OFlags::CREATE,
        Create::Exclusive => OFlags::CREATE.union(OFlags::EXCL),
    }
}

/// The permissions of what is created.
pub(super) fn mode(flags: OFlags) -> Mode {
    if flags.contains(OFlags::CREATE) {
        Mode::from_raw_mode(0o666)
    } else {
        Mode::empty()
    }
}

/// Tells apart what was opened, which is no link.
pub(super) fn classify(handle: OwnedFd, request: &OpenRequest) -> Result<Node> {
    let stat = rustix::fs::fstat(&handle).map_err(errno::from_native)?;
    let file_type = facts::file_type(&stat);
    Ok(match facts::kind(file_type) {
        FileKind::Directory if request.mutates() => return Err(Errno::Isdir),
        FileKind::Directory => {
            let device = facts::device(&stat);
            Node::Dir(Arc::new(HostDir::from_handle(handle).on_device(device)))
        }
        // A block device has offsets, which makes it a file as far as the plug is concerned.
        FileKind::RegularFile | FileKind::BlockDevice => {
            Node::File(Arc::new(HostFile::new(handle)))
        }
        _ => Node::Stream(Arc::new(HostStream::opened(handle, file_type, request))),
    })
}

/// Why there is no link text.
pub(super) enum NoText {
    Native(Native),
    NotUtf8,
}

/// The text of a symbolic link. Most are short, and need no buffer that grows.
pub(super) fn link_text(dir: &HostDir, name: Name<'_>) -> Result<String, NoText> {
    let mut buffer = [MaybeUninit::uninit(); SHORT];
    let (text, rest) =
        rustix::fs::readlinkat_raw(dir.fd(), name.as_str(), &mut buffer).map_err(NoText::Native)?;
    if !rest.is_empty() {
        let text = std::str::from_utf8(text).map_err(|_| NoText::NotUtf8)?;
        return Ok(text.to_owned());
    }
    let text = rustix::fs::readlinkat(dir.fd(), name.as_str(), Vec::new());
    let text = text.map_err(NoText::Native)?;
    text.into_string().map_err(|_| NoText::NotUtf8)
}
