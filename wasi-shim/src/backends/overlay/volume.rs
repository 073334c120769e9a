//! What the nodes of one overlay share.
//!
//! Knows the two filesystems, the limits, the clock, and which nodes of the lower tree are in use or were changed.
//! Refuses to know what was changed in them. Only the nodes of this filesystem use it.
//!
//! # Which nodes are kept
//!
//! A node of the lower tree is made when somebody opens it, and goes with the last handle. One that was changed is
//! pinned: it is kept until its last name is gone. So the same node is found whichever way leads to it, and looking
//! around costs nothing that stays.

use super::child::{Child, WeakChild};
use super::lower::Lower;
use super::node::DirNode;
use super::store::Upper;
use super::table::{Kept, Key, Origin, Table, ino, shared};
use crate::abi::Result;
use crate::backends::lock::lock;
use crate::backends::memory::{Meter, cost};
use crate::vfs::{FsId, Metadata, Timestamp};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};

/// Where the times of changes come from.
pub(super) type TimeSource = Box<dyn Fn() -> Timestamp + Send + Sync>;

/// One overlay.
///
/// Locks are taken in this order, and none twice: `gate`, `shape`, directories, a file's `work`, all others. Whoever
/// holds one of the others waits for nothing and calls nobody. The lower and the upper filesystem are called under
/// `shape` and `work`; they do not know of this filesystem.
pub(super) struct Volume {
    pub(super) id: FsId,
    pub(super) lower: Lower,
    pub(super) upper: Upper,
    pub(super) meters: Arc<Meters>,
    /// Held for writing by whoever needs that nothing changes, for reading by every change.
    pub(super) gate: RwLock<()>,
    /// Held by whoever holds the locks of two directories at once.
    pub(super) shape: Mutex<()>,
    table: Mutex<Table>,
    next_ino: AtomicU64,
    time: TimeSource,
}

/// How many nodes and names the overlay itself may keep.
pub(super) struct Meters {
    pub(super) inodes: Meter,
    pub(super) names: Meter,
}

/// What something costs while it exists.
pub(super) struct Charge {
    meters: Arc<Meters>,
    inodes: u64,
    names: u64,
}

impl Charge {
    /// `nospc` if there is no room.
    pub(super) fn new(meters: &Arc<Meters>, inodes: u64, names: u64) -> Result<Self> {
        meters.inodes.take(inodes)?;
        if let Err(errno) = meters.names.take(names) {
            meters.inodes.give(inodes);
            return Err(errno);
        }
        let meters = Arc::clone(meters);
        Ok(Self {
            meters,
            inodes,
            names,
        })
    }

    /// Of an entry of that name.
    pub(super) fn entry(meters: &Arc<Meters>, name: &str) -> Result<Self> {
        Self::new(meters, 0, cost(name.len()))
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.meters.inodes.give(self.inodes);
        self.meters.names.give(self.names);
    }
}

impl Volume {
    pub(super) fn new(lower: Lower, upper: Upper, meters: Meters, time: TimeSource) -> Self {
        let id = FsId::unique();
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        Self {
            id,
            lower,
            upper,
            meters: Arc::new(meters),
            gate: RwLock::new(()),
            shape: Mutex::new(()),
            table: Mutex::default(),
            // Far away from the small numbers that other filesystems give, and from those of other overlays.
            next_ino: AtomicU64::new(hasher.finish()),
            time,
        }
    }

    /// The time. It is asked for before a lock is taken, because the source is the embedder's code.
    pub(super) fn now(&self) -> Timestamp {
        (self.time)()
    }

    /// A number for what the lower tree does not have.
    pub(super) fn new_ino(&self) -> u64 {
        self.next_ino.fetch_add(1, Ordering::Relaxed)
    }

    /// The node of an entry of the lower tree, if it is in use or was changed.
    pub(super) fn known(&self, path: &Arc<str>, id: FsId, facts: &Metadata) -> Option<Child> {
        let table = lock(&self.table);
        let found = table.get(&Key::Path(Arc::clone(path)));
        let found = found.or_else(|| table.get(&shared(id, facts)?));
        drop(table);
        // Somebody else may have put another file at this place of the lower tree.
        let same = |child: &Child| child.kind() == facts.kind && child.ino() == ino(path, facts);
        let (child, pinned) = found?;
        (pinned || same(&child)).then_some(child)
    }

    /// The same, and `make` makes it if it is not.
    pub(super) fn node(
        &self,
        path: Arc<str>,
        id: FsId,
        facts: &Metadata,
        make: impl FnOnce(Origin, u64) -> Child,
    ) -> Child {
        let known = self.known(&path, id, facts);
        if let Some(child) = known {
            return child;
        }
        // From here on another thread may be faster.
        let key = shared(id, facts).unwrap_or_else(|| Key::Path(Arc::clone(&path)));
        let ino = ino(&path, facts);
        let child = make(Origin { path, key }, ino);
        let Some(origin) = child.origin() else {
            return child;
        };
        let found;
        let mut table = lock(&self.table);
        found = table.get(&origin.key).map(|(faster, _)| faster);
        match &found {
            Some(faster) if faster.kind() == child.kind() && faster.ino() == ino => faster.clone(),
            _ => {
                table.insert(origin.key.clone(), Kept::Seen(child.downgrade()));
                child
            }
        }
    }

    /// The root's node. The caller keeps it.
    pub(super) fn root(&self, lower: &Lower) -> Arc<DirNode> {
        let facts = lower.metadata().unwrap_or(Metadata::dir(0));
        let path: Arc<str> = "".into();
        let ino = ino(&path, &facts);
        let key = Key::Path(Arc::clone(&path));
        let node = DirNode::lower(
            Origin {
                path,
                key: key.clone(),
            },
            ino,
        );
        let seen = WeakChild::Dir(Arc::downgrade(&node));
        lock(&self.table).insert(key, Kept::Seen(seen));
        node
    }

    /// A changed node of the lower tree is to be kept. `nospc` if there is no room for another.
    pub(super) fn pin(&self, child: &Child) -> Result<()> {
        let Some(origin) = child.origin().filter(|_| child.has_names()) else {
            return Ok(());
        };
        let mut table = lock(&self.table);
        if let Some(Kept::Pinned(..)) = table.nodes.get(&origin.key) {
            return Ok(());
        }
        let charge = Charge::new(&self.meters, 1, cost(origin.path.len()))?;
        table.insert(origin.key.clone(), Kept::Pinned(child.clone(), charge));
        drop(table);
        // Who took its last name away since it was looked at found nothing to unpin. A name that is gone does not come back.
        if !child.has_names() {
            self.unpin(child);
        }
        Ok(())
    }

    /// The last name of a node is gone. The caller holds no directory's lock.
    pub(super) fn unpin(&self, child: &Child) {
        let Some(origin) = child.origin() else {
            return;
        };
        let mut table = lock(&self.table);
        if let Some(Kept::Pinned(kept, _)) = table.nodes.get(&origin.key)
            && kept.is(child)
        {
            // The caller's is not the last.
            table.nodes.remove(&origin.key);
        }
    }

    /// The nearest directory above a path of the lower tree that is in use or was changed.
    pub(super) fn above(&self, path: &str) -> Option<Arc<DirNode>> {
        let mut path = path;
        while !path.is_empty() {
            path = path.rsplit_once('/').map_or("", |(above, _)| above);
            let found = lock(&self.table).get(&Key::Path(path.into()));
            if let Some((Child::Dir(dir), _)) = found {
                return Some(dir);
            }
        }
        None
    }

    /// All nodes of the lower tree that were changed.
    pub(super) fn pinned(&self) -> Vec<Child> {
        let table = lock(&self.table);
        let pinned = table.nodes.values().filter_map(|kept| match kept {
            Kept::Pinned(child, _) => Some(child.clone()),
            Kept::Seen(_) => None,
        });
        pinned.collect()
    }
}
