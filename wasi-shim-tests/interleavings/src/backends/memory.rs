//! The gate of the filesystem in memory, as its own room sees it.

#[path = "../../../../wasi-shim/src/backends/memory/gate.rs"]
mod gate;

pub(crate) struct Gate(gate::Gate);

impl Gate {
    pub(crate) fn new() -> Self {
        Self(gate::Gate::default())
    }

    pub(crate) fn pass<T>(&self, change: impl FnOnce() -> T) -> T {
        let _passage = self.0.enter();
        change()
    }

    pub(crate) fn close<T>(&self, look: impl FnOnce() -> T) -> T {
        let _closed = self.0.close();
        look()
    }
}
