//! A tree that is part of the program.
//!
//! Knows what the crate `include_dir` puts into a binary, and finds names in it. Refuses to copy a byte of it, and to
//! change anything. Embedders use it.

use crate::abi::{Errno, FileKind, Result};
use crate::vfs::{
    Create, Dir, Entry, File, Follow, FsId, Metadata, Name, Node, OpenRequest, PlainPath,
    Timestamp, read_slice,
};
use include_dir::DirEntry;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

/// A directory that was compiled into the embedder's program. It is read-only: every change answers `rofs`.
///
/// Files are numbered in the order of their paths, from 1 for the root, so that one tree has the same numbers in every
/// run. Every time is the same. Names that no [`Name`] can be are left out; a name that is there twice means the first.
///
/// ```
/// use include_dir::{Dir, include_dir};
/// static SOURCES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src");
/// let root = wasi_shim::backends::Embedded::new(&SOURCES);
/// ```
pub struct Embedded {
    tree: Arc<Tree>,
    table: Arc<Table>,
}

/// What all directories of one tree share.
struct Tree {
    id: FsId,
    time: Timestamp,
}

/// A directory.
struct Table {
    ino: u64,
    nlink: u64,
    entries: BTreeMap<&'static str, Item>,
}

enum Item {
    Dir(Arc<Table>),
    File { ino: u64, content: &'static [u8] },
}

impl Embedded {
    /// The root of a tree, which is looked through once. Every time is 1970.
    pub fn new(dir: &'static include_dir::Dir<'static>) -> Arc<Self> {
        Self::with_time(dir, Timestamp(0))
    }

    /// As [`new`](Self::new), with this as every time: the one when the program was built, say.
    pub fn with_time(dir: &'static include_dir::Dir<'static>, time: Timestamp) -> Arc<Self> {
        let id = FsId::unique();
        Arc::new(Self {
            tree: Arc::new(Tree { id, time }),
            table: Arc::new(Table::new(dir, &mut 1)),
        })
    }

    fn find(&self, name: &str) -> Result<&Item> {
        self.table.entries.get(name).ok_or(Errno::Noent)
    }

    fn below(&self, table: &Arc<Table>) -> Self {
        let (tree, table) = (Arc::clone(&self.tree), Arc::clone(table));
        Self { tree, table }
    }

    /// What a plain path leads to.
    fn descend(&self, path: PlainPath<'_>) -> Option<&Item> {
        let (above, last) = path.as_str().rsplit_once('/')?;
        let mut at = &self.table;
        for name in above.split('/') {
            let Item::Dir(table) = at.entries.get(name)? else {
                return None;
            };
            at = table;
        }
        at.entries.get(last)
    }

    fn node(&self, item: &Item) -> Node {
        match item {
            Item::Dir(table) => Node::Dir(Arc::new(self.below(table))),
            Item::File { content, .. } => Node::File(Arc::new(Content {
                facts: item.facts(self.tree.time),
                bytes: content,
            })),
        }
    }
}

impl Table {
    /// `next` is the number of this directory, and then the next that is free.
    fn new(dir: &'static include_dir::Dir<'static>, next: &mut u64) -> Self {
        let ino = take(next);
        let mut sorted = BTreeMap::new();
        for entry in dir.entries() {
            let name = entry
                .path()
                .to_str()
                .and_then(|path| path.rsplit('/').next());
            if let Some(name) = name.filter(|name| Name::new(name).is_ok()) {
                sorted.entry(name).or_insert(entry);
            }
        }
        let number = |(name, entry): (&'static str, &'static DirEntry<'static>)| {
            let item = match entry {
                DirEntry::Dir(dir) => Item::Dir(Arc::new(Self::new(dir, next))),
                DirEntry::File(file) => Item::File {
                    ino: take(next),
                    content: file.contents(),
                },
            };
            (name, item)
        };
        let entries: BTreeMap<_, _> = sorted.into_iter().map(number).collect();
        let is_dir = |item: &&Item| matches!(item, Item::Dir(_));
        let subdirs = entries.values().filter(is_dir).count() as u64;
        let nlink = subdirs.saturating_add(2);
        Self {
            ino,
            nlink,
            entries,
        }
    }

    const fn facts(&self, time: Timestamp) -> Metadata {
        Metadata::dir(self.ino)
            .with_nlink(self.nlink)
            .with_times(time, time, time)
    }
}

/// The next number. There are fewer files than numbers.
const fn take(next: &mut u64) -> u64 {
    let ino = *next;
    *next = ino.saturating_add(1);
    ino
}

impl Item {
    fn facts(&self, time: Timestamp) -> Metadata {
        match self {
            Self::Dir(table) => table.facts(time),
            Self::File { ino, content } => {
                Metadata::file(*ino, content.len() as u64).with_times(time, time, time)
            }
        }
    }

    const fn kind(&self) -> FileKind {
        match self {
            Self::Dir(_) => FileKind::Directory,
            Self::File { .. } => FileKind::RegularFile,
        }
    }

    fn ino(&self) -> u64 {
        match self {
            Self::Dir(table) => table.ino,
            Self::File { ino, .. } => *ino,
        }
    }
}

impl Dir for Embedded {
    fn metadata(&self) -> Result<Metadata> {
        Ok(self.table.facts(self.tree.time))
    }

    fn stat(&self, name: Name<'_>) -> Result<Metadata> {
        Ok(self.find(name.as_str())?.facts(self.tree.time))
    }

    fn open(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
        let item = match self.find(name.as_str()) {
            Err(_) if request.create != Create::Never => return Err(Errno::Rofs),
            found => found?,
        };
        request.check_existing(item.kind())?;
        if request.mutates() {
            return Err(Errno::Rofs);
        }
        Ok(self.node(item))
    }

    /// In the order of names.
    fn list(&self, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        for (name, item) in &self.table.entries {
            let (ino, kind) = (item.ino(), item.kind());
            if sink(Entry { name, ino, kind }).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn filesystem(&self) -> FsId {
        self.tree.id
    }

    fn open_deep(&self, path: PlainPath<'_>, request: &OpenRequest) -> Option<Node> {
        let item = self.descend(path)?;
        request.check_existing(item.kind()).ok()?;
        (!request.mutates()).then(|| self.node(item))
    }

    fn stat_deep(&self, path: PlainPath<'_>, _follow: Follow) -> Option<Metadata> {
        Some(self.descend(path)?.facts(self.tree.time))
    }
}

/// A file.
struct Content {
    facts: Metadata,
    bytes: &'static [u8],
}

impl File for Content {
    fn metadata(&self) -> Result<Metadata> {
        Ok(self.facts)
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        Ok(read_slice(self.bytes, buf, offset))
    }
}
