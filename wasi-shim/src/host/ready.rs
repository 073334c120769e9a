//! Whether a handle is ready.
//!
//! This file knows `poll(2)` as a question that does not wait. It does not know what is at the other end of the handle.
//! Only this room uses it.

use super::errno;
use crate::abi::Result;
use crate::vfs::{HostHandle, Interest, Readiness};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

const AT_ONCE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 0,
};

/// The events that end the wait for an interest. Errors and hangups always do.
pub(super) const fn events(interest: Interest) -> PollFlags {
    match interest {
        Interest::Read => PollFlags::IN.union(PEER_CLOSED),
        Interest::Write => PollFlags::OUT,
    }
}

/// "The peer will send no more", which only Linux and FreeBSD tell apart from "both directions are closed".
#[cfg(any(target_os = "linux", target_os = "freebsd"))]
pub(super) const PEER_CLOSED: PollFlags = PollFlags::RDHUP;
#[cfg(not(any(target_os = "linux", target_os = "freebsd")))]
pub(super) const PEER_CLOSED: PollFlags = PollFlags::empty();

/// What has happened on the handle; nothing if an operation would wait.
pub(super) fn look(fd: impl AsFd, interest: Interest) -> Result<PollFlags> {
    let mut fds = [PollFd::from_borrowed_fd(fd.as_fd(), events(interest))];
    retry_on_intr(|| poll(&mut fds, Some(&AT_ONCE))).map_err(errno::from_native)?;
    let [fd] = fds;
    Ok(fd.revents())
}

/// [`Stream::ready`](crate::vfs::Stream::ready) of a handle that `poll(2)` understands.
pub(super) fn readiness(
    fd: &Arc<OwnedFd>,
    interest: Interest,
    bytes: impl FnOnce() -> u64,
) -> Readiness {
    let happened = match look(fd, interest) {
        Ok(events) if events.is_empty() => return Readiness::Handle(HostHandle::new(fd.clone())),
        Ok(events) => events,
        // Whatever is wrong, the operation meets it at once.
        Err(_) => PollFlags::empty(),
    };
    let mut closed = PollFlags::HUP | PEER_CLOSED;
    if interest == Interest::Write {
        // Of the writing end of a pipe: nobody reads it any more.
        closed |= PollFlags::ERR;
    }
    Readiness::Now {
        bytes: bytes(),
        hangup: happened.intersects(closed),
    }
}

/// How many bytes wait to be read, 0 if that cannot be told.
pub(super) fn waiting(fd: impl AsFd) -> u64 {
    let count = rustix::io::ioctl_fionread(fd).unwrap_or_default();
    // The kernel counts in an `int`.
    if count > i32::MAX as u64 { 0 } else { count }
}
