//! A snapshot of a directory's entries, which `fd_readdir` serves positions from.

use super::Limits;
use crate::abi::{Errno, FileKind, Result};
use crate::vfs::{Dir, Name};
use std::ops::ControlFlow;

/// The entries of a directory at the time of a rewind. Names are kept in one piece: a million entries are three
/// allocations, not a million.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    names: String,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    end: usize,
    ino: u64,
    kind: FileKind,
}

impl Listing {
    /// Lists a directory. `nomem` beyond the limits.
    pub(crate) fn of(dir: &dyn Dir, limits: &Limits) -> Result<Self> {
        let mut listing = Self::default();
        let mut fits = true;
        dir.list(&mut |entry| {
            if Name::new(entry.name).is_err() {
                return ControlFlow::Continue(());
            }
            listing.names.push_str(entry.name);
            listing.entries.push(Entry {
                end: listing.names.len(),
                ino: entry.ino,
                kind: entry.kind,
            });
            fits = listing.entries.len() <= limits.listing_entries
                && listing.names.len() <= limits.listing_bytes;
            if fits {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
        if fits { Ok(listing) } else { Err(Errno::Nomem) }
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The entry at a position: its name, number and kind.
    pub(crate) fn get(&self, index: usize) -> Option<(&str, u64, FileKind)> {
        let entry = self.entries.get(index)?;
        let start = match index.checked_sub(1) {
            Some(before) => self.entries.get(before)?.end,
            None => 0,
        };
        let name = self.names.get(start..entry.end)?;
        Some((name, entry.ino, entry.kind))
    }
}
