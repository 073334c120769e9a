//! Copying a tree from any filesystem to any other.
//!
//! Knows the traits of directories and files, and how to walk without a deep stack or many open directories. Refuses to
//! know where the trees are kept. Embedders fill a tree in memory with it, and put one away.

use super::content::{Source, Stopped, buffer, check_length, copy};
use super::trail::{Trail, enter, names};
use crate::abi::{Errno, FileKind, Result};
use crate::vfs::{
    Create, Dir, File, FsId, Metadata, Name, Node, OpenRequest, SetTime, SetTimes, same_filesystem,
};
use std::collections::HashMap;
use std::sync::Arc;

/// What was copied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CopyReport {
    /// Regular files, each counted once.
    pub files: u64,
    /// Directories, without the top.
    pub dirs: u64,
    /// Symbolic links.
    pub symlinks: u64,
    /// Further names of files that were copied.
    pub links: u64,
    /// Bytes that were written.
    pub bytes: u64,
    /// The paths of what is neither of these, with what it is. None of it was opened.
    pub skipped: Vec<(String, FileKind)>,
}

/// Where a copy stopped, and why. What was copied before is there; of the file at this path, nothing is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// The source could not be read.
    #[error("the source's {path:?} could not be read: {errno}")]
    Read {
        /// From the top of the source; empty for the top itself.
        path: String,
        /// What the source answered.
        errno: Errno,
    },
    /// The target could not be written.
    #[error(
        "{path:?} could not be written in the target: {errno}; make room, or remove what is in the way"
    )]
    Write {
        /// From the top of the target; empty for the top itself.
        path: String,
        /// What the target answered.
        errno: Errno,
    },
    /// The target is below the source, so that the copy would have no end.
    #[error("the source's {path:?} is the target; choose a target that is not in the source")]
    Itself {
        /// From the top of the source.
        path: String,
    },
}

/// Copies all that is in `source` into `target`.
///
/// Files, directories and symbolic links are copied, with their times of access and modification, the top's too; links as
/// the text that they are, never followed. Names of the same file stay names of the same file, if the target can do that.
/// Blocks of 4 KiB that are zeros are not written: holes stay holes. Nor are they read where the source says where they are
/// ([`File::seek_data`]), as trees in memory do, and those of Linux. Directories that are there already are used; anything
/// else of the same name is an error. Other kinds, such as devices, are skipped without being opened, and reported.
///
/// The copy is of one moment only if nobody changes the source meanwhile: copy a
/// [`snapshot`](super::MemDir::snapshot) of a tree in memory that is in use.
///
/// Memory grows with the widest directories on the way and with files of several names, the stack with nothing. Of each
/// tree, no more than 64 directories are open at once, however deep it is; who comes back to one that is not finds it again
/// by its path.
///
/// # Errors
/// The first that occurs: what the source answers to [`Dir::list`], [`Dir::stat`], [`Dir::open`] or
/// [`File::read_at`], and `fbig` for a file of more than 1 TiB where nobody says where its holes are; what the target
/// answers, such as `nospc`, `dquot` or `exist`; or that the target is in the source, where both say which
/// filesystem they are.
pub fn copy_tree(source: &dyn Dir, target: &dyn Dir) -> Result<CopyReport, CopyError> {
    let mut copier = Copier {
        top: target,
        target: identity(target),
        seen: HashMap::new(),
        buf: buffer().map_err(reading(""))?,
        report: CopyReport::default(),
    };
    let (mut from, mut to) = (Trail::new(source), Trail::new(target));
    let mut path = String::new();
    let mut levels = vec![copier.fill(source, target, &path)?];
    while let Some(left) = levels.last_mut() {
        if let Some(text) = left.pop() {
            path = join(&path, &text);
            copier.descend(&mut from, &mut to, &path)?;
            levels.push(copier.fill(from.dir(), to.dir(), &path)?);
            continue;
        }
        levels.pop();
        path.truncate(path.rfind('/').unwrap_or(0));
        from.leave().map_err(reading(&path))?;
        to.leave().map_err(writing(&path))?;
    }
    Ok(copier.report)
}

/// A file of several names that was copied.
struct Seen {
    /// The name it was copied to.
    path: String,
    /// How many more names there should be.
    left: u64,
}

struct Copier<'a> {
    top: &'a dyn Dir,
    target: Option<(FsId, u64)>,
    seen: HashMap<u64, Seen>,
    buf: Vec<u8>,
    report: CopyReport,
}

/// What tells a directory from all others, where it can be told.
fn identity(dir: &dyn Dir) -> Option<(FsId, u64)> {
    let id = Some(dir.filesystem()).filter(|id| *id != FsId::NONE)?;
    Some((id, dir.metadata().ok()?.ino))
}

fn reading(path: &str) -> impl FnOnce(Errno) -> CopyError {
    move |errno| CopyError::Read {
        path: path.to_owned(),
        errno,
    }
}

fn writing(path: &str) -> impl FnOnce(Errno) -> CopyError {
    move |errno| CopyError::Write {
        path: path.to_owned(),
        errno,
    }
}

/// The last name of a path.
fn last(path: &str) -> Result<Name<'_>> {
    Name::new(path.rsplit('/').next().unwrap_or(path))
}

fn join(above: &str, name: &str) -> String {
    match above {
        "" => name.to_owned(),
        _ => format!("{above}/{name}"),
    }
}

const fn times(facts: &Metadata) -> SetTimes {
    SetTimes {
        atim: SetTime::At(facts.atim),
        mtim: SetTime::At(facts.mtim),
    }
}

impl Copier<'_> {
    /// Goes on, on both sides, to the directory that is last on a path.
    fn descend(
        &self,
        from: &mut Trail<'_>,
        to: &mut Trail<'_>,
        path: &str,
    ) -> Result<(), CopyError> {
        let name = last(path).map_err(reading(path))?;
        from.enter(name).map_err(reading(path))?;
        if self.target.is_some() && identity(from.dir()) == self.target {
            let path = path.to_owned();
            return Err(CopyError::Itself { path });
        }
        to.enter(name).map_err(writing(path))
    }

    /// Copies what is directly in a directory. Directories are made, and returned, to be filled later.
    fn fill(&mut self, from: &dyn Dir, to: &dyn Dir, path: &str) -> Result<Vec<String>, CopyError> {
        let facts = from.metadata().map_err(reading(path))?;
        let mut dirs = Vec::new();
        for text in names(from).map_err(reading(path))? {
            // A listing may hold what cannot be asked for.
            let Ok(name) = Name::new(&text) else { continue };
            if self.entry(from, to, name, &join(path, &text))? == FileKind::Directory {
                dirs.push(text);
            }
        }
        // Nothing more is entered here.
        let set = to.set_own_times(&times(&facts));
        set.map_err(writing(path))?;
        Ok(dirs)
    }

    fn entry(
        &mut self,
        from: &dyn Dir,
        to: &dyn Dir,
        name: Name<'_>,
        path: &str,
    ) -> Result<FileKind, CopyError> {
        let facts = from.stat(name).map_err(reading(path))?;
        match facts.kind {
            FileKind::Directory => {
                match to.create_dir(name) {
                    Err(Errno::Exist) if is_dir(to, name) => {}
                    made => made.map_err(writing(path))?,
                }
                self.report.dirs = self.report.dirs.saturating_add(1);
                return Ok(facts.kind);
            }
            FileKind::RegularFile if self.link(to, name, path, &facts)? => return Ok(facts.kind),
            FileKind::RegularFile => self.file(from, to, name, path)?,
            FileKind::SymbolicLink => {
                let text = from.read_link(name).map_err(reading(path))?;
                to.create_symlink(name, &text).map_err(writing(path))?;
                self.report.symlinks = self.report.symlinks.saturating_add(1);
            }
            kind => {
                self.report.skipped.push((path.to_owned(), kind));
                return Ok(kind);
            }
        }
        let set = to.set_times(name, &times(&facts));
        set.map_err(writing(path))?;
        Ok(facts.kind)
    }

    /// Gives a file that was copied another name. `false` if it was not, or if it has to be copied again.
    fn link(
        &mut self,
        to: &dyn Dir,
        name: Name<'_>,
        path: &str,
        facts: &Metadata,
    ) -> Result<bool, CopyError> {
        if facts.nlink < 2 || facts.ino == 0 {
            return Ok(false);
        }
        let Some(seen) = self.seen.get_mut(&facts.ino) else {
            let path = path.to_owned();
            let left = facts.nlink.saturating_sub(1);
            self.seen.insert(facts.ino, Seen { path, left });
            return Ok(false);
        };
        seen.left = seen.left.saturating_sub(1);
        let linked = link(self.top, &seen.path, to, name);
        if seen.left == 0 {
            self.seen.remove(&facts.ino);
        }
        match linked {
            Ok(()) => {
                self.report.links = self.report.links.saturating_add(1);
                Ok(true)
            }
            // This target has no such links.
            Err(Errno::Notsup | Errno::Xdev | Errno::Mlink | Errno::Perm | Errno::Rofs) => {
                Ok(false)
            }
            Err(errno) => Err(writing(path)(errno)),
        }
    }

    fn file(
        &mut self,
        from: &dyn Dir,
        to: &dyn Dir,
        name: Name<'_>,
        path: &str,
    ) -> Result<(), CopyError> {
        let source = match from.open(name, &OpenRequest::READ).map_err(reading(path))? {
            Node::File(file) => file,
            // It is not what it was a moment ago.
            _ => return Err(reading(path)(Errno::Io)),
        };
        let request = OpenRequest {
            write: true,
            create: Create::Exclusive,
            ..OpenRequest::READ
        };
        let target = match to.open(name, &request).map_err(writing(path))? {
            Node::File(file) => file,
            _ => return Err(writing(path)(Errno::Io)),
        };
        let written = content(&*source, &*target, &mut self.buf, path);
        if written.is_err() {
            // Half a file would look like a whole one. What stopped the copy is told, whatever this answers.
            let _ = to.remove_file(name);
        }
        self.report.bytes = self.report.bytes.saturating_add(written?);
        self.report.files = self.report.files.saturating_add(1);
        Ok(())
    }
}

fn is_dir(dir: &dyn Dir, name: Name<'_>) -> bool {
    let facts = dir.stat(name);
    facts.is_ok_and(|facts| facts.kind == FileKind::Directory)
}

/// Copies what is in a file. Returns how many bytes were written.
fn content(
    source: &dyn File,
    target: &dyn File,
    buf: &mut [u8],
    path: &str,
) -> Result<u64, CopyError> {
    let size = source.metadata().map_err(reading(path))?.size;
    // Files that are made up say that they have no size.
    let data = |at| match size {
        0 => Err(Errno::Notsup),
        _ => source.seek_data(at),
    };
    check_length(size, data).map_err(reading(path))?;
    let source = Source {
        read: &|buf, at| source.read_at(buf, at),
        data: &data,
        limit: if data(0).is_ok() { size } else { u64::MAX },
    };
    match copy(&source, target, 0, buf) {
        Ok(copied) => Ok(copied.written),
        Err(Stopped::Read(errno)) => Err(reading(path)(errno)),
        Err(Stopped::Write(errno)) => Err(writing(path)(errno)),
    }
}

/// Links `path`, from the target's top, to a name in `to`.
fn link(top: &dyn Dir, path: &str, to: &dyn Dir, name: Name<'_>) -> Result<()> {
    let mut below: Option<Arc<dyn Dir>> = None;
    let (above, old) = path.rsplit_once('/').unwrap_or(("", path));
    for part in above.split('/').filter(|part| !part.is_empty()) {
        below = Some(enter(below.as_deref().unwrap_or(top), Name::new(part)?)?);
    }
    let dir = below.as_deref().unwrap_or(top);
    same_filesystem(dir, to)?;
    dir.link(Name::new(old)?, to, name)
}
