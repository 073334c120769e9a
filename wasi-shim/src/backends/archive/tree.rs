//! The tree that an archive's members make.
//!
//! Knows which member gets a place when several want it, and what the members may take up. Refuses to know how archives
//! are laid out and how content is read. The readers of both kinds fill an [`Index`]; directories and files look at
//! what came of it.

use super::error::{ArchiveError, Fault, SkipReason, Skipped};
use super::inflate::Deflated;
use super::names::Path;
use crate::vfs::{Metadata, Timestamp};
use std::collections::BTreeMap;

/// What an archive may take up. Described with [`ArchiveBuilder`](super::ArchiveBuilder), which sets it.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) members: u64,
    pub(super) names: u64,
    pub(super) unpacked: u64,
    pub(super) checkpoints: u64,
    pub(super) reported: usize,
}

/// How many steps to entries there may be for each member, and at least. One name may be said of all members of a tar.
const STEPS: u64 = 64;
const FEWEST_STEPS: u64 = 1 << 20;

/// Where the root is.
pub(super) const ROOT: usize = 0;

/// What something in the tree is.
pub(super) enum Kind {
    Dir(BTreeMap<Box<str>, usize>),
    File(Content),
    Symlink(Box<str>),
}

/// Where a file's bytes are.
pub(super) enum Content {
    /// In the source, as they are. A zip file says what their checksum is.
    Plain {
        at: u64,
        size: u64,
        crc: Option<u32>,
    },
    /// In the source, deflated.
    Deflated(Deflated),
}

impl Content {
    pub(super) const fn size(&self) -> u64 {
        match self {
            Self::Plain { size, .. } | Self::Deflated(Deflated { size, .. }) => *size,
        }
    }
}

/// Something in the tree.
pub(super) struct Inode {
    pub(super) kind: Kind,
    mtime: Timestamp,
    nlink: u64,
}

impl Inode {
    /// The facts about the inode at this index. Numbers are those of the order in the archive, so they are the same
    /// whenever it is opened.
    pub(super) fn facts(&self, index: usize) -> Metadata {
        let ino = (index as u64).saturating_add(1);
        let facts = match &self.kind {
            Kind::Dir(_) => Metadata::dir(ino),
            Kind::File(content) => Metadata::file(ino, content.size()),
            Kind::Symlink(text) => Metadata::symlink(ino, text.len() as u64),
        };
        facts
            .with_nlink(self.nlink)
            .with_times(self.mtime, self.mtime, self.mtime)
    }
}

/// A tree as it grows.
pub(super) struct Index {
    pub(super) inodes: Vec<Inode>,
    pub(super) skipped: Vec<Skipped>,
    pub(super) skipped_count: u64,
    limits: Limits,
    entries: u64,
    names: u64,
    /// How many members there were, and how many parts their names had.
    members: u64,
    steps: u64,
}

impl Index {
    pub(super) fn new(limits: Limits) -> Self {
        let root = Inode {
            kind: Kind::Dir(BTreeMap::new()),
            mtime: Timestamp(0),
            nlink: 1,
        };
        Self {
            inodes: vec![root],
            skipped: Vec::new(),
            skipped_count: 0,
            limits,
            entries: 0,
            names: 0,
            members: 0,
            steps: 0,
        }
    }

    /// How many members there may be.
    pub(super) const fn most_members(&self) -> u64 {
        self.limits.members
    }

    /// Counts a member, whatever becomes of it, and what its names will take to look at.
    pub(super) fn begin(&mut self, names: &[&[u8]]) -> Result<(), ArchiveError> {
        self.members = self.members.saturating_add(1);
        within(self.members, self.limits.members, "members")?;
        for name in names.iter().filter(|name| !name.is_empty()) {
            let slashes = name.iter().filter(|byte| **byte == b'/').count() as u64;
            self.steps = self.steps.saturating_add(slashes).saturating_add(1);
        }
        let most = self.limits.members.saturating_mul(STEPS);
        within(self.steps, most.max(FEWEST_STEPS), "parts of names")
    }

    /// Enters a directory, or the time of one that is there.
    pub(super) fn dir(&mut self, path: Path<'_>, mtime: Timestamp) -> Result<(), Fault> {
        let mut at = ROOT;
        for part in path.parts() {
            at = self.step(at, part)?;
        }
        if let Some(inode) = self.inodes.get_mut(at) {
            inode.mtime = mtime;
        }
        Ok(())
    }

    /// Enters a file or a symbolic link in place of what had the name, if that was no directory.
    pub(super) fn leaf(
        &mut self,
        path: Path<'_>,
        mtime: Timestamp,
        kind: Kind,
    ) -> Result<(), Fault> {
        let (parent, last) = self.place(path)?;
        if let Kind::Symlink(text) = &kind {
            self.count_names(text.len())?;
        }
        let new = self.add(kind, mtime);
        self.enter(parent, last, new)
    }

    /// Enters another name of what is there already.
    pub(super) fn link(&mut self, path: Path<'_>, target: Path<'_>) -> Result<(), Fault> {
        let mut found = ROOT;
        for part in target.parts() {
            found = self.child(found, part).ok_or(SkipReason::LinkTarget)?;
        }
        if self.is_dir(found) {
            return Err(SkipReason::LinkTarget.into());
        }
        let (parent, last) = self.place(path)?;
        self.enter(parent, last, found)
    }

    /// Notes what is left out, as long as there is room for notes.
    pub(super) fn skip(&mut self, raw: &[u8], at: u64, reason: SkipReason) {
        self.skipped_count = self.skipped_count.saturating_add(1);
        if self.skipped.len() < self.limits.reported {
            // Four bytes are the longest letter.
            let raw = raw.get(..255 * 4).unwrap_or(raw);
            let name = String::from_utf8_lossy(raw).chars().take(255).collect();
            self.skipped.push(Skipped { name, at, reason });
        }
    }

    /// The same for a member that did not fit; other faults end the reading.
    pub(super) fn note(
        &mut self,
        answer: Result<(), Fault>,
        raw: &[u8],
        at: u64,
    ) -> Result<(), ArchiveError> {
        match answer {
            Ok(()) => Ok(()),
            Err(Fault::Skip(reason)) => {
                self.skip(raw, at, reason);
                Ok(())
            }
            Err(Fault::Stop(error)) => Err(error),
        }
    }

    fn is_dir(&self, at: usize) -> bool {
        matches!(
            self.inodes.get(at).map(|inode| &inode.kind),
            Some(Kind::Dir(_))
        )
    }

    fn child(&self, parent: usize, name: &str) -> Option<usize> {
        match &self.inodes.get(parent)?.kind {
            Kind::Dir(entries) => entries.get(name).copied(),
            _ => None,
        }
    }

    /// The directory of that name, made if the name is free.
    fn step(&mut self, parent: usize, name: &str) -> Result<usize, Fault> {
        match self.child(parent, name) {
            Some(found) if self.is_dir(found) => Ok(found),
            Some(_) => Err(SkipReason::NotDirectory.into()),
            None => {
                let new = self.add(Kind::Dir(BTreeMap::new()), Timestamp(0));
                self.enter(parent, name, new)?;
                Ok(new)
            }
        }
    }

    /// The directory that something which is no directory goes into, and its name there.
    fn place<'p>(&mut self, path: Path<'p>) -> Result<(usize, &'p str), Fault> {
        let (mut at, mut parts) = (ROOT, path.parts());
        let mut last = parts.next().ok_or(SkipReason::NoName)?;
        for part in parts {
            at = self.step(at, last)?;
            last = part;
        }
        match self.child(at, last) {
            Some(found) if self.is_dir(found) => Err(SkipReason::IsDirectory.into()),
            _ => Ok((at, last)),
        }
    }

    fn add(&mut self, kind: Kind, mtime: Timestamp) -> usize {
        let new = self.inodes.len();
        self.inodes.push(Inode {
            kind,
            mtime,
            nlink: 0,
        });
        new
    }

    /// Gives an inode a name, and takes that away from what had it.
    fn enter(&mut self, parent: usize, name: &str, inode: usize) -> Result<(), Fault> {
        self.count_entry()?;
        self.count_names(name.len())?;
        // Counted up first: a link to itself replaces nothing.
        self.add_links(inode, 1);
        let Some(Kind::Dir(entries)) = self.inodes.get_mut(parent).map(|inode| &mut inode.kind)
        else {
            return Err(SkipReason::NotDirectory.into());
        };
        if let Some(old) = entries.insert(name.into(), inode) {
            self.add_links(old, -1);
        }
        Ok(())
    }

    fn add_links(&mut self, inode: usize, change: i64) {
        if let Some(inode) = self.inodes.get_mut(inode) {
            inode.nlink = inode.nlink.saturating_add_signed(change);
        }
    }

    /// Counts an entry, replaced ones too: what they were stays in memory.
    fn count_entry(&mut self) -> Result<(), ArchiveError> {
        self.entries = self.entries.saturating_add(1);
        within(self.entries, self.limits.members, "members")
    }

    fn count_names(&mut self, bytes: usize) -> Result<(), ArchiveError> {
        self.names = self.names.saturating_add(bytes as u64);
        within(self.names, self.limits.names, "bytes in names")
    }
}

/// Is the limit kept?
pub(super) fn within(count: u64, limit: u64, what: &'static str) -> Result<(), ArchiveError> {
    if count > limit {
        return Err(ArchiveError::Limit { what, limit });
    }
    Ok(())
}
