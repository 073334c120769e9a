//! An embedder's directory.
//!
//! This file knows how a single name is asked about, and that a directory may hand out others that are not guarded as it is.
//! It refuses to know paths, `..` and where links lead: the shim walks. Only the room's root makes such directories, and
//! they their children.

use super::{convert, opened, settle, told};
use crate::dir::{OpenResult, ReaddirCursor, WasiDir};
use crate::file::{Filestat, OFlags};
use crate::snapshots::types::Errno as Theirs;
use std::any::Any;
use std::borrow::Cow;
use std::ops::ControlFlow;
use std::sync::{Arc, LazyLock};
use wasi_shim::abi::{Errno, FileKind, Result};
use wasi_shim::vfs::{self, Create, Dir, FsId, Metadata, Name, Node, OpenRequest, SetTimes};

/// A directory.
#[derive(Clone)]
pub(super) struct Directory {
    dir: Arc<dyn WasiDir>,
    warden: Option<Warden>,
}

/// The directory to be asked about changes, because it handed out one of another type: a wrapper that wraps only itself.
#[derive(Clone)]
struct Warden {
    dir: Arc<dyn WasiDir>,
    /// From there to here.
    path: Arc<str>,
}

/// A name in a directory.
pub(super) struct Entry {
    dir: Directory,
    name: String,
}

impl Entry {
    /// Sets the times of what has the name. `noent` if that is another file than the one that was opened, as far as both say
    /// which they are.
    pub(super) fn set_times(&self, opened: Option<&Filestat>, times: &SetTimes) -> Result<()> {
        let named = settle(self.dir.dir.get_path_filestat(&self.name, false)).ok();
        let other = |(opened, named): (&Filestat, Filestat)| {
            let told = opened.inode != 0 && named.inode != 0;
            told && (opened.device_id, opened.inode) != (named.device_id, named.inode)
        };
        if opened.zip(named).is_some_and(other) {
            return Err(Errno::Noent);
        }
        self.dir.set_times_of(&self.name, times)
    }
}

impl Directory {
    pub(super) fn root(dir: Box<dyn WasiDir>) -> Self {
        Self {
            dir: dir.into(),
            warden: None,
        }
    }

    /// A directory that was opened here.
    fn child(&self, name: &str, dir: Box<dyn WasiDir>) -> Self {
        let warden = match &self.warden {
            Some(Warden { dir, path }) => Some((Arc::clone(dir), format!("{path}/{name}"))),
            None if dir.own_type() == self.dir.own_type() => None,
            None => Some((Arc::clone(&self.dir), name.to_owned())),
        };
        Self {
            dir: dir.into(),
            warden: warden.map(|(dir, path)| Warden {
                dir,
                path: path.into(),
            }),
        }
    }

    /// Who is asked to change the entry, and what it is called there.
    fn changing<'a>(&'a self, name: &'a str) -> (&'a (dyn WasiDir + 'static), Cow<'a, str>) {
        match &self.warden {
            None => (&*self.dir, Cow::Borrowed(name)),
            Some(Warden { dir, path }) if name == "." => (&**dir, Cow::Borrowed(path)),
            Some(Warden { dir, path }) => (&**dir, Cow::Owned(format!("{path}/{name}"))),
        }
    }

    fn set_times_of(&self, name: &str, times: &SetTimes) -> Result<()> {
        let (atime, mtime) = convert::times(times);
        let (dir, path) = self.changing(name);
        settle(dir.set_times(&path, atime, mtime, false)).map_err(told)
    }

    /// What is there, as far as the directory knows about its entries at all.
    fn found(&self, name: &str) -> Result<Found> {
        match settle(self.dir.get_path_filestat(name, false)) {
            Ok(stat) => Ok(Found::Entry(convert::kind(stat.filetype))),
            Err(error) => match error.downcast_ref() {
                Some(Theirs::Noent) => Ok(Found::Nothing),
                Some(Theirs::Notsup | Theirs::Nosys) => Ok(Found::Unknown),
                _ => Err(told(error)),
            },
        }
    }

    fn text(&self, name: &str) -> Result<String> {
        let text = settle(self.dir.read_link(name)).map_err(told)?;
        text.into_os_string()
            .into_string()
            .map_err(|_| Errno::Ilseq)
    }

    /// Opens what is no link.
    fn open_there(&self, name: &str, request: &OpenRequest) -> Result<Node> {
        let changes = request.mutates();
        let (dir, path) = if changes {
            self.changing(name)
        } else {
            (&*self.dir, Cow::Borrowed(name))
        };
        let fdflags = convert::durable(request.sync);
        // A file that is to be created or cut is written, whatever a guest may do with it.
        let read = request.read || !changes;
        let found = settle(dir.open_file(false, &path, oflags(request), read, changes, fdflags));
        match found.map_err(told)? {
            OpenResult::File(_) if request.directory => Err(Errno::Notdir),
            OpenResult::Dir(_) if changes => Err(Errno::Isdir),
            OpenResult::Dir(dir) => Ok(Node::Dir(Arc::new(self.child(name, dir)))),
            OpenResult::File(file) => {
                let entry = || Entry {
                    dir: self.clone(),
                    name: name.to_owned(),
                };
                Ok(opened(file, (!changes).then(entry)))
            }
        }
    }

    /// Applies `change` to both, which are of one type.
    fn both<T>(
        &self,
        from: &str,
        target: &dyn Dir,
        to: &str,
        change: impl FnOnce(&dyn WasiDir, &str, &dyn WasiDir, &str) -> Result<T, crate::Error>,
    ) -> Result<T> {
        let target: &dyn Any = target;
        let target: &Self = target.downcast_ref().ok_or(Errno::Xdev)?;
        let (dir, from) = self.changing(from);
        let (other, to) = target.changing(to);
        if dir.own_type() != other.own_type() {
            return Err(Errno::Xdev);
        }
        change(dir, &from, other, &to).map_err(told)
    }
}

/// What is known about a name.
enum Found {
    Entry(FileKind),
    Nothing,
    /// The directory does not say.
    Unknown,
}

fn oflags(request: &OpenRequest) -> OFlags {
    let mut oflags = OFlags::empty();
    oflags.set(OFlags::CREATE, request.create != Create::Never);
    oflags.set(OFlags::EXCLUSIVE, request.create == Create::Exclusive);
    oflags.set(OFlags::TRUNCATE, request.truncate);
    oflags.set(OFlags::DIRECTORY, request.directory);
    oflags
}

impl Dir for Directory {
    fn metadata(&self) -> Result<Metadata> {
        match settle(self.dir.get_filestat()) {
            Ok(stat) => {
                let mut metadata = convert::metadata(&stat);
                metadata.kind = FileKind::Directory;
                Ok(metadata)
            }
            Err(error) if error.downcast_ref() == Some(&Theirs::Notsup) => Ok(Metadata::dir(0)),
            Err(error) => Err(told(error)),
        }
    }

    fn stat(&self, name: Name<'_>) -> Result<Metadata> {
        let stat = settle(self.dir.get_path_filestat(name.as_str(), false));
        Ok(convert::metadata(&stat.map_err(told)?))
    }

    fn open(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
        let name = name.as_str();
        let found = self.found(name)?;
        match found {
            Found::Entry(kind) => {
                request.check_existing(kind)?;
                if kind == FileKind::SymbolicLink {
                    return self.text(name).map(Node::Symlink);
                }
            }
            Found::Nothing if request.create == Create::Never => return Err(Errno::Noent),
            Found::Nothing if request.directory => return Err(Errno::Inval),
            Found::Nothing | Found::Unknown => {}
        }
        match self.open_there(name, request) {
            // A link, in a directory that does not say so beforehand.
            Err(Errno::Loop) => self.text(name).map(Node::Symlink),
            opened => opened,
        }
    }

    fn list(&self, sink: &mut dyn FnMut(vfs::Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        let entries = settle(self.dir.readdir(ReaddirCursor::from(0))).map_err(told)?;
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                // A name that is not UTF-8: it is there, but it cannot be told.
                Err(error) if error.downcast_ref() == Some(&Theirs::Ilseq) => continue,
                Err(error) => return Err(told(error)),
            };
            if entry.name == "." || entry.name == ".." {
                continue;
            }
            let told = vfs::Entry {
                name: &entry.name,
                ino: entry.inode,
                kind: convert::kind(entry.filetype),
            };
            if sink(told).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// All of them have the same: which of them can be renamed into which is for their types to say.
    fn filesystem(&self) -> FsId {
        static ALL: LazyLock<FsId> = LazyLock::new(FsId::unique);
        *ALL
    }

    fn read_link(&self, name: Name<'_>) -> Result<String> {
        if let Found::Entry(kind) = self.found(name.as_str())?
            && kind != FileKind::SymbolicLink
        {
            return Err(Errno::Inval);
        }
        self.text(name.as_str())
    }

    fn create_dir(&self, name: Name<'_>) -> Result<()> {
        let (dir, path) = self.changing(name.as_str());
        settle(dir.create_dir(&path)).map_err(told)
    }

    fn create_symlink(&self, name: Name<'_>, text: &str) -> Result<()> {
        let (dir, path) = self.changing(name.as_str());
        settle(dir.symlink(text, &path)).map_err(told)
    }

    fn remove_file(&self, name: Name<'_>) -> Result<()> {
        let (dir, path) = self.changing(name.as_str());
        settle(dir.unlink_file(&path)).map_err(told)
    }

    fn remove_dir(&self, name: Name<'_>) -> Result<()> {
        let (dir, path) = self.changing(name.as_str());
        settle(dir.remove_dir(&path)).map_err(told)
    }

    fn rename(&self, from: Name<'_>, target: &dyn Dir, to: Name<'_>) -> Result<()> {
        self.both(
            from.as_str(),
            target,
            to.as_str(),
            |dir, from, other, to| settle(dir.rename(from, other, to)),
        )
    }

    fn link(&self, from: Name<'_>, target: &dyn Dir, to: Name<'_>) -> Result<()> {
        self.both(
            from.as_str(),
            target,
            to.as_str(),
            |dir, from, other, to| settle(dir.hard_link(from, other, to)),
        )
    }

    fn set_times(&self, name: Name<'_>, times: &SetTimes) -> Result<()> {
        self.set_times_of(name.as_str(), times)
    }

    fn set_own_times(&self, times: &SetTimes) -> Result<()> {
        self.set_times_of(".", times)
    }
}
