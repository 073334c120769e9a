//! Regular files that the host answers for.
//!
//! Knows the callbacks of a file. Refuses to know directories; `node` hands out what is made here.

use super::{Errno, FileStat, NewTimes, answer, moved, written};
use crate::raw::{Pointer, Ref, User};
use crate::status::{Error, there};
use std::ffi::c_void;
use wasi_shim::abi::{self, FileKind, Result};
use wasi_shim::vfs::{File, Metadata, SetTimes, SyncScope};

/// What a regular file of the host's answers. Offsets, appending, rights and whether a guest may write are the library's
/// business. `stat` and `read_at` have to be there; where one of the others is `NULL`, it answers `rofs`, and `sync`
/// nothing. Any thread may call them, several at once. Each answers 0 or an error code of WASI.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct FileCallbacks {
    /// Facts about the file; `kind` is known.
    pub stat: Option<extern "C-unwind" fn(file: *mut c_void, stat: &mut FileStat) -> u16>,
    /// Reads up to `len` bytes at `offset`; `*count`, 0 before, is how many they were. 0 of them are the end.
    pub read_at: Option<
        extern "C-unwind" fn(
            file: *mut c_void,
            buffer: *mut u8,
            len: usize,
            offset: u64,
            count: &mut usize,
        ) -> u16,
    >,
    /// Writes up to `len` bytes at `offset`; `*count`, 0 before, is how many they were, at least one: where there is no
    /// room, answer `nospc`. The file grows as it must.
    pub write_at: Option<
        extern "C-unwind" fn(
            file: *mut c_void,
            bytes: *const u8,
            len: usize,
            offset: u64,
            count: &mut usize,
        ) -> u16,
    >,
    /// Cuts the file, or extends it with zeros.
    pub set_size: Option<extern "C-unwind" fn(file: *mut c_void, size: u64) -> u16>,
    /// Sets the file's times.
    pub set_times: Option<extern "C-unwind" fn(file: *mut c_void, times: &NewTimes) -> u16>,
    /// Makes completed writes durable.
    pub sync: Option<extern "C-unwind" fn(file: *mut c_void) -> u16>,
    /// Frees the file's pointer: called once, when nobody has the file open any more.
    pub drop: Option<extern "C-unwind" fn(file: *mut c_void)>,
}

pub(crate) struct CallbackFile {
    callbacks: FileCallbacks,
    user: User,
}

impl CallbackFile {
    /// The pointer is taken only if this succeeds.
    pub(crate) fn new(
        callbacks: &Ref<FileCallbacks>,
        user: &Pointer,
    ) -> std::result::Result<Self, Error> {
        let callbacks = callbacks.get("callbacks")?;
        there(callbacks.stat, "stat")?;
        there(callbacks.read_at, "read_at")?;
        let user = User::new(user, callbacks.drop);
        Ok(Self { callbacks, user })
    }
}

impl File for CallbackFile {
    fn metadata(&self) -> Result<Metadata> {
        let stat = self.callbacks.stat.ok_or(abi::Errno::Nosys)?;
        let mut facts = FileStat::EMPTY;
        answer(stat(self.user.get(), &mut facts))?;
        let mut facts = facts.facts()?;
        // What it is, is no question.
        facts.kind = FileKind::RegularFile;
        Ok(facts)
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        let read = self.callbacks.read_at.ok_or(abi::Errno::Nosys)?;
        let mut count = 0;
        let (start, len) = (buf.as_mut_ptr(), buf.len());
        let errno: Errno = read(self.user.get(), start, len, offset, &mut count);
        moved(errno, count, len)
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> Result<usize> {
        let write = self.callbacks.write_at.ok_or(abi::Errno::Rofs)?;
        let mut count = 0;
        let (start, len) = (buf.as_ptr(), buf.len());
        let errno: Errno = write(self.user.get(), start, len, offset, &mut count);
        written(errno, count, len)
    }

    fn set_len(&self, len: u64) -> Result<()> {
        let set = self.callbacks.set_size.ok_or(abi::Errno::Rofs)?;
        answer(set(self.user.get(), len))
    }

    fn set_times(&self, times: &SetTimes) -> Result<()> {
        let set = self.callbacks.set_times.ok_or(abi::Errno::Rofs)?;
        answer(set(self.user.get(), &NewTimes::of(times)))
    }

    fn sync(&self, _: SyncScope) -> Result<()> {
        match self.callbacks.sync {
            Some(sync) => answer(sync(self.user.get())),
            None => Ok(()),
        }
    }
}
