//! Regular files in memory.
//!
//! Knows a file's pages, length and times. Refuses to know the names: a file lives as long as an entry or a handle holds
//! it, which is how an unlinked file stays open. Only the directories of this filesystem make them.

use super::child::Child;
use super::inode::Inode;
use super::origin::Origin;
use super::pages::{PAGE, Pages};
use super::volume::{LEAF, Meter, Times, Volume};
use crate::abi::{Errno, FileKind, Result};
use crate::backends::lock::{read, write};
use crate::sync::{Arc, RwLock, RwLockWriteGuard};
use crate::vfs::{File, Metadata, SetTimes, Timestamp};
use std::io::{IoSlice, IoSliceMut};

/// How long a file may be that is copied out whole, if its filesystem is smaller than that.
const HOLES: u64 = 64 << 20;

/// The longest file: the largest offset preview1 can seek to.
const MAX_LEN: u64 = i64::MAX as u64;

/// A regular file. One lock covers the bytes, the length and the times, so that every transfer, over however many
/// buffers, is atomic with respect to every other. Whoever holds it waits for no other lock.
pub(super) struct MemFile {
    pub(super) inode: Inode,
    content: RwLock<Content>,
}

pub(super) struct Content {
    pages: Pages,
    len: u64,
    pub(super) times: Times,
}

impl MemFile {
    /// `nospc` if there is no room for another node.
    pub(super) fn new(volume: &Arc<Volume>, now: Timestamp) -> Result<Arc<Self>> {
        let inode = Inode::new(volume)?;
        let content = Content {
            pages: Pages::default(),
            len: 0,
            times: Times::new(now),
        };
        Ok(Arc::new(Self {
            inode,
            content: RwLock::new(content),
        }))
    }

    /// Locks it for a change, and leaves it as it is with the snapshots that it is in.
    #[inline]
    pub(super) fn change(&self) -> RwLockWriteGuard<'_, Content> {
        let mut content = write(&self.content);
        if !self.inode.is_current() {
            self.keep(&mut content);
        }
        content
    }

    #[cold]
    fn keep(&self, content: &mut Content) {
        let mut twin = |origin: &Origin, nlink| self.twin(origin, nlink, content.share());
        self.inode.keep(&mut twin);
    }

    /// The file that a snapshot has in place of this one.
    pub(super) fn give(&self, origin: &Origin) -> Child {
        // For writing, so that the first page can be shared.
        let mut content = write(&self.content);
        let twin = |origin: &Origin, nlink| self.twin(origin, nlink, content.share());
        self.inode.give(origin, twin)
    }

    fn twin(&self, origin: &Origin, nlink: u64, content: Content) -> Child {
        Child::File(Arc::new(Self {
            inode: self.inode.twin(origin, nlink),
            content: RwLock::new(content),
        }))
    }

    /// How many pages it is charged.
    pub(super) fn held(&self) -> u64 {
        read(&self.content).pages.held()
    }

    /// Everything. `nomem` if the host cannot hold it, or should not: a guest makes a hole as long as it likes.
    pub(super) fn contents(&self) -> Result<Vec<u8>> {
        let content = read(&self.content);
        let quota = self.inode.volume.pages.limit().saturating_mul(PAGE as u64);
        if content.len > quota.max(HOLES) {
            return Err(Errno::Nomem);
        }
        let len = usize::try_from(content.len).map_err(|_| Errno::Nomem)?;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(len).map_err(|_| Errno::Nomem)?;
        bytes.resize(len, 0);
        content.get(&mut bytes, 0);
        Ok(bytes)
    }

    /// Writes at `offset`, or at the end; returns the count and where it ended.
    fn put(&self, bufs: &[IoSlice<'_>], offset: Option<u64>) -> Result<(usize, u64)> {
        let now = self.inode.volume.now();
        let _passage = self.inode.volume.gate.enter();
        self.put_inside(bufs, offset, now)
    }

    /// As [`put`](Self::put), for who has passed the gate.
    pub(super) fn put_inside(
        &self,
        bufs: &[IoSlice<'_>],
        offset: Option<u64>,
        now: Timestamp,
    ) -> Result<(usize, u64)> {
        let mut content = self.change();
        let start = offset.unwrap_or(content.len);
        let count = content.put(bufs, start, &self.inode.volume.pages)?;
        let end = start.saturating_add(count as u64);
        if count > 0 {
            content.len = content.len.max(end);
            content.times.modified(now);
        }
        Ok((count, end))
    }
}

impl Content {
    fn share(&mut self) -> Self {
        Self {
            pages: self.pages.share(),
            len: self.len,
            times: self.times,
        }
    }

    fn get(&self, buf: &mut [u8], offset: u64) -> usize {
        let rest = self.len.saturating_sub(offset);
        let count = usize::try_from(rest).map_or(buf.len(), |rest| rest.min(buf.len()));
        if let Some(part) = buf.get_mut(..count) {
            self.pages.read(part, offset);
        }
        count
    }

    /// Writes what has room: `fbig` if the offset is past the longest file, `nospc` if pages have run out.
    fn put(&mut self, bufs: &[IoSlice<'_>], start: u64, quota: &Meter) -> Result<usize> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Ok(0);
        }
        let room = MAX_LEN.saturating_sub(start);
        let mut room = usize::try_from(room).unwrap_or(usize::MAX);
        if room == 0 {
            return Err(Errno::Fbig);
        }
        let mut done = 0_usize;
        for buf in bufs {
            let part = buf.get(..room).unwrap_or(buf);
            let at = start.saturating_add(done as u64);
            let count = self.pages.write(part, at, quota);
            done = done.saturating_add(count);
            room = room.saturating_sub(count);
            if count < buf.len() {
                break;
            }
        }
        if done == 0 {
            Err(Errno::Nospc)
        } else {
            Ok(done)
        }
    }
}

impl Drop for MemFile {
    fn drop(&mut self) {
        let content = self.content.get_mut();
        let content = content.unwrap_or_else(std::sync::PoisonError::into_inner);
        let pages = content.pages.held();
        self.inode.gone(|volume| {
            volume.pages.give(pages);
            volume.give_node(LEAF);
        });
    }
}

impl File for MemFile {
    /// A page that was written counts, whatever is in it.
    fn seek_data(&self, offset: u64) -> Result<Option<u64>> {
        let content = read(&self.content);
        Ok(content.pages.next(offset).filter(|at| *at < content.len))
    }

    fn metadata(&self) -> Result<Metadata> {
        let content = read(&self.content);
        Ok(self
            .inode
            .describe(FileKind::RegularFile, content.len, &content.times))
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        Ok(read(&self.content).get(buf, offset))
    }

    fn read_vectored_at(&self, bufs: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        let content = read(&self.content);
        let mut done = 0_usize;
        for buf in bufs {
            let count = content.get(buf, offset.saturating_add(done as u64));
            done = done.saturating_add(count);
            if count < buf.len() {
                break;
            }
        }
        Ok(done)
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> Result<usize> {
        Ok(self.put(&[IoSlice::new(buf)], Some(offset))?.0)
    }

    fn write_vectored_at(&self, bufs: &[IoSlice<'_>], offset: u64) -> Result<usize> {
        Ok(self.put(bufs, Some(offset))?.0)
    }

    fn append(&self, bufs: &[IoSlice<'_>]) -> Result<(usize, u64)> {
        self.put(bufs, None)
    }

    /// `fbig` past the longest file.
    fn set_len(&self, len: u64) -> Result<()> {
        if len > MAX_LEN {
            return Err(Errno::Fbig);
        }
        let now = self.inode.volume.now();
        let _passage = self.inode.volume.gate.enter();
        let mut content = self.change();
        if len < content.len {
            content.pages.cut(len, &self.inode.volume.pages);
        }
        content.len = len;
        content.times.modified(now);
        Ok(())
    }

    /// Pays for the range's pages, so that no later write to it can meet `nospc`.
    ///
    /// In order: `fbig` past the longest file, `nospc` if there is no room for all of it.
    fn allocate(&self, offset: u64, len: u64) -> Result<()> {
        let end = offset.checked_add(len).filter(|&end| end <= MAX_LEN);
        let end = end.ok_or(Errno::Fbig)?;
        if len == 0 {
            return Ok(());
        }
        let now = self.inode.volume.now();
        let _passage = self.inode.volume.gate.enter();
        let mut content = self.change();
        content
            .pages
            .reserve(offset, end, &self.inode.volume.pages)?;
        if end > content.len {
            content.len = end;
            content.times.modified(now);
        }
        Ok(())
    }

    fn set_times(&self, times: &SetTimes) -> Result<()> {
        let now = self.inode.volume.now();
        self.change().times.set(times, now);
        Ok(())
    }
}
