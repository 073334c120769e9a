//! What the host says about its files, in wasi-common's words.
//!
//! This file knows that the third time is that of the last change, which wasi-common takes from the file's birth. The host's
//! files and directories use it.

use crate::SystemTimeSpec;
use crate::file::{FileType, Filestat};
use cap_std::fs::{Metadata, MetadataExt};
use rustix::fs::{Timespec, Timestamps};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What a file is.
pub fn filetype_from(filetype: &cap_std::fs::FileType) -> FileType {
    use cap_fs_ext::FileTypeExt;
    if filetype.is_dir() {
        FileType::Directory
    } else if filetype.is_symlink() {
        FileType::SymbolicLink
    } else if filetype.is_socket() {
        FileType::SocketStream
    } else if filetype.is_block_device() {
        FileType::BlockDevice
    } else if filetype.is_char_device() {
        FileType::CharacterDevice
    } else if filetype.is_file() {
        FileType::RegularFile
    } else {
        FileType::Unknown
    }
}

pub(super) fn filestat(metadata: &Metadata) -> Filestat {
    let std =
        |time: std::io::Result<cap_std::time::SystemTime>| time.ok().map(|time| time.into_std());
    Filestat {
        device_id: metadata.dev(),
        inode: metadata.ino(),
        filetype: filetype_from(&metadata.file_type()),
        nlink: metadata.nlink(),
        size: metadata.len(),
        atim: std(metadata.accessed()),
        mtim: std(metadata.modified()),
        ctim: changed(metadata),
    }
}

fn changed(metadata: &Metadata) -> Option<SystemTime> {
    let nanoseconds = Duration::from_nanos(metadata.ctime_nsec().try_into().ok()?);
    let seconds = Duration::from_secs(metadata.ctime().unsigned_abs());
    let time = if metadata.ctime() < 0 {
        UNIX_EPOCH.checked_sub(seconds)
    } else {
        UNIX_EPOCH.checked_add(seconds)
    };
    time?.checked_add(nanoseconds)
}

pub(super) fn timestamps(
    atime: Option<SystemTimeSpec>,
    mtime: Option<SystemTimeSpec>,
) -> Timestamps {
    Timestamps {
        last_access: timespec(atime),
        last_modification: timespec(mtime),
    }
}

fn timespec(time: Option<SystemTimeSpec>) -> Timespec {
    let special = |tv_nsec| Timespec { tv_sec: 0, tv_nsec };
    match time {
        None => special(rustix::fs::UTIME_OMIT),
        Some(SystemTimeSpec::SymbolicNow) => special(rustix::fs::UTIME_NOW),
        Some(SystemTimeSpec::Absolute(time)) => {
            let since = time
                .into_std()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default();
            Timespec::try_from(since).unwrap_or(special(0))
        }
    }
}
