//! What a guest can be made to do, as data: one call with all its arguments.
//!
//! Knows how the calls are spelled, and nothing of what they answer. A descriptor is named by its [`Slot`], because the
//! systems that are compared number their descriptors as they like.

use super::{Answer, At, Opening, Slot, Text, Times};
use wasi_shim::abi::{Advice, FdFlags, Rights, Whence};

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Call {
    Advise {
        fd: Slot,
        offset: u64,
        len: u64,
        advice: Advice,
    },
    Allocate {
        fd: Slot,
        offset: u64,
        len: u64,
    },
    Close {
        fd: Slot,
    },
    Datasync {
        fd: Slot,
    },
    Sync {
        fd: Slot,
    },
    FdstatGet {
        fd: Slot,
    },
    FdstatSetFlags {
        fd: Slot,
        flags: FdFlags,
    },
    /// `without` is taken from the rights that it has; with `gain`, one it may not have is asked for.
    FdstatSetRights {
        fd: Slot,
        without: Rights,
        gain: Rights,
    },
    FilestatGet {
        fd: Slot,
    },
    FilestatSetSize {
        fd: Slot,
        size: u64,
    },
    FilestatSetTimes {
        fd: Slot,
        times: Times,
    },
    Read {
        fd: Slot,
        lens: Vec<usize>,
    },
    Pread {
        fd: Slot,
        lens: Vec<usize>,
        offset: u64,
    },
    Write {
        fd: Slot,
        parts: Vec<Vec<u8>>,
    },
    Pwrite {
        fd: Slot,
        parts: Vec<Vec<u8>>,
        offset: u64,
    },
    PrestatGet {
        fd: Slot,
    },
    PrestatDirName {
        fd: Slot,
        len: usize,
    },
    /// The whole directory, read through a buffer of this length as often as it takes.
    Readdir {
        fd: Slot,
        len: usize,
    },
    /// How many entries there are from a position on.
    ReaddirFrom {
        fd: Slot,
        cookie: u64,
    },
    Renumber {
        from: Slot,
        to: Slot,
    },
    Seek {
        fd: Slot,
        delta: i64,
        whence: Whence,
    },
    Tell {
        fd: Slot,
    },
    CreateDirectory {
        at: At,
    },
    PathFilestatGet {
        at: At,
        follow: bool,
    },
    PathFilestatSetTimes {
        at: At,
        follow: bool,
        times: Times,
    },
    Link {
        old: At,
        follow: bool,
        new: At,
    },
    Open {
        at: At,
        opening: Opening,
    },
    Readlink {
        at: At,
        len: usize,
    },
    RemoveDirectory {
        at: At,
    },
    Rename {
        old: At,
        new: At,
    },
    Symlink {
        text: Text,
        at: At,
    },
    Unlink {
        at: At,
    },
}

/// Something that a guest's calls can be made on.
pub trait System {
    /// Makes a call.
    fn answer(&mut self, call: &Call) -> Answer;
}

impl Call {
    /// The function that is called.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Advise { .. } => "fd_advise",
            Self::Allocate { .. } => "fd_allocate",
            Self::Close { .. } => "fd_close",
            Self::Datasync { .. } => "fd_datasync",
            Self::Sync { .. } => "fd_sync",
            Self::FdstatGet { .. } => "fd_fdstat_get",
            Self::FdstatSetFlags { .. } => "fd_fdstat_set_flags",
            Self::FdstatSetRights { .. } => "fd_fdstat_set_rights",
            Self::FilestatGet { .. } => "fd_filestat_get",
            Self::FilestatSetSize { .. } => "fd_filestat_set_size",
            Self::FilestatSetTimes { .. } => "fd_filestat_set_times",
            Self::Read { .. } => "fd_read",
            Self::Pread { .. } => "fd_pread",
            Self::Write { .. } => "fd_write",
            Self::Pwrite { .. } => "fd_pwrite",
            Self::PrestatGet { .. } => "fd_prestat_get",
            Self::PrestatDirName { .. } => "fd_prestat_dir_name",
            Self::Readdir { .. } | Self::ReaddirFrom { .. } => "fd_readdir",
            Self::Renumber { .. } => "fd_renumber",
            Self::Seek { .. } => "fd_seek",
            Self::Tell { .. } => "fd_tell",
            Self::CreateDirectory { .. } => "path_create_directory",
            Self::PathFilestatGet { .. } => "path_filestat_get",
            Self::PathFilestatSetTimes { .. } => "path_filestat_set_times",
            Self::Link { .. } => "path_link",
            Self::Open { .. } => "path_open",
            Self::Readlink { .. } => "path_readlink",
            Self::RemoveDirectory { .. } => "path_remove_directory",
            Self::Rename { .. } => "path_rename",
            Self::Symlink { .. } => "path_symlink",
            Self::Unlink { .. } => "path_unlink_file",
        }
    }

    /// The paths it is given, each with where it begins.
    pub fn paths(&self) -> Vec<&At> {
        match self {
            Self::CreateDirectory { at }
            | Self::PathFilestatGet { at, .. }
            | Self::PathFilestatSetTimes { at, .. }
            | Self::Open { at, .. }
            | Self::Readlink { at, .. }
            | Self::RemoveDirectory { at }
            | Self::Symlink { at, .. }
            | Self::Unlink { at } => vec![at],
            Self::Link { old, new, .. } | Self::Rename { old, new } => vec![old, new],
            _ => Vec::new(),
        }
    }

    /// The descriptor that it is about, if that is not where a path begins.
    pub fn fd(&self) -> Option<Slot> {
        match self {
            Self::Advise { fd, .. }
            | Self::Allocate { fd, .. }
            | Self::Close { fd }
            | Self::Datasync { fd }
            | Self::Sync { fd }
            | Self::FdstatGet { fd }
            | Self::FdstatSetFlags { fd, .. }
            | Self::FdstatSetRights { fd, .. }
            | Self::FilestatGet { fd }
            | Self::FilestatSetSize { fd, .. }
            | Self::FilestatSetTimes { fd, .. }
            | Self::Read { fd, .. }
            | Self::Pread { fd, .. }
            | Self::Write { fd, .. }
            | Self::Pwrite { fd, .. }
            | Self::PrestatGet { fd }
            | Self::PrestatDirName { fd, .. }
            | Self::Readdir { fd, .. }
            | Self::ReaddirFrom { fd, .. }
            | Self::Seek { fd, .. }
            | Self::Tell { fd } => Some(*fd),
            _ => None,
        }
    }

    /// The descriptors it names, to be set to what they mean at the time of the call.
    pub fn slots_mut(&mut self) -> Vec<&mut Slot> {
        match self {
            Self::Renumber { from, to } => vec![from, to],
            Self::CreateDirectory { at }
            | Self::PathFilestatGet { at, .. }
            | Self::PathFilestatSetTimes { at, .. }
            | Self::Open { at, .. }
            | Self::Readlink { at, .. }
            | Self::RemoveDirectory { at }
            | Self::Symlink { at, .. }
            | Self::Unlink { at } => vec![&mut at.fd],
            Self::Link { old, new, .. } | Self::Rename { old, new } => {
                vec![&mut old.fd, &mut new.fd]
            }
            Self::Advise { fd, .. }
            | Self::Allocate { fd, .. }
            | Self::Close { fd }
            | Self::Datasync { fd }
            | Self::Sync { fd }
            | Self::FdstatGet { fd }
            | Self::FdstatSetFlags { fd, .. }
            | Self::FdstatSetRights { fd, .. }
            | Self::FilestatGet { fd }
            | Self::FilestatSetSize { fd, .. }
            | Self::FilestatSetTimes { fd, .. }
            | Self::Read { fd, .. }
            | Self::Pread { fd, .. }
            | Self::Write { fd, .. }
            | Self::Pwrite { fd, .. }
            | Self::PrestatGet { fd }
            | Self::PrestatDirName { fd, .. }
            | Self::Readdir { fd, .. }
            | Self::ReaddirFrom { fd, .. }
            | Self::Seek { fd, .. }
            | Self::Tell { fd } => vec![fd],
        }
    }
}
