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
mod shortcut;
mod text;

pub(crate) use policy::{Policy, check_new_link};

use crate::abi::{Errno, FileKind, Result};
use crate::vfs::{Create, Dir, Follow, Metadata, Name, Node, OpenRequest};
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
    if let Some(found) = shortcut::parent(start, path, policy) {
        let (parent, name) = found?;
        return Ok(Target {
            parent,
            last: Last::Name(Cow::Borrowed(name.as_str())),
            slash: false,
        });
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

/// The facts about what a path leads to. The errors of [`target`], and the filesystem's.
pub(crate) fn stat(
    start: &Arc<dyn Dir>,
    path: &str,
    follow: Follow,
    policy: &Policy,
) -> Result<Metadata> {
    let walk = match shortcut::stat(start, path, follow, policy) {
        Some(Ok(found)) if is_to_follow(&found, follow) => Walk::from_link(start, path, policy)?,
        Some(answer) => return answer,
        None => Walk::new(start, path, policy)?,
    };
    walk.reach(follow, |parent, entry| match entry {
        Some((_, metadata)) => Ok(metadata),
        None => parent.metadata(),
    })
}

/// Finds what a path leads to, following links as asked, and hands `act` the directory with the name in it and the
/// facts about it; without, if the directory itself is meant.
pub(crate) fn reach<T>(
    start: &Arc<dyn Dir>,
    path: &str,
    follow: Follow,
    policy: &Policy,
    mut act: impl FnMut(&Arc<dyn Dir>, Option<(Name<'_>, Metadata)>) -> Result<T>,
) -> Result<T> {
    let walk = match shortcut::parent(start, path, policy) {
        None => Walk::new(start, path, policy)?,
        Some(found) => {
            let (parent, name) = found?;
            let metadata = parent.stat(name)?;
            if !is_to_follow(&metadata, follow) {
                return act(&parent, Some((name, metadata)));
            }
            Walk::from_link(start, path, policy)?
        }
    };
    walk.reach(follow, act)
}

fn is_to_follow(metadata: &Metadata, follow: Follow) -> bool {
    metadata.kind == FileKind::SymbolicLink && follow == Follow::Yes
}

/// The text of what was a link a moment ago. If it is none any more, its own name takes its place, to be looked at again.
fn text_to_follow(parent: &Arc<dyn Dir>, name: Name<'_>) -> Result<String> {
    match parent.read_link(name) {
        Err(Errno::Inval) => Ok(name.as_str().to_owned()),
        text => text,
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
    let walk = match shortcut::open(start, path, follow, request, policy) {
        // Elsewhere than in a single name's place a link is for the walk, which knows what to do with it.
        Some(Ok(Node::Symlink(text))) if Name::new(path).is_ok() => {
            if follow == Follow::No {
                return Err(refusal(request));
            }
            Walk::behind_link(start, path, text, policy)?
        }
        Some(Ok(Node::Symlink(_))) | None => Walk::new(start, path, policy)?,
        Some(answer) => return answer,
    };
    walk.run(|parent, component, slash| {
        let Component::Name(name) = component else {
            request.check_existing(FileKind::Directory)?;
            return Ok(Step::Done(Node::Dir(Arc::clone(parent))));
        };
        match open_last(parent, Name::new(name)?, slash, request)? {
            Node::Symlink(text) if slash || follow == Follow::Yes => Ok(Step::Link(text)),
            Node::Symlink(_) => Err(refusal(request)),
            node => Ok(Step::Done(node)),
        }
    })
}

/// The answer to a link at the end that is not to be followed.
const fn refusal(request: &OpenRequest) -> Errno {
    if request.directory {
        Errno::Notdir
    } else {
        Errno::Loop
    }
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

    /// The walk of a path at whose end a link has been seen. Where it is the only name, that need not be seen again.
    fn from_link(start: &'p Arc<dyn Dir>, path: &'p str, policy: &'p Policy) -> Result<Self> {
        match Name::new(path) {
            Ok(name) => Self::behind_link(start, path, text_to_follow(start, name)?, policy),
            Err(_) => Self::new(start, path, policy),
        }
    }

    /// The walk of a path that is only one name, from the text of the link that the name stands for.
    fn behind_link(
        start: &'p Arc<dyn Dir>,
        path: &'p str,
        text: String,
        policy: &'p Policy,
    ) -> Result<Self> {
        let mut walk = Self::new(start, path, policy)?;
        walk.todo.advance();
        walk.expand(text)?;
        Ok(walk)
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

    /// Walks to what the path leads to, following links as asked.
    fn reach<T>(
        self,
        follow: Follow,
        mut act: impl FnMut(&Arc<dyn Dir>, Option<(Name<'_>, Metadata)>) -> Result<T>,
    ) -> Result<T> {
        self.run(|parent, component, slash| {
            let Component::Name(name) = component else {
                return act(parent, None).map(Step::Done);
            };
            let name = Name::new(name)?;
            let metadata = parent.stat(name)?;
            if metadata.kind == FileKind::SymbolicLink && (slash || follow == Follow::Yes) {
                return text_to_follow(parent, name).map(Step::Link);
            }
            if slash && metadata.kind != FileKind::Directory {
                return Err(Errno::Notdir);
            }
            act(parent, Some((name, metadata))).map(Step::Done)
        })
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
