//! Who may do what: the only code that judges rights and read-only grants.
//!
//! wasmtime kept two sets of permission bits and had three ways around them in five weeks (GHSA-2r75-cxrj-cmph,
//! GHSA-4ch3-9j33-3pmj); here a directory is given to a guest for reading or for reading and writing, one bit, and every
//! question is answered in this file. Rights are the guest's own tool for giving up authority; the bit is the host's.

use crate::abi::{Errno, FdFlags, FileKind, Result, Rights};
use crate::vfs::{Create, OpenRequest};
use std::sync::atomic::{AtomicU64, Ordering};

/// What a preopened directory is given for. One bit, on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing below it can be changed through it; trying answers `perm`.
    ReadOnly,
    /// Whatever its filesystem allows.
    ReadWrite,
}

/// Whether rights are enforced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RightsMode {
    /// As the specification says: a call without the right it needs answers `notcapable`, and a descriptor can give up
    /// rights for good.
    #[default]
    Enforce,
    /// Only whether a file was opened for reading or for writing counts, and answers `badf`, as in wasmtime; giving up
    /// rights answers `notsup`. For programs written against hosts that never looked at rights.
    ReadWriteOnly,
}

/// What a descriptor may do, and what descriptors opened through it may do.
#[derive(Debug)]
pub(crate) struct Grant {
    base: AtomicU64,
    inheriting: AtomicU64,
    access: Access,
    mode: RightsMode,
}

/// What a guest asks of `path_open` besides the path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) base: Rights,
    pub(crate) inheriting: Rights,
    pub(crate) fdflags: FdFlags,
    pub(crate) request: OpenRequest,
}

impl Grant {
    pub(crate) const fn new(
        base: Rights,
        inheriting: Rights,
        access: Access,
        mode: RightsMode,
    ) -> Self {
        Self {
            base: AtomicU64::new(base.bits()),
            inheriting: AtomicU64::new(inheriting.bits()),
            access,
            mode,
        }
    }

    pub(crate) fn base(&self) -> Rights {
        Rights::from_bits_truncate(self.base.load(Ordering::Relaxed))
    }

    pub(crate) fn inheriting(&self) -> Rights {
        Rights::from_bits_truncate(self.inheriting.load(Ordering::Relaxed))
    }

    /// May a descriptor of this kind do what needs these rights?
    ///
    /// A right that means nothing for the kind is not missed: what the kind cannot do at all has a better error than a
    /// missing right, and the handler gives it.
    ///
    /// # Errors, in order
    /// 1. `notcapable` if a right is missing (`badf` with [`RightsMode::ReadWriteOnly`], where only the rights to read and
    ///    to write count, the latter for resizing too).
    /// 2. `perm` if it would change a tree that was given for reading.
    pub(crate) fn require(&self, kind: FileKind, needed: Rights) -> Result<()> {
        let mut missing = needed & Rights::applicable(kind) & !self.effective();
        let resizes = kind == FileKind::RegularFile && needed.intersects(Rights::RESIZING);
        if self.mode == RightsMode::ReadWriteOnly && resizes {
            // Nobody asks for these rights there; a file's size is changed by who may write it.
            missing |= Rights::FD_WRITE & !self.base();
        }
        match self.mode {
            RightsMode::Enforce if !missing.is_empty() => return Err(Errno::Notcapable),
            RightsMode::ReadWriteOnly if missing.intersects(Rights::FD_READ | Rights::FD_WRITE) => {
                return Err(Errno::Badf);
            }
            _ => {}
        }
        // claim: rights.read-only-is-no-right
        if self.access == Access::ReadOnly && needed.intersects(Rights::MUTATING) {
            return Err(Errno::Perm);
        }
        Ok(())
    }

    /// The base rights with what they imply: seeking includes telling.
    fn effective(&self) -> Rights {
        let base = self.base();
        if base.contains(Rights::FD_SEEK) {
            base | Rights::FD_TELL
        } else {
            base
        }
    }

    /// May this be opened through this directory?
    ///
    /// # Errors, in order
    /// 1. `perm` if it [mutates](OpenRequest::mutates) a tree that was given for reading.
    /// 2. `notcapable` if rights are asked for that this directory does not pass on; if creating or truncating is asked for
    ///    and the directory has no right to it; if synchronous writing is, and the directory does not pass on the right to
    ///    it. (The specification leaves open which of the two it means; the official suite has it so.)
    pub(crate) fn may_open(&self, asked: &Asked) -> Result<()> {
        // claim: path_open.trunc-mutates
        if self.access == Access::ReadOnly && asked.request.mutates() {
            return Err(Errno::Perm);
        }
        if self.mode == RightsMode::ReadWriteOnly {
            return Ok(());
        }
        let passed_on = self.inheriting();
        let wanted = asked.base | asked.inheriting | asked.needs_passed_on(passed_on);
        if passed_on.contains(wanted) && self.base().contains(asked.needs()) {
            Ok(())
        } else {
            Err(Errno::Notcapable)
        }
    }

    /// The grant of what was opened. Rights that mean nothing for its kind are left out, as the specification allows,
    /// and so is the right to set the size of a file that is not open for writing, which POSIX's `ftruncate` refuses.
    pub(crate) fn derive(&self, kind: FileKind, asked: &Asked) -> Self {
        let mut base = asked.base & Rights::applicable(kind);
        if !asked.request.write {
            base.remove(Rights::FD_FILESTAT_SET_SIZE);
        }
        let inheriting = match kind {
            FileKind::Directory => asked.inheriting & Rights::INHERITED,
            _ => Rights::empty(),
        };
        Self::new(base, inheriting, self.access, self.mode)
    }

    /// The grant of a connection accepted on this listener.
    pub(crate) fn accepted(&self) -> Self {
        Self::new(self.inheriting(), Rights::empty(), self.access, self.mode)
    }

    /// Gives up all rights but these.
    ///
    /// # Errors, in order
    /// 1. `notsup` with [`RightsMode::ReadWriteOnly`]. 2. `notcapable` if a right would be gained.
    // claim: rights.only-fewer
    pub(crate) fn restrict(&self, base: Rights, inheriting: Rights) -> Result<()> {
        if self.mode == RightsMode::ReadWriteOnly {
            return Err(Errno::Notsup);
        }
        if !self.base().contains(base) || !self.inheriting().contains(inheriting) {
            return Err(Errno::Notcapable);
        }
        self.base.fetch_and(base.bits(), Ordering::Relaxed);
        self.inheriting
            .fetch_and(inheriting.bits(), Ordering::Relaxed);
        Ok(())
    }
}

impl Asked {
    /// The rights that the directory must have.
    fn needs(&self) -> Rights {
        let mut needs = Rights::PATH_OPEN;
        needs.set(
            Rights::PATH_CREATE_FILE,
            self.request.create != Create::Never,
        );
        needs.set(Rights::PATH_FILESTAT_SET_SIZE, self.request.truncate);
        needs
    }

    /// The rights that the directory must pass on, besides those asked for. The right to `fd_sync` includes `dsync`.
    fn needs_passed_on(&self, passed_on: Rights) -> Rights {
        let full = FdFlags::RSYNC | FdFlags::SYNC;
        let mut needs = Rights::empty();
        let data = self.fdflags.contains(FdFlags::DSYNC) && !passed_on.contains(Rights::FD_SYNC);
        needs.set(Rights::FD_DATASYNC, data);
        needs.set(Rights::FD_SYNC, self.fdflags.intersects(full));
        needs
    }
}
