//! A filesystem that takes its time.
//!
//! Knows how long to wait before each call. Refuses to know what the call is for. Embedders use it in their tests.

use super::{Call, Probe, Tap, Verdict};
use crate::vfs::Dir;
use std::sync::Arc;
use std::time::Duration;

/// Waits before every call to a filesystem, as a disk or a network would. The thread that makes the call sleeps.
pub struct Latency {
    wait: Box<Wait>,
}

type Wait = dyn Fn(&Call<'_>) -> Duration + Send + Sync;

impl Latency {
    /// Wraps a directory: every call takes so much longer.
    pub fn new(inner: Arc<dyn Dir>, wait: Duration) -> Arc<Tap<Self>> {
        Self::chosen(inner, move |_| wait)
    }

    /// Wraps a directory: how much longer a call takes is asked before it is made. A closure that waits by itself answers
    /// [`Duration::ZERO`].
    pub fn chosen(
        inner: Arc<dyn Dir>,
        wait: impl Fn(&Call<'_>) -> Duration + Send + Sync + 'static,
    ) -> Arc<Tap<Self>> {
        let wait = Box::new(wait);
        Tap::new(inner, Self { wait })
    }
}

impl Probe for Latency {
    fn before(&self, call: &Call<'_>) -> Verdict {
        let wait = (self.wait)(call);
        if !wait.is_zero() {
            std::thread::sleep(wait);
        }
        Verdict::Proceed
    }
}
