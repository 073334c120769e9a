//! An open descriptor: POSIX's open file description, with its offset, flags, rights and listing.

use super::access::Grant;
use super::listing::Listing;
use super::lock;
use super::offset::Offset;
use crate::abi::{Errno, FdFlags, FileKind, Filestat, Result, Rights};
use crate::vfs::{Dir, File, Metadata, Socket, Stream};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

/// What is open.
pub(crate) enum Object {
    File(Arc<dyn File>),
    Dir(Arc<dyn Dir>),
    Stream(Arc<dyn Stream>),
}

/// An open descriptor. The table holds it by `Arc`: a call goes on with what it started with, whatever other threads do
/// to the number meanwhile.
pub(crate) struct Descriptor {
    pub(crate) object: Object,
    pub(crate) grant: Grant,
    /// The name under which the guest was given this directory, if it was.
    pub(crate) preopen: Option<Box<str>>,
    /// What `filestat` reports as the device: the ordinal of the preopened directory this was reached through. Numbers
    /// of the host's devices are none of a guest's business.
    pub(crate) device: u32,
    flags: AtomicU16,
    pub(crate) offset: Offset,
    listing: Mutex<Option<Arc<Listing>>>,
}

impl Object {
    pub(crate) fn kind(&self) -> FileKind {
        match self {
            Self::File(_) => FileKind::RegularFile,
            Self::Dir(_) => FileKind::Directory,
            Self::Stream(stream) => stream.kind(),
        }
    }
}

impl Descriptor {
    pub(crate) fn new(object: Object, grant: Grant, device: u32, flags: FdFlags) -> Self {
        Self {
            object,
            grant,
            preopen: None,
            device,
            flags: AtomicU16::new(flags.bits()),
            offset: Offset::new(),
            listing: Mutex::new(None),
        }
    }

    /// Checks rights; see [`Grant::require`].
    pub(crate) fn require(&self, needed: Rights) -> Result<()> {
        self.grant.require(self.object.kind(), needed)
    }

    pub(crate) fn flags(&self) -> FdFlags {
        FdFlags::from_bits_truncate(self.flags.load(Ordering::Relaxed))
    }

    pub(crate) fn set_flags(&self, flags: FdFlags) {
        self.flags.store(flags.bits(), Ordering::Relaxed);
    }

    pub(crate) fn has(&self, flag: FdFlags) -> bool {
        self.flags().contains(flag)
    }

    /// The listing last taken, and the place for the next.
    pub(crate) fn listing(&self) -> MutexGuard<'_, Option<Arc<Listing>>> {
        lock(&self.listing)
    }

    /// The directory. `notdir` for a file, `badf` for a stream: a path relative to a pipe is a mistake of another sort.
    pub(crate) fn dir(&self) -> Result<&Arc<dyn Dir>> {
        match &self.object {
            Object::Dir(dir) => Ok(dir),
            Object::File(_) => Err(Errno::Notdir),
            Object::Stream(_) => Err(Errno::Badf),
        }
    }

    /// The regular file. `isdir` for a directory, `on_stream` for a stream.
    pub(crate) fn file(&self, on_stream: Errno) -> Result<&Arc<dyn File>> {
        match &self.object {
            Object::File(file) => Ok(file),
            Object::Dir(_) => Err(Errno::Isdir),
            Object::Stream(_) => Err(on_stream),
        }
    }

    /// The socket, and the stream it is. `notsock` for anything else.
    pub(crate) fn socket(&self) -> Result<(&Arc<dyn Stream>, &dyn Socket)> {
        let Object::Stream(stream) = &self.object else {
            return Err(Errno::Notsock);
        };
        let socket = stream.as_socket().ok_or(Errno::Notsock)?;
        Ok((stream, socket))
    }

    /// Facts as the guest sees them.
    pub(crate) fn filestat(&self, metadata: &Metadata) -> Filestat {
        Filestat {
            dev: self.device.into(),
            ino: metadata.ino,
            filetype: metadata.kind,
            nlink: metadata.nlink,
            size: metadata.size,
            atim: metadata.atim.0,
            mtim: metadata.mtim.0,
            ctim: metadata.ctim.0,
        }
    }
}
