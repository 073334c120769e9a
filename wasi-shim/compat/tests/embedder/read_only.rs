//! A directory that others can only read: a wrapper that looks at `write`, shows what it wraps to whoever asks for a type,
//! and does not wrap what it hands out.

use std::any::Any;
use std::path::PathBuf;
use wasi_common::dir::{OpenResult, ReaddirCursor, ReaddirEntity};
use wasi_common::file::{FdFlags, Filestat, OFlags};
use wasi_common::{Error, ErrorExt, WasiDir};

pub struct ReadOnlyDir<D: WasiDir>(pub D);

#[async_trait::async_trait]
impl<D: WasiDir> WasiDir for ReadOnlyDir<D> {
    fn as_any(&self) -> &dyn Any {
        self.0.as_any()
    }

    async fn open_file(
        &self,
        symlink_follow: bool,
        path: &str,
        oflags: OFlags,
        read: bool,
        write: bool,
        fdflags: FdFlags,
    ) -> Result<OpenResult, Error> {
        if write {
            return Err(Error::not_supported());
        }
        self.0
            .open_file(symlink_follow, path, oflags, read, false, fdflags)
            .await
    }

    async fn readdir(
        &self,
        cursor: ReaddirCursor,
    ) -> Result<Box<dyn Iterator<Item = Result<ReaddirEntity, Error>> + Send>, Error> {
        self.0.readdir(cursor).await
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
}
