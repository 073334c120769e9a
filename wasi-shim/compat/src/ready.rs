//! Waiting for a handle of the system's where an embedder asks a file of ours for it.
//!
//! This file knows that a task of tokio's waits there without its thread. It refuses to know guests, whom the shim waits
//! for. The host's files, streams and sockets use it, and what schedulers are given.

use crate::{Error, ErrorExt};
use std::os::fd::AsFd;
use wasi_shim::vfs::Interest;

/// Is this a task of tokio's?
#[cfg(feature = "tokio")]
pub(crate) fn in_a_task() -> bool {
    ::tokio::runtime::Handle::try_current().is_ok()
}

/// Is this a task of tokio's? Nobody has any.
#[cfg(all(feature = "sync", not(feature = "tokio")))]
pub(crate) const fn in_a_task() -> bool {
    false
}

/// Waits in a task; elsewhere it is `badf`, as for files that do not say.
pub(crate) async fn ready(handle: impl AsFd + Send, interest: Interest) -> Result<(), Error> {
    #[cfg(feature = "tokio")]
    if in_a_task() {
        return waited(handle, interest).await;
    }
    let _ = (handle, interest);
    Err(Error::badf())
}

/// The handle is waited for once more, because tokio takes none twice.
#[cfg(feature = "tokio")]
#[allow(
    deprecated,
    reason = "the other name is newer than what is asked for of tokio"
)]
async fn waited(handle: impl AsFd + Send, interest: Interest) -> Result<(), Error> {
    use ::tokio::io::unix::AsyncFd;
    let wanted = match interest {
        Interest::Read => ::tokio::io::Interest::READABLE,
        Interest::Write => ::tokio::io::Interest::WRITABLE,
    };
    let own = handle.as_fd().try_clone_to_owned()?;
    let own = match AsyncFd::with_interest(own, wanted) {
        Ok(own) => own,
        // A file, which is always ready.
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    own.ready(wanted).await.map(drop)?;
    Ok(())
}
