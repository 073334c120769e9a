//! Filesystems and streams that need no operating system.
//!
//! This room knows the traits of [`vfs`](crate::vfs) and the error codes, and how to keep bytes in memory. It refuses
//! to know paths, descriptors, guests and the host it runs on. Embedders use what is public here; nothing else in the
//! crate depends on it.
//!
//! | | |
//! |---|---|
//! | [`MemDir`] | a tree in memory, with limits and snapshots |
//! | [`Overlay`] | any tree, to be changed without touching it |
//! | `Archive` (feature `archive`) | a tar or zip file as a tree, read in place |
//! | `Embedded` (feature `embedded`) | a tree that was compiled into the program |
//! | [`Devices`], [`ClosureDir`], [`ClosureFile`] | a `/dev`; names and files made of closures |
//! | [`Mounts`] | several trees in one |
//! | [`Quota`] | any tree, of which only so much may be used |
//! | [`ReadOnly`] | any tree, for reading |
//! | [`Trace`], [`Faulty`], [`Latency`], [`Tap`] | any tree, with somebody who sees, fails or delays each call |
//! | `InPlace` (feature `tokio`) | any tree, whose operations let other tasks go on meanwhile |
//! | [`Capped`] | any file, up to a size |
//! | [`Null`], [`Zero`], [`Full`], [`Random`], [`Input`], [`Capture`], [`pipe`] | streams |
//! | [`Log`], [`Terminal`], [`ScriptedTerminal`] | output as lines; terminals for programs that want one |
//! | [`copy_tree`] | copies a tree from any filesystem to any other |

#[cfg(feature = "archive")]
mod archive;
mod content;
mod copy;
mod devices;
#[cfg(feature = "embedded")]
mod embedded;
mod forward;
#[cfg(feature = "tokio")]
mod in_place;
mod lock;
mod memory;
mod mounts;
mod overlay;
mod quota;
mod read_only;
mod streams;
mod tap;
mod trail;

#[cfg(feature = "archive")]
pub use archive::{Archive, ArchiveBuilder, ArchiveError, ReadAt, SkipReason, Skipped};
pub use copy::{CopyError, CopyReport, copy_tree};
pub use devices::{
    BadName, Capped, ClosureDir, ClosureFile, Devices, DevicesBuilder, Full, Log, Random, Script,
    ScriptedTerminal, Seeded, Terminal, Zero,
};
#[cfg(feature = "embedded")]
pub use embedded::Embedded;
#[cfg(feature = "tokio")]
pub use in_place::InPlace;
pub use memory::{MemBuilder, MemDir, MemUsage};
pub use mounts::{MountError, Mounts, MountsBuilder};
pub use overlay::{Change, CommitError, Overlay, OverlayBuilder};
pub use quota::{Quota, QuotaBuilder, QuotaUsage};
pub use read_only::ReadOnly;
pub use streams::{Capture, Input, Null, PipeReader, PipeWriter, pipe};
pub use tap::{Answer, Call, Event, Faulty, Latency, Operation, Place, Probe, Tap, Trace, Verdict};
