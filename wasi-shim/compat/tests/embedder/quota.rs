//! Output of which only so much is kept, and that says what it is.

use std::any::Any;
use std::io::IoSlice;
use std::sync::{Arc, Mutex};
use wasi_common::file::{FdFlags, FileType};
use wasi_common::{Error, WasiFile};

#[derive(Clone)]
pub struct QuotaFile {
    pub kept: Arc<Mutex<Vec<u8>>>,
    pub limit: usize,
}

impl QuotaFile {
    pub fn new(limit: usize) -> Self {
        Self {
            kept: Arc::default(),
            limit,
        }
    }
}

#[async_trait::async_trait]
impl WasiFile for QuotaFile {
    fn as_any(&self) -> &dyn Any {
        self
    }

    async fn get_filetype(&self) -> Result<FileType, Error> {
        Ok(FileType::RegularFile)
    }

    async fn get_fdflags(&self) -> Result<FdFlags, Error> {
        Ok(FdFlags::APPEND)
    }

    async fn write_vectored<'a>(&self, bufs: &[IoSlice<'a>]) -> Result<u64, Error> {
        let mut kept = self.kept.lock().unwrap();
        let before = kept.len();
        for buf in bufs {
            let room = self.limit - kept.len();
            kept.extend_from_slice(&buf[..buf.len().min(room)]);
        }
        if kept.len() == before {
            return Err(std::io::Error::from_raw_os_error(28).into());
        }
        Ok((kept.len() - before) as u64)
    }
}
