//! A guest on one directory, which asks for what paths lead to.

use std::sync::Arc;
use wasi_shim::abi::{Abi, Errno, FileKind, LookupFlags, OFlags, Result, Rights, Syscall};
use wasi_shim::mem::Memory;
use wasi_shim::vfs::{Dir, Follow};
use wasi_shim::{Access, Limits, Outcome, Wasi};

const ROOT: i64 = 3;
/// Where results are written, and where a path is.
const OUT: usize = 0;
const PATH: usize = 64;

/// What a path leads to.
pub type Seen = Result<(FileKind, u64)>;

/// A guest, its memory and its directory.
pub struct Guest {
    wasi: Wasi,
    memory: Vec<u8>,
}

impl Guest {
    pub fn new(root: Arc<dyn Dir>) -> Self {
        Self::limited(root, Limits::default())
    }

    pub fn limited(root: Arc<dyn Dir>, limits: Limits) -> Self {
        let builder = Wasi::builder().preopen("/", root, Access::ReadWrite);
        Self {
            wasi: builder.limits(limits).build().unwrap(),
            memory: vec![0; 8192],
        }
    }

    fn call(&mut self, call: Syscall, args: &[i64]) -> Result<()> {
        let memory = &mut Memory::new(&mut self.memory);
        match self.wasi.call(Abi::Preview1, memory, call, args) {
            Outcome::Return(0) => Ok(()),
            Outcome::Return(number) => Err(Errno::from_number(number).unwrap()),
            other => panic!("{other:?}"),
        }
    }

    /// Puts a path into memory; returns where it is and how long.
    fn path(&mut self, path: &str) -> [i64; 2] {
        self.memory
            .get_mut(PATH..)
            .and_then(|memory| memory.get_mut(..path.len()))
            .unwrap()
            .copy_from_slice(path.as_bytes());
        [PATH, path.len()].map(|number| i64::try_from(number).unwrap())
    }

    fn number(&self, at: usize) -> u64 {
        let bytes = self.memory.get(at..).and_then(<[u8]>::first_chunk);
        u64::from_le_bytes(*bytes.unwrap())
    }

    /// A `filestat`'s kind and inode.
    fn filestat(&self) -> (FileKind, u64) {
        let kind = FileKind::from_number(u32::from(*self.memory.get(OUT + 16).unwrap())).unwrap();
        (kind, self.number(OUT + 8))
    }

    pub fn stat(&mut self, path: &str, follow: Follow) -> Seen {
        let [at, len] = self.path(path);
        let args = [ROOT, lookup(follow), at, len, 0];
        self.call(Syscall::PathFilestatGet, &args)?;
        Ok(self.filestat())
    }

    /// Opens, looks at what was opened and closes it.
    pub fn open(&mut self, path: &str, follow: Follow, oflags: OFlags, rights: Rights) -> Seen {
        let [at, len] = self.path(path);
        let rights = i64::try_from((rights | Rights::FD_FILESTAT_GET).bits()).unwrap();
        let oflags = oflags.bits().into();
        let args = [ROOT, lookup(follow), at, len, oflags, rights, 0, 0, 0];
        self.call(Syscall::PathOpen, &args)?;
        let fd = i64::from(*self.memory.first().unwrap());
        self.call(Syscall::FdFilestatGet, &[fd, 0])?;
        let seen = self.filestat();
        self.call(Syscall::FdClose, &[fd])?;
        Ok(seen)
    }

    pub fn make(&mut self, path: &str) -> Result<()> {
        let [at, len] = self.path(path);
        self.call(Syscall::PathCreateDirectory, &[ROOT, at, len])
    }

    /// Makes a directory and removes it again.
    pub fn make_and_remove(&mut self, path: &str) -> (Result<()>, Result<()>) {
        let [at, len] = self.path(path);
        let made = self.make(path);
        let removed = self.call(Syscall::PathRemoveDirectory, &[ROOT, at, len]);
        (made, removed)
    }

    /// Sets no time, which finds out whether there is something.
    pub fn touch(&mut self, path: &str, follow: Follow) -> Result<()> {
        let [at, len] = self.path(path);
        let args = [ROOT, lookup(follow), at, len, 0, 0, 0];
        self.call(Syscall::PathFilestatSetTimes, &args)
    }

    pub fn read_link(&mut self, path: &str) -> Result<String> {
        let [at, len] = self.path(path);
        self.call(Syscall::PathReadlink, &[ROOT, at, len, 4200, 3000, 0])?;
        let len = usize::try_from(self.number(OUT) & 0xffff_ffff).unwrap();
        let text = self
            .memory
            .get(4200..)
            .and_then(|rest| rest.get(..len))
            .unwrap();
        Ok(String::from_utf8_lossy(text).into_owned())
    }
}

fn lookup(follow: Follow) -> i64 {
    let flags = match follow {
        Follow::Yes => LookupFlags::SYMLINK_FOLLOW,
        Follow::No => LookupFlags::empty(),
    };
    flags.bits().into()
}
