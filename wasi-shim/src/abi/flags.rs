//! The flag sets of preview1. A bit that the specification does not name is refused with `inval` where it is decoded.

use bitflags::bitflags;

bitflags! {
    /// `fdflags`: how an open descriptor behaves.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct FdFlags: u16 {
        /// Every write goes to the end of the file.
        const APPEND = 1 << 0;
        /// A write returns when its data are durable.
        const DSYNC = 1 << 1;
        /// A call that would wait answers `again`.
        const NONBLOCK = 1 << 2;
        /// A read returns when what it read is durable.
        const RSYNC = 1 << 3;
        /// A write returns when its data and the file's facts are durable.
        const SYNC = 1 << 4;
    }

    /// `oflags`: what `path_open` may do to get a descriptor.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct OFlags: u16 {
        /// Create the file if it is missing.
        const CREAT = 1 << 0;
        /// Fail unless it is a directory.
        const DIRECTORY = 1 << 1;
        /// With `CREAT`: fail if the name is taken.
        const EXCL = 1 << 2;
        /// Cut the file to nothing.
        const TRUNC = 1 << 3;
    }

    /// `lookupflags`: whether a symbolic link at the end of a path is followed.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct LookupFlags: u32 {
        /// Follow it.
        const SYMLINK_FOLLOW = 1 << 0;
    }

    /// `fstflags`: which times to set, and to what.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct FstFlags: u16 {
        /// Set the time of last access to the value given.
        const ATIM = 1 << 0;
        /// Set the time of last access to now.
        const ATIM_NOW = 1 << 1;
        /// Set the time of last modification to the value given.
        const MTIM = 1 << 2;
        /// Set the time of last modification to now.
        const MTIM_NOW = 1 << 3;
    }

    /// `riflags`: how `sock_recv` receives.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct RiFlags: u16 {
        /// Leave what is read in the queue.
        const RECV_PEEK = 1 << 0;
        /// On a byte stream: wait until the buffers are full.
        const RECV_WAITALL = 1 << 1;
    }

    /// `roflags`: what `sock_recv` has to say about what it received.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct RoFlags: u16 {
        /// The message was longer than the buffers; the rest is lost.
        const RECV_DATA_TRUNCATED = 1 << 0;
    }

    /// `sdflags`: which directions `sock_shutdown` closes.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct SdFlags: u8 {
        /// Further receives.
        const RD = 1 << 0;
        /// Further sends.
        const WR = 1 << 1;
    }

    /// `subclockflags`: how a clock subscription's timeout is meant.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct SubclockFlags: u16 {
        /// As a time of the clock; otherwise as a duration from now.
        const SUBSCRIPTION_CLOCK_ABSTIME = 1 << 0;
    }

    /// `eventrwflags`: the state of a descriptor when it became ready.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct EventRwFlags: u16 {
        /// The other end has closed.
        const FD_READWRITE_HANGUP = 1 << 0;
    }
}
