//! Directories of the host.
//!
//! This file knows which system call answers which method of [`Dir`], and where systems differ in their error codes.
//! It has never heard of paths, which it hands to `deep`: every name it passes on itself is a single [`Name`], which the
//! kernel is told not to follow. Only [`open_dir`](super::open_dir) and this room make such directories.

use super::{errno, facts, list, open};
use crate::abi::{Errno, FileKind, Result};
#[cfg(target_os = "linux")]
use crate::vfs::{DeepPath, PlainPath};
use crate::vfs::{Dir, Entry, Follow, FsId, Metadata, Name, Node, OpenRequest, SetTime, SetTimes};
use cap_std::fs::Dir as CapDir;
use rustix::fs::{AtFlags, Mode, OFlags, Stat};
use rustix::io::{Errno as Native, retry_on_intr};
use std::any::Any;
use std::ops::ControlFlow;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Mutex, OnceLock};

/// A directory of the host.
///
/// Its handle may be good for looking up names only (`O_PATH`): that is what a walking step asks for, and what makes
/// directories work that the guest may search but not read. What needs more opens `.` again.
pub(super) struct HostDir {
    dir: CapDir,
    device: OnceLock<u64>,
    /// Held while the handle's own position is in use; see [`list`].
    position: Mutex<()>,
}

impl HostDir {
    pub(super) fn new(dir: CapDir) -> Self {
        Self {
            dir,
            device: OnceLock::new(),
            position: Mutex::new(()),
        }
    }

    pub(super) fn from_handle(handle: OwnedFd) -> Self {
        Self::new(CapDir::from_std_file(handle.into()))
    }

    /// For whoever knows it already.
    pub(super) fn on_device(self, device: u64) -> Self {
        Self {
            device: OnceLock::from(device),
            ..self
        }
    }

    pub(super) const fn cap(&self) -> &CapDir {
        &self.dir
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.dir.as_fd()
    }

    pub(super) const fn position(&self) -> &Mutex<()> {
        &self.position
    }

    /// The device this directory is on, which never changes.
    pub(super) fn device(&self) -> Result<u64> {
        if let Some(&device) = self.device.get() {
            return Ok(device);
        }
        let stat = rustix::fs::fstat(self.fd()).map_err(errno::from_native)?;
        Ok(*self.device.get_or_init(|| facts::device(&stat)))
    }

    /// This directory once more, readable and with a position of its own.
    pub(super) fn reopen(&self) -> Result<OwnedFd, Native> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        retry_on_intr(|| rustix::fs::openat(self.fd(), c".", flags, Mode::empty()))
    }

    /// What the kernel says about the entry itself.
    pub(super) fn look(&self, name: Name<'_>) -> Result<Stat> {
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        retry_on_intr(|| rustix::fs::statat(self.fd(), name.as_str(), flags))
            .map_err(errno::from_native)
    }

    /// The facts about an entry; if it is a link to be followed, and that can be done at once, about what it leads to.
    #[cfg(target_os = "linux")]
    fn stat_following(&self, name: Name<'_>, follow: Follow) -> Result<Metadata> {
        let found = facts::metadata(&self.look(name)?);
        if found.kind != FileKind::SymbolicLink || follow == Follow::No {
            return Ok(found);
        }
        Ok(super::deep::stat_beneath(self.fd(), name.as_str(), follow).unwrap_or(found))
    }

    fn is_dir(&self, name: Name<'_>) -> bool {
        let kind = self
            .look(name)
            .map(|stat| facts::kind(facts::file_type(&stat)));
        kind == Ok(FileKind::Directory)
    }
}

impl Dir for HostDir {
    fn metadata(&self) -> Result<Metadata> {
        let stat = rustix::fs::fstat(self.fd()).map_err(errno::from_native)?;
        Ok(facts::metadata(&stat))
    }

    fn stat(&self, name: Name<'_>) -> Result<Metadata> {
        Ok(facts::metadata(&self.look(name)?))
    }

    fn open(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
        open::open(self, name, Follow::No, request)
    }

    fn list(&self, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        list::list(self, sink)
    }

    /// All directories of the host are one filesystem: the kernel knows where the borders are, and answers `xdev`.
    fn filesystem(&self) -> FsId {
        static HOST: OnceLock<FsId> = OnceLock::new();
        *HOST.get_or_init(FsId::unique)
    }

    fn read_link(&self, name: Name<'_>) -> Result<String> {
        open::link_text(self, name).map_err(|error| match error {
            open::NoText::Native(native) => errno::from_native(native),
            open::NoText::NotUtf8 => Errno::Ilseq,
        })
    }

    fn create_dir(&self, name: Name<'_>) -> Result<()> {
        let mode = Mode::from_raw_mode(0o777);
        rustix::fs::mkdirat(self.fd(), name.as_str(), mode).map_err(errno::from_native)
    }

    fn create_symlink(&self, name: Name<'_>, text: &str) -> Result<()> {
        if text.is_empty() {
            // macOS makes a link that leads nowhere.
            return Err(Errno::Noent);
        }
        rustix::fs::symlinkat(text, self.fd(), name.as_str()).map_err(errno::from_native)
    }

    fn remove_file(&self, name: Name<'_>) -> Result<()> {
        let removed = rustix::fs::unlinkat(self.fd(), name.as_str(), AtFlags::empty());
        match removed.map_err(errno::from_native) {
            // Linux says `EISDIR`, POSIX asks for `EPERM`. The latter has other meanings, so look.
            Err(Errno::Perm) if self.is_dir(name) => Err(Errno::Isdir),
            result => result,
        }
    }

    fn remove_dir(&self, name: Name<'_>) -> Result<()> {
        let removed = rustix::fs::unlinkat(self.fd(), name.as_str(), AtFlags::REMOVEDIR);
        removed.map_err(errno::from_native).map_err(not_empty)
    }

    fn rename(&self, from: Name<'_>, target: &dyn Dir, to: Name<'_>) -> Result<()> {
        let target = same_filesystem(target)?;
        let renamed = rustix::fs::renameat(self.fd(), from.as_str(), target.fd(), to.as_str());
        match renamed.map_err(errno::from_native).map_err(not_empty) {
            // The kernel refuses to replace a directory on the way to `from` before it asks whether the two kinds fit.
            Err(Errno::Notempty) if !self.is_dir(from) => Err(Errno::Isdir),
            result => result,
        }
    }

    fn link(&self, from: Name<'_>, target: &dyn Dir, to: Name<'_>) -> Result<()> {
        let target = same_filesystem(target)?;
        refuse_directory(self, from, target, to)?;
        let (from, to, flags) = (from.as_str(), to.as_str(), AtFlags::empty());
        rustix::fs::linkat(self.fd(), from, target.fd(), to, flags).map_err(errno::from_native)
    }

    fn set_times(&self, name: Name<'_>, times: &SetTimes) -> Result<()> {
        if times.atim == SetTime::Keep && times.mtim == SetTime::Keep {
            // The kernel does not even look whether there is such an entry.
            return self.look(name).map(drop);
        }
        let times = facts::timestamps(times);
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        retry_on_intr(|| rustix::fs::utimensat(self.fd(), name.as_str(), &times, flags))
            .map_err(errno::from_native)
    }

    fn set_own_times(&self, times: &SetTimes) -> Result<()> {
        let times = facts::timestamps(times);
        match rustix::fs::futimens(self.fd(), &times) {
            // The handle is good for looking up names only. `.` is such a name, and no symbolic link.
            Err(Native::BADF) => {
                rustix::fs::utimensat(self.fd(), c".", &times, AtFlags::SYMLINK_NOFOLLOW)
            }
            result => result,
        }
        .map_err(errno::from_native)
    }

    fn sync(&self) -> Result<()> {
        match retry_on_intr(|| rustix::fs::fsync(self.fd())) {
            Err(Native::BADF) => self.reopen().and_then(rustix::fs::fsync),
            result => result,
        }
        .map_err(errno::from_native)
    }

    #[cfg(target_os = "linux")]
    fn open_deep(&self, path: PlainPath<'_>, request: &OpenRequest) -> Option<Node> {
        super::deep::open(self.fd(), path, request)
    }

    #[cfg(target_os = "linux")]
    fn stat_deep(&self, path: PlainPath<'_>, follow: Follow) -> Option<Metadata> {
        super::deep::stat(self.fd(), path, follow)
    }

    #[cfg(target_os = "linux")]
    fn open_path(
        &self,
        path: DeepPath<'_>,
        follow: Follow,
        request: &OpenRequest,
    ) -> Option<Result<Node>> {
        match path.name() {
            Some(name) => Some(open::open(self, name, follow, request)),
            None => super::deep::open_path(self.fd(), path, follow, request),
        }
    }

    #[cfg(target_os = "linux")]
    fn stat_path(&self, path: DeepPath<'_>, follow: Follow) -> Option<Result<Metadata>> {
        match path.name() {
            Some(name) => Some(self.stat_following(name, follow)),
            None => super::deep::stat_path(self.fd(), path, follow),
        }
    }
}

/// POSIX lets a system say `EEXIST` of a directory that cannot be removed or replaced because it has entries.
fn not_empty(errno: Errno) -> Errno {
    if errno == Errno::Exist {
        Errno::Notempty
    } else {
        errno
    }
}

fn same_filesystem(target: &dyn Dir) -> Result<&HostDir> {
    let target: &dyn Any = target;
    target.downcast_ref().ok_or(Errno::Xdev)
}

/// Linux refuses a second name for a directory, in the order of the contract. Other systems may grant it to a
/// privileged process.
#[cfg(target_os = "linux")]
const fn refuse_directory(_: &HostDir, _: Name<'_>, _: &HostDir, _: Name<'_>) -> Result<()> {
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn refuse_directory(dir: &HostDir, from: Name<'_>, target: &HostDir, to: Name<'_>) -> Result<()> {
    let stat = dir.look(from)?;
    if target.look(to).is_ok() {
        return Err(Errno::Exist);
    }
    if facts::kind(facts::file_type(&stat)) == FileKind::Directory {
        return Err(Errno::Perm);
    }
    Ok(())
}
