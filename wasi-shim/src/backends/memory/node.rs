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

use super::entries::{Entered, Entries};
use super::file::{MemFile, MemLink};
use super::volume::{ROOT, Times, Volume, cost};
use crate::abi::{Errno, FileKind, Result};
use crate::backends::lock::{lock, read, write};
use crate::vfs::{File as _, Metadata, Name, SetTimes, Timestamp};
use std::mem::take;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

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
    pub(super) inner: RwLock<Inner>,
}

/// What a directory's lock covers.
pub(super) struct Inner {
    pub(super) entries: Entries,
    pub(super) times: Times,
    subdirs: u64,
    removed: bool,
}

/// What a name stands for.
#[derive(Clone)]
pub(super) enum Child {
    Dir(Arc<MemDir>),
    File(Arc<MemFile>),
    Link(Arc<MemLink>),
}

impl MemDir {
    /// The root, which no limit refuses and none counts.
    pub(super) fn root(volume: Volume) -> Arc<Self> {
        let now = volume.now();
        Self::make(&Arc::new(volume), ROOT, Weak::new(), now)
    }

    /// A directory that is not entered yet. `nospc` if there is no room for another node.
    pub(super) fn below(
        volume: &Arc<Volume>,
        parent: Weak<Self>,
        now: Timestamp,
    ) -> Result<Arc<Self>> {
        Ok(Self::make(volume, volume.ino()?, parent, now))
    }

    fn make(volume: &Arc<Volume>, ino: u64, parent: Weak<Self>, now: Timestamp) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            volume: Arc::clone(volume),
            me: me.clone(),
            ino,
            parent: Mutex::new(parent),
            inner: RwLock::new(Inner {
                entries: Entries::default(),
                times: Times::new(now),
                subdirs: 0,
                removed: false,
            }),
        })
    }

    /// What `name` stands for. The directory's lock is let go, so that the child's may be taken.
    pub(super) fn find(&self, name: &str) -> Result<Child> {
        read(&self.inner).entries.get(name).cloned()
    }

    /// What `name` stands for, made by `make` if it is free. `noent` if this directory was removed.
    pub(super) fn enter(
        &self,
        name: Name<'_>,
        make: impl FnOnce(Timestamp) -> Result<Child>,
    ) -> Result<Entered> {
        let now = self.volume.now();
        let mut inner = write(&self.inner);
        let alive = inner.alive();
        let entered = inner.entries.enter(name.as_str(), || {
            alive?;
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

    /// Enters `file`, in place of another file if need be. `exist` if the name is anything else's.
    pub(super) fn put(&self, name: Name<'_>, file: Arc<MemFile>, now: Timestamp) -> Result<()> {
        let mut inner = write(&self.inner);
        let old = match inner.entries.get_mut(name.as_str()) {
            None => return inner.add(name.as_str(), Child::File(file), &self.volume, now),
            Some(Child::File(old)) => {
                file.inode.named();
                old.inode.unnamed();
                std::mem::replace(old, file)
            }
            Some(_) => return Err(Errno::Exist),
        };
        inner.times.modified(now);
        drop(inner);
        old.changed(now);
        Ok(())
    }

    pub(super) fn facts(&self) -> Metadata {
        let inner = read(&self.inner);
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
        write(&self.inner).times.set(times, now);
    }

    /// Marks an empty directory as removed. `notempty` if it is not.
    pub(super) fn bury(&self, now: Timestamp) -> Result<()> {
        let mut inner = write(&self.inner);
        if !inner.entries.is_empty() {
            return Err(Errno::Notempty);
        }
        inner.removed = true;
        inner.times.changed(now);
        drop(inner);
        *lock(&self.parent) = Weak::new();
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
}

impl Drop for MemDir {
    /// Takes the tree apart level by level: dropping children within children would need a stack as deep as the tree.
    fn drop(&mut self) {
        let mut doomed = self.empty();
        while let Some(dir) = doomed.pop() {
            if let Some(mut dir) = Arc::into_inner(dir) {
                doomed.append(&mut dir.empty());
            }
        }
        if self.ino != ROOT {
            self.volume.inodes.give(1);
        }
    }
}

impl Inner {
    /// `noent` if this directory was removed.
    pub(super) const fn alive(&self) -> Result<()> {
        if self.removed {
            Err(Errno::Noent)
        } else {
            Ok(())
        }
    }

    /// Enters a child under a name that is free. In order: `noent` if this directory was removed, `nospc` if there is
    /// no room for the name.
    pub(super) fn add(
        &mut self,
        name: &str,
        child: Child,
        volume: &Volume,
        now: Timestamp,
    ) -> Result<()> {
        self.alive()?;
        volume.names.take(cost(name.len()))?;
        child.named();
        self.insert(name, child, now);
        Ok(())
    }

    /// Removes an entry and what it was charged, if `check` has nothing against it. The child is to be dropped, which may
    /// take time, without the lock. `noent` if the name is free.
    pub(super) fn delete(
        &mut self,
        name: &str,
        check: impl FnOnce(&Child) -> Result<()>,
        volume: &Volume,
        now: Timestamp,
    ) -> Result<Child> {
        let child = self.remove(name, check, now)?;
        volume.names.give(cost(name.len()));
        child.unnamed();
        Ok(child)
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

impl Child {
    pub(super) const fn kind(&self) -> FileKind {
        match self {
            Self::Dir(_) => FileKind::Directory,
            Self::File(_) => FileKind::RegularFile,
            Self::Link(_) => FileKind::SymbolicLink,
        }
    }

    pub(super) fn ino(&self) -> u64 {
        match self {
            Self::Dir(dir) => dir.ino,
            Self::File(file) => file.inode.ino(),
            Self::Link(link) => link.inode.ino(),
        }
    }

    pub(super) fn metadata(&self) -> Result<Metadata> {
        match self {
            Self::Dir(dir) => Ok(dir.facts()),
            Self::File(file) => file.metadata(),
            Self::Link(link) => Ok(link.metadata()),
        }
    }

    pub(super) fn set_times(&self, times: &SetTimes, now: Timestamp) -> Result<()> {
        match self {
            Self::Dir(dir) => dir.set_facts(times, now),
            Self::File(file) => file.set_times(times)?,
            Self::Link(link) => link.set_times(times, now),
        }
        Ok(())
    }

    /// A fact about the child changed. The caller holds no directory's lock.
    pub(super) fn changed(&self, now: Timestamp) {
        match self {
            Self::Dir(dir) => write(&dir.inner).times.changed(now),
            Self::File(file) => file.changed(now),
            Self::Link(link) => link.changed(now),
        }
    }

    /// It has one more name. A directory's are counted where its subdirectories are.
    fn named(&self) {
        match self {
            Self::Dir(_) => {}
            Self::File(file) => file.inode.named(),
            Self::Link(link) => link.inode.named(),
        }
    }

    /// It has one less.
    pub(super) fn unnamed(&self) {
        match self {
            Self::Dir(_) => {}
            Self::File(file) => file.inode.unnamed(),
            Self::Link(link) => link.inode.unnamed(),
        }
    }
}
