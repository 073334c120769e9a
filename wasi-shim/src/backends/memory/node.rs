//! Directories in memory: the tree itself.
//!
//! Knows entries, parents and the order of locks. Refuses to know requests and their errors beyond a name being free,
//! taken or in a removed directory. Only the other files of this filesystem use it.
//!
//! # Why no deadlock is possible
//!
//! Every directory has a lock on its entries, every file one on its content. Most operations hold a single directory's
//! lock. The few that need several hold [`Volume::shape`] first, and it is held by one thread at a time: whoever waits
//! for a directory while holding another is that thread, and whoever it waits for waits for no directory. A file's
//! lock, a link's and a parent pointer's come last: their holders wait for nothing.

use super::child::Child;
use super::entries::{Entered, Entries};
use super::file::MemFile;
use super::gone::Gone;
use super::origin::Source;
use super::volume::{DIR, ROOT, Times, Volume, cost};
use crate::abi::{Errno, Result};
use crate::backends::lock::{lock, read, write};
use crate::sync::atomic::AtomicBool;
use crate::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};
use crate::vfs::{Metadata, Name, SetTimes, Timestamp};
use std::mem::take;

/// A directory in memory, and the root of a filesystem in memory.
///
/// It has everything: files with holes, symbolic and hard links, files and directories that stay usable when their last
/// name is gone, atomic renames, and times, in nanoseconds. Access times change only when somebody sets them, as on a
/// filesystem mounted `noatime`. Many threads may use it.
///
/// Limits are those of [`MemBuilder`](super::MemBuilder). What exceeds them fails with `nospc` and leaves no trace; a
/// write stops where the room ends.
pub struct MemDir {
    pub(super) volume: Arc<Volume>,
    pub(super) me: Weak<Self>,
    ino: u64,
    parent: Mutex<Weak<Self>>,
    /// It has no name, and [`Volume::orphans`] knows it.
    pub(super) orphan: AtomicBool,
    inner: RwLock<Inner>,
}

/// What a directory's lock covers.
pub(super) struct Inner {
    pub(super) entries: Entries,
    pub(super) times: Times,
    pub(super) subdirs: u64,
    removed: bool,
    /// When it changed last, in the count of its filesystem's snapshots.
    pub(super) epoch: u64,
    /// In a snapshot, where all of this comes from, if nobody has looked yet.
    source: Option<Unseen>,
}

/// The place of the original, and the directory there.
type Unseen = (Arc<Source>, Weak<MemDir>);

impl MemDir {
    /// The root, which no limit refuses and none counts.
    pub(super) fn root(volume: Volume) -> Arc<Self> {
        let now = volume.now();
        let inner = Inner::new(Times::new(now), 0);
        Self::make(&Arc::new(volume), ROOT, Weak::new(), inner)
    }

    /// A directory that is not entered yet. `nospc` if there is no room for another node.
    pub(super) fn below(
        volume: &Arc<Volume>,
        parent: Weak<Self>,
        now: Timestamp,
    ) -> Result<Arc<Self>> {
        let inner = Inner::new(Times::new(now), volume.history.epoch());
        Ok(Self::make(volume, volume.ino(DIR)?, parent, inner))
    }

    /// A directory of a snapshot, to be filled when it is looked at. It is charged for already.
    pub(super) fn unseen(
        volume: &Arc<Volume>,
        ino: u64,
        parent: Weak<Self>,
        source: Unseen,
    ) -> Arc<Self> {
        let mut inner = Inner::new(Times::new(Timestamp(0)), 0);
        inner.source = Some(source);
        Self::make(volume, ino, parent, inner)
    }

    fn make(volume: &Arc<Volume>, ino: u64, parent: Weak<Self>, inner: Inner) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            volume: Arc::clone(volume),
            me: me.clone(),
            ino,
            parent: Mutex::new(parent),
            orphan: AtomicBool::new(false),
            inner: RwLock::new(inner),
        })
    }

    pub(super) const fn ino(&self) -> u64 {
        self.ino
    }

    /// Locks it for looking. Every lookup does, so this is no call.
    #[inline(always)]
    pub(super) fn look(&self) -> RwLockReadGuard<'_, Inner> {
        let inner = read(&self.inner);
        if inner.source.is_none() {
            return inner;
        }
        drop(inner);
        self.fill();
        read(&self.inner)
    }

    /// Locks it for a change, and leaves it as it is with the snapshots that it is in.
    ///
    /// With it go its files and links as they are: whatever has a name in a directory that changed since a snapshot was
    /// left there too, before the number of its names could change.
    pub(super) fn change(&self) -> RwLockWriteGuard<'_, Inner> {
        let mut inner = write(&self.inner);
        if inner.source.is_some() {
            drop(inner);
            self.fill();
            inner = write(&self.inner);
        }
        if inner.epoch != self.volume.history.epoch() {
            self.keep(&mut inner);
        }
        inner
    }

    /// Fills it with what it has in the original, if nobody did yet.
    #[cold]
    fn fill(&self) {
        let mut inner = write(&self.inner);
        let source = inner.source.take();
        if let Some((source, dir)) = &source {
            *inner = source.fill(self, dir);
        }
        // The last one takes the original with it, so no lock is held.
        drop((inner, source));
    }

    #[cold]
    fn keep(&self, inner: &mut Inner) {
        // Looked at first: a snapshot that is taken meanwhile is told next time.
        let now = self.volume.history.epoch();
        for heir in self.volume.history.heirs(inner.epoch) {
            heir.keep_dir(self.ino, inner);
        }
        inner.epoch = now;
    }

    /// What `name` stands for. The directory's lock is let go, so that the child's may be taken.
    #[inline(always)]
    pub(super) fn find(&self, name: &str) -> Result<Child> {
        self.look().entries.get(name).cloned()
    }

    /// What `name` stands for, made by `make` if it is free. `noent` if this directory was removed.
    pub(super) fn enter(
        &self,
        name: Name<'_>,
        make: impl FnOnce(Timestamp) -> Result<Child>,
    ) -> Result<Entered> {
        let now = self.volume.now();
        let _passage = self.volume.gate.enter();
        self.enter_inside(name, now, make)
    }

    /// As [`enter`](Self::enter), for who has passed the gate.
    pub(super) fn enter_inside(
        &self,
        name: Name<'_>,
        now: Timestamp,
        make: impl FnOnce(Timestamp) -> Result<Child>,
    ) -> Result<Entered> {
        let mut inner = self.change();
        let room = inner.room(&self.volume);
        let entered = inner.entries.enter(name.as_str(), || {
            room?;
            let child = make(now)?;
            self.volume.names.take(cost(name.as_str().len()))?;
            child.named();
            Ok(child)
        })?;
        if entered.new {
            inner.added(&entered.child, now);
        }
        Ok(entered)
    }

    /// Enters `file`, in place of another file if need be, which is returned. `exist` if the name is anything else's.
    pub(super) fn put(
        &self,
        name: Name<'_>,
        file: Arc<MemFile>,
        now: Timestamp,
    ) -> Result<Option<Gone>> {
        let mut inner = self.change();
        let file = Child::File(file);
        let old = match inner.entries.get_mut(name.as_str()) {
            None => {
                inner.add(name.as_str(), file, &self.volume, now)?;
                return Ok(None);
            }
            Some(old @ Child::File(_)) => {
                file.named();
                std::mem::replace(old, file)
            }
            Some(_) => return Err(Errno::Exist),
        };
        let old = Gone::new(old);
        inner.times.modified(now);
        drop(inner);
        old.changed(now);
        Ok(Some(old))
    }

    pub(super) fn facts(&self) -> Metadata {
        let inner = self.look();
        let nlink = if inner.removed {
            0
        } else {
            inner.subdirs.saturating_add(2)
        };
        inner
            .times
            .describe(Metadata::dir(self.ino).with_nlink(nlink))
    }

    pub(super) fn set_facts(&self, times: &SetTimes, now: Timestamp) {
        self.change().times.set(times, now);
    }

    /// Marks an empty directory as removed. `notempty` if it is not.
    pub(super) fn bury(&self, now: Timestamp) -> Result<()> {
        let mut inner = self.change();
        if !inner.entries.is_empty() {
            return Err(Errno::Notempty);
        }
        inner.removed = true;
        inner.times.changed(now);
        drop(inner);
        *lock(&self.parent) = Weak::new();
        // One is the entry that goes.
        if self.me.strong_count() > 1 {
            self.orphaned();
        }
        Ok(())
    }

    /// It was moved to another directory. The caller holds [`Volume::shape`].
    pub(super) fn moved_to(&self, parent: &Self) {
        lock(&self.parent).clone_from(&parent.me);
    }

    /// Is `other` this directory or below it? The caller holds [`Volume::shape`], so the answer stays true.
    pub(super) fn holds(&self, other: &Self) -> bool {
        let mut at = other.me.upgrade();
        while let Some(dir) = at {
            if std::ptr::eq(&*dir, self) {
                return true;
            }
            at = lock(&dir.parent).upgrade();
        }
        false
    }

    /// How many directories are above. The caller holds [`Volume::shape`], so the answer stays true.
    pub(super) fn depth(&self) -> usize {
        let mut count = 0_usize;
        let mut at = lock(&self.parent).upgrade();
        while let Some(dir) = at {
            count = count.saturating_add(1);
            at = lock(&dir.parent).upgrade();
        }
        count
    }

    /// How many directories are below each other here at most; likewise.
    pub(super) fn height(self: &Arc<Self>) -> usize {
        let mut level = vec![Arc::clone(self)];
        let mut count = 0_usize;
        loop {
            let below = level.iter().flat_map(|dir| dir.subdirs());
            level = below.collect();
            if level.is_empty() {
                return count;
            }
            count = count.saturating_add(1);
        }
    }

    pub(super) fn subdirs(&self) -> Vec<Arc<Self>> {
        let inner = self.look();
        let children = inner.entries.children();
        children.filter_map(Child::dir).map(Arc::clone).collect()
    }

    /// Takes the entries out, gives back what the names were charged, and returns the subdirectories.
    fn empty(&mut self) -> Vec<Arc<Self>> {
        let inner = self.inner.get_mut().unwrap_or_else(PoisonError::into_inner);
        let entries = take(&mut inner.entries);
        self.volume.names.give(entries.lengths().map(cost).sum());
        entries
            .into_children()
            .filter_map(|child| match child {
                Child::Dir(dir) => Some(dir),
                Child::File(_) | Child::Link(_) => None,
            })
            .collect()
    }

    /// Its parent goes, perhaps before a snapshot has looked at it.
    fn leave(&self) {
        let epoch = read(&self.inner).epoch;
        let history = &self.volume.history;
        if epoch != history.epoch() && !history.heirs(epoch).is_empty() {
            drop(self.change());
        }
    }
}

impl Drop for MemDir {
    /// Takes the tree apart level by level: dropping children within children would need a stack as deep as the tree.
    fn drop(&mut self) {
        let mut doomed = self.empty();
        while let Some(dir) = doomed.pop() {
            dir.leave();
            if let Some(mut dir) = Arc::into_inner(dir) {
                doomed.append(&mut dir.empty());
            }
        }
        if *self.orphan.get_mut() {
            let _passage = self.volume.gate.enter();
            self.volume.orphans.remove(self.ino);
            self.volume.give_node(DIR);
        } else if self.ino != self.volume.root {
            self.volume.give_node(DIR);
        }
    }
}

impl Inner {
    fn new(times: Times, epoch: u64) -> Self {
        Self {
            entries: Entries::default(),
            times,
            subdirs: 0,
            removed: false,
            epoch,
            source: None,
        }
    }

    /// What a directory of a snapshot begins with.
    pub(super) fn filled(entries: Entries, times: Times, subdirs: u64) -> Self {
        Self {
            entries,
            subdirs,
            ..Self::new(times, 0)
        }
    }

    /// `noent` if this directory was removed.
    pub(super) const fn alive(&self) -> Result<()> {
        if self.removed {
            Err(Errno::Noent)
        } else {
            Ok(())
        }
    }

    /// In order: `noent` if this directory was removed, `nospc` if it has as many entries as it may.
    pub(super) fn room(&self, volume: &Volume) -> Result<()> {
        self.alive()?;
        if self.entries.len() < volume.limits.entries {
            Ok(())
        } else {
            Err(Errno::Nospc)
        }
    }

    /// Enters a child under a name that is free. In order: `noent` if this directory was removed, `nospc` if there is
    /// no room for another entry or for the name.
    pub(super) fn add(
        &mut self,
        name: &str,
        child: Child,
        volume: &Volume,
        now: Timestamp,
    ) -> Result<()> {
        self.room(volume)?;
        volume.names.take(cost(name.len()))?;
        child.named();
        self.insert(name, child, now);
        Ok(())
    }

    /// Removes an entry and what it was charged, if `check` has nothing against it. `noent` if the name is free.
    pub(super) fn delete(
        &mut self,
        name: &str,
        check: impl FnOnce(&Child) -> Result<()>,
        volume: &Volume,
        now: Timestamp,
    ) -> Result<Gone> {
        let child = self.remove(name, check, now)?;
        volume.names.give(cost(name.len()));
        Ok(Gone::new(child))
    }

    /// Enters a child, in place of another if need be. What is charged and how many names the child has is the
    /// caller's business.
    pub(super) fn insert(&mut self, name: &str, child: Child, now: Timestamp) {
        self.added(&child, now);
        let old = self.entries.insert(name, child);
        old.iter().for_each(|old| self.count_dir(old, -1));
    }

    /// Takes an entry out; the rest is the caller's business too.
    pub(super) fn remove(
        &mut self,
        name: &str,
        check: impl FnOnce(&Child) -> Result<()>,
        now: Timestamp,
    ) -> Result<Child> {
        let child = self.entries.remove(name, check)?;
        self.count_dir(&child, -1);
        self.times.modified(now);
        Ok(child)
    }

    /// A child was entered.
    const fn added(&mut self, child: &Child, now: Timestamp) {
        self.count_dir(child, 1);
        self.times.modified(now);
    }

    const fn count_dir(&mut self, child: &Child, by: i64) {
        if let Child::Dir(_) = child {
            self.subdirs = self.subdirs.saturating_add_signed(by);
        }
    }
}
