//! A snapshot of a directory's entries, which `fd_readdir` serves positions from.

use super::Limits;
use crate::abi::{Errno, FileKind, Result};
use crate::vfs::{Dir, Name};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How much all the listings of a guest hold together: it can keep one in each descriptor.
#[derive(Debug, Default)]
pub(crate) struct Held {
    entries: AtomicUsize,
    bytes: AtomicUsize,
}

impl Held {
    /// Counts a listing in, if the limits allow for it.
    fn add(&self, entries: usize, bytes: usize, limits: &Limits) -> Result<()> {
        let all_entries = self.entries.fetch_add(entries, Ordering::Relaxed);
        let all_bytes = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let fits = all_entries.saturating_add(entries) <= limits.listing_entries
            && all_bytes.saturating_add(bytes) <= limits.listing_bytes;
        if fits {
            return Ok(());
        }
        self.remove(entries, bytes);
        Err(Errno::Nomem)
    }

    fn remove(&self, entries: usize, bytes: usize) {
        self.entries.fetch_sub(entries, Ordering::Relaxed);
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// The entries of a directory at the time of a rewind. Names are kept in one piece: a million entries are three
/// allocations, not a million.
#[derive(Debug)]
pub(crate) struct Listing {
    names: String,
    entries: Vec<Entry>,
    held: Arc<Held>,
}

impl Drop for Listing {
    fn drop(&mut self) {
        self.held.remove(self.entries.len(), self.names.len());
    }
}

#[derive(Debug)]
struct Entry {
    end: usize,
    ino: u64,
    kind: FileKind,
}

impl Listing {
    /// Lists a directory. `nomem` beyond the limits, which hold for all listings of a guest together.
    pub(crate) fn of(dir: &dyn Dir, limits: &Limits, held: &Arc<Held>) -> Result<Self> {
        let mut names = String::new();
        let mut entries = Vec::new();
        let mut fits = true;
        dir.list(&mut |entry| {
            if !fits {
                return ControlFlow::Break(());
            }
            if Name::new(entry.name).is_err() {
                return ControlFlow::Continue(());
            }
            names.push_str(entry.name);
            entries.push(Entry {
                end: names.len(),
                ino: entry.ino,
                kind: entry.kind,
            });
            fits = entries.len() <= limits.listing_entries && names.len() <= limits.listing_bytes;
            if fits {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
        if !fits {
            return Err(Errno::Nomem);
        }
        held.add(entries.len(), names.len(), limits)?;
        let held = Arc::clone(held);
        Ok(Self {
            names,
            entries,
            held,
        })
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
