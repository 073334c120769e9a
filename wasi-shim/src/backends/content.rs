//! The content of one file, copied from one filesystem to another.
//!
//! Knows blocks, that zeros need not be written, and that holes need not be read where somebody says where they are. Refuses
//! to know names, and why anything is copied. The copy of a tree uses it, and overlays do.

use crate::abi::{Errno, Result};
use crate::vfs::File;

/// What is read at once.
const CHUNK: usize = 64 << 10;

/// What is left out if it is zeros.
const BLOCK: usize = 4 << 10;

/// The longest file that is read where nobody says where its holes are.
const LONGEST: u64 = 1 << 40;

/// What is copied.
pub(super) struct Source<'a> {
    pub(super) read: &'a dyn Fn(&mut [u8], u64) -> Result<usize>,
    /// As [`File::seek_data`].
    pub(super) data: &'a dyn Fn(u64) -> Result<Option<u64>>,
    /// No more than so many bytes.
    pub(super) limit: u64,
}

/// What was copied.
pub(super) struct Copied {
    /// Where it ends. The target is at least as long.
    pub(super) len: u64,
    /// How many bytes were written.
    pub(super) written: u64,
}

/// Why no more was copied.
pub(super) enum Stopped {
    Read(Errno),
    Write(Errno),
}

impl Stopped {
    pub(super) const fn errno(self) -> Errno {
        match self {
            Self::Read(errno) | Self::Write(errno) => errno,
        }
    }
}

/// Room for what is read at once.
pub(super) fn buffer() -> Result<Vec<u8>> {
    let mut buf = Vec::new();
    buf.try_reserve_exact(CHUNK).map_err(|_| Errno::Nomem)?;
    buf.resize(CHUNK, 0);
    Ok(buf)
}

/// `fbig` for a file of so many bytes that nobody should wait for them, as nobody says where its holes are: a guest makes
/// a hole as long as it likes.
pub(super) fn check_length(len: u64, data: impl Fn(u64) -> Result<Option<u64>>) -> Result<()> {
    match len > LONGEST && data(0).is_err() {
        true => Err(Errno::Fbig),
        false => Ok(()),
    }
}

/// Copies a source over the content of `to`, which is `old` bytes long. Blocks of zeros beyond that become holes.
///
/// `fbig` once it has read as many zeros as nobody should wait for: some filesystems call all of a file data, and some files
/// do not end.
pub(super) fn copy(
    source: &Source<'_>,
    to: &dyn File,
    old: u64,
    buf: &mut [u8],
) -> Result<Copied, Stopped> {
    copy_within(LONGEST, source, to, old, buf)
}

/// As [`copy`], with no more than `most` zeros read.
fn copy_within(
    most: u64,
    source: &Source<'_>,
    to: &dyn File,
    old: u64,
    buf: &mut [u8],
) -> Result<Copied, Stopped> {
    let (mut at, mut end, mut written, mut zeros) = (0_u64, old, 0_u64, 0_u64);
    while at < source.limit {
        // Over the old content, zeros have to be written.
        if at >= old
            && let Ok(next) = (source.data)(at)
        {
            // Whatever a filesystem says, a copy goes on.
            at = next.map_or(source.limit, |next| next.clamp(at, source.limit));
            if at == source.limit {
                break;
            }
        }
        let left = usize::try_from(source.limit.saturating_sub(at)).unwrap_or(usize::MAX);
        let room = left.min(buf.len());
        let chunk = buf.get_mut(..room).unwrap_or_default();
        let count = fill(source.read, chunk, at).map_err(Stopped::Read)?;
        let chunk = chunk.get(..count).unwrap_or_default();
        let (last, more) = put(chunk, to, old, at).map_err(Stopped::Write)?;
        end = end.max(last);
        written = written.saturating_add(more);
        at = at.saturating_add(count as u64);
        zeros = zeros.saturating_add((count as u64).saturating_sub(more));
        if zeros > most {
            return Err(Stopped::Read(Errno::Fbig));
        }
        if count < room {
            break;
        }
    }
    if at > end {
        to.set_len(at).map_err(Stopped::Write)?;
    }
    Ok(Copied { len: at, written })
}

/// Reads until the buffer is full or the file ends.
fn fill(read: &dyn Fn(&mut [u8], u64) -> Result<usize>, buf: &mut [u8], at: u64) -> Result<usize> {
    let mut done = 0_usize;
    while let Some(rest) = buf.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match read(rest, at.saturating_add(done as u64))? {
            0 => break,
            count => done = done.saturating_add(count),
        }
    }
    Ok(done.min(buf.len()))
}

/// Writes a chunk but for the blocks that may be holes. Returns where the last byte that was written ends, or 0, and how
/// many were.
fn put(chunk: &[u8], to: &dyn File, old: u64, at: u64) -> Result<(u64, u64)> {
    let (mut at, mut end, mut written) = (at, 0, 0_u64);
    let hole = |at: u64, block: &[u8]| at >= old && block.iter().all(|byte| *byte == 0);
    let mut rest = chunk;
    while !rest.is_empty() {
        // As many blocks of one kind as follow each other.
        let mut blocks = rest.chunks(BLOCK);
        let skip = blocks.next().is_some_and(|block| hole(at, block));
        let mut len = BLOCK.min(rest.len());
        for block in blocks {
            if hole(at.saturating_add(len as u64), block) != skip {
                break;
            }
            len = len.saturating_add(block.len());
        }
        let (run, after) = rest.split_at_checked(len).unwrap_or((rest, &[]));
        if !skip {
            write_all(to, run, at)?;
            end = at.saturating_add(len as u64);
            written = written.saturating_add(len as u64);
        }
        at = at.saturating_add(len as u64);
        rest = after;
    }
    Ok((end, written))
}

/// Writes all of it, over as many calls as it takes. `nospc` if none makes progress.
fn write_all(file: &dyn File, bytes: &[u8], offset: u64) -> Result<()> {
    let (mut left, mut at) = (bytes, offset);
    while !left.is_empty() {
        let count = file.write_at(left, at)?;
        if count == 0 {
            return Err(Errno::Nospc);
        }
        left = left.get(count..).unwrap_or_default();
        at = at.saturating_add(count as u64);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backends::MemDir;
    use crate::vfs::{Create, Dir, Name, Node, OpenRequest};
    use std::sync::Arc;

    fn target() -> Arc<dyn File> {
        let mut request = OpenRequest::READ;
        (request.write, request.create) = (true, Create::IfMissing);
        match MemDir::new().open(Name::new("f").unwrap(), &request) {
            Ok(Node::File(file)) => file,
            _ => panic!("a file"),
        }
    }

    fn zeros(buf: &mut [u8], _: u64) -> Result<usize> {
        buf.fill(0);
        Ok(buf.len())
    }

    #[test]
    fn zeros_that_are_called_data_are_not_read_for_ever() {
        let all_is_data: &dyn Fn(u64) -> Result<Option<u64>> = &|at| Ok(Some(at));
        let nobody_knows: &dyn Fn(u64) -> Result<Option<u64>> = &|_| Err(Errno::Notsup);
        for (data, limit) in [(all_is_data, 1 << 62), (nobody_knows, u64::MAX)] {
            let source = Source {
                read: &zeros,
                data,
                limit,
            };
            let copied = copy_within(1 << 20, &source, &*target(), 0, &mut buffer().unwrap());
            assert!(matches!(copied, Err(Stopped::Read(Errno::Fbig))));
        }
    }

    #[test]
    fn data_that_are_said_to_be_behind_do_not_stop_a_copy() {
        let source = Source {
            read: &zeros,
            data: &|_| Ok(Some(0)),
            limit: 1 << 20,
        };
        let copied = copy_within(u64::MAX, &source, &*target(), 0, &mut buffer().unwrap());
        assert_eq!(copied.ok().map(|copied| copied.len), Some(1 << 20));
    }
}
