//! A tar or zip file as a read-only tree.
//!
//! Knows what tar and zip files are made of, and what of that has a place in a tree. Refuses to know paths, guests and
//! the host, but for files of the standard library that an archive may be in. Embedders use [`Archive`].

mod builder;
mod checkpoints;
mod error;
mod fields;
mod file;
mod header;
mod inflate;
mod local;
mod names;
mod pax;
mod source;
mod tar;
mod tree;
mod unpack;
mod zip;

pub use builder::ArchiveBuilder;
pub use error::{ArchiveError, SkipReason, Skipped};
pub use source::ReadAt;

use crate::abi::{Errno, Result};
use crate::vfs::{Create, Dir, Entry, FsId, Metadata, Name, Node, OpenRequest};
use checkpoints::Checkpoints;
use file::ArchiveFile;
use source::Source;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use tree::{Index, Kind};

/// A directory of an archive: a tar file, plain or compressed with gzip or zstd, or a zip file.
///
/// ```no_run
/// use wasi_shim::{Access, Wasi, backends::Archive};
///
/// let archive = Archive::open("site-packages.zip")?;
/// for skipped in archive.skipped() {
///     eprintln!("{}: {}", skipped.name, skipped.reason);
/// }
/// let wasi = Wasi::builder().preopen("/lib", archive, Access::ReadOnly).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// An archive may come from anybody. Whatever it holds, opening it ends with a tree or with an [`ArchiveError`],
/// reading with bytes or with `io`; nothing panics, and [`ArchiveBuilder`]'s limits bound the memory.
///
/// # Reading
///
/// The members are read once, when the archive is opened. Content stays where it is:
///
/// | content | is read |
/// |---|---|
/// | of a plain tar; stored in a zip file | from the source, at its offset |
/// | of a compressed tar | from memory or a scratch file: it was unpacked when the archive was opened |
/// | deflated in a zip file | by decompressing it from a checkpoint on, at most a 64th of it or 256 KiB before |
///
/// A zip file has a checksum for each member. It is compared when the last byte of a deflated member is read, and when
/// that of a stored one is read through a handle that has read all before it in order: if it is wrong, that read
/// answers `io`. A gzip or zstd checksum that is wrong is an error when the archive is opened.
///
/// # Facts
///
/// Numbers follow the order in the archive, so they are the same whenever it is opened. All times of a file are the
/// time of modification that the archive has for it; zip's own times have no time zone and are taken as UTC. Hard links
/// of a tar count as names of one file; directories have one name. Owners, modes and other attributes are not used.
///
/// # Members
///
/// An archive that is malformed is refused as a whole; a member that has no place in a tree is left out, and
/// [`skipped`](Self::skipped) says so.
///
/// | an archive that | |
/// |---|---|
/// | begins like no known kind, is empty, or is compressed and no tar inside | [`UnknownKind`] |
/// | is cut off within a member or header | [`Truncated`] |
/// | is a tar without the zeros at its end | is as it is: who wrote it may have ended so |
/// | is a tar with a wrong checksum of a header, a malformed size or pax record | [`Malformed`] |
/// | is compressed and damaged, or has anything but more of the kind behind its end | [`Decompression`] |
/// | is a zip file whose directory is malformed, elsewhere than it says, or in several parts | [`Malformed`] |
/// | is a zip file with bytes behind its end, or cut off anywhere | [`Truncated`] |
/// | has zip members that overlap, left out or not, as their own headers have it too | [`Overlap`] |
/// | is larger than a limit, or has a pax header of more than 1 MiB | [`Limit`] |
///
/// | a member | |
/// |---|---|
/// | whose name begins with slashes, ends with some, has `.` or repeated slashes | is as without them |
/// | whose name has a `..` | left out, [`Parent`] |
/// | whose name has a NUL or a backslash (which is a slash elsewhere) | left out, [`ForbiddenByte`] |
/// | whose name is not UTF-8, zip's old code page included | left out, [`NotUtf8`] |
/// | with a part of more than 255 bytes, or a name or link of more than 4096 | left out, [`NameTooLong`] |
/// | that would be the root, and is no directory | left out, [`NoName`] |
/// | whose directories are missing | has them made, with times of 1970 |
/// | with the name of an earlier file or link | replaces it; other names that it had by hard links stay |
/// | that is a directory and is there already | sets its time |
/// | that needs a directory where a file or link is | left out, [`NotDirectory`] |
/// | that is a file or link where a directory is | left out, [`IsDirectory`] |
/// | that is a symbolic link | is there with its text, wherever that leads: escaping is refused when it is followed |
/// | that is a hard link to an earlier file or symbolic link | is another name of it |
/// | that is a hard link to what is missing, comes later, or is a directory | left out, [`LinkTarget`] |
/// | that is a device or a FIFO, or a socket in a zip file | left out, [`Special`] |
/// | of a tar, of a type that is not known | left out, [`UnknownType`] |
/// | that is sparse, as GNU tar or as pax has it | left out, [`Sparse`] |
/// | that is encrypted | left out, [`Encrypted`] |
/// | compressed with anything but deflate, in a zip file | left out, [`Method`] |
/// | whose own header contradicts the directory of the zip file | left out, [`Mismatch`] |
/// | deflated to less than a 1032th, or to more than its double and 64 KiB | left out, [`Damaged`] |
/// | that is a symbolic link in a zip file, whose text cannot be decompressed | left out, [`Damaged`] |
///
/// Understood are: GNU's long names and large numbers; pax `path`, `linkpath`, `size` and `mtime`, for one member or
/// for all that follow; zip64; zip's data descriptors, and the times of `UT` fields.
///
/// # Changing
///
/// Everything that would change something answers `rofs`, or the error that [`Dir`] has before it for an `open`. For
/// the whole order of errors, wrap it in [`ReadOnly`](super::ReadOnly).
///
/// [`UnknownKind`]: ArchiveError::UnknownKind
/// [`Truncated`]: ArchiveError::Truncated
/// [`Malformed`]: ArchiveError::Malformed
/// [`Decompression`]: ArchiveError::Decompression
/// [`Overlap`]: ArchiveError::Overlap
/// [`Limit`]: ArchiveError::Limit
/// [`Parent`]: SkipReason::Parent
/// [`ForbiddenByte`]: SkipReason::ForbiddenByte
/// [`NotUtf8`]: SkipReason::NotUtf8
/// [`NameTooLong`]: SkipReason::NameTooLong
/// [`NoName`]: SkipReason::NoName
/// [`NotDirectory`]: SkipReason::NotDirectory
/// [`IsDirectory`]: SkipReason::IsDirectory
/// [`LinkTarget`]: SkipReason::LinkTarget
/// [`Special`]: SkipReason::Special
/// [`UnknownType`]: SkipReason::UnknownType
/// [`Sparse`]: SkipReason::Sparse
/// [`Encrypted`]: SkipReason::Encrypted
/// [`Method`]: SkipReason::Method
/// [`Mismatch`]: SkipReason::Mismatch
/// [`Damaged`]: SkipReason::Damaged
pub struct Archive {
    tree: Arc<Tree>,
    inode: usize,
}

/// What all directories and files of an archive share.
struct Tree {
    source: Source,
    index: Index,
    checkpoints: Checkpoints,
    id: FsId,
}

impl Tree {
    fn kind(&self, inode: usize) -> Option<&Kind> {
        Some(&self.index.inodes.get(inode)?.kind)
    }

    fn facts(&self, inode: usize) -> Result<Metadata> {
        let found = self.index.inodes.get(inode).ok_or(Errno::Io)?;
        Ok(found.facts(inode))
    }
}

impl Archive {
    /// Opens an archive in the host's file of that name, with the limits of [`ArchiveBuilder`].
    ///
    /// # Errors
    /// [`ArchiveError`], as the table above has it.
    pub fn open(path: impl AsRef<Path>) -> Result<Arc<Self>, ArchiveError> {
        Self::builder().open(path)
    }

    /// Opens an archive in memory.
    ///
    /// # Errors
    /// [`ArchiveError`], as the table above has it.
    pub fn from_bytes(bytes: impl Into<Arc<[u8]>>) -> Result<Arc<Self>, ArchiveError> {
        Self::builder().from_bytes(bytes)
    }

    /// Opens an archive wherever it is.
    ///
    /// # Errors
    /// [`ArchiveError`], as the table above has it.
    pub fn read(source: impl ReadAt + 'static) -> Result<Arc<Self>, ArchiveError> {
        Self::builder().read(source)
    }

    /// Chooses limits.
    pub fn builder() -> ArchiveBuilder {
        ArchiveBuilder::default()
    }

    /// The members that are not in the tree, in the order of the archive: as many as [`ArchiveBuilder::reported`] says.
    pub fn skipped(&self) -> &[Skipped] {
        &self.tree.index.skipped
    }

    /// How many members are not in the tree.
    pub fn skipped_count(&self) -> u64 {
        self.tree.index.skipped_count
    }

    /// Where the entry of that name is.
    fn find(&self, name: Name<'_>) -> Result<usize> {
        match self.tree.kind(self.inode) {
            Some(Kind::Dir(entries)) => entries.get(name.as_str()).copied().ok_or(Errno::Noent),
            _ => Err(Errno::Io),
        }
    }
}

impl Dir for Archive {
    fn metadata(&self) -> Result<Metadata> {
        self.tree.facts(self.inode)
    }

    fn stat(&self, name: Name<'_>) -> Result<Metadata> {
        self.tree.facts(self.find(name)?)
    }

    fn open(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
        let inode = match self.find(name) {
            Err(Errno::Noent) if request.create != Create::Never => return Err(Errno::Rofs),
            found => found?,
        };
        let facts = self.tree.facts(inode)?;
        request.check_existing(facts.kind)?;
        let tree = self.tree.clone();
        match self.tree.kind(inode) {
            Some(Kind::Symlink(text)) => Ok(Node::Symlink(text.as_ref().into())),
            _ if request.mutates() => Err(Errno::Rofs),
            Some(Kind::Dir(_)) => Ok(Node::Dir(Arc::new(Self { tree, inode }))),
            Some(Kind::File(_)) => Ok(Node::File(Arc::new(ArchiveFile::new(tree, inode)))),
            None => Err(Errno::Io),
        }
    }

    /// In the order of names.
    fn list(&self, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        let Some(Kind::Dir(entries)) = self.tree.kind(self.inode) else {
            return Err(Errno::Io);
        };
        for (name, inode) in entries {
            let Metadata { ino, kind, .. } = self.tree.facts(*inode)?;
            if sink(Entry { name, ino, kind }).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn filesystem(&self) -> FsId {
        self.tree.id
    }
}
