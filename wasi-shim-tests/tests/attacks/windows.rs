//! A filesystem as one over directories of Windows would be: every name it is handed is checked first.
//!
//! Stands on any tree, so that the check is tried where names come from: paths, the texts of links, both sides of a rename.

use std::ops::ControlFlow;
use std::sync::Arc;
use wasi_shim::abi::{Errno, Result};
use wasi_shim::vfs::{
    Dir, Entry, FsId, Metadata, Name, Node, OpenRequest, SetTimes, check_windows_name,
};

/// A directory in which names are those of Windows.
pub(crate) struct Checked(pub(crate) Arc<dyn Dir>);

/// The directory behind another one, if that is checked too.
fn behind(dir: &dyn Dir) -> Result<&dyn Dir> {
    let dir: &dyn std::any::Any = dir;
    let checked = dir.downcast_ref::<Checked>();
    checked.map(|dir| &*dir.0).ok_or(Errno::Xdev)
}

impl Dir for Checked {
    fn metadata(&self) -> Result<Metadata> {
        self.0.metadata()
    }

    fn stat(&self, name: Name<'_>) -> Result<Metadata> {
        check_windows_name(name)?;
        self.0.stat(name)
    }

    fn open(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
        check_windows_name(name)?;
        Ok(match self.0.open(name, request)? {
            Node::Dir(dir) => Node::Dir(Arc::new(Self(dir))),
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
        check_windows_name(name)?;
        self.0.read_link(name)
    }

    fn create_dir(&self, name: Name<'_>) -> Result<()> {
        check_windows_name(name)?;
        self.0.create_dir(name)
    }

    fn create_symlink(&self, name: Name<'_>, text: &str) -> Result<()> {
        check_windows_name(name)?;
        self.0.create_symlink(name, text)
    }

    fn remove_file(&self, name: Name<'_>) -> Result<()> {
        check_windows_name(name)?;
        self.0.remove_file(name)
    }

    fn remove_dir(&self, name: Name<'_>) -> Result<()> {
        check_windows_name(name)?;
        self.0.remove_dir(name)
    }

    fn rename(&self, from: Name<'_>, target: &dyn Dir, to: Name<'_>) -> Result<()> {
        check_windows_name(from)?;
        check_windows_name(to)?;
        self.0.rename(from, behind(target)?, to)
    }

    fn link(&self, from: Name<'_>, target: &dyn Dir, to: Name<'_>) -> Result<()> {
        check_windows_name(from)?;
        check_windows_name(to)?;
        self.0.link(from, behind(target)?, to)
    }

    fn set_times(&self, name: Name<'_>, times: &SetTimes) -> Result<()> {
        check_windows_name(name)?;
        self.0.set_times(name, times)
    }
}
