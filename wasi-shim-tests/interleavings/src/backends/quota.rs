//! The meter of a quota, as its own room sees it.

#[path = "../../../../wasi-shim/src/backends/quota/meter.rs"]
mod meter;

pub(crate) struct Meter(meter::Meter);

impl Meter {
    pub(crate) fn new(used: u64, limit: u64) -> Self {
        Self(meter::Meter::new(used, limit))
    }

    pub(crate) fn used(&self) -> u64 {
        self.0.used()
    }

    pub(crate) fn take_some(&self, least: u64, most: u64) -> Option<u64> {
        self.0.take_some(least, most).ok()
    }

    pub(crate) fn give(&self, count: u64) {
        self.0.give(count);
    }
}
