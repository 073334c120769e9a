//! What a guest is given under a number: when it is made, or later.
//!
//! This file knows which rights whatever is given brings with it. It does not know which numbers are free, and refuses to
//! know what the embedder's objects do. The builder uses it, and embedders through [`Wasi::insert`] and [`Wasi::push`].

use super::{BuildError, check_name};
use crate::Wasi;
use crate::abi::{FdFlags, Result, Rights};
use crate::process::{Access, Descriptor, Grant, Object, Process, RightsMode};
use crate::vfs::{Dir, File, Stream};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What only those may do who may write.
const WRITING: Rights = Rights::FD_WRITE
    .union(Rights::FD_ALLOCATE)
    .union(Rights::FD_FILESTAT_SET_SIZE);

/// Something open, to be given to a guest with [`Wasi::insert`] or [`Wasi::push`].
#[must_use]
pub struct Given {
    object: Object,
    name: Option<Box<str>>,
    base: Rights,
    inheriting: Rights,
    access: Access,
    flags: FdFlags,
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Given")
            .field("kind", &self.object.kind())
            .field("name", &self.name)
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

impl Given {
    const fn new(object: Object, base: Rights, inheriting: Rights, access: Access) -> Self {
        Self {
            object,
            name: None,
            base,
            inheriting,
            access,
            flags: FdFlags::empty(),
        }
    }

    /// A directory without a name: a guest must know its number. It reports and passes on every right, whatever it is given
    /// for: wasi-libc asks for what a directory passes on, and a file opened without the right to write would only fail
    /// when it is written.
    pub const fn dir(dir: Arc<dyn Dir>, access: Access) -> Self {
        let object = Object::Dir(dir);
        Self::new(object, Rights::DIRECTORY, Rights::INHERITED, access)
    }

    /// A directory under a name, which the guest finds by `fd_prestat_get`.
    ///
    /// # Errors
    /// [`BuildError::Preopen`] for a name that no guest could use.
    pub fn preopen(
        name: impl Into<String>,
        dir: Arc<dyn Dir>,
        access: Access,
    ) -> Result<Self, BuildError> {
        let name = name.into();
        check_name(&name)?;
        Ok(Self::named(name, dir, access))
    }

    pub(super) fn named(name: String, dir: Arc<dyn Dir>, access: Access) -> Self {
        Self {
            name: Some(name.into()),
            ..Self::dir(dir, access)
        }
    }

    /// A regular file, to be read and written. Its offset is 0.
    pub const fn file(file: Arc<dyn File>) -> Self {
        let object = Object::File(file);
        Self::new(object, Rights::FILE, Rights::empty(), Access::ReadWrite)
    }

    /// A stream, to be read and written as far as it can be.
    pub const fn stream(stream: Arc<dyn Stream>) -> Self {
        let object = Object::Stream(stream);
        Self::new(object, Rights::STREAM, Rights::empty(), Access::ReadWrite)
    }

    /// A socket, connected or listening.
    pub fn socket(socket: Arc<dyn Stream>) -> Self {
        let listens = socket.as_socket().is_some_and(|socket| socket.listens());
        let (base, accepted) = if listens {
            (Rights::LISTENER, Rights::SOCKET)
        } else {
            (Rights::SOCKET, Rights::empty())
        };
        Self::new(Object::Stream(socket), base, accepted, Access::ReadWrite)
    }

    /// Not to be read.
    pub fn without_reading(mut self) -> Self {
        self.base.remove(Rights::FD_READ);
        self
    }

    /// Not to be written.
    pub fn without_writing(mut self) -> Self {
        self.base.remove(WRITING);
        self
    }

    /// With these flags to begin with; the guest can change `append` and `nonblock`.
    pub const fn flags(mut self, flags: FdFlags) -> Self {
        self.flags = flags;
        self
    }

    /// With these rights, and these for what is opened or accepted through it, in place of all that its kind has.
    pub const fn rights(mut self, base: Rights, inheriting: Rights) -> Self {
        self.base = base;
        self.inheriting = inheriting;
        self
    }

    /// `ordinal` is a directory's number among those that were given.
    pub(super) fn open(self, ordinal: u32, rights: RightsMode) -> Descriptor {
        let device = match self.object {
            Object::Dir(_) => ordinal,
            Object::File(_) | Object::Stream(_) => 0,
        };
        let grant = Grant::new(self.base, self.inheriting, self.access, rights);
        let mut descriptor = Descriptor::new(self.object, grant, device, self.flags);
        descriptor.preopen = self.name;
        descriptor
    }

    fn open_in(self, process: &Process) -> Descriptor {
        let ordinal = match self.object {
            Object::Dir(_) => process.devices.fetch_add(1, Ordering::Relaxed),
            Object::File(_) | Object::Stream(_) => 0,
        };
        self.open(ordinal, process.rights)
    }
}

/// What the guest has open, for the embedder. All of it can be called at any time, from any thread.
impl Wasi {
    /// Gives the guest something under a number. What had the number is closed; a call that uses it goes on with it.
    ///
    /// # Errors
    /// `mfile` for a number from [`Limits::descriptors`](crate::Limits::descriptors) on, and if the table is full.
    // claim: limits.given-later
    pub fn insert(&self, fd: u32, given: Given) -> Result<()> {
        self.0.fds.insert(fd, given.open_in(&self.0))
    }

    /// Gives the guest something under the lowest number that is free, which is the answer.
    ///
    /// # Errors
    /// `mfile` if the table is full.
    pub fn push(&self, given: Given) -> Result<u32> {
        let place = self.0.fds.reserve()?;
        Ok(place.fill(given.open_in(&self.0)))
    }

    /// Closes a descriptor, as the guest could. `badf` if there is none.
    pub fn close(&self, fd: u32) -> Result<()> {
        self.0.fds.close(fd)
    }

    /// Moves a descriptor to the number of another, which is closed, as the guest could. `badf` unless both are open.
    pub fn renumber(&self, from: u32, to: u32) -> Result<()> {
        self.0.fds.renumber(from, to)
    }

    /// Is this number open?
    pub fn is_open(&self, fd: u32) -> bool {
        self.0.fds.get(fd).descriptor().is_ok()
    }
}
