//! Anything that can be read or written, as a file.
//!
//! This file knows how several share one reader or writer, and get it back. It refuses to know descriptors. Embedders use it
//! for standard streams.
//!
//! ```
//! use wasi_common::pipe::{ReadPipe, WritePipe};
//! use wasi_common::sync::WasiCtxBuilder;
//!
//! let stdout = WritePipe::new_in_memory();
//! let ctx = WasiCtxBuilder::new()
//!     .stdin(Box::new(ReadPipe::from("input")))
//!     .stdout(Box::new(stdout.clone()))
//!     .build();
//! drop(ctx);
//! let output = stdout.try_into_inner().expect("nobody else has it").into_inner();
//! assert!(output.is_empty());
//! ```

use crate::Error;
use crate::file::{FdFlags, FileType, WasiFile};
use std::any::Any;
use std::io::{Cursor, IoSlice, IoSliceMut, Read, Write};
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

/// A reader, as a file.
#[derive(Debug)]
pub struct ReadPipe<R: Read> {
    reader: Arc<RwLock<R>>,
}

/// A writer, as a file.
#[derive(Debug)]
pub struct WritePipe<W: Write> {
    writer: Arc<RwLock<W>>,
}

macro_rules! shared {
    ($pipe:ident $bound:ident $field:ident) => {
        impl<T: $bound> Clone for $pipe<T> {
            fn clone(&self) -> Self {
                Self {
                    $field: Arc::clone(&self.$field),
                }
            }
        }

        impl<T: $bound> $pipe<T> {
            /// One that nobody else has.
            pub fn new(inner: T) -> Self {
                Self::from_shared(Arc::new(RwLock::new(inner)))
            }

            /// One that others have too.
            pub const fn from_shared($field: Arc<RwLock<T>>) -> Self {
                Self { $field }
            }

            /// Gives it back, unless others have it too.
            pub fn try_into_inner(self) -> Result<T, Self> {
                let inner = Arc::try_unwrap(self.$field);
                let inner = inner.map_err(|$field| Self { $field })?;
                Ok(inner.into_inner().unwrap_or_else(PoisonError::into_inner))
            }

            fn lock(&self) -> RwLockWriteGuard<'_, T> {
                self.$field.write().unwrap_or_else(PoisonError::into_inner)
            }
        }
    };
}

shared! { ReadPipe Read reader }
shared! { WritePipe Write writer }

impl From<Vec<u8>> for ReadPipe<Cursor<Vec<u8>>> {
    fn from(bytes: Vec<u8>) -> Self {
        Self::new(Cursor::new(bytes))
    }
}

impl From<&[u8]> for ReadPipe<Cursor<Vec<u8>>> {
    fn from(bytes: &[u8]) -> Self {
        Self::from(bytes.to_vec())
    }
}

impl From<String> for ReadPipe<Cursor<String>> {
    fn from(text: String) -> Self {
        Self::new(Cursor::new(text))
    }
}

impl From<&str> for ReadPipe<Cursor<String>> {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

/// How many bytes a reader has left.
fn left<T: AsRef<[u8]>>(reader: &Cursor<T>) -> u64 {
    let len = reader.get_ref().as_ref().len() as u64;
    len.saturating_sub(reader.position())
}

impl WritePipe<Cursor<Vec<u8>>> {
    /// Keeps all that is written.
    pub fn new_in_memory() -> Self {
        Self::new(Cursor::new(Vec::new()))
    }
}

#[async_trait::async_trait]
impl<R: Read + Any + Send + Sync> WasiFile for ReadPipe<R> {
    fn as_any(&self) -> &dyn Any {
        self
    }

    async fn get_filetype(&self) -> Result<FileType, Error> {
        Ok(FileType::Pipe)
    }

    async fn read_vectored<'a>(&self, bufs: &mut [IoSliceMut<'a>]) -> Result<u64, Error> {
        Ok(self.lock().read_vectored(bufs)?.try_into()?)
    }

    /// Of bytes and text that it was made of. What any other reader has, nobody knows.
    fn num_ready_bytes(&self) -> Result<u64, Error> {
        let reader = self.lock();
        let reader: &dyn Any = &*reader;
        let bytes = reader.downcast_ref().map(left::<Vec<u8>>);
        let text = || reader.downcast_ref().map(left::<String>);
        Ok(bytes.or_else(text).unwrap_or_default())
    }

    fn immediate(&self) -> bool {
        true
    }
}

#[async_trait::async_trait]
impl<W: Write + Any + Send + Sync> WasiFile for WritePipe<W> {
    fn as_any(&self) -> &dyn Any {
        self
    }

    async fn get_filetype(&self) -> Result<FileType, Error> {
        Ok(FileType::Pipe)
    }

    async fn get_fdflags(&self) -> Result<FdFlags, Error> {
        Ok(FdFlags::APPEND)
    }

    async fn write_vectored<'a>(&self, bufs: &[IoSlice<'a>]) -> Result<u64, Error> {
        Ok(self.lock().write_vectored(bufs)?.try_into()?)
    }

    fn immediate(&self) -> bool {
        true
    }
}
