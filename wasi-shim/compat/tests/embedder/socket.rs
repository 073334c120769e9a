//! A socket as a file that an embedder pushes: one that counts what goes through it.

use std::any::Any;
use std::io::{IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use wasi_common::file::{FdFlags, FileType, RiFlags, RoFlags, SdFlags, SiFlags};
use wasi_common::{Error, WasiFile};

pub struct CountedSocket {
    pub socket: UnixStream,
    pub count: Arc<AtomicU64>,
}

impl CountedSocket {
    fn counted(&self, count: usize) -> u64 {
        self.count.fetch_add(count as u64, Ordering::SeqCst);
        count as u64
    }
}

#[async_trait::async_trait]
impl WasiFile for CountedSocket {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn pollable(&self) -> Option<BorrowedFd<'_>> {
        Some(self.socket.as_fd())
    }

    async fn get_filetype(&self) -> Result<FileType, Error> {
        Ok(FileType::SocketStream)
    }

    async fn set_fdflags(&mut self, flags: FdFlags) -> Result<(), Error> {
        Ok(self
            .socket
            .set_nonblocking(flags.contains(FdFlags::NONBLOCK))?)
    }

    async fn read_vectored<'a>(&self, bufs: &mut [IoSliceMut<'a>]) -> Result<u64, Error> {
        let count = (&self.socket).read_vectored(bufs)?;
        Ok(self.counted(count))
    }

    async fn write_vectored<'a>(&self, bufs: &[IoSlice<'a>]) -> Result<u64, Error> {
        let count = (&self.socket).write_vectored(bufs)?;
        Ok(self.counted(count))
    }

    async fn sock_recv<'a>(
        &self,
        data: &mut [IoSliceMut<'a>],
        _flags: RiFlags,
    ) -> Result<(u64, RoFlags), Error> {
        Ok((self.read_vectored(data).await?, RoFlags::empty()))
    }

    async fn sock_send<'a>(&self, data: &[IoSlice<'a>], _flags: SiFlags) -> Result<u64, Error> {
        self.write_vectored(data).await
    }

    async fn sock_shutdown(&self, _how: SdFlags) -> Result<(), Error> {
        Ok(self.socket.shutdown(std::net::Shutdown::Write)?)
    }
}
