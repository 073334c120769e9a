//! System calls on paths.
//!
//! What comes before the last component is opened below the directory first. The last component goes to the call as it
//! is spelled, with its slashes; where the call would follow a link there, that too is looked up below the directory.

use super::{Kernel, Open, Result, access, facts, kind};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{self, AtFlags, Mode, OFlags, ResolveFlags};
use rustix::io::{Errno as Native, retry_on_intr};
use std::ffi::CString;
use wasi_shim::abi::{FdFlags, FileKind, OFlags as Guest};
use wasi_shim_tests::model::{At, Call, Opening, Slot, Value};

/// The directory that the last component is in, and the component with its slashes.
struct Place {
    dir: OwnedFd,
    last: CString,
}

fn text(bytes: &[u8]) -> Result<CString> {
    // The kernel would take a text up to its NUL for another text.
    CString::new(bytes).map_err(|_| Native::INVAL)
}

impl Kernel {
    fn look(&self, at: &At, path: &[u8], flags: OFlags) -> Result<OwnedFd> {
        self.directory(at.fd)?;
        let path = text(path)?;
        self.openat2(at, &path, flags | OFlags::PATH, Mode::empty())
    }

    fn openat2(&self, at: &At, path: &CString, flags: OFlags, mode: Mode) -> Result<OwnedFd> {
        let dir = self.directory(at.fd)?;
        let flags = flags | OFlags::CLOEXEC;
        retry_on_intr(|| fs::openat2(dir, path.as_c_str(), flags, mode, ResolveFlags::BENEATH))
    }

    /// Where a path begins, be it absolute: preview1 knows no other.
    pub(super) fn directory(&self, fd: Slot) -> Result<BorrowedFd<'_>> {
        let open = self.open(fd)?;
        match open.kind {
            FileKind::Directory => Ok(open.fd.as_fd()),
            _ => Err(Native::NOTDIR),
        }
    }

    fn place(&self, at: &At) -> Result<Place> {
        let path = &at.path.0;
        let end = path
            .iter()
            .rposition(|byte| *byte != b'/')
            .map_or(0, |last| last + 1);
        let start = path[..end]
            .iter()
            .rposition(|byte| *byte == b'/')
            .map_or(0, |slash| slash + 1);
        let last = &path[start..end];
        if path.len() > 4096 || path.is_empty() || path[0] == b'/' || last == b".." {
            // Either it is refused, or the way back is: the whole of it is looked up.
            self.look(at, path, OFlags::empty())?;
        }
        let above = if start == 0 { b"." } else { &path[..start] };
        let dir = self.look(at, above, OFlags::DIRECTORY)?;
        let last = text(&path[start..])?;
        Ok(Place { dir, last })
    }

    pub(super) fn open_at(&mut self, at: &At, opening: &Opening) -> Result<Value> {
        if at.fd != opening.into {
            let _ = self.close(opening.into);
        }
        let mut flags = access(opening.base);
        flags.set(OFlags::NOFOLLOW, !opening.follow);
        for (guest, native) in [
            (Guest::CREAT, OFlags::CREATE),
            (Guest::DIRECTORY, OFlags::DIRECTORY),
            (Guest::EXCL, OFlags::EXCL),
            (Guest::TRUNC, OFlags::TRUNC),
        ] {
            if opening.oflags.contains(guest) {
                flags |= native;
            }
        }
        for (guest, native) in [
            (FdFlags::APPEND, OFlags::APPEND),
            (FdFlags::NONBLOCK, OFlags::NONBLOCK),
            (FdFlags::DSYNC, OFlags::DSYNC),
            (FdFlags::SYNC, OFlags::SYNC),
        ] {
            if opening.fdflags.contains(guest) {
                flags |= native;
            }
        }
        let mode = if flags.contains(OFlags::CREATE) {
            0o666
        } else {
            0
        };
        self.directory(at.fd)?;
        let path = text(&at.path.0)?;
        let fd = self.openat2(at, &path, flags, Mode::from_raw_mode(mode))?;
        let kind = kind(fs::fstat(&fd)?.st_mode);
        self.slots[opening.into] = Some(Open { fd, kind });
        Ok(Value::Opened(kind))
    }

    /// What a path leads to; a link at the end is followed if asked, or if a slash is behind it.
    fn found(&self, at: &At, follow: bool) -> Result<OwnedFd> {
        let mut flags = OFlags::empty();
        flags.set(OFlags::NOFOLLOW, !follow);
        self.look(at, &at.path.0, flags)
    }

    pub(super) fn with_path(&mut self, call: &Call) -> Result<Value> {
        match call {
            Call::CreateDirectory { at } => {
                let place = self.place(at)?;
                fs::mkdirat(&place.dir, &place.last, Mode::from_raw_mode(0o777))?;
            }
            Call::RemoveDirectory { at } => {
                let place = self.place(at)?;
                fs::unlinkat(&place.dir, &place.last, AtFlags::REMOVEDIR)?;
            }
            Call::Unlink { at } => {
                let place = self.place(at)?;
                fs::unlinkat(&place.dir, &place.last, AtFlags::empty())?;
            }
            Call::PathFilestatGet { at, follow } => {
                return Ok(facts(&fs::fstat(self.found(at, *follow)?)?));
            }
            Call::PathFilestatSetTimes { at, follow, times } => {
                let found = self.found(at, *follow)?;
                let times = super::files::timestamps(times)?;
                fs::utimensat(found.as_fd(), c"", &times, AtFlags::EMPTY_PATH)?;
            }
            Call::Link { old, follow, new } => self.link(old, *follow, new)?,
            Call::Rename { old, new } => {
                let (from, to) = (self.place(old)?, self.place(new)?);
                fs::renameat(&from.dir, &from.last, &to.dir, &to.last)?;
            }
            Call::Readlink { at, len } => return self.readlink(at, *len),
            Call::Symlink { text: link, at } => {
                let link = text(&link.0)?;
                let place = self.place(at)?;
                fs::symlinkat(&link, &place.dir, &place.last)?;
            }
            other => panic!("{} has no system call", other.name()),
        }
        Ok(Value::Done)
    }

    fn link(&self, old: &At, follow: bool, new: &At) -> Result<()> {
        let from = self.place(old)?;
        if from.last.as_bytes().ends_with(b"/") {
            // A slash makes the call follow a link.
            self.found(old, true)?;
        }
        let to = self.place(new)?;
        if follow {
            let found = self.found(old, true)?;
            return fs::linkat(found.as_fd(), c"", &to.dir, &to.last, AtFlags::EMPTY_PATH);
        }
        fs::linkat(&from.dir, &from.last, &to.dir, &to.last, AtFlags::empty())
    }

    fn readlink(&self, at: &At, len: usize) -> Result<Value> {
        let place = self.place(at)?;
        if place.last.as_bytes().ends_with(b"/") {
            // A slash makes the call follow a link.
            self.found(at, true)?;
        }
        let mut text = fs::readlinkat(&place.dir, &place.last, Vec::new())?.into_bytes();
        text.truncate(len);
        Ok(Value::Bytes(text))
    }
}
