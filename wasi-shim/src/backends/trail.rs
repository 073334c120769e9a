//! Directories below each other, of which few are open.
//!
//! Knows how to come back to a directory that was left for what is in it, however deep that goes, without a handle for
//! each level. Refuses to know what is done there. Whoever walks through a whole tree uses it: a host has few handles,
//! and who makes a tree makes it as deep as they like.
//!
//! A directory's parent is never asked for: that may be another one by now. What is not open any more is entered again
//! from the nearest above that is, name by name, and must be what it was. So that this is seldom far, those that are open
//! lie the closer together the nearer they are: about two for each power of two.

use crate::abi::{Errno, Result};
use crate::vfs::{Dir, FsId, Name, Node, OpenRequest};
use std::ops::ControlFlow;
use std::sync::Arc;

/// How often its own alignment a level may be away and still be open.
const REACH: usize = 4;

/// What tells a directory from others, as far as it can be told.
type Identity = (FsId, u64);

/// A level below the top.
struct Level {
    name: String,
    identity: Identity,
}

/// The way from a directory to one below it.
pub(super) struct Trail<'a> {
    top: &'a dyn Dir,
    levels: Vec<Level>,
    /// Those that are open, with their depths. The deepest level is among them.
    open: Vec<(usize, Arc<dyn Dir>)>,
}

impl<'a> Trail<'a> {
    pub(super) const fn new(top: &'a dyn Dir) -> Self {
        Self {
            top,
            levels: Vec::new(),
            open: Vec::new(),
        }
    }

    /// The directory at its end.
    pub(super) fn dir(&self) -> &dyn Dir {
        self.open.last().map_or(self.top, |(_, dir)| &**dir)
    }

    /// Goes on to a directory in the last one. `notdir` if it is none: links are not followed.
    pub(super) fn enter(&mut self, name: Name<'_>) -> Result<()> {
        let dir = enter(self.dir(), name)?;
        self.levels.push(Level {
            name: name.as_str().to_owned(),
            identity: identity(&*dir)?,
        });
        self.hold(self.levels.len(), dir);
        Ok(())
    }

    /// Goes back to the directory above, and returns the name of the one that was left, if that was not the top.
    ///
    /// # Errors
    /// What opening the directories on the way says; `stale` if the one above is no longer where it was.
    pub(super) fn leave(&mut self) -> Result<Option<String>> {
        let Some(left) = self.levels.pop() else {
            return Ok(None);
        };
        self.open.pop();
        let mut at = self.open.last().map_or(0, |(depth, _)| *depth);
        while let Some(level) = self.levels.get(at) {
            let dir = enter(self.dir(), Name::new(&level.name)?)?;
            if identity(&*dir)? != level.identity {
                return Err(Errno::Stale);
            }
            at = at.saturating_add(1);
            self.hold(at, dir);
        }
        Ok(Some(left.name))
    }

    /// Keeps a directory open, and not all of those above.
    fn hold(&mut self, at: usize, dir: Arc<dyn Dir>) {
        self.open.retain(|(depth, _)| {
            let aligned = 1_usize.checked_shl(depth.trailing_zeros()).unwrap_or(0);
            at.saturating_sub(*depth) < aligned.saturating_mul(REACH)
        });
        self.open.push((at, dir));
    }
}

/// The directory of that name. `notdir` if it is none: links are not followed.
pub(super) fn enter(dir: &dyn Dir, name: Name<'_>) -> Result<Arc<dyn Dir>> {
    match dir.open(name, &OpenRequest::STEP)? {
        Node::Dir(dir) => Ok(dir),
        _ => Err(Errno::Notdir),
    }
}

/// The names in a directory, as it lists them. What cannot be asked for is among them, but not the directory itself and the
/// one above.
pub(super) fn names(dir: &dyn Dir) -> Result<Vec<String>> {
    let mut names = Vec::new();
    dir.list(&mut |entry| {
        if !matches!(entry.name, "." | "..") {
            names.push(entry.name.to_owned());
        }
        ControlFlow::Continue(())
    })?;
    Ok(names)
}

fn identity(dir: &dyn Dir) -> Result<Identity> {
    Ok((dir.filesystem(), dir.metadata()?.ino))
}
