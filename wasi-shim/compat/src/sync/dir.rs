//! Directories of the host.
//!
//! This file knows how cap-std answers what a directory is asked. It refuses to know guests: one that is given such a
//! directory as it is gets the shim's own, and this is for who wraps one. Embedders make them.

use super::facts::{filestat, filetype_from};
use super::file::File;
use crate::dir::{ReaddirCursor, ReaddirEntity, WasiDir};
use crate::file::{FdFlags, FileType, Filestat, OFlags};
use crate::snapshots::types::Errno;
use crate::{Error, ErrorExt, SystemTimeSpec};
use cap_fs_ext::{DirExt, FollowSymlinks, OpenOptionsFollowExt, OpenOptionsMaybeDirExt};
use cap_fs_ext::{OpenOptionsSyncExt, SystemTimeSpec as CapTimeSpec};
use cap_std::fs::{self, MetadataExt};
use std::any::Any;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A directory of the host.
pub struct Dir(fs::Dir);

/// What was opened.
#[allow(missing_docs, reason = "each is what its name says")]
pub enum OpenResult {
    File(File),
    Dir(Dir),
}

impl Dir {
    /// This directory.
    pub const fn from_cap_std(dir: fs::Dir) -> Self {
        Self(dir)
    }

    /// [`WasiDir::open_file`]. What creates or cuts, without being asked to write, is refused: a wrapper that looks at
    /// `write` alone lets nothing else through.
    pub fn open_file_(
        &self,
        symlink_follow: bool,
        path: &str,
        oflags: OFlags,
        read: bool,
        write: bool,
        fdflags: FdFlags,
    ) -> Result<OpenResult, Error> {
        let changes = oflags.intersects(OFlags::CREATE | OFlags::TRUNCATE);
        let directory = oflags.contains(OFlags::DIRECTORY);
        if changes && directory {
            return Err(Error::invalid_argument());
        }
        if changes && !write {
            return Err(Error::perm().context("creating and cutting is writing"));
        }
        let mut options = fs::OpenOptions::new();
        options.maybe_dir(true).read(read || !write).write(write);
        if oflags.contains(OFlags::CREATE | OFlags::EXCLUSIVE) {
            options.create_new(true);
        } else {
            options.create(oflags.contains(OFlags::CREATE));
        }
        options.truncate(oflags.contains(OFlags::TRUNCATE));
        if write && fdflags.contains(FdFlags::APPEND) {
            options.append(true);
        }
        options.nonblock(true);
        options.dsync(fdflags.contains(FdFlags::DSYNC));
        options.sync(fdflags.intersects(FdFlags::SYNC | FdFlags::RSYNC));
        options.follow(if symlink_follow {
            FollowSymlinks::Yes
        } else {
            FollowSymlinks::No
        });
        let opened = self.0.open_with(path, &options)?;
        if opened.metadata()?.is_dir() {
            let dir = fs::Dir::from_std_file(opened.into_std());
            return Ok(OpenResult::Dir(Self(dir)));
        }
        if directory {
            return Err(Error::not_dir());
        }
        Ok(OpenResult::File(File::from_cap_std(opened)))
    }

    /// [`WasiDir::rename`].
    pub fn rename_(&self, src_path: &str, dest_dir: &Self, dest_path: &str) -> Result<(), Error> {
        Ok(self.0.rename(src_path, &dest_dir.0, dest_path)?)
    }

    /// [`WasiDir::hard_link`].
    pub fn hard_link_(
        &self,
        src_path: &str,
        target_dir: &Self,
        target_path: &str,
    ) -> Result<(), Error> {
        Ok(self.0.hard_link(src_path, &target_dir.0, target_path)?)
    }

    /// Itself twice, and its entries.
    fn entries(&self) -> Result<Vec<Listed>, Error> {
        let own = self.0.dir_metadata()?.ino();
        let itself = [".", ".."].map(|name| Ok((FileType::Directory, own, name.to_owned())));
        let entries = self.0.entries()?.map(|entry| {
            let entry = entry?;
            let metadata = entry.metadata()?;
            let name = entry.file_name().into_string();
            let name = name.map_err(|_| Error::illegal_byte_sequence())?;
            Ok((filetype_from(&metadata.file_type()), metadata.ino(), name))
        });
        Ok(itself.into_iter().chain(entries).collect())
    }
}

/// An entry of a directory, if it could be looked at: its kind, inode and name.
type Listed = Result<(FileType, u64, String), Error>;

/// Of the same type, or `xdev`: it is another filesystem, as far as we know.
fn same(dir: &dyn WasiDir) -> Result<&Dir, Error> {
    let dir = dir.as_any().downcast_ref();
    dir.ok_or_else(|| Error::from(Errno::Xdev).context("it is no directory of the host"))
}

fn time(time: Option<SystemTimeSpec>) -> Option<CapTimeSpec> {
    time.map(|time| match time {
        SystemTimeSpec::SymbolicNow => CapTimeSpec::SymbolicNow,
        SystemTimeSpec::Absolute(time) => CapTimeSpec::Absolute(time),
    })
}

#[async_trait::async_trait]
impl WasiDir for Dir {
    fn as_any(&self) -> &dyn Any {
        self
    }

    async fn open_file(
        &self,
        symlink_follow: bool,
        path: &str,
        oflags: OFlags,
        read: bool,
        write: bool,
        fdflags: FdFlags,
    ) -> Result<crate::dir::OpenResult, Error> {
        let opened = self.open_file_(symlink_follow, path, oflags, read, write, fdflags)?;
        Ok(match opened {
            OpenResult::File(file) => crate::dir::OpenResult::File(Box::new(file)),
            OpenResult::Dir(dir) => crate::dir::OpenResult::Dir(Box::new(dir)),
        })
    }

    async fn create_dir(&self, path: &str) -> Result<(), Error> {
        Ok(self.0.create_dir(path)?)
    }

    async fn readdir(
        &self,
        cursor: ReaddirCursor,
    ) -> Result<Box<dyn Iterator<Item = Result<ReaddirEntity, Error>> + Send>, Error> {
        let skipped = usize::try_from(u64::from(cursor))?;
        let entries = (1..).zip(self.entries()?).map(|(next, entry)| {
            let (filetype, inode, name) = entry?;
            Ok(ReaddirEntity {
                next: ReaddirCursor::from(next),
                inode,
                name,
                filetype,
            })
        });
        Ok(Box::new(entries.skip(skipped)))
    }

    async fn symlink(&self, old_path: &str, new_path: &str) -> Result<(), Error> {
        Ok(DirExt::symlink(&self.0, old_path, new_path)?)
    }

    async fn remove_dir(&self, path: &str) -> Result<(), Error> {
        Ok(self.0.remove_dir(path)?)
    }

    async fn unlink_file(&self, path: &str) -> Result<(), Error> {
        Ok(self.0.remove_file_or_symlink(path)?)
    }

    async fn read_link(&self, path: &str) -> Result<PathBuf, Error> {
        Ok(self.0.read_link_contents(path)?)
    }

    async fn get_filestat(&self) -> Result<Filestat, Error> {
        Ok(filestat(&self.0.dir_metadata()?))
    }

    async fn get_path_filestat(
        &self,
        path: &str,
        follow_symlinks: bool,
    ) -> Result<Filestat, Error> {
        let metadata = if follow_symlinks {
            self.0.metadata(path)
        } else {
            self.0.symlink_metadata(path)
        };
        Ok(filestat(&metadata?))
    }

    async fn rename(
        &self,
        path: &str,
        dest_dir: &dyn WasiDir,
        dest_path: &str,
    ) -> Result<(), Error> {
        self.rename_(path, same(dest_dir)?, dest_path)
    }

    async fn hard_link(
        &self,
        path: &str,
        target_dir: &dyn WasiDir,
        target_path: &str,
    ) -> Result<(), Error> {
        self.hard_link_(path, same(target_dir)?, target_path)
    }

    async fn set_times(
        &self,
        path: &str,
        atime: Option<SystemTimeSpec>,
        mtime: Option<SystemTimeSpec>,
        follow_symlinks: bool,
    ) -> Result<(), Error> {
        let (path, atime, mtime) = (Path::new(path), time(atime), time(mtime));
        if follow_symlinks {
            Ok(DirExt::set_times(&self.0, path, atime, mtime)?)
        } else {
            Ok(self.0.set_symlink_times(path, atime, mtime)?)
        }
    }

    fn native(&self) -> Option<Arc<dyn wasi_shim::vfs::Dir>> {
        let dir = self.0.try_clone().ok()?;
        wasi_shim::host::dir(dir.into_std_file()).ok()
    }
}
