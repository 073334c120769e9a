//! The host's directories, streams, sockets, clocks and random bytes.
//!
//! This room knows system calls and how systems differ. It has never heard of guests, paths of several names (but for
//! the accelerator in `deep`), descriptors or rights: it implements the traits of [`vfs`](crate::vfs), and the shim
//! does the rest. Whoever builds a guest may use it; no other room does.
//!
//! # What can be reached
//!
//! [`open_dir`] and [`listen_at`] are the only functions that take a path of the host. Everything else is reached from a
//! handle that the embedder has, or that the process was started with: a directory, by names that hold no slash and are
//! never followed; a stream; a socket.
//!
//! # Where it runs
//!
//! On Linux, where it is tested. It is written for the other Unix systems too, but not tested there. On Windows it
//! does not exist yet.

mod activation;
mod clock;
#[cfg(target_os = "linux")]
mod deep;
mod dir;
mod entropy;
mod errno;
mod facts;
mod file;
mod generator;
mod list;
mod net;
mod nowait;
mod open;
mod poll;
#[cfg(feature = "tokio")]
mod reactor;
mod ready;
mod socket_file;
mod stdio;
mod stream;
mod wipe;

pub use activation::{Activated, ActivationError, activated};
pub use clock::OsClock;
pub use entropy::OsEntropy;
pub use net::{listener, socket};
pub use poll::Poller;
#[cfg(feature = "tokio")]
pub(crate) use reactor::{Seen, Watch};
pub use socket_file::{SocketFile, listen_at};
pub use stdio::{input, output, stderr, stdin, stdout};

use crate::vfs::Dir;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

/// What a guest is told of an error of the host's: its counterpart, or `io`.
pub fn errno(error: &io::Error) -> crate::abi::Errno {
    errno::from_io(error)
}

/// A directory of the host that the embedder has open already. It is reached by its handle alone, as what
/// [`open_dir`] opens.
///
/// # Errors
/// The operating system's; `NotADirectory` if it is none.
pub fn dir(handle: impl Into<OwnedFd>) -> io::Result<Arc<dyn Dir>> {
    let handle = handle.into();
    let stat = rustix::fs::fstat(&handle)?;
    if facts::file_type(&stat) != rustix::fs::FileType::Directory {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    Ok(Arc::new(dir::HostDir::from_handle(handle)))
}

/// Opens a directory of the host, with all the permissions that this process has.
///
/// The path is the embedder's: it is resolved by the operating system, symbolic links included. From then on nothing
/// above the directory can be reached through the result.
///
/// # Errors
/// The operating system's, for example if the path does not lead to a directory.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// let here = wasi_shim::host::open_dir(".")?;
/// assert!(here.metadata().is_ok());
/// # Ok(())
/// # }
/// ```
pub fn open_dir(path: impl AsRef<Path>) -> io::Result<Arc<dyn Dir>> {
    let dir = cap_std::fs::Dir::open_ambient_dir(path, cap_std::ambient_authority())?;
    Ok(Arc::new(dir::HostDir::new(dir)))
}
