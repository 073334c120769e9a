//! The walk: the only code that understands `/`, `.`, `..` and symbolic links.
//!
//! A path is walked one name at a time, from the descriptor it is relative to, over directory handles that are kept.
//! `..` lets go of a handle; no filesystem is ever asked for a parent, so nothing that happens elsewhere at the same
//! time can turn `..` into a way out. Linux's `path-lookup.rst` begins by telling the final component from all others,
//! and so does this room: what comes before it is walked here, what is done with it is the caller's closure.
//!
//! Three facts are never mixed up, because mixing them was how three well-known resolvers were broken in 2026
//! (GHSA-hp8f-xmx4-4qrg, CVE-2026-39822, gVisor #14786):
//!
//! * *follow*: the caller wants a link at the end followed (`lookupflags`);
//! * *slash*: the path, or the text of a link at its end, was spelled with a trailing slash: what it names must be a
//!   directory, and a link there is followed to find out;
//! * *directory*: the caller insists on a directory (`oflags`), which never means following.
//!
//! Used by the handlers of the `path_*` functions. Knows nothing of descriptors, rights or guests.

mod policy;
mod text;

pub(crate) use policy::{Policy, check_new_link};

use crate::abi::{Errno, FileKind, Result};
use crate::vfs::{Create, Dir, Follow, Metadata, Name, Node, OpenRequest, PlainPath};
use std::borrow::Cow;
use std::sync::Arc;
use text::{Component, Remaining};

/// The last component of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Last<'p> {
    /// A name in the parent: a part of the path, or of the text of a link.
    Name(Cow<'p, str>),
    /// The path ended in `.`: the parent itself is meant.
    Dot,
    /// The path ended in `..`: likewise.
    DotDot,
}

/// Where a path leads, before anything is done with its last component.
pub(crate) struct Target<'p> {
    /// The directory that holds it.
    pub(crate) parent: Arc<dyn Dir>,
    /// The component.
    pub(crate) last: Last<'p>,
    /// There was a trailing slash.
    pub(crate) slash: bool,
}

/// What a caller made of the last component.
enum Step<T> {
    Done(T),
    /// It is a symbolic link with this text, to be followed.
    Link(String),
}

/// Walks to the last component and stops: for everything that acts on a name and never follows it.
///
/// # Errors, in the order of the walk
/// 1. `noent` for an empty path, `perm` for an absolute one.
/// 2. `perm` where `..` or a link leads out of `start`; `noent` or `notdir` for what is missing or in the way;
///    `loop` after too many links; `nametoolong` for a component over 255 bytes or links that expand without end.
pub(crate) fn target<'p>(
    start: &Arc<dyn Dir>,
    path: &'p str,
    policy: &Policy,
) -> Result<Target<'p>> {
    if let Some(target) = target_below_plain_path(start, path) {
        return Ok(target);
    }
    Walk::new(start, path, policy)?.run(|parent, component, slash| {
        let last = match component {
            Component::Name(name) => Last::Name(Cow::Owned(name.to_owned())),
            Component::Dot => Last::Dot,
            Component::DotDot => Last::DotDot,
        };
        let parent = Arc::clone(parent);
        Ok(Step::Done(Target {
            parent,
            last,
            slash,
        }))
    })
}

/// The target of a path whose last name follows a plain path that can be opened at once.
fn target_below_plain_path<'p>(start: &Arc<dyn Dir>, path: &'p str) -> Option<Target<'p>> {
    let (parent, name) = path.rsplit_once('/')?;
    Name::new(name).ok()?;
    let Node::Dir(parent) = start.open_deep(PlainPath::new(parent)?, &OpenRequest::STEP)? else {
        return None;
    };
    Some(Target {
        parent,
        last: Last::Name(Cow::Borrowed(name)),
        slash: false,
    })
}

/// The facts about what a path leads to. The errors of [`target`], and the filesystem's.
pub(crate) fn stat(
    start: &Arc<dyn Dir>,
    path: &str,
    follow: Follow,
    policy: &Policy,
) -> Result<Metadata> {
    match plain(path).and_then(|path| start.stat_deep(path, follow)) {
        // A link that was to be followed is for the walk.
        Some(metadata) if metadata.kind == FileKind::SymbolicLink && follow == Follow::Yes => {}
        Some(metadata) => return Ok(metadata),
        None => {}
    }
    reach(start, path, follow, policy, |parent, entry| match entry {
        Some((_, metadata)) => Ok(metadata),
        None => parent.metadata(),
    })
}

/// Walks to what a path leads to, following links as asked, and hands `act` the directory with the name in it and the
/// facts about it; without, if the directory itself is meant.
pub(crate) fn reach<T>(
    start: &Arc<dyn Dir>,
    path: &str,
    follow: Follow,
    policy: &Policy,
    mut act: impl FnMut(&Arc<dyn Dir>, Option<(Name<'_>, Metadata)>) -> Result<T>,
) -> Result<T> {
    Walk::new(start, path, policy)?.run(|parent, component, slash| {
        let Component::Name(name) = component else {
            return act(parent, None).map(Step::Done);
        };
        let name = Name::new(name)?;
        let metadata = parent.stat(name)?;
        if metadata.kind == FileKind::SymbolicLink && (slash || follow == Follow::Yes) {
            return link_to_follow(parent, name);
        }
        if slash && metadata.kind != FileKind::Directory {
            return Err(Errno::Notdir);
        }
        act(parent, Some((name, metadata))).map(Step::Done)
    })
}

/// The text of what was a link a moment ago. If it is none any more, its own name takes its place, to be looked at again.
fn link_to_follow<T>(parent: &Arc<dyn Dir>, name: Name<'_>) -> Result<Step<T>> {
    match parent.read_link(name) {
        Err(Errno::Inval) => Ok(Step::Link(name.as_str().to_owned())),
        text => text.map(Step::Link),
    }
}

/// Opens what a path leads to. The errors of [`target`], then those of [`Dir::open`]; for a link at the end that is not
/// to be followed `notdir` if a directory was asked for, else `loop`.
pub(crate) fn open(
    start: &Arc<dyn Dir>,
    path: &str,
    follow: Follow,
    request: &OpenRequest,
    policy: &Policy,
) -> Result<Node> {
    match plain(path).and_then(|path| start.open_deep(path, request)) {
        // A link is for the walk, which knows what to do with it.
        Some(Node::Symlink(_)) | None => {}
        Some(node) => return Ok(node),
    }
    Walk::new(start, path, policy)?.run(|parent, component, slash| {
        let Component::Name(name) = component else {
            request.check_existing(FileKind::Directory)?;
            return Ok(Step::Done(Node::Dir(Arc::clone(parent))));
        };
        match open_last(parent, Name::new(name)?, slash, request)? {
            Node::Symlink(text) if slash || follow == Follow::Yes => Ok(Step::Link(text)),
            Node::Symlink(_) if request.directory => Err(Errno::Notdir),
            Node::Symlink(_) => Err(Errno::Loop),
            node => Ok(Step::Done(node)),
        }
    })
}

fn open_last(
    parent: &Arc<dyn Dir>,
    name: Name<'_>,
    slash: bool,
    request: &OpenRequest,
) -> Result<Node> {
    if !slash {
        return parent.open(name, request);
    }
    if request.create != Create::Never {
        return open_slashed_for_creation(parent, name, request);
    }
    let directory = OpenRequest {
        directory: true,
        ..*request
    };
    parent.open(name, &directory)
}

/// `O_CREAT` on `name/`. No file is ever made: a missing name is `isdir`, as on Linux, and so is a directory; anything
/// else is `notdir`, but for a link, which is followed.
fn open_slashed_for_creation(
    parent: &Arc<dyn Dir>,
    name: Name<'_>,
    request: &OpenRequest,
) -> Result<Node> {
    let kind = match parent.stat(name) {
        Ok(metadata) => metadata.kind,
        Err(Errno::Noent) => return Err(Errno::Isdir),
        Err(errno) => return Err(errno),
    };
    let directory = OpenRequest {
        directory: true,
        ..*request
    };
    directory.check_existing(kind)?;
    parent.read_link(name).map(Node::Symlink)
}

/// One name needs no acceleration, and is by far the most frequent path.
fn plain(path: &str) -> Option<PlainPath<'_>> {
    path.contains('/').then(|| PlainPath::new(path)).flatten()
}

/// A resolution in progress.
struct Walk<'p> {
    start: &'p Arc<dyn Dir>,
    /// The directories walked into below `start`, the current one last.
    held: Vec<Arc<dyn Dir>>,
    todo: Remaining<'p>,
    links: u32,
    expanded: usize,
    policy: &'p Policy,
}

impl<'p> Walk<'p> {
    fn new(start: &'p Arc<dyn Dir>, path: &'p str, policy: &'p Policy) -> Result<Self> {
        policy::check_path(path)?;
        Ok(Self {
            start,
            held: Vec::new(),
            todo: Remaining::new(path),
            links: 0,
            expanded: 0,
            policy,
        })
    }

    fn here(&self) -> &Arc<dyn Dir> {
        self.held.last().unwrap_or(self.start)
    }

    /// Walks to the last component and asks `act` about it, again after each link that is to be followed.
    fn run<T>(
        mut self,
        mut act: impl FnMut(&Arc<dyn Dir>, Component<'_>, bool) -> Result<Step<T>>,
    ) -> Result<T> {
        loop {
            self.todo.advance();
            let Some(slash) = self.todo.is_last() else {
                self.enter()?;
                continue;
            };
            if self.todo.current() == Component::DotDot {
                self.leave()?;
            }
            match act(self.here(), self.todo.current(), slash)? {
                Step::Done(value) => return Ok(value),
                Step::Link(text) => self.expand(text)?,
            }
        }
    }

    /// Takes one step that is not the last.
    fn enter(&mut self) -> Result<()> {
        let name = match self.todo.current() {
            Component::Dot => return Ok(()),
            Component::DotDot => return self.leave(),
            Component::Name(name) => Name::new(name)?,
        };
        match self.here().open(name, &OpenRequest::STEP)? {
            Node::Dir(_) if self.held.len() >= self.policy.depth => return Err(Errno::Nametoolong),
            Node::Dir(dir) => self.held.push(dir),
            Node::Symlink(text) => self.expand(text)?,
            Node::File(_) | Node::Stream(_) => return Err(Errno::Notdir),
        }
        Ok(())
    }

    fn leave(&mut self) -> Result<()> {
        self.held.pop().map(drop).ok_or(policy::ESCAPE)
    }

    /// Puts a link's text in the place of its name.
    fn expand(&mut self, text: String) -> Result<()> {
        policy::check_path(&text)?;
        self.links = self.links.saturating_add(1);
        self.expanded = self.expanded.saturating_add(text.len());
        if self.links > self.policy.links {
            return Err(Errno::Loop);
        }
        if self.expanded > self.policy.expanded {
            return Err(Errno::Nametoolong);
        }
        self.todo.push(text);
        Ok(())
    }
}
