//! Facts about files, as the kernel gives them and as preview1 wants them.
//!
//! This file knows the fields of `struct stat` and how numbers and times are converted. It does not know how the facts
//! were obtained. Only this room uses it.

use crate::abi::FileKind;
use crate::vfs::{Metadata, SetTime, SetTimes, Timestamp};
use rustix::fs::{FileType, Stat, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT};

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// What the guest is told.
pub(super) fn metadata(stat: &Stat) -> Metadata {
    Metadata::new(
        kind(file_type(stat)),
        ino(device(stat), number(stat.st_ino)),
        number(stat.st_size),
    )
    .with_nlink(number(stat.st_nlink))
    .with_times(
        time(stat.st_atime, number(stat.st_atime_nsec)),
        time(stat.st_mtime, number(stat.st_mtime_nsec)),
        time(stat.st_ctime, number(stat.st_ctime_nsec)),
    )
}

/// The type bits of `st_mode`.
pub(super) fn file_type(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

/// The device that the file is on.
pub(super) fn device(stat: &Stat) -> u64 {
    number(stat.st_dev)
}

/// preview1 has no word for a FIFO, and takes every socket in a directory for one of streams.
pub(super) fn kind(file_type: FileType) -> FileKind {
    match file_type {
        FileType::RegularFile => FileKind::RegularFile,
        FileType::Directory => FileKind::Directory,
        FileType::Symlink => FileKind::SymbolicLink,
        FileType::BlockDevice => FileKind::BlockDevice,
        FileType::CharacterDevice => FileKind::CharacterDevice,
        FileType::Socket => FileKind::SocketStream,
        FileType::Fifo | FileType::Unknown => FileKind::Unknown,
    }
}

/// The number that the guest sees for a file: the host's, mixed with the device's.
///
/// A tree can span devices, on each of which the same numbers occur, and the guest is not told about devices. For one
/// device this is a permutation, so that files of one device never collide; files of two collide by chance only. It is
/// the same in every run, because programs store such numbers. It keeps the host's numbers out of sight; it does not
/// encrypt them. 0 stays 0: "not known".
pub(super) fn ino(device: u64, ino: u64) -> u64 {
    if ino == 0 {
        return 0;
    }
    mix(ino ^ mix(device.wrapping_add(GOLDEN)))
}

/// 2⁶⁴ divided by the golden ratio: splitmix64's increment.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finaliser of splitmix64, a permutation of 64-bit numbers.
fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// A time of a `timespec`, saturating.
pub(super) fn time(seconds: i64, nanoseconds: u64) -> Timestamp {
    Timestamp::from_parts(seconds, u32::try_from(nanoseconds).unwrap_or_default())
}

/// What `utimensat` wants to be told.
pub(super) fn timestamps(times: &SetTimes) -> Timestamps {
    Timestamps {
        last_access: timespec(times.atim),
        last_modification: timespec(times.mtim),
    }
}

fn timespec(time: SetTime) -> Timespec {
    let marker = |tv_nsec| Timespec { tv_sec: 0, tv_nsec };
    match time {
        SetTime::Keep => marker(UTIME_OMIT),
        SetTime::Now => marker(UTIME_NOW),
        // 2⁶⁴ ns are 584 years: the seconds fit an `i64` with room to spare, and the rest is below 10⁹.
        SetTime::At(Timestamp(at)) => Timespec {
            tv_sec: i64::try_from(at / NANOS_PER_SECOND).unwrap_or(i64::MAX),
            tv_nsec: (at % NANOS_PER_SECOND).try_into().unwrap_or_default(),
        },
    }
}

/// A field of `struct stat`, whose width and sign depend on the system. None is negative where it means something.
fn number(field: impl TryInto<u64>) -> u64 {
    field.try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_files_are_mixed_with_the_device() {
        let seen: std::collections::BTreeSet<u64> = (1..4)
            .flat_map(|device| (1..1000).map(move |number| ino(device, number)))
            .collect();
        assert_eq!(seen.len(), 3 * 999);
        assert_eq!(ino(1, 2), ino(1, 2));
        assert_ne!(ino(1, 2), 2);
        assert_eq!(ino(1, 0), 0);
    }

    #[test]
    fn times_saturate() {
        assert_eq!(time(-1, 5), Timestamp(0));
        assert_eq!(time(i64::MIN, 0), Timestamp(0));
        assert_eq!(time(i64::MAX, 999_999_999), Timestamp(u64::MAX));
        assert_eq!(time(1, 5), Timestamp(1_000_000_005));
    }

    #[test]
    fn every_time_fits_a_timespec() {
        let last = timespec(SetTime::At(Timestamp(u64::MAX)));
        assert_eq!((last.tv_sec, last.tv_nsec), (18_446_744_073, 709_551_615));
    }
}
