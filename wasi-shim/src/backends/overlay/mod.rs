//! A filesystem that is changed over another that is not.
//!
//! Knows the merged tree: what the lower tree has, but for what was changed, and where the content of changes is.
//! Refuses to know paths, access rights and the host. Embedders and tests use [`Overlay`]; guests reach it like any other
//! filesystem.

mod change;
mod child;
mod commit;
mod content;
mod dir;
mod elsewhere;
mod file;
mod leaf;
mod look;
mod lower;
mod node;
mod plan;
mod rename;
mod store;
mod survey;
mod table;
mod times;
mod volume;
mod work;

pub use change::{Change, CommitError};

use super::MemDir;
use super::memory::{Meter, system_time};
use crate::vfs::{Dir, Timestamp};
use lower::Lower;
use node::DirNode;
use std::fmt;
use std::sync::Arc;
use store::Upper;
use volume::{Meters, TimeSource, Volume};

/// A directory in which everything can be changed, over one that stays as it is.
///
/// The lower tree, any filesystem, is only ever read. What is changed is kept beside it: names, links, directories and
/// times in memory, and the content of files in the upper directory, of any filesystem too, under names of its own. So the
/// upper filesystem needs no more than files that can be created, written and removed. It is scratch space: empty again
/// when the overlay and all its handles are gone, and no other overlay can go on with it. To keep the changes,
/// [`commit`](Self::commit) them.
///
/// A file is copied when it is first written to, all at once: who has it open, for reading too, sees the one file, and if
/// the upper filesystem has no room, the write fails and nothing has happened. Moving a directory copies nothing. Numbers
/// of files are the lower tree's and stay when a file is copied. Names of one file in the lower tree are names of one file
/// here, if the lower directories have an [`FsId`](crate::vfs::FsId); else each of them becomes a file of its own when it
/// is written to. What can be read below can be changed here, whatever its permissions; but devices and FIFOs of the lower
/// tree can only be read.
///
/// If others change the lower tree meanwhile, what is unchanged here shows their changes or an error, `stale` among them.
/// What is changed here stays, but which names of the lower tree are one file is theirs to say. Nothing outside the lower
/// tree can be reached by that. Nothing is durable before it is committed.
///
/// ```
/// use wasi_shim::backends::{MemDir, Overlay};
/// use wasi_shim::vfs::{Dir, Name};
///
/// let lower = MemDir::new();
/// lower.file("config", "as delivered")?;
/// let root = Overlay::new(lower.clone());
/// root.remove_file(Name::new("config")?)?;
/// assert!(root.stat(Name::new("config")?).is_err());
/// assert_eq!(lower.contents("config")?, b"as delivered");
/// # Ok::<(), wasi_shim::abi::Errno>(())
/// ```
pub struct Overlay {
    volume: Arc<Volume>,
    node: Arc<DirNode>,
    /// The lower directory, kept open as long as this one is.
    lower: Option<Lower>,
}

/// Makes an [`Overlay`] with an upper directory, limits or a clock of its own.
pub struct OverlayBuilder {
    lower: Arc<dyn Dir>,
    upper: Option<Arc<dyn Dir>>,
    inodes: u64,
    names: u64,
    time: TimeSource,
}

/// The limits, by the names of what sets them.
impl fmt::Debug for OverlayBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OverlayBuilder")
            .field("inodes", &self.inodes)
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

impl OverlayBuilder {
    /// Where the content of changed and new files is kept. A [`MemDir`] of its own if not said.
    ///
    /// It must not be in the lower tree. What else is in it is left alone.
    pub fn upper(mut self, dir: Arc<dyn Dir>) -> Self {
        self.upper = Some(dir);
        self
    }

    /// How many files, directories and links may be new or changed. 1,000,000 if not said.
    pub const fn inodes(mut self, limit: u64) -> Self {
        self.inodes = limit;
        self
    }

    /// How many bytes new, changed and removed names and the texts of new links may take up. 128 MiB if not said. An entry
    /// counts as 96 bytes and its name, a changed node of the lower tree as 96 bytes and its path. What was removed from
    /// the lower tree has to be remembered: removing, too, can answer `nospc`.
    pub const fn names(mut self, limit: u64) -> Self {
        self.names = limit;
        self
    }

    /// Where the times of changes come from. The source may be called by several threads at once; it is never called
    /// with a lock held.
    pub fn time(mut self, source: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.time = Box::new(source);
        self
    }

    /// The root of the merged tree.
    pub fn build(self) -> Arc<Overlay> {
        let lower = Lower::new(self.lower);
        let upper = self.upper.unwrap_or_else(|| MemDir::new());
        let meters = Meters {
            inodes: Meter::new(self.inodes),
            names: Meter::new(self.names),
        };
        let volume = Volume::new(lower.clone(), Upper::new(upper), meters, self.time);
        Overlay::root(volume, lower)
    }
}

impl Overlay {
    /// The root of a tree that is `lower`'s until it is changed. Changes are kept in memory.
    #[allow(
        clippy::new_ret_no_self,
        reason = "a directory exists only behind an `Arc`"
    )]
    pub fn new(lower: Arc<dyn Dir>) -> Arc<Self> {
        Self::builder(lower).build()
    }

    /// Chooses the upper directory, limits and the source of times.
    pub fn builder(lower: Arc<dyn Dir>) -> OverlayBuilder {
        OverlayBuilder {
            lower,
            upper: None,
            inodes: 1_000_000,
            names: 128 << 20,
            time: Box::new(system_time),
        }
    }

    /// The root of this overlay, open.
    fn root(volume: Volume, lower: Lower) -> Arc<Self> {
        let node = volume.root(&lower);
        Self::handle(&Arc::new(volume), node, Some(lower))
    }

    /// A directory of it, open.
    fn handle(volume: &Arc<Volume>, node: Arc<DirNode>, lower: Option<Lower>) -> Arc<Self> {
        if let Some(lower) = &lower {
            node.opened(lower);
        }
        let volume = Arc::clone(volume);
        Arc::new(Self {
            volume,
            node,
            lower,
        })
    }
}
