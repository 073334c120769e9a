//! What a directory with mount points answers.
//!
//! Knows the contract of [`Dir`], and where in its order of errors a mount point is busy. Refuses to know how the trees
//! were put together. Nobody calls it but through the trait.

use super::Mounts;
use super::builder::Point;
use crate::abi::{Errno, FileKind, Result};
use crate::backends::forward::outer_id;
use crate::vfs::{
    Create, Dir, Entry, Follow, FsId, Metadata, Name, Node, OpenRequest, PlainPath, SetTimes,
    same_filesystem,
};
use std::ops::ControlFlow;
use std::sync::Arc;

impl Point {
    /// Why the directory here cannot be removed or replaced. One that is on the way to a mount point has entries.
    const fn occupied(&self) -> Errno {
        if self.tree.is_some() {
            Errno::Busy
        } else {
            Errno::Notempty
        }
    }
}

impl Mounts {
    /// What is answered to a request for a name that a made-up directory does not have.
    const fn missing(request: &OpenRequest) -> Errno {
        match request.create {
            Create::Never => Errno::Noent,
            _ if request.directory => Errno::Notdir,
            _ => Errno::Rofs,
        }
    }

    /// `moved` is to be renamed. In order: `notdir` if `to` is something else than a directory; success if it is the same
    /// one; `busy`.
    fn rename_point(&self, moved: &Arc<Point>, to: Name<'_>) -> Result<()> {
        match self.stat(to) {
            Ok(facts) if facts.kind != FileKind::Directory => Err(Errno::Notdir),
            Ok(_) if self.graft(to).is_some_and(|old| Arc::ptr_eq(old, moved)) => Ok(()),
            Ok(_) | Err(Errno::Noent) => Err(Errno::Busy),
            Err(errno) => Err(errno),
        }
    }
}

impl Dir for Mounts {
    fn metadata(&self) -> Result<Metadata> {
        match (&self.base, &self.point) {
            (Some(base), _) => Ok(self.numbers.facts(base.metadata()?)),
            (None, Some(point)) => {
                let nlink = (point.below.len() as u64).saturating_add(2);
                Ok(Metadata::dir(point.numbers.own()).with_nlink(nlink))
            }
            (None, None) => Err(Errno::Noent),
        }
    }

    fn stat(&self, name: Name<'_>) -> Result<Metadata> {
        if let Some(point) = self.graft(name) {
            return self.facts(point, name);
        }
        let facts = self.base_or(Errno::Noent)?.stat(name)?;
        Ok(self.numbers.facts(facts))
    }

    fn open(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
        if let Some(point) = self.graft(name) {
            request.check_existing(FileKind::Directory)?;
            return Ok(Node::Dir(Arc::new(self.enter(point, name, request)?)));
        }
        let base = self.base_or(Self::missing(request))?;
        Ok(self.wrap(base.open(name, request)?))
    }

    fn list(&self, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        let below = self.point.iter().flat_map(|point| point.below.keys());
        for name in below {
            let entry = Entry {
                name,
                ino: 0,
                kind: FileKind::Directory,
            };
            if sink(entry).is_break() {
                return Ok(());
            }
        }
        let Some(base) = &self.base else {
            return Ok(());
        };
        base.list(&mut |entry| {
            let hidden = |point: &Arc<Point>| point.below.contains_key(entry.name);
            if self.point.as_ref().is_some_and(hidden) {
                return ControlFlow::Continue(());
            }
            let ino = self.numbers.of(entry.ino);
            sink(Entry { ino, ..entry })
        })
    }

    fn filesystem(&self) -> FsId {
        self.base
            .as_deref()
            .map_or(self.id, |base| outer_id(base, self.id))
    }

    fn read_link(&self, name: Name<'_>) -> Result<String> {
        match self.graft(name) {
            Some(_) => Err(Errno::Inval),
            None => self.base_or(Errno::Noent)?.read_link(name),
        }
    }

    fn create_dir(&self, name: Name<'_>) -> Result<()> {
        match self.graft(name) {
            Some(_) => Err(Errno::Exist),
            None => self.base_or(Errno::Rofs)?.create_dir(name),
        }
    }

    fn create_symlink(&self, name: Name<'_>, text: &str) -> Result<()> {
        match self.graft(name) {
            Some(_) => Err(Errno::Exist),
            None => self.base_or(Errno::Rofs)?.create_symlink(name, text),
        }
    }

    fn remove_file(&self, name: Name<'_>) -> Result<()> {
        match self.graft(name) {
            Some(_) => Err(Errno::Isdir),
            None => self.base_or(Errno::Noent)?.remove_file(name),
        }
    }

    fn remove_dir(&self, name: Name<'_>) -> Result<()> {
        match self.graft(name) {
            Some(point) => Err(point.occupied()),
            None => self.base_or(Errno::Noent)?.remove_dir(name),
        }
    }

    /// A mount point that would be renamed or replaced is `busy` after `noent`, `isdir` and `notdir`, as on Linux.
    fn rename(&self, from: Name<'_>, target: &dyn Dir, to: Name<'_>) -> Result<()> {
        let target = self.sibling(target)?;
        if let Some(moved) = self.graft(from) {
            return target.rename_point(moved, to);
        }
        let base = self.base_or(Errno::Noent)?;
        if let Some(replaced) = target.graft(to) {
            return Err(match base.stat(from)?.kind {
                FileKind::Directory => replaced.occupied(),
                _ => Errno::Isdir,
            });
        }
        let Some(target) = target.base.as_deref() else {
            return base.stat(from).and(Err(Errno::Rofs));
        };
        same_filesystem(base, target)?;
        base.rename(from, target, to)
    }

    fn link(&self, from: Name<'_>, target: &dyn Dir, to: Name<'_>) -> Result<()> {
        let target = self.sibling(target)?;
        if self.graft(from).is_some() {
            return match target.stat(to) {
                Ok(_) => Err(Errno::Exist),
                Err(Errno::Noent) => Err(Errno::Perm),
                Err(errno) => Err(errno),
            };
        }
        let base = self.base_or(Errno::Noent)?;
        if target.graft(to).is_some() {
            return base.stat(from).and(Err(Errno::Exist));
        }
        let Some(target) = target.base.as_deref() else {
            let facts = base.stat(from)?;
            let is_dir = facts.kind == FileKind::Directory;
            return Err(if is_dir { Errno::Perm } else { Errno::Rofs });
        };
        same_filesystem(base, target)?;
        base.link(from, target, to)
    }

    fn set_times(&self, name: Name<'_>, times: &SetTimes) -> Result<()> {
        match self.graft(name) {
            Some(point) => self
                .enter(point, name, &OpenRequest::STEP)?
                .set_own_times(times),
            None => self.base_or(Errno::Noent)?.set_times(name, times),
        }
    }

    fn set_own_times(&self, times: &SetTimes) -> Result<()> {
        self.base_or(Errno::Rofs)?.set_own_times(times)
    }

    fn sync(&self) -> Result<()> {
        self.base.as_ref().map_or(Ok(()), |base| base.sync())
    }

    /// Declines where mount points are below, even if the path does not name one: a link on the way could lead there.
    fn open_deep(&self, path: PlainPath<'_>, request: &OpenRequest) -> Option<Node> {
        match (&self.base, &self.point) {
            (Some(base), None) => Some(self.wrap(base.open_deep(path, request)?)),
            _ => None,
        }
    }

    /// Likewise.
    fn stat_deep(&self, path: PlainPath<'_>, follow: Follow) -> Option<Metadata> {
        match (&self.base, &self.point) {
            (Some(base), None) => Some(self.numbers.facts(base.stat_deep(path, follow)?)),
            _ => None,
        }
    }
}
