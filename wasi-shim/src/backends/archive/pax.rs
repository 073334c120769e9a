//! The records of a pax extended header: what a tar member's own header has no room for.
//!
//! Knows the records that matter to a tree, and how they are written. Refuses to know which member they are about. The
//! reader of tar files uses it.

use super::names::LONGEST;
use crate::vfs::Timestamp;

/// What was said about a member beside its header.
#[derive(Clone, Default)]
pub(super) struct Extension {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) mtime: Option<Timestamp>,
    /// The content is a map and pieces, not the file.
    pub(super) sparse: bool,
}

impl Extension {
    /// Adds the records of a header: `length key=value` and a line's end, one after the other. `None` if they are
    /// malformed.
    pub(super) fn add(&mut self, mut records: &[u8]) -> Option<()> {
        // Some programs fill up with NULs.
        while !matches!(records, [] | [0, ..]) {
            let space = records.iter().position(|byte| *byte == b' ')?;
            let length = usize::try_from(decimal(records.get(..space)?)?).ok()?;
            let record = records.get(space.checked_add(1)?..length)?;
            let equals = record.iter().position(|byte| *byte == b'=')?;
            let value = record.get(equals.checked_add(1)?..)?;
            self.record(record.get(..equals)?, value.strip_suffix(b"\n")?)?;
            records = records.get(length..)?;
        }
        Some(())
    }

    /// An empty value takes back what was said before.
    fn record(&mut self, key: &[u8], value: &[u8]) -> Option<()> {
        let some = !value.is_empty();
        match key {
            b"path" => self.path = some.then(|| short(value)),
            b"linkpath" => self.link = some.then(|| short(value)),
            b"size" if some => self.size = Some(decimal(value)?),
            b"size" => self.size = None,
            b"mtime" => self.mtime = some.then(|| time(value)),
            _ if key.starts_with(b"GNU.sparse.") => self.sparse = true,
            _ => {}
        }
        Some(())
    }
}

/// A name, but no more of it than shows that it is too long.
pub(super) fn short(name: &[u8]) -> Vec<u8> {
    let longest = LONGEST.saturating_add(1);
    name.get(..longest).unwrap_or(name).to_vec()
}

fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |sum, digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        sum.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// Seconds with a fraction. What means nothing, or is before 1970, is 1970.
fn time(value: &[u8]) -> Timestamp {
    let mut halves = value.splitn(2, |byte| *byte == b'.');
    let seconds = halves.next().and_then(decimal).unwrap_or_default();
    let fraction = halves.next().unwrap_or_default();
    let digits = fraction.iter().chain(std::iter::repeat(&b'0')).take(9);
    let nanoseconds = decimal(&digits.copied().collect::<Vec<_>>()).unwrap_or_default();
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    Timestamp::from_parts(seconds, u32::try_from(nanoseconds).unwrap_or_default())
}
