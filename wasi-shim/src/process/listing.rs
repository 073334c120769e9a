//! A snapshot of a directory's entries, which `fd_readdir` serves positions from.

use super::Limits;
use crate::abi::{Dirent, Errno, Result};
use crate::vfs::{Dir, Entry, Name};
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

/// The entries of a directory at the time of a rewind, each as a guest reads it: whatever part it asks for is there in one
/// piece. A million entries are two allocations, not a million.
#[derive(Debug)]
pub(crate) struct Listing {
    records: Records,
    /// The position of the first entry.
    first: u64,
    held: Arc<Held>,
}

impl Drop for Listing {
    fn drop(&mut self) {
        let Records { ends, .. } = &self.records;
        self.held.remove(ends.len(), self.records.names());
    }
}

impl Listing {
    /// Lists a directory whose first entry is to have the position `first`. `nomem` beyond the limits, which hold for all
    /// listings of a guest together.
    pub(crate) fn of(dir: &dyn Dir, first: u64, limits: &Limits, held: &Arc<Held>) -> Result<Self> {
        let mut records = Records::default();
        let mut fits = true;
        dir.list(&mut |entry| {
            if !fits {
                return ControlFlow::Break(());
            }
            if Name::new(entry.name).is_err() {
                return ControlFlow::Continue(());
            }
            records.push(&entry, first);
            fits = records.ends.len() <= limits.listing_entries
                && records.names() <= limits.listing_bytes;
            if fits {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
        if !fits {
            return Err(Errno::Nomem);
        }
        held.add(records.ends.len(), records.names(), limits)?;
        Ok(Self {
            records,
            first,
            held: Arc::clone(held),
        })
    }

    /// The entries from a position on. Those before the first have all behind them; `inval` if no entry carried it.
    pub(crate) fn from(&self, position: u64) -> Result<&[u8]> {
        let Records { bytes, ends } = &self.records;
        let before = usize::try_from(position.saturating_sub(self.first));
        let start = match before.map_err(|_| Errno::Inval)?.checked_sub(1) {
            Some(last) => *ends.get(last).ok_or(Errno::Inval)?,
            None => 0,
        };
        bytes.get(start..).ok_or(Errno::Inval)
    }
}

/// Heads and names, and where each record ends.
#[derive(Debug, Default)]
struct Records {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Records {
    /// Adds an entry, which has the position `first` if there are none before it.
    fn push(&mut self, entry: &Entry<'_>, first: u64) {
        let position = first.saturating_add(self.ends.len() as u64);
        let head = Dirent {
            next: position.saturating_add(1),
            ino: entry.ino,
            name_len: u32::try_from(entry.name.len()).unwrap_or(u32::MAX),
            filetype: entry.kind,
        };
        self.bytes.extend_from_slice(&head.bytes());
        self.bytes.extend_from_slice(entry.name.as_bytes());
        self.ends.push(self.bytes.len());
    }

    /// How many bytes the names have.
    fn names(&self) -> usize {
        let heads = self.ends.len().saturating_mul(Dirent::SIZE);
        self.bytes.len().saturating_sub(heads)
    }
}
