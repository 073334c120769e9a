//! Knows how much memory the guest holds and refuses growth beyond what it was allowed.
//! Refuses to know why there is a limit, or what the guest does about a refusal.
//! For the engines, which put one in each store; the stores of a guest's threads share one.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use wasmtime::{Error, ResourceLimiter};

/// A table's element is a pointer on the host.
pub(crate) const ELEMENT: usize = size_of::<usize>();

/// One budget for all memories and tables together: a limit on each would be no limit for a module with hundreds. Gives
/// back what it took when it is dropped, with the store that it is in.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: usize,
    used: Arc<AtomicUsize>,
    /// What this one has of it.
    own: usize,
    /// What the last growth took, to be given back if the engine then fails to do it.
    last: usize,
}

impl Budget {
    pub(crate) fn new(limit: Option<usize>) -> Self {
        Self {
            limit: limit.unwrap_or(usize::MAX),
            used: Arc::default(),
            own: 0,
            last: 0,
        }
    }

    pub(crate) const fn limit(&self) -> usize {
        self.limit
    }

    /// For another store, out of the same limit.
    pub(crate) fn shared(&self) -> Self {
        Self {
            limit: self.limit,
            used: Arc::clone(&self.used),
            own: 0,
            last: 0,
        }
    }

    /// Whether something may grow to so many elements of this size. What it declares as its maximum costs nothing to refuse.
    pub(crate) fn grow(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
        size: usize,
    ) -> bool {
        let declared = maximum.is_none_or(|maximum| desired <= maximum);
        declared && self.take(desired.saturating_sub(current).saturating_mul(size))
    }

    pub(crate) fn take(&mut self, bytes: usize) -> bool {
        let more = |used: usize| {
            let used = used.checked_add(bytes);
            used.filter(|&used| used <= self.limit)
        };
        let order = Ordering::Relaxed;
        let taken = self.used.fetch_update(order, order, more).is_ok();
        // A refusal takes nothing, so that nothing is given back if the engine reports it as a failure as well.
        self.last = if taken { bytes } else { 0 };
        self.own = self.own.saturating_add(self.last);
        taken
    }

    pub(crate) fn give_back(&mut self) {
        self.used.fetch_sub(self.last, Ordering::Relaxed);
        self.own = self.own.saturating_sub(self.last);
        self.last = 0;
    }
}

impl Drop for Budget {
    fn drop(&mut self) {
        self.used.fetch_sub(self.own, Ordering::Relaxed);
    }
}

impl ResourceLimiter for Budget {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, Error> {
        Ok(self.grow(current, desired, maximum, 1))
    }

    fn memory_grow_failed(&mut self, _error: Error) -> Result<(), Error> {
        self.give_back();
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, Error> {
        Ok(self.grow(current, desired, maximum, ELEMENT))
    }

    fn table_grow_failed(&mut self, _error: Error) -> Result<(), Error> {
        self.give_back();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_and_tables_share_one_budget() {
        let mut budget = Budget::new(Some(100));
        assert!(budget.memory_growing(0, 60, None).unwrap());
        assert!(!budget.memory_growing(0, 60, None).unwrap());
        assert!(budget.table_growing(0, 5, None).unwrap());
        assert!(!budget.table_growing(5, 6, None).unwrap());
    }

    #[test]
    fn what_a_store_took_is_given_back_with_it() {
        let mut budget = Budget::new(Some(100));
        assert!(budget.take(40));
        let mut other = budget.shared();
        assert!(other.take(60));
        assert!(!budget.take(1));
        drop(other);
        assert!(budget.take(60));
        assert!(!budget.shared().take(1));
    }

    #[test]
    fn a_failed_growth_is_given_back_once() {
        let mut budget = Budget::new(Some(100));
        assert!(budget.memory_growing(0, 100, None).unwrap());
        budget.memory_grow_failed(Error::msg("no memory")).unwrap();
        budget.memory_grow_failed(Error::msg("no memory")).unwrap();
        assert!(budget.memory_growing(0, 100, None).unwrap());
        assert!(!budget.memory_growing(100, 101, None).unwrap());
    }

    #[test]
    fn a_refused_growth_costs_nothing() {
        let mut budget = Budget::new(Some(100));
        assert!(!budget.memory_growing(0, 200, None).unwrap());
        assert!(!budget.memory_growing(0, 50, Some(40)).unwrap());
        assert!(budget.memory_growing(0, 100, Some(100)).unwrap());
    }
}
