//! How much one guest may make the host do or keep. Each limit was an advisory somewhere first.

/// Limits of one guest. Start from [`Limits::default`] and change what you must.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Open descriptors: 1,024. Beyond it: `mfile`. On host directories each may take one of this process's, whose own
    /// limit (`RLIMIT_NOFILE`) is often as low: raise that, or lower this, before running many guests.
    pub descriptors: u32,
    /// Bytes of a path or a link's text: 4,096. Beyond it: `nametoolong`.
    pub path: u32,
    /// Symbolic links followed in one resolution: 40. Beyond it: `loop`.
    pub links: u32,
    /// Bytes of the texts of the links followed in one resolution: 160 KiB, as 40 links of 4,096 bytes have. Beyond it:
    /// `nametoolong`. With this or `links` lower, paths through links are walked on every filesystem, name by name.
    pub expanded_path: usize,
    /// Directories between a descriptor and what a path leads to, where they have to be walked one by one, because each
    /// is held open meanwhile: 256. Beyond it: `nametoolong`.
    pub depth: usize,
    /// Buffers in one read or write: 1,024. Beyond it: `inval`, as `readv` has it.
    pub iovecs: u32,
    /// Bytes copied at a time where a system call cannot work in the guest's memory directly: 64 KiB. At least one.
    pub bounce: usize,
    /// Entries in all the listings that the guest's descriptors hold: 1,000,000. Beyond it: `nomem`.
    pub listing_entries: usize,
    /// Bytes of the names in those listings: 64 MiB. Beyond it: `nomem`.
    pub listing_bytes: usize,
    /// Subscriptions in one `poll_oneoff`: 4,096. Beyond it: `inval`.
    pub subscriptions: u32,
}

// claim: limits.defaults
impl Default for Limits {
    fn default() -> Self {
        Self {
            descriptors: 1_024,
            path: 4_096,
            links: 40,
            expanded_path: 160 << 10,
            depth: 256,
            iovecs: 1_024,
            bounce: 64 << 10,
            listing_entries: 1_000_000,
            listing_bytes: 64 << 20,
            subscriptions: 4_096,
        }
    }
}
