//! An embedder's file that has no offset: a pipe, a device, a socket.
//!
//! This file knows how bytes get from the file to a guest and back while the file takes its time, and how to learn when it
//! is ready. It refuses to know descriptors, and leaves what only sockets do to `socket`. Only this room makes such streams.

use super::arrived::{Arrived, gather, room};
use super::kept::{Kept, Look, Operation};
use super::shared::Shared;
use super::{convert, settle, told};
use crate::Error;
use crate::file::{self, FileType, WasiFile};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Waker;
use wasi_shim::abi::{Errno, FdFlags, FileKind, Result};
use wasi_shim::vfs::{HostHandle, Interest, Readiness, Socket, Stream};

/// How much is read at a time. It is read into a buffer of ours: the guest's memory is not there while we wait.
pub(super) const READ: usize = 64 << 10;

/// How much is written at a time.
pub(super) const WRITE: usize = 1 << 20;

/// A file without an offset.
pub(super) struct FileStream {
    pub(super) file: Shared,
    pub(super) kind: FileKind,
    /// No future of it is ever waited for, so nothing need be copied.
    immediate: bool,
    arrived: Arrived,
    reading: Kept<Vec<u8>>,
    writing: Kept<usize>,
    readable: Kept<()>,
    writable: Kept<()>,
    /// It said `again` by itself: there is something to wait for, even if it cannot say when that comes.
    refused: AtomicBool,
    pub(super) socket: super::socket::Operations,
}

impl FileStream {
    pub(super) fn new(file: Box<dyn WasiFile>, filetype: FileType) -> Self {
        Self {
            immediate: file.immediate(),
            file: Shared::new(file),
            kind: convert::kind(filetype),
            arrived: Arrived::default(),
            reading: Kept::default(),
            writing: Kept::default(),
            readable: Kept::default(),
            writable: Kept::default(),
            refused: AtomicBool::new(false),
            socket: Default::default(),
        }
    }

    /// Takes note of whether the file would have to wait.
    pub(super) fn noted<T>(&self, result: Result<T>) -> Result<T> {
        let refused = matches!(result, Err(Errno::Again));
        self.refused.store(refused, Ordering::Relaxed);
        result
    }

    /// What is under way in this direction.
    fn under_way(&self, interest: Interest, waker: &Waker) -> Look {
        let looks = match interest {
            Interest::Read => [self.reading.look(waker), self.socket.reading(waker)],
            Interest::Write => [self.writing.look(waker), self.socket.writing(waker)],
        };
        let done = looks.iter().any(|look| matches!(look, Look::Done));
        let later = looks.iter().any(|look| matches!(look, Look::Later));
        match (done, later) {
            (true, _) => Look::Done,
            (false, true) => Look::Later,
            (false, false) => Look::Idle,
        }
    }

    /// Asks the file itself to wait.
    fn waited(&self, interest: Interest, waker: &Waker) -> Readiness {
        let file = self.file.get();
        let operation: Operation<()> = match interest {
            Interest::Read => Box::pin(async move { file.readable().await }),
            Interest::Write => Box::pin(async move { file.writable().await }),
        };
        let kept = match interest {
            Interest::Read => &self.readable,
            Interest::Write => &self.writable,
        };
        match kept.begin(operation, waker) {
            None => Readiness::Later,
            Some(Ok(())) => now(&*self.file.get(), interest, false),
            // It does not know. If it said that it would have to wait, it is asked again, in a while.
            Some(Err(_)) if self.refused.load(Ordering::Relaxed) => {
                Readiness::Handle(HostHandle::new(Arc::new(())))
            }
            Some(Err(_)) => now(&*self.file.get(), interest, false),
        }
    }
}

/// It is ready, and knows how many bytes there are.
fn now(file: &dyn WasiFile, interest: Interest, hangup: bool) -> Readiness {
    let bytes = match interest {
        Interest::Read => file.num_ready_bytes().unwrap_or_default(),
        Interest::Write => 0,
    };
    Readiness::Now { bytes, hangup }
}

/// Where the system says that there is something to read, and the other end has not closed, that is a byte at least: not
/// every file counts.
fn at_least_one(readiness: Readiness, interest: Interest) -> Readiness {
    match readiness {
        Readiness::Now {
            bytes: 0,
            hangup: false,
        } if interest == Interest::Read => Readiness::Now {
            bytes: 1,
            hangup: false,
        },
        told => told,
    }
}

/// Asks the system. Nothing, if the file has nothing that the system knows.
fn polled(file: &dyn WasiFile, interest: Interest) -> Option<Readiness> {
    const AT_ONCE: Timespec = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let handle = file.pollable()?;
    let events = match interest {
        Interest::Read => PollFlags::IN,
        Interest::Write => PollFlags::OUT,
    };
    let mut fds = [PollFd::from_borrowed_fd(handle, events)];
    let ready = poll(&mut fds, Some(&AT_ONCE)).unwrap_or(1);
    let hangup = fds[0].revents().contains(PollFlags::HUP);
    // What is decrypted already is not there for the system.
    let buffered =
        interest == Interest::Read && file.num_ready_bytes().is_ok_and(|bytes| bytes > 0);
    if ready > 0 || buffered {
        return Some(at_least_one(now(file, interest, hangup), interest));
    }
    match handle.try_clone_to_owned() {
        Ok(handle) => Some(Readiness::Handle(HostHandle::new(Arc::new(handle)))),
        Err(_) => Some(Readiness::Handle(HostHandle::new(Arc::new(())))),
    }
}

/// Reads into a buffer of our own.
async fn read(file: Arc<dyn WasiFile>, len: usize) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![0; len];
    let count = file
        .read_vectored(&mut [IoSliceMut::new(&mut bytes)])
        .await?;
    bytes.truncate(usize::try_from(count)?);
    Ok(bytes)
}

/// Writes what is a copy of our own.
async fn write(file: Arc<dyn WasiFile>, bytes: Vec<u8>) -> Result<usize, Error> {
    let count = file.write_vectored(&[IoSlice::new(&bytes)]).await?;
    Ok(usize::try_from(count)?)
}

impl Stream for FileStream {
    fn kind(&self) -> FileKind {
        self.kind
    }

    fn read(&self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
        let room = room(bufs);
        if self.immediate {
            let read = settle(self.file.get().read_vectored(bufs));
            let count = self.noted(read.map_err(told))?;
            return Ok(usize::try_from(count).unwrap_or(room).min(room));
        }
        let begin = || -> Operation<_> { Box::pin(read(self.file.get(), room.min(READ))) };
        self.arrived
            .give(bufs, || self.noted(self.reading.ask(begin)))
    }

    fn write(&self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        if self.immediate {
            let written = settle(self.file.get().write_vectored(bufs));
            let count = self.noted(written.map_err(told))?;
            return Ok(usize::try_from(count).unwrap_or(usize::MAX));
        }
        let begin = || -> Operation<_> { Box::pin(write(self.file.get(), gather(bufs, WRITE))) };
        self.noted(self.writing.ask(begin))
    }

    fn ready(&self, interest: Interest, waker: &Waker) -> Readiness {
        let bytes = self.arrived.count();
        if interest == Interest::Read && bytes > 0 {
            return Readiness::Now {
                bytes,
                hangup: false,
            };
        }
        match self.under_way(interest, waker) {
            Look::Done => now(&*self.file.get(), interest, false),
            Look::Later => Readiness::Later,
            Look::Idle => {
                let polled = polled(&*self.file.get(), interest);
                polled.unwrap_or_else(|| self.waited(interest, waker))
            }
        }
    }

    fn flags_set(&self, flags: FdFlags) {
        self.file.set_flags(flags);
    }

    fn as_socket(&self) -> Option<&dyn Socket> {
        let socket = matches!(self.kind, FileKind::SocketStream | FileKind::SocketDgram);
        socket.then_some(self as &dyn Socket)
    }
}

/// The flags of wasi-common that say nothing.
pub(super) const NO_FLAGS: file::FdFlags = file::FdFlags::empty();
