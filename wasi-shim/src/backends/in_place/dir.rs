//! Directories whose operations are done in place.

use super::{InPlace, in_place};
use crate::abi::{Errno, Result};
use crate::backends::forward::outer_id;
use crate::vfs::{
    DeepPath, Dir, Entry, Follow, FsId, Metadata, Name, Node, OpenRequest, PlainPath, SetTimes,
    same_filesystem,
};
use std::any::Any;
use std::ops::ControlFlow;

impl InPlace {
    /// A directory that is wrapped with this one, and of the same filesystem below that.
    fn sibling<'a>(&self, target: &'a dyn Dir) -> Result<&'a dyn Dir> {
        let target: Option<&Self> = (target as &dyn Any).downcast_ref();
        let target = target
            .filter(|target| target.id == self.id)
            .ok_or(Errno::Xdev)?;
        same_filesystem(&*self.inner, &*target.inner)?;
        Ok(&*target.inner)
    }
}

impl Dir for InPlace {
    fn metadata(&self) -> Result<Metadata> {
        in_place(|| self.inner.metadata())
    }

    fn stat(&self, name: Name<'_>) -> Result<Metadata> {
        in_place(|| self.inner.stat(name))
    }

    fn open(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
        let node = in_place(|| self.inner.open(name, request))?;
        Ok(self.wrap(node))
    }

    fn list(&self, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        in_place(|| self.inner.list(sink))
    }

    fn filesystem(&self) -> FsId {
        outer_id(&*self.inner, self.id)
    }

    fn read_link(&self, name: Name<'_>) -> Result<String> {
        in_place(|| self.inner.read_link(name))
    }

    fn create_dir(&self, name: Name<'_>) -> Result<()> {
        in_place(|| self.inner.create_dir(name))
    }

    fn create_symlink(&self, name: Name<'_>, text: &str) -> Result<()> {
        in_place(|| self.inner.create_symlink(name, text))
    }

    fn remove_file(&self, name: Name<'_>) -> Result<()> {
        in_place(|| self.inner.remove_file(name))
    }

    fn remove_dir(&self, name: Name<'_>) -> Result<()> {
        in_place(|| self.inner.remove_dir(name))
    }

    fn rename(&self, from: Name<'_>, target: &dyn Dir, to: Name<'_>) -> Result<()> {
        let target = self.sibling(target)?;
        in_place(|| self.inner.rename(from, target, to))
    }

    fn link(&self, from: Name<'_>, target: &dyn Dir, to: Name<'_>) -> Result<()> {
        let target = self.sibling(target)?;
        in_place(|| self.inner.link(from, target, to))
    }

    fn set_times(&self, name: Name<'_>, times: &SetTimes) -> Result<()> {
        in_place(|| self.inner.set_times(name, times))
    }

    fn set_own_times(&self, times: &SetTimes) -> Result<()> {
        in_place(|| self.inner.set_own_times(times))
    }

    fn sync(&self) -> Result<()> {
        in_place(|| self.inner.sync())
    }

    fn open_deep(&self, path: PlainPath<'_>, request: &OpenRequest) -> Option<Node> {
        let node = in_place(|| self.inner.open_deep(path, request))?;
        Some(self.wrap(node))
    }

    fn stat_deep(&self, path: PlainPath<'_>, follow: Follow) -> Option<Metadata> {
        in_place(|| self.inner.stat_deep(path, follow))
    }

    fn open_path(
        &self,
        path: DeepPath<'_>,
        follow: Follow,
        request: &OpenRequest,
    ) -> Option<Result<Node>> {
        let node = in_place(|| self.inner.open_path(path, follow, request))?;
        Some(node.map(|node| self.wrap(node)))
    }

    fn stat_path(&self, path: DeepPath<'_>, follow: Follow) -> Option<Result<Metadata>> {
        in_place(|| self.inner.stat_path(path, follow))
    }
}
