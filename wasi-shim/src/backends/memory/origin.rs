//! What a snapshot keeps of the tree that it was taken of.
//!
//! A snapshot begins with no node but its root, which was not looked at yet. Whoever looks at a directory first, on
//! either side, pays: the snapshot fills it from the original when somebody asks for an entry, and the original leaves
//! what it had here before it changes. Knows which nodes of the snapshot were made, and makes the others. Refuses to
//! know how the tree is used. Only the filesystem that it belongs to uses it.
//!
//! Locks are taken in this order: a directory of the snapshot, the same directory of the original, a file of the
//! original, the nodes here. A snapshot of a snapshot begins a step earlier, and no lock is waited for in the other
//! direction.

use super::child::Child;
use super::entries::Entries;
use super::node::{Inner, MemDir};
use super::volume::{Times, Volume};
use crate::backends::lock::lock;
use crate::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use crate::sync::{Arc, Mutex, Weak};
use crate::vfs::Timestamp;
use std::collections::HashMap;

/// How many snapshots may be waiting for one another: what one of them lacks is looked for in so many trees.
const LINEAGE: u32 = 16;

/// The snapshots of one filesystem.
#[derive(Default)]
pub(super) struct History {
    /// How many there were. A node that was last changed before the last of them has to be left there before it changes.
    epoch: AtomicU64,
    /// In the order in which they were taken, each with its epoch.
    snapshots: Mutex<Vec<(u64, Weak<Origin>)>>,
    /// How many trees stand behind this one.
    lineage: AtomicU32,
}

/// Where the nodes of a snapshot come from.
pub(super) struct Origin {
    /// What was changed later is not in the snapshot.
    epoch: u64,
    /// The snapshot's.
    volume: Arc<Volume>,
    /// If it is not the whole filesystem: each node that is in it, with the number of its names there.
    names: Option<HashMap<u64, u64>>,
    made: Mutex<HashMap<u64, Made>>,
}

/// An origin, and the original's top, which has to stay as long as a directory may have to be filled.
pub(super) struct Source {
    origin: Arc<Origin>,
    _top: Arc<MemDir>,
}

/// A node that was asked for, or that the original is about to change.
enum Made {
    /// It is where it belongs.
    Entered,
    /// A file or a link that so many names are still to be given to.
    Leaf(Child, u64),
    Dir(Image),
}

/// A directory as it was.
struct Image {
    entries: Entries<Seen>,
    times: Times,
    subdirs: u64,
}

/// What stood in such a directory.
enum Seen {
    Leaf(Child),
    Dir(u64, Weak<MemDir>),
}

impl History {
    #[inline]
    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Relaxed)
    }

    /// Those who have to be told of a node that was last changed in `epoch`. None, most of the time.
    pub(super) fn heirs(&self, epoch: u64) -> Vec<Arc<Origin>> {
        let snapshots = lock(&self.snapshots);
        let since = snapshots.iter().rev().take_while(|(of, _)| *of >= epoch);
        since.filter_map(|(_, origin)| origin.upgrade()).collect()
    }

    /// The history of a snapshot of this.
    pub(super) fn follow(&self) -> Self {
        let lineage = self.lineage.load(Ordering::Relaxed).saturating_add(1);
        Self {
            lineage: AtomicU32::new(lineage),
            ..Self::default()
        }
    }

    /// Whether all should be filled before there is another snapshot.
    pub(super) fn is_long(&self) -> bool {
        self.lineage.load(Ordering::Relaxed) >= LINEAGE
    }

    /// All was filled.
    pub(super) fn is_over(&self) {
        self.lineage.store(0, Ordering::Relaxed);
    }

    /// Begins a new epoch, while nothing changes. What is changed from now on is left with the origin that this returns.
    pub(super) fn part(
        &self,
        volume: Arc<Volume>,
        names: Option<HashMap<u64, u64>>,
    ) -> Arc<Origin> {
        // Who sees the new epoch finds the origin: it has to lock this too.
        let mut snapshots = lock(&self.snapshots);
        let epoch = self.epoch();
        let origin = Arc::new(Origin {
            epoch,
            volume,
            names,
            made: Mutex::default(),
        });
        if snapshots.len() == snapshots.capacity() {
            snapshots.retain(|(_, old)| old.strong_count() > 0);
        }
        snapshots.push((epoch, Arc::downgrade(&origin)));
        self.epoch.store(epoch.saturating_add(1), Ordering::Relaxed);
        origin
    }
}

impl Source {
    pub(super) fn new(origin: Arc<Origin>, top: Arc<MemDir>) -> Arc<Self> {
        Arc::new(Self { origin, _top: top })
    }

    /// What the directory `dir`, which is `ours` in the snapshot, held.
    pub(super) fn fill(self: &Arc<Self>, ours: &MemDir, dir: &Weak<MemDir>) -> Inner {
        let image = self.origin.image(ours.ino(), dir);
        let entries = image.entries.map(|seen| match seen {
            Seen::Leaf(child) => child.clone(),
            Seen::Dir(ino, dir) => {
                let source = (Arc::clone(self), Weak::clone(dir));
                let volume = &self.origin.volume;
                Child::Dir(MemDir::unseen(volume, *ino, ours.me.clone(), source))
            }
        });
        Inner::filled(entries, image.times, image.subdirs)
    }
}

impl Origin {
    /// The original is about to change this directory.
    pub(super) fn keep_dir(&self, ino: u64, inner: &Inner) {
        if self.names(ino, 1) > 0 && !lock(&self.made).contains_key(&ino) {
            let image = self.picture(inner);
            lock(&self.made).insert(ino, Made::Dir(image));
        }
    }

    /// The original is about to change this file or link. It is locked.
    pub(super) fn keep_leaf(&self, ino: u64, names: u64, copy: impl FnOnce(&Self, u64) -> Child) {
        let names = self.names(ino, names);
        if names > 0 {
            let mut made = lock(&self.made);
            made.entry(ino)
                .or_insert_with(|| Made::Leaf(copy(self, names), names));
        }
    }

    /// The snapshot's filesystem.
    pub(super) const fn volume(&self) -> &Arc<Volume> {
        &self.volume
    }

    /// How many names a node has in the snapshot that has so many in the original.
    fn names(&self, ino: u64, names: u64) -> u64 {
        match &self.names {
            Some(all) => all.get(&ino).copied().unwrap_or(0),
            None => names,
        }
    }

    fn image(&self, ino: u64, dir: &Weak<MemDir>) -> Image {
        if let Some(image) = self.left(ino) {
            return image;
        }
        let dir = dir.upgrade();
        if let Some(dir) = &dir {
            let inner = dir.look();
            // If not, it was left here in the meantime.
            if inner.epoch <= self.epoch {
                let image = self.picture(&inner);
                lock(&self.made).insert(ino, Made::Entered);
                return image;
            }
        }
        self.left(ino).unwrap_or_else(|| Image {
            entries: Entries::default(),
            times: Times::new(Timestamp(0)),
            subdirs: 0,
        })
    }

    /// What the original left of a directory.
    fn left(&self, ino: u64) -> Option<Image> {
        let mut made = lock(&self.made);
        let left = made.get_mut(&ino)?;
        match std::mem::replace(left, Made::Entered) {
            Made::Dir(image) => Some(image),
            Made::Leaf(..) | Made::Entered => None,
        }
    }

    fn picture(&self, inner: &Inner) -> Image {
        let entries = inner.entries.map(|child| match child {
            Child::Dir(dir) => Seen::Dir(dir.ino(), Arc::downgrade(dir)),
            Child::File(file) => Seen::Leaf(file.give(self)),
            Child::Link(link) => Seen::Leaf(link.give(self)),
        });
        Image {
            entries,
            times: inner.times,
            subdirs: inner.subdirs,
        }
    }

    /// The snapshot's file or link of a number, for one of its names. The original's is locked.
    pub(super) fn take_leaf(
        &self,
        ino: u64,
        names: u64,
        copy: impl FnOnce(&Self, u64) -> Child,
    ) -> Child {
        let all = self.names(ino, names);
        let mut made = lock(&self.made);
        let (child, left) = match made.get(&ino) {
            Some(Made::Leaf(child, left)) => (child.clone(), *left),
            _ => (copy(self, all), all),
        };
        let state = match left.saturating_sub(1) {
            0 => Made::Entered,
            left => Made::Leaf(child.clone(), left),
        };
        made.insert(ino, state);
        child
    }
}
