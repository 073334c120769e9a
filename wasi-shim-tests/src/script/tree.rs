//! A case's tree: how it comes to be, and what is in it afterwards.
//!
//! Both go through [`Dir`], so one piece of code serves memory, host folders that another host is given, and whatever
//! else is a filesystem. Around the guest's root lies a folder that the guest must never see.

use super::{Case, Node, ScriptError};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use wasi_shim::abi::{Errno, FileKind};
use wasi_shim::vfs::{self, Create, Dir, File, Name, OpenRequest};

/// The name of the guest's root in the folder around it.
pub const ROOT: &str = "root";

/// In the text of a link: the absolute path of the folder around the root.
const OUTSIDE: &str = "{outside}";

/// How much of a file's content is looked at; files that are longer have holes.
const LOOKED_AT: u64 = 1 << 20;

type Result<T> = std::result::Result<T, ScriptError>;

/// Makes the case's tree in an empty directory, whose absolute path is `outside`; returns the guest's root.
pub fn build(case: &Case, around: &Arc<dyn Dir>, outside: &str) -> Result<Arc<dyn Dir>> {
    grow(case, &case.tree, around, outside)
}

/// Makes some of what is in the case's tree; returns the guest's root, which may be there.
pub(super) fn grow<'a>(
    case: &Case,
    nodes: impl IntoIterator<Item = &'a Node>,
    around: &Arc<dyn Dir>,
    outside: &str,
) -> Result<Arc<dyn Dir>> {
    let root = folder(around, ROOT)?;
    for node in nodes {
        add(around, node, outside).map_err(|error| error.at(&case.file, case.line))?;
    }
    Ok(root)
}

fn add(around: &Arc<dyn Dir>, node: &Node, outside: &str) -> Result<()> {
    let path = match node {
        Node::Dir(path) | Node::File(path, _) | Node::Link(path, _) | Node::Hard(path, _) => path,
    };
    let (parent, last) = parent(around, path)?;
    let name = name(&last)?;
    let made = match node {
        Node::Dir(_) => parent.create_dir(name),
        Node::File(_, content) => create(&*parent, name, content),
        Node::Link(_, text) => parent.create_symlink(name, &text.replace(OUTSIDE, outside)),
        Node::Hard(_, existing) => {
            let (from, existing) = self::parent(around, existing)?;
            from.link(self::name(&existing)?, &*parent, name)
        }
    };
    made.map_err(|errno| ScriptError::new(format!("{path} cannot be made: {errno}")))
}

fn create(dir: &dyn Dir, name: Name<'_>, content: &[u8]) -> std::result::Result<(), Errno> {
    let mut request = OpenRequest::READ;
    request.write = true;
    request.create = Create::Exclusive;
    match dir.open(name, &request)? {
        vfs::Node::File(file) => file.write_at(content, 0).map(drop),
        _ => Err(Errno::Io),
    }
}

/// The directory that a path leads to the last name of, made if it is missing, and that name.
fn parent(around: &Arc<dyn Dir>, path: &str) -> Result<(Arc<dyn Dir>, String)> {
    let path = from_around(path);
    let (folders, last) = path.rsplit_once('/').unwrap_or(("", &path));
    let mut dir = around.clone();
    for part in folders.split('/').filter(|part| !part.is_empty()) {
        dir = folder(&dir, part)?;
    }
    Ok((dir, last.to_owned()))
}

fn folder(dir: &Arc<dyn Dir>, part: &str) -> Result<Arc<dyn Dir>> {
    let name = name(part)?;
    match dir.create_dir(name) {
        Ok(()) | Err(Errno::Exist) => {}
        Err(errno) => return Err(ScriptError::new(format!("{part} cannot be made: {errno}"))),
    }
    step(dir, part)
}

fn step(dir: &Arc<dyn Dir>, part: &str) -> Result<Arc<dyn Dir>> {
    match dir.open(name(part)?, &OpenRequest::STEP) {
        Ok(vfs::Node::Dir(dir)) => Ok(dir),
        _ => Err(ScriptError::new(format!("{part} is no directory"))),
    }
}

/// A directory somewhere below another one; `.` is itself.
pub fn open(root: &Arc<dyn Dir>, path: &str) -> Result<Arc<dyn Dir>> {
    let mut parts = path.split('/').filter(|part| !matches!(*part, "" | "."));
    parts.try_fold(root.clone(), |dir, part| step(&dir, part))
}

fn name(part: &str) -> Result<Name<'_>> {
    Name::new(part).map_err(|_| ScriptError::new(format!("{part:?} cannot be a name in a tree")))
}

/// A case's path, from the folder around the root on.
fn from_around(path: &str) -> String {
    match path.strip_prefix("../") {
        Some(outside) => outside.to_owned(),
        None if path == "." => ROOT.to_owned(),
        None => format!("{ROOT}/{path}"),
    }
}

/// What is in a tree, and in the folder around it, by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot(BTreeMap<String, Shape>);

/// Something in a tree.
#[derive(Clone, PartialEq, Eq)]
pub enum Shape {
    /// A directory.
    Dir,
    /// A file: its length, and the beginning of its content.
    File(u64, Vec<u8>),
    /// A symbolic link.
    Link(String),
    /// Anything else.
    Other(FileKind),
    /// What cannot be looked at, such as a link with a text that is not UTF-8.
    Unreadable(Errno),
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dir => f.write_str("a directory"),
            Self::File(len, content) => {
                let shown = &content[..content.len().min(40)];
                write!(
                    f,
                    "a file of {len} bytes, {:?}",
                    String::from_utf8_lossy(shown)
                )
            }
            Self::Link(text) => write!(f, "a link to {text:?}"),
            Self::Other(kind) => write!(f, "{kind:?}"),
            Self::Unreadable(errno) => write!(f, "something unreadable: {errno}"),
        }
    }
}

impl Snapshot {
    /// What is in a directory and everything below it.
    pub fn of(around: &Arc<dyn Dir>) -> Self {
        let mut all = Self::default();
        all.take(around, "");
        all
    }

    fn take(&mut self, dir: &Arc<dyn Dir>, path: &str) {
        let mut names = Vec::new();
        let listed = dir.list(&mut |entry| {
            names.push(entry.name.to_owned());
            ControlFlow::Continue(())
        });
        if let Err(errno) = listed {
            panic!("{path} cannot be listed: {errno}");
        }
        for part in names {
            let path = if path.is_empty() {
                part.clone()
            } else {
                format!("{path}/{part}")
            };
            let name = Name::new(&part).expect("a listed name");
            let shape = match dir.open(name, &OpenRequest::READ) {
                Ok(vfs::Node::Dir(below)) => {
                    self.take(&below, &path);
                    Shape::Dir
                }
                Ok(vfs::Node::File(file)) => content(&*file),
                Ok(vfs::Node::Symlink(text)) => Shape::Link(text),
                Ok(vfs::Node::Stream(stream)) => Shape::Other(stream.kind()),
                Err(errno) => Shape::Unreadable(errno),
            };
            self.0.insert(path, shape);
        }
    }

    /// What a case's path leads to.
    pub fn get(&self, path: &str) -> Option<&Shape> {
        self.0.get(&from_around(path))
    }

    /// The first difference from an earlier state, in words.
    pub fn difference(&self, before: &Self) -> Option<String> {
        let paths = before.0.keys().chain(self.0.keys());
        let mut changed = paths.filter(|path| before.0.get(*path) != self.0.get(*path));
        let path = changed.next()?;
        Some(match (before.0.get(path), self.0.get(path)) {
            (Some(was), Some(is)) => format!("{path} was {was:?} and is {is:?}"),
            (Some(was), None) => format!("{path}, {was:?}, is gone"),
            (None, is) => format!("{path} has appeared: {is:?}"),
        })
    }
}

fn content(file: &dyn File) -> Shape {
    let len = file.metadata().map_or(0, |facts| facts.size);
    let mut bytes = vec![0; usize::try_from(len.min(LOOKED_AT)).unwrap_or(0)];
    let mut done = 0;
    while done < bytes.len() {
        match file.read_at(&mut bytes[done..], done as u64) {
            Ok(0) | Err(_) => break,
            Ok(count) => done += count,
        }
    }
    bytes.truncate(done);
    Shape::File(len, bytes)
}
