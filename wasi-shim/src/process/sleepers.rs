//! The threads that wait on behalf of a guest, so that ending the guest can wake them.

use super::lock;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::task::Waker;

/// Wakers of the calls that are waiting.
#[derive(Default)]
pub(crate) struct Sleepers(Mutex<Beds>);

#[derive(Default)]
struct Beds {
    next: u64,
    wakers: BTreeMap<u64, Waker>,
}

/// A waker's place; it leaves when this is dropped.
pub(crate) struct Asleep<'a> {
    sleepers: &'a Sleepers,
    key: u64,
}

impl Sleepers {
    /// Keeps a waker until the answer is dropped.
    pub(crate) fn add(&self, waker: Waker) -> Asleep<'_> {
        let mut beds = lock(&self.0);
        let key = beds.next;
        beds.next = key.wrapping_add(1);
        beds.wakers.insert(key, waker);
        Asleep {
            sleepers: self,
            key,
        }
    }

    /// Wakes everyone.
    pub(crate) fn wake_all(&self) {
        // Woken outside the lock: a waker may run anything.
        let wakers: Vec<Waker> = lock(&self.0).wakers.values().cloned().collect();
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl Drop for Asleep<'_> {
    fn drop(&mut self) {
        lock(&self.sleepers.0).wakers.remove(&self.key);
    }
}
