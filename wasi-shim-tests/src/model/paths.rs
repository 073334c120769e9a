//! Functions on paths, but for `path_open`.
//!
//! Each walks to the last component and does what `spec-notes/paths.md` says of it. None follows a link at the end unless
//! it is asked to, or a slash follows.

use super::Model;
use super::tree::{Ino, Node};
use super::walk::{self, Last, Place, relative, text};
use super::{Answer, At, Text, Value};
use wasi_shim::abi::{Errno, FstFlags, Rights};

/// `inval` for a time that is to be both given and now.
pub(super) fn check_times(flags: FstFlags) -> Result<(), Errno> {
    let atim = FstFlags::ATIM | FstFlags::ATIM_NOW;
    let mtim = FstFlags::MTIM | FstFlags::MTIM_NOW;
    if flags.contains(atim) || flags.contains(mtim) {
        return Err(Errno::Inval);
    }
    Ok(())
}

impl Place {
    fn name(&self, dot: Errno, dotdot: Errno) -> Result<&str, Errno> {
        match &self.last {
            Last::Name(component) => walk::name(component),
            Last::Dot => Err(dot),
            Last::DotDot => Err(dotdot),
        }
    }
}

impl Model {
    /// What is behind a path, links on the way followed, and one at the end if asked or if a slash follows.
    pub(super) fn reach(&self, dir: Ino, path: &str, follow: bool) -> Result<Ino, Errno> {
        let mut place = self.tree.walk(dir, path)?;
        loop {
            let Last::Name(name) = &place.last else {
                return Ok(place.dir);
            };
            let found = self.tree.get(place.dir, walk::name(name)?)?;
            match self.tree.node(found) {
                Node::Link(link) if follow || place.slash => {
                    place = self.tree.follow(&place, link)?;
                }
                Node::File(_) if place.slash => return Err(Errno::Notdir),
                _ => return Ok(found),
            }
        }
    }

    /// The directory a path begins at, and its text; `badf`, `notcapable`, what is wrong with the text, `notdir`.
    fn begin<'a>(&self, at: &'a At, needed: Rights) -> Result<(Ino, &'a str), Errno> {
        let open = self.allowed(at.fd, needed)?;
        let path = text(&at.path)?;
        Ok((self.dir(open)?, path))
    }

    fn place(&self, at: &At, needed: Rights) -> Result<Place, Errno> {
        let (dir, path) = self.begin(at, needed)?;
        self.tree.walk(dir, path)
    }

    pub(super) fn create_directory(&mut self, at: &At) -> Answer {
        let place = self.place(at, Rights::PATH_CREATE_DIRECTORY)?;
        let name = place.name(Errno::Exist, Errno::Exist)?;
        self.tree.add(place.dir, name, Node::empty_dir())?;
        Ok(Value::Done)
    }

    pub(super) fn path_filestat_get(&self, at: &At, follow: bool) -> Answer {
        let (dir, path) = self.begin(at, Rights::PATH_FILESTAT_GET)?;
        let found = self.reach(dir, path, follow)?;
        Ok(Value::Stat(self.tree.stat(found)))
    }

    pub(super) fn path_filestat_set_times(&self, at: &At, follow: bool, flags: FstFlags) -> Answer {
        let open = self.allowed(at.fd, Rights::PATH_FILESTAT_SET_TIMES)?;
        let path = text(&at.path)?;
        check_times(flags)?;
        self.reach(self.dir(open)?, path, follow)?;
        Ok(Value::Done)
    }

    /// Both paths of a function that has two: the texts are looked at before either is walked.
    fn two(&self, (old, from): (&At, Rights), (new, to): (&At, Rights)) -> [Answered; 2] {
        let begun = self.allowed(old.fd, from).and_then(|_| text(&old.path));
        let begun = begun.and_then(|_| self.allowed(new.fd, to));
        let begun = begun.and_then(|_| text(&new.path).map(drop));
        match begun {
            Ok(()) => [self.place(old, from), self.place(new, to)],
            Err(errno) => [Err(errno), Err(errno)],
        }
    }

    pub(super) fn link(&mut self, old: &At, follow: bool, new: &At) -> Answer {
        let (from, to) = (Rights::PATH_LINK_SOURCE, Rights::PATH_LINK_TARGET);
        self.allowed(old.fd, from)?;
        text(&old.path)?;
        self.allowed(new.fd, to)?;
        text(&new.path)?;
        if follow {
            return Err(Errno::Inval);
        }
        let [source, target] = self.two((old, from), (new, to));
        let (source, target) = (source?, target?);
        let name = source.name(Errno::Perm, Errno::Perm)?;
        if source.slash {
            let (dir, path) = self.begin(old, from)?;
            self.reach(dir, path, true)?;
            return Err(Errno::Perm);
        }
        let new_name = target.name(Errno::Exist, Errno::Exist)?;
        if target.slash {
            self.tree.get(target.dir, new_name)?;
            return Err(Errno::Exist);
        }
        let linked = self.tree.get(source.dir, name)?;
        if self.tree.get(target.dir, new_name).is_ok() {
            return Err(Errno::Exist);
        }
        if self.tree.is_dir(linked) {
            return Err(Errno::Perm);
        }
        if self.tree.is_dead(target.dir) {
            return Err(Errno::Noent);
        }
        self.tree.put(target.dir, new_name, linked);
        Ok(Value::Done)
    }

    pub(super) fn readlink(&self, at: &At, len: usize) -> Answer {
        let place = self.place(at, Rights::PATH_READLINK)?;
        let name = place.name(Errno::Inval, Errno::Inval)?;
        if place.slash {
            let (dir, path) = self.begin(at, Rights::PATH_READLINK)?;
            self.reach(dir, path, true)?;
            return Err(Errno::Inval);
        }
        match self.tree.node(self.tree.get(place.dir, name)?) {
            Node::Link(link) => Ok(Value::Bytes(link.bytes().take(len).collect())),
            _ => Err(Errno::Inval),
        }
    }

    pub(super) fn remove_directory(&mut self, at: &At) -> Answer {
        let place = self.place(at, Rights::PATH_REMOVE_DIRECTORY)?;
        let name = place.name(Errno::Inval, Errno::Notempty)?;
        let found = self.tree.get(place.dir, name)?;
        if !self.tree.is_dir(found) {
            return Err(Errno::Notdir);
        }
        self.tree.bury(found)?;
        self.tree.take(place.dir, name);
        Ok(Value::Done)
    }

    pub(super) fn rename(&mut self, old: &At, new: &At) -> Answer {
        let (from, to) = (Rights::PATH_RENAME_SOURCE, Rights::PATH_RENAME_TARGET);
        let [source, target] = self.two((old, from), (new, to));
        let (source, target) = (source?, target?);
        let name = source.name(Errno::Busy, Errno::Busy)?;
        let new_name = target.name(Errno::Busy, Errno::Busy)?;
        let moved = self.tree.get(source.dir, name)?;
        let is_dir = self.tree.is_dir(moved);
        if (source.slash || target.slash) && !is_dir {
            return Err(Errno::Notdir);
        }
        if self.tree.is_dead(target.dir) {
            return Err(Errno::Noent);
        }
        let replaced = self.tree.get(target.dir, new_name).ok();
        if replaced == Some(moved) {
            return Ok(Value::Done);
        }
        if is_dir && self.tree.holds(moved, target.dir) {
            return Err(Errno::Inval);
        }
        if let Some(replaced) = replaced {
            match (is_dir, self.tree.is_dir(replaced)) {
                (true, true) => self.tree.bury(replaced)?,
                (false, true) => return Err(Errno::Isdir),
                (true, false) => return Err(Errno::Notdir),
                (false, false) => {}
            }
        }
        self.tree.take(source.dir, name);
        self.tree.put(target.dir, new_name, moved);
        Ok(Value::Done)
    }

    pub(super) fn symlink(&mut self, link: &Text, at: &At) -> Answer {
        let link = text(link)?;
        let (dir, path) = self.begin(at, Rights::PATH_SYMLINK)?;
        relative(link)?;
        let place = self.tree.walk(dir, path)?;
        let name = place.name(Errno::Exist, Errno::Exist)?;
        if place.slash {
            self.tree.get(place.dir, name)?;
            let is_dir = self.reach(dir, path, true).is_ok();
            return Err(if is_dir { Errno::Exist } else { Errno::Notdir });
        }
        self.tree
            .add(place.dir, name, Node::Link(link.to_owned()))?;
        Ok(Value::Done)
    }

    pub(super) fn unlink(&mut self, at: &At) -> Answer {
        let place = self.place(at, Rights::PATH_UNLINK_FILE)?;
        let name = place.name(Errno::Isdir, Errno::Isdir)?;
        let found = self.tree.get(place.dir, name)?;
        if self.tree.is_dir(found) {
            return Err(Errno::Isdir);
        }
        if place.slash {
            return Err(Errno::Notdir);
        }
        self.tree.take(place.dir, name);
        Ok(Value::Done)
    }
}

/// A path that was walked.
type Answered = Result<Place, Errno>;
