//! An embedder's file that has an offset.
//!
//! This file knows that the shim says where to read and write, and that not every file of an embedder's can be told: one
//! that only reads and writes on is moved to the place, if it can be; and one that others have too goes on where it is. It
//! refuses to know descriptors and how the file came about. Only this room makes such files.

use super::dir::Entry;
use super::shared::Shared;
use super::{convert, lock, settle, told};
use crate::Error;
use crate::file::WasiFile;
use crate::snapshots::types::Errno as Theirs;
use std::io::{IoSlice, IoSliceMut, SeekFrom};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use wasi_shim::abi::{Advice, Errno, FileKind, Result};
use wasi_shim::vfs::{File, Metadata, SetTimes, SyncScope};

/// A file with an offset.
pub(super) struct RegularFile {
    file: Shared,
    /// Where it was opened, if it was opened and not for writing: what may be changed of it is for the directory to say.
    owner: Option<Entry>,
    /// It was given as it is, perhaps to several, and moves for all of them: what is read or written where it is goes on.
    moves: bool,
    /// It cannot be told where to read, or to write.
    reads_on: AtomicBool,
    writes_on: AtomicBool,
    /// Where it is, as far as we have moved it.
    position: Mutex<u64>,
}

/// Does the file not have this method?
fn is_missing(error: &Error) -> bool {
    matches!(
        error.downcast_ref(),
        Some(Theirs::Badf | Theirs::Notsup | Theirs::Spipe | Theirs::Nosys)
    )
}

/// Does this end behind the largest offset? There is no file so long, and not every one says so.
fn is_too_far(offset: u64, lens: impl Iterator<Item = usize>) -> bool {
    let end = lens.fold(offset, |end, len| end.saturating_add(len as u64));
    end > i64::MAX as u64
}

impl RegularFile {
    /// A file that was opened for nobody else.
    pub(super) fn new(file: Box<dyn WasiFile>, owner: Option<Entry>) -> Self {
        Self {
            file: Shared::new(file),
            owner,
            moves: false,
            reads_on: AtomicBool::new(false),
            writes_on: AtomicBool::new(false),
            position: Mutex::new(0),
        }
    }

    /// A file that is given as it is, and where it is.
    pub(super) fn given(file: Box<dyn WasiFile>, position: u64) -> Self {
        Self {
            moves: true,
            position: Mutex::new(position),
            ..Self::new(file, None)
        }
    }

    /// Is this where the file is, as far as it has moved for this descriptor?
    fn goes_on(&self, offset: u64) -> bool {
        self.moves && *lock(&self.position) == offset
    }

    /// Moves the file to an offset and lets `transfer` read or write on. One that cannot be moved is where it is.
    fn on(
        &self,
        offset: u64,
        transfer: impl FnOnce(&dyn WasiFile) -> Result<u64, Error>,
    ) -> Result<usize, Error> {
        let file = self.file.get();
        let mut position = lock(&self.position);
        if *position != offset {
            match settle(file.seek(SeekFrom::Start(offset))) {
                Ok(at) => *position = at,
                Err(error) if is_missing(&error) => *position = offset,
                Err(error) => return Err(error),
            }
        }
        let count = transfer(&*file)?;
        *position = position.saturating_add(count);
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }
}

impl File for RegularFile {
    fn metadata(&self) -> Result<Metadata> {
        let stat = settle(self.file.get().get_filestat()).map_err(told)?;
        let mut metadata = convert::metadata(&stat);
        metadata.kind = FileKind::RegularFile;
        Ok(metadata)
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        self.read_vectored_at(&mut [IoSliceMut::new(buf)], offset)
    }

    fn read_vectored_at(&self, bufs: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        if is_too_far(offset, bufs.iter().map(|buf| buf.len())) {
            return Ok(0);
        }
        if self.goes_on(offset) {
            match self.on(offset, |file| settle(file.read_vectored(bufs))) {
                Err(error) if is_missing(&error) => {}
                result => return result.map_err(told),
            }
        }
        if !self.reads_on.load(Ordering::Relaxed) {
            let file = self.file.get();
            match settle(file.read_vectored_at(bufs, offset)) {
                Ok(count) => return Ok(usize::try_from(count).unwrap_or(usize::MAX)),
                Err(error) if is_missing(&error) => {}
                Err(error) => return Err(told(error)),
            }
        }
        let on = self.on(offset, |file| settle(file.read_vectored(bufs)));
        let count = on.map_err(told)?;
        self.reads_on.store(true, Ordering::Relaxed);
        Ok(count)
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> Result<usize> {
        self.write_vectored_at(&[IoSlice::new(buf)], offset)
    }

    fn write_vectored_at(&self, bufs: &[IoSlice<'_>], offset: u64) -> Result<usize> {
        if is_too_far(offset, bufs.iter().map(|buf| buf.len())) {
            return Err(Errno::Fbig);
        }
        if self.goes_on(offset) {
            match self.on(offset, |file| settle(file.write_vectored(bufs))) {
                Err(error) if is_missing(&error) => {}
                result => return result.map_err(told),
            }
        }
        if !self.writes_on.load(Ordering::Relaxed) {
            let file = self.file.get();
            match settle(file.write_vectored_at(bufs, offset)) {
                Ok(count) => return Ok(usize::try_from(count).unwrap_or(usize::MAX)),
                Err(error) if is_missing(&error) => {}
                Err(error) => return Err(told(error)),
            }
        }
        let on = self.on(offset, |file| settle(file.write_vectored(bufs)));
        let count = on.map_err(told)?;
        self.writes_on.store(true, Ordering::Relaxed);
        Ok(count)
    }

    fn set_len(&self, len: u64) -> Result<()> {
        settle(self.file.get().set_filestat_size(len)).map_err(told)
    }

    /// An advice that a file does not take changes nothing.
    fn advise(&self, offset: u64, len: u64, advice: Advice) -> Result<()> {
        let advice = convert::advice(advice);
        match settle(self.file.get().advise(offset, len, advice)) {
            Err(error) if is_missing(&error) => Ok(()),
            result => result.map_err(told),
        }
    }

    fn set_times(&self, times: &SetTimes) -> Result<()> {
        if let Some(owner) = &self.owner {
            let opened = settle(self.file.get().get_filestat()).ok();
            return owner.set_times(opened.as_ref(), times);
        }
        let (atime, mtime) = convert::times(times);
        settle(self.file.get().set_times(atime, mtime)).map_err(told)
    }

    fn sync(&self, scope: SyncScope) -> Result<()> {
        let file = self.file.get();
        let synced = match scope {
            SyncScope::Data => settle(file.datasync()),
            SyncScope::Full => settle(file.sync()),
        };
        synced.map_err(told)
    }
}
