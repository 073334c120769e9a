//! What is not a directory: files, links, and whatever else the lower tree has.
//!
//! Knows where content is and the facts that are kept here. Refuses to know how content is brought up, and names: it
//! counts them only. Only the other files of this filesystem use it.

use super::lower::{Lower, LowerFile};
use super::store::Stored;
use super::table::Origin;
use super::times::Kept;
use super::volume::{Charge, Volume};
use crate::abi::{Errno, FileKind, Result};
use crate::backends::lock::lock;
use crate::vfs::{File, Metadata, Name, SetTimes, Timestamp};
use std::sync::{Arc, Mutex, Weak};

/// A file or a link of the merged tree.
pub(super) struct Leaf {
    pub(super) me: Weak<Self>,
    pub(super) kind: FileKind,
    pub(super) ino: u64,
    /// Nothing if the lower tree does not have it.
    pub(super) origin: Option<Origin>,
    /// Held while content is opened or brought up.
    pub(super) work: Mutex<()>,
    pub(super) body: Mutex<Body>,
    pub(super) facts: Mutex<Facts>,
    _charge: Option<Charge>,
}

pub(super) struct Facts {
    pub(super) times: Kept,
    nlink: u64,
}

pub(super) struct Body {
    pub(super) content: Content,
    /// Open as long as there are handles.
    pub(super) open: Option<Open>,
    pub(super) handles: usize,
}

/// Where the content is. It moves up once, and never down.
pub(super) enum Content {
    /// At the node's origin.
    Lower,
    Upper(Arc<Stored>),
    /// A link's text.
    Text(Box<str>),
}

/// A regular file's content, open.
#[derive(Clone)]
pub(super) enum Open {
    Lower(LowerFile),
    Upper(Arc<dyn File>),
}

/// Where an entry of the lower tree is, for those who have its directory open.
pub(super) type Near<'a> = Option<(&'a Lower, Name<'a>)>;

impl Leaf {
    /// What the lower tree has.
    pub(super) fn lower(origin: Origin, ino: u64, facts: &Metadata) -> Arc<Self> {
        let kept = Facts {
            times: Kept::default(),
            nlink: facts.nlink,
        };
        Self::make(facts.kind, ino, Some(origin), Content::Lower, kept, None)
    }

    /// A new, empty file, which is not entered yet.
    pub(super) fn file(volume: &Volume, now: Timestamp) -> Result<Arc<Self>> {
        let charge = Charge::new(&volume.meters, 1, 0)?;
        let (stored, _) = volume.upper.create()?;
        let content = Content::Upper(Arc::new(stored));
        Ok(Self::new(
            FileKind::RegularFile,
            volume,
            content,
            charge,
            now,
        ))
    }

    /// A new link, likewise.
    pub(super) fn symlink(volume: &Volume, text: &str, now: Timestamp) -> Result<Arc<Self>> {
        let charge = Charge::new(&volume.meters, 1, text.len() as u64)?;
        let content = Content::Text(text.into());
        Ok(Self::new(
            FileKind::SymbolicLink,
            volume,
            content,
            charge,
            now,
        ))
    }

    fn new(
        kind: FileKind,
        volume: &Volume,
        content: Content,
        charge: Charge,
        now: Timestamp,
    ) -> Arc<Self> {
        let facts = Facts {
            times: Kept::new(now),
            nlink: 0,
        };
        Self::make(kind, volume.new_ino(), None, content, facts, Some(charge))
    }

    fn make(
        kind: FileKind,
        ino: u64,
        origin: Option<Origin>,
        content: Content,
        facts: Facts,
        charge: Option<Charge>,
    ) -> Arc<Self> {
        let body = Body {
            content,
            open: None,
            handles: 0,
        };
        Arc::new_cyclic(|me| Self {
            me: me.clone(),
            kind,
            ino,
            origin,
            work: Mutex::new(()),
            body: Mutex::new(body),
            facts: Mutex::new(facts),
            _charge: charge,
        })
    }

    /// It has one more name. The caller holds the lock of the directory that the name is in.
    pub(super) fn named(&self) {
        let mut facts = lock(&self.facts);
        facts.nlink = facts.nlink.saturating_add(1);
    }

    /// It has one less; the caller as above. Is it the last?
    pub(super) fn unnamed(&self) -> bool {
        let mut facts = lock(&self.facts);
        facts.nlink = facts.nlink.saturating_sub(1);
        facts.nlink == 0
    }

    pub(super) fn nlink(&self) -> u64 {
        lock(&self.facts).nlink
    }

    pub(super) fn modified(&self, now: Timestamp) {
        lock(&self.facts).times.modified(now);
    }

    pub(super) fn changed(&self, now: Timestamp) {
        lock(&self.facts).times.changed(now);
    }

    pub(super) fn set_times(&self, times: &SetTimes, now: Timestamp) {
        lock(&self.facts).times.set(times, now);
    }

    /// What somebody else has to be told to have the same times.
    pub(super) fn times(&self) -> SetTimes {
        lock(&self.facts).times.to_set()
    }

    /// Facts; `seen` are those of the lower tree, if they have just been looked at.
    pub(super) fn metadata(&self, volume: &Volume, seen: Option<Metadata>) -> Result<Metadata> {
        let base = self.base(volume, seen)?;
        let facts = lock(&self.facts);
        let mut all = facts.times.describe(base).with_nlink(facts.nlink);
        all.kind = self.kind;
        all.ino = self.ino;
        Ok(all)
    }

    /// The size, and the times that are not known here.
    fn base(&self, volume: &Volume, seen: Option<Metadata>) -> Result<Metadata> {
        let body = lock(&self.body);
        let stored = match (&body.content, &body.open) {
            (Content::Text(text), _) => return Ok(Metadata::symlink(self.ino, text.len() as u64)),
            (_, Some(open)) => {
                let open = open.clone();
                drop(body);
                return open.metadata();
            }
            (Content::Upper(stored), None) => Some(Arc::clone(stored)),
            (Content::Lower, None) => None,
        };
        drop(body);
        match (stored, seen) {
            (Some(stored), _) => stored.metadata(),
            (None, Some(seen)) => Ok(seen),
            (None, None) => {
                let (dir, name) = volume.lower.above(self.path()?)?;
                dir.stat(name)
            }
        }
    }

    /// The path in the lower tree of what has its content there.
    pub(super) fn path(&self) -> Result<&str> {
        let origin = self.origin.as_ref();
        origin.map(|origin| &*origin.path).ok_or(Errno::Io)
    }
}

impl Open {
    pub(super) fn metadata(&self) -> Result<Metadata> {
        match self {
            Self::Lower(file) => file.metadata(),
            Self::Upper(file) => file.metadata(),
        }
    }
}
