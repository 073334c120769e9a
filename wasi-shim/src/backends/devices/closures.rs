//! A file and a directory made of closures.
//!
//! Knows which closure answers which question. Refuses to know what they do. For embedders who want one special file, or
//! a directory whose names are computed, and no type of their own.

use super::found;
use crate::abi::{Errno, Result};
use crate::vfs::{Dir, Entry, File, FsId, Metadata, Name, Node, OpenRequest, SetTimes};
use std::ops::ControlFlow;

type Length = Box<dyn Fn() -> Result<u64> + Send + Sync>;
type ReadAt = Box<dyn Fn(&mut [u8], u64) -> Result<usize> + Send + Sync>;
type WriteAt = Box<dyn Fn(&[u8], u64) -> Result<usize> + Send + Sync>;
type SetLen = Box<dyn Fn(u64) -> Result<()> + Send + Sync>;

/// A file whose bytes come from closures, and go to them.
///
/// The closures are called without a lock, by several threads at once if several read. Where they can make the file
/// longer, an append is a question for the length and a write: two at once may hit the same place.
///
/// ```
/// use std::sync::Arc;
/// use wasi_shim::backends::{ClosureFile, Devices};
/// use wasi_shim::vfs::read_slice;
///
/// let version = b"1.2.3\n";
/// let file = ClosureFile::new(7, || Ok(6), |buf, offset| Ok(read_slice(version, buf, offset)));
/// let etc = Devices::builder().file("version", Arc::new(file)).build()?;
/// # Ok::<(), wasi_shim::backends::BadName>(())
/// ```
pub struct ClosureFile {
    ino: u64,
    len: Length,
    read_at: ReadAt,
    write_at: Option<WriteAt>,
    set_len: Option<SetLen>,
}

impl ClosureFile {
    /// A file of this number that can be read. `len` tells its length, `read_at` does what [`File::read_at`] does.
    pub fn new(
        ino: u64,
        len: impl Fn() -> Result<u64> + Send + Sync + 'static,
        read_at: impl Fn(&mut [u8], u64) -> Result<usize> + Send + Sync + 'static,
    ) -> Self {
        Self {
            ino,
            len: Box::new(len),
            read_at: Box::new(read_at),
            write_at: None,
            set_len: None,
        }
    }

    /// The same file, to be written by a closure that does what [`File::write_at`] does. Without, writing is `rofs`.
    #[must_use]
    pub fn on_write(
        mut self,
        write_at: impl Fn(&[u8], u64) -> Result<usize> + Send + Sync + 'static,
    ) -> Self {
        self.write_at = Some(Box::new(write_at));
        self
    }

    /// The same file, with a closure that does what [`File::set_len`] does. It is called, too, where the file is opened
    /// to be truncated. Without, setting the length is `rofs`; a file that takes commands rather than bytes, like some of
    /// Linux's `/proc`, can take any length: `|_| Ok(())`.
    #[must_use]
    pub fn on_set_len(
        mut self,
        set_len: impl Fn(u64) -> Result<()> + Send + Sync + 'static,
    ) -> Self {
        self.set_len = Some(Box::new(set_len));
        self
    }
}

impl File for ClosureFile {
    fn metadata(&self) -> Result<Metadata> {
        Ok(Metadata::file(self.ino, (self.len)()?))
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        (self.read_at)(buf, offset)
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> Result<usize> {
        match &self.write_at {
            Some(write_at) => write_at(buf, offset),
            None => Err(Errno::Rofs),
        }
    }

    fn set_len(&self, len: u64) -> Result<()> {
        match &self.set_len {
            Some(set_len) => set_len(len),
            None => Err(Errno::Rofs),
        }
    }
}

type Lookup = Box<dyn Fn(Name<'_>) -> Result<Node> + Send + Sync>;
type List = Box<dyn Fn(&mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> + Send + Sync>;

/// A directory whose entries a closure finds.
///
/// `lookup` answers what a name leads to, `noent` for nothing. It is asked for every look at an entry, so it should do
/// nothing but find it. `list` does what [`Dir::list`] does; what it leaves out can still be opened, as long as `lookup`
/// knows it. Entries cannot be made, removed or renamed by a guest.
pub struct ClosureDir {
    ino: u64,
    lookup: Lookup,
    list: List,
    writable: bool,
    id: FsId,
}

impl ClosureDir {
    /// A directory of this number, whose files are opened for reading only.
    pub fn new(
        ino: u64,
        lookup: impl Fn(Name<'_>) -> Result<Node> + Send + Sync + 'static,
        list: impl Fn(&mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self {
            ino,
            lookup: Box::new(lookup),
            list: Box::new(list),
            writable: false,
            id: FsId::unique(),
        }
    }

    /// The same directory, whose files can be opened for writing too. Streams always can.
    #[must_use]
    pub const fn writable_files(mut self) -> Self {
        self.writable = true;
        self
    }
}

impl Dir for ClosureDir {
    fn metadata(&self) -> Result<Metadata> {
        Ok(Metadata::dir(self.ino))
    }

    fn stat(&self, name: Name<'_>) -> Result<Metadata> {
        found::facts(&(self.lookup)(name)?, found::number(self.ino, name))
    }

    fn open(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
        match (self.lookup)(name) {
            Ok(node) => found::serve(node, request, self.writable),
            Err(Errno::Noent) => Err(found::missing(request)),
            Err(errno) => Err(errno),
        }
    }

    fn list(&self, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        (self.list)(sink)
    }

    fn filesystem(&self) -> FsId {
        self.id
    }

    found::refusals!();
}
