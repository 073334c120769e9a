//! Streams that the embedder has: inherited standard streams, and any other handle.
//!
//! This file knows where the handles come from. It does not know how they are read and written, nor which descriptor a
//! guest sees them as. Whoever builds a guest may use it.

use super::stream::{Direction, HostStream};
use crate::vfs::Stream;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

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
