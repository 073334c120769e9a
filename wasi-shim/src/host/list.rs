//! Listing a directory.
//!
//! This file knows how the kernel hands out directory entries. It does not look at a single file: what the directory
//! does not say is reported as unknown. Only `dir` uses it.

use super::dir::HostDir;
use super::{errno, facts};
use crate::abi::{Errno, Result};
use crate::vfs::Entry;
use rustix::fs::FileType;
use rustix::io::Errno as Native;
use std::ffi::CStr;
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::sync::PoisonError;

type Sink<'a> = &'a mut dyn FnMut(Entry<'_>) -> ControlFlow<()>;

/// [`Dir::list`](crate::vfs::Dir::list) of a host directory.
///
/// The numbers agree with `stat`, with one exception: a directory on which something is mounted is listed with the
/// number of what the mount hides, as POSIX systems do.
pub(super) fn list(dir: &HostDir, sink: Sink<'_>) -> Result<()> {
    let device = dir.device()?;
    match dir.reopen() {
        Ok(own) => report(own, device, sink).map_err(errno::from_native),
        Err(Native::ACCESS) => list_in_place(dir, device, sink),
        Err(native) => Err(errno::from_native(native)),
    }
}

/// Opening `.` needs the permission to search the directory, which reading it does not. What is left is the handle
/// itself, whose position all its users share.
fn list_in_place(dir: &HostDir, device: u64, sink: Sink<'_>) -> Result<()> {
    let _position = dir
        .position()
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let listed = rustix::fs::seek(dir.fd(), rustix::fs::SeekFrom::Start(0))
        .and_then(|_| rustix::io::fcntl_dupfd_cloexec(dir.fd(), 0))
        .and_then(|shared| report(shared, device, sink));
    listed.map_err(|native| match native {
        // The handle is not good for reading either: this is still the refusal that brought us here.
        Native::BADF => Errno::Acces,
        native => errno::from_native(native),
    })
}

/// How much the kernel may say at once.
#[cfg(target_os = "linux")]
const BUFFER: usize = 32 * 1024;

/// The kernel's own records, which need no allocation for each name.
#[cfg(target_os = "linux")]
fn report(dir: OwnedFd, device: u64, sink: Sink<'_>) -> Result<(), Native> {
    let mut buffer = Vec::with_capacity(BUFFER);
    let mut entries = rustix::fs::RawDir::new(dir, buffer.spare_capacity_mut());
    while let Some(entry) = entries.next() {
        let entry = match entry {
            // What the kernel says of a directory that has been removed.
            Err(Native::NOENT) => break,
            Err(Native::INTR) => continue,
            entry => entry?,
        };
        let (name, ino) = (entry.file_name(), facts::ino(device, entry.ino()));
        if tell(sink, name, ino, entry.file_type()).is_break() {
            break;
        }
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn report(dir: OwnedFd, device: u64, sink: Sink<'_>) -> Result<(), Native> {
    let mut entries = rustix::fs::Dir::new(dir)?;
    while let Some(entry) = entries.read() {
        let entry = entry?;
        let (name, ino) = (entry.file_name(), facts::ino(device, entry.ino()));
        if tell(sink, name, ino, entry.file_type()).is_break() {
            break;
        }
    }
    Ok(())
}

/// A name that is not UTF-8 cannot be spelled by a guest. That there is such an entry is told all the same: the directory
/// cannot be removed.
fn tell(sink: Sink<'_>, name: &CStr, ino: u64, file_type: FileType) -> ControlFlow<()> {
    let name = name.to_str().unwrap_or_default();
    if matches!(name, "." | "..") {
        return ControlFlow::Continue(());
    }
    let kind = facts::kind(file_type);
    sink(Entry { name, ino, kind })
}
