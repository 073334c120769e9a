//! Counting what a tree takes up.
//!
//! Knows what each kind of entry counts as. Refuses to know limits. Embedders use it, and a quota when it begins.

use crate::abi::{Errno, FileKind, Result};
use crate::vfs::{Dir, Metadata, Name, Node, OpenRequest};
use std::collections::HashSet;
use std::ops::ControlFlow;
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
        let mut above = vec![Level::new(root)?];
        while let Some(level) = above.last_mut() {
            let Some(name) = level.names.pop() else {
                above.pop();
                continue;
            };
            if let Some(below) = usage.visit(&*level.dir, &name, &mut known)? {
                above.push(Level::new(&below)?);
            }
        }
        Ok(usage)
    }

    /// Counts an entry, and returns it if it is a directory.
    fn visit(
        &mut self,
        dir: &dyn Dir,
        name: &str,
        known: &mut HashSet<u64>,
    ) -> Result<Option<Arc<dyn Dir>>> {
        // Entries that are no names are dropped from listings, so no guest has them.
        let Ok(name) = Name::new(name) else {
            return Ok(None);
        };
        let facts = match dir.stat(name) {
            Err(Errno::Noent) => return Ok(None),
            facts => facts?,
        };
        if facts.kind == FileKind::Directory {
            self.add(Self::of(&facts));
            return match dir.open(name, &OpenRequest::STEP)? {
                Node::Dir(dir) => Ok(Some(dir)),
                _ => Ok(None),
            };
        }
        if facts.nlink <= 1 || known.insert(facts.ino) {
            self.add(Self::of(&facts));
        }
        Ok(None)
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

/// A directory that is being counted. One handle for each level is open.
struct Level {
    dir: Arc<dyn Dir>,
    names: Vec<String>,
}

impl Level {
    fn new(dir: &Arc<dyn Dir>) -> Result<Self> {
        let mut names = Vec::new();
        dir.list(&mut |entry| {
            names.push(entry.name.to_owned());
            ControlFlow::Continue(())
        })?;
        let dir = Arc::clone(dir);
        Ok(Self { dir, names })
    }
}
