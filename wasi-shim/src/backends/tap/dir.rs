//! Directories with a probe.
//!
//! Knows which operation each method of [`Dir`] is. Refuses to know what the probe makes of it. Nobody calls it but
//! through the trait.

use super::{Operation, Probe, Tap};
use crate::abi::{Errno, Result};
use crate::backends::forward::outer_id;
use crate::vfs::{
    Dir, Entry, FsId, Metadata, Name, Node, OpenRequest, SetTimes, SyncScope, same_filesystem,
};
use std::any::Any;
use std::ops::ControlFlow;

impl<P: Probe> Tap<P> {
    /// A directory with the same probe, and of the same filesystem below that.
    fn sibling<'a>(&self, target: &'a dyn Dir) -> Result<&'a Self> {
        let target: Option<&Self> = (target as &dyn Any).downcast_ref();
        let target = target
            .filter(|target| target.id == self.id)
            .ok_or(Errno::Xdev)?;
        same_filesystem(&*self.inner, &*target.inner)?;
        Ok(target)
    }
}

impl<P: Probe> Dir for Tap<P> {
    fn metadata(&self) -> Result<Metadata> {
        self.tapped
            .call(Operation::Metadata, || self.inner.metadata())
    }

    fn stat(&self, name: Name<'_>) -> Result<Metadata> {
        self.tapped
            .call(Operation::Stat { name }, || self.inner.stat(name))
    }

    fn open(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
        let operation = Operation::Open { name, request };
        let node = self
            .tapped
            .call(operation, || self.inner.open(name, request))?;
        Ok(self.wrap(node, name))
    }

    fn list(&self, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        let mut count = 0_usize;
        self.tapped.call(Operation::List, || {
            self.inner.list(&mut |entry| {
                count = count.saturating_add(1);
                sink(entry)
            })?;
            Ok(count)
        })?;
        Ok(())
    }

    fn filesystem(&self) -> FsId {
        outer_id(&*self.inner, self.id)
    }

    fn read_link(&self, name: Name<'_>) -> Result<String> {
        self.tapped
            .call(Operation::ReadLink { name }, || self.inner.read_link(name))
    }

    fn create_dir(&self, name: Name<'_>) -> Result<()> {
        self.tapped.call(Operation::CreateDir { name }, || {
            self.inner.create_dir(name)
        })
    }

    fn create_symlink(&self, name: Name<'_>, text: &str) -> Result<()> {
        self.tapped
            .call(Operation::CreateSymlink { name, text }, || {
                self.inner.create_symlink(name, text)
            })
    }

    fn remove_file(&self, name: Name<'_>) -> Result<()> {
        self.tapped.call(Operation::RemoveFile { name }, || {
            self.inner.remove_file(name)
        })
    }

    fn remove_dir(&self, name: Name<'_>) -> Result<()> {
        self.tapped.call(Operation::RemoveDir { name }, || {
            self.inner.remove_dir(name)
        })
    }

    fn rename(&self, from: Name<'_>, target: &dyn Dir, to: Name<'_>) -> Result<()> {
        let other = self.sibling(target)?;
        let target = &*other.tapped.place;
        self.tapped
            .call(Operation::Rename { from, target, to }, || {
                self.inner.rename(from, &*other.inner, to)
            })
    }

    fn link(&self, from: Name<'_>, target: &dyn Dir, to: Name<'_>) -> Result<()> {
        let other = self.sibling(target)?;
        let target = &*other.tapped.place;
        self.tapped.call(Operation::Link { from, target, to }, || {
            self.inner.link(from, &*other.inner, to)
        })
    }

    fn set_times(&self, name: Name<'_>, times: &SetTimes) -> Result<()> {
        self.tapped
            .call(Operation::SetEntryTimes { name, times }, || {
                self.inner.set_times(name, times)
            })
    }

    fn set_own_times(&self, times: &SetTimes) -> Result<()> {
        self.tapped.call(Operation::SetTimes { times }, || {
            self.inner.set_own_times(times)
        })
    }

    fn sync(&self) -> Result<()> {
        let scope = SyncScope::Full;
        self.tapped
            .call(Operation::Sync { scope }, || self.inner.sync())
    }
}
