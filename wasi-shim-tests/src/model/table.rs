//! The descriptors: what is open, what may be done with it, and where its offset is.
//!
//! Knows which right is missed, from the sets of `spec-notes/rights.md`. Which function needs what is said where the
//! function is.

use super::Model;
use super::tree::{Ino, TOP};
use super::{ROOT, SLOTS, Slot};
use wasi_shim::abi::{Errno, FdFlags, FileKind, Rights};

/// An open descriptor.
#[derive(Clone, Debug)]
pub(super) struct Open {
    pub(super) ino: Ino,
    pub(super) base: Rights,
    pub(super) inheriting: Rights,
    pub(super) flags: FdFlags,
    pub(super) offset: u64,
    /// How many entries the last listing had.
    pub(super) listed: Option<u64>,
    pub(super) preopen: bool,
}

/// All of them, by slot.
#[derive(Clone, Debug)]
pub(super) struct Table([Option<Open>; SLOTS]);

impl Open {
    pub(super) const fn new(ino: Ino, base: Rights, inheriting: Rights, flags: FdFlags) -> Self {
        Self {
            ino,
            base,
            inheriting,
            flags,
            offset: 0,
            listed: None,
            preopen: false,
        }
    }
}

impl Table {
    pub(super) fn new() -> Self {
        let mut slots = [const { None }; SLOTS];
        let mut root = Open::new(TOP, Rights::DIRECTORY, Rights::INHERITED, FdFlags::empty());
        root.preopen = true;
        slots[ROOT] = Some(root);
        Self(slots)
    }

    pub(super) fn get(&self, fd: Slot) -> Result<&Open, Errno> {
        self.0.get(fd).and_then(Option::as_ref).ok_or(Errno::Badf)
    }

    pub(super) fn get_mut(&mut self, fd: Slot) -> Result<&mut Open, Errno> {
        self.0
            .get_mut(fd)
            .and_then(Option::as_mut)
            .ok_or(Errno::Badf)
    }

    pub(super) fn close(&mut self, fd: Slot) -> Result<Open, Errno> {
        self.0.get_mut(fd).and_then(Option::take).ok_or(Errno::Badf)
    }

    pub(super) fn put(&mut self, fd: Slot, open: Open) {
        self.0[fd] = Some(open);
    }

    pub(super) fn open_slots(&self) -> Vec<Slot> {
        (0..SLOTS).filter(|fd| self.0[*fd].is_some()).collect()
    }
}

impl Model {
    /// The descriptor, if it may do what needs these rights: `badf`, `notcapable`.
    pub(super) fn allowed(&self, fd: Slot, needed: Rights) -> Result<&Open, Errno> {
        let open = self.table.get(fd)?;
        let kind = self.tree.kind(open.ino);
        let means_something = |right: &Rights| Rights::applicable(kind).contains(*right);
        let has = |right: Rights| {
            let tells = right == Rights::FD_TELL && open.base.contains(Rights::FD_SEEK);
            tells || open.base.contains(right)
        };
        if needed.iter().filter(means_something).all(has) {
            Ok(open)
        } else {
            Err(Errno::Notcapable)
        }
    }

    /// The number of an open file, if it may be used so; `isdir` for a directory.
    pub(super) fn file(&self, fd: Slot, needed: Rights) -> Result<Ino, Errno> {
        let open = self.allowed(fd, needed)?;
        match self.tree.kind(open.ino) {
            FileKind::Directory => Err(Errno::Isdir),
            _ => Ok(open.ino),
        }
    }

    /// The directory that a path can begin at; `notdir` for a file.
    pub(super) fn dir(&self, open: &Open) -> Result<Ino, Errno> {
        match self.tree.kind(open.ino) {
            FileKind::Directory => Ok(open.ino),
            _ => Err(Errno::Notdir),
        }
    }
}
