//! Unix sockets that listen at a path of the host.
//!
//! This file knows how to take a path that an earlier process has left, and how to leave none behind. It does not know who
//! connects. Whoever builds a guest may use it; a guest never does.

use super::net;
use crate::vfs::Stream;
use rustix::io::{Errno as Native, FdFlags, fcntl_setfd, ioctl_fionbio};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType};
use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The name of a listening socket in the host's filesystem. It is removed when this is dropped, if it is still the
/// socket that was made.
///
/// A program that ends by [`std::process::exit`] or a signal drops nothing: the next one to listen there removes what was
/// left.
#[must_use = "the socket's name is removed when this is dropped"]
#[derive(Debug)]
pub struct SocketFile {
    path: PathBuf,
    identity: Identity,
}

/// What tells a file from one that has taken its name. Numbers are used again, so it takes the time of its making too;
/// permissions may be changed.
type Identity = (u64, u64, i64, i64);

fn identity(facts: &Metadata) -> Identity {
    (facts.dev(), facts.ino(), facts.mtime(), facts.mtime_nsec())
}

/// Listens at a path of the host: the stream is for [`Builder::socket`](crate::Builder::socket), the file is kept until
/// nobody should connect any more.
///
/// If the path is taken by a socket that nobody answers at, as a process that was killed leaves it, that one is removed
/// first. Whether somebody does is found out by connecting, which a listener that is alive sees as a connection that
/// ends at once. Two processes that are started at the same moment may both find the old socket dead; the one that is
/// later then takes the name.
///
/// ```no_run
/// let (listener, file) = wasi_shim::host::listen_at("/run/program.sock")?;
/// let wasi = wasi_shim::Wasi::builder().socket(listener).build()?;
/// // … run the guest …
/// drop(file);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Who may connect is decided by the permissions of the directory, and of the socket, which the umask gives it.
///
/// # Errors
/// `AlreadyExists` if something is there that is no socket; `AddrInUse` if a socket is there that somebody answers at, or
/// that it is not known of; else the operating system's, for a path that is too long (107 bytes on Linux), say.
pub fn listen_at(path: impl AsRef<Path>) -> io::Result<(Arc<dyn Stream>, SocketFile)> {
    // Whoever changes the working directory later should not make us remove something else.
    let path = std::path::absolute(path)?;
    let bound = match UnixListener::bind(&path) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            remove_dead(&path)?;
            UnixListener::bind(&path)?
        }
        bound => bound?,
    };
    let identity = identity(&fs::symlink_metadata(&path)?);
    Ok((net::listener(bound)?, SocketFile { path, identity }))
}

/// Removes a socket that nobody answers at.
fn remove_dead(path: &Path) -> io::Result<()> {
    let Some(facts) = look(path)? else {
        return Ok(());
    };
    if !facts.file_type().is_socket() {
        return Err(refusal(
            ErrorKind::AlreadyExists,
            path,
            "is there and is no socket",
        ));
    }
    if answers(path) {
        return Err(refusal(
            ErrorKind::AddrInUse,
            path,
            "is a socket that is in use",
        ));
    }
    match look(path)? {
        Some(now) if identity(&now) == identity(&facts) => fs::remove_file(path),
        _ => Err(refusal(
            ErrorKind::AddrInUse,
            path,
            "was taken by somebody else",
        )),
    }
}

fn look(path: &Path) -> io::Result<Option<Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(facts) => Ok(Some(facts)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn refusal(kind: ErrorKind, path: &Path, what: &str) -> io::Error {
    let path = path.display();
    io::Error::new(
        kind,
        format!("{path} {what}; remove it, or listen elsewhere"),
    )
}

/// Does somebody answer at this socket? Only a refusal is a no: a queue that is full, a socket of another kind or one
/// that we may not connect to belong to somebody.
fn answers(path: &Path) -> bool {
    let attempt = || {
        let socket = rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None)?;
        fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
        ioctl_fionbio(&socket, true)?;
        rustix::net::connect(&socket, &SocketAddrUnix::new(path)?)
    };
    !matches!(attempt(), Err(Native::CONNREFUSED | Native::NOENT))
}

impl SocketFile {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let ours = |facts: &Metadata| identity(facts) == self.identity;
        if let Ok(Some(facts)) = look(&self.path)
            && ours(&facts)
        {
            // Whoever removed it meanwhile has done our work.
            let _ = fs::remove_file(&self.path);
        }
    }
}
