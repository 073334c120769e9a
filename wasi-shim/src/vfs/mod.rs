//! The plug: all that the author of a filesystem reads.
//!
//! A filesystem is an `Arc<dyn Dir>`, its root. This room knows what directories, files and streams can be asked to do
//! and in which order errors are checked. It has never heard of paths, `..`, links being followed, descriptors, rights
//! or guests: the shim settles those before it asks, so that no filesystem can get them wrong. Filesystems and the rest
//! of the crate meet here.
//!
//! # A filesystem in an afternoon
//!
//! Four methods of [`Dir`] and two of [`File`] make a read-only filesystem; everything else answers "read-only" until
//! it is overridden. A directory that holds one file, made up when it is read:
//!
//! ```
//! use std::{ops::ControlFlow, sync::Arc};
//! use wasi_shim::abi::{Errno, FileKind, Result};
//! use wasi_shim::vfs::{Dir, Entry, File, Metadata, Name, Node, OpenRequest};
//!
//! struct Greeting;
//!
//! impl Dir for Greeting {
//!     fn metadata(&self) -> Result<Metadata> {
//!         Ok(Metadata::dir(1))
//!     }
//!     fn stat(&self, name: Name<'_>) -> Result<Metadata> {
//!         if name.as_str() == "hello" { Text.metadata() } else { Err(Errno::Noent) }
//!     }
//!     fn open(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
//!         self.stat(name)?;
//!         request.check_existing(FileKind::RegularFile)?;
//!         if request.mutates() { Err(Errno::Rofs) } else { Ok(Node::File(Arc::new(Text))) }
//!     }
//!     fn list(&self, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
//!         let _ = sink(Entry { name: "hello", ino: 2, kind: FileKind::RegularFile });
//!         Ok(())
//!     }
//! }
//!
//! struct Text;
//!
//! impl File for Text {
//!     fn metadata(&self) -> Result<Metadata> {
//!         Ok(Metadata::file(2, 6))
//!     }
//!     fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
//!         Ok(wasi_shim::vfs::read_slice(b"hello\n", buf, offset))
//!     }
//! }
//!
//! let wasi = wasi_shim::Wasi::builder().preopen("/", Arc::new(Greeting), wasi_shim::Access::ReadOnly).build()?;
//! # Ok::<(), wasi_shim::BuildError>(())
//! ```
//!
//! # What an implementation may rely on
//!
//! * It is given one [`Name`] at a time. No path, no `.`, no `..`, no trailing slash can arrive.
//! * It is never asked to follow a symbolic link: it returns [`Node::Symlink`], and the shim decides.
//! * It is never asked for a parent directory, so it needs no pointer to one.
//! * Offsets, the append flag, directory positions, rights and read-only grants are kept by the shim.
//! * [`Dir::rename`] and [`Dir::link`] are called only when both directories report the same [`FsId`].
//!
//! A filesystem that hands names to Windows checks each with [`check_windows_name`] first.
//!
//! The feature `contract` brings the tests that every filesystem must pass, ready to be run on yours.

mod ambient;
#[cfg(feature = "contract")]
pub mod contract;
mod dir;
mod file;
mod name;
mod stream;
mod types;
mod windows;

#[cfg(feature = "contract")]
pub use crate::__vfs_contract as contract;
pub use ambient::{Clock, Entropy, Waiter};
pub use dir::Dir;
pub(crate) use dir::same_filesystem;
pub use file::{File, read_slice};
pub use name::{DeepPath, Name, PlainPath};
pub use stream::{HostHandle, Interest, Readiness, Socket, Stream};
pub use types::{
    Create, Entry, Follow, FsId, Metadata, Node, OpenRequest, SetTime, SetTimes, SyncMode,
    SyncScope, Timestamp,
};
pub use windows::check_windows_name;
