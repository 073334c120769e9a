//! The calls that wait on behalf of a guest, so that ending the guest can wake whoever runs them.

use super::lock;
use crate::sync::Mutex;
use std::collections::BTreeMap;
use std::task::Waker;

/// Wakers of the calls that are waiting.
///
/// A waker is somebody else's code: none is woken or dropped while the lock is held.
#[derive(Default)]
pub(crate) struct Sleepers(Mutex<Beds>);

#[derive(Default)]
struct Beds {
    next: u64,
    wakers: BTreeMap<u64, Waker>,
}

impl Sleepers {
    /// A place for one call's waker.
    pub(crate) fn place(&self) -> u64 {
        let mut beds = lock(&self.0);
        let place = beds.next;
        beds.next = place.wrapping_add(1);
        place
    }

    /// Keeps a call's waker, in the place of the one kept before.
    pub(crate) fn keep(&self, place: u64, waker: &Waker) {
        let new = waker.clone();
        let old = lock(&self.0).wakers.insert(place, new);
        drop(old);
    }

    /// Gives a place up.
    pub(crate) fn leave(&self, place: u64) {
        let old = lock(&self.0).wakers.remove(&place);
        drop(old);
    }

    /// Wakes everyone.
    pub(crate) fn wake_all(&self) {
        let wakers: Vec<Waker> = lock(&self.0).wakers.values().cloned().collect();
        wakers.into_iter().for_each(Waker::wake);
    }
}
