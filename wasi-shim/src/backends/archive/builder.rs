//! Opening archives, with limits.
//!
//! Knows the limits and how kinds of archives are told apart. Refuses to know how they are laid out. Embedders use
//! [`ArchiveBuilder`].

use super::checkpoints::Checkpoints;
use super::error::ArchiveError;
use super::source::{ReadAt, Source};
use super::tree::{Index, Limits, ROOT};
use super::unpack::{Method, unpack};
use super::{Archive, Tree, tar, zip};
use crate::vfs::FsId;
use std::fmt;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// Opens an [`Archive`] with limits of its own.
///
/// What a host has to hold is bounded by these whatever the archive says about itself. `members` and `names` are bounds
/// for the tree, `unpacked` and `checkpoints` for content; nothing else grows with the archive.
pub struct ArchiveBuilder {
    limits: Limits,
    scratch: Option<File>,
}

impl Default for ArchiveBuilder {
    fn default() -> Self {
        let limits = Limits {
            members: 1_000_000,
            names: 128 << 20,
            unpacked: 256 << 20,
            checkpoints: 16 << 20,
            reported: 100,
        };
        let scratch = None;
        Self { limits, scratch }
    }
}

/// The limits, by the names of what sets them.
impl fmt::Debug for ArchiveBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits = &self.limits;
        f.debug_struct("ArchiveBuilder")
            .field("members", &limits.members)
            .field("names", &limits.names)
            .field("unpacked", &limits.unpacked)
            .field("checkpoints", &limits.checkpoints)
            .field("reported", &limits.reported)
            .finish_non_exhaustive()
    }
}

impl ArchiveBuilder {
    /// How many files, directories and links there may be, with those that were replaced or left out.
    /// 1,000,000 if not said. Their names may have 64 parts for each of so many, or 1,048,576 if that is more. One takes up
    /// to 500 bytes, and its name.
    pub const fn members(mut self, limit: u64) -> Self {
        self.limits.members = limit;
        self
    }

    /// How many bytes names and the texts of links may have. 128 MiB if not said. Directories count once.
    pub const fn names(mut self, limit: u64) -> Self {
        self.limits.names = limit;
        self
    }

    /// How many bytes a compressed tar may unpack to. 256 MiB if not said. They are in memory, unless there is a
    /// [`scratch`](Self::scratch) file. While it is unpacked, a zstd frame may want a window of as many bytes again,
    /// or of 8 MiB if that is more, but no more than 128 MiB.
    pub const fn unpacked(mut self, limit: u64) -> Self {
        self.limits.unpacked = limit;
        self
    }

    /// How many bytes of memory may be kept to get to places in deflated members. 16 MiB if not said: five large
    /// members that are read at once. With less than 3 MiB, reading a member in no order may decompress it from the
    /// start each time. A read that is going on has another 100 KiB.
    pub const fn checkpoints(mut self, limit: u64) -> Self {
        self.limits.checkpoints = limit;
        self
    }

    /// How many members that are left out [`Archive::skipped`] tells of. 100 if not said.
    pub const fn reported(mut self, limit: usize) -> Self {
        self.limits.reported = limit;
        self
    }

    /// A file to unpack a compressed tar into: empty, open for reading and writing, with nobody else using it. An
    /// unlinked temporary file, say. Without it the unpacked bytes are in memory.
    pub fn scratch(mut self, file: File) -> Self {
        self.scratch = Some(file);
        self
    }

    /// Opens an archive in the host's file of that name.
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    pub fn open(self, path: impl AsRef<Path>) -> Result<Arc<Archive>, ArchiveError> {
        let file = File::open(path)?;
        self.index(Source::file(file)?)
    }

    /// Opens an archive in memory.
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    pub fn from_bytes(self, bytes: impl Into<Arc<[u8]>>) -> Result<Arc<Archive>, ArchiveError> {
        self.read(bytes.into())
    }

    /// Opens an archive wherever it is, and reads all about its members. Of a plain tar and of a zip file that is their
    /// headers; a compressed tar is unpacked.
    ///
    /// # Errors
    /// [`ArchiveError`], as the table of [`Archive`] has it.
    pub fn read(self, source: impl ReadAt + 'static) -> Result<Arc<Archive>, ArchiveError> {
        self.index(Source::new(source)?)
    }

    fn index(self, source: Source) -> Result<Arc<Archive>, ArchiveError> {
        let Self { limits, scratch } = self;
        let mut index = Index::new(limits);
        let source = match kind(&source)? {
            Kind::Tar => source,
            Kind::Packed(method) => unpack(&source, method, limits.unpacked, scratch)?,
            Kind::Zip => {
                zip::read(&source, &mut index)?;
                return Ok(finish(source, index, limits));
            }
        };
        tar::read(&source, &mut index)?;
        Ok(finish(source, index, limits))
    }
}

fn finish(source: Source, index: Index, limits: Limits) -> Arc<Archive> {
    let tree = Arc::new(Tree {
        source,
        index,
        checkpoints: Checkpoints::new(limits.checkpoints),
        id: FsId::unique(),
    });
    Arc::new(Archive { tree, inode: ROOT })
}

enum Kind {
    Tar,
    Packed(Method),
    Zip,
}

/// Tells kinds apart by the first bytes. A tar has none of its own; what is not one fails at its first header.
fn kind(source: &Source) -> Result<Kind, ArchiveError> {
    let mut magic = [0; 4];
    if source.size < 4 {
        return Err(ArchiveError::UnknownKind);
    }
    source.exact(&mut magic, 0, "the first bytes")?;
    Ok(match magic {
        [0x1f, 0x8b, ..] => Kind::Packed(Method::Gzip),
        // A frame, or one to be passed over.
        [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => Kind::Packed(Method::Zstd),
        // A member, or the end of a zip file that has none.
        [b'P', b'K', 3, 4] | [b'P', b'K', 5, 6] => Kind::Zip,
        _ => Kind::Tar,
    })
}
