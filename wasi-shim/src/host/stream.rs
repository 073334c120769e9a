//! Streams of the host: inherited handles, and the FIFOs and devices found in directories.
//!
//! This file knows how to read and write a handle without ever waiting, whoever else uses it. It does not know where the
//! handle comes from. Only `stdio` and `open` make such streams.

use super::file::MAX_BUFFERS;
use super::nowait::NoWait;
use super::{errno, facts, net, ready};
use crate::abi::{Errno, FileKind, Result, RiFlags};
use crate::vfs::{Interest, OpenRequest, Readiness, Stream};
use rustix::event::PollFlags;
use rustix::fs::{FileType, Stat};
use rustix::io::retry_on_intr;
use rustix::pipe::PIPE_BUF;
use std::io::{self, IoSlice, IoSliceMut, IsTerminal};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::task::Waker;

/// How many buffers a write takes at once where it has to look first.
const GATHERED: usize = 16;

/// An open handle without an offset of the guest's.
pub(super) struct HostStream {
    handle: Arc<OwnedFd>,
    direction: Direction,
    shape: Shape,
    no_wait: NoWait,
    terminal: bool,
}

/// Which operations the guest may ask for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
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
    /// Nothing: files and memory devices never wait.
    Regular,
    /// Nothing: the handle is ours, and set to answer `EAGAIN`.
    NonBlocking,
    /// Say so with every call, or look first. A pipe gives what it has, and takes `PIPE_BUF` bytes if it takes any.
    Pipe,
    /// As a pipe, with one buffer: some kernels wait for the second after having filled the first.
    Device,
    /// Say so with every call.
    Socket,
}

impl HostStream {
    pub(super) fn inherited(handle: OwnedFd, direction: Direction) -> io::Result<Self> {
        let stat = rustix::fs::fstat(&handle)?;
        let shape = match facts::file_type(&stat) {
            FileType::CharacterDevice if is_memory(&stat) => Shape::Regular,
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
            no_wait: NoWait::default(),
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
            no_wait: NoWait::default(),
        }
    }

    /// `badf` if this is not a direction of the stream.
    fn admit(&self, interest: Interest) -> Result<()> {
        if self.direction.has(interest) {
            Ok(())
        } else {
            Err(Errno::Badf)
        }
    }

    /// `again` if the operation might wait.
    fn look_first(&self, interest: Interest) -> Result<()> {
        if ready::look(&self.handle, interest)?.is_empty() {
            Err(Errno::Again)
        } else {
            Ok(())
        }
    }

    /// Reads what is there, of a handle that may wait for more.
    fn read_what_is_there(&self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
        match self.no_wait.read(&self.handle, bufs) {
            None => {
                self.look_first(Interest::Read)?;
                read(&self.handle, bufs)
            }
            // It looks like the end, too, if nobody has opened the FIFO for writing yet.
            Some(Ok(0)) if self.shape == Shape::Pipe => {
                let events = ready::look(&self.handle, Interest::Read)?;
                let ended = events.contains(PollFlags::HUP);
                if ended { Ok(0) } else { Err(Errno::Again) }
            }
            Some(result) => result.map_err(errno::from_native),
        }
    }

    /// Writes what there is room for, to a handle that may wait for more.
    fn write_what_fits(&self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        match self.no_wait.write(&self.handle, bufs) {
            None => {
                self.look_first(Interest::Write)?;
                let mut gathered = [IoSlice::new(&[]); GATHERED];
                write(&self.handle, gather(bufs, &mut gathered))
            }
            Some(result) => result.map_err(errno::from_native),
        }
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
        self.admit(Interest::Read)?;
        let Some(first) = bufs.iter().position(|buf| !buf.is_empty()) else {
            return Ok(0);
        };
        let last = match self.shape {
            Shape::Device => first.saturating_add(1),
            _ => first.saturating_add(MAX_BUFFERS).min(bufs.len()),
        };
        let bufs = bufs.get_mut(first..last).unwrap_or_default();
        match self.shape {
            Shape::Socket => net::or_end(&self.handle, || {
                net::receive(&self.handle, bufs, RiFlags::empty(), net::Cut::Unseen)
            })
            .map(|(count, _)| count),
            Shape::Pipe | Shape::Device => self.read_what_is_there(bufs),
            Shape::Regular | Shape::NonBlocking => read(&self.handle, bufs),
        }
    }

    fn write(&self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        self.admit(Interest::Write)?;
        let Some(first) = bufs.iter().position(|buf| !buf.is_empty()) else {
            return Ok(0);
        };
        let last = first.saturating_add(MAX_BUFFERS).min(bufs.len());
        let bufs = bufs.get(first..last).unwrap_or_default();
        match self.shape {
            Shape::Socket => net::transmit(&self.handle, bufs),
            Shape::Pipe | Shape::Device => self.write_what_fits(bufs),
            Shape::Regular | Shape::NonBlocking => write(&self.handle, bufs),
        }
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

/// The kernel's way for several buffers is longer than that for one.
fn read(handle: &OwnedFd, bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
    match bufs {
        [only] => retry_on_intr(|| rustix::io::read(handle, &mut **only)),
        bufs => retry_on_intr(|| rustix::io::readv(handle, bufs)),
    }
    .map_err(errno::from_native)
}

fn write(handle: &OwnedFd, bufs: &[IoSlice<'_>]) -> Result<usize> {
    match bufs {
        [only] => retry_on_intr(|| rustix::io::write(handle, only)),
        bufs => retry_on_intr(|| rustix::io::writev(handle, bufs)),
    }
    .map_err(errno::from_native)
}

/// `/dev/null`, `/dev/zero` and `/dev/full`, by the numbers that Linux has given them for good.
fn is_memory(stat: &Stat) -> bool {
    let device = stat.st_rdev;
    let numbers = (rustix::fs::major(device), rustix::fs::minor(device));
    cfg!(target_os = "linux") && matches!(numbers, (1, 3 | 5 | 7))
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

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::pipe::pipe;

    /// The stream as it is, and as it is on a kernel that cannot be told not to wait.
    fn both_ways(make: impl Fn() -> HostStream, check: impl Fn(&HostStream)) {
        check(&make());
        let stream = make();
        stream.no_wait.refuse();
        check(&stream);
    }

    fn inherited(handle: &OwnedFd, direction: Direction) -> HostStream {
        HostStream::inherited(handle.try_clone().unwrap(), direction).unwrap()
    }

    fn read_some(stream: &HostStream) -> Result<Vec<u8>> {
        let (mut a, mut b) = ([0; 2], [0; 6]);
        let bufs = &mut [IoSliceMut::new(&mut a), IoSliceMut::new(&mut b)];
        let count = stream.read(bufs)?;
        Ok([a.as_slice(), &b]
            .concat()
            .into_iter()
            .take(count)
            .collect())
    }

    #[test]
    fn a_pipe_is_read_without_waiting() {
        let (reader, writer) = pipe().unwrap();
        let make = || inherited(&reader, Direction::In);
        both_ways(make, |stream| {
            assert_eq!(read_some(stream), Err(Errno::Again));
            rustix::io::write(&writer, b"abcd").unwrap();
            assert_eq!(read_some(stream), Ok(b"abcd".to_vec()));
            assert_eq!(read_some(stream), Err(Errno::Again));
        });
        drop(writer);
        both_ways(make, |stream| assert_eq!(read_some(stream), Ok(vec![])));
    }

    #[test]
    fn a_pipe_is_written_without_waiting() {
        let (reader, writer) = pipe().unwrap();
        let chunk = [7; 3000];
        let make = || inherited(&writer, Direction::Out);
        both_ways(make, |stream| {
            let bufs = [IoSlice::new(&chunk), IoSlice::new(&chunk)];
            let mut sent = 0;
            while let Ok(count) = stream.write(&bufs) {
                sent += count;
            }
            assert!(sent >= PIPE_BUF, "{sent}");
            assert_eq!(stream.write(&bufs), Err(Errno::Again));
            let mut all = vec![0; sent];
            let mut reader = std::fs::File::from(reader.try_clone().unwrap());
            std::io::Read::read_exact(&mut reader, &mut all).unwrap();
        });
        drop(reader);
        both_ways(make, |stream| {
            let bufs = [IoSlice::new(&chunk)];
            assert_eq!(stream.write(&bufs), Err(Errno::Pipe));
        });
    }

    #[test]
    fn a_fifo_without_a_writer_has_not_ended() {
        use rustix::fs::{CWD, Mode, OFlags, mknodat, open};
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("fifo");
        mknodat(CWD, &path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        let request = OpenRequest::READ;
        let make = || {
            let handle = open(&path, OFlags::RDONLY | OFlags::NONBLOCK, Mode::empty());
            HostStream::opened(handle.unwrap(), FileType::Fifo, &request)
        };
        both_ways(make, |stream| {
            assert_eq!(read_some(stream), Err(Errno::Again));
            let writer = open(&path, OFlags::WRONLY, Mode::empty()).unwrap();
            assert_eq!(read_some(stream), Err(Errno::Again));
            rustix::io::write(&writer, b"ab").unwrap();
            drop(writer);
            assert_eq!(read_some(stream), Ok(b"ab".to_vec()));
            assert_eq!(read_some(stream), Ok(vec![]));
        });
    }

    #[test]
    fn a_terminal_is_read_and_written_without_waiting() {
        use rustix::fs::{Mode, OFlags, open};
        let master = || open("/dev/ptmx", OFlags::RDWR | OFlags::NOCTTY, Mode::empty());
        if master().is_err() {
            return;
        }
        both_ways(
            || inherited(&master().unwrap(), Direction::Both),
            |stream| {
                assert!(stream.terminal);
                assert_eq!(read_some(stream), Err(Errno::Again));
                assert_eq!(stream.write(&[IoSlice::new(b"x")]), Ok(1));
            },
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn memory_devices_never_wait() {
        for (path, written) in [("/dev/null", Ok(1)), ("/dev/full", Err(Errno::Nospc))] {
            let file = std::fs::File::options().write(true).open(path).unwrap();
            let stream = inherited(&file.into(), Direction::Out);
            assert!(stream.shape == Shape::Regular);
            assert_eq!(stream.write(&[IoSlice::new(b"x")]), written, "{path}");
        }
        let zero = std::fs::File::open("/dev/zero").unwrap();
        let zero = inherited(&zero.into(), Direction::In);
        assert_eq!(read_some(&zero), Ok(vec![0; 8]));
    }
}
