//! A directory of the host in a wrapper that passes on what it is asked, of the little that its guests do.

use std::any::Any;
use wasi_common::dir::{OpenResult, WasiDir};
use wasi_common::file::{FdFlags, Filestat, OFlags};
use wasi_common::sync::dir::Dir;
use wasi_common::{Error, SystemTimeSpec};

pub struct PlainDir(pub Dir);

#[async_trait::async_trait]
impl WasiDir for PlainDir {
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
    ) -> Result<OpenResult, Error> {
        let dir: &dyn WasiDir = &self.0;
        dir.open_file(symlink_follow, path, oflags, read, write, fdflags)
            .await
    }

    async fn get_path_filestat(&self, path: &str, follow: bool) -> Result<Filestat, Error> {
        self.0.get_path_filestat(path, follow).await
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
