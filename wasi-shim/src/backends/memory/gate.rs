//! The gate that is passed by changes of several nodes, or of what is charged, and that a snapshot closes for a moment.
//!
//! Knows how many changes are in progress, and waits until there are none. Refuses to know what is changed. Only the
//! filesystem that it belongs to uses it.

use crate::backends::lock::lock;
use crate::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::sync::{Mutex, MutexGuard, yield_now};
use std::cell::Cell;

/// Counters for the threads of a filesystem to share, so that few of them write to the same memory.
const LANES: usize = 8;

/// Changes that are in progress, counted in lanes.
#[derive(Default)]
pub(super) struct Gate {
    lanes: [Lane; LANES],
    closed: AtomicBool,
    /// Held as long as the gate is closed.
    turn: Mutex<()>,
}

/// A counter on a cache line of its own.
#[derive(Default)]
#[repr(align(64))]
struct Lane(AtomicUsize);

/// A change in progress. A thread has one of each filesystem at most: a second one would wait for a snapshot that waits
/// for the first.
pub(super) struct Passage<'a>(&'a AtomicUsize);

/// No change is in progress.
pub(super) struct Closed<'a> {
    gate: &'a Gate,
    _turn: MutexGuard<'a, ()>,
}

impl Gate {
    /// Begins a change, once the gate is open.
    #[inline]
    pub(super) fn enter(&self) -> Passage<'_> {
        let [first, ..] = &self.lanes;
        let lane = &self.lanes.get(lane()).unwrap_or(first).0;
        // Whoever closes the gate changes this counter as well. If that comes first, this sees that the gate is closed;
        // if this comes first, the count is seen.
        lane.fetch_add(1, Ordering::AcqRel);
        if self.closed.load(Ordering::Acquire) {
            self.wait(lane);
        }
        Passage(lane)
    }

    #[cold]
    fn wait(&self, lane: &AtomicUsize) {
        while self.closed.load(Ordering::Acquire) {
            lane.fetch_sub(1, Ordering::Release);
            drop(lock(&self.turn));
            lane.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Waits until no change is in progress, and lets none begin.
    pub(super) fn close(&self) -> Closed<'_> {
        let turn = lock(&self.turn);
        self.closed.store(true, Ordering::Relaxed);
        for lane in &self.lanes {
            // A change of no amount, so that it has its place among the changes of those who enter.
            while lane.0.fetch_add(0, Ordering::AcqRel) != 0 {
                yield_now();
            }
        }
        Closed {
            gate: self,
            _turn: turn,
        }
    }
}

impl Drop for Passage<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Release);
    }
}

impl Drop for Closed<'_> {
    fn drop(&mut self) {
        self.gate.closed.store(false, Ordering::Release);
    }
}

/// The lane of this thread.
#[inline]
fn lane() -> usize {
    // No thread waits for it, and no other memory depends on it.
    static NEXT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    thread_local! {
        static LANE: Cell<usize> = const { Cell::new(usize::MAX) };
    }
    LANE.with(|lane| {
        if lane.get() >= LANES {
            lane.set(NEXT.fetch_add(1, Ordering::Relaxed) % LANES);
        }
        lane.get()
    })
}
