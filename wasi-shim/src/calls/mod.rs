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

use crate::abi::{Abi, ClockId, Errno, Rights};
use crate::mem::Fault;
use crate::process::{Descriptor, Process};
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
    /// The call has to wait.
    Block(Pending),
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
    resume: Cell<Option<Resume>>,
}

impl<'a> Call<'a> {
    pub(crate) const fn new(process: &'a Process, abi: Abi, resume: Option<Resume>) -> Self {
        Self {
            process,
            abi,
            resume: Cell::new(resume),
        }
    }

    /// What an earlier attempt at this call left to remember.
    fn resumed(&self) -> Option<Resume> {
        self.resume.take()
    }

    /// How many bytes earlier attempts at this call have moved.
    fn moved(&self) -> u64 {
        match self.resumed() {
            Some(Resume::Transfer(_, moved)) => moved,
            _ => 0,
        }
    }

    /// The descriptor with this number, if it may do what needs these rights; that of the first attempt, if this is
    /// not the first.
    ///
    /// # Errors, in order
    /// `badf`, then those of [`Descriptor::require`].
    pub(crate) fn open(&self, fd: u32, needed: Rights) -> Reply<Arc<Descriptor>> {
        let resume = self.resume.take();
        if let Some(Resume::Transfer(begun, _)) = &resume {
            let begun = Arc::clone(begun);
            self.resume.set(resume);
            return Ok(begun);
        }
        let descriptor = self.process.fds.get(fd)?;
        descriptor.require(needed)?;
        Ok(descriptor)
    }
}
