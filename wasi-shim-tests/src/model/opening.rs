//! `path_open`.
//!
//! Follows the order of its page: flags, descriptor, rights, then the walk, then what is there or is not. The three facts
//! that must not be mixed up, following, slash and directory, each have one place.

use super::Model;
use super::table::Open;
use super::tree::{Ino, Node};
use super::walk::{self, Last, Place, text};
use super::{Answer, At, Opening, Value};
use wasi_shim::abi::{Errno, FdFlags, FileKind, OFlags, Rights};

impl Opening {
    fn creates(&self) -> bool {
        self.oflags.contains(OFlags::CREAT)
    }

    fn exclusive(&self) -> bool {
        self.oflags.contains(OFlags::CREAT | OFlags::EXCL)
    }

    fn truncates(&self) -> bool {
        self.oflags.contains(OFlags::TRUNC)
    }

    fn directory(&self) -> bool {
        self.oflags.contains(OFlags::DIRECTORY)
    }

    /// Is it opened for writing? The right to allocate asks for it too, but not of a directory.
    fn writes(&self) -> bool {
        let allocates = self.base.contains(Rights::FD_ALLOCATE) && !self.directory();
        self.base.contains(Rights::FD_WRITE) || allocates
    }

    fn changes(&self) -> bool {
        self.writes() || self.creates() || self.truncates()
    }

    fn needs(&self) -> Rights {
        let mut needs = Rights::PATH_OPEN;
        if self.creates() {
            needs |= Rights::PATH_CREATE_FILE;
        }
        if self.truncates() {
            needs |= Rights::PATH_FILESTAT_SET_SIZE;
        }
        needs
    }

    fn needs_passed_on(&self, passed_on: Rights) -> Rights {
        let mut needs = self.base | self.inheriting;
        if self.fdflags.contains(FdFlags::DSYNC) && !passed_on.contains(Rights::FD_SYNC) {
            needs |= Rights::FD_DATASYNC;
        }
        if self.fdflags.intersects(FdFlags::SYNC | FdFlags::RSYNC) {
            needs |= Rights::FD_SYNC;
        }
        needs
    }
}

impl Model {
    pub(super) fn open(&mut self, at: &At, opening: &Opening) -> Answer {
        // What is in the slot goes first; a path can begin there.
        if at.fd != opening.into {
            let _ = self.table.close(opening.into);
        }
        let open = self.allowed(at.fd, Rights::PATH_OPEN)?;
        let path = text(&at.path)?;
        let others = OFlags::CREAT | OFlags::EXCL | OFlags::TRUNC;
        if opening.directory() && opening.oflags.intersects(others) {
            return Err(Errno::Inval);
        }
        let dir = self.dir(open)?;
        let wanted = opening.needs_passed_on(open.inheriting);
        let passes_on = open.inheriting.contains(wanted);
        if !passes_on || !open.base.contains(opening.needs()) {
            return Err(Errno::Notcapable);
        }
        let ino = self.open_at(dir, path, opening)?;
        let kind = self.tree.kind(ino);
        self.table.put(opening.into, opened(ino, kind, opening));
        Ok(Value::Opened(kind))
    }

    fn open_at(&mut self, dir: Ino, path: &str, opening: &Opening) -> Result<Ino, Errno> {
        let mut place = self.tree.walk(dir, path)?;
        loop {
            let Last::Name(name) = &place.last else {
                return self.open_existing(place.dir, false, opening);
            };
            let Ok(found) = self.tree.get(place.dir, walk::name(name)?) else {
                return self.open_missing(&place, name, opening);
            };
            let Node::Link(link) = self.tree.node(found) else {
                return self.open_existing(found, place.slash, opening);
            };
            if opening.exclusive() {
                return Err(Errno::Exist);
            }
            if !place.slash && !opening.follow {
                let wanted_directory = opening.directory();
                return Err(if wanted_directory {
                    Errno::Notdir
                } else {
                    Errno::Loop
                });
            }
            place = self.tree.follow(&place, link)?;
        }
    }

    fn open_missing(&mut self, place: &Place, name: &str, opening: &Opening) -> Result<Ino, Errno> {
        if !opening.creates() {
            return Err(Errno::Noent);
        }
        if place.slash {
            return Err(Errno::Isdir);
        }
        self.tree.add(place.dir, name, Node::File(Vec::new()))
    }

    fn open_existing(&mut self, ino: Ino, slash: bool, opening: &Opening) -> Result<Ino, Errno> {
        if opening.exclusive() {
            return Err(Errno::Exist);
        }
        if self.tree.is_dir(ino) {
            return if opening.changes() {
                Err(Errno::Isdir)
            } else {
                Ok(ino)
            };
        }
        if slash || opening.directory() {
            return Err(Errno::Notdir);
        }
        if opening.truncates() {
            self.tree.content(ino).clear();
        }
        Ok(ino)
    }
}

/// The descriptor of what was opened. Only what is open for writing can be resized.
fn opened(ino: Ino, kind: FileKind, opening: &Opening) -> Open {
    let mut base = opening.base & Rights::applicable(kind);
    let mut inheriting = opening.inheriting & Rights::INHERITED;
    if !opening.writes() {
        base -= Rights::FD_FILESTAT_SET_SIZE;
    }
    if kind != FileKind::Directory {
        inheriting = Rights::empty();
    }
    Open::new(ino, base, inheriting, opening.fdflags)
}
