//! The door: a function and its core arguments in, an [`Outcome`] out.
//!
//! This room knows how arguments are decoded, in which order a call is checked, and what can come of it. It does not know
//! what any function means, and no engine. Adapters to engines use it, and nothing else of the crate.

mod arguments;
mod blocked;
mod trampolines;
mod watch;

pub use blocked::Blocked;
pub use trampolines::raw;
pub use watch::Watch;

use crate::abi::{Abi, Errno, Syscall};
use crate::calls::Failure;
use crate::mem::{Fault, Memory};
use crate::process::{Ended, FaultMode, Process, after};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// One guest: its arguments, environment, descriptors and limits. Made by [`Wasi::builder`].
///
/// Cheap to clone; clones are the same guest. All methods can be called from any thread.
#[derive(Clone)]
pub struct Wasi(pub(crate) Arc<Process>);

/// What a call did: all that an adapter has to interpret.
#[must_use]
#[derive(Debug)]
pub enum Outcome {
    /// Put this number in the result register; 0 is success.
    Return(u16),
    /// `proc_exit`: unwind the guest. Not a failure.
    Exit(Exit),
    /// End the guest with this error.
    Trap(Trap),
    /// It cannot go on yet. [Wait](Blocked::wait), then [resume](Blocked::resume).
    Block(Blocked),
}

impl fmt::Debug for Wasi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wasi").finish_non_exhaustive()
    }
}

/// The guest ended itself, with this code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the program exited with code {0}")]
pub struct Exit(pub u32);

/// An error that ends the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Trap {
    /// A pointer to something outside the memory.
    #[error("{call}: pointer {address:#x} to {len} bytes is outside the memory of {size:#x} bytes")]
    OutOfBounds {
        /// The function.
        call: Syscall,
        /// The pointer.
        address: u32,
        /// How many bytes were to be there.
        len: u64,
        /// The size of the memory.
        size: u64,
    },
    /// A pointer that its type does not allow.
    #[error(
        "{call}: pointer {address:#x} in a memory of {size:#x} bytes is not a multiple of {align}"
    )]
    Misaligned {
        /// The function.
        call: Syscall,
        /// The pointer.
        address: u32,
        /// The alignment it should have had.
        align: u32,
        /// The size of the memory.
        size: u64,
    },
    /// The instance has no memory to pass arguments in.
    #[error("the module exports no memory named \"memory\", which every WASI program does")]
    NoMemory,
    /// The embedder called [`Wasi::cancel`].
    #[error("the program was cancelled")]
    Cancelled,
    /// The deadline that the embedder set has passed ([`Builder::deadline`](crate::Builder::deadline),
    /// [`Wasi::set_deadline`]).
    #[error("the program's deadline has passed")]
    Deadline,
}

impl Outcome {
    /// Of whatever a guest that has ended asks for.
    #[cold]
    const fn ended(ended: Ended) -> Self {
        match ended {
            Ended::Cancelled => Self::Trap(Trap::Cancelled),
            Ended::Deadline => Self::Trap(Trap::Deadline),
            Ended::Exited(code) => Self::Exit(Exit(code)),
        }
    }
}

impl Trap {
    const fn of(call: Syscall, fault: Fault) -> Self {
        let Fault {
            address,
            len,
            misaligned,
            size,
        } = fault;
        match misaligned {
            Some(align) => Self::Misaligned {
                call,
                address,
                align,
                size,
            },
            None => Self::OutOfBounds {
                call,
                address,
                len,
                size,
            },
        }
    }
}

/// The core arguments of a call, in order; a function with fewer leaves the rest at 0.
type CoreArgs = [i64; 9];

impl Wasi {
    /// Calls a function by its number in the table. Arguments that are missing are 0, surplus ones are ignored; 32-bit
    /// arguments are the low half of theirs. [`raw`] has the same functions by name.
    pub fn call(&self, abi: Abi, memory: &mut Memory<'_>, call: Syscall, args: &[i64]) -> Outcome {
        self.attempt(abi, memory, call, args, None)
    }

    /// Ends the guest from any thread: a call that waits stops waiting, and it and every later call answer
    /// [`Trap::Cancelled`]. Does nothing for one that has [exited](Self::exit).
    pub fn cancel(&self) {
        self.0.cancel();
    }

    /// Ends the guest from any thread, with an exit code: a call that waits stops waiting, and it and every later call
    /// answer [`Outcome::Exit`] with this code. Does nothing for a guest that was cancelled or has exited before.
    ///
    /// `proc_exit` itself ends only whoever calls it, as the next instance may share this guest. A host whose guests have
    /// threads of its own calls this when one of them exits, so that the others do not wait for ever.
    pub fn exit(&self, code: u32) {
        self.0.exit(code);
    }

    /// Something to find out with that the guest has been ended, without making a call.
    pub fn watch(&self) -> Watch {
        Watch::new(Arc::clone(&self.0))
    }

    /// Gives the guest so much time from now on, or all of it, in place of the deadline that it has. When the time is over,
    /// a call that waits stops waiting, and it and every later call answer [`Trap::Deadline`]. A guest that was cancelled
    /// stays so; one whose deadline has passed may go on with a new one, which is for instances that serve one request
    /// after the other.
    ///
    /// Time is that of the guest's monotonic clock, and so the embedder's, if it gave the guest
    /// [a clock](crate::Builder::clock): one that stands still ends nobody. Somebody has to look at it: [`Blocked::wait`]
    /// does, and so does who goes by [`Blocked::timeout`].
    ///
    /// A guest that computes makes no call, and a deadline does not end it, unless it was begun by
    /// `run_threads_wasmtime!` (feature `threads`). That is the engine's to limit, by fuel or epochs; an
    /// embedder that wants both sets both to the same time, and gets whichever is noticed first.
    ///
    /// # Errors
    /// Those of the clock; the deadline stays as it was.
    pub fn set_deadline(&self, left: Option<Duration>) -> crate::abi::Result<()> {
        let deadline = match left {
            None => None,
            Some(left) => Some(after(&*self.0.clock, left)?),
        };
        self.0.set_deadline(deadline);
        Ok(())
    }

    /// What comes of a call that gave neither a value nor an error code.
    #[cold]
    fn fail(&self, abi: Abi, call: Syscall, args: CoreArgs, failure: Failure) -> Outcome {
        match failure {
            Failure::Errno(errno) => Outcome::Return(errno.number()),
            Failure::Fault(fault) => match self.0.faults {
                FaultMode::Trap => Outcome::Trap(Trap::of(call, fault)),
                FaultMode::Errno => Outcome::Return(Errno::Fault.number()),
            },
            Failure::Exit(code) => Outcome::Exit(Exit(code)),
            Failure::Block(pending) => {
                let process = Arc::clone(&self.0);
                Outcome::Block(Blocked::new(process, abi, call, args, pending))
            }
        }
    }
}
