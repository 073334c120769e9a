//! A directory of devices: two names, each made up when it is opened.

use std::any::Any;
use std::io::{IoSlice, IoSliceMut};
use std::sync::{Arc, Mutex};
use wasi_common::dir::{OpenResult, ReaddirCursor, ReaddirEntity};
use wasi_common::file::{FdFlags, FileType, Filestat, OFlags};
use wasi_common::{Error, ErrorExt, WasiDir, WasiFile};

/// What ends a guest that writes to `fuse`.
#[derive(Debug)]
pub struct Blown(pub u32);

impl std::fmt::Display for Blown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the fuse has blown at {} A", self.0)
    }
}

impl std::error::Error for Blown {}

#[derive(Clone, Default)]
pub struct DeviceDir {
    pub log: Arc<Mutex<Vec<u8>>>,
}

enum Device {
    Log(Arc<Mutex<Vec<u8>>>),
    Fuse,
}

#[async_trait::async_trait]
impl WasiDir for DeviceDir {
    fn as_any(&self) -> &dyn Any {
        self
    }

    async fn open_file(
        &self,
        _symlink_follow: bool,
        path: &str,
        _oflags: OFlags,
        _read: bool,
        _write: bool,
        _fdflags: FdFlags,
    ) -> Result<OpenResult, Error> {
        let device = match path {
            "log" => Device::Log(Arc::clone(&self.log)),
            "fuse" => Device::Fuse,
            "." => return Ok(OpenResult::Dir(Box::new(self.clone()))),
            _ => return Err(Error::not_found()),
        };
        Ok(OpenResult::File(Box::new(device)))
    }

    async fn readdir(
        &self,
        cursor: ReaddirCursor,
    ) -> Result<Box<dyn Iterator<Item = Result<ReaddirEntity, Error>> + Send>, Error> {
        let entries = ["log", "fuse"].into_iter().zip(1_u64..);
        let entries = entries.map(|(name, next)| {
            Ok(ReaddirEntity {
                next: ReaddirCursor::from(next),
                inode: next,
                name: name.to_owned(),
                filetype: FileType::CharacterDevice,
            })
        });
        let skipped = usize::try_from(u64::from(cursor)).unwrap();
        Ok(Box::new(entries.skip(skipped)))
    }

    async fn get_filestat(&self) -> Result<Filestat, Error> {
        Ok(Filestat {
            device_id: 0,
            inode: 0,
            filetype: FileType::Directory,
            nlink: 1,
            size: 0,
            atim: None,
            mtim: None,
            ctim: None,
        })
    }
}

#[async_trait::async_trait]
impl WasiFile for Device {
    fn as_any(&self) -> &dyn Any {
        self
    }

    async fn get_filetype(&self) -> Result<FileType, Error> {
        Ok(FileType::CharacterDevice)
    }

    async fn read_vectored<'a>(&self, bufs: &mut [IoSliceMut<'a>]) -> Result<u64, Error> {
        let Self::Log(log) = self else {
            return Err(Error::badf());
        };
        let mut log = log.lock().unwrap();
        let count = log.len().min(bufs[0].len());
        bufs[0][..count].copy_from_slice(&log[..count]);
        log.drain(..count);
        Ok(count as u64)
    }

    async fn write_vectored<'a>(&self, bufs: &[IoSlice<'a>]) -> Result<u64, Error> {
        let Self::Log(log) = self else {
            return Err(Error::trap(Blown(16).into()));
        };
        let mut log = log.lock().unwrap();
        let before = log.len();
        bufs.iter().for_each(|buf| log.extend_from_slice(buf));
        Ok((log.len() - before) as u64)
    }
}
