//! The wire vocabulary of preview1: error codes, flag sets, enumerations, record layouts and the table of functions.
//!
//! This room knows how values look as bytes and numbers. It holds no state, does no I/O and has never heard of a
//! file descriptor table, a path or an engine. Every other room may use it.
//!
//! Source of all of it: `WebAssembly/WASI`, branch `wasi-0.1`, `preview1/witx/*.witx`; a test parses that text and
//! compares it with what is written here.

mod errno;
mod flags;
mod kinds;
mod layout;
mod rights;
mod table;

pub use errno::Errno;
pub use flags::{
    EventRwFlags, FdFlags, FstFlags, LookupFlags, OFlags, RiFlags, RoFlags, SdFlags, SubclockFlags,
};
pub use kinds::{Advice, ClockId, EventType, FileKind, Signal, Whence};
pub(crate) use layout::MAX_SIZE;
pub use layout::{
    Abi, Dirent, Event, Fdstat, Filestat, Iovec, Prestat, Subscription, SubscriptionKind, Wire,
};
pub use rights::Rights;
pub use table::{CoreType, Signature, Syscall};

/// Result of everything below the wire: a value, or the error code the guest will see.
pub type Result<T, E = Errno> = core::result::Result<T, E>;
