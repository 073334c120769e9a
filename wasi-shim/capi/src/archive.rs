//! Archives as directories.
//!
//! Knows how limits of an archive are said in C, and how what was left out is told. Refuses to know how archives are laid
//! out. What is made here is one of `dirs`.

#![allow(unsafe_code, reason = "the attribute that exports a name")]

use crate::dirs::{Directory, Kind};
use crate::raw::{Place, Ref, Room, Text, Values};
use crate::status::{Error, Handle, Status, attempt, make};
use std::sync::Arc;
use wasi_shim::backends::{Archive, ArchiveBuilder, ArchiveError};

/// How much an archive may have, and what is kept to read it. With 0 for any there is the library's limit.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArchiveLimits {
    /// Files, directories and links, with those that were replaced or left out: 1,000,000.
    pub members: u64,
    /// Bytes of names and of the texts of links: 128 MiB.
    pub names: u64,
    /// Bytes that a compressed tar unpacks to, which are in memory: 256 MiB.
    pub unpacked: u64,
    /// Bytes of memory that are kept to get to places in deflated members: 16 MiB.
    pub checkpoints: u64,
}

impl ArchiveLimits {
    fn builder(self) -> ArchiveBuilder {
        let set = |limit: u64| (limit != 0).then_some(limit);
        let builder = Archive::builder();
        let builder = fold(builder, set(self.members), ArchiveBuilder::members);
        let builder = fold(builder, set(self.names), ArchiveBuilder::names);
        let builder = fold(builder, set(self.unpacked), ArchiveBuilder::unpacked);
        fold(builder, set(self.checkpoints), ArchiveBuilder::checkpoints)
    }
}

fn fold(
    builder: ArchiveBuilder,
    limit: Option<u64>,
    set: impl FnOnce(ArchiveBuilder, u64) -> ArchiveBuilder,
) -> ArchiveBuilder {
    match limit {
        Some(limit) => set(builder, limit),
        None => builder,
    }
}

fn open(
    limits: &Ref<ArchiveLimits>,
    what: &str,
    open: impl FnOnce(ArchiveBuilder) -> Result<Arc<Archive>, ArchiveError>,
) -> Result<Directory, Error> {
    let limits = limits.maybe("limits")?.unwrap_or_default();
    let opened = open(limits.builder()).map_err(|error| Error::Archive {
        what: what.to_owned(),
        error,
    })?;
    Ok(Directory(Kind::Archive(opened)))
}

/// Opens a tar (plain, gzip or zstd) or zip file of the host as a directory that cannot be changed. With `NULL` for `limits`
/// they are the library's.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_dir_archive(
    path: Text,
    limits: Ref<ArchiveLimits>,
    dir: Place<Handle<Directory>>,
) -> Status {
    make(dir, || {
        let path = path.get("path")?;
        open(&limits, path, |builder| builder.open(path))
    })
}

/// The same of an archive in memory, which is copied.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_dir_archive_bytes(
    bytes: Values<u8>,
    len: usize,
    limits: Ref<ArchiveLimits>,
    dir: Place<Handle<Directory>>,
) -> Status {
    make(dir, || {
        let bytes = bytes.get(len, "bytes")?;
        open(&limits, "the archive in memory", |builder| {
            builder.from_bytes(bytes)
        })
    })
}

/// How many members of an archive are not in the tree, because no guest could use them, or nobody here can read them.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_archive_skipped(
    archive: Ref<Directory>,
    mut count: Place<u64>,
) -> Status {
    attempt(|| count.set(found(&archive)?.skipped_count(), "count"))
}

/// Copies the words for one of the first hundred of those, the name and the reason, into `buffer`, as far as there is room.
/// `*len` is how many bytes there are, without a NUL: 0 from the last of them on.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_archive_skipped_words(
    archive: Ref<Directory>,
    index: usize,
    mut buffer: Room<u8>,
    room: usize,
    mut len: Place<usize>,
) -> Status {
    attempt(|| {
        let archive = found(&archive)?;
        let skipped = archive.skipped().get(index);
        let words = skipped.map(|member| format!("{}: {}", member.name, member.reason));
        let words = words.unwrap_or_default();
        buffer.check(room, "buffer")?;
        len.set(words.len(), "len")?;
        buffer.put(room, words.as_bytes(), "buffer").map(drop)
    })
}

fn found(archive: &Ref<Directory>) -> Result<Arc<Archive>, Error> {
    match archive.get("archive")?.0 {
        Kind::Archive(archive) => Ok(archive),
        _ => Err(Error::Kind(
            "archive is none of wasi_shim_dir_archive or wasi_shim_dir_archive_bytes",
        )),
    }
}
