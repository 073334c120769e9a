//! Filesystems and streams that the host answers for, in C.
//!
//! Knows the records that callbacks fill, and believes none of them: what is no answer is `io`. `dir`, `file` and `stream`
//! have the callbacks themselves, `node` what opening something finds.

pub mod dir;
pub mod file;
pub mod node;
pub mod stream;

use wasi_shim::abi::{self, FileKind};
use wasi_shim::vfs::{Metadata, SetTime, SetTimes, Timestamp};

/// 0, or an error code of WASI.
pub(crate) type Errno = u16;

/// What a callback's number says.
pub(crate) fn answer(errno: Errno) -> abi::Result<()> {
    match errno {
        0 => Ok(()),
        number => Err(abi::Errno::from_number(number).unwrap_or(abi::Errno::Io)),
    }
}

/// How many bytes a callback says that it has moved, of so many.
fn moved(errno: Errno, count: usize, most: usize) -> abi::Result<usize> {
    answer(errno)?;
    if count > most {
        return Err(abi::Errno::Io);
    }
    Ok(count)
}

/// Likewise of a write. Nothing, and no reason, is no answer: whoever writes all would ask for ever.
fn written(errno: Errno, count: usize, most: usize) -> abi::Result<usize> {
    match moved(errno, count, most)? {
        0 if most > 0 => Err(abi::Errno::Io),
        count => Ok(count),
    }
}

/// Facts about a file, for a callback to fill. All are 0 before, but for `nlink`, which is 1.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct FileStat {
    /// What it is: WASI's `filetype`. 2 is a character device, 3 a directory, 4 a regular file, 7 a symbolic link.
    pub kind: u8,
    /// Its number, which no other file of the filesystem has while it exists.
    pub ino: u64,
    /// How many names it has.
    pub nlink: u64,
    /// Its length in bytes; of a symbolic link, its text's.
    pub size: u64,
    /// Last access, in nanoseconds since 1970.
    pub atim: u64,
    /// Last change of the content.
    pub mtim: u64,
    /// Last change of the content or of these facts.
    pub ctim: u64,
}

impl FileStat {
    const EMPTY: Self = Self {
        kind: 0,
        ino: 0,
        nlink: 1,
        size: 0,
        atim: 0,
        mtim: 0,
        ctim: 0,
    };

    fn facts(&self) -> abi::Result<Metadata> {
        let time = Timestamp;
        let times = (time(self.atim), time(self.mtim), time(self.ctim));
        let facts = Metadata::new(kind(self.kind)?, self.ino, self.size);
        Ok(facts
            .with_nlink(self.nlink)
            .with_times(times.0, times.1, times.2))
    }
}

fn kind(number: u8) -> abi::Result<FileKind> {
    FileKind::from_number(number.into()).map_err(|_| abi::Errno::Io)
}

/// What a file's times become.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct NewTimes {
    /// What becomes of the last access: 0 if it stays, 1 if it is now, 2 if it is `atim`.
    pub set_atim: u8,
    /// What becomes of the last change of the content, likewise.
    pub set_mtim: u8,
    /// In nanoseconds since 1970.
    pub atim: u64,
    /// In nanoseconds since 1970.
    pub mtim: u64,
}

impl NewTimes {
    const fn of(times: &SetTimes) -> Self {
        let (set_atim, atim) = said(times.atim);
        let (set_mtim, mtim) = said(times.mtim);
        Self {
            set_atim,
            set_mtim,
            atim,
            mtim,
        }
    }
}

const fn said(time: SetTime) -> (u8, u64) {
    match time {
        SetTime::Keep => (0, 0),
        SetTime::Now => (1, 0),
        SetTime::At(Timestamp(time)) => (2, time),
    }
}
