//! The table that a guest's descriptors share with what other proposals keep in it.
//!
//! This file knows that both are found by numbers. What a guest has open is the shim's; everything else is kept here, and
//! has numbers that no descriptor can have, so that neither gets in the other's way. Embedders use it.

use crate::guest::Guest;
use crate::{Error, ErrorExt};
use std::any::Any;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The first number of what is no descriptor.
const FOREIGN: u32 = 1 << 30;

/// Numbers, and what is found by them.
#[derive(Default)]
pub struct Table {
    pub(crate) guest: Guest,
    others: RwLock<Others>,
}

#[derive(Default)]
struct Others {
    by_number: HashMap<u32, Arc<dyn Any + Send + Sync>>,
    pushed: u32,
}

impl Table {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    fn read(&self) -> RwLockReadGuard<'_, Others> {
        self.others.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Others> {
        self.others.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps something under a number. A descriptor with that number is closed.
    pub fn insert_at<T: Any + Send + Sync>(&self, key: u32, value: Arc<T>) {
        let old = self.write().by_number.insert(key, value);
        drop(old);
        self.guest.remove(key);
    }

    /// Keeps something, under a number of which nobody else has the like. No number is given twice.
    pub fn push<T: Any + Send + Sync>(&self, value: Arc<T>) -> Result<u32, Error> {
        let mut others = self.write();
        loop {
            let key = FOREIGN.checked_add(others.pushed);
            let key = key.ok_or(wasi_shim::abi::Errno::Mfile)?;
            others.pushed = others.pushed.saturating_add(1);
            if let Entry::Vacant(place) = others.by_number.entry(key) {
                place.insert(value);
                return Ok(key);
            }
        }
    }

    /// Is there something under this number, a descriptor or anything else?
    pub fn contains_key(&self, key: u32) -> bool {
        self.read().by_number.contains_key(&key) || self.guest.contains(key)
    }

    /// Is it a `T`? No descriptor is anything that can be named.
    pub fn is<T: Any + Sized>(&self, key: u32) -> bool {
        let others = self.read();
        others
            .by_number
            .get(&key)
            .is_some_and(|value| value.is::<T>())
    }

    /// What is under this number. `badf` if it is not a `T`.
    pub fn get<T: Any + Send + Sync + Sized>(&self, key: u32) -> Result<Arc<T>, Error> {
        let found = self.read().by_number.get(&key).cloned();
        let found = found.ok_or_else(|| Error::badf().context("there is nothing"))?;
        let other = |_| Error::badf().context("it is something else");
        found.downcast().map_err(other)
    }

    /// What is under this number, to be changed. `badf` if it is not a `T`, and while somebody else has it.
    pub fn get_mut<T: Any>(&mut self, key: u32) -> Result<&mut T, Error> {
        let others = self
            .others
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        let found = others.by_number.get_mut(&key);
        let found = found.ok_or_else(|| Error::badf().context("there is nothing"))?;
        let found = Arc::get_mut(found).ok_or_else(|| Error::badf().context("it is in use"))?;
        let other = || Error::badf().context("it is something else");
        found.downcast_mut().ok_or_else(other)
    }

    /// Takes out what is under this number; a descriptor is closed. Nothing comes back of what is not a `T`.
    pub fn delete<T: Any + Send + Sync>(&self, key: u32) -> Option<Arc<T>> {
        let removed = self.write().by_number.remove(&key);
        if removed.is_none() {
            self.guest.remove(key);
        }
        removed?.downcast().ok()
    }

    /// Moves one number to another. `badf` if there is nothing under `from`; for a descriptor of a guest that has made its
    /// first call, and under `to`.
    pub fn renumber(&self, from: u32, to: u32) -> Result<(), Error> {
        let mut others = self.write();
        if let Some(moved) = others.by_number.remove(&from) {
            let old = others.by_number.insert(to, moved);
            drop(others);
            drop(old);
            return Ok(());
        }
        drop(others);
        self.guest.renumber(from, to)
    }
}
