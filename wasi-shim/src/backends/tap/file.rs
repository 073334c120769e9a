//! Files with a probe.
//!
//! Knows which operation each method of [`File`] is, and how a transfer is cut. Refuses to know what the probe makes of
//! it. Only the directories of this folder make such files.

use super::{Operation, Probe, Tapped};
use crate::abi::{Advice, Result};
use crate::backends::forward::{cut, cut_mut, room};
use crate::backends::streams::total;
use crate::vfs::{File, Metadata, SetTimes, SyncScope};
use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;

pub(super) struct TapFile<P> {
    pub(super) inner: Arc<dyn File>,
    pub(super) tapped: Tapped<P>,
}

impl<P: Probe> File for TapFile<P> {
    fn metadata(&self) -> Result<Metadata> {
        self.tapped
            .call(Operation::Metadata, || self.inner.metadata())
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        let len = buf.len();
        self.tapped
            .transfer(Operation::Read { offset, len }, |len| {
                let buf = buf.get_mut(..len).unwrap_or_default();
                self.inner.read_at(buf, offset)
            })
    }

    fn read_vectored_at(&self, bufs: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        let all = room(bufs);
        let operation = Operation::Read { offset, len: all };
        self.tapped.transfer(operation, |len| {
            if len < all {
                self.inner.read_vectored_at(&mut cut_mut(bufs, len), offset)
            } else {
                self.inner.read_vectored_at(bufs, offset)
            }
        })
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> Result<usize> {
        let len = buf.len();
        self.tapped
            .transfer(Operation::Write { offset, len }, |len| {
                let buf = buf.get(..len).unwrap_or_default();
                self.inner.write_at(buf, offset)
            })
    }

    fn write_vectored_at(&self, bufs: &[IoSlice<'_>], offset: u64) -> Result<usize> {
        let all = total(bufs);
        let operation = Operation::Write { offset, len: all };
        self.tapped.transfer(operation, |len| {
            if len < all {
                self.inner.write_vectored_at(&cut(bufs, len), offset)
            } else {
                self.inner.write_vectored_at(bufs, offset)
            }
        })
    }

    fn append(&self, bufs: &[IoSlice<'_>]) -> Result<(usize, u64)> {
        let all = total(bufs);
        self.tapped.transfer(Operation::Append { len: all }, |len| {
            if len < all {
                self.inner.append(&cut(bufs, len))
            } else {
                self.inner.append(bufs)
            }
        })
    }

    fn set_len(&self, size: u64) -> Result<()> {
        self.tapped
            .call(Operation::SetLen { size }, || self.inner.set_len(size))
    }

    fn allocate(&self, offset: u64, size: u64) -> Result<()> {
        self.tapped.call(Operation::Allocate { offset, size }, || {
            self.inner.allocate(offset, size)
        })
    }

    fn advise(&self, offset: u64, size: u64, advice: Advice) -> Result<()> {
        let operation = Operation::Advise {
            offset,
            size,
            advice,
        };
        self.tapped
            .call(operation, || self.inner.advise(offset, size, advice))
    }

    fn set_times(&self, times: &SetTimes) -> Result<()> {
        self.tapped.call(Operation::SetTimes { times }, || {
            self.inner.set_times(times)
        })
    }

    fn sync(&self, scope: SyncScope) -> Result<()> {
        self.tapped
            .call(Operation::Sync { scope }, || self.inner.sync(scope))
    }
}
