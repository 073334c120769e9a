//! What calls are made on without an engine.
//!
//! A [`Guest`] is a context over one directory, a memory, and an open file of 64 KiB. Times are reported, never judged.

use std::sync::Arc;
use wasi_shim::abi::{Abi, Errno, Result, Syscall};
use wasi_shim::mem::Memory;
use wasi_shim::vfs::Dir;
use wasi_shim::{Access, Outcome, Wasi};

/// The descriptor of the directory.
pub const ROOT: i64 = 3;

/// Where results go.
pub const OUT: i64 = 1024;

/// A path of one component, and where it is.
pub const FILE: (&str, i64) = ("file", 2048);

/// A path of five components, and where it is.
pub const DEEP: (&str, i64) = ("a/b/c/d/file", 2112);

/// Where one buffer of 4 KiB is described, and where it is.
pub const BUFFER: (i64, u32) = (2176, 1 << 16);

/// A guest to call functions on.
pub struct Guest {
    wasi: Wasi,
    memory: Vec<u8>,
    /// The open file.
    pub file: i64,
}

impl Guest {
    /// A guest over a directory that is still empty.
    pub fn new(root: Arc<dyn Dir>) -> Result<Self> {
        let builder = Wasi::builder().preopen("/", root, Access::ReadWrite);
        let wasi = builder.build().map_err(|_| Errno::Inval)?;
        let mut guest = Self {
            wasi,
            memory: vec![0; 2 << 16],
            file: 0,
        };
        for (text, at) in [FILE, DEEP] {
            guest.put(at, text.as_bytes());
        }
        let (iovec, buffer) = BUFFER;
        guest.put(iovec, &buffer.to_le_bytes());
        guest.put(iovec + 4, &4096_u32.to_le_bytes());
        for len in [1, 3, 5, 7] {
            guest.call(Syscall::PathCreateDirectory, &[ROOT, DEEP.1, len])?;
        }
        guest.create(DEEP)?;
        guest.file = guest.create(FILE)?;
        for _ in 0..16 {
            guest.call(Syscall::FdWrite, &[guest.file, iovec, 1, OUT])?;
        }
        Ok(guest)
    }

    /// Calls a function.
    pub fn call(&mut self, call: Syscall, args: &[i64]) -> Result<()> {
        let mut memory = Memory::new(&mut self.memory);
        match self.wasi.call(Abi::Preview1, &mut memory, call, args) {
            Outcome::Return(0) => Ok(()),
            Outcome::Return(number) => Err(Errno::from_number(number).unwrap_or(Errno::Io)),
            _ => Err(Errno::Intr),
        }
    }

    /// Opens a file that exists, to read and write.
    pub fn open(&mut self, (path, at): (&str, i64)) -> Result<i64> {
        self.path_open(path, at, 0)
    }

    fn create(&mut self, (path, at): (&str, i64)) -> Result<i64> {
        self.path_open(path, at, 1)
    }

    fn path_open(&mut self, path: &str, at: i64, oflags: i64) -> Result<i64> {
        let len = i64::try_from(path.len()).map_err(|_| Errno::Overflow)?;
        // read, seek, tell, write, filestat_get
        let rights = 0x20_0066;
        self.call(
            Syscall::PathOpen,
            &[ROOT, 0, at, len, oflags, rights, 0, 0, OUT],
        )?;
        Ok(i64::from(
            self.memory.get(OUT as usize).copied().unwrap_or_default(),
        ))
    }

    fn put(&mut self, at: i64, bytes: &[u8]) {
        let at = at as usize;
        if let Some(to) = self.memory.get_mut(at..at + bytes.len()) {
            to.copy_from_slice(bytes);
        }
    }
}
