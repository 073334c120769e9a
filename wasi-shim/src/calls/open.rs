//! `path_open`.

use super::{Call, Reply, Text};
use crate::abi::{Errno, FdFlags, LookupFlags, OFlags, Result, Rights};
use crate::process::{Asked, Descriptor, Object};
use crate::resolve;
use crate::vfs::{Create, Follow, Node, OpenRequest, SyncMode};
use std::sync::Arc;

/// What needs a file to be opened for writing. Of these only `FD_WRITE` means anything for a directory, where it is
/// `isdir`; guests that ask for every right there are not.
///
/// Not among them is `FD_FILESTAT_SET_SIZE`: Go's library asks for it with every file that it only reads.
const WRITES: Rights = Rights::FD_WRITE.union(Rights::FD_ALLOCATE);

/// What needs it to be opened for reading.
const READS: Rights = Rights::FD_READ.union(Rights::FD_READDIR);

/// `path_open`.
///
/// *Answers*, in this order:
/// 1. `badf`; `notcapable` without `PATH_OPEN`; `inval` for flags that nobody knows; `ilseq`, `inval`, `nametoolong` for
///    the path's text.
/// 2. `inval` for `directory` together with `creat`, `excl` or `trunc`: directories have a function of their own.
/// 3. `notdir` or `badf` if the descriptor is no directory.
/// 4. `perm` if it would change, or allow to change, a tree given for reading; `notcapable` without the rights that the
///    request depends on.
/// 5. `mfile` if no descriptor is free, before anything is created.
/// 6. The errors of [`resolve::open`].
pub(crate) fn open(
    call: &Call<'_>,
    fd: &Arc<Descriptor>,
    lookup: LookupFlags,
    path: Text<'_>,
    oflags: OFlags,
    base: Rights,
    inheriting: Rights,
    fdflags: FdFlags,
) -> Reply<u32> {
    let asked = Asked {
        base,
        inheriting,
        fdflags,
        request: request(oflags, base, fdflags)?,
    };
    let dir = fd.dir()?;
    fd.grant.may_open(&asked)?;
    let place = call.process.fds.reserve()?;
    let policy = call.process.policy();
    let node = resolve::open(dir, &path, follow(lookup), &asked.request, &policy)?;
    let object = object(node)?;
    let grant = fd.grant.derive(object.kind(), &asked);
    let opened = Descriptor::new(object, grant, fd.device, fdflags);
    Ok(place.fill(opened))
}

/// Does a link at the end of the path count as what it leads to?
pub(super) fn follow(lookup: LookupFlags) -> Follow {
    if lookup.contains(LookupFlags::SYMLINK_FOLLOW) {
        Follow::Yes
    } else {
        Follow::No
    }
}

fn object(node: Node) -> Result<Object> {
    match node {
        Node::File(file) => Ok(Object::File(file)),
        Node::Dir(dir) => Ok(Object::Dir(dir)),
        Node::Stream(stream) => Ok(Object::Stream(stream)),
        Node::Symlink(_) => Err(Errno::Loop),
    }
}

fn request(oflags: OFlags, base: Rights, fdflags: FdFlags) -> Result<OpenRequest> {
    let directory = oflags.contains(OFlags::DIRECTORY);
    if directory && oflags.intersects(OFlags::CREAT | OFlags::EXCL | OFlags::TRUNC) {
        return Err(Errno::Inval);
    }
    let writes = if directory { Rights::FD_WRITE } else { WRITES };
    let write = base.intersects(writes);
    let reads = base.intersects(READS);
    Ok(OpenRequest {
        // A file is opened for reading if nothing is asked for: there is no other way to have it. A directory that is not
        // listed need not be readable.
        read: reads || !(write || directory),
        write,
        create: create(oflags),
        truncate: oflags.contains(OFlags::TRUNC),
        directory,
        sync: sync(fdflags),
    })
}

/// `excl` says something about `creat`, and nothing alone.
fn create(oflags: OFlags) -> Create {
    match (
        oflags.contains(OFlags::CREAT),
        oflags.contains(OFlags::EXCL),
    ) {
        (false, _) => Create::Never,
        (true, false) => Create::IfMissing,
        (true, true) => Create::Exclusive,
    }
}

fn sync(fdflags: FdFlags) -> SyncMode {
    if fdflags.intersects(FdFlags::SYNC | FdFlags::RSYNC) {
        SyncMode::Full
    } else if fdflags.contains(FdFlags::DSYNC) {
        SyncMode::Data
    } else {
        SyncMode::None
    }
}
