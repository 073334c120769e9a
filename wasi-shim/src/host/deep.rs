//! Several names at once, on Linux.
//!
//! This file knows `openat2`. It does not know what to answer when that fails for any reason, symbolic links on the way
//! included: then it declines, and the walk says what there is to say. Only `dir` uses it.
//!
//! Why the results equal the walk's, and nothing above the directory can be reached: a [`PlainPath`] does not begin with
//! a slash and holds no `.` and no `..`; `RESOLVE_NO_SYMLINKS` fails at every link, magic ones included, but a last one,
//! which `O_NOFOLLOW` leaves alone. So the kernel does what the walk does, name by name, or fails. There is nothing left
//! for `RESOLVE_BENEATH` to refuse.

use super::dir::HostDir;
use super::file::HostFile;
use super::{facts, open};
use crate::abi::FileKind;
use crate::vfs::{Create, Follow, Metadata, Node, OpenRequest, PlainPath};
use rustix::fs::{OFlags, ResolveFlags, openat2};
use rustix::io::Errno as Native;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// [`Dir::open_deep`](crate::vfs::Dir::open_deep) of a host directory.
pub(super) fn open(
    dir: BorrowedFd<'_>,
    path: PlainPath<'_>,
    request: &OpenRequest,
) -> Option<Node> {
    if request.directory && request.mutates() {
        return None;
    }
    let handle = resolve(dir, path, flags(request))?;
    if request.directory {
        return Some(Node::Dir(Arc::new(HostDir::from_handle(handle))));
    }
    if request.create == Create::Exclusive {
        // It exists now: nothing may fail any more, or the walk would find it and say so.
        return Some(Node::File(Arc::new(HostFile::new(handle))));
    }
    open::classify(handle, request).ok()
}

/// [`Dir::stat_deep`](crate::vfs::Dir::stat_deep) of a host directory.
pub(super) fn stat(dir: BorrowedFd<'_>, path: PlainPath<'_>, follow: Follow) -> Option<Metadata> {
    let handle = resolve(dir, path, OFlags::PATH)?;
    let facts = facts::metadata(&rustix::fs::fstat(&handle).ok()?);
    (facts.kind != FileKind::SymbolicLink || follow == Follow::No).then_some(facts)
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
fn resolve(dir: BorrowedFd<'_>, path: PlainPath<'_>, flags: OFlags) -> Option<OwnedFd> {
    static MISSING: AtomicBool = AtomicBool::new(false);
    if MISSING.load(Ordering::Relaxed) {
        return None;
    }
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let rules = ResolveFlags::NO_SYMLINKS;
    let opened = openat2(dir, path.as_str(), flags, open::mode(flags), rules);
    if matches!(opened, Err(Native::NOSYS)) {
        MISSING.store(true, Ordering::Relaxed);
    }
    opened.ok()
}
