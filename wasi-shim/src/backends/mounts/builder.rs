//! Putting trees together.
//!
//! Knows which paths may be mounted at, and looks once whether the trees have room for them. Refuses to know what is
//! answered afterwards. Embedders use the builder; its product is the rest of this folder.

use super::Mounts;
use super::numbers::Numbers;
use crate::abi::{Errno, FileKind};
use crate::vfs::{Dir, FsId, Name, Node, OpenRequest};
use std::collections::BTreeMap;
use std::sync::Arc;
use thiserror::Error;

/// Collects what [`Mounts`] puts together.
#[derive(Default)]
pub struct MountsBuilder {
    mounts: Vec<(String, Arc<dyn Dir>)>,
}

/// Why trees cannot be put together.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MountError {
    /// The path cannot be mounted at.
    #[error(
        "nothing can be mounted at {path:?}: write `/`, or names with one slash before each, none of them `.` or `..`"
    )]
    Path {
        /// The path, as it was given.
        path: String,
    },
    /// The path was given twice.
    #[error(
        "{path:?} is mounted at twice: leave one out, or put one tree over the other before mounting it"
    )]
    Duplicate {
        /// The path.
        path: String,
    },
    /// A tree has something else where the way to the mount point leads, or at the mount point itself.
    #[error(
        "{at:?} is in the way to a mount point and is no directory: remove it, or name where a link leads"
    )]
    NotADirectory {
        /// What is in the way.
        at: String,
    },
    /// A tree could not be looked at.
    #[error("{at:?} is on the way to a mount point and cannot be looked at: {errno}")]
    Lookup {
        /// What was looked at.
        at: String,
        /// The tree's error.
        errno: Errno,
    },
}

impl MountsBuilder {
    /// Puts the tree `dir` at `path`: `/` for the root, else names with one slash before each, none at the end. The order
    /// of calls does not matter.
    pub fn mount(mut self, path: impl Into<String>, dir: Arc<dyn Dir>) -> Self {
        self.mounts.push((path.into(), dir));
        self
    }

    /// The root of all.
    ///
    /// # Errors, in order
    /// 1. [`MountError::Path`], [`MountError::Duplicate`] for each path in the order in which they were given.
    /// 2. [`MountError::NotADirectory`], [`MountError::Lookup`] for what the trees have on the way to each.
    pub fn build(self) -> Result<Arc<Mounts>, MountError> {
        let mut root = Draft::default();
        for (path, dir) in self.mounts {
            root.put(path, dir)?;
        }
        let base = root.tree.clone();
        let point = Arc::new(root.settle("", base.as_ref())?);
        Ok(Arc::new(Mounts {
            id: point.id,
            numbers: point.tree_numbers(),
            base,
            point: point.if_grafted(),
        }))
    }
}

/// A place on the way to a mount point, or such a point.
pub(super) struct Point {
    /// What is mounted here.
    pub(super) tree: Option<Arc<dyn Dir>>,
    /// The filesystem of what is mounted here.
    pub(super) id: FsId,
    /// Numbers that nothing else has.
    pub(super) numbers: Numbers,
    pub(super) below: BTreeMap<Box<str>, Arc<Self>>,
    /// The root.
    top: bool,
}

impl Point {
    /// The numbers of what is mounted here.
    pub(super) const fn tree_numbers(&self) -> Numbers {
        if self.top {
            Numbers::SAME
        } else {
            self.numbers
        }
    }

    /// This place, if there is anything below that a tree does not know.
    pub(super) fn if_grafted(self: &Arc<Self>) -> Option<Arc<Self>> {
        (!self.below.is_empty() || self.tree.is_none()).then(|| Arc::clone(self))
    }
}

/// A place that is still being filled.
#[derive(Default)]
struct Draft {
    tree: Option<Arc<dyn Dir>>,
    below: BTreeMap<Box<str>, Self>,
}

impl Draft {
    fn put(&mut self, path: String, dir: Arc<dyn Dir>) -> Result<(), MountError> {
        let mut at = self;
        if path != "/" {
            let Some(names) = names(&path) else {
                return Err(MountError::Path { path });
            };
            for name in names {
                at = at.below.entry(name.into()).or_default();
            }
        }
        if at.tree.is_some() {
            return Err(MountError::Duplicate { path });
        }
        at.tree = Some(dir);
        Ok(())
    }

    /// Looks at what `base`, the directory that shows through at `path`, has on the way to what is below.
    fn settle(self, path: &str, base: Option<&Arc<dyn Dir>>) -> Result<Point, MountError> {
        let mut below = BTreeMap::new();
        for (name, draft) in self.below {
            let at = format!("{path}/{name}");
            let under = match base {
                Some(base) => step(&**base, &name, &at)?,
                None => None,
            };
            let base = draft.tree.clone().or(under);
            let point = draft.settle(&at, base.as_ref())?;
            below.insert(name, Arc::new(point));
        }
        Ok(Point {
            tree: self.tree,
            id: FsId::unique(),
            numbers: Numbers::at(path),
            below,
            top: path.is_empty(),
        })
    }
}

/// The names of a path that may be mounted at.
fn names(path: &str) -> Option<impl Iterator<Item = &str>> {
    let names = path.strip_prefix('/')?.split('/');
    names
        .clone()
        .all(|name| Name::new(name).is_ok())
        .then_some(names)
}

/// The directory of that name, if there is anything.
fn step(base: &dyn Dir, name: &str, at: &str) -> Result<Option<Arc<dyn Dir>>, MountError> {
    let look = |errno| MountError::Lookup {
        at: at.to_owned(),
        errno,
    };
    let name = Name::new(name).map_err(look)?;
    match base.stat(name) {
        Ok(facts) if facts.kind == FileKind::Directory => {}
        Ok(_) => return Err(MountError::NotADirectory { at: at.to_owned() }),
        Err(Errno::Noent) => return Ok(None),
        Err(errno) => return Err(look(errno)),
    }
    match base.open(name, &OpenRequest::STEP).map_err(look)? {
        Node::Dir(dir) => Ok(Some(dir)),
        _ => Err(MountError::NotADirectory { at: at.to_owned() }),
    }
}
