//! The traits of things without an offset: streams and sockets.

use crate::abi::{Errno, FdFlags, FileKind, Result, RiFlags, RoFlags, SdFlags};
use std::any::Any;
use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;
use std::task::Waker;

/// An open byte stream: a terminal, a pipe, a socket, a log. It has no offset and never blocks: where it would have to
/// wait it answers `again`, and the shim waits for it.
pub trait Stream: Any + Send + Sync {
    /// What `fd_fdstat_get` reports. `CharacterDevice` is what makes a C program's `isatty` true.
    fn kind(&self) -> FileKind {
        FileKind::Unknown
    }

    /// Reads what is there. `Ok(0)` for buffers that are not empty is the end of the stream; `again` means nothing yet.
    /// `badf` (the default) if this stream cannot be read.
    fn read(&self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
        let _ = bufs;
        Err(Errno::Badf)
    }

    /// Writes what fits. `again` means that nothing does for now. `badf` (the default) if this stream cannot be written.
    fn write(&self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        let _ = bufs;
        Err(Errno::Badf)
    }

    /// Would an operation of this kind succeed, or fail, at once? Level-triggered, and cheap: `poll_oneoff` asks each of
    /// its streams each time it looks.
    ///
    /// Whoever only looks passes [`Waker::noop`]. Several may wait at once: a waker that was handed in stays kept until
    /// it is woken or [forgotten](Self::forget), whatever wakers come later.
    fn ready(&self, interest: Interest, waker: &Waker) -> Readiness {
        let _ = (interest, waker);
        Readiness::Now {
            bytes: 0,
            hangup: false,
        }
    }

    /// Whoever handed this waker to [`ready`](Self::ready) waits no more: nothing need be kept of it. By default it is kept
    /// until it is woken, which then does nothing.
    fn forget(&self, interest: Interest, waker: &Waker) {
        let _ = (interest, waker);
    }

    /// The flags of a descriptor for this stream have been set: by `fd_fdstat_set_flags`, or when it was accepted.
    ///
    /// Nothing has to be done about it: what `nonblock` means is the shim's business. It is for streams that are made of
    /// something with a mode of its own.
    fn flags_set(&self, flags: FdFlags) {
        let _ = flags;
    }

    /// This stream as a socket, if it is one.
    fn as_socket(&self) -> Option<&dyn Socket> {
        None
    }
}

/// What the four `sock_*` functions need. Sockets are inherited: nothing here makes one, but `accept` on a listener.
pub trait Socket: Send + Sync {
    /// Takes the next connection. `again` if there is none. `notsup` (the default) unless this is a listener.
    fn accept(&self) -> Result<Arc<dyn Stream>> {
        Err(Errno::Notsup)
    }

    /// Is this a listener?
    fn listens(&self) -> bool {
        false
    }

    /// Receives. `RECV_PEEK` leaves the data in the queue; `RECV_WAITALL` is the shim's business.
    fn recv(&self, bufs: &mut [IoSliceMut<'_>], flags: RiFlags) -> Result<(usize, RoFlags)>;

    /// Sends.
    fn send(&self, bufs: &[IoSlice<'_>]) -> Result<usize>;

    /// Closes directions; `how` is not empty.
    fn shutdown(&self, how: SdFlags) -> Result<()>;
}

/// What somebody wants to do with a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Interest {
    /// Read, receive or accept.
    Read,
    /// Write or send.
    Write,
}

/// Whether a stream is ready, or how to learn when it is.
#[derive(Clone, Debug)]
pub enum Readiness {
    /// The operation would not wait.
    Now {
        /// How many bytes it could move, as far as is known.
        bytes: u64,
        /// The other end has closed.
        hangup: bool,
    },
    /// It would. The waker has been kept and will be woken when to ask again.
    Later,
    /// It would, and this stream cannot wake anyone: the operating system knows about this handle.
    Handle(HostHandle),
}

/// A handle of the operating system, opaque outside the code that knows that system.
///
/// Streams of `wasi_shim::host` put a `std::os::fd::OwnedFd` in; whoever waits takes it out with
/// [`downcast_ref`](Self::downcast_ref).
#[derive(Clone, Debug)]
pub struct HostHandle(Arc<dyn Any + Send + Sync>);

impl HostHandle {
    /// Wraps a handle that stays open at least as long as this value.
    pub fn new<T: Any + Send + Sync>(handle: Arc<T>) -> Self {
        Self(handle)
    }

    /// The handle, if it is a `T`.
    pub fn downcast_ref<T: Any>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }

    /// A share of the handle, if it is a `T`. Whoever keeps it keeps the handle open.
    pub fn downcast<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        Arc::clone(&self.0).downcast().ok()
    }
}
