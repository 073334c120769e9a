//! What files and links have in common, and symbolic links.
//!
//! Knows numbers, how many names a node has, and since when it is as it is. Refuses to know content and names. Only the
//! files and directories of this filesystem use it.

use super::child::Child;
use super::origin::Origin;
use super::orphans::Orphan;
use super::volume::{LEAF, Times, Volume};
use crate::abi::{FileKind, Result};
use crate::backends::lock::lock;
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::sync::{Arc, Mutex, MutexGuard};
use crate::vfs::{Metadata, Timestamp};

/// What files and links have in common.
pub(super) struct Inode {
    pub(super) volume: Arc<Volume>,
    ino: u64,
    nlink: AtomicU64,
    /// When what the node's lock covers changed last, in the count of its filesystem's snapshots.
    epoch: AtomicU64,
    /// It has no name, and [`Volume::orphans`] knows it.
    orphan: AtomicBool,
}

impl Inode {
    /// `nospc` if there is no room for another node.
    pub(super) fn new(volume: &Arc<Volume>) -> Result<Self> {
        let ino = volume.ino(LEAF)?;
        Ok(Self::make(volume, ino, 0, volume.history.epoch()))
    }

    fn make(volume: &Arc<Volume>, ino: u64, nlink: u64, epoch: u64) -> Self {
        Self {
            volume: Arc::clone(volume),
            ino,
            nlink: AtomicU64::new(nlink),
            epoch: AtomicU64::new(epoch),
            orphan: AtomicBool::new(false),
        }
    }

    /// Did the node change since the last snapshot?
    #[inline]
    pub(super) fn is_current(&self) -> bool {
        self.epoch.load(Ordering::Acquire) == self.volume.history.epoch()
    }

    /// Leaves the node as it is with the snapshots that it is in. The caller holds its lock.
    #[cold]
    pub(super) fn keep(&self, copy: &mut dyn FnMut(&Origin, u64) -> Child) {
        let names = self.nlink.load(Ordering::Relaxed);
        let since = self.epoch.load(Ordering::Relaxed);
        // Looked at first, as in a directory's.
        let now = self.volume.history.epoch();
        for heir in self.volume.history.heirs(since) {
            heir.keep_leaf(self.ino, names, &mut *copy);
        }
        self.epoch.store(now, Ordering::Release);
    }

    /// Hands out the node that a snapshot has in place of this one. The caller holds this one's lock.
    pub(super) fn give(&self, origin: &Origin, copy: impl FnOnce(&Origin, u64) -> Child) -> Child {
        origin.take_leaf(self.ino, self.nlink.load(Ordering::Relaxed), copy)
    }

    /// The same node in a snapshot.
    pub(super) fn twin(&self, origin: &Origin, nlink: u64) -> Self {
        Self::make(origin.volume(), self.ino, nlink, 0)
    }

    /// A name was added. The caller holds the lock of the directory that the name is in.
    pub(super) fn named(&self) {
        self.nlink.fetch_add(1, Ordering::Relaxed);
    }

    /// A name was removed; the caller as above. Was it the last?
    pub(super) fn unnamed(&self) -> bool {
        self.nlink.fetch_sub(1, Ordering::Relaxed) == 1
    }

    /// Somebody holds it, although its last name is gone.
    pub(super) fn orphaned(&self, orphan: Orphan) {
        self.orphan.store(true, Ordering::Relaxed);
        self.volume.orphans.add(self.ino, orphan);
    }

    /// The node goes: `give_back` gives back what it was charged. What has no name goes at any time, so it is a change.
    pub(super) fn gone(&mut self, give_back: impl FnOnce(&Volume)) {
        if !*self.orphan.get_mut() {
            return give_back(&self.volume);
        }
        let _passage = self.volume.gate.enter();
        self.volume.orphans.remove(self.ino);
        give_back(&self.volume);
    }

    pub(super) fn describe(&self, kind: FileKind, size: u64, times: &Times) -> Metadata {
        let facts =
            Metadata::new(kind, self.ino, size).with_nlink(self.nlink.load(Ordering::Relaxed));
        times.describe(facts)
    }

    pub(super) const fn ino(&self) -> u64 {
        self.ino
    }
}

/// A symbolic link.
pub(super) struct MemLink {
    pub(super) inode: Inode,
    pub(super) text: Arc<str>,
    times: Mutex<Times>,
}

impl MemLink {
    /// `nospc` if there is no room for another node or for the text.
    pub(super) fn new(volume: &Arc<Volume>, text: &str, now: Timestamp) -> Result<Arc<Self>> {
        volume.names.take(text.len() as u64)?;
        let inode = Inode::new(volume).inspect_err(|_| volume.names.give(text.len() as u64))?;
        Ok(Arc::new(Self {
            inode,
            text: text.into(),
            times: Mutex::new(Times::new(now)),
        }))
    }

    pub(super) fn metadata(&self) -> Metadata {
        let times = lock(&self.times);
        self.inode
            .describe(FileKind::SymbolicLink, self.text.len() as u64, &times)
    }

    /// Locks it for a change.
    pub(super) fn change(&self) -> MutexGuard<'_, Times> {
        let times = lock(&self.times);
        if !self.inode.is_current() {
            self.inode
                .keep(&mut |origin, nlink| self.twin(origin, nlink, *times));
        }
        times
    }

    /// The link that a snapshot has in place of this one.
    pub(super) fn give(&self, origin: &Origin) -> Child {
        let times = lock(&self.times);
        let twin = |origin: &Origin, nlink| self.twin(origin, nlink, *times);
        self.inode.give(origin, twin)
    }

    fn twin(&self, origin: &Origin, nlink: u64, times: Times) -> Child {
        Child::Link(Arc::new(Self {
            inode: self.inode.twin(origin, nlink),
            text: Arc::clone(&self.text),
            times: Mutex::new(times),
        }))
    }
}

impl Drop for MemLink {
    fn drop(&mut self) {
        let text = self.text.len() as u64;
        self.inode.gone(|volume| {
            volume.names.give(text);
            volume.give_node(LEAF);
        });
    }
}
