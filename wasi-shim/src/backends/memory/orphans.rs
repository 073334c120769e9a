//! Nodes without a name that somebody still holds open.
//!
//! Knows what they are charged for, which a snapshot must not be: it cannot reach them. Refuses to know why they are
//! held. Only the filesystem that they belong to uses it.

use super::file::MemFile;
use super::volume::{DIR, LEAF};
use crate::backends::lock::lock;
use crate::sync::{Arc, Mutex, Weak};
use std::collections::BTreeMap;

/// By number.
#[derive(Default)]
pub(super) struct Orphans(Mutex<BTreeMap<u64, Orphan>>);

/// What is charged for beside the node itself.
pub(super) enum Orphan {
    Dir,
    File(Weak<MemFile>),
    /// A text of so many bytes.
    Link(u64),
}

/// Pages, nodes, and bytes of names.
#[derive(Clone, Copy, Default)]
pub(super) struct Charges {
    pub(super) pages: u64,
    pub(super) inodes: u64,
    pub(super) names: u64,
}

impl Orphans {
    pub(super) fn add(&self, ino: u64, orphan: Orphan) {
        lock(&self.0).insert(ino, orphan);
    }

    pub(super) fn remove(&self, ino: u64) {
        lock(&self.0).remove(&ino);
    }

    /// What all of them are charged, while nothing changes. `None` if one is just going: ask again.
    ///
    /// The files are held in `held`, to be dropped when changes go on: dropping one may be a change.
    pub(super) fn charges(&self, held: &mut Vec<Arc<MemFile>>) -> Option<Charges> {
        let orphans = lock(&self.0);
        let mut all = Charges::default();
        for orphan in orphans.values() {
            all.inodes = all.inodes.saturating_add(1);
            let weight = match orphan {
                Orphan::Dir => DIR,
                Orphan::Link(text) => LEAF.saturating_add(*text),
                Orphan::File(_) => LEAF,
            };
            all.names = all.names.saturating_add(weight);
            match orphan {
                Orphan::Dir | Orphan::Link(_) => {}
                Orphan::File(file) => {
                    let file = file.upgrade()?;
                    all.pages = all.pages.saturating_add(file.held());
                    held.push(file);
                }
            }
        }
        Some(all)
    }
}
