//! Tar files.
//!
//! Knows how members follow each other, with the headers that say more about the next one. Refuses to know how the
//! bytes were compressed. Whoever opens an archive uses it.

use super::error::{ArchiveError, Fault, SkipReason};
use super::header::{BLOCK, Header};
use super::names::{LONGEST, Path, link_text};
use super::pax::{Extension, short};
use super::source::Source;
use super::tree::{Content, Index, Kind, within};
use crate::vfs::Timestamp;

/// How large a pax header may be.
const PAX: u64 = 1 << 20;

/// Enters all members of a tar file.
pub(super) fn read(source: &Source, index: &mut Index) -> Result<(), ArchiveError> {
    let mut walk = Walk {
        source,
        at: 0,
        global: Extension::default(),
    };
    while let Some(member) = walk.member()? {
        index.begin(&[&member.name, &member.link])?;
        let answer = member.enter(index);
        index.note(answer, &member.name, member.at)?;
    }
    Ok(())
}

/// The way through a tar file.
struct Walk<'a> {
    source: &'a Source,
    at: u64,
    /// What was said about all members that follow.
    global: Extension,
}

/// A member, with all that was said about it.
struct Member {
    at: u64,
    kind: u8,
    name: Vec<u8>,
    link: Vec<u8>,
    mtime: Timestamp,
    /// Where the content is, and its size.
    data: u64,
    size: u64,
    sparse: bool,
}

impl Walk<'_> {
    /// The next member; none after the end. The block of zeros that should be there may be missing.
    fn member(&mut self) -> Result<Option<Member>, ArchiveError> {
        let first = self.at;
        let mut said: Option<Extension> = None;
        while let Some((at, header)) = self.header()? {
            match header.kind() {
                b'g' => {
                    let records = self.records(at, &header)?;
                    self.global.add(&records).ok_or_else(|| malformed(at))?;
                }
                kind @ (b'L' | b'K' | b'x' | b'X') => {
                    let said = said.get_or_insert_with(|| self.global.clone());
                    match kind {
                        b'L' => said.path = Some(self.long_name(at, &header)?),
                        b'K' => said.link = Some(self.long_name(at, &header)?),
                        _ => said
                            .add(&self.records(at, &header)?)
                            .ok_or_else(|| malformed(at))?,
                    }
                }
                _ => {
                    let said = said.unwrap_or_else(|| self.global.clone());
                    return self.finish(at, &header, said).map(Some);
                }
            }
        }
        if said.is_some() {
            let what = "the member after an extended header";
            return Err(ArchiveError::Truncated { what, at: first });
        }
        Ok(None)
    }

    /// The next header and where it is.
    fn header(&mut self) -> Result<Option<(u64, Header)>, ArchiveError> {
        let at = self.at;
        if at == 0 && self.source.size < BLOCK {
            return Err(ArchiveError::UnknownKind);
        }
        if at >= self.source.size {
            return Ok(None);
        }
        let header = self.block()?;
        if header.is_end() {
            return Ok(None);
        }
        match header.is_whole() {
            true => Ok(Some((at, header))),
            false if at == 0 => Err(ArchiveError::UnknownKind),
            false => Err(ArchiveError::Malformed {
                what: "a header",
                at,
            }),
        }
    }

    fn block(&mut self) -> Result<Header, ArchiveError> {
        let mut block = Header([0; BLOCK as usize]);
        self.source.exact(&mut block.0, self.at, "a header")?;
        self.at = self.at.saturating_add(BLOCK);
        Ok(block)
    }

    /// Passes content, which has to be there as a whole; the padding behind the last one need not.
    fn pass(&mut self, size: u64) -> Result<u64, ArchiveError> {
        let data = self.at;
        let end = data.checked_add(size);
        if end.is_none_or(|end| end > self.source.size) {
            let what = "the content of a member";
            return Err(ArchiveError::Truncated { what, at: data });
        }
        let blocks = size.div_ceil(BLOCK).saturating_mul(BLOCK);
        self.at = data.saturating_add(blocks);
        Ok(data)
    }

    /// The content of a header that says more about the next member.
    fn records(&mut self, at: u64, header: &Header) -> Result<Vec<u8>, ArchiveError> {
        let size = header.size().ok_or_else(|| malformed(at))?;
        within(size, PAX, "bytes in an extended header")?;
        let data = self.pass(size)?;
        let size = usize::try_from(size).unwrap_or_default();
        self.source.take(data, size, "an extended header")
    }

    /// The same where it is a name, which ends at a NUL.
    fn long_name(&mut self, at: u64, header: &Header) -> Result<Vec<u8>, ArchiveError> {
        let size = header.size().ok_or_else(|| malformed(at))?;
        let data = self.pass(size)?;
        // One byte more than a name may have, and the NUL.
        let most = LONGEST.saturating_add(2);
        let size = usize::try_from(size).unwrap_or(most).min(most);
        let mut name = self.source.take(data, size, "a long name")?;
        if let Some(end) = name.iter().position(|byte| *byte == 0) {
            name.truncate(end);
        }
        Ok(short(&name))
    }

    /// Puts a member together, and passes its content.
    fn finish(
        &mut self,
        at: u64,
        header: &Header,
        said: Extension,
    ) -> Result<Member, ArchiveError> {
        let kind = header.kind();
        // Links, devices, directories and FIFOs have no content, whatever their size.
        let size = match (kind, said.size) {
            (b'1'..=b'6', _) => 0,
            (_, Some(size)) => size,
            (_, None) => header.size().ok_or_else(|| malformed(at))?,
        };
        let mut more = kind == b'S' && header.map_goes_on(true);
        while more {
            more = self.block()?.map_goes_on(false);
        }
        let seconds = i64::try_from(header.mtime()).unwrap_or(i64::MAX);
        Ok(Member {
            at,
            kind,
            name: said.path.unwrap_or_else(|| header.name()),
            link: said.link.unwrap_or_else(|| header.link()),
            mtime: said.mtime.unwrap_or(Timestamp::from_parts(seconds, 0)),
            data: self.pass(size)?,
            size,
            sparse: said.sparse || kind == b'S',
        })
    }
}

fn malformed(at: u64) -> ArchiveError {
    let what = "a header or its records";
    ArchiveError::Malformed { what, at }
}

impl Member {
    fn enter(&self, index: &mut Index) -> Result<(), Fault> {
        let path = Path::new(&self.name)?;
        match self.kind {
            _ if self.sparse => Err(SkipReason::Sparse.into()),
            // Before there was a type for directories, a slash said it.
            0 | b'0' | b'7' if self.name.ends_with(b"/") => index.dir(path, self.mtime),
            0 | b'0' | b'7' => {
                let content = Content::Plain {
                    at: self.data,
                    size: self.size,
                    crc: None,
                };
                index.leaf(path, self.mtime, Kind::File(content))
            }
            b'1' => {
                let target = Path::new(&self.link).map_err(|_| SkipReason::LinkTarget)?;
                index.link(path, target)
            }
            b'2' => {
                let text = link_text(&self.link)?;
                index.leaf(path, self.mtime, Kind::Symlink(text.into()))
            }
            b'3' | b'4' | b'6' => Err(SkipReason::Special.into()),
            b'5' | b'D' => index.dir(path, self.mtime),
            other => Err(SkipReason::UnknownType(other).into()),
        }
    }
}
