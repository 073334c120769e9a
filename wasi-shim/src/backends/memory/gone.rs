//! What lost a name.
//!
//! Knows that what nobody can come to any more has to go before a snapshot is taken, which would be charged for it for
//! ever. Refuses to know why the name went. Only the directories of this filesystem use it.

use super::child::Child;
use super::gate::Passage;
use super::node::MemDir;
use super::orphans::Orphan;
use crate::sync::Arc;
use crate::sync::atomic::Ordering;
use crate::vfs::Timestamp;

/// What an entry stood for that was taken out.
pub(super) struct Gone {
    child: Child,
    /// Nobody has it, and nobody can come to it. But a snapshot may look at a directory for a moment.
    alone: bool,
}

impl Gone {
    /// The caller has passed the gate, and holds the lock of the directory that the entry was in.
    pub(super) fn new(child: Child) -> Self {
        let alone = child.unnamed();
        Self { child, alone }
    }

    pub(super) fn changed(&self, now: Timestamp) {
        self.child.changed(now);
    }

    /// Lets go of it, which may take time, so no lock is held: before the change is over if it is alone. Otherwise
    /// afterwards, as that may be a change of its own.
    pub(super) fn end(self, passage: Passage<'_>) {
        let rest = match (self.alone, self.child) {
            (false, child) => Some(child),
            (true, Child::Dir(dir)) => Arc::try_unwrap(dir).err().map(|dir| {
                dir.orphaned();
                Child::Dir(dir)
            }),
            (true, Child::File(_) | Child::Link(_)) => None,
        };
        drop(passage);
        drop(rest);
    }
}

impl MemDir {
    /// Is it known to have no name?
    pub(super) fn is_orphan(&self) -> bool {
        self.orphan.load(Ordering::Relaxed)
    }

    /// Somebody holds it, although it has no name any more. The caller does too.
    pub(super) fn orphaned(&self) {
        self.orphan.store(true, Ordering::Relaxed);
        self.volume.orphans.add(self.ino(), Orphan::Dir);
    }
}
