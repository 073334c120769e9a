//! The arguments of calls: which descriptor, which path, how to open, which times.

use std::fmt;
use wasi_shim::abi::{FdFlags, FstFlags, OFlags, Rights};

/// A descriptor, by the order in which it was asked for. The preopened directory is [`ROOT`].
pub type Slot = usize;

/// The slot of the preopened directory.
pub const ROOT: Slot = 0;

/// How many slots there are.
pub const SLOTS: usize = 7;

/// A path, or the text of a link: any bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Text(pub Vec<u8>);

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

/// Where a path begins, and the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    /// The directory.
    pub fd: Slot,
    /// The path.
    pub path: Text,
}

/// The times and flags of `*_filestat_set_times`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// Last access.
    pub atim: u64,
    /// Last modification.
    pub mtim: u64,
    /// Which of them are set, and to what.
    pub flags: FstFlags,
}

/// The arguments of `path_open`, but for the path.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// Is a link at the end followed?
    pub follow: bool,
    /// What may be done to get a descriptor.
    pub oflags: OFlags,
    /// The rights asked for.
    pub base: Rights,
    /// The rights asked for, for what is opened through it.
    pub inheriting: Rights,
    /// How it behaves.
    pub fdflags: FdFlags,
    /// The slot that it gets; what is in there is closed before.
    pub into: Slot,
}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Rights by name take a page.
        let (base, inheriting) = (self.base.bits(), self.inheriting.bits());
        let (oflags, fdflags) = (self.oflags, self.fdflags);
        write!(
            f,
            "{{ {oflags:?}, {fdflags:?}, follow: {}, base: {base:#x}, inheriting: {inheriting:#x}, into: {} }}",
            self.follow, self.into
        )
    }
}
