//! Files in archives.
//!
//! Knows how to read content where it is, and when a checksum can be told to be wrong. Refuses to know which kind of
//! archive it is. The directories of archives make them.

use super::Tree;
use super::inflate::Deflated;
use super::source::Source;
use super::tree::{Content, Kind};
use crate::abi::{Errno, Result};
use crate::backends::lock::lock;
use crate::vfs::{File, Metadata};
use flate2::Crc;
use std::sync::{Arc, Mutex};

/// An open file.
pub(super) struct ArchiveFile {
    tree: Arc<Tree>,
    inode: usize,
    /// The sum of what was read in order from the start, and how much that is.
    sum: Mutex<(Crc, u64)>,
}

impl ArchiveFile {
    pub(super) fn new(tree: Arc<Tree>, inode: usize) -> Self {
        let sum = Mutex::default();
        Self { tree, inode, sum }
    }

    /// Adds what was read to the sum, if it goes on where that is, and compares the sum at the end.
    fn check(&self, bytes: &[u8], offset: u64, size: u64, expected: u32) -> Result<()> {
        let mut sum = lock(&self.sum);
        let (crc, known) = &mut *sum;
        let more = known
            .checked_sub(offset)
            .and_then(|passed| bytes.get(usize::try_from(passed).ok()?..))
            .unwrap_or_default();
        crc.update(more);
        *known = known.saturating_add(more.len() as u64);
        let ends = !bytes.is_empty() && offset.saturating_add(bytes.len() as u64) == size;
        if ends && *known == size && crc.sum() != expected {
            return Err(Errno::Io);
        }
        Ok(())
    }
}

impl File for ArchiveFile {
    fn metadata(&self) -> Result<Metadata> {
        self.tree.facts(self.inode)
    }

    /// `io` if the source cannot be read or has become shorter, and where [`Archive`](super::Archive) says that a
    /// checksum is compared.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        let Some(Kind::File(content)) = self.tree.kind(self.inode) else {
            return Err(Errno::Io);
        };
        match content {
            Content::Plain { at, size, crc } => {
                let bytes = read_plain(&self.tree.source, *at, *size, buf, offset)?;
                if let Some(crc) = crc {
                    self.check(bytes, offset, *size, *crc)?;
                }
                Ok(bytes.len())
            }
            Content::Deflated(member) => self.read_deflated(member, buf, offset),
        }
    }
}

impl ArchiveFile {
    fn read_deflated(&self, member: &Deflated, buf: &mut [u8], offset: u64) -> Result<usize> {
        let Tree {
            checkpoints,
            source,
            ..
        } = &*self.tree;
        checkpoints.read(source, member, buf, offset)
    }
}

/// Reads a part of the source. That it has ended where there were more bytes before is no end of file.
fn read_plain<'b>(
    source: &Source,
    at: u64,
    size: u64,
    buf: &'b mut [u8],
    offset: u64,
) -> Result<&'b [u8]> {
    let left = usize::try_from(size.saturating_sub(offset)).unwrap_or(usize::MAX);
    let wanted = left.min(buf.len());
    let buf = buf.get_mut(..wanted).unwrap_or_default();
    if buf.is_empty() {
        return Ok(buf);
    }
    let count = source
        .read(buf, at.saturating_add(offset))
        .map_err(|_| Errno::Io)?;
    if count == 0 {
        return Err(Errno::Io);
    }
    Ok(buf.get(..count).unwrap_or_default())
}
