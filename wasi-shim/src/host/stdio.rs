//! Streams of the host: inherited standard streams, and the FIFOs and devices found in directories.
//!
//! This file knows how to read and write a handle without ever waiting, whoever else uses it. It does not know which
//! descriptor a guest sees it as. Whoever builds a guest may use [`stdin`], [`stdout`], [`stderr`], [`input`] and
//! [`output`]; `open` makes the rest.

use super::file::MAX_BUFFERS;
use super::{errno, facts, net, ready};
use crate::abi::{Errno, FileKind, Result, RiFlags};
use crate::vfs::{Interest, OpenRequest, Readiness, Stream};
use rustix::fs::FileType;
use rustix::io::retry_on_intr;
use rustix::pipe::PIPE_BUF;
use std::io::{self, IoSlice, IoSliceMut, IsTerminal};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::task::Waker;

/// How many buffers a write to an inherited stream takes at once.
const GATHERED: usize = 16;

/// This process's standard input.
///
/// It is read one call at a time, never ahead: what the guest does not ask for is left for others. What
/// [`std::io::stdin`] has already read ahead is not seen.
///
/// # Errors
/// The operating system's, if the handle cannot be duplicated.
pub fn stdin() -> io::Result<Arc<dyn Stream>> {
    input(io::stdin().as_fd().try_clone_to_owned()?)
}

/// This process's standard output. What [`std::io::stdout`] still holds in its buffer is not written first.
///
/// # Errors
/// As for [`stdin`].
pub fn stdout() -> io::Result<Arc<dyn Stream>> {
    output(io::stdout().as_fd().try_clone_to_owned()?)
}

/// This process's standard error.
///
/// # Errors
/// As for [`stdin`].
pub fn stderr() -> io::Result<Arc<dyn Stream>> {
    output(io::stderr().as_fd().try_clone_to_owned()?)
}

/// A stream that is read from this handle: a pipe, a terminal, a file with a position of its own, a socket.
///
/// The handle may be shared with other processes: nothing about it is changed. If one of them takes what was there to
/// read between the moment we look and the moment we read, the read waits.
///
/// # Errors
/// The operating system's, if it cannot tell what the handle is.
pub fn input(handle: impl Into<OwnedFd>) -> io::Result<Arc<dyn Stream>> {
    Ok(Arc::new(HostStream::inherited(
        handle.into(),
        Direction::In,
    )?))
}

/// A stream that is written to this handle; see [`input`].
///
/// Writing to a pipe that nobody reads raises `SIGPIPE`, which Rust programs ignore from the start. A program that is
/// not Rust's must ignore it itself.
///
/// # Errors
/// As for [`input`].
pub fn output(handle: impl Into<OwnedFd>) -> io::Result<Arc<dyn Stream>> {
    Ok(Arc::new(HostStream::inherited(
        handle.into(),
        Direction::Out,
    )?))
}

/// An open handle without an offset of the guest's.
pub(super) struct HostStream {
    handle: Arc<OwnedFd>,
    direction: Direction,
    shape: Shape,
    terminal: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Neither,
    In,
    Out,
    Both,
}

impl Direction {
    const fn has(self, interest: Interest) -> bool {
        match self {
            Self::Neither => false,
            Self::Both => true,
            Self::In => matches!(interest, Interest::Read),
            Self::Out => matches!(interest, Interest::Write),
        }
    }
}

/// What has to be done so that an operation does not wait.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Nothing: files never wait.
    Regular,
    /// Nothing: the handle is ours, and set to answer `EAGAIN`.
    NonBlocking,
    /// Look first. A pipe gives what it has, and takes `PIPE_BUF` bytes if it takes any.
    Pipe,
    /// Look first. Some kernels wait for the second buffer after having filled the first.
    Device,
    /// Say so with every call.
    Socket,
}

impl HostStream {
    fn inherited(handle: OwnedFd, direction: Direction) -> io::Result<Self> {
        let shape = match facts::file_type(&rustix::fs::fstat(&handle)?) {
            FileType::RegularFile | FileType::BlockDevice => Shape::Regular,
            FileType::Fifo => Shape::Pipe,
            FileType::Socket => Shape::Socket,
            _ => Shape::Device,
        };
        Ok(Self {
            terminal: shape == Shape::Device && handle.is_terminal(),
            handle: Arc::new(handle),
            direction,
            shape,
        })
    }

    /// A handle of our own, opened with `O_NONBLOCK`.
    pub(super) fn opened(handle: OwnedFd, file_type: FileType, request: &OpenRequest) -> Self {
        Self {
            terminal: file_type == FileType::CharacterDevice && handle.is_terminal(),
            handle: Arc::new(handle),
            direction: match (request.read, request.write) {
                (false, false) => Direction::Neither,
                (true, false) => Direction::In,
                (false, true) => Direction::Out,
                (true, true) => Direction::Both,
            },
            // A FIFO that nobody has opened for writing yet would say that it has come to its end.
            shape: if file_type == FileType::Fifo && request.read {
                Shape::Pipe
            } else {
                Shape::NonBlocking
            },
        }
    }

    /// `badf` if this is not a direction of the stream, `again` if the operation might wait.
    fn admit(&self, interest: Interest) -> Result<()> {
        if !self.direction.has(interest) {
            return Err(Errno::Badf);
        }
        let looks = matches!(self.shape, Shape::Pipe | Shape::Device);
        if looks && ready::look(&self.handle, interest)?.is_empty() {
            return Err(Errno::Again);
        }
        Ok(())
    }

    fn bytes(&self, interest: Interest) -> u64 {
        match (interest, self.shape) {
            (Interest::Read, Shape::Regular) => self.rest().unwrap_or_default(),
            (Interest::Read, _) => ready::waiting(&self.handle),
            (Interest::Write, _) => PIPE_BUF as u64,
        }
    }

    /// How far the position is from the end. `FIONREAD` cannot count beyond 2 GiB.
    fn rest(&self) -> rustix::io::Result<u64> {
        let size = rustix::fs::fstat(&self.handle)?.st_size;
        let size = u64::try_from(size).unwrap_or_default();
        Ok(size.saturating_sub(rustix::fs::tell(&self.handle)?))
    }
}

impl Stream for HostStream {
    /// Only a terminal is called a character device: that word is what makes a C program's `isatty` true, which
    /// `/dev/null` must not.
    fn kind(&self) -> FileKind {
        if self.terminal {
            FileKind::CharacterDevice
        } else {
            FileKind::Unknown
        }
    }

    fn read(&self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
        let Some(first) = bufs.iter().position(|buf| !buf.is_empty()) else {
            return if self.direction.has(Interest::Read) {
                Ok(0)
            } else {
                Err(Errno::Badf)
            };
        };
        self.admit(Interest::Read)?;
        let last = match self.shape {
            Shape::Device => first.saturating_add(1),
            _ => first.saturating_add(MAX_BUFFERS).min(bufs.len()),
        };
        let bufs = bufs.get_mut(first..last).unwrap_or_default();
        if self.shape == Shape::Socket {
            return net::receive(&self.handle, bufs, RiFlags::empty()).map(|(count, _)| count);
        }
        retry_on_intr(|| rustix::io::readv(&self.handle, bufs)).map_err(errno::from_native)
    }

    fn write(&self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        let Some(first) = bufs.iter().position(|buf| !buf.is_empty()) else {
            return if self.direction.has(Interest::Write) {
                Ok(0)
            } else {
                Err(Errno::Badf)
            };
        };
        self.admit(Interest::Write)?;
        let last = first.saturating_add(MAX_BUFFERS).min(bufs.len());
        let bufs = bufs.get(first..last).unwrap_or_default();
        match self.shape {
            Shape::Socket => return net::transmit(&self.handle, bufs),
            Shape::Pipe | Shape::Device => {
                let mut gathered = [IoSlice::new(&[]); GATHERED];
                let bufs = gather(bufs, &mut gathered);
                retry_on_intr(|| rustix::io::writev(&self.handle, bufs))
            }
            Shape::Regular | Shape::NonBlocking => {
                retry_on_intr(|| rustix::io::writev(&self.handle, bufs))
            }
        }
        .map_err(errno::from_native)
    }

    fn ready(&self, interest: Interest, _: &Waker) -> Readiness {
        if self.shape == Shape::Regular || !self.direction.has(interest) {
            let bytes = self.bytes(interest);
            return Readiness::Now {
                bytes,
                hangup: false,
            };
        }
        ready::readiness(&self.handle, interest, || self.bytes(interest))
    }
}

/// The first `PIPE_BUF` bytes: a pipe that is ready to be written to has room for them, so that writing them cannot
/// wait.
fn gather<'a, 'b>(
    bufs: &'a [IoSlice<'_>],
    into: &'b mut [IoSlice<'a>; GATHERED],
) -> &'b [IoSlice<'a>] {
    let mut room = PIPE_BUF;
    let mut used = 0_usize;
    for (slot, buf) in into.iter_mut().zip(bufs) {
        let part = buf.get(..buf.len().min(room)).unwrap_or_default();
        *slot = IoSlice::new(part);
        room = room.saturating_sub(part.len());
        used = used.saturating_add(1);
        if room == 0 {
            break;
        }
    }
    into.get(..used).unwrap_or_default()
}
