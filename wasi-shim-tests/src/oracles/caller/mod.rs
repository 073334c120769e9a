//! Calls as core arguments and a linear memory, for whatever implements the 46 functions.
//!
//! Knows the layout of records, which is the specification's, and which slot has which number. Refuses to know who
//! answers.

mod descriptors;
mod identity;
mod listing;
mod paths;

use crate::model::{Answer, Call, ROOT, SLOTS, Slot, System, Value};
use wasi_shim::abi::{Errno, FileKind, Syscall};

/// Something that implements the functions.
pub trait Host {
    /// Does what is opened get the lowest free number, as in POSIX? Otherwise any that is free.
    const LOWEST: bool;

    /// Makes a call with core arguments; the number that it returns.
    fn call(&mut self, memory: &mut [u8], call: Syscall, args: &[i64]) -> u16;
}

/// A guest of such a host, with one directory.
pub struct Caller<H> {
    /// Who answers.
    pub host: H,
    memory: Vec<u8>,
    next: usize,
    numbers: [Option<u32>; SLOTS],
}

/// The number of the preopened directory.
const FIRST: u32 = 3;

/// A number that no descriptor has.
const NONE: u32 = 1_000;

fn wide(value: usize) -> i64 {
    i64::try_from(value).expect("a small number")
}

impl<H: Host> Caller<H> {
    /// A guest whose directory has the number 3.
    pub fn new(host: H) -> Self {
        let mut numbers = [None; SLOTS];
        numbers[ROOT] = Some(FIRST);
        Self {
            host,
            memory: vec![0; 1 << 16],
            next: 0,
            numbers,
        }
    }

    /// The numbers of what is open.
    pub fn numbers(&self) -> Vec<u32> {
        self.numbers.iter().flatten().copied().collect()
    }

    fn number(&self, fd: Slot) -> i64 {
        self.numbers
            .get(fd)
            .copied()
            .flatten()
            .unwrap_or(NONE)
            .into()
    }

    fn room(&mut self, len: usize) -> usize {
        let start = self.next;
        self.next = (start + len).next_multiple_of(16);
        self.memory[start..start + len].fill(0);
        start
    }

    fn put(&mut self, bytes: &[u8]) -> [i64; 2] {
        let at = self.room(bytes.len());
        self.memory[at..at + bytes.len()].copy_from_slice(bytes);
        [wide(at), wide(bytes.len())]
    }

    fn number_at<const N: usize>(&self, at: usize) -> u64 {
        let mut bytes = [0; 8];
        bytes[..N].copy_from_slice(&self.memory[at..at + N]);
        u64::from_le_bytes(bytes)
    }

    fn kind_at(&self, at: usize) -> FileKind {
        FileKind::from_number(self.memory[at].into()).expect("a filetype")
    }

    fn call(&mut self, call: Syscall, args: &[i64]) -> Result<(), Errno> {
        let number = self.host.call(&mut self.memory, call, args);
        Errno::from_number(number).map_or(Ok(()), Err)
    }

    fn done(&mut self, call: Syscall, args: &[i64]) -> Answer {
        self.call(call, args).map(|()| Value::Done)
    }

    /// A call whose last argument is where it puts its result.
    fn ask<const N: usize>(&mut self, call: Syscall, args: &[i64]) -> Result<u64, Errno> {
        let out = self.room(8);
        let args = [args, &[wide(out)]].concat();
        self.call(call, &args)?;
        Ok(self.number_at::<N>(out))
    }

    fn close(&mut self, fd: Slot) {
        if let Some(number) = self.numbers[fd].take() {
            let closed = self.call(Syscall::FdClose, &[number.into()]);
            assert_eq!(closed, Ok(()), "what is open can be closed");
        }
    }

    fn renumber(&mut self, from: Slot, to: Slot) -> Answer {
        let args = [self.number(from), self.number(to)];
        let answer = self.done(Syscall::FdRenumber, &args)?;
        if from != to {
            self.numbers[from] = None;
        }
        Ok(answer)
    }
}

impl<H: Host> System for Caller<H> {
    fn answer(&mut self, call: &Call) -> Answer {
        self.next = 0;
        match call {
            Call::Close { fd } => {
                let number = self.number(*fd);
                let closed = self.done(Syscall::FdClose, &[number])?;
                self.numbers[*fd] = None;
                Ok(closed)
            }
            Call::FdstatSetRights { fd, without, gain } => self.set_rights(*fd, *without, *gain),
            Call::Read { fd, lens } => self.read(Syscall::FdRead, *fd, lens, None),
            Call::Pread { fd, lens, offset } => {
                self.read(Syscall::FdPread, *fd, lens, Some(*offset))
            }
            Call::Write { fd, parts } => self.write(Syscall::FdWrite, *fd, parts, None),
            Call::Pwrite { fd, parts, offset } => {
                self.write(Syscall::FdPwrite, *fd, parts, Some(*offset))
            }
            Call::PrestatGet { fd } => self.prestat(*fd),
            Call::PrestatDirName { fd, len } => self.prestat_dir_name(*fd, *len),
            Call::Readdir { fd, len } => self.readdir(*fd, *len),
            Call::ReaddirFrom { fd, cookie } => {
                let entries = self.all_entries(*fd, 4096, *cookie)?;
                Ok(Value::Number(entries.len() as u64))
            }
            Call::Renumber { from, to } => self.renumber(*from, *to),
            other => match other.fd() {
                Some(fd) => self.on_descriptor(fd, other),
                None => self.with_path(other),
            },
        }
    }
}
