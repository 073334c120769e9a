//! What the nodes of one in-memory filesystem share.
//!
//! Knows its identity, its limits, its clock and the lock on its shape. Refuses to know the nodes themselves. Only the
//! nodes of this filesystem use it; how much may be is counted the same way by others of this room.

use super::file::MemFile;
use super::gate::Gate;
use super::origin::History;
use super::orphans::{Charges, Orphans};
use crate::abi::{Errno, Result};
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Arc, Mutex};
use crate::vfs::{FsId, Metadata, SetTime, SetTimes, Timestamp};

/// Where the times of files come from.
pub(super) type TimeSource = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The root's number. Not 0, which programs read as "unknown".
pub(super) const ROOT: u64 = 1;

/// What an entry is charged beside the bytes of its name: what the host spends on it, in the emptiest tree of names.
const ENTRY: u64 = 96;

/// What a file or a link is charged, beside its content.
pub(super) const LEAF: u64 = 192;

/// What a directory is charged, the first nodes of its trees of names included.
pub(super) const DIR: u64 = 1024;

/// How much a filesystem may hold.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) pages: u64,
    pub(super) inodes: u64,
    pub(super) names: u64,
    /// In one directory.
    pub(super) entries: usize,
    /// Of directories below each other, without the root.
    pub(super) depth: usize,
}

/// One filesystem.
pub(super) struct Volume {
    pub(super) id: FsId,
    pub(super) limits: Limits,
    pub(super) pages: Meter,
    pub(super) inodes: Meter,
    pub(super) names: Meter,
    /// The root's number. The root is not charged for.
    pub(super) root: u64,
    /// Passed by every change of several nodes, or of what is charged.
    pub(super) gate: Gate,
    pub(super) history: History,
    pub(super) orphans: Orphans,
    /// Held by whoever holds the locks of two directories at once.
    pub(super) shape: Mutex<()>,
    next_ino: AtomicU64,
    time: TimeSource,
}

impl Volume {
    /// An empty filesystem that may hold so much.
    pub(super) fn new(limits: Limits, time: TimeSource) -> Self {
        Self {
            id: FsId::unique(),
            limits,
            pages: Meter::new(limits.pages),
            inodes: Meter::new(limits.inodes),
            names: Meter::new(limits.names),
            root: ROOT,
            gate: Gate::default(),
            history: History::default(),
            orphans: Orphans::default(),
            shape: Mutex::new(()),
            next_ino: AtomicU64::new(ROOT.saturating_add(1)),
            time,
        }
    }

    /// The filesystem of a snapshot below the directory `root`, where so much is charged for.
    pub(super) fn twin(&self, root: u64, used: Charges) -> Self {
        Self {
            id: FsId::unique(),
            limits: self.limits,
            pages: self.pages.with(used.pages),
            inodes: self.inodes.with(used.inodes),
            names: self.names.with(used.names),
            root,
            gate: Gate::default(),
            history: self.history.follow(),
            orphans: Orphans::default(),
            shape: Mutex::new(()),
            next_ino: AtomicU64::new(self.next_ino.load(Ordering::Relaxed)),
            time: Arc::clone(&self.time),
        }
    }

    /// What all nodes with a name are charged, while nothing changes. `None` if a node without one is just going: ask
    /// again. What must not go before changes go on is put into `held`.
    pub(super) fn charges(&self, held: &mut Vec<Arc<MemFile>>) -> Option<Charges> {
        let orphans = self.orphans.charges(held)?;
        Some(Charges {
            pages: self.pages.used().saturating_sub(orphans.pages),
            inodes: self.inodes.used().saturating_sub(orphans.inodes),
            names: self.names.used().saturating_sub(orphans.names),
        })
    }

    /// The time. It is asked for before a lock is taken, because the source is the embedder's code.
    pub(super) fn now(&self) -> Timestamp {
        (self.time)()
    }

    /// A number for a new node, never used again. The node is charged `weight`, and gives that back with
    /// [`give_node`](Self::give_node) when it goes.
    pub(super) fn ino(&self, weight: u64) -> Result<u64> {
        self.inodes.take(1)?;
        let taken = self.names.take(weight);
        taken.inspect_err(|_| self.inodes.give(1))?;
        Ok(self.next_ino.fetch_add(1, Ordering::Relaxed))
    }

    /// A node goes.
    pub(super) fn give_node(&self, weight: u64) {
        self.names.give(weight);
        self.inodes.give(1);
    }
}

/// What a directory entry is charged whose name has so many bytes.
pub(in crate::backends) const fn cost(name: usize) -> u64 {
    ENTRY.saturating_add(name as u64)
}

/// How much of something is used, and how much may be.
pub(in crate::backends) struct Meter {
    used: AtomicU64,
    limit: u64,
}

impl Meter {
    pub(in crate::backends) fn new(limit: u64) -> Self {
        let used = AtomicU64::new(0);
        Self { used, limit }
    }

    /// The same limit, with so much used.
    const fn with(&self, used: u64) -> Self {
        Self {
            used: AtomicU64::new(used),
            limit: self.limit,
        }
    }

    /// Takes `count`, or nothing: `nospc`.
    pub(in crate::backends) fn take(&self, count: u64) -> Result<()> {
        let more = |used: u64| used.checked_add(count).filter(|&used| used <= self.limit);
        match self
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
        {
            Ok(_) => Ok(()),
            Err(_) => Err(Errno::Nospc),
        }
    }

    /// Gives back what was taken.
    pub(in crate::backends) fn give(&self, count: u64) {
        self.used.fetch_sub(count, Ordering::Relaxed);
    }

    /// Takes `count` in place of `given`.
    pub(in crate::backends) fn exchange(&self, given: u64, count: u64) -> Result<()> {
        match count.checked_sub(given) {
            Some(more) => self.take(more),
            None => {
                self.give(given.saturating_sub(count));
                Ok(())
            }
        }
    }

    /// How many there may be.
    pub(in crate::backends) const fn limit(&self) -> u64 {
        self.limit
    }

    pub(in crate::backends) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }
}

/// The three times of a node.
#[derive(Clone, Copy)]
pub(super) struct Times {
    atim: Timestamp,
    mtim: Timestamp,
    ctim: Timestamp,
}

impl Times {
    pub(super) const fn new(now: Timestamp) -> Self {
        Self {
            atim: now,
            mtim: now,
            ctim: now,
        }
    }

    /// The content changed.
    pub(super) const fn modified(&mut self, now: Timestamp) {
        self.mtim = now;
        self.ctim = now;
    }

    /// A fact about the node changed.
    pub(super) const fn changed(&mut self, now: Timestamp) {
        self.ctim = now;
    }

    /// Somebody sets the times. Keeping both is no change.
    pub(super) fn set(&mut self, times: &SetTimes, now: Timestamp) {
        if *times == SetTimes::default() {
            return;
        }
        let choose = |set, old| match set {
            SetTime::Keep => old,
            SetTime::Now => now,
            SetTime::At(time) => time,
        };
        self.atim = choose(times.atim, self.atim);
        self.mtim = choose(times.mtim, self.mtim);
        self.ctim = now;
    }

    pub(super) const fn describe(&self, facts: Metadata) -> Metadata {
        facts.with_times(self.atim, self.mtim, self.ctim)
    }
}
