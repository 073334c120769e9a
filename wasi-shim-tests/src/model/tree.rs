//! The files: a map of nodes by number, directories as maps of names.
//!
//! Knows what is where, and how many names it has. Refuses to know paths and descriptors.

use super::{Leaf, Left, Stat};
use std::collections::BTreeMap;
use wasi_shim::abi::{Errno, FileKind};

/// The number of a node. A node is never removed, so that what is open or walked through stays what it was.
pub(super) type Ino = usize;

/// The root's number.
pub(super) const TOP: Ino = 0;

#[derive(Clone, Debug)]
pub(super) enum Node {
    Dir {
        entries: BTreeMap<String, Ino>,
        /// It was removed: nothing can be made in it.
        dead: bool,
    },
    File(Vec<u8>),
    Link(String),
}

/// All nodes.
#[derive(Clone, Debug)]
pub(super) struct Tree(Vec<Node>);

impl Tree {
    pub(super) fn new() -> Self {
        Self(vec![Node::empty_dir()])
    }

    pub(super) fn node(&self, ino: Ino) -> &Node {
        &self.0[ino]
    }

    pub(super) fn kind(&self, ino: Ino) -> FileKind {
        match &self.0[ino] {
            Node::Dir { .. } => FileKind::Directory,
            Node::File(_) => FileKind::RegularFile,
            Node::Link(_) => FileKind::SymbolicLink,
        }
    }

    pub(super) fn is_dir(&self, ino: Ino) -> bool {
        self.kind(ino) == FileKind::Directory
    }

    pub(super) fn entries(&self, dir: Ino) -> &BTreeMap<String, Ino> {
        match &self.0[dir] {
            Node::Dir { entries, .. } => entries,
            _ => panic!("a walk led into what is no directory"),
        }
    }

    pub(super) fn is_dead(&self, dir: Ino) -> bool {
        matches!(self.0[dir], Node::Dir { dead: true, .. })
    }

    pub(super) fn get(&self, dir: Ino, name: &str) -> Result<Ino, Errno> {
        self.entries(dir).get(name).copied().ok_or(Errno::Noent)
    }

    pub(super) fn content(&mut self, file: Ino) -> &mut Vec<u8> {
        match &mut self.0[file] {
            Node::File(content) => content,
            _ => panic!("a descriptor of a file is of something else"),
        }
    }

    fn entries_mut(&mut self, dir: Ino) -> &mut BTreeMap<String, Ino> {
        match &mut self.0[dir] {
            Node::Dir { entries, .. } => entries,
            _ => panic!("a walk led into what is no directory"),
        }
    }

    /// Gives a new node a name that is free.
    pub(super) fn add(&mut self, dir: Ino, name: &str, node: Node) -> Result<Ino, Errno> {
        if self.entries(dir).contains_key(name) {
            return Err(Errno::Exist);
        }
        if self.is_dead(dir) {
            return Err(Errno::Noent);
        }
        self.0.push(node);
        let ino = self.0.len() - 1;
        self.put(dir, name, ino);
        Ok(ino)
    }

    pub(super) fn put(&mut self, dir: Ino, name: &str, ino: Ino) {
        self.entries_mut(dir).insert(name.to_owned(), ino);
    }

    pub(super) fn take(&mut self, dir: Ino, name: &str) {
        self.entries_mut(dir).remove(name);
    }

    /// Marks a directory as removed. `notempty` if it has entries.
    pub(super) fn bury(&mut self, dir: Ino) -> Result<(), Errno> {
        match &mut self.0[dir] {
            Node::Dir { entries, dead } if entries.is_empty() => *dead = true,
            _ => return Err(Errno::Notempty),
        }
        Ok(())
    }

    /// Is `below` the directory `above`, or in it, however deep?
    pub(super) fn holds(&self, above: Ino, below: Ino) -> bool {
        let dirs = self
            .entries(above)
            .values()
            .filter(|ino| self.is_dir(**ino));
        above == below || dirs.into_iter().any(|ino| self.holds(*ino, below))
    }

    pub(super) fn nlink(&self, ino: Ino) -> u64 {
        let dirs = self.0.iter().filter_map(|node| match node {
            Node::Dir { entries, .. } => Some(entries),
            _ => None,
        });
        let names = dirs.flat_map(BTreeMap::values);
        names.filter(|named| **named == ino).count() as u64
    }

    pub(super) fn stat(&self, ino: Ino) -> Stat {
        let size = match &self.0[ino] {
            Node::Dir { .. } => 0,
            Node::File(content) => content.len(),
            Node::Link(text) => text.len(),
        };
        Stat::new(self.kind(ino), self.nlink(ino), size as u64)
    }

    /// What is there.
    pub(super) fn left(&self) -> Left {
        let mut left = Left::default();
        self.leave(TOP, "", &mut left, &mut BTreeMap::new());
        left
    }

    fn leave(&self, dir: Ino, above: &str, left: &mut Left, seen: &mut BTreeMap<Ino, String>) {
        for (name, ino) in self.entries(dir) {
            let path = format!("{above}{name}");
            let leaf = match self.node(*ino) {
                Node::Dir { .. } => Leaf::Dir,
                Node::File(content) => {
                    let first = seen.entry(*ino).or_insert_with(|| path.clone()).clone();
                    Leaf::File {
                        content: content.clone(),
                        first,
                    }
                }
                Node::Link(text) => Leaf::Link(text.clone()),
            };
            left.0.insert(path.clone(), leaf);
            if self.is_dir(*ino) {
                self.leave(*ino, &format!("{path}/"), left, seen);
            }
        }
    }
}

impl Node {
    pub(super) fn empty_dir() -> Self {
        let (entries, dead) = (BTreeMap::new(), false);
        Self::Dir { entries, dead }
    }
}
