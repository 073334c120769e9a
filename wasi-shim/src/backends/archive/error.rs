//! What can be wrong with an archive, and with a member of it.
//!
//! Knows the words for both. Refuses to know how archives are laid out. The other modules of archives say it, embedders
//! read it.

use std::io;
use thiserror::Error;

/// Why an archive cannot be used at all. Positions are bytes from the start; of a compressed tar, of what it holds.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// The bytes could not be read, or the file for decompressed bytes not be written.
    #[error("the archive cannot be read: {0}")]
    Io(#[from] io::Error),
    /// The first bytes are those of no kind that is known.
    #[error(
        "this is neither a tar (plain, gzip or zstd) nor a zip file, to judge by its first bytes"
    )]
    UnknownKind,
    /// The bytes end too early.
    #[error("the archive is cut off: {what} at byte {at} is not whole; get the file again")]
    Truncated {
        /// What was being read.
        what: &'static str,
        /// Where it begins.
        at: u64,
    },
    /// Bytes that mean nothing.
    #[error("the archive is damaged: {what} at byte {at} is malformed")]
    Malformed {
        /// What was being read.
        what: &'static str,
        /// Where it begins.
        at: u64,
    },
    /// The compressed bytes of a tar cannot be decompressed.
    #[error("the archive cannot be decompressed beyond byte {at}: {source}")]
    Decompression {
        /// How many bytes were decompressed.
        at: u64,
        /// What the decompressor says.
        source: io::Error,
    },
    /// Two members of a zip file have bytes in common, as only those have that are made to decompress to far more than
    /// there is.
    #[error("the archive is refused: the members at bytes {first} and {second} overlap")]
    Overlap {
        /// Where the first begins.
        first: u64,
        /// Where the second begins.
        second: u64,
    },
    /// The archive is larger than it may be.
    #[error(
        "the archive has more {what} than {limit}, which is the limit; `ArchiveBuilder` has those that can be raised"
    )]
    Limit {
        /// What is limited, as [`ArchiveBuilder`](super::ArchiveBuilder) has it.
        what: &'static str,
        /// How much there may be.
        limit: u64,
    },
}

/// Why a member of an archive is not in the tree. The others are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SkipReason {
    /// The name or the text of the link is not UTF-8.
    #[error("the name is not UTF-8")]
    NotUtf8,
    /// A part of the name has more than 255 bytes, or the whole, or the text of the link, more than 4096.
    #[error("the name is too long")]
    NameTooLong,
    /// The name has a NUL or a backslash, or the text of the link a NUL.
    #[error("the name has a NUL or a backslash")]
    ForbiddenByte,
    /// The name has a `..`.
    #[error("the name has a `..`")]
    Parent,
    /// Nothing is left of the name, or the text of the link is empty.
    #[error("the name is empty")]
    NoName,
    /// The name goes through what is a file or a link, or a directory would replace one.
    #[error("something that is no directory is in its place")]
    NotDirectory,
    /// A file or a link would replace a directory.
    #[error("a directory is in its place")]
    IsDirectory,
    /// A hard link to something that is not there yet, or to a directory.
    #[error("the target of the hard link is not there")]
    LinkTarget,
    /// A device or a FIFO.
    #[error("devices and FIFOs are left out")]
    Special,
    /// A tar member of a type that is not known: its letter.
    #[error("the type {0:#04x} is not known")]
    UnknownType(u8),
    /// A sparse file.
    #[error("sparse files are not understood")]
    Sparse,
    /// An encrypted member.
    #[error("the member is encrypted")]
    Encrypted,
    /// A zip member that is neither stored nor deflated: its number.
    #[error("the compression method {0} is not known")]
    Method(u16),
    /// The two headers of a zip member contradict each other.
    #[error("the member's headers contradict each other")]
    Mismatch,
    /// The content of a member was needed, and cannot be decompressed.
    #[error("the content is damaged")]
    Damaged,
}

/// A member that is not in the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skipped {
    /// Its name as the archive has it, at most 255 letters; what is not UTF-8 is replaced.
    pub name: String,
    /// Where its header begins, in bytes from the start; of a compressed tar, of what it holds.
    pub at: u64,
    /// Why.
    pub reason: SkipReason,
}

/// Either kind of trouble, on the way to whoever tells them apart.
pub(super) enum Fault {
    Skip(SkipReason),
    Stop(ArchiveError),
}

impl From<SkipReason> for Fault {
    fn from(reason: SkipReason) -> Self {
        Self::Skip(reason)
    }
}

impl From<ArchiveError> for Fault {
    fn from(error: ArchiveError) -> Self {
        Self::Stop(error)
    }
}
