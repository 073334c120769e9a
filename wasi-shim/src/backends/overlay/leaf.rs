//! What is not a directory: files, links, and whatever else the lower tree has.
//!
//! Knows where content is, how it is brought up when it changes, and the facts that are kept here. Refuses to know
//! names: it counts them only. Only the other files of this filesystem use it.

use super::file::OverlayFile;
use super::lower::{Lower, LowerFile};
use super::node::Child;
use super::store::{Stored, copy};
use super::times::Kept;
use super::volume::{Charge, Origin, Volume};
use crate::abi::{Errno, FileKind, Result};
use crate::backends::lock::lock;
use crate::vfs::{File, Metadata, Name, Node, OpenRequest, SetTimes, Timestamp};
use std::sync::{Arc, Mutex, Weak};

/// A file or a link of the merged tree.
pub(super) struct Leaf {
    me: Weak<Self>,
    pub(super) kind: FileKind,
    pub(super) ino: u64,
    /// Nothing if the lower tree does not have it.
    pub(super) origin: Option<Origin>,
    /// Held while content is opened or brought up.
    work: Mutex<()>,
    body: Mutex<Body>,
    facts: Mutex<Facts>,
    _charge: Option<Charge>,
}

struct Facts {
    times: Kept,
    nlink: u64,
}

struct Body {
    content: Content,
    /// Open as long as there are handles.
    open: Option<Open>,
    handles: usize,
}

/// Where the content is. It moves up once, and never down.
enum Content {
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

    // ------------------------------------------------------------------ facts

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
    fn path(&self) -> Result<&str> {
        let origin = self.origin.as_ref();
        origin.map(|origin| &*origin.path).ok_or(Errno::Io)
    }

    // ------------------------------------------------------------------ content

    /// The text of a link. `inval` if it is none.
    pub(super) fn text(&self, volume: &Volume, near: Near<'_>) -> Result<String> {
        if self.kind != FileKind::SymbolicLink {
            return Err(Errno::Inval);
        }
        if let Content::Text(text) = &lock(&self.body).content {
            return Ok(text.as_ref().into());
        }
        match near {
            Some((dir, name)) => dir.read_link(name),
            None => {
                let (dir, name) = volume.lower.above(self.path()?)?;
                dir.read_link(name)
            }
        }
    }

    /// Opens it as it is.
    pub(super) fn open(
        self: &Arc<Self>,
        volume: &Arc<Volume>,
        request: &OpenRequest,
        near: Near<'_>,
    ) -> Result<Node> {
        request.check_existing(self.kind)?;
        match self.kind {
            FileKind::SymbolicLink => self.text(volume, near).map(Node::Symlink),
            FileKind::RegularFile => {
                let file = self.handle(volume, near)?;
                if request.truncate {
                    file.set_len_here(0)?;
                }
                Ok(Node::File(Arc::new(file)))
            }
            _ if request.mutates() => Err(Errno::Rofs),
            _ => match near {
                Some((dir, name)) => dir.special(name),
                None => {
                    let (dir, name) = volume.lower.above(self.path()?)?;
                    dir.special(name)
                }
            },
        }
    }

    /// A handle of a regular file.
    pub(super) fn handle(
        self: &Arc<Self>,
        volume: &Arc<Volume>,
        near: Near<'_>,
    ) -> Result<OverlayFile> {
        let _work = lock(&self.work);
        let mut body = lock(&self.body);
        if body.open.is_none() {
            let stored = match &body.content {
                Content::Upper(stored) => Some(Arc::clone(stored)),
                _ => None,
            };
            drop(body);
            let open = match (stored, near) {
                (Some(stored), _) => Open::Upper(stored.open()?),
                (None, Some((dir, name))) => Open::Lower(dir.file(name)?),
                (None, None) => {
                    let (dir, name) = volume.lower.above(self.path()?)?;
                    Open::Lower(dir.file(name)?)
                }
            };
            body = lock(&self.body);
            body.open = Some(open);
        }
        body.handles = body.handles.saturating_add(1);
        drop(body);
        Ok(OverlayFile::new(Arc::clone(volume), Arc::clone(self)))
    }

    /// A handle goes.
    pub(super) fn let_go(&self) {
        let mut body = lock(&self.body);
        body.handles = body.handles.saturating_sub(1);
        let closed = if body.handles == 0 {
            body.open.take()
        } else {
            None
        };
        drop(body);
        drop(closed);
    }

    /// The content, for those who have a handle.
    pub(super) fn content(&self) -> Result<Open> {
        lock(&self.body).open.clone().ok_or(Errno::Badf)
    }

    /// The content as it may be written, for those who have a handle. It is brought up if it is not yet.
    ///
    /// What fails leaves the content where it is, and nothing in the upper filesystem.
    pub(super) fn raise(&self, volume: &Volume) -> Result<Arc<dyn File>> {
        if let Open::Upper(file) = self.content()? {
            return Ok(file);
        }
        let _work = lock(&self.work);
        match self.content()? {
            Open::Upper(file) => Ok(file),
            Open::Lower(lower) => self.replace(volume, &lower, u64::MAX, None),
        }
    }

    /// Sets the length, without bringing up what would be cut off.
    pub(super) fn set_len(&self, volume: &Volume, len: u64) -> Result<()> {
        if let Open::Upper(file) = self.content()? {
            return file.set_len(len);
        }
        let _work = lock(&self.work);
        match self.content()? {
            Open::Upper(file) => file.set_len(len),
            Open::Lower(lower) => self.replace(volume, &lower, len, Some(len)).map(drop),
        }
    }

    /// Puts a copy of the first `keep` bytes in place of the lower file, all at once. The caller holds `work`.
    fn replace(
        &self,
        volume: &Volume,
        lower: &LowerFile,
        keep: u64,
        len: Option<u64>,
    ) -> Result<Arc<dyn File>> {
        if let Some(me) = self.me.upgrade() {
            volume.pin(&Child::Leaf(me))?;
        }
        let seen = lower.metadata()?;
        let (stored, file) = volume.upper.create()?;
        copy(|buf, at| lower.read_at(buf, at), &*file, 0, keep)?;
        if let Some(len) = len {
            file.set_len(len)?;
        }
        lock(&self.facts).times.settle(seen);
        let mut body = lock(&self.body);
        body.content = Content::Upper(Arc::new(stored));
        let old = body.open.replace(Open::Upper(Arc::clone(&file)));
        drop(body);
        drop(old);
        Ok(file)
    }

    /// Is the content not the lower tree's?
    pub(super) fn is_raised(&self) -> bool {
        matches!(lock(&self.body).content, Content::Upper(_))
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
