//! A filesystem and a descriptor table that are obviously right, to compare the library with.
//!
//! One struct, [`Model`], answers every [`Call`] as `spec-notes` say a guest is to be answered. It knows no speed, no
//! threads and no times; it uses the library's numbers and flags, and none of its code. The property tests run it beside
//! the library and beside other systems.

mod arguments;
mod call;
mod fds;
mod files;
mod identity;
mod left;
mod opening;
mod paths;
mod table;
mod tree;
mod value;
mod walk;

pub use arguments::{At, Opening, ROOT, SLOTS, Slot, Text, Times};
pub use call::{Call, System};
pub use left::{Leaf, Left};
pub use value::{Answer, Stat, Value};

use table::Table;
use tree::{Ino, Tree};
use walk::Last;
use wasi_shim::abi::{Errno, FdFlags, FileKind, Rights};

/// The model.
#[derive(Clone, Debug)]
pub struct Model {
    tree: Tree,
    table: Table,
}

/// The name of the preopened directory.
pub const NAME: &str = "/";

impl Default for Model {
    fn default() -> Self {
        Self::new()
    }
}

impl Model {
    /// An empty tree, given to read and write.
    pub fn new() -> Self {
        Self {
            tree: Tree::new(),
            table: Table::new(),
        }
    }

    /// What is in the tree.
    pub fn left(&self) -> Left {
        self.tree.left()
    }

    /// The slots that are open.
    pub fn open_slots(&self) -> Vec<Slot> {
        self.table.open_slots()
    }

    /// What is open in a slot.
    pub fn kind(&self, fd: Slot) -> Option<FileKind> {
        let open = self.table.get(fd).ok()?;
        Some(self.tree.kind(open.ino))
    }

    /// Is this the descriptor of a preopened directory?
    pub fn is_preopen(&self, fd: Slot) -> bool {
        self.table.get(fd).is_ok_and(|open| open.preopen)
    }

    /// Was the directory in this slot removed?
    pub fn is_removed(&self, fd: Slot) -> bool {
        let open = self.table.get(fd);
        open.is_ok_and(|open| self.tree.is_dead(open.ino))
    }

    /// Is what one path leads to a directory that the other's last component is in, however deep?
    pub fn is_above(&self, above: &At, below: &At) -> bool {
        let found = self
            .start(above)
            .and_then(|(dir, path)| self.reach(dir, path, false));
        let place = self
            .start(below)
            .and_then(|(dir, path)| self.tree.walk(dir, path));
        match (found, place) {
            (Ok(dir), Ok(place)) => self.tree.is_dir(dir) && self.tree.holds(dir, place.dir),
            _ => false,
        }
    }

    fn start<'a>(&self, at: &'a At) -> Result<(Ino, &'a str), Errno> {
        let open = self.table.get(at.fd)?;
        Ok((self.dir(open)?, walk::text(&at.path)?))
    }

    /// What may be done with what is open in a slot, and how it behaves.
    pub fn is_open_with(&self, fd: Slot) -> Option<(Rights, FdFlags)> {
        let open = self.table.get(fd).ok()?;
        Some((open.base, open.flags))
    }

    /// What a path leads to, or why it does not; a link at the end is followed if asked.
    pub fn look(&self, at: &At, follow: bool) -> Result<Stat, Errno> {
        let (dir, path) = self.start(at)?;
        let found = self.reach(dir, path, follow)?;
        Ok(self.tree.stat(found))
    }

    /// Is there something at the last component of a path, which is not followed, whatever is behind it?
    pub fn look_at_name(&self, at: &At) -> Result<Option<Stat>, Errno> {
        let (dir, path) = self.start(at)?;
        let place = self.tree.walk(dir, path)?;
        let Last::Name(name) = &place.last else {
            return Ok(Some(self.tree.stat(place.dir)));
        };
        let found = self.tree.get(place.dir, walk::name(name)?).ok();
        Ok(found.map(|ino| self.tree.stat(ino)))
    }
}

impl System for Model {
    fn answer(&mut self, call: &Call) -> Answer {
        match call {
            Call::CreateDirectory { at } => self.create_directory(at),
            Call::PathFilestatGet { at, follow } => self.path_filestat_get(at, *follow),
            Call::PathFilestatSetTimes { at, follow, times } => {
                self.path_filestat_set_times(at, *follow, times.flags)
            }
            Call::Link { old, follow, new } => self.link(old, *follow, new),
            Call::Open { at, opening } => self.open(at, opening),
            Call::Readlink { at, len } => self.readlink(at, *len),
            Call::RemoveDirectory { at } => self.remove_directory(at),
            Call::Rename { old, new } => self.rename(old, new),
            Call::Symlink { text, at } => self.symlink(text, at),
            Call::Unlink { at } => self.unlink(at),
            Call::Read { fd, lens } => self.read(*fd, lens),
            Call::Pread { fd, lens, offset } => self.pread(*fd, lens, *offset),
            Call::Write { fd, parts } => self.write(*fd, parts),
            Call::Pwrite { fd, parts, offset } => self.pwrite(*fd, parts, *offset),
            Call::Seek { fd, delta, whence } => self.seek(*fd, *delta, *whence),
            Call::Tell { fd } => self.tell(*fd),
            Call::Allocate { fd, offset, len } => self.allocate(*fd, *offset, *len),
            Call::FilestatSetSize { fd, size } => self.set_size(*fd, *size),
            Call::Readdir { fd, .. } => self.readdir(*fd),
            Call::ReaddirFrom { fd, cookie } => self.readdir_from(*fd, *cookie),
            other => self.on_descriptor(other),
        }
    }
}
