//! Taking a snapshot.
//!
//! Knows the moment at which it is taken, and what the snapshot is charged. Refuses to know how its nodes come to be,
//! which is `origin`'s. Embedders take snapshots.

use super::child::Child;
use super::node::MemDir;
use super::origin::Source;
use super::orphans::Charges;
use super::volume::{DIR, LEAF, cost};
use crate::sync::{Arc, Weak, yield_now};
use std::collections::HashMap;

/// What there is below a directory.
#[derive(Default)]
struct Census {
    charges: Charges,
    /// How many names each node has here, by its number.
    names: HashMap<u64, u64>,
}

impl MemDir {
    /// A filesystem of its own that begins as what is here and below now. What either side changes later, the other does
    /// not see.
    ///
    /// It is what all is like at one moment: no change is half in it, whoever makes changes meanwhile; they wait for that
    /// moment. Names, content, times, numbers and limits are the same, and so is the source of times. What is open, here
    /// or without a name, belongs to this side.
    ///
    /// Nothing is copied, and of a whole filesystem, nothing is looked at: the time does not grow with the tree. (That of
    /// another directory grows with what is below, which has to be counted.) A directory is copied, without the content
    /// of its files, when it is first looked at on the other side, or first changed on this one; a page of a file when
    /// either side writes to it. Until all directories were looked at, the snapshot holds this tree as an open directory
    /// would.
    ///
    /// Each side is charged for all that it can reach, whether the other can or not. Hold the snapshot's root as long as
    /// you hold anything of it: what nobody has looked at when the root goes stays charged.
    pub fn snapshot(self: &Arc<Self>) -> Arc<Self> {
        let history = &self.volume.history;
        if history.is_long() {
            self.fill_all();
            // What is beside a directory below the root was not filled.
            if self.ino() == self.volume.root {
                history.is_over();
            }
        }
        loop {
            let mut held = Vec::new();
            let closed = self.volume.gate.close();
            if let Some(census) = self.census(&mut held) {
                let twin = Arc::new(self.volume.twin(self.ino(), census.charges));
                let names = (self.ino() != self.volume.root).then_some(census.names);
                let origin = history.part(Arc::clone(&twin), names);
                drop(closed);
                let source = Source::new(origin, Arc::clone(self));
                let unseen = (source, Arc::downgrade(self));
                return Self::unseen(&twin, self.ino(), Weak::new(), unseen);
            }
            drop(closed);
            yield_now();
        }
    }

    /// What a snapshot would be charged, while nothing changes. `None`: ask again. What must not go before changes go on
    /// is put into `held`.
    fn census(self: &Arc<Self>, held: &mut Vec<Arc<super::file::MemFile>>) -> Option<Census> {
        if self.ino() == self.volume.root {
            let charges = self.volume.charges(held)?;
            return Some(Census {
                charges,
                ..Census::default()
            });
        }
        let mut census = Census::default();
        census.names.insert(self.ino(), 1);
        let mut todo = vec![Arc::clone(self)];
        while let Some(dir) = todo.pop() {
            let inner = dir.look();
            let names: u64 = inner.entries.lengths().map(cost).sum();
            census.charges.names = census.charges.names.saturating_add(names);
            for child in inner.entries.children() {
                if let Child::Dir(dir) = child {
                    todo.push(Arc::clone(dir));
                }
                census.count(child);
            }
        }
        Some(census)
    }

    /// Looks at every directory.
    fn fill_all(self: &Arc<Self>) {
        let mut todo = vec![Arc::clone(self)];
        while let Some(dir) = todo.pop() {
            todo.extend(dir.subdirs());
        }
    }
}

impl Census {
    /// Counts a name, and what it stands for unless that was counted.
    fn count(&mut self, child: &Child) {
        let names = self.names.entry(child.ino()).or_default();
        *names = names.saturating_add(1);
        if *names > 1 {
            return;
        }
        let (pages, weight) = match child {
            Child::Dir(_) => (0, DIR),
            Child::File(file) => (file.held(), LEAF),
            Child::Link(link) => (0, LEAF.saturating_add(link.text.len() as u64)),
        };
        let charges = &mut self.charges;
        charges.pages = charges.pages.saturating_add(pages);
        charges.names = charges.names.saturating_add(weight);
        charges.inodes = charges.inodes.saturating_add(1);
    }
}
