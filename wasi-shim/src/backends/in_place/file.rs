//! Files whose operations are done in place.

use super::in_place;
use crate::abi::{Advice, Result};
use crate::vfs::{File, Metadata, SetTimes, SyncScope};
use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;

pub(super) struct InPlaceFile {
    pub(super) inner: Arc<dyn File>,
}

impl File for InPlaceFile {
    fn metadata(&self) -> Result<Metadata> {
        in_place(|| self.inner.metadata())
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        in_place(|| self.inner.read_at(buf, offset))
    }

    fn read_vectored_at(&self, bufs: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        in_place(|| self.inner.read_vectored_at(bufs, offset))
    }

    fn seek_data(&self, offset: u64) -> Result<Option<u64>> {
        in_place(|| self.inner.seek_data(offset))
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> Result<usize> {
        in_place(|| self.inner.write_at(buf, offset))
    }

    fn write_vectored_at(&self, bufs: &[IoSlice<'_>], offset: u64) -> Result<usize> {
        in_place(|| self.inner.write_vectored_at(bufs, offset))
    }

    fn append(&self, bufs: &[IoSlice<'_>]) -> Result<(usize, u64)> {
        in_place(|| self.inner.append(bufs))
    }

    fn set_len(&self, len: u64) -> Result<()> {
        in_place(|| self.inner.set_len(len))
    }

    fn allocate(&self, offset: u64, len: u64) -> Result<()> {
        in_place(|| self.inner.allocate(offset, len))
    }

    fn advise(&self, offset: u64, len: u64, advice: Advice) -> Result<()> {
        in_place(|| self.inner.advise(offset, len, advice))
    }

    fn set_times(&self, times: &SetTimes) -> Result<()> {
        in_place(|| self.inner.set_times(times))
    }

    fn sync(&self, scope: SyncScope) -> Result<()> {
        in_place(|| self.inner.sync(scope))
    }
}
