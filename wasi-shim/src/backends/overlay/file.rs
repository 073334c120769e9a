//! Open files of the overlay.
//!
//! Knows which operation needs the content brought up first. Refuses to know how that is done: the handle is the node's,
//! not the lower file's, so that everybody sees what anybody writes. Nobody calls it but through the trait.

use super::child::Child;
use super::leaf::{Leaf, Open};
use super::volume::Volume;
use crate::abi::{Advice, Result};
use crate::backends::lock::read;
use crate::vfs::{File, Metadata, SetTimes, SyncScope, Timestamp};
use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;

/// A handle of a regular file.
pub(super) struct OverlayFile {
    volume: Arc<Volume>,
    leaf: Arc<Leaf>,
}

impl OverlayFile {
    /// The caller has counted it.
    pub(super) const fn new(volume: Arc<Volume>, leaf: Arc<Leaf>) -> Self {
        Self { volume, leaf }
    }

    /// [`File::set_len`] for those who hold the volume's gate.
    pub(super) fn set_len_here(&self, len: u64, now: Timestamp) -> Result<()> {
        self.leaf.set_len(&self.volume, len)?;
        self.leaf.modified(now);
        Ok(())
    }

    /// A change to the content, made by `write` to what was brought up. `moved` tells whether anything happened.
    fn change<T>(
        &self,
        write: impl FnOnce(&dyn File) -> Result<T>,
        moved: impl FnOnce(&T) -> bool,
    ) -> Result<T> {
        let now = self.volume.now();
        let _gate = read(&self.volume.gate);
        let result = write(&*self.leaf.raise(&self.volume)?)?;
        if moved(&result) {
            self.leaf.modified(now);
        }
        Ok(result)
    }
}

impl Drop for OverlayFile {
    fn drop(&mut self) {
        self.leaf.let_go();
    }
}

fn is_empty(bufs: &[IoSlice<'_>]) -> bool {
    bufs.iter().all(|buf| buf.is_empty())
}

impl File for OverlayFile {
    fn metadata(&self) -> Result<Metadata> {
        self.leaf.metadata(&self.volume, None)
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        match self.leaf.content()? {
            Open::Lower(file) => file.read_at(buf, offset),
            Open::Upper(file) => file.read_at(buf, offset),
        }
    }

    fn read_vectored_at(&self, bufs: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        match self.leaf.content()? {
            Open::Lower(file) => file.read_vectored_at(bufs, offset),
            Open::Upper(file) => file.read_vectored_at(bufs, offset),
        }
    }

    fn seek_data(&self, offset: u64) -> Result<Option<u64>> {
        match self.leaf.content()? {
            Open::Lower(file) => file.seek_data(offset),
            Open::Upper(file) => file.seek_data(offset),
        }
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        self.change(|file| file.write_at(buf, offset), |count| *count > 0)
    }

    fn write_vectored_at(&self, bufs: &[IoSlice<'_>], offset: u64) -> Result<usize> {
        if is_empty(bufs) {
            return Ok(0);
        }
        self.change(
            |file| file.write_vectored_at(bufs, offset),
            |count| *count > 0,
        )
    }

    fn append(&self, bufs: &[IoSlice<'_>]) -> Result<(usize, u64)> {
        if is_empty(bufs) {
            return Ok((0, self.metadata()?.size));
        }
        self.change(|file| file.append(bufs), |(count, _)| *count > 0)
    }

    fn set_len(&self, len: u64) -> Result<()> {
        let now = self.volume.now();
        let _gate = read(&self.volume.gate);
        self.set_len_here(len, now)
    }

    fn allocate(&self, offset: u64, len: u64) -> Result<()> {
        // Not asked afterwards: a question that fails would turn what was done into an error.
        let grew = |file: &dyn File| {
            let before = file.metadata()?.size;
            file.allocate(offset, len)?;
            Ok(offset.saturating_add(len) > before)
        };
        self.change(grew, |grew| *grew).map(drop)
    }

    fn advise(&self, offset: u64, len: u64, advice: Advice) -> Result<()> {
        match self.leaf.content()? {
            Open::Lower(file) => file.advise(offset, len, advice),
            Open::Upper(file) => file.advise(offset, len, advice),
        }
    }

    fn set_times(&self, times: &SetTimes) -> Result<()> {
        let now = self.volume.now();
        let _gate = read(&self.volume.gate);
        Child::Leaf(Arc::clone(&self.leaf)).set_times(&self.volume, times, now)
    }

    /// Makes the content durable in the upper filesystem, for what it is worth: names are in memory.
    fn sync(&self, scope: SyncScope) -> Result<()> {
        match self.leaf.content()? {
            Open::Lower(_) => Ok(()),
            Open::Upper(file) => file.sync(scope),
        }
    }
}
