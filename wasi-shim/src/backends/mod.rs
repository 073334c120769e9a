//! Filesystems and streams that need no operating system.
//!
//! This room knows the traits of [`vfs`](crate::vfs) and the error codes, and how to keep bytes in memory. It refuses
//! to know paths, descriptors, guests and the host it runs on. Embedders use what is public here; nothing else in the
//! crate depends on it.

mod copy;
mod lock;
mod memory;
mod read_only;
mod streams;

pub use copy::{CopyError, CopyReport, copy_tree};
pub use memory::{MemBuilder, MemDir, MemUsage};
pub use read_only::ReadOnly;
pub use streams::{Capture, Input, Null, PipeReader, PipeWriter, pipe};
