//! Directories and files of the host in wrappers of an embedder's, which pass on whatever they are asked: what the drop-in
//! makes of `WasiDir` and `WasiFile` answers the cases then, and not the shim's own directories.

use drop_in::dir::{OpenResult, ReaddirCursor, ReaddirEntity, WasiDir};
use drop_in::file::{Advice, FdFlags, FileType, Filestat, OFlags, WasiFile};
use drop_in::snapshots::preview_1::types::Errno;
use drop_in::sync::dir::Dir;
use drop_in::{Error, SystemTimeSpec};
use std::any::Any;
use std::io::{IoSlice, IoSliceMut, SeekFrom};
use std::os::fd::BorrowedFd;
use std::path::PathBuf;

/// A directory of the host.
pub(super) struct WrappedDir(pub(super) Dir);

/// A file in it.
struct WrappedFile(Box<dyn WasiFile>);

/// What is in the wrapper.
fn inner(dir: &dyn WasiDir) -> Result<&Dir, Error> {
    let wrapped = dir.as_any().downcast_ref::<WrappedDir>();
    wrapped.map(|dir| &dir.0).ok_or_else(|| Errno::Xdev.into())
}

#[async_trait::async_trait]
impl WasiDir for WrappedDir {
    fn as_any(&self) -> &dyn Any {
        self
    }

    async fn open_file(
        &self,
        follow: bool,
        path: &str,
        oflags: OFlags,
        read: bool,
        write: bool,
        flags: FdFlags,
    ) -> Result<OpenResult, Error> {
        use drop_in::sync::dir::OpenResult as Opened;
        let opened = self
            .0
            .open_file_(follow, path, oflags, read, write, flags)?;
        Ok(match opened {
            Opened::File(file) => OpenResult::File(Box::new(WrappedFile(Box::new(file)))),
            Opened::Dir(dir) => OpenResult::Dir(Box::new(Self(dir))),
        })
    }

    async fn create_dir(&self, path: &str) -> Result<(), Error> {
        self.0.create_dir(path).await
    }

    async fn readdir(
        &self,
        cursor: ReaddirCursor,
    ) -> Result<Box<dyn Iterator<Item = Result<ReaddirEntity, Error>> + Send>, Error> {
        self.0.readdir(cursor).await
    }

    async fn symlink(&self, old_path: &str, new_path: &str) -> Result<(), Error> {
        self.0.symlink(old_path, new_path).await
    }

    async fn remove_dir(&self, path: &str) -> Result<(), Error> {
        self.0.remove_dir(path).await
    }

    async fn unlink_file(&self, path: &str) -> Result<(), Error> {
        self.0.unlink_file(path).await
    }

    async fn read_link(&self, path: &str) -> Result<PathBuf, Error> {
        self.0.read_link(path).await
    }

    async fn get_filestat(&self) -> Result<Filestat, Error> {
        self.0.get_filestat().await
    }

    async fn get_path_filestat(&self, path: &str, follow: bool) -> Result<Filestat, Error> {
        self.0.get_path_filestat(path, follow).await
    }

    async fn rename(&self, path: &str, dir: &dyn WasiDir, to: &str) -> Result<(), Error> {
        self.0.rename(path, inner(dir)?, to).await
    }

    async fn hard_link(&self, path: &str, dir: &dyn WasiDir, to: &str) -> Result<(), Error> {
        self.0.hard_link(path, inner(dir)?, to).await
    }

    async fn set_times(
        &self,
        path: &str,
        atime: Option<SystemTimeSpec>,
        mtime: Option<SystemTimeSpec>,
        follow: bool,
    ) -> Result<(), Error> {
        self.0.set_times(path, atime, mtime, follow).await
    }
}

#[async_trait::async_trait]
impl WasiFile for WrappedFile {
    fn as_any(&self) -> &dyn Any {
        self
    }

    async fn get_filetype(&self) -> Result<FileType, Error> {
        self.0.get_filetype().await
    }

    fn pollable(&self) -> Option<BorrowedFd<'_>> {
        self.0.pollable()
    }

    async fn datasync(&self) -> Result<(), Error> {
        self.0.datasync().await
    }

    async fn sync(&self) -> Result<(), Error> {
        self.0.sync().await
    }

    async fn get_fdflags(&self) -> Result<FdFlags, Error> {
        self.0.get_fdflags().await
    }

    async fn set_fdflags(&mut self, flags: FdFlags) -> Result<(), Error> {
        self.0.set_fdflags(flags).await
    }

    async fn get_filestat(&self) -> Result<Filestat, Error> {
        self.0.get_filestat().await
    }

    async fn set_filestat_size(&self, size: u64) -> Result<(), Error> {
        self.0.set_filestat_size(size).await
    }

    async fn advise(&self, offset: u64, len: u64, advice: Advice) -> Result<(), Error> {
        self.0.advise(offset, len, advice).await
    }

    async fn set_times(
        &self,
        atime: Option<SystemTimeSpec>,
        mtime: Option<SystemTimeSpec>,
    ) -> Result<(), Error> {
        self.0.set_times(atime, mtime).await
    }

    async fn read_vectored<'a>(&self, bufs: &mut [IoSliceMut<'a>]) -> Result<u64, Error> {
        self.0.read_vectored(bufs).await
    }

    async fn read_vectored_at<'a>(
        &self,
        bufs: &mut [IoSliceMut<'a>],
        offset: u64,
    ) -> Result<u64, Error> {
        self.0.read_vectored_at(bufs, offset).await
    }

    async fn write_vectored<'a>(&self, bufs: &[IoSlice<'a>]) -> Result<u64, Error> {
        self.0.write_vectored(bufs).await
    }

    async fn write_vectored_at<'a>(&self, bufs: &[IoSlice<'a>], at: u64) -> Result<u64, Error> {
        self.0.write_vectored_at(bufs, at).await
    }

    async fn seek(&self, pos: SeekFrom) -> Result<u64, Error> {
        self.0.seek(pos).await
    }

    fn num_ready_bytes(&self) -> Result<u64, Error> {
        self.0.num_ready_bytes()
    }
}
