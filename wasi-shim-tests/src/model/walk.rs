//! Paths: POSIX's resolution, below a directory that nothing leads out of.
//!
//! Written from `spec-notes/paths.md`, as plainly as it can be: a path is a list of components that links are spliced
//! into, and the way back is a list of the directories passed. Shares nothing with the library but the numbers.

use super::Text;
use super::tree::{Ino, Node, Tree};
use std::collections::VecDeque;
use wasi_shim::abi::Errno;

/// The last component of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Last {
    Name(String),
    Dot,
    DotDot,
}

/// Where a path leads before its last component is looked at.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) dir: Ino,
    pub(super) last: Last,
    /// A slash follows.
    pub(super) slash: bool,
    /// The directories passed on the way, for a link that the last component may be.
    held: Vec<Ino>,
    links: usize,
}

/// A text, decoded: `nametoolong`, `ilseq`, `inval`.
pub(super) fn text(text: &Text) -> Result<&str, Errno> {
    let bytes = &text.0[..];
    if bytes.len() > 4096 {
        return Err(Errno::Nametoolong);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Errno::Ilseq)?;
    if text.contains('\0') {
        return Err(Errno::Inval);
    }
    Ok(text)
}

/// A relative path, which is not empty.
pub(super) fn relative(text: &str) -> Result<(), Errno> {
    match text {
        "" => Err(Errno::Noent),
        text if text.starts_with('/') => Err(Errno::Perm),
        _ => Ok(()),
    }
}

/// `nametoolong` for more than any filesystem takes.
pub(super) fn name(component: &str) -> Result<&str, Errno> {
    if component.len() > 255 {
        return Err(Errno::Nametoolong);
    }
    Ok(component)
}

impl Tree {
    /// Walks to the last component of a path.
    pub(super) fn walk(&self, start: Ino, path: &str) -> Result<Place, Errno> {
        self.walk_on(vec![start], path, false, 0)
    }

    /// Walks on from a place whose last component is a link that is to be followed.
    pub(super) fn follow(&self, place: &Place, link: &str) -> Result<Place, Errno> {
        self.walk_on(place.held.clone(), link, place.slash, place.links + 1)
    }

    fn walk_on(
        &self,
        mut held: Vec<Ino>,
        path: &str,
        slash: bool,
        mut links: usize,
    ) -> Result<Place, Errno> {
        relative(path)?;
        let slash = slash || path.ends_with('/');
        let mut todo: VecDeque<String> = components(path).collect();
        loop {
            if links > 40 {
                return Err(Errno::Loop);
            }
            let component = todo.pop_front().unwrap_or_else(|| ".".to_owned());
            let here = *held.last().expect("the start is held");
            let is_last = todo.is_empty();
            let last = match &component[..] {
                "." => Last::Dot,
                ".." => {
                    held.pop();
                    if held.is_empty() {
                        return Err(Errno::Perm);
                    }
                    Last::DotDot
                }
                component if is_last => Last::Name(component.to_owned()),
                component => {
                    let found = self.get(here, name(component)?)?;
                    match self.node(found) {
                        Node::Dir { .. } => held.push(found),
                        Node::File(_) => return Err(Errno::Notdir),
                        Node::Link(text) => {
                            relative(text)?;
                            links += 1;
                            for part in components(text).rev() {
                                todo.push_front(part);
                            }
                        }
                    }
                    continue;
                }
            };
            if is_last {
                let dir = *held.last().expect("the start is held");
                return Ok(Place {
                    dir,
                    last,
                    slash,
                    held,
                    links,
                });
            }
        }
    }
}

fn components(path: &str) -> impl DoubleEndedIterator<Item = String> {
    let parts = path.split('/').filter(|part| !part.is_empty());
    parts.map(str::to_owned)
}
