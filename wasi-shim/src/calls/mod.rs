//! The 46 handlers: typed arguments in, typed results out.
//!
//! A handler knows what its function means and answers what the specification, POSIX and `spec-notes/` say, in the order
//! they say it. It sees no raw pointer, and no argument that has not been decoded and no descriptor whose rights have not
//! been checked; the dispatcher has done that from the function's row in the table. Only the dispatcher calls handlers.

pub(crate) mod args;
pub(crate) mod clock;
pub(crate) mod fd;
pub(crate) mod fdstat;
pub(crate) mod fixed;
pub(crate) mod io;
pub(crate) mod open;
pub(crate) mod path;
pub(crate) mod poll;
pub(crate) mod proc;
pub(crate) mod random;
pub(crate) mod readdir;
pub(crate) mod sock;
mod transfer;

use crate::abi::{Abi, ClockId, Errno, Result, Rights};
use crate::mem::{Bounce, Fault};
use crate::process::{Borrowed, Descriptor, Process};
use crate::vfs::{Interest, Stream, Timestamp};
use std::borrow::Cow;
use std::cell::Cell;
use std::sync::Arc;

/// A path or the text of a link, decoded: UTF-8, without NUL, within the limit.
pub(crate) type Text<'m> = Cow<'m, str>;

/// Result of a handler.
pub(crate) type Reply<T> = Result<T, Failure>;

/// Why a handler gave no value.
pub(crate) enum Failure {
    /// The guest gets this error code.
    Errno(Errno),
    /// The guest passed a bad pointer.
    Fault(Fault),
    /// `proc_exit`.
    Exit(u32),
    /// The call has to wait. Rare beside the others, and much larger.
    Block(Box<Pending>),
}

impl From<Errno> for Failure {
    fn from(errno: Errno) -> Self {
        Self::Errno(errno)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// What a call waits for, and how it goes on.
pub(crate) struct Pending {
    /// Any of these being ready ends the waiting.
    pub(crate) streams: Vec<(Arc<dyn Stream>, Interest)>,
    /// So does any of these clocks reaching its time.
    pub(crate) deadlines: Vec<(ClockId, Timestamp)>,
    pub(crate) resume: Resume,
}

/// What a call that goes on must remember. Its other arguments are decoded again.
pub(crate) enum Resume {
    /// A transfer: the descriptor it began with, whatever has the number by now, and how many bytes have been moved.
    Transfer(Arc<Descriptor>, u64),
    /// `poll_oneoff`: timeouts are times of their clocks by now.
    Poll(Vec<poll::Awaited>),
}

/// One call in progress.
pub(crate) struct Call<'a> {
    pub(crate) process: &'a Process,
    pub(crate) abi: Abi,
    resume: Cell<Option<Box<Resume>>>,
    /// Does it go on with a transfer, and so with the descriptor that it began with?
    transfers: bool,
}

impl<'a> Call<'a> {
    #[inline]
    pub(crate) fn new(process: &'a Process, abi: Abi, resume: Option<Box<Resume>>) -> Self {
        Self {
            process,
            abi,
            transfers: matches!(resume.as_deref(), Some(Resume::Transfer(..))),
            resume: Cell::new(resume),
        }
    }

    /// What an earlier attempt at this call left to remember.
    fn resumed(&self) -> Option<Resume> {
        self.resume.take().map(|resume| *resume)
    }

    /// What bytes go through where they cannot be moved in the guest's memory directly.
    #[inline]
    const fn bounce(&self) -> Bounce {
        Bounce::new(self.process.limits.bounce)
    }

    /// How many bytes earlier attempts at this call have moved.
    fn moved(&self) -> u64 {
        match self.resumed() {
            Some(Resume::Transfer(_, moved)) => moved,
            _ => 0,
        }
    }

    /// What has this number; if this is not the first attempt, what had it at the first. Held until the call ends.
    #[inline]
    pub(crate) fn find(&self, fd: u32) -> Borrowed {
        if self.transfers {
            return self.begun().unwrap_or_else(|| self.process.fds.get(fd));
        }
        self.process.fds.get(fd)
    }

    /// What a transfer began with.
    #[cold]
    fn begun(&self) -> Option<Borrowed> {
        let resume = self.resume.take();
        let begun = match resume.as_deref() {
            Some(Resume::Transfer(begun, _)) => Some(Arc::clone(begun).into()),
            _ => None,
        };
        self.resume.set(resume);
        begun
    }

    /// The descriptor that was found, if it may do what needs these rights. That of the first attempt has been judged.
    ///
    /// # Errors, in order
    /// `badf`, then those of [`Descriptor::require`].
    #[inline]
    pub(crate) fn open<'b>(
        &self,
        found: &'b Borrowed,
        needed: Rights,
    ) -> Result<&'b Arc<Descriptor>> {
        let descriptor = found.descriptor()?;
        if !needed.is_empty() && !self.transfers {
            descriptor.require(needed)?;
        }
        Ok(descriptor)
    }
}
