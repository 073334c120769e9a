//! Directories under a quota.
//!
//! Knows what each change of names takes and gives, and which of them must not happen at the same time. Refuses to know
//! how long files are. Nobody calls it but through the trait.

use super::accounts::Use;
use super::file::QuotaFile;
use super::{Quota, QuotaUsage};
use crate::abi::{Errno, FileKind, Result};
use crate::backends::forward::outer_id;
use crate::backends::lock::{read, write};
use crate::vfs::{
    Create, Dir, Entry, Follow, FsId, Metadata, Name, Node, OpenRequest, PlainPath, SetTimes,
    same_filesystem,
};
use std::any::Any;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Something whose name is about to be taken away.
struct Leaving {
    facts: Metadata,
    /// Of a file, so that nobody else is the last to use it meanwhile.
    used: Option<Use>,
}

impl Quota {
    fn wrap(&self, node: Node) -> Result<Node> {
        Ok(match node {
            Node::Dir(inner) => Node::Dir(Arc::new(self.within(inner))),
            Node::File(inner) => {
                let used = self.accounts.use_file(|| inner.metadata())?;
                Node::File(Arc::new(QuotaFile { used, inner }))
            }
            other => other,
        })
    }

    /// Opens a name that is free. The caller holds `names` for writing.
    fn create(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
        if request.directory {
            // A file is all that can be made, and it is no directory.
            return self.wrap(self.inner.open(name, request)?);
        }
        self.accounts.take(0)?;
        let opened = self.inner.open(name, request);
        let node = opened.inspect_err(|_| self.accounts.inodes.give(1))?;
        self.wrap(node)
    }

    /// Opens a file, which becomes empty. The caller as above.
    fn truncate(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
        let used = self.accounts.use_file(|| self.inner.stat(name))?;
        let node = used.change(|bytes, size| {
            let node = self.inner.open(name, request)?;
            if matches!(node, Node::File(_)) {
                bytes.give(*size);
                *size = 0;
            }
            Ok(node)
        })?;
        self.wrap(node)
    }

    /// Looks at what is called `name`, if anything is. The caller as above.
    fn leaving(&self, name: Name<'_>) -> Option<Leaving> {
        let facts = self.inner.stat(name).ok()?;
        let used = match facts.kind {
            FileKind::RegularFile => self.accounts.use_file(|| self.inner.stat(name)).ok(),
            _ => None,
        };
        Some(Leaving { facts, used })
    }

    /// The name was taken away. What has another one still counts.
    fn left(&self, Leaving { facts, used }: Leaving) {
        if facts.kind != FileKind::Directory && facts.nlink > 1 {
            return;
        }
        match used {
            Some(used) => used.lost_its_names(),
            None => self.accounts.give(QuotaUsage::of(&facts)),
        }
    }

    /// Makes something that is no file, with so many bytes. `exist` comes before `dquot`, as on Linux.
    fn make(&self, name: Name<'_>, bytes: u64, make: impl FnOnce() -> Result<()>) -> Result<()> {
        let _names = read(&self.accounts.names);
        if let Err(errno) = self.accounts.take(bytes) {
            return match self.inner.stat(name) {
                Ok(_) => Err(Errno::Exist),
                Err(_) => Err(errno),
            };
        }
        make().inspect_err(|_| self.accounts.give(QuotaUsage { bytes, inodes: 1 }))
    }

    /// Another directory under the same quota, and of the same filesystem below that.
    fn sibling<'a>(&self, target: &'a dyn Dir) -> Result<&'a Self> {
        let target: Option<&Self> = (target as &dyn Any).downcast_ref();
        let target = target
            .filter(|target| Arc::ptr_eq(&self.accounts, &target.accounts))
            .ok_or(Errno::Xdev)?;
        same_filesystem(&*self.inner, &*target.inner)?;
        Ok(target)
    }
}

impl Dir for Quota {
    fn metadata(&self) -> Result<Metadata> {
        self.inner.metadata()
    }

    fn stat(&self, name: Name<'_>) -> Result<Metadata> {
        self.inner.stat(name)
    }

    fn open(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
        if request.create == Create::Never && !request.truncate {
            let _names = read(&self.accounts.names);
            return self.wrap(self.inner.open(name, request)?);
        }
        let _names = write(&self.accounts.names);
        match self.inner.stat(name) {
            Ok(facts) if facts.kind == FileKind::RegularFile && request.truncate => {
                self.truncate(name, request)
            }
            Err(Errno::Noent) if request.create != Create::Never => self.create(name, request),
            _ => self.wrap(self.inner.open(name, request)?),
        }
    }

    fn list(&self, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        self.inner.list(sink)
    }

    fn filesystem(&self) -> FsId {
        outer_id(&*self.inner, self.accounts.id)
    }

    fn read_link(&self, name: Name<'_>) -> Result<String> {
        self.inner.read_link(name)
    }

    fn create_dir(&self, name: Name<'_>) -> Result<()> {
        self.make(name, 0, || self.inner.create_dir(name))
    }

    fn create_symlink(&self, name: Name<'_>, text: &str) -> Result<()> {
        let bytes = text.len() as u64;
        self.make(name, bytes, || self.inner.create_symlink(name, text))
    }

    fn remove_file(&self, name: Name<'_>) -> Result<()> {
        let _names = write(&self.accounts.names);
        let leaving = self.leaving(name);
        self.inner.remove_file(name)?;
        if let Some(leaving) = leaving {
            self.left(leaving);
        }
        Ok(())
    }

    fn remove_dir(&self, name: Name<'_>) -> Result<()> {
        let _names = write(&self.accounts.names);
        self.inner.remove_dir(name)?;
        self.accounts.inodes.give(1);
        Ok(())
    }

    fn rename(&self, from: Name<'_>, target: &dyn Dir, to: Name<'_>) -> Result<()> {
        let target = self.sibling(target)?;
        let _names = write(&self.accounts.names);
        let moved = self.inner.stat(from)?;
        let replaced = target.leaving(to);
        self.inner.rename(from, &*target.inner, to)?;
        match replaced {
            // Two names of one file stay as they are.
            Some(replaced) if replaced.facts.ino != moved.ino => self.left(replaced),
            _ => {}
        }
        Ok(())
    }

    fn link(&self, from: Name<'_>, target: &dyn Dir, to: Name<'_>) -> Result<()> {
        let target = self.sibling(target)?;
        let _names = write(&self.accounts.names);
        self.inner.link(from, &*target.inner, to)
    }

    fn set_times(&self, name: Name<'_>, times: &SetTimes) -> Result<()> {
        self.inner.set_times(name, times)
    }

    fn set_own_times(&self, times: &SetTimes) -> Result<()> {
        self.inner.set_own_times(times)
    }

    fn sync(&self) -> Result<()> {
        self.inner.sync()
    }

    /// Declines what may create or cut a file.
    fn open_deep(&self, path: PlainPath<'_>, request: &OpenRequest) -> Option<Node> {
        if request.create != Create::Never || request.truncate {
            return None;
        }
        let _names = read(&self.accounts.names);
        self.wrap(self.inner.open_deep(path, request)?).ok()
    }

    fn stat_deep(&self, path: PlainPath<'_>, follow: Follow) -> Option<Metadata> {
        self.inner.stat_deep(path, follow)
    }
}
