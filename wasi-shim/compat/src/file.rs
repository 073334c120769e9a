//! The trait of files, and its vocabulary.
//!
//! This file knows wasi-common's interface, method by method, and what each answers where an embedder does not say. It
//! refuses to know what the shim makes of a file. Embedders implement it.

use crate::adapt::Native;
use crate::{Error, ErrorExt, SystemTimeSpec};
use bitflags::bitflags;
use std::any::Any;
use std::io::{IoSlice, IoSliceMut, SeekFrom};
use std::time::SystemTime;

/// An open file, device, pipe or socket.
///
/// What says that it is a regular file gets its offsets from the shim, and is asked by
/// [`read_vectored_at`](Self::read_vectored_at) and [`write_vectored_at`](Self::write_vectored_at); where these are not
/// there, by [`read_vectored`](Self::read_vectored) and [`write_vectored`](Self::write_vectored), after
/// [`seek`](Self::seek) where that is needed. Anything else is a stream.
#[async_trait::async_trait]
pub trait WasiFile: Send + Sync {
    /// For embedders that look for a type of theirs.
    fn as_any(&self) -> &dyn Any;

    /// What it is. It is asked once.
    async fn get_filetype(&self) -> Result<FileType, Error>;

    /// What the system can wait for. The default waits for [`readable`](Self::readable) and [`writable`](Self::writable).
    fn pollable(&self) -> Option<rustix::fd::BorrowedFd<'_>> {
        None
    }

    /// Is it a terminal? Not asked: [`FileType::CharacterDevice`] says so.
    fn isatty(&self) -> bool {
        false
    }

    /// Takes the next connection.
    async fn sock_accept(&self, _fdflags: FdFlags) -> Result<Box<dyn WasiFile>, Error> {
        Err(Error::badf())
    }

    /// Receives.
    async fn sock_recv<'a>(
        &self,
        _ri_data: &mut [IoSliceMut<'a>],
        _ri_flags: RiFlags,
    ) -> Result<(u64, RoFlags), Error> {
        Err(Error::badf())
    }

    /// Sends.
    async fn sock_send<'a>(
        &self,
        _si_data: &[IoSlice<'a>],
        _si_flags: SiFlags,
    ) -> Result<u64, Error> {
        Err(Error::badf())
    }

    /// Closes directions.
    async fn sock_shutdown(&self, _how: SdFlags) -> Result<(), Error> {
        Err(Error::badf())
    }

    /// Makes the data durable.
    async fn datasync(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Makes data and facts durable.
    async fn sync(&self) -> Result<(), Error> {
        Ok(())
    }

    /// The flags to begin with. They are asked for once; from then on the shim keeps them.
    async fn get_fdflags(&self) -> Result<FdFlags, Error> {
        Ok(FdFlags::empty())
    }

    /// The guest has set other flags.
    async fn set_fdflags(&mut self, _flags: FdFlags) -> Result<(), Error> {
        Err(Error::badf())
    }

    /// The facts.
    async fn get_filestat(&self) -> Result<Filestat, Error> {
        Ok(Filestat {
            device_id: 0,
            inode: 0,
            filetype: self.get_filetype().await?,
            nlink: 0,
            size: 0,
            atim: None,
            mtim: None,
            ctim: None,
        })
    }

    /// Cuts or extends it.
    async fn set_filestat_size(&self, _size: u64) -> Result<(), Error> {
        Err(Error::badf())
    }

    /// Takes note of how a range will be used.
    async fn advise(&self, _offset: u64, _len: u64, _advice: Advice) -> Result<(), Error> {
        Err(Error::badf())
    }

    /// Sets its times.
    async fn set_times(
        &self,
        _atime: Option<SystemTimeSpec>,
        _mtime: Option<SystemTimeSpec>,
    ) -> Result<(), Error> {
        Err(Error::badf())
    }

    /// Reads on.
    async fn read_vectored<'a>(&self, _bufs: &mut [IoSliceMut<'a>]) -> Result<u64, Error> {
        Err(Error::badf())
    }

    /// Reads at an offset.
    async fn read_vectored_at<'a>(
        &self,
        _bufs: &mut [IoSliceMut<'a>],
        _offset: u64,
    ) -> Result<u64, Error> {
        Err(Error::badf())
    }

    /// Writes on.
    async fn write_vectored<'a>(&self, _bufs: &[IoSlice<'a>]) -> Result<u64, Error> {
        Err(Error::badf())
    }

    /// Writes at an offset.
    async fn write_vectored_at<'a>(
        &self,
        _bufs: &[IoSlice<'a>],
        _offset: u64,
    ) -> Result<u64, Error> {
        Err(Error::badf())
    }

    /// Moves the position that reading and writing on goes by.
    async fn seek(&self, _pos: SeekFrom) -> Result<u64, Error> {
        Err(Error::badf())
    }

    /// Reads and leaves what was read. Not asked.
    async fn peek(&self, _buf: &mut [u8]) -> Result<u64, Error> {
        Err(Error::badf())
    }

    /// How many bytes can be read at once.
    fn num_ready_bytes(&self) -> Result<u64, Error> {
        Ok(0)
    }

    /// Waits until it can be read.
    async fn readable(&self) -> Result<(), Error> {
        Err(Error::badf())
    }

    /// Waits until it can be written.
    async fn writable(&self) -> Result<(), Error> {
        Err(Error::badf())
    }

    /// What wasi-shim has for the same thing. Only for the types of this crate.
    #[doc(hidden)]
    fn native(&self) -> Option<Native> {
        None
    }

    /// Is every future ready at once? Only for the types of this crate.
    #[doc(hidden)]
    fn immediate(&self) -> bool {
        false
    }
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is what its name says")]
pub enum FileType {
    Unknown,
    BlockDevice,
    CharacterDevice,
    Directory,
    RegularFile,
    SocketDgram,
    SocketStream,
    SymbolicLink,
    Pipe,
}

bitflags! {
    /// How an open descriptor behaves.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct FdFlags: u32 {
        /// Every write goes to the end.
        const APPEND = 1;
        /// A write is done when its data are durable.
        const DSYNC = 1 << 1;
        /// What would wait answers `again`.
        const NONBLOCK = 1 << 2;
        /// A read is done when what it read is durable.
        const RSYNC = 1 << 3;
        /// A write is done when its data and the file's facts are durable.
        const SYNC = 1 << 4;
    }

    /// Which directions are closed.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct SdFlags: u32 {
        /// Receiving.
        const RD = 1;
        /// Sending.
        const WR = 1 << 1;
    }

    /// How to send: there is nothing to say.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct SiFlags: u32 {}

    /// How to receive.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct RiFlags: u32 {
        /// What is received stays.
        const RECV_PEEK = 1;
        /// Not until the buffers are full.
        const RECV_WAITALL = 1 << 1;
    }

    /// What there is to say about what was received.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct RoFlags: u32 {
        /// There was more in the message.
        const RECV_DATA_TRUNCATED = 1;
    }

    /// What opening may do.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct OFlags: u32 {
        /// Make it if it is missing.
        const CREATE = 1;
        /// Fail unless it is a directory.
        const DIRECTORY = 1 << 1;
        /// Fail if it is there.
        const EXCLUSIVE = 1 << 2;
        /// Cut it to nothing.
        const TRUNCATE = 1 << 3;
    }

    /// What a file is given to a guest for.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct FileAccessMode: u32 {
        /// To be read.
        const READ = 1;
        /// To be written.
        const WRITE = 1 << 1;
    }
}

/// The facts about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "preview1's filestat")]
pub struct Filestat {
    pub device_id: u64,
    pub inode: u64,
    pub filetype: FileType,
    pub nlink: u64,
    pub size: u64,
    pub atim: Option<SystemTime>,
    pub mtim: Option<SystemTime>,
    pub ctim: Option<SystemTime>,
}

/// What a descriptor is.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each is what its name says")]
pub struct FdStat {
    pub filetype: FileType,
    pub flags: FdFlags,
    pub access_mode: FileAccessMode,
}

/// How a range of a file will be used.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "preview1's advice")]
pub enum Advice {
    Normal,
    Sequential,
    Random,
    WillNeed,
    DontNeed,
    NoReuse,
}
