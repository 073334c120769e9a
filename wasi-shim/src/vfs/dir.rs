//! The trait of directories.

use super::{
    DeepPath, Entry, Follow, FsId, Metadata, Name, Node, OpenRequest, PlainPath, SetTimes,
};
use crate::abi::{Errno, Result};
use std::any::Any;
use std::ops::ControlFlow;

/// An open directory: the unit of authority.
///
/// Holding an `Arc<dyn Dir>` *is* the permission to reach what is below it. The handle stays valid when the directory
/// is renamed or removed.
///
/// # For implementers
///
/// * You are given single [`Name`]s and never follow a symbolic link: return it.
/// * The first four methods make a read-only filesystem. Every other answers "read-only" until overridden.
/// * All methods take `&self` and may run concurrently; each must be atomic with respect to the others on the same name.
/// * An [`Errno`] reaches the guest unchanged. Conditions are listed in the order in which they must be checked.
pub trait Dir: Any + Send + Sync {
    // ------------------------------------------------------------------ required

    /// Facts about this directory itself.
    fn metadata(&self) -> Result<Metadata>;

    /// Facts about the entry `name`; of a symbolic link, about the link.
    ///
    /// # Errors
    /// `noent` if there is no such entry.
    fn stat(&self, name: Name<'_>) -> Result<Metadata>;

    /// Opens (and, if asked, creates) the entry `name`.
    ///
    /// # Errors, in order
    /// 1. `exist` if `create` is `Exclusive` and the name is taken, by anything, a symbolic link included.
    /// 2. *(A symbolic link is returned as [`Node::Symlink`]; none of the following is checked.)*
    /// 3. `noent` if the name is free and `create` is `Never`.
    /// 4. `notdir` if `directory` is set and the entry is not a directory.
    /// 5. `isdir` if the entry is a directory and the request [mutates](OpenRequest::mutates).
    /// 6. `rofs` if the request mutates and this filesystem cannot change.
    ///
    /// [`OpenRequest::check_existing`] makes the checks 1, 4 and 5.
    fn open(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node>;

    /// Reports every entry once, in any order, without `.` and `..`, until `sink` breaks.
    ///
    /// The shim takes one snapshot per rewind and serves positions from it, so there is no cursor to keep.
    fn list(&self, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()>;

    // ------------------------------------------------------------------ identity

    /// Which filesystem this directory belongs to.
    ///
    /// `rename` and `link` are called only when both directories report the same id, so that downcasting the second to
    /// `Self` cannot fail. With the default, both answer `xdev` without reaching you.
    fn filesystem(&self) -> FsId {
        FsId::NONE
    }

    // ------------------------------------------------------------------ links

    /// The text of the symbolic link `name`. The default opens it.
    ///
    /// # Errors, in order
    /// 1. `noent` if there is no such entry. 2. `inval` if it is not a symbolic link.
    fn read_link(&self, name: Name<'_>) -> Result<String> {
        match self.open(name, &OpenRequest::STEP) {
            Ok(Node::Symlink(text)) => Ok(text),
            Ok(_) | Err(Errno::Notdir) => Err(Errno::Inval),
            Err(errno) => Err(errno),
        }
    }

    // ------------------------------------------------------------------ changing

    /// Creates an empty directory. `exist` if the name is taken.
    fn create_dir(&self, name: Name<'_>) -> Result<()> {
        let _ = name;
        Err(Errno::Rofs)
    }

    /// Creates a symbolic link with exactly this text, which has passed the symlink policy. `exist` if the name is
    /// taken.
    fn create_symlink(&self, name: Name<'_>, text: &str) -> Result<()> {
        let _ = (name, text);
        Err(Errno::Rofs)
    }

    /// Removes anything that is not a directory. Open handles keep working.
    ///
    /// # Errors, in order
    /// 1. `noent` if there is no such entry. 2. `isdir` if it is a directory.
    fn remove_file(&self, name: Name<'_>) -> Result<()> {
        let _ = name;
        Err(Errno::Rofs)
    }

    /// Removes an empty directory. Open handles keep working.
    ///
    /// # Errors, in order
    /// 1. `noent` if there is no such entry. 2. `notdir` if it is not a directory. 3. `notempty` if it has entries.
    fn remove_dir(&self, name: Name<'_>) -> Result<()> {
        let _ = name;
        Err(Errno::Rofs)
    }

    /// Moves `from` to `to` in `target`, replacing `to` atomically.
    ///
    /// # Errors, in order
    /// 1. `noent` if `from` is missing.
    /// 2. *(If both names are the same file there is nothing to do: success.)*
    /// 3. `inval` if a directory would move below itself.
    /// 4. `isdir` if only `to` is a directory, `notdir` if only `from` is.
    /// 5. `notempty` if `to` is a directory with entries.
    fn rename(&self, from: Name<'_>, target: &dyn Dir, to: Name<'_>) -> Result<()> {
        let _ = (from, target, to);
        Err(Errno::Rofs)
    }

    /// Gives the non-directory `from` a second name `to` in `target`. A symbolic link is linked, not followed.
    ///
    /// # Errors, in order
    /// 1. `noent` if `from` is missing. 2. `exist` if `to` is taken. 3. `perm` if `from` is a directory.
    fn link(&self, from: Name<'_>, target: &dyn Dir, to: Name<'_>) -> Result<()> {
        let _ = (from, target, to);
        Err(Errno::Rofs)
    }

    /// Sets the times of the entry `name`; of a symbolic link, the link's. `noent` if there is no such entry.
    fn set_times(&self, name: Name<'_>, times: &SetTimes) -> Result<()> {
        let _ = (name, times);
        Err(Errno::Rofs)
    }

    /// Sets the times of this directory.
    fn set_own_times(&self, times: &SetTimes) -> Result<()> {
        let _ = times;
        Err(Errno::Rofs)
    }

    /// Makes completed changes to this directory durable.
    fn sync(&self) -> Result<()> {
        Ok(())
    }

    // ------------------------------------------------------------------ acceleration

    /// Opens several levels at once, or declines.
    ///
    /// `None` means "walk it step by step" and is always correct. Answer `Some` only with the very node that the walk
    /// would reach, resolved without leaving this directory and without following a symbolic link at the end. Failures
    /// must be `None` too: only the walk reports errors. A directory that grafts others must not forward this call.
    fn open_deep(&self, path: PlainPath<'_>, request: &OpenRequest) -> Option<Node> {
        let _ = (path, request);
        None
    }

    /// Facts about an entry several levels down, or declines; the contract is [`open_deep`](Self::open_deep)'s.
    fn stat_deep(&self, path: PlainPath<'_>, follow: Follow) -> Option<Metadata> {
        let _ = (path, follow);
        None
    }

    /// Opens what a path leads to, over `..` and symbolic links too, or declines. The default opens a single name, and
    /// leaves several to [`open_deep`](Self::open_deep); few filesystems can do better.
    ///
    /// `None` means "walk it" and is always correct. An answer must be the walk's:
    ///
    /// * a node: the very one that the walk would open, by the same steps and without leaving this directory on the way,
    ///   not even for a moment. A link at the end is followed only if `follow` says so, an absolute one nowhere, and no
    ///   more links than [`DeepPath::MAX_LINKS`];
    /// * an error: only one with which the walk would certainly end;
    /// * [`Node::Symlink`]: only of a single name, and it is not followed.
    ///
    /// A request that may create is answered for a single name or without links on the way, or not at all. A directory
    /// that grafts others must not forward this call.
    fn open_path(
        &self,
        path: DeepPath<'_>,
        follow: Follow,
        request: &OpenRequest,
    ) -> Option<Result<Node>> {
        let _ = follow;
        match path.name() {
            Some(name) => Some(self.open(name, request)),
            None => self.open_deep(path.plain()?, request).map(Ok),
        }
    }

    /// Facts about what a path leads to, or declines; the contract is [`open_path`](Self::open_path)'s. The facts of a
    /// link that was to be followed are no answer, but may be given: the walk goes on with it.
    fn stat_path(&self, path: DeepPath<'_>, follow: Follow) -> Option<Result<Metadata>> {
        match path.name() {
            Some(name) => Some(self.stat(name)),
            None => self.stat_deep(path.plain()?, follow).map(Ok),
        }
    }
}

/// To be asked before anything is moved or linked from one directory to another. `xdev` if they are not of one filesystem,
/// as far as they say.
pub(crate) fn same_filesystem(one: &dyn Dir, other: &dyn Dir) -> Result<()> {
    let id = one.filesystem();
    if id != FsId::NONE && id == other.filesystem() {
        Ok(())
    } else {
        Err(Errno::Xdev)
    }
}
