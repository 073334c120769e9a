//! Knows the directory of compiled modules: who may write there, and how a file appears in it in one step.
//! Refuses to know what the files mean and how many there should be.
//! For `cache` and `prune`.

use std::{
    ffi::CString,
    fs::{DirBuilder, File},
    io::{self, Write},
    os::{
        fd::{AsFd, OwnedFd},
        unix::fs::DirBuilderExt,
    },
    path::Path,
    process,
    time::{SystemTime, UNIX_EPOCH},
};

use rustix::{
    fs::{
        AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, Timespec, Timestamps, UTIME_NOW,
        UTIME_OMIT,
    },
    process::geteuid,
};

/// How the names of files being written begin; they end with the key.
pub(super) const TEMPORARY: &str = ".new-";

#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("it belongs to another user")]
    NotOurs,
    #[error("others may write to it; forbid that with `chmod go-w`")]
    Shared,
}

/// An open directory rather than its path: what was checked is then what is used, wherever the path leads later.
#[derive(Debug)]
pub(crate) struct Directory(OwnedFd);

impl Directory {
    pub(super) fn open(place: &Path) -> Result<Self, Unusable> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(place)?;
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        let directory =
            rustix::fs::openat(CWD, place, flags, Mode::empty()).map_err(io::Error::from)?;
        check(&rustix::fs::fstat(&directory).map_err(io::Error::from)?)?;
        Ok(Self(directory))
    }

    pub(super) fn entry(&self, name: &str) -> Result<File, Unusable> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let entry =
            rustix::fs::openat(&self.0, name, flags, Mode::empty()).map_err(io::Error::from)?;
        let stat = rustix::fs::fstat(&entry).map_err(io::Error::from)?;
        check(&stat)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(io::Error::from(io::ErrorKind::InvalidInput).into());
        }
        Ok(File::from(entry))
    }

    /// Readers see either no entry or all of it, and a reader of an older one keeps that.
    pub(super) fn put(&self, name: &str, contents: &[u8]) -> io::Result<File> {
        // The time tells apart what process numbers do not: processes in containers that share the directory.
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let temporary = format!("{TEMPORARY}{}-{}-{name}", process::id(), now.as_nanos());
        let written = self.write(&temporary, contents).and_then(|file| {
            rustix::fs::renameat(&self.0, &temporary, &self.0, name)?;
            Ok(file)
        });
        if written.is_err() {
            self.remove(&temporary);
        }
        written
    }

    fn write(&self, name: &str, contents: &[u8]) -> io::Result<File> {
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(rustix::fs::openat(
            &self.0,
            name,
            flags,
            Mode::RUSR | Mode::WUSR,
        )?);
        file.write_all(contents)?;
        // Without this a loss of power could leave the name with part of the code, and the engine checks little of
        // what it runs.
        file.sync_data()?;
        Ok(file)
    }

    pub(super) fn remove(&self, name: &str) {
        // Another process may have been faster, and what cannot be removed now can be later.
        let _ = rustix::fs::unlinkat(&self.0, name, AtFlags::empty());
    }

    /// The names and metadata of the regular files.
    pub(super) fn list(&self) -> io::Result<Vec<(String, Stat)>> {
        let entries = Dir::read_from(self.0.as_fd())?;
        let names = entries
            .flatten()
            .filter_map(|entry| CString::from(entry.file_name()).into_string().ok());
        let stats = names.filter_map(|name| {
            let stat = rustix::fs::statat(&self.0, &name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
            (FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile).then_some((name, stat))
        });
        Ok(stats.collect())
    }
}

/// Notes that an entry was used. Explicitly, as most systems do not note every access by themselves, and in the access
/// time only, so that the modification time stays that of the compilation.
pub(super) fn touch(entry: &File) -> io::Result<()> {
    let times = Timestamps {
        last_access: Timespec {
            tv_sec: 0,
            tv_nsec: UTIME_NOW,
        },
        last_modification: Timespec {
            tv_sec: 0,
            tv_nsec: UTIME_OMIT,
        },
    };
    Ok(rustix::fs::futimens(entry, &times)?)
}

/// Native code is loaded from here without a look at it: whoever can write here can run anything as the current user.
fn check(stat: &Stat) -> Result<(), Unusable> {
    if stat.st_uid != geteuid().as_raw() {
        return Err(Unusable::NotOurs);
    }
    if Mode::from_raw_mode(stat.st_mode).intersects(Mode::WGRP | Mode::WOTH) {
        return Err(Unusable::Shared);
    }
    Ok(())
}
