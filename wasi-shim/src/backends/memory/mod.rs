//! A complete filesystem in memory.
//!
//! Knows files, directories, links, their times and their limits. Refuses to know paths, access rights and the host.
//! Embedders and tests use [`MemDir`]; guests reach it like any other filesystem.

mod child;
mod dir;
mod entries;
mod file;
mod gate;
mod gone;
mod inode;
mod leaves;
mod node;
mod origin;
mod orphans;
mod pages;
mod ranges;
mod rename;
mod snapshot;
mod volume;

pub use node::MemDir;
pub(super) use volume::{Meter, cost};

use crate::abi::{ClockId, Errno, Result};
use crate::backends::lock::lock;
use crate::sync::Arc;
use crate::vfs::{Clock, Name, Timestamp};
use child::Child;
use file::MemFile;
use inode::MemLink;
use pages::PAGE;
use std::fmt;
use std::io::IoSlice;
use volume::{Limits, TimeSource, Volume};

/// Makes a [`MemDir`] with limits or a clock of its own.
pub struct MemBuilder {
    limits: Limits,
    time: TimeSource,
}

impl Default for MemBuilder {
    fn default() -> Self {
        Self {
            limits: Limits {
                pages: 1 << (30 - pages::PAGE_BITS),
                inodes: 1_000_000,
                names: 320 << 20,
                entries: usize::MAX,
                depth: usize::MAX,
            },
            time: Arc::new(system_time),
        }
    }
}

/// The limits, by the names of what sets them.
impl fmt::Debug for MemBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits = &self.limits;
        f.debug_struct("MemBuilder")
            .field("bytes", &limits.pages.saturating_mul(PAGE as u64))
            .field("inodes", &limits.inodes)
            .field("names", &limits.names)
            .field("entries", &limits.entries)
            .field("depth", &limits.depth)
            .finish_non_exhaustive()
    }
}

impl MemBuilder {
    /// How many bytes files may take up. 1 GiB if not said. Counted are the pages of 4 KiB in use, so a hole is free.
    pub const fn bytes(mut self, limit: u64) -> Self {
        self.limits.pages = limit >> pages::PAGE_BITS;
        self
    }

    /// How many files, directories and links there may be, without the root. 1,000,000 if not said.
    pub const fn inodes(mut self, limit: u64) -> Self {
        self.limits.inodes = limit;
        self
    }

    /// How many bytes everything but content may take up. 320 MiB if not said. An entry counts as 96 bytes and its
    /// name, a file as 192, a link as 192 and its text, a directory as 1024: no less than what the host spends on them.
    ///
    /// Together with [`bytes`](Self::bytes), this is about what the filesystem can take of the host's memory; files with
    /// a single page in each 256 KiB take an eighth more than they are charged.
    pub const fn names(mut self, limit: u64) -> Self {
        self.limits.names = limit;
        self
    }

    /// How many entries a directory may have. No limit but the others if not said.
    pub const fn entries(mut self, limit: usize) -> Self {
        self.limits.entries = limit;
        self
    }

    /// How many directories may be below each other, without the root. No limit but the others if not said.
    ///
    /// With a limit, moving a directory to another takes time that grows with what is below it.
    pub const fn depth(mut self, limit: usize) -> Self {
        self.limits.depth = limit;
        self
    }

    /// Where the times of files come from. The source may be called by several threads at once; it is never called
    /// with a lock held.
    pub fn time(mut self, source: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.time = Arc::new(source);
        self
    }

    /// Takes the times of files from a clock, such as that of a guest. Where it has no real time, every time is 1970.
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        self.time(move || clock.now(ClockId::Realtime).unwrap_or_default())
    }

    /// The root of a new, empty filesystem.
    pub fn build(self) -> Arc<MemDir> {
        MemDir::root(Volume::new(self.limits, self.time))
    }
}

/// How much of its limits a filesystem uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemUsage {
    /// Bytes in pages, reserved ones included.
    pub bytes: u64,
    /// Files, directories and links, without the root; those that are unlinked but still open included.
    pub inodes: u64,
    /// Bytes of names, of the texts of links, and of what is spent on nodes, as [`MemBuilder::names`] counts them.
    pub names: u64,
}

/// Making and reading trees from the host's side.
impl MemDir {
    /// The root of a new, empty filesystem: the system's time, and the limits of [`MemBuilder`].
    ///
    /// WebAssembly has no system time in general, so there every time is 1970 until a program gives a source with
    /// [`with_time`](Self::with_time).
    #[allow(
        clippy::new_ret_no_self,
        reason = "a directory exists only behind an `Arc`"
    )]
    pub fn new() -> Arc<Self> {
        Self::builder().build()
    }

    /// As [`new`](Self::new), with times from `source`.
    pub fn with_time(source: impl Fn() -> Timestamp + Send + Sync + 'static) -> Arc<Self> {
        Self::builder().time(source).build()
    }

    /// Chooses limits and the source of times.
    pub fn builder() -> MemBuilder {
        MemBuilder::default()
    }

    /// Puts a file here. A file of that name is replaced at once; those who have it open keep the old one.
    ///
    /// # Errors, in order
    /// 1. What [`Name::new`] answers. 2. `nospc` if it does not fit. 3. `exist` if the name is taken by anything but a
    ///    file. 4. `noent` if this directory was removed.
    pub fn file(&self, name: &str, content: impl Into<Vec<u8>>) -> Result<()> {
        let (name, content) = (Name::new(name)?, content.into());
        let now = self.volume.now();
        let passage = self.volume.gate.enter();
        let file = MemFile::new(&self.volume, now)?;
        let (count, _) = file.put_inside(&[IoSlice::new(&content)], None, now)?;
        if count < content.len() {
            return Err(Errno::Nospc);
        }
        if let Some(replaced) = self.put(name, file, now)? {
            replaced.end(passage);
        }
        Ok(())
    }

    /// The directory of that name, made if it is missing.
    ///
    /// # Errors, in order
    /// 1. What [`Name::new`] answers. 2. `notdir` if the name is taken by something else. 3. `noent` if this directory
    ///    was removed. 4. `nospc` if there is no room for it.
    pub fn dir(&self, name: &str) -> Result<Arc<Self>> {
        match self.enter_dir(Name::new(name)?)?.child {
            Child::Dir(dir) => Ok(dir),
            _ => Err(Errno::Notdir),
        }
    }

    /// Puts a symbolic link here, with any text.
    ///
    /// # Errors, in order
    /// 1. What [`Name::new`] answers. 2. `exist` if the name is taken. 3. `noent` if this directory was removed.
    /// 4. `nospc` if there is no room for it.
    pub fn symlink(&self, name: &str, text: &str) -> Result<()> {
        self.enter(Name::new(name)?, |now| {
            Ok(Child::Link(MemLink::new(&self.volume, text, now)?))
        })?
        .must_be_new()
    }

    /// The whole content of the file of that name, holes as zeros.
    ///
    /// # Errors, in order
    /// 1. What [`Name::new`] answers. 2. `noent` if there is none. 3. `isdir` or `inval` if it is a directory or a link.
    /// 4. `nomem` if it is longer than 64 MiB and than the filesystem may be, as a file with holes can be, or longer than
    ///    the host can hold.
    pub fn contents(&self, name: &str) -> Result<Vec<u8>> {
        match self.find(Name::new(name)?.as_str())? {
            Child::File(file) => file.contents(),
            Child::Dir(_) => Err(Errno::Isdir),
            Child::Link(_) => Err(Errno::Inval),
        }
    }

    /// How much the whole filesystem uses.
    pub fn usage(&self) -> MemUsage {
        MemUsage {
            bytes: self.volume.pages.used().saturating_mul(PAGE as u64),
            inodes: self.volume.inodes.used(),
            names: self.volume.names.used(),
        }
    }

    /// A regular file, made if the name is free.
    fn enter_file(&self, name: Name<'_>) -> Result<entries::Entered> {
        self.enter(name, |now| {
            Ok(Child::File(MemFile::new(&self.volume, now)?))
        })
    }

    /// A directory, likewise.
    fn enter_dir(&self, name: Name<'_>) -> Result<entries::Entered> {
        let now = self.volume.now();
        let _passage = self.volume.gate.enter();
        let limit = self.volume.limits.depth;
        // No directory on the way moves while this is held.
        let _shape = (limit < usize::MAX).then(|| lock(&self.volume.shape));
        let deep = limit < usize::MAX && self.depth() >= limit;
        self.enter_inside(name, now, |now| {
            if deep {
                return Err(Errno::Nospc);
            }
            let parent = self.me.clone();
            Ok(Child::Dir(Self::below(&self.volume, parent, now)?))
        })
    }
}

/// The system's time, where the target is known to have one: elsewhere asking for it panics.
pub(super) fn system_time() -> Timestamp {
    if cfg!(target_family = "wasm") {
        Timestamp(0)
    } else {
        std::time::SystemTime::now().into()
    }
}
