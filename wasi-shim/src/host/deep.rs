//! Several names at once, on Linux.
//!
//! This file knows `openat2`. When that fails it declines, and the walk says what there is to say; only a name that is
//! missing or in the way, where there is no link, needs no walk. Only `dir` and `open` use it.
//!
//! Why the results equal the walk's, and nothing above the directory can be reached, is one argument for each of the two
//! ways; `spec-notes/decisions/031-when-does-the-kernel-follow-links.md` is the longer one for the second.
//!
//! * [`PLAIN`]: a [`PlainPath`] does not begin with a slash and holds no `.` and no `..`; `RESOLVE_NO_SYMLINKS` fails at
//!   every link, magic ones included, but a last one, which `O_NOFOLLOW` leaves alone. So the kernel does what the walk
//!   does, name by name, or fails. There is nothing left for `RESOLVE_BENEATH` to refuse.
//! * [`BENEATH`]: `RESOLVE_BENEATH` fails at every absolute link and at every `..` above the directory, at a `..` too if
//!   anything in the system was renamed since it began, and at the end if the directory does not hold what was found.
//!   `RESOLVE_NO_XDEV` fails wherever something is mounted, so that the parent of a directory is the one that it was
//!   found in. The kernel follows 40 links at most, as the walk does.

use super::dir::HostDir;
use super::file::HostFile;
use super::{facts, open};
use crate::abi::{Errno, FileKind, Result};
use crate::vfs::{Create, DeepPath, Follow, Metadata, Node, OpenRequest, PlainPath};
use rustix::fs::{OFlags, ResolveFlags, openat2};
use rustix::io::Errno as Native;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Over names.
const PLAIN: ResolveFlags = ResolveFlags::NO_SYMLINKS;

/// Over names, links and `..`.
const BENEATH: ResolveFlags = ResolveFlags::BENEATH
    .union(ResolveFlags::NO_MAGICLINKS)
    .union(ResolveFlags::NO_XDEV);

/// [`Dir::open_path`](crate::vfs::Dir::open_path) of a host directory, for several names.
pub(super) fn open_path(
    dir: BorrowedFd<'_>,
    path: DeepPath<'_>,
    follow: Follow,
    request: &OpenRequest,
) -> Option<Result<Node>> {
    let Some(plain) = path.plain() else {
        return open_beneath(dir, path.as_str(), follow, request).map(Ok);
    };
    match open_plain(dir, plain, request)? {
        Ok(handle) => classify(handle, request).map(Ok),
        // A link; at the end, where a directory is asked for, it is `ENOTDIR`.
        Err(Native::LOOP) => open_beneath(dir, path.as_str(), follow, request).map(Ok),
        Err(Native::NOTDIR) if request.directory => {
            open_beneath(dir, path.as_str(), follow, request).map(Ok)
        }
        Err(native) if request.create == Create::Never => certain(native).map(Err),
        Err(_) => None,
    }
}

/// The error with which the walk, too, would end where there is no link: a name is missing, or is no directory and more
/// names follow.
const fn certain(native: Native) -> Option<Errno> {
    match native {
        Native::NOENT => Some(Errno::Noent),
        Native::NOTDIR => Some(Errno::Notdir),
        _ => None,
    }
}

/// [`Dir::open_deep`](crate::vfs::Dir::open_deep) of a host directory.
pub(super) fn open(
    dir: BorrowedFd<'_>,
    path: PlainPath<'_>,
    request: &OpenRequest,
) -> Option<Node> {
    let handle = open_plain(dir, path, request)?.ok()?;
    classify(handle, request)
}

/// `None` for what no entry satisfies.
fn open_plain(
    dir: BorrowedFd<'_>,
    path: PlainPath<'_>,
    request: &OpenRequest,
) -> Option<std::result::Result<OwnedFd, Native>> {
    if request.directory && request.mutates() {
        return None;
    }
    let flags = flags(request) | OFlags::NOFOLLOW;
    Some(resolve(dir, path.as_str(), flags, PLAIN))
}

/// Opens what a path of names, links and `..` leads to; a name alone may be a link. Nothing is created.
pub(super) fn open_beneath(
    dir: BorrowedFd<'_>,
    path: &str,
    follow: Follow,
    request: &OpenRequest,
) -> Option<Node> {
    let impossible = request.directory && request.mutates();
    if impossible || request.create != Create::Never {
        return None;
    }
    let flags = flags(request) | last(follow);
    classify(resolve(dir, path, flags, BENEATH).ok()?, request)
}

/// What was opened. Nothing may fail after it was created, or the walk would find it and say so.
fn classify(handle: OwnedFd, request: &OpenRequest) -> Option<Node> {
    if request.directory {
        return Some(Node::Dir(Arc::new(HostDir::from_handle(handle))));
    }
    if request.create == Create::Exclusive {
        return Some(Node::File(Arc::new(HostFile::new(handle))));
    }
    open::classify(handle, request).ok()
}

/// [`Dir::stat_path`](crate::vfs::Dir::stat_path) of a host directory, for several names.
pub(super) fn stat_path(
    dir: BorrowedFd<'_>,
    path: DeepPath<'_>,
    follow: Follow,
) -> Option<Result<Metadata>> {
    let beneath = || stat_beneath(dir, path.as_str(), follow).map(Ok);
    let Some(plain) = path.plain() else {
        return beneath();
    };
    match resolve(dir, plain.as_str(), OFlags::PATH | OFlags::NOFOLLOW, PLAIN) {
        Ok(handle) => match look(&handle)? {
            found if is_to_follow(&found, follow) => beneath(),
            found => Some(Ok(found)),
        },
        Err(Native::LOOP) => beneath(),
        Err(native) => certain(native).map(Err),
    }
}

/// [`Dir::stat_deep`](crate::vfs::Dir::stat_deep) of a host directory.
pub(super) fn stat(dir: BorrowedFd<'_>, path: PlainPath<'_>, follow: Follow) -> Option<Metadata> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW;
    let found = look(&resolve(dir, path.as_str(), flags, PLAIN).ok()?)?;
    (!is_to_follow(&found, follow)).then_some(found)
}

/// The facts about what a path of names, links and `..` leads to; a name alone may be a link.
pub(super) fn stat_beneath(dir: BorrowedFd<'_>, path: &str, follow: Follow) -> Option<Metadata> {
    look(&resolve(dir, path, OFlags::PATH | last(follow), BENEATH).ok()?)
}

fn look(handle: &OwnedFd) -> Option<Metadata> {
    let stat = rustix::fs::fstat(handle).ok()?;
    Some(facts::metadata(&stat))
}

fn is_to_follow(found: &Metadata, follow: Follow) -> bool {
    found.kind == FileKind::SymbolicLink && follow == Follow::Yes
}

/// What the kernel is to do with a link at the end.
const fn last(follow: Follow) -> OFlags {
    match follow {
        Follow::Yes => OFlags::empty(),
        Follow::No => OFlags::NOFOLLOW,
    }
}

/// The flags of a single name; here the kernel also creates what is only read.
fn flags(request: &OpenRequest) -> OFlags {
    if request.directory && !request.read {
        return OFlags::PATH | OFlags::DIRECTORY;
    }
    open::flags(request) | open::creation(request.create)
}

/// `ENOSYS` says something about the kernel and is remembered. Everything else, `EPERM` included, says something about
/// this one call.
fn resolve(
    dir: BorrowedFd<'_>,
    path: &str,
    flags: OFlags,
    rules: ResolveFlags,
) -> std::result::Result<OwnedFd, Native> {
    static MISSING: AtomicBool = AtomicBool::new(false);
    if MISSING.load(Ordering::Relaxed) {
        return Err(Native::NOSYS);
    }
    let flags = flags | OFlags::CLOEXEC;
    let opened = openat2(dir, path, flags, open::mode(flags), rules);
    if matches!(opened, Err(Native::NOSYS)) {
        MISSING.store(true, Ordering::Relaxed);
    }
    opened
}
