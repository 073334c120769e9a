//! This process's standard streams.
//!
//! This file knows that a guest is given the handles themselves: what is read is not read ahead, and what is written is
//! not kept. Embedders give these to guests, or wrap them.

use super::facts::timestamps;
use crate::adapt::Native;
use crate::file::{FdFlags, FileType, WasiFile};
use crate::ready::ready;
use crate::{Error, ErrorExt, SystemTimeSpec};
use std::any::Any;
use std::io::{IoSlice, IoSliceMut, IsTerminal, Read, SeekFrom, Write};
use std::os::fd::{AsFd, BorrowedFd};
use wasi_shim::vfs::Interest;

/// Standard input.
pub struct Stdin(std::io::Stdin);

/// Standard output.
pub struct Stdout(std::io::Stdout);

/// Standard error.
pub struct Stderr(std::io::Stderr);

/// Standard input.
pub fn stdin() -> Stdin {
    Stdin(std::io::stdin())
}

/// Standard output.
pub fn stdout() -> Stdout {
    Stdout(std::io::stdout())
}

/// Standard error.
pub fn stderr() -> Stderr {
    Stderr(std::io::stderr())
}

macro_rules! stream {
    ($type:ident $native:ident { $($transfer:tt)* }) => {
        impl AsFd for $type {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.0.as_fd()
            }
        }

        #[async_trait::async_trait]
        impl WasiFile for $type {
            fn as_any(&self) -> &dyn Any {
                self
            }

            fn pollable(&self) -> Option<BorrowedFd<'_>> {
                Some(self.0.as_fd())
            }

            fn isatty(&self) -> bool {
                self.0.is_terminal()
            }

            async fn get_filetype(&self) -> Result<FileType, Error> {
                Ok(if self.isatty() {
                    FileType::CharacterDevice
                } else {
                    FileType::Unknown
                })
            }

            async fn seek(&self, _: SeekFrom) -> Result<u64, Error> {
                Err(Error::seek_pipe())
            }

            async fn set_times(
                &self,
                atime: Option<SystemTimeSpec>,
                mtime: Option<SystemTimeSpec>,
            ) -> Result<(), Error> {
                let times = timestamps(atime, mtime);
                let set = rustix::fs::futimens(&self.0, &times);
                Ok(set.map_err(std::io::Error::from)?)
            }

            async fn readable(&self) -> Result<(), Error> {
                ready(&self.0, Interest::Read).await
            }

            async fn writable(&self) -> Result<(), Error> {
                ready(&self.0, Interest::Write).await
            }

            fn native(&self) -> Option<Native> {
                wasi_shim::host::$native().ok().map(Native::Stream)
            }

            fn immediate(&self) -> bool {
                true
            }

            $($transfer)*
        }
    };
}

stream! { Stdin stdin {
    async fn read_vectored<'a>(&self, bufs: &mut [IoSliceMut<'a>]) -> Result<u64, Error> {
        Ok(self.0.lock().read_vectored(bufs)? as u64)
    }

    async fn read_vectored_at<'a>(&self, _: &mut [IoSliceMut<'a>], _: u64) -> Result<u64, Error> {
        Err(Error::seek_pipe())
    }

    async fn peek(&self, _: &mut [u8]) -> Result<u64, Error> {
        Err(Error::seek_pipe())
    }

    fn num_ready_bytes(&self) -> Result<u64, Error> {
        Ok(rustix::io::ioctl_fionread(&self.0).map_err(std::io::Error::from)?)
    }
} }

macro_rules! output {
    ($type:ident $native:ident) => {
        stream! { $type $native {
            async fn get_fdflags(&self) -> Result<FdFlags, Error> {
                Ok(FdFlags::APPEND)
            }

            async fn write_vectored<'a>(&self, bufs: &[IoSlice<'a>]) -> Result<u64, Error> {
                let mut output = self.0.lock();
                let count = output.write_vectored(bufs)?;
                output.flush()?;
                Ok(count as u64)
            }

            async fn write_vectored_at<'a>(&self, _: &[IoSlice<'a>], _: u64) -> Result<u64, Error> {
                Err(Error::seek_pipe())
            }
        } }
    };
}

output! { Stdout stdout }
output! { Stderr stderr }
