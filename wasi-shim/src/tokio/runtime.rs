//! Which runtime wakes those who wait: the one that they run in, or one of our own for those of other executors.

use std::sync::OnceLock;
use std::thread;
use tokio::runtime::{Builder, Handle};

/// The runtime that this thread is in. If it is in none: one with a thread of its own, which is started when it is first
/// needed and stays. `None` if the system has no thread left for it.
pub(super) fn current() -> Option<Handle> {
    Handle::try_current().ok().or_else(|| {
        static OWN: OnceLock<Handle> = OnceLock::new();
        if OWN.get().is_none() {
            // Another thread may be faster: then this one is dropped, and its thread ends.
            let _ = OWN.set(start()?);
        }
        OWN.get().cloned()
    })
}

fn start() -> Option<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build().ok()?;
    let handle = runtime.handle().clone();
    let serve = move || runtime.block_on(std::future::pending::<()>());
    let thread = thread::Builder::new().name("wasi-shim-wait".to_owned());
    thread.spawn(serve).ok()?;
    Some(handle)
}
