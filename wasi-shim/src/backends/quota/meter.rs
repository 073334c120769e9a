//! Counting up to a limit.
//!
//! Knows how much is used and how much may be. Refuses to know what. Only this folder uses it.

use crate::abi::{Errno, Result};
use crate::sync::atomic::{AtomicU64, Ordering};

/// How much is used, and how much may be.
pub(super) struct Meter {
    used: AtomicU64,
    limit: u64,
}

impl Meter {
    pub(super) fn new(used: u64, limit: u64) -> Self {
        let used = AtomicU64::new(used);
        Self { used, limit }
    }

    pub(super) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Takes `count`, or nothing: `dquot`.
    pub(super) fn take(&self, count: u64) -> Result<()> {
        self.take_some(count, count).map(drop)
    }

    /// Takes as much as there is, but no more than `most`; if that is less than `least`, nothing: `dquot`.
    pub(super) fn take_some(&self, least: u64, most: u64) -> Result<u64> {
        let grant = |used: u64| self.limit.saturating_sub(used).min(most);
        let more = |used: u64| {
            let granted = grant(used);
            (granted >= least).then(|| used.saturating_add(granted))
        };
        self.used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
            .map(grant)
            .map_err(|_| Errno::Dquot)
    }

    /// Gives back what was taken.
    pub(super) fn give(&self, count: u64) {
        let less = |used: u64| Some(used.saturating_sub(count));
        let _ = self
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    /// Makes of `taken` what turned out to be `needed`, which may be more: then it is there already, limit or not.
    pub(super) fn settle(&self, taken: u64, needed: u64) {
        if needed <= taken {
            self.give(taken.saturating_sub(needed));
        } else {
            let more = needed.saturating_sub(taken);
            let add = |used: u64| Some(used.saturating_add(more));
            let _ = self
                .used
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
        }
    }
}
