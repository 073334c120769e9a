//! Handing calls on to what is wrapped.
//!
//! Knows the signatures of the methods that a wrapper does not change, and which id it has. Refuses to know why anything is
//! wrapped. For the wrappers of this room; each keeps what it wraps in a field called `inner`.

use crate::vfs::{Dir, FsId};
use std::io::{IoSlice, IoSliceMut};

/// The id of a wrapper: `id`, unless nothing can be renamed in what it wraps.
pub(super) fn outer_id(inner: &dyn Dir, id: FsId) -> FsId {
    if inner.filesystem() == FsId::NONE {
        FsId::NONE
    } else {
        id
    }
}

/// How many bytes there is room to read.
pub(super) fn room(bufs: &[IoSliceMut<'_>]) -> usize {
    bufs.iter()
        .fold(0, |sum, buf| sum.saturating_add(buf.len()))
}

/// The first `len` bytes.
pub(super) fn cut<'a>(bufs: &'a [IoSlice<'_>], mut len: usize) -> Vec<IoSlice<'a>> {
    let mut parts = Vec::new();
    for buf in bufs {
        let part = buf.get(..len).unwrap_or(buf);
        len = len.saturating_sub(part.len());
        parts.push(IoSlice::new(part));
        if len == 0 {
            break;
        }
    }
    parts
}

/// Room for the first `len` bytes.
pub(super) fn cut_mut<'a>(bufs: &'a mut [IoSliceMut<'_>], mut len: usize) -> Vec<IoSliceMut<'a>> {
    let mut parts = Vec::new();
    for buf in bufs {
        let most = len.min(buf.len());
        let part = buf.get_mut(..most).unwrap_or_default();
        len = len.saturating_sub(part.len());
        parts.push(IoSliceMut::new(part));
        if len == 0 {
            break;
        }
    }
    parts
}

/// Methods of [`File`](crate::vfs::File) that ask the inner file the same.
macro_rules! forward_file {
    ($($method:ident)*) => { $($crate::backends::forward::forward_file!(@ $method);)* };
    (@ metadata) => {
        fn metadata(&self) -> $crate::abi::Result<$crate::vfs::Metadata> {
            self.inner.metadata()
        }
    };
    (@ read_at) => {
        fn read_at(&self, buf: &mut [u8], offset: u64) -> $crate::abi::Result<usize> {
            self.inner.read_at(buf, offset)
        }
    };
    (@ read_vectored_at) => {
        fn read_vectored_at(
            &self,
            bufs: &mut [std::io::IoSliceMut<'_>],
            offset: u64,
        ) -> $crate::abi::Result<usize> {
            self.inner.read_vectored_at(bufs, offset)
        }
    };
    (@ write_at) => {
        fn write_at(&self, buf: &[u8], offset: u64) -> $crate::abi::Result<usize> {
            self.inner.write_at(buf, offset)
        }
    };
    (@ write_vectored_at) => {
        fn write_vectored_at(
            &self,
            bufs: &[std::io::IoSlice<'_>],
            offset: u64,
        ) -> $crate::abi::Result<usize> {
            self.inner.write_vectored_at(bufs, offset)
        }
    };
    (@ append) => {
        fn append(&self, bufs: &[std::io::IoSlice<'_>]) -> $crate::abi::Result<(usize, u64)> {
            self.inner.append(bufs)
        }
    };
    (@ seek_data) => {
        fn seek_data(&self, offset: u64) -> $crate::abi::Result<Option<u64>> {
            self.inner.seek_data(offset)
        }
    };
    (@ set_len) => {
        fn set_len(&self, len: u64) -> $crate::abi::Result<()> {
            self.inner.set_len(len)
        }
    };
    (@ allocate) => {
        fn allocate(&self, offset: u64, len: u64) -> $crate::abi::Result<()> {
            self.inner.allocate(offset, len)
        }
    };
    (@ advise) => {
        fn advise(
            &self,
            offset: u64,
            len: u64,
            advice: $crate::abi::Advice,
        ) -> $crate::abi::Result<()> {
            self.inner.advise(offset, len, advice)
        }
    };
    (@ set_times) => {
        fn set_times(&self, times: &$crate::vfs::SetTimes) -> $crate::abi::Result<()> {
            self.inner.set_times(times)
        }
    };
    (@ sync) => {
        fn sync(&self, scope: $crate::vfs::SyncScope) -> $crate::abi::Result<()> {
            self.inner.sync(scope)
        }
    };
}

pub(super) use forward_file;
