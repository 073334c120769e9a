//! Counting what a tree takes up.
//!
//! Knows what each kind of entry counts as. Refuses to know limits. Embedders use it, and a quota when it begins.

use crate::abi::{Errno, FileKind, Result};
use crate::backends::trail::{Trail, names};
use crate::vfs::{Dir, Metadata, Name};
use std::collections::HashSet;
use std::sync::Arc;

/// How much a tree takes up: its quota's measure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuotaUsage {
    /// The lengths of files and of the texts of symbolic links.
    pub bytes: u64,
    /// Files, directories, links and whatever else there is, without the root. What has several names counts once.
    pub inodes: u64,
}

impl QuotaUsage {
    /// Counts everything below a directory, which nobody should change meanwhile.
    ///
    /// # Errors
    /// Those of whatever cannot be looked at.
    pub fn count(root: &Arc<dyn Dir>) -> Result<Self> {
        let (mut usage, mut known) = (Self::default(), HashSet::new());
        let mut trail = Trail::new(&**root);
        let mut levels = vec![names(trail.dir())?];
        while let Some(left) = levels.last_mut() {
            let Some(text) = left.pop() else {
                levels.pop();
                trail.leave()?;
                continue;
            };
            // Entries that are no names are dropped from listings, so no guest has them.
            let Ok(name) = Name::new(&text) else { continue };
            if usage.visit(trail.dir(), name, &mut known)? {
                trail.enter(name)?;
                levels.push(names(trail.dir())?);
            }
        }
        Ok(usage)
    }

    /// Counts an entry. Is it a directory?
    fn visit(&mut self, dir: &dyn Dir, name: Name<'_>, known: &mut HashSet<u64>) -> Result<bool> {
        let facts = match dir.stat(name) {
            Err(Errno::Noent) => return Ok(false),
            facts => facts?,
        };
        let directory = facts.kind == FileKind::Directory;
        if directory || facts.nlink <= 1 || known.insert(facts.ino) {
            self.add(Self::of(&facts));
        }
        Ok(directory)
    }

    const fn add(&mut self, other: Self) {
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.inodes = self.inodes.saturating_add(other.inodes);
    }

    /// What a single thing counts as.
    pub(super) const fn of(facts: &Metadata) -> Self {
        let bytes = match facts.kind {
            FileKind::RegularFile | FileKind::SymbolicLink => facts.size,
            _ => 0,
        };
        Self { bytes, inodes: 1 }
    }
}
