//! Several trees in one.
//!
//! Knows at which names other trees begin, and what may not be done to those names. Refuses to know paths beyond the
//! builder's: a directory knows the mount points below it, and nothing of what is above. Embedders use it.

mod builder;
mod dir;
mod numbers;

pub use builder::{MountError, MountsBuilder};

use crate::abi::{Errno, Result};
use crate::vfs::{Dir, FsId, Metadata, Name, Node, OpenRequest};
use builder::Point;
use numbers::Numbers;
use std::any::Any;
use std::sync::Arc;

/// A directory of several trees, each at a path of its own.
///
/// * A mount point hides what the tree around it has there. It need not have anything there: directories on the way
///   that no tree has are made up, and answer `rofs` to whoever wants to change them.
/// * A mount point cannot be removed, renamed or replaced: `busy`. Nor can a directory on the way to one: it is `notempty`
///   to whoever would remove or replace it, `busy` to whoever would rename it.
/// * Each tree is a filesystem of its own, wherever it comes from: moves and links between two answer `xdev`.
/// * Mount points are found by their path. If others move the directory around one, the mount point stays.
///
/// Numbers of files depend on where their tree is mounted, so that files of two trees have different ones; those of the
/// tree at `/` stay as they are.
///
/// ```
/// use wasi_shim::backends::{MemDir, Mounts, ReadOnly};
///
/// let (root, lib) = (MemDir::new(), MemDir::new());
/// lib.file("libz.so", "...")?;
/// let tree = Mounts::builder().mount("/", root).mount("/usr/lib", ReadOnly::new(lib)).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Mounts {
    id: FsId,
    numbers: Numbers,
    /// What shows through where nothing is mounted. Without it, this directory is made up.
    base: Option<Arc<dyn Dir>>,
    /// The mount points below, if there are any.
    point: Option<Arc<Point>>,
}

impl Mounts {
    /// Nothing mounted yet. Without a tree at `/`, the root is made up.
    pub fn builder() -> MountsBuilder {
        MountsBuilder::default()
    }

    /// What is mounted at `name`, or on the way to a mount point.
    fn graft(&self, name: Name<'_>) -> Option<&Arc<Point>> {
        self.point.as_ref()?.below.get(name.as_str())
    }

    /// What shows through, or what is answered where nothing does.
    fn base_or(&self, errno: Errno) -> Result<&dyn Dir> {
        self.base.as_deref().ok_or(errno)
    }

    /// A directory of the same tree.
    fn within(&self, base: Option<Arc<dyn Dir>>, point: Option<Arc<Point>>) -> Self {
        Self {
            id: self.id,
            numbers: self.numbers,
            base,
            point,
        }
    }

    /// Something of this directory's tree, without mount points below.
    fn wrap(&self, node: Node) -> Node {
        match node {
            Node::Dir(dir) => Node::Dir(Arc::new(self.within(Some(dir), None))),
            other => self.numbers.node(other),
        }
    }

    /// The directory at `point`, which this directory has as `name`.
    fn enter(&self, point: &Arc<Point>, name: Name<'_>, request: &OpenRequest) -> Result<Self> {
        if let Some(tree) = &point.tree {
            return Ok(Self {
                id: point.id,
                numbers: point.tree_numbers(),
                base: Some(Arc::clone(tree)),
                point: point.if_grafted(),
            });
        }
        let shown = match self.base.as_ref().map(|base| base.open(name, request)) {
            Some(Ok(Node::Dir(dir))) => Some(dir),
            // Whatever has come to be there since it was mounted over is hidden.
            None | Some(Ok(_) | Err(Errno::Noent | Errno::Notdir)) => None,
            Some(Err(errno)) => return Err(errno),
        };
        Ok(self.within(shown, Some(Arc::clone(point))))
    }

    /// Facts about the directory at `point`.
    fn facts(&self, point: &Arc<Point>, name: Name<'_>) -> Result<Metadata> {
        self.enter(point, name, &OpenRequest::STEP)?.metadata()
    }

    /// Another directory of the same tree.
    fn sibling<'a>(&self, target: &'a dyn Dir) -> Result<&'a Self> {
        let target: Option<&Self> = (target as &dyn Any).downcast_ref();
        target
            .filter(|target| target.id == self.id)
            .ok_or(Errno::Xdev)
    }
}
