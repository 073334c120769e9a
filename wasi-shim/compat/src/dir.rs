//! The trait of directories, and its vocabulary.
//!
//! This file knows wasi-common's interface, method by method. It refuses to know what the shim makes of a directory.
//! Embedders implement it.

use crate::file::{FdFlags, FileType, Filestat, OFlags, WasiFile};
use crate::{Error, ErrorExt, SystemTimeSpec};
use std::any::{Any, TypeId};
use std::path::PathBuf;
use std::sync::Arc;

/// What was opened.
#[allow(missing_docs, reason = "each is what its name says")]
pub enum OpenResult {
    File(Box<dyn WasiFile>),
    Dir(Box<dyn WasiDir>),
}

/// An open directory.
///
/// The shim walks paths itself: a directory is asked about single names, and is never asked to follow a link. The one
/// exception are changes below a directory of another type than the one that handed it out, a wrapper that wraps only
/// itself: there the wrapper is asked, with a path, so that none of them gets around it.
#[async_trait::async_trait]
pub trait WasiDir: Send + Sync {
    /// For embedders that look for a type of theirs.
    fn as_any(&self) -> &dyn Any;

    /// Opens a name. `write` is set for whatever changes something, creating and cutting too. `fdflags` has nothing but
    /// what says when a write is done: appending and not waiting are the shim's business.
    async fn open_file(
        &self,
        _symlink_follow: bool,
        _path: &str,
        _oflags: OFlags,
        _read: bool,
        _write: bool,
        _fdflags: FdFlags,
    ) -> Result<OpenResult, Error> {
        Err(Error::not_supported())
    }

    /// Makes a directory.
    async fn create_dir(&self, _path: &str) -> Result<(), Error> {
        Err(Error::not_supported())
    }

    /// Lists the entries. It is asked once for each rewind, from the beginning.
    async fn readdir(
        &self,
        _cursor: ReaddirCursor,
    ) -> Result<Box<dyn Iterator<Item = Result<ReaddirEntity, Error>> + Send>, Error> {
        Err(Error::not_supported())
    }

    /// Makes a symbolic link with the text `old_path`.
    async fn symlink(&self, _old_path: &str, _new_path: &str) -> Result<(), Error> {
        Err(Error::not_supported())
    }

    /// Removes an empty directory.
    async fn remove_dir(&self, _path: &str) -> Result<(), Error> {
        Err(Error::not_supported())
    }

    /// Removes anything else.
    async fn unlink_file(&self, _path: &str) -> Result<(), Error> {
        Err(Error::not_supported())
    }

    /// The text of a symbolic link.
    async fn read_link(&self, _path: &str) -> Result<PathBuf, Error> {
        Err(Error::not_supported())
    }

    /// The facts about this directory.
    async fn get_filestat(&self) -> Result<Filestat, Error> {
        Err(Error::not_supported())
    }

    /// The facts about an entry. A directory that does not answer has no symbolic links.
    async fn get_path_filestat(
        &self,
        _path: &str,
        _follow_symlinks: bool,
    ) -> Result<Filestat, Error> {
        Err(Error::not_supported())
    }

    /// Moves an entry. `dest_dir` is of the same type.
    async fn rename(
        &self,
        _path: &str,
        _dest_dir: &dyn WasiDir,
        _dest_path: &str,
    ) -> Result<(), Error> {
        Err(Error::not_supported())
    }

    /// Gives a file another name. `target_dir` is of the same type.
    async fn hard_link(
        &self,
        _path: &str,
        _target_dir: &dyn WasiDir,
        _target_path: &str,
    ) -> Result<(), Error> {
        Err(Error::not_supported())
    }

    /// Sets the times of an entry; of the directory itself if it is called `.`.
    async fn set_times(
        &self,
        _path: &str,
        _atime: Option<SystemTimeSpec>,
        _mtime: Option<SystemTimeSpec>,
        _follow_symlinks: bool,
    ) -> Result<(), Error> {
        Err(Error::not_supported())
    }

    /// What wasi-shim has for the same directory. Only for the types of this crate.
    #[doc(hidden)]
    fn native(&self) -> Option<Arc<dyn wasi_shim::vfs::Dir>> {
        None
    }

    /// The type itself, whatever [`as_any`](Self::as_any) shows: wrappers like to show what they wrap.
    #[doc(hidden)]
    fn own_type(&self) -> TypeId
    where
        Self: 'static,
    {
        TypeId::of::<Self>()
    }
}

/// An entry of a directory.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "preview1's dirent")]
pub struct ReaddirEntity {
    pub next: ReaddirCursor,
    pub inode: u64,
    pub name: String,
    pub filetype: FileType,
}

/// A position in a listing.
#[derive(Clone, Copy, Debug)]
pub struct ReaddirCursor(u64);

impl From<u64> for ReaddirCursor {
    fn from(position: u64) -> Self {
        Self(position)
    }
}

impl From<ReaddirCursor> for u64 {
    fn from(ReaddirCursor(position): ReaddirCursor) -> Self {
        position
    }
}
