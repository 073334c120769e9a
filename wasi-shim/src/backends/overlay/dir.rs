//! What directories of the overlay answer.
//!
//! Knows the contract of [`Dir`] and the order of its errors. Refuses to know how names are found and content is kept,
//! and leaves moves and links to `rename`. Nobody calls it but through the trait.

use super::Overlay;
use super::child::Child;
use super::leaf::Leaf;
use super::look::Seen;
use super::node::DirNode;
use crate::abi::{Errno, FileKind, Result};
use crate::backends::lock::{lock, read};
use crate::vfs::{
    Create, Dir, Entry, FsId, Metadata, Name, Node, OpenRequest, SetTimes, Timestamp,
};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

/// What stands at names in place of the lower directory's entries: number and kind, or nothing.
type Own = BTreeMap<Box<str>, Option<(u64, FileKind)>>;

impl Overlay {
    /// Opens what a name was seen to stand for.
    fn open_seen(
        &self,
        seen: &Seen,
        name: Name<'_>,
        request: &OpenRequest,
        now: Timestamp,
    ) -> Result<Node> {
        match seen.child()? {
            Child::Leaf(leaf) => leaf.open(&self.volume, request, self.near(seen, name), now),
            Child::Dir(dir) => {
                request.check_existing(FileKind::Directory)?;
                let lower = match self.near(seen, name) {
                    Some((lower, name)) => Some(lower.dir(name, request.read)?),
                    None => dir.below(&self.volume)?,
                };
                Ok(Node::Dir(Self::handle(&self.volume, dir.clone(), lower)))
            }
        }
    }

    /// Creates a file at a name that was seen to be free. Nothing if it no longer is.
    fn create(
        &self,
        seen: &Seen,
        name: Name<'_>,
        request: &OpenRequest,
        now: Timestamp,
    ) -> Result<Option<Node>> {
        if request.create == Create::Never {
            return Err(Errno::Noent);
        }
        if request.directory {
            return Err(Errno::Notdir);
        }
        read(&self.node.state).alive()?;
        let leaf = Leaf::file(&self.volume, now)?;
        let file = leaf.handle(&self.volume, None)?;
        let entered = self.enter(seen, name, Child::Leaf(leaf), now)?;
        Ok(entered.then(|| Node::File(Arc::new(file))))
    }

    /// Enters a child under a name that was seen to be free. False if it no longer is.
    fn enter(&self, seen: &Seen, name: Name<'_>, child: Child, now: Timestamp) -> Result<bool> {
        let charge = self.ready(seen, name)?;
        let Some(mut state) = self.confirm(seen, name) else {
            return Ok(false);
        };
        state.alive()?;
        if let Child::Leaf(leaf) = &child {
            leaf.named();
        }
        state.put(name.as_str(), seen, child, charge, now);
        Ok(true)
    }

    /// Makes something at a free name. In order: `exist`, `noent` if this directory was removed, `nospc`.
    fn make(&self, name: Name<'_>, make: impl Fn(Timestamp) -> Result<Child>) -> Result<()> {
        let now = self.volume.now();
        let _gate = read(&self.volume.gate);
        loop {
            let seen = self.look(name)?;
            if seen.child.is_some() {
                return Err(Errno::Exist);
            }
            read(&self.node.state).alive()?;
            if self.enter(&seen, name, make(now)?, now)? {
                return Ok(());
            }
        }
    }

    /// Takes away an entry that `check` has nothing against.
    fn remove(
        &self,
        name: Name<'_>,
        now: Timestamp,
        check: impl Fn(&Child) -> Result<()>,
        last_check: impl Fn(&Child) -> Result<()>,
    ) -> Result<Child> {
        loop {
            let seen = self.look(name)?;
            let child = seen.child()?;
            check(child)?;
            let charge = self.ready(&seen, name)?;
            if let Some(mut state) = self.confirm(&seen, name) {
                last_check(child)?;
                state.take(name.as_str(), child, charge, now);
                drop(state);
                return Ok(child.clone());
            }
        }
    }

    /// The entries that stand in place of the lower directory's, or nothing if the directory was removed.
    fn own_entries(&self) -> Option<Own> {
        let state = read(&self.node.state);
        let entry = |child: &Child| (child.ino(), child.kind());
        let slots = state.slots.iter();
        let own = slots.map(|(name, slot)| (name.clone(), slot.child.as_ref().map(entry)));
        (!state.removed).then(|| own.collect())
    }
}

impl Dir for Overlay {
    fn metadata(&self) -> Result<Metadata> {
        let below = self.lower.as_ref().map(|lower| lower.metadata());
        Ok(self.node.describe(below.transpose()?))
    }

    fn stat(&self, name: Name<'_>) -> Result<Metadata> {
        self.look_at(name)
    }

    fn open(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
        // What only looks needs no time, and waits for nobody.
        let (now, _gate) = match request.mutates() {
            true => (self.volume.now(), Some(read(&self.volume.gate))),
            false => (Timestamp(0), None),
        };
        loop {
            let seen = self.look(name)?;
            if seen.child.is_some() {
                return self.open_seen(&seen, name, request, now);
            }
            if let Some(node) = self.create(&seen, name, request, now)? {
                return Ok(node);
            }
        }
    }

    /// What was changed first, in the order of names, then what was not, in the lower directory's.
    fn list(&self, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        // Copied, because the sink may come back to this directory.
        let Some(own) = self.own_entries() else {
            return Ok(());
        };
        for (name, &(ino, kind)) in own
            .iter()
            .filter_map(|(n, entry)| Some((n, entry.as_ref()?)))
        {
            if sink(Entry { name, ino, kind }).is_break() {
                return Ok(());
            }
        }
        match &self.lower {
            None => Ok(()),
            Some(lower) => lower.list(&mut |entry| match own.contains_key(entry.name) {
                true => ControlFlow::Continue(()),
                false => sink(entry),
            }),
        }
    }

    fn filesystem(&self) -> FsId {
        self.volume.id
    }

    fn read_link(&self, name: Name<'_>) -> Result<String> {
        let seen = self.look(name)?;
        match seen.child()? {
            Child::Dir(_) => Err(Errno::Inval),
            Child::Leaf(leaf) => leaf.text(&self.volume, self.near(&seen, name)),
        }
    }

    fn create_dir(&self, name: Name<'_>) -> Result<()> {
        self.make(name, |now| {
            Ok(Child::Dir(DirNode::new(&self.volume, &self.node, now)?))
        })
    }

    fn create_symlink(&self, name: Name<'_>, text: &str) -> Result<()> {
        self.make(name, |now| {
            Ok(Child::Leaf(Leaf::symlink(&self.volume, text, now)?))
        })
    }

    fn remove_file(&self, name: Name<'_>) -> Result<()> {
        let now = self.volume.now();
        let _gate = read(&self.volume.gate);
        let check = |child: &Child| match child {
            Child::Dir(_) => Err(Errno::Isdir),
            Child::Leaf(_) => self.volume.pin_for_others(child),
        };
        let gone = self.remove(name, now, check, |_| Ok(()))?;
        self.volume.lost_name(&gone, now);
        Ok(())
    }

    fn remove_dir(&self, name: Name<'_>) -> Result<()> {
        let now = self.volume.now();
        let _gate = read(&self.volume.gate);
        let _shape = lock(&self.volume.shape);
        let check = |child: &Child| match child {
            Child::Leaf(_) => Err(Errno::Notdir),
            Child::Dir(dir) if dir.hides_all(&self.volume)? => Ok(()),
            Child::Dir(_) => Err(Errno::Notempty),
        };
        let bury = |child: &Child| match child {
            Child::Leaf(_) => Ok(()),
            Child::Dir(dir) => dir.bury(now),
        };
        let gone = self.remove(name, now, check, bury)?;
        self.volume.unpin(&gone);
        Ok(())
    }

    fn rename(&self, from: Name<'_>, target: &dyn Dir, to: Name<'_>) -> Result<()> {
        self.move_entry(from, self.sibling(target)?, to)
    }

    fn link(&self, from: Name<'_>, target: &dyn Dir, to: Name<'_>) -> Result<()> {
        self.link_entry(from, self.sibling(target)?, to)
    }

    fn set_times(&self, name: Name<'_>, times: &SetTimes) -> Result<()> {
        let now = self.volume.now();
        let _gate = read(&self.volume.gate);
        self.look(name)?
            .child()?
            .set_times(&self.volume, times, now)
    }

    fn set_own_times(&self, times: &SetTimes) -> Result<()> {
        let now = self.volume.now();
        let _gate = read(&self.volume.gate);
        Child::Dir(self.node.clone()).set_times(&self.volume, times, now)
    }
}
