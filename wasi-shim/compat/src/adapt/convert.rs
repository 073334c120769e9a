//! The vocabularies of both interfaces, one in terms of the other.

use crate::SystemTimeSpec;
use crate::file::{self, FileType, Filestat};
use cap_std::time::SystemTime;
use wasi_shim::abi::{self, FileKind};
use wasi_shim::vfs::{Metadata, SetTime, SetTimes, SyncMode, Timestamp};

pub(super) const fn kind(filetype: FileType) -> FileKind {
    match filetype {
        FileType::Unknown | FileType::Pipe => FileKind::Unknown,
        FileType::BlockDevice => FileKind::BlockDevice,
        FileType::CharacterDevice => FileKind::CharacterDevice,
        FileType::Directory => FileKind::Directory,
        FileType::RegularFile => FileKind::RegularFile,
        FileType::SocketDgram => FileKind::SocketDgram,
        FileType::SocketStream => FileKind::SocketStream,
        FileType::SymbolicLink => FileKind::SymbolicLink,
    }
}

/// A time that is not known is 1970's first, as wasi-common has it.
pub(super) fn metadata(stat: &Filestat) -> Metadata {
    let time = |time: Option<std::time::SystemTime>| time.map_or(Timestamp(0), Timestamp::from);
    Metadata::new(kind(stat.filetype), stat.inode, stat.size)
        .with_nlink(stat.nlink)
        .with_times(time(stat.atim), time(stat.mtim), time(stat.ctim))
}

pub(super) fn time(time: SetTime) -> Option<SystemTimeSpec> {
    match time {
        SetTime::Keep => None,
        SetTime::Now => Some(SystemTimeSpec::SymbolicNow),
        SetTime::At(time) => Some(SystemTimeSpec::Absolute(SystemTime::from_std(time.into()))),
    }
}

pub(super) fn times(times: &SetTimes) -> (Option<SystemTimeSpec>, Option<SystemTimeSpec>) {
    (time(times.atim), time(times.mtim))
}

/// What the shim keeps of a file's flags.
pub(super) fn fdflags(flags: file::FdFlags) -> abi::FdFlags {
    let known = u16::try_from(flags.bits()).unwrap_or_default();
    abi::FdFlags::from_bits_truncate(known)
}

pub(super) fn their_fdflags(flags: abi::FdFlags) -> file::FdFlags {
    file::FdFlags::from_bits_truncate(flags.bits().into())
}

pub(super) const fn durable(sync: SyncMode) -> file::FdFlags {
    match sync {
        SyncMode::None => file::FdFlags::empty(),
        SyncMode::Data => file::FdFlags::DSYNC,
        SyncMode::Full => file::FdFlags::SYNC,
    }
}

pub(super) const fn advice(advice: abi::Advice) -> file::Advice {
    match advice {
        abi::Advice::Normal => file::Advice::Normal,
        abi::Advice::Sequential => file::Advice::Sequential,
        abi::Advice::Random => file::Advice::Random,
        abi::Advice::Willneed => file::Advice::WillNeed,
        abi::Advice::Dontneed => file::Advice::DontNeed,
        abi::Advice::Noreuse => file::Advice::NoReuse,
    }
}
