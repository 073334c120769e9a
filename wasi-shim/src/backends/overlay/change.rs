//! Changes, as they are told to the embedder.
//!
//! Knows what a change and a commit that failed are, and their words. Refuses to know how changes are found and made.
//! Embedders get them from [`Overlay::changes`](super::Overlay::changes) and [`Overlay::commit`](super::Overlay::commit).

use crate::abi::{Errno, FileKind};
use std::fmt;

/// A change. [`Overlay::commit`](super::Overlay::commit) makes them in the order in which they are told. Paths have no slash
/// at either end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// A file of the lower tree has other content, or it or a link has other times.
    Written {
        /// Its path in the lower tree, where it is before anything moves.
        path: String,
    },
    /// Something of the lower tree is gone, with all that was left in it.
    Removed {
        /// Its path in the lower tree.
        path: String,
    },
    /// Something of the lower tree is elsewhere.
    Moved {
        /// Its path in the lower tree.
        from: String,
        /// Its path now.
        to: String,
    },
    /// There is a new file, directory or link.
    Created {
        /// Its path.
        path: String,
        /// What it is.
        kind: FileKind,
    },
    /// A file has another name.
    Linked {
        /// A name that it has.
        from: String,
        /// The other.
        to: String,
    },
    /// A directory has other times.
    Touched {
        /// Its path, empty for the root.
        path: String,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Written { path } => write!(f, "write {path:?}"),
            Self::Removed { path } => write!(f, "remove {path:?}"),
            Self::Moved { from, to } => write!(f, "move {from:?} to {to:?}"),
            Self::Created { path, .. } => write!(f, "create {path:?}"),
            Self::Linked { from, to } => write!(f, "link {from:?} as {to:?}"),
            Self::Touched { path } => write!(f, "set the times of {path:?}"),
        }
    }
}

/// A commit that ended half way. The changes in `done` were made, the one in `failed` perhaps in part, the rest not.
#[derive(Debug, thiserror::Error)]
#[error("cannot {}: {errno}; {} changes were made before{}", self.what(), done.len(), self.rest())]
#[non_exhaustive]
pub struct CommitError {
    /// What could not be done. Nothing if there was no beginning.
    pub failed: Option<Change>,
    /// Why.
    pub errno: Errno,
    /// What was done before.
    pub done: Vec<Change>,
    /// What was taken from its place and not put into the new one: its path before, and its path now.
    pub aside: Vec<(String, String)>,
}

impl CommitError {
    /// Of a commit that could not begin.
    pub(super) const fn before(errno: Errno) -> Self {
        Self {
            failed: None,
            errno,
            done: Vec::new(),
            aside: Vec::new(),
        }
    }

    fn what(&self) -> String {
        let failed = self.failed.as_ref();
        failed.map_or("commit".to_owned(), Change::to_string)
    }

    fn rest(&self) -> String {
        match self.aside.first() {
            None => String::new(),
            Some((from, at)) => {
                let count = self.aside.len();
                format!("; {count} moves were begun: what was {from:?} is {at:?}")
            }
        }
    }
}
