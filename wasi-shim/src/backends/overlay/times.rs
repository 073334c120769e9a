//! Times that the overlay keeps in place of the lower tree's.
//!
//! Knows which of a node's times differ from what the lower tree says. Refuses to know where content is. The nodes of
//! this filesystem use it.

use crate::vfs::{Metadata, SetTime, SetTimes, Timestamp};

/// Each time that is known here; what is missing is the lower tree's.
#[derive(Clone, Copy, Default)]
pub(super) struct Kept {
    atim: Option<Timestamp>,
    mtim: Option<Timestamp>,
    ctim: Option<Timestamp>,
}

impl Kept {
    /// Of what was made just now.
    pub(super) const fn new(now: Timestamp) -> Self {
        Self {
            atim: Some(now),
            mtim: Some(now),
            ctim: Some(now),
        }
    }

    /// The content changed.
    pub(super) const fn modified(&mut self, now: Timestamp) {
        self.mtim = Some(now);
        self.ctim = Some(now);
    }

    /// A fact about the node changed.
    pub(super) const fn changed(&mut self, now: Timestamp) {
        self.ctim = Some(now);
    }

    /// Somebody sets the times. Keeping both is no change.
    pub(super) fn set(&mut self, times: &SetTimes, now: Timestamp) {
        if *times == SetTimes::default() {
            return;
        }
        let choose = |set, old| match set {
            SetTime::Keep => old,
            SetTime::Now => Some(now),
            SetTime::At(time) => Some(time),
        };
        self.atim = choose(times.atim, self.atim);
        self.mtim = choose(times.mtim, self.mtim);
        self.ctim = Some(now);
    }

    /// From now on the lower tree is not asked any more; this is what it said last.
    pub(super) fn settle(&mut self, facts: Metadata) {
        self.atim.get_or_insert(facts.atim);
        self.mtim.get_or_insert(facts.mtim);
        self.ctim.get_or_insert(facts.ctim);
    }

    /// The facts, with the times that are known here.
    pub(super) fn describe(self, facts: Metadata) -> Metadata {
        let atim = self.atim.unwrap_or(facts.atim);
        let mtim = self.mtim.unwrap_or(facts.mtim);
        facts.with_times(atim, mtim, self.ctim.unwrap_or(facts.ctim))
    }

    /// What somebody else has to be told to have the same times.
    pub(super) fn to_set(self) -> SetTimes {
        let set = |time: Option<Timestamp>| time.map_or(SetTime::Keep, SetTime::At);
        SetTimes {
            atim: set(self.atim),
            mtim: set(self.mtim),
        }
    }
}
