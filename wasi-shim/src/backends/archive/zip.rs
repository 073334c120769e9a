//! Zip files: the central directory.
//!
//! Knows the records at a zip file's end, which say what its members are and where. Refuses to know a member's own
//! header and content. Whoever opens an archive uses it.

use super::error::ArchiveError;
use super::fields::{Fields, dos_time};
use super::local::{Member, Unix};
use super::source::Source;
use super::tree::{Index, within};
use crate::vfs::Timestamp;

/// The longest comment at the end, and the record before it.
const LONGEST_END: u64 = END as u64 + 0xffff;
const END: usize = 22;
const END64: usize = 56;
const LOCATOR: u64 = 20;
const ENTRY: usize = 46;

const END_MAGIC: u32 = 0x0605_4b50;
const END64_MAGIC: u32 = 0x0606_4b50;
const LOCATOR_MAGIC: u32 = 0x0706_4b50;
const ENTRY_MAGIC: u32 = 0x0201_4b50;

/// Enters all members of a zip file.
pub(super) fn read(source: &Source, index: &mut Index) -> Result<(), ArchiveError> {
    let directory = find(source)?;
    let most = index.most_members();
    let mut taken = Vec::new();
    // Nothing is unpacked before that is known: a million members may be the same bytes.
    each(source, &directory, most, |member| {
        taken.push((member.at, member.end()));
        Ok(())
    })?;
    refuse_overlaps(&mut taken)?;
    taken.clear();
    each(source, &directory, most, |member| {
        index.begin(&[&member.name])?;
        let data = member.data(source, directory.at);
        let end = data.as_ref().ok().map(|data| member.end_from(*data));
        taken.push((member.at, end.unwrap_or(member.end())));
        let answer = member.enter(source, data, index);
        index.note(answer, &member.name, member.at)
    })?;
    // Members' own headers may have more than the directory says.
    refuse_overlaps(&mut taken)
}

/// Hands all entries of the central directory to `take`.
fn each(
    source: &Source,
    directory: &Directory,
    most: u64,
    mut take: impl FnMut(&Member) -> Result<(), ArchiveError>,
) -> Result<(), ArchiveError> {
    let mut at = directory.at;
    for count in 0..directory.count {
        within(count.saturating_add(1), most, "members")?;
        let (member, next) = entry(source, at, directory.end)?;
        at = next;
        take(&member)?;
    }
    if at != directory.end {
        return Err(malformed("the number of members", directory.end));
    }
    Ok(())
}

/// No two members may have a byte in common.
fn refuse_overlaps(taken: &mut [(u64, u64)]) -> Result<(), ArchiveError> {
    taken.sort_unstable();
    let mut pairs = taken.iter().zip(taken.iter().skip(1));
    match pairs.find(|((_, end), (start, _))| end > start) {
        Some((&(first, _), &(second, _))) => Err(ArchiveError::Overlap { first, second }),
        None => Ok(()),
    }
}

const fn malformed(what: &'static str, at: u64) -> ArchiveError {
    ArchiveError::Malformed { what, at }
}

/// Where the central directory is.
struct Directory {
    count: u64,
    at: u64,
    end: u64,
}

impl Directory {
    /// Does the smaller record say the same, or that it has no room for it? Else two readers see two archives.
    fn agrees(&self, count: u16, size: u32, at: u32) -> bool {
        let same = |short: u32, number: u64| short == u32::MAX || u64::from(short) == number;
        (count == u16::MAX || u64::from(count) == self.count)
            && same(size, self.end.saturating_sub(self.at))
            && same(at, self.at)
    }
}

/// Finds the central directory. The record that says where it is has a comment that ends with the file.
fn find(source: &Source) -> Result<Directory, ArchiveError> {
    let what = "the record at the end of a zip file";
    let length = source.size.min(LONGEST_END);
    let start = source.size.saturating_sub(length);
    let tail = source.take(start, usize::try_from(length).unwrap_or_default(), what)?;
    let ends = |at: &usize| {
        let mut fields = Fields(tail.get(*at..).unwrap_or_default());
        let magic = fields.u32();
        fields.take(16);
        let comment = usize::from(fields.u16());
        magic == END_MAGIC && fields.0.len() == comment
    };
    let last = tail.len().checked_sub(END);
    let found = last.and_then(|last| (0..=last).rev().find(ends));
    let Some(offset) = found else {
        return Err(ArchiveError::Truncated { what, at: start });
    };
    let at = start.saturating_add(offset as u64);
    let mut fields = Fields(tail.get(offset..).unwrap_or_default());
    fields.u32();
    let disks = (fields.u16(), fields.u16());
    let counts = (fields.u16(), fields.u16());
    let (size, start) = (fields.u32(), fields.u32());
    match find64(source, at)? {
        Some(directory) if directory.agrees(counts.0, size, start) => Ok(directory),
        Some(_) => Err(malformed("a zip64 record, or the one after it,", at)),
        None if disks != (0, 0) || counts.0 != counts.1 => {
            Err(malformed("a zip file in several parts", at))
        }
        // There are readers that take the directory right before this record, and others where it says. It has to be one.
        None if u64::from(start).saturating_add(size.into()) != at => Err(malformed(what, at)),
        None => Ok(Directory {
            count: counts.0.into(),
            at: start.into(),
            end: at,
        }),
    }
}

/// The larger record, if a pointer to it is before the smaller one.
fn find64(source: &Source, end: u64) -> Result<Option<Directory>, ArchiveError> {
    let what = "the zip64 record at the end of a zip file";
    let Some(at) = end.checked_sub(LOCATOR) else {
        return Ok(None);
    };
    let locator = source.take(at, 20, what)?;
    let mut fields = Fields(&locator);
    if fields.u32() != LOCATOR_MAGIC {
        return Ok(None);
    }
    let (disk, record, disks) = (fields.u32(), fields.u64(), fields.u32());
    let bytes = source.take(record, END64, what)?;
    let mut fields = Fields(&bytes);
    let magic = fields.u32();
    // Of what follows it.
    let length = fields.u64().saturating_add(12);
    if magic != END64_MAGIC || length < END64 as u64 || record.saturating_add(length) != at {
        return Err(malformed(what, record));
    }
    fields.take(4);
    let here = (fields.u32(), fields.u32());
    let counts = (fields.u64(), fields.u64());
    // Some programs count no disks where there is one.
    if (disk, here) != (0, (0, 0)) || disks > 1 || counts.0 != counts.1 {
        return Err(malformed("a zip file in several parts", record));
    }
    let (size, start) = (fields.u64(), fields.u64());
    let end = start.saturating_add(size);
    if end != record {
        return Err(malformed(what, record));
    }
    Ok(Some(Directory {
        count: counts.0,
        at: start,
        end,
    }))
}

/// An entry of the central directory, and where the next one is.
fn entry(source: &Source, at: u64, end: u64) -> Result<(Member, u64), ArchiveError> {
    let what = "an entry of the central directory";
    let after = at.saturating_add(ENTRY as u64);
    if after > end {
        return Err(malformed(what, at));
    }
    let fixed = source.take(at, ENTRY, what)?;
    let mut fields = Fields(&fixed);
    if fields.u32() != ENTRY_MAGIC {
        return Err(malformed(what, at));
    }
    let made_by = fields.u16().to_le_bytes();
    fields.u16();
    let (flags, method) = (fields.u16(), fields.u16());
    let (time, date, crc) = (fields.u16(), fields.u16(), fields.u32());
    let (compressed, size) = (fields.u32(), fields.u32());
    let (name, extra, comment) = (fields.u16(), fields.u16(), fields.u16());
    fields.take(4);
    let (attributes, start) = (fields.u32(), fields.u32());
    let lengths = [name, extra, comment].map(u64::from);
    let next = lengths
        .iter()
        .fold(after, |sum, len| sum.saturating_add(*len));
    if next > end {
        return Err(malformed(what, at));
    }
    let length = usize::from(name).saturating_add(extra.into());
    let text = source.take(after, length, what)?;
    let mut text = Fields(&text);
    let mut member = Member {
        at: start.into(),
        name: text.take(name.into()).to_vec(),
        flags,
        method,
        crc,
        compressed: compressed.into(),
        size: size.into(),
        mtime: dos_time(date, time),
        // What made it says what the attributes mean; 3 is Unix.
        unix: Unix((made_by[1] == 3).then_some(attributes >> 16)),
    };
    extra_fields(text, &mut member).ok_or(malformed(what, at))?;
    Ok((member, next))
}

/// What an entry had no room for. `None` if a number that was put there is missing.
fn extra_fields(mut all: Fields<'_>, member: &mut Member) -> Option<()> {
    let full = u64::from(u32::MAX);
    let numbers = [&mut member.size, &mut member.compressed, &mut member.at];
    let mut wanted = numbers
        .into_iter()
        .filter(|number| **number == full)
        .peekable();
    while all.0.len() >= 4 {
        let (id, len) = (all.u16(), all.u16());
        let mut fields = Fields(all.take(len.into()));
        match id {
            0x0001 => {
                while fields.0.len() >= 8 {
                    let Some(number) = wanted.next() else { break };
                    *number = fields.u64();
                }
            }
            // Seconds since 1970, if the first flag says that they are there.
            0x5455 if fields.0.len() >= 5 && fields.take(1).iter().all(|flags| flags & 1 == 1) => {
                let seconds = fields.u32().cast_signed();
                member.mtime = Timestamp::from_parts(seconds.into(), 0);
            }
            _ => {}
        }
    }
    wanted.peek().is_none().then_some(())
}
