//! What directories in memory answer.
//!
//! Knows the contract of [`Dir`] and the order of its errors. Refuses to know how entries are kept and locked, and
//! leaves moves and links to `rename`. Nobody calls it but through the trait.

use super::child::Child;
use super::inode::MemLink;
use super::node::MemDir;
use crate::abi::{Errno, Result};
use crate::backends::lock::lock;
use crate::sync::Arc;
use crate::vfs::{
    Create, Dir, Entry, File as _, Follow, FsId, Metadata, Name, Node, OpenRequest, PlainPath,
    SetTimes,
};
use std::ops::ControlFlow;

impl Child {
    fn open(self, request: &OpenRequest) -> Result<Node> {
        request.check_existing(self.kind())?;
        if let (Self::File(file), true) = (&self, request.truncate) {
            file.set_len(0)?;
        }
        Ok(self.node())
    }

    fn node(self) -> Node {
        match self {
            Self::Dir(dir) => Node::Dir(dir),
            Self::File(file) => Node::File(file),
            Self::Link(link) => Node::Symlink(link.text.as_ref().into()),
        }
    }
}

impl MemDir {
    /// Opens a name that is free, or was a moment ago. A file is all that can be made, and it is no directory.
    fn create(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
        if request.create == Create::Never {
            return Err(Errno::Noent);
        }
        if request.directory {
            return Err(Errno::Notdir);
        }
        let entered = self.enter_file(name)?;
        if entered.new {
            Ok(entered.child.node())
        } else {
            entered.child.open(request)
        }
    }

    /// The directory that a plain path's last name is in, if no link is on the way.
    fn descend<'p>(&self, path: PlainPath<'p>) -> Option<(Arc<Self>, Name<'p>)> {
        let (above, last) = path.as_str().rsplit_once('/')?;
        let mut parts = above.split('/');
        let mut at = self.subdir(parts.next()?)?;
        for part in parts {
            at = at.subdir(part)?;
        }
        Some((at, Name::new(last).ok()?))
    }

    fn subdir(&self, name: &str) -> Option<Arc<Self>> {
        match self.find(name) {
            Ok(Child::Dir(dir)) => Some(dir),
            _ => None,
        }
    }
}

impl Dir for MemDir {
    fn metadata(&self) -> Result<Metadata> {
        Ok(self.facts())
    }

    fn stat(&self, name: Name<'_>) -> Result<Metadata> {
        self.find(name.as_str())?.metadata()
    }

    fn open(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
        // The name is most likely free: one look is enough.
        if request.create == Create::Exclusive && !request.directory {
            return self.create(name, request);
        }
        match self.find(name.as_str()) {
            Ok(child) => child.open(request),
            Err(_) => self.create(name, request),
        }
    }

    /// In the order of names, as things were when the call began.
    fn list(&self, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        // Copied, because the sink may come back to this directory.
        let listing = self.look().entries.list();
        for (name, ino, kind) in listing.iter() {
            if sink(Entry { name, ino, kind }).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn filesystem(&self) -> FsId {
        self.volume.id
    }

    fn create_dir(&self, name: Name<'_>) -> Result<()> {
        self.enter_dir(name)?.must_be_new()
    }

    fn create_symlink(&self, name: Name<'_>, text: &str) -> Result<()> {
        let make = |now| Ok(Child::Link(MemLink::new(&self.volume, text, now)?));
        self.enter(name, make)?.must_be_new()
    }

    fn remove_file(&self, name: Name<'_>) -> Result<()> {
        let now = self.volume.now();
        let passage = self.volume.gate.enter();
        let mut inner = self.change();
        let check = |child: &Child| match child {
            Child::Dir(_) => Err(Errno::Isdir),
            Child::File(_) | Child::Link(_) => Ok(()),
        };
        let gone = inner.delete(name.as_str(), check, &self.volume, now)?;
        drop(inner);
        gone.changed(now);
        gone.end(passage);
        Ok(())
    }

    fn remove_dir(&self, name: Name<'_>) -> Result<()> {
        let now = self.volume.now();
        let passage = self.volume.gate.enter();
        let shape = lock(&self.volume.shape);
        let mut inner = self.change();
        let check = |child: &Child| match child {
            Child::Dir(dir) => dir.bury(now),
            Child::File(_) | Child::Link(_) => Err(Errno::Notdir),
        };
        let gone = inner.delete(name.as_str(), check, &self.volume, now)?;
        drop((inner, shape));
        gone.end(passage);
        Ok(())
    }

    fn rename(&self, from: Name<'_>, target: &dyn Dir, to: Name<'_>) -> Result<()> {
        self.move_entry(from.as_str(), self.sibling(target)?, to.as_str())
    }

    fn link(&self, from: Name<'_>, target: &dyn Dir, to: Name<'_>) -> Result<()> {
        self.link_entry(from.as_str(), self.sibling(target)?, to.as_str())
    }

    fn set_times(&self, name: Name<'_>, times: &SetTimes) -> Result<()> {
        let now = self.volume.now();
        self.find(name.as_str())?.set_times(times, now)
    }

    fn set_own_times(&self, times: &SetTimes) -> Result<()> {
        let now = self.volume.now();
        self.set_facts(times, now);
        Ok(())
    }

    fn open_deep(&self, path: PlainPath<'_>, request: &OpenRequest) -> Option<Node> {
        let (dir, name) = self.descend(path)?;
        match dir.open(name, request).ok()? {
            Node::Symlink(_) => None,
            node => Some(node),
        }
    }

    fn stat_deep(&self, path: PlainPath<'_>, follow: Follow) -> Option<Metadata> {
        let (dir, name) = self.descend(path)?;
        match dir.find(name.as_str()).ok()? {
            Child::Link(_) if follow == Follow::Yes => None,
            child => child.metadata().ok(),
        }
    }
}
