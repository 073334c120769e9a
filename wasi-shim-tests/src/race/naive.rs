//! A victim that makes the usual mistake: it checks a path, then uses it.
//!
//! This file knows how such hosts go wrong: `realpath` and a comparison of prefixes, then the same path once more, link by
//! link and `..` by `..` as the host has them then. It shows that the scripts are attacks and that the oracle sees them;
//! nobody should take it for a pattern.

use super::victim::{Answer, Number, Purpose, Seen, Victim};
use rustix::fs::{AtFlags, Mode, OFlags, Stat, Timespec, Timestamps};
use rustix::io::Errno;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The deepest directory of the path, and the name in it.
type Place<'p> = (OwnedFd, &'p str);

/// Checks, then uses.
pub struct Naive {
    root: PathBuf,
    handle: OwnedFd,
}

impl Naive {
    /// On this directory of the host.
    pub fn new(root: &Path) -> Self {
        let root = root.canonicalize().expect("it is there");
        let flags = OFlags::PATH | OFlags::DIRECTORY;
        let handle = rustix::fs::open(&root, flags, Mode::empty()).expect("it can be opened");
        Self { root, handle }
    }

    /// Whether a path stays inside, now. What is to be made, or not followed, need not be there.
    fn check(&self, path: &str, last: bool) -> Answer<()> {
        let whole = self.root.join(path);
        let parent = || whole.parent().map(Path::to_path_buf).unwrap_or_default();
        let checked = if last { whole.clone() } else { parent() };
        let real = checked.canonicalize().map_err(of_io)?;
        if real.starts_with(&self.root) {
            return Ok(());
        }
        Err(raw(Errno::PERM))
    }

    /// Goes to the directory that holds the last name.
    fn walk<'p>(&self, path: &'p str) -> Answer<Place<'p>> {
        let path = path.trim_end_matches('/');
        let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut here = rustix::io::dup(&self.handle).map_err(raw)?;
        for step in above.split('/').filter(|step| !step.is_empty()) {
            let flags = OFlags::PATH | OFlags::DIRECTORY;
            here = rustix::fs::openat(&here, step, flags, Mode::empty()).map_err(raw)?;
        }
        Ok((here, name))
    }

    fn place<'p>(&self, path: &'p str, last: bool) -> Answer<Place<'p>> {
        self.check(path, last)?;
        self.walk(path)
    }
}

fn raw(errno: Errno) -> u16 {
    u16::try_from(errno.raw_os_error()).unwrap_or(u16::MAX)
}

fn of_io(error: std::io::Error) -> u16 {
    Errno::from_io_error(&error).map_or(u16::MAX, raw)
}

fn seen(stat: &Stat) -> Seen {
    let whole = u64::try_from(stat.st_ctime).unwrap_or_default();
    Seen {
        number: stat.st_ino,
        ctim: whole * 1_000_000_000 + stat.st_ctime_nsec,
    }
}

fn seen_of(handle: impl AsFd) -> Answer<Seen> {
    rustix::fs::fstat(handle)
        .map(|stat| seen(&stat))
        .map_err(raw)
}

/// A host's own number of a file.
pub fn host_number(path: &Path) -> Number {
    path.symlink_metadata().expect("it is there").ino()
}

/// The number of a host's error, as reports have it.
pub fn host_errno(number: u16) -> String {
    format!("os-{number}")
}

impl Victim for Naive {
    fn name(&self) -> &'static str {
        "naive"
    }

    fn number(&self, path: &Path) -> Number {
        host_number(path)
    }

    fn errno(&self, number: u16) -> String {
        host_errno(number)
    }

    fn open(&mut self, path: &str, purpose: Purpose) -> Answer<Seen> {
        let (dir, name) = self.place(path, purpose != Purpose::Create)?;
        let found = rustix::fs::statat(&dir, name, AtFlags::SYMLINK_NOFOLLOW);
        let special = found.is_ok_and(|found| {
            rustix::fs::FileType::from_raw_mode(found.st_mode) == rustix::fs::FileType::Fifo
        });
        if special {
            return Err(raw(Errno::INVAL));
        }
        let flags = match purpose {
            Purpose::Read => OFlags::RDONLY,
            Purpose::Directory => OFlags::RDONLY | OFlags::DIRECTORY,
            Purpose::Create => OFlags::RDWR | OFlags::CREATE | OFlags::TRUNC,
        };
        let opened = rustix::fs::openat(&dir, name, flags, Mode::from_raw_mode(0o666));
        seen_of(opened.map_err(raw)?)
    }

    fn stat(&mut self, path: &str, follow: bool) -> Answer<Seen> {
        let (dir, name) = self.place(path, follow)?;
        let flags = if follow {
            AtFlags::empty()
        } else {
            AtFlags::SYMLINK_NOFOLLOW
        };
        rustix::fs::statat(&dir, name, flags)
            .map(|stat| seen(&stat))
            .map_err(raw)
    }

    fn set_times(&mut self, path: &str) -> Answer<()> {
        let (dir, name) = self.place(path, true)?;
        let time = Timespec {
            tv_sec: 1,
            tv_nsec: 0,
        };
        let times = Timestamps {
            last_access: time,
            last_modification: time,
        };
        rustix::fs::utimensat(&dir, name, &times, AtFlags::empty()).map_err(raw)
    }

    fn rename(&mut self, from: &str, to: &str) -> Answer<()> {
        let (from, to) = (self.place(from, false)?, self.place(to, false)?);
        rustix::fs::renameat(&from.0, from.1, &to.0, to.1).map_err(raw)
    }

    fn link(&mut self, from: &str, follow: bool, to: &str) -> Answer<()> {
        let (from, to) = (self.place(from, follow)?, self.place(to, false)?);
        let flags = if follow {
            AtFlags::SYMLINK_FOLLOW
        } else {
            AtFlags::empty()
        };
        rustix::fs::linkat(&from.0, from.1, &to.0, to.1, flags).map_err(raw)
    }

    fn unlink(&mut self, path: &str) -> Answer<()> {
        let (dir, name) = self.place(path, false)?;
        rustix::fs::unlinkat(&dir, name, AtFlags::empty()).map_err(raw)
    }

    fn create_directory(&mut self, path: &str) -> Answer<()> {
        let (dir, name) = self.place(path, false)?;
        rustix::fs::mkdirat(&dir, name, Mode::from_raw_mode(0o777)).map_err(raw)
    }

    fn remove_directory(&mut self, path: &str) -> Answer<()> {
        let (dir, name) = self.place(path, false)?;
        rustix::fs::unlinkat(&dir, name, AtFlags::REMOVEDIR).map_err(raw)
    }

    fn list(&mut self, path: &str, entry: &mut dyn FnMut(Number)) -> Answer<Seen> {
        let (dir, name) = self.place(path, true)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let opened = rustix::fs::openat(&dir, name, flags, Mode::empty()).map_err(raw)?;
        let seen = seen_of(&opened)?;
        for found in rustix::fs::Dir::new(opened).map_err(raw)? {
            let found = found.map_err(raw)?;
            if !matches!(found.file_name().to_bytes(), b"." | b"..") {
                entry(found.ino());
            }
        }
        Ok(seen)
    }
}
