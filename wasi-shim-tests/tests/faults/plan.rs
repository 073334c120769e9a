//! Which call to a plugged-in filesystem fails.
//!
//! Knows how to count them while a guest's call runs, and only then. Refuses to know filesystems. Scenes have one.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use wasi_shim::abi::Errno;
use wasi_shim::backends::{Call, Faulty, Verdict};
use wasi_shim::vfs::Dir;

/// A call to be failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The how manieth, counted from 1; none is the 0th.
    pub(crate) nth: u64,
    /// All that follow fail too.
    pub(crate) lasting: bool,
    pub(crate) errno: Errno,
}

/// Counts calls, and fails one.
#[derive(Default)]
pub(crate) struct Plan {
    armed: AtomicBool,
    seen: AtomicU64,
    fault: Mutex<Option<Fault>>,
    fired: Mutex<Vec<String>>,
}

impl Plan {
    /// A directory whose calls this decides about.
    pub(crate) fn wrap(self: &Arc<Self>, dir: Arc<dyn Dir>) -> Arc<dyn Dir> {
        let plan = Arc::clone(self);
        Faulty::new(dir, move |call| plan.verdict(call))
    }

    fn verdict(&self, call: &Call<'_>) -> Verdict {
        if !self.armed.load(Ordering::Relaxed) {
            return Verdict::Proceed;
        }
        let n = self.seen.fetch_add(1, Ordering::Relaxed) + 1;
        let Some(fault) = *self.fault.lock().unwrap() else {
            return Verdict::Proceed;
        };
        if n < fault.nth || (n > fault.nth && !fault.lasting) {
            return Verdict::Proceed;
        }
        let text = format!("{:?}", call.operation);
        let name = text.split(' ').next().unwrap_or_default();
        self.fired.lock().unwrap().push(name.to_owned());
        Verdict::Fail(fault.errno)
    }

    /// Runs `run` with calls counted, one of them failing.
    pub(crate) fn during<T>(&self, fault: Option<Fault>, run: impl FnOnce() -> T) -> T {
        *self.fault.lock().unwrap() = fault;
        self.seen.store(0, Ordering::Relaxed);
        self.armed.store(true, Ordering::Relaxed);
        let result = run();
        self.armed.store(false, Ordering::Relaxed);
        result
    }

    /// How many calls there were.
    pub(crate) fn seen(&self) -> u64 {
        self.seen.load(Ordering::Relaxed)
    }

    /// Which calls have failed.
    pub(crate) fn fired(&self) -> Vec<String> {
        self.fired.lock().unwrap().clone()
    }
}
