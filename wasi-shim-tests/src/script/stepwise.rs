//! A filesystem without its shortcuts: what `open_deep` and `stat_deep` would do is walked step by step.
//!
//! It forwards everything else. With it, one case is run with and without an accelerator, and has to answer the same.

use std::ops::ControlFlow;
use std::sync::Arc;
use wasi_shim::abi::Result;
use wasi_shim::vfs::{Dir, Entry, FsId, Metadata, Name, Node, OpenRequest, SetTimes};

/// A directory that declines to open or describe several levels at once.
pub struct Stepwise(Arc<dyn Dir>);

impl Stepwise {
    /// The same directory, without shortcuts.
    pub fn over(inner: Arc<dyn Dir>) -> Arc<dyn Dir> {
        Arc::new(Self(inner))
    }
}

/// A filesystem is only handed directories of its own kind: here, of the one inside.
fn unwrapped(dir: &dyn Dir) -> &dyn Dir {
    let any: &dyn std::any::Any = dir;
    any.downcast_ref::<Stepwise>().map_or(dir, |dir| &*dir.0)
}

impl Dir for Stepwise {
    fn metadata(&self) -> Result<Metadata> {
        self.0.metadata()
    }

    fn stat(&self, name: Name<'_>) -> Result<Metadata> {
        self.0.stat(name)
    }

    fn open(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
        Ok(match self.0.open(name, request)? {
            Node::Dir(dir) => Node::Dir(Self::over(dir)),
            node => node,
        })
    }

    fn list(&self, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        self.0.list(sink)
    }

    fn filesystem(&self) -> FsId {
        self.0.filesystem()
    }

    fn read_link(&self, name: Name<'_>) -> Result<String> {
        self.0.read_link(name)
    }

    fn create_dir(&self, name: Name<'_>) -> Result<()> {
        self.0.create_dir(name)
    }

    fn create_symlink(&self, name: Name<'_>, text: &str) -> Result<()> {
        self.0.create_symlink(name, text)
    }

    fn remove_file(&self, name: Name<'_>) -> Result<()> {
        self.0.remove_file(name)
    }

    fn remove_dir(&self, name: Name<'_>) -> Result<()> {
        self.0.remove_dir(name)
    }

    fn rename(&self, from: Name<'_>, target: &dyn Dir, to: Name<'_>) -> Result<()> {
        self.0.rename(from, unwrapped(target), to)
    }

    fn link(&self, from: Name<'_>, target: &dyn Dir, to: Name<'_>) -> Result<()> {
        self.0.link(from, unwrapped(target), to)
    }

    fn set_times(&self, name: Name<'_>, times: &SetTimes) -> Result<()> {
        self.0.set_times(name, times)
    }

    fn set_own_times(&self, times: &SetTimes) -> Result<()> {
        self.0.set_own_times(times)
    }

    fn sync(&self) -> Result<()> {
        self.0.sync()
    }
}
