//! The content of one file.
//!
//! Knows blocks, and that zeros need not be written. Refuses to know names. The copy of a tree uses it, and overlays some of it.

use super::super::memory;
use super::{CopyError, reading, writing};
use crate::abi::{Errno, Result};
use crate::vfs::File;

/// What is read at once.
pub(super) const CHUNK: usize = 64 << 10;

/// What is left out if it is zeros.
const BLOCK: usize = 4 << 10;

/// The longest file that is read where nobody says where its holes are.
pub(in crate::backends) const LONGEST: u64 = 1 << 40;

/// Copies what is in a file. Returns how many bytes were written.
pub(super) fn content(
    source: &dyn File,
    target: &dyn File,
    buf: &mut [u8],
    path: &str,
) -> Result<u64, CopyError> {
    let size = source.metadata().map_err(reading(path))?.size;
    let knows_holes = memory::data_from(source, 0).is_some();
    if size > LONGEST && !knows_holes {
        return Err(reading(path)(Errno::Fbig));
    }
    // Where the next byte is, where the last written one was, and how many were written.
    let (mut at, mut end, mut written) = (0_u64, 0_u64, 0_u64);
    loop {
        match memory::data_from(source, at) {
            Some(Some(data)) => at = data,
            Some(None) => break,
            None => {}
        }
        let count = source.read_at(buf, at).map_err(reading(path))?;
        let read = buf.get(..count).unwrap_or_default();
        if read.is_empty() {
            break;
        }
        for bytes in read.chunks(BLOCK) {
            if bytes.iter().any(|byte| *byte != 0) {
                write_all(target, bytes, at).map_err(writing(path))?;
                end = at.saturating_add(bytes.len() as u64);
                written = written.saturating_add(bytes.len() as u64);
            }
            at = at.saturating_add(bytes.len() as u64);
        }
    }
    let len = if knows_holes { size.max(at) } else { at };
    if len > end {
        target.set_len(len).map_err(writing(path))?;
    }
    Ok(written)
}

/// Writes all of it, over as many calls as it takes. `nospc` if none makes progress.
pub(in crate::backends) fn write_all(file: &dyn File, bytes: &[u8], offset: u64) -> Result<()> {
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
