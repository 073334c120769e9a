//! The nodes of the lower tree that are in use or were changed.
//!
//! Knows how a node is found again from what the lower tree says about an entry. Refuses to know what was changed, and
//! when nodes are pinned. Only the volume uses it.

use super::child::{Child, WeakChild};
use super::volume::Charge;
use crate::abi::FileKind;
use crate::vfs::{FsId, Metadata};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// How a node of the lower tree is found again.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// By its path.
    Path(Arc<str>),
    /// By its number, because it has several names.
    Number(FsId, u64),
}

/// Where a node comes from.
pub(super) struct Origin {
    /// Its path in the lower tree, or one of them.
    pub(super) path: Arc<str>,
    pub(super) key: Key,
}

/// A node of the lower tree.
pub(super) enum Kept {
    /// In use, if it still is.
    Seen(WeakChild),
    /// Changed.
    Pinned(
        Child,
        #[allow(dead_code, reason = "held for its end")] Charge,
    ),
}

impl Kept {
    fn child(&self) -> Option<Child> {
        match self {
            Self::Seen(child) => child.upgrade(),
            Self::Pinned(child, _) => Some(child.clone()),
        }
    }
}

/// Those that are in use or were changed.
#[derive(Default)]
pub(super) struct Table {
    pub(super) nodes: HashMap<Key, Kept>,
    /// How many nodes there are when those that are gone are looked for.
    sweep_at: usize,
}

impl Table {
    /// Enters what is in use in place of what no longer is, or what is pinned in place of what is in use.
    pub(super) fn insert(&mut self, key: Key, kept: Kept) {
        if self.nodes.len() >= self.sweep_at.max(64) {
            self.nodes.retain(|_, kept| match kept {
                Kept::Seen(child) => child.is_alive(),
                Kept::Pinned(..) => true,
            });
            self.sweep_at = self.nodes.len().saturating_mul(2);
        }
        self.nodes.insert(key, kept);
    }

    /// A node, and whether it is pinned.
    pub(super) fn get(&self, key: &Key) -> Option<(Child, bool)> {
        let kept = self.nodes.get(key)?;
        Some((kept.child()?, matches!(kept, Kept::Pinned(..))))
    }
}

/// The key of a file that has several names, if its number can be trusted to tell it from all others.
pub(super) fn shared(id: FsId, facts: &Metadata) -> Option<Key> {
    let several = facts.nlink > 1 && facts.ino != 0 && id != FsId::NONE;
    let directory = facts.kind == FileKind::Directory;
    (several && !directory).then_some(Key::Number(id, facts.ino))
}

/// The number of an entry of the lower tree: its own, or one that is made from its path.
pub(super) fn ino(path: &str, facts: &Metadata) -> u64 {
    if facts.ino != 0 {
        return facts.ino;
    }
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    hasher.finish().max(1)
}
