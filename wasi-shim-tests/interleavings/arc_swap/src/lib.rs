//! A stand-in for `arc_swap`, as much of it as the descriptor table uses, made of what a checker of interleavings sees.
//!
//! It promises what arc-swap documents and no more: a load sees a value that was stored, and what came before that store;
//! a swap is both. Values are kept for as long as the cell, so that there is nothing to count. Only `interleavings` uses it.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

#[cfg(feature = "loom")]
use loom::sync::atomic::{AtomicUsize, Ordering};
#[cfg(all(feature = "shuttle", not(feature = "loom")))]
use shuttle::sync::atomic::{AtomicUsize, Ordering};
#[cfg(not(any(feature = "loom", feature = "shuttle")))]
use std::sync::atomic::{AtomicUsize, Ordering};

/// A place for an `Arc`, or none.
pub struct ArcSwapOption<T> {
    /// The index of the value in `kept`, plus one.
    now: AtomicUsize,
    kept: Mutex<Vec<Arc<T>>>,
}

/// What a load found.
pub struct Guard<T>(T);

impl<T> Guard<T> {
    /// A guard of a value that was in no cell.
    pub fn from_inner(inner: T) -> Self {
        Self(inner)
    }
}

impl<T> Deref for Guard<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> ArcSwapOption<T> {
    /// A cell with this in it.
    pub fn new(value: Option<Arc<T>>) -> Self {
        let kept: Vec<_> = value.into_iter().collect();
        Self {
            now: AtomicUsize::new(kept.len()),
            kept: Mutex::new(kept),
        }
    }

    /// An empty cell.
    pub fn empty() -> Self {
        Self::new(None)
    }

    /// What is in it.
    pub fn load(&self) -> Guard<Option<Arc<T>>> {
        Guard(self.at(self.now.load(Ordering::Acquire)))
    }

    /// Puts something in, and returns what was there.
    pub fn swap(&self, value: Option<Arc<T>>) -> Option<Arc<T>> {
        let place = value.map_or(0, |value| {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.push(value);
            kept.len()
        });
        self.at(self.now.swap(place, Ordering::AcqRel))
    }

    fn at(&self, place: usize) -> Option<Arc<T>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(place.checked_sub(1)?).cloned()
    }
}
