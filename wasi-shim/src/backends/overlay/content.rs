//! Content: how it is opened, and how it is brought up when it changes.
//!
//! Knows that it moves once, all at once, and that it is open as long as there are handles. Refuses to know who reads and
//! writes it. Only the other files of this filesystem use it.

use super::child::Child;
use super::file::OverlayFile;
use super::leaf::{Content, Leaf, Near, Open};
use super::lower::LowerFile;
use super::volume::Volume;
use crate::abi::{Errno, FileKind, Result};
use crate::backends::content::{Source, Stopped, buffer, check_length, copy};
use crate::backends::lock::lock;
use crate::vfs::{File, Node, OpenRequest, Timestamp};
use std::sync::Arc;

impl Leaf {
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
        now: Timestamp,
    ) -> Result<Node> {
        request.check_existing(self.kind)?;
        match self.kind {
            FileKind::SymbolicLink => self.text(volume, near).map(Node::Symlink),
            FileKind::RegularFile => {
                let file = self.handle(volume, near)?;
                if request.truncate {
                    file.set_len_here(0, now)?;
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
        let seen = lower.metadata()?;
        let (stored, file) = volume.upper.create()?;
        let keep = keep.min(seen.size);
        let data = |at| lower.seek_data(at);
        check_length(keep, data)?;
        let source = Source {
            read: &|buf, at| lower.read_at(buf, at),
            data: &data,
            limit: keep,
        };
        copy(&source, &*file, 0, &mut buffer()?).map_err(Stopped::errno)?;
        if let Some(len) = len {
            file.set_len(len)?;
        }
        if let Some(me) = self.me.upgrade() {
            volume.pin(&Child::Leaf(me))?;
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
