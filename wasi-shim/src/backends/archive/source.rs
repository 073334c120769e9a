//! Where an archive's bytes come from.
//!
//! Knows how to get bytes at an offset, and all of them or an error that says what was wanted. Refuses to know what
//! they mean. Embedders implement [`ReadAt`]; the other modules of archives use [`Source`].

use super::error::ArchiveError;
use crate::backends::lock::lock;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex};

/// Bytes that can be read at any offset, by several threads at once.
///
/// They must not change while an archive uses them. If they do, guests read other bytes or get `io`, nothing worse.
pub trait ReadAt: Send + Sync {
    /// How many bytes there are. Asked for once.
    fn size(&self) -> io::Result<u64>;

    /// Reads at `offset`. Short reads are allowed; `Ok(0)` for a buffer that is not empty means the end.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize>;
}

impl ReadAt for Arc<[u8]> {
    fn size(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        Ok(crate::vfs::read_slice(self, buf, offset))
    }
}

/// What is part of the program, by `include_bytes!`.
impl ReadAt for &'static [u8] {
    fn size(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        Ok(crate::vfs::read_slice(self, buf, offset))
    }
}

#[cfg(unix)]
impl ReadAt for File {
    fn size(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, buf, offset)
    }
}

/// For what can only seek. Reads wait for each other.
impl<R: Read + Seek + Send> ReadAt for Mutex<R> {
    fn size(&self) -> io::Result<u64> {
        lock(self).seek(SeekFrom::End(0))
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut inner = lock(self);
        inner.seek(SeekFrom::Start(offset))?;
        inner.read(buf)
    }
}

/// The bytes of an archive, and how many there are.
pub(super) struct Source {
    bytes: Box<dyn ReadAt>,
    pub(super) size: u64,
}

impl Source {
    pub(super) fn new(bytes: impl ReadAt + 'static) -> io::Result<Self> {
        let size = bytes.size()?;
        let bytes = Box::new(bytes);
        Ok(Self { bytes, size })
    }

    /// A file, on systems that read at an offset and on those that only seek.
    pub(super) fn file(file: File) -> io::Result<Self> {
        #[cfg(not(unix))]
        let file = Mutex::new(file);
        Self::new(file)
    }

    /// Reads what there is, at most a buffer full. A read that a signal interrupted is tried again.
    pub(super) fn read(&self, buf: &mut [u8], at: u64) -> io::Result<usize> {
        loop {
            match self.bytes.read_at(buf, at) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // What a faulty source claims beyond the buffer is not believed.
                answer => return answer.map(|count| count.min(buf.len())),
            }
        }
    }

    /// Fills `buf`, which is `what`, from `at`.
    pub(super) fn exact(
        &self,
        buf: &mut [u8],
        at: u64,
        what: &'static str,
    ) -> Result<(), ArchiveError> {
        let mut done = 0_usize;
        while let Some(rest) = buf.get_mut(done..).filter(|rest| !rest.is_empty()) {
            match self.read(rest, at.saturating_add(done as u64))? {
                0 => return Err(ArchiveError::Truncated { what, at }),
                count => done = done.saturating_add(count),
            }
        }
        Ok(())
    }

    /// As [`exact`](Self::exact), into memory of its own: `len` is something that a limit was put on.
    pub(super) fn take(
        &self,
        at: u64,
        len: usize,
        what: &'static str,
    ) -> Result<Vec<u8>, ArchiveError> {
        let mut bytes = vec![0; len];
        self.exact(&mut bytes, at, what)?;
        Ok(bytes)
    }

    /// All bytes in order.
    pub(super) const fn stream(&self) -> Stream<'_> {
        Stream {
            source: self,
            at: 0,
        }
    }
}

/// A source as what decompressors read.
pub(super) struct Stream<'a> {
    source: &'a Source,
    at: u64,
}

impl Read for Stream<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buf, self.at)?;
        self.at = self.at.saturating_add(count as u64);
        Ok(count)
    }
}
