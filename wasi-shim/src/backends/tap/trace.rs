//! Telling what is asked of a filesystem.
//!
//! Knows nothing but whom to tell. Refuses to format or keep anything: that is for whoever is told. Embedders use it.

use super::{Event, Probe, Tap};
use crate::vfs::Dir;
use std::sync::Arc;

/// Tells a closure every call to a filesystem, and its answer.
///
/// An [`Event`] only refers to what the call has anyway: a closure that is not interested in it costs no more than being
/// called, and the name that is kept with everything opened. One that is can print it:
///
/// ```
/// use wasi_shim::backends::{MemDir, Trace};
/// let root = Trace::new(MemDir::new(), |event| eprintln!("{event}"));
/// ```
///
/// The closure is called by whichever thread made the call, after it, with no lock held.
pub struct Trace<F> {
    tell: F,
}

impl<F: Fn(&Event<'_>) + Send + Sync + 'static> Trace<F> {
    /// Wraps a directory.
    pub fn new(inner: Arc<dyn Dir>, tell: F) -> Arc<Tap<Self>> {
        Tap::new(inner, Self { tell })
    }
}

impl<F: Fn(&Event<'_>) + Send + Sync + 'static> Probe for Trace<F> {
    fn after(&self, event: &Event<'_>) {
        (self.tell)(event);
    }
}
