//! The vocabulary of the plug: what is asked, what is found, and the facts about it.

use super::{Dir, File, Stream};
use crate::abi::{Errno, FileKind, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

/// What `open` found. A symbolic link is always *returned*, never followed.
pub enum Node {
    /// A directory.
    Dir(Arc<dyn Dir>),
    /// A regular file.
    File(Arc<dyn File>),
    /// Something without an offset: a FIFO, a terminal, a device, a socket.
    Stream(Arc<dyn Stream>),
    /// The link's text, as it is.
    Symlink(String),
}

/// Whether `open` may create a regular file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Create {
    /// No.
    #[default]
    Never,
    /// If the name is free.
    IfMissing,
    /// If the name is free; it is an error if it is not.
    Exclusive,
}

/// When a write counts as done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SyncMode {
    /// When the filesystem has taken it.
    #[default]
    None,
    /// When the data are durable (`O_DSYNC`).
    Data,
    /// When data and facts are durable (`O_SYNC`; `O_RSYNC` asks for it too).
    Full,
}

/// How much `sync` makes durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncScope {
    /// The data, and what is needed to read them back (`fdatasync`).
    Data,
    /// The facts as well (`fsync`).
    Full,
}

/// Whether a symbolic link at the end of a path is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follow {
    /// The link itself is meant.
    No,
    /// What it leads to is meant.
    Yes,
}

/// How a name is to be opened. Made by the shim, which has checked it against the caller's rights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenRequest {
    /// The file will be read.
    pub read: bool,
    /// The file will be written.
    pub write: bool,
    /// Whether a missing file is created.
    pub create: Create,
    /// Discard the content of an existing regular file.
    pub truncate: bool,
    /// Anything but a directory (or a symbolic link, which is returned) fails with `notdir`.
    pub directory: bool,
    /// When writes count as done.
    pub sync: SyncMode,
}

impl OpenRequest {
    /// Reading, nothing else.
    pub const READ: Self = Self {
        read: true,
        write: false,
        create: Create::Never,
        truncate: false,
        directory: false,
        sync: SyncMode::None,
    };

    /// A walking step: a directory handle to look, list and open below it. It need not be readable itself.
    pub const STEP: Self = Self {
        read: false,
        directory: true,
        ..Self::READ
    };

    /// Would serving this request change the filesystem, or allow it to be changed?
    ///
    /// The one definition used by every access check. It takes the request apart field by field: a new field does not
    /// compile until somebody has decided its answer.
    pub const fn mutates(&self) -> bool {
        let Self {
            read: _,
            write,
            create,
            truncate,
            directory: _,
            sync: _,
        } = *self;
        write || truncate || !matches!(create, Create::Never)
    }

    /// The errors that an existing entry of this kind calls for, in the order [`Dir::open`] gives. A symbolic link
    /// passes all but the first.
    pub fn check_existing(&self, kind: FileKind) -> Result<()> {
        if self.create == Create::Exclusive {
            return Err(Errno::Exist);
        }
        if kind == FileKind::SymbolicLink {
            return Ok(());
        }
        if kind != FileKind::Directory {
            return if self.directory {
                Err(Errno::Notdir)
            } else {
                Ok(())
            };
        }
        if self.mutates() {
            Err(Errno::Isdir)
        } else {
            Ok(())
        }
    }
}

/// A moment: nanoseconds since 1970-01-01 00:00 UTC, as preview1 has it.
///
/// Conversions saturate: a file from before 1970 is from 1970, one from after 2554 is from 2554. None can fail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// From the seconds and nanoseconds of a `timespec`.
    pub fn from_parts(seconds: i64, nanoseconds: u32) -> Self {
        let seconds = u64::try_from(seconds)
            .ok()
            .map(|s| s.saturating_mul(1_000_000_000));
        Self(seconds.map_or(0, |s| s.saturating_add(u64::from(nanoseconds))))
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let since = time
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        since.into()
    }
}

impl From<Duration> for Timestamp {
    fn from(since: Duration) -> Self {
        Self(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
    }
}

impl From<Timestamp> for SystemTime {
    fn from(Timestamp(nanoseconds): Timestamp) -> Self {
        let since = Duration::from_nanos(nanoseconds);
        // 584 years from 1970 fit every platform's `SystemTime`; where they did not, the epoch is the honest answer.
        Self::UNIX_EPOCH
            .checked_add(since)
            .unwrap_or(Self::UNIX_EPOCH)
    }
}

/// What one of a file's times becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SetTime {
    /// It stays.
    #[default]
    Keep,
    /// The time of the change.
    Now,
    /// This time.
    At(Timestamp),
}

/// What a file's times become.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SetTimes {
    /// Last access.
    pub atim: SetTime,
    /// Last modification.
    pub mtim: SetTime,
}

/// The facts about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metadata {
    /// What it is.
    pub kind: FileKind,
    /// Its number, unique in its filesystem while it exists. Guests see it beside the preopen's ordinal.
    pub ino: u64,
    /// How many names it has.
    pub nlink: u64,
    /// Its length in bytes; of a symbolic link, its text's.
    pub size: u64,
    /// Last access.
    pub atim: Timestamp,
    /// Last change of the content.
    pub mtim: Timestamp,
    /// Last change of the content or of these facts.
    pub ctim: Timestamp,
}

impl Metadata {
    /// Facts with every time at 1970 and one name.
    pub const fn new(kind: FileKind, ino: u64, size: u64) -> Self {
        let epoch = Timestamp(0);
        Self {
            kind,
            ino,
            nlink: 1,
            size,
            atim: epoch,
            mtim: epoch,
            ctim: epoch,
        }
    }

    /// A regular file of `size` bytes.
    pub const fn file(ino: u64, size: u64) -> Self {
        Self::new(FileKind::RegularFile, ino, size)
    }

    /// A directory.
    pub const fn dir(ino: u64) -> Self {
        Self::new(FileKind::Directory, ino, 0)
    }

    /// A symbolic link whose text has `size` bytes.
    pub const fn symlink(ino: u64, size: u64) -> Self {
        Self::new(FileKind::SymbolicLink, ino, size)
    }

    /// With these times.
    pub const fn with_times(mut self, atim: Timestamp, mtim: Timestamp, ctim: Timestamp) -> Self {
        self.atim = atim;
        self.mtim = mtim;
        self.ctim = ctim;
        self
    }

    /// With this number of names.
    pub const fn with_nlink(mut self, nlink: u64) -> Self {
        self.nlink = nlink;
        self
    }
}

/// One line of a directory listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The name; an entry that is no valid [`Name`](super::Name) is dropped from the listing. It can be told all the same,
    /// with an empty name if it has none in UTF-8: so that whoever asks knows that the directory is not empty.
    pub name: &'a str,
    /// The file's number, or 0 if finding it out would cost a look at the file.
    pub ino: u64,
    /// What it is, or `Unknown` likewise.
    pub kind: FileKind,
}

/// Which filesystem a directory belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FsId(u64);

impl FsId {
    /// No filesystem: nothing can be renamed or linked between two directories that report it.
    pub const NONE: Self = Self(0);

    /// An id that no other filesystem in this program has.
    pub fn unique() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}
