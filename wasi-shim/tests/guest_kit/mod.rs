//! A guest without an engine: its calls, made from here.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "each test file is a crate and uses its part"
)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up has failed"
)]

use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use wasi_shim::abi::{Abi, Errno, FdFlags, FileKind, OFlags, Result, RiFlags, Rights, Syscall};
use wasi_shim::mem::Memory;
use wasi_shim::{Builder, Outcome, Wasi};

/// How long a call may wait before the test fails.
const LONG: Duration = Duration::from_secs(30);

/// Where arrays of buffers, results and data are in the guest's memory.
const VECTORS: usize = 0;
const RESULT: usize = 512;
const DATA: usize = 1024;

pub struct Guest {
    pub wasi: Wasi,
    pub memory: Vec<u8>,
}

impl Guest {
    pub fn new(builder: Builder) -> Self {
        Self {
            wasi: builder.build().unwrap(),
            memory: vec![0; 4 << 20],
        }
    }

    /// One attempt, which may have to wait.
    pub fn attempt(&mut self, call: Syscall, args: &[i64]) -> Outcome {
        let mut memory = Memory::new(&mut self.memory);
        self.wasi.call(Abi::Preview1, &mut memory, call, args)
    }

    /// The whole call. A wait that takes too long fails the test.
    pub fn call(&mut self, call: Syscall, args: &[i64]) -> Result<()> {
        let (_done, is_done) = mpsc::channel::<()>();
        let mut outcome = self.attempt(call, args);
        if matches!(outcome, Outcome::Block(_)) {
            let wasi = self.wasi.clone();
            thread::spawn(move || {
                if is_done.recv_timeout(LONG) == Err(mpsc::RecvTimeoutError::Timeout) {
                    wasi.cancel();
                }
            });
        }
        while let Outcome::Block(blocked) = outcome {
            blocked.wait();
            outcome = blocked.resume(&mut Memory::new(&mut self.memory));
        }
        match outcome {
            Outcome::Return(0) => Ok(()),
            Outcome::Return(number) => Err(Errno::from_number(number).unwrap()),
            other => panic!("{call}{args:?}: {other:?}"),
        }
    }

    /// Would this call wait? It is abandoned if it would.
    pub fn blocks(&mut self, call: Syscall, args: &[i64]) -> bool {
        matches!(self.attempt(call, args), Outcome::Block(_))
    }

    pub fn u32_at(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.memory[at..at + 4].try_into().unwrap())
    }

    pub fn result(&self) -> u32 {
        self.u32_at(RESULT)
    }

    /// An array of buffers of these lengths, which follow each other from `DATA` on.
    pub fn vectors(&mut self, lens: &[usize]) -> [i64; 2] {
        let mut at = DATA;
        for (index, len) in lens.iter().enumerate() {
            let element = [at as u32, *len as u32];
            for (half, number) in element.iter().enumerate() {
                let to = VECTORS + 8 * index + 4 * half;
                self.memory[to..to + 4].copy_from_slice(&number.to_le_bytes());
            }
            at += len;
        }
        [VECTORS as i64, lens.len() as i64]
    }

    fn put(&mut self, bytes: &[u8]) -> [i64; 2] {
        self.memory[DATA..DATA + bytes.len()].copy_from_slice(bytes);
        self.vectors(&[bytes.len()])
    }

    fn moved(&self) -> Vec<u8> {
        self.memory[DATA..DATA + self.result() as usize].to_vec()
    }

    pub fn read(&mut self, fd: u32, len: usize) -> Result<Vec<u8>> {
        let [array, count] = self.vectors(&[len]);
        self.call(Syscall::FdRead, &[fd.into(), array, count, RESULT as i64])?;
        Ok(self.moved())
    }

    pub fn write(&mut self, fd: u32, bytes: &[u8]) -> Result<u32> {
        let [array, count] = self.put(bytes);
        self.call(Syscall::FdWrite, &[fd.into(), array, count, RESULT as i64])?;
        Ok(self.result())
    }

    /// What came, and the output flags.
    pub fn recv(&mut self, fd: u32, lens: &[usize], flags: RiFlags) -> Result<(Vec<u8>, u16)> {
        let args = self.recv_args(fd, lens, flags);
        self.call(Syscall::SockRecv, &args)?;
        Ok((self.moved(), self.u32_at(RESULT + 8) as u16))
    }

    pub fn recv_args(&mut self, fd: u32, lens: &[usize], flags: RiFlags) -> [i64; 6] {
        let [array, count] = self.vectors(lens);
        let (at, flags_at) = (RESULT as i64, RESULT as i64 + 8);
        [fd.into(), array, count, flags.bits().into(), at, flags_at]
    }

    pub fn send(&mut self, fd: u32, bytes: &[u8]) -> Result<u32> {
        let [array, count] = self.put(bytes);
        self.call(
            Syscall::SockSend,
            &[fd.into(), array, count, 0, RESULT as i64],
        )?;
        Ok(self.result())
    }

    pub fn accept(&mut self, fd: u32, flags: FdFlags) -> Result<u32> {
        let args = [fd.into(), flags.bits().into(), RESULT as i64];
        self.call(Syscall::SockAccept, &args)?;
        Ok(self.result())
    }

    pub fn shutdown(&mut self, fd: u32, how: u8) -> Result<()> {
        self.call(Syscall::SockShutdown, &[fd.into(), how.into()])
    }

    pub fn set_flags(&mut self, fd: u32, flags: FdFlags) {
        let args = [fd.into(), flags.bits().into()];
        self.call(Syscall::FdFdstatSetFlags, &args).unwrap();
    }

    pub fn open(&mut self, dir: u32, path: &str, oflags: OFlags, rights: Rights) -> Result<u32> {
        self.memory[DATA..DATA + path.len()].copy_from_slice(path.as_bytes());
        let (path, len) = (DATA as i64, path.len() as i64);
        let rights = rights.bits().cast_signed();
        let oflags = oflags.bits().into();
        let result = RESULT as i64;
        let args = [dir.into(), 0, path, len, oflags, rights, 0, 0, result];
        self.call(Syscall::PathOpen, &args)?;
        Ok(self.result())
    }

    /// The kind that `fd_fdstat_get` reports, and the rights.
    pub fn fdstat(&mut self, fd: u32) -> (FileKind, Rights) {
        let args = [fd.into(), RESULT as i64];
        self.call(Syscall::FdFdstatGet, &args).unwrap();
        let kind = FileKind::from_number(self.memory[RESULT].into()).unwrap();
        let rights = self.memory[RESULT + 8..RESULT + 16].try_into().unwrap();
        (kind, Rights::from_bits_truncate(u64::from_le_bytes(rights)))
    }

    /// Waits until a descriptor can be read (or, if `write`, written); the bytes, and whether the other end is gone.
    pub fn poll(&mut self, fd: u32, write: bool) -> (u64, bool) {
        let subscription = &mut self.memory[DATA..DATA + 48];
        subscription.fill(0);
        subscription[8] = if write { 2 } else { 1 };
        subscription[16..20].copy_from_slice(&fd.to_le_bytes());
        let events = DATA as i64 + 64;
        let args = [DATA as i64, events, 1, RESULT as i64];
        self.call(Syscall::PollOneoff, &args).unwrap();
        assert_eq!(self.result(), 1);
        let event = &self.memory[DATA + 64..DATA + 96];
        assert_eq!(event[8..10], [0, 0], "the event's error");
        let bytes = u64::from_le_bytes(event[16..24].try_into().unwrap());
        (bytes, event[24] & 1 == 1)
    }
}
