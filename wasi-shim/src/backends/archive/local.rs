//! Members of zip files.
//!
//! Knows a member's own header, and when to believe what the central directory says about it. Refuses to know where
//! that is. The reader of zip files uses it.

use super::error::{Fault, SkipReason};
use super::fields::Fields;
use super::inflate::{Deflated, Inflater};
use super::names::{LONGEST, Path, link_text};
use super::source::Source;
use super::tree::{Content, Index, Kind};
use crate::vfs::Timestamp;

const LOCAL: usize = 30;
const LOCAL_MAGIC: u32 = 0x0403_4b50;

/// Encrypted; strongly encrypted; with headers that are encrypted themselves.
const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
/// Sizes and checksum come after the content.
const DESCRIPTOR: u16 = 1 << 3;

/// The type and mode that Unix gave a file, if it was Unix.
pub(super) struct Unix(pub(super) Option<u32>);

impl Unix {
    /// The type alone, as `st_mode` has it; zero if nothing is said.
    fn kind(&self) -> u32 {
        self.0.unwrap_or_default() & 0o170_000
    }
}

/// A member, as the central directory describes it.
pub(super) struct Member {
    pub(super) at: u64,
    pub(super) name: Vec<u8>,
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) crc: u32,
    pub(super) compressed: u64,
    pub(super) size: u64,
    pub(super) mtime: Timestamp,
    pub(super) unix: Unix,
}

impl Member {
    /// Where it ends at the earliest: its own header may have more.
    pub(super) fn end(&self) -> u64 {
        let header = (LOCAL as u64).saturating_add(self.name.len() as u64);
        self.end_from(self.at.saturating_add(header))
    }

    /// The same if its content is there.
    pub(super) const fn end_from(&self, data: u64) -> u64 {
        data.saturating_add(self.compressed)
    }

    /// Enters the member, whose content is at `data`, in the tree.
    pub(super) fn enter(
        &self,
        source: &Source,
        data: Result<u64, Fault>,
        index: &mut Index,
    ) -> Result<(), Fault> {
        if self.flags & ENCRYPTED != 0 {
            return Err(SkipReason::Encrypted.into());
        }
        let path = Path::new(&self.name)?;
        let data = data?;
        match self.unix.kind() {
            0o040_000 => index.dir(path, self.mtime),
            _ if self.name.ends_with(b"/") => index.dir(path, self.mtime),
            0 | 0o100_000 => index.leaf(path, self.mtime, Kind::File(self.content(data)?)),
            0o120_000 => {
                let text = self.text(source, data)?;
                index.leaf(path, self.mtime, Kind::Symlink(link_text(&text)?.into()))
            }
            _ => Err(SkipReason::Special.into()),
        }
    }

    /// Where the content is: after the member's own header, which has to say the same as the central directory. Else
    /// two readers see two archives, and somebody may have checked the other. All members end before `end`.
    pub(super) fn data(&self, source: &Source, end: u64) -> Result<u64, Fault> {
        let what = "a member's own header";
        let after = self.at.saturating_add(LOCAL as u64);
        let fits = after.saturating_add(self.name.len() as u64) <= end;
        if !fits {
            return Err(SkipReason::Mismatch.into());
        }
        let bytes = source.take(self.at, LOCAL, what)?;
        let mut fields = Fields(&bytes);
        let magic = fields.u32();
        fields.u16();
        let (flags, method) = (fields.u16(), fields.u16());
        fields.u32();
        let sums = (fields.u32(), fields.u32(), fields.u32());
        let (name, extra) = (fields.u16(), fields.u16());
        let named = usize::from(name) == self.name.len()
            && source.take(after, self.name.len(), what)? == self.name;
        let same = magic == LOCAL_MAGIC
            && method == self.method
            && (flags ^ self.flags) & ENCRYPTED == 0
            && (flags & DESCRIPTOR != 0 || self.agrees(sums));
        let data = after
            .saturating_add(name.into())
            .saturating_add(extra.into());
        if !named || !same || data.saturating_add(self.compressed) > end {
            return Err(SkipReason::Mismatch.into());
        }
        Ok(data)
    }

    /// Are these the checksum and the sizes? Sizes that need more room are looked up in the central directory alone.
    fn agrees(&self, (crc, compressed, size): (u32, u32, u32)) -> bool {
        let same = |short: u32, number: u64| short == u32::MAX || u64::from(short) == number;
        crc == self.crc && same(compressed, self.compressed) && same(size, self.size)
    }

    fn content(&self, at: u64) -> Result<Content, SkipReason> {
        let Self {
            compressed,
            size,
            crc,
            ..
        } = *self;
        match self.method {
            0 if compressed != size => Err(SkipReason::Mismatch),
            0 => {
                let crc = Some(crc);
                Ok(Content::Plain { at, size, crc })
            }
            8 if !is_plausible(compressed, size) => Err(SkipReason::Damaged),
            8 => Ok(Content::Deflated(Deflated {
                at,
                compressed,
                size,
                crc,
            })),
            other => Err(SkipReason::Method(other)),
        }
    }

    /// The content of a symbolic link.
    fn text(&self, source: &Source, at: u64) -> Result<Vec<u8>, Fault> {
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        if size > LONGEST {
            return Err(SkipReason::NameTooLong.into());
        }
        let mut text = vec![0; size];
        match self.content(at)? {
            Content::Plain { .. } => {
                source.exact(&mut text, at, "the text of a link")?;
                if crc32(&text) != self.crc {
                    return Err(SkipReason::Damaged.into());
                }
            }
            Content::Deflated(member) => {
                let count = Inflater::new().read(source, &member, &mut text);
                if count != Ok(size) {
                    return Err(SkipReason::Damaged.into());
                }
            }
        }
        Ok(text)
    }
}

/// Could deflate have made this of that? Not if there is more than 1032 times as much, the most it can pack into a
/// byte. And nothing honest is twice as large packed; much that holds little could keep a reader busy for nothing.
const fn is_plausible(compressed: u64, size: u64) -> bool {
    let most = compressed.saturating_add(1).saturating_mul(1032);
    let least = size.saturating_mul(2).saturating_add(1 << 16);
    size <= most && compressed <= least
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}
