//! A filesystem of which only so much may be used.
//!
//! Knows how much that is and how it is counted. Refuses to know what it wraps: that is asked for lengths and numbers of
//! names, and trusted. Embedders use it.

mod accounts;
mod dir;
mod file;
mod meter;
mod usage;

pub use usage::QuotaUsage;

use crate::abi::Result;
use crate::vfs::Dir;
use accounts::Accounts;
use meter::Meter;
use std::sync::Arc;

/// A directory below which files may have only so many bytes together, and there may be only so many of them. What would
/// be more is refused with `dquot`.
///
/// * Bytes are lengths, holes included: a file that is made long without being written counts as long. So a program's
///   files never need more room than was granted, whatever the host does with holes.
/// * A write that has room for some of its bytes writes those; the next is refused, as POSIX has it.
/// * What is removed counts for as long as another name or an open handle keeps it. A directory that is removed does not.
/// * The figures are exact, however many threads there are, as long as all changes come through here. While a change is
///   being made others may find less room than there will be, never more.
///
/// The wrapped filesystem is asked with locks held: it must not call back. It tells how many names a file has; a name
/// elsewhere keeps the file counted, as it is kept on the disk.
///
/// ```
/// use wasi_shim::backends::{MemDir, Quota};
///
/// let root = Quota::builder().bytes(64 << 20).inodes(10_000).build(MemDir::new())?;
/// assert_eq!(root.usage().bytes, 0);
/// # Ok::<(), wasi_shim::abi::Errno>(())
/// ```
pub struct Quota {
    inner: Arc<dyn Dir>,
    accounts: Arc<Accounts>,
}

/// Makes a [`Quota`].
#[derive(Clone, Copy, Debug)]
pub struct QuotaBuilder {
    bytes: u64,
    inodes: u64,
    used: Option<QuotaUsage>,
}

impl Default for QuotaBuilder {
    fn default() -> Self {
        Self {
            bytes: u64::MAX,
            inodes: u64::MAX,
            used: None,
        }
    }
}

impl QuotaBuilder {
    /// How many bytes files, and texts of links, may have together. No limit if not said.
    pub const fn bytes(mut self, limit: u64) -> Self {
        self.bytes = limit;
        self
    }

    /// How many files, directories and links there may be, without the root. No limit if not said.
    pub const fn inodes(mut self, limit: u64) -> Self {
        self.inodes = limit;
        self
    }

    /// How much is used already, if that is known: then nothing is counted. It may be more than the limits; then things
    /// can only become fewer.
    pub const fn used(mut self, usage: QuotaUsage) -> Self {
        self.used = Some(usage);
        self
    }

    /// Puts the quota on a directory. What is there is [counted](QuotaUsage::count) first, unless it was given.
    ///
    /// # Errors
    /// Those of counting.
    pub fn build(self, inner: Arc<dyn Dir>) -> Result<Arc<Quota>> {
        let used = match self.used {
            Some(used) => used,
            None => QuotaUsage::count(&inner)?,
        };
        let accounts = Accounts::new(
            Meter::new(used.bytes, self.bytes),
            Meter::new(used.inodes, self.inodes),
        );
        Ok(Arc::new(Quota { inner, accounts }))
    }
}

impl Quota {
    /// Chooses the limits.
    pub fn builder() -> QuotaBuilder {
        QuotaBuilder::default()
    }

    /// How much is used. What is removed and still open is in it.
    pub fn usage(&self) -> QuotaUsage {
        QuotaUsage {
            bytes: self.accounts.bytes.used(),
            inodes: self.accounts.inodes.used(),
        }
    }

    /// Another directory under the same quota.
    fn within(&self, inner: Arc<dyn Dir>) -> Self {
        let accounts = Arc::clone(&self.accounts);
        Self { inner, accounts }
    }
}
