//! A guest's descriptors, before it has made its first call and after.
//!
//! This file knows that a guest is made when it is first needed, because until then arguments and variables can be added.
//! It refuses to know what the descriptors are. The context and its table use it.

use crate::{Error, ErrorExt};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use wasi_shim::abi::{Abi, Syscall};
use wasi_shim::mem::Memory;
use wasi_shim::{Builder, Given, Limits, Wasi};

/// The first number that is not a standard stream's.
const FIRST: u32 = 3;

/// Numbers from here on are never a guest's.
pub(crate) const NUMBERS: u32 = 1 << 16;

/// What is given, and the offset that it has.
type Placed = (Given, u64);

/// What a guest has open.
#[derive(Default)]
pub(crate) struct Guest {
    running: OnceLock<Wasi>,
    waiting: Mutex<BTreeMap<u32, Placed>>,
}

impl Guest {
    fn waiting(&self) -> MutexGuard<'_, BTreeMap<u32, Placed>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The guest, made of what `builder` begins if this is its first call.
    pub(crate) fn running(&self, builder: impl FnOnce() -> Builder) -> &Wasi {
        if let Some(wasi) = self.running.get() {
            return wasi;
        }
        // Whoever adds a descriptor meanwhile waits, and finds the guest.
        let mut waiting = self.waiting();
        self.running.get_or_init(|| {
            let mut limits = Limits::default();
            let last = waiting.keys().next_back().copied().unwrap_or_default();
            let count = u32::try_from(waiting.len()).unwrap_or(u32::MAX);
            let wanted = last.max(count).saturating_add(1);
            limits.descriptors = limits.descriptors.max(wanted);
            let wasi = build(builder().limits(limits));
            for number in 0..FIRST {
                let _ = wasi.close(number);
            }
            for (number, placed) in std::mem::take(&mut *waiting) {
                // There is room for all of them, by the limit.
                insert(&wasi, number, placed);
            }
            wasi
        })
    }

    /// Puts something under a number, or nothing under one that no guest can have.
    pub(crate) fn insert(&self, fd: u32, placed: Placed) {
        let mut waiting = self.waiting();
        if let Some(wasi) = self.running.get() {
            drop(waiting);
            insert(wasi, fd, placed);
        } else if fd < NUMBERS {
            let replaced = waiting.insert(fd, placed);
            // Whatever dropping it does, it may come back here.
            drop(waiting);
            drop(replaced);
        }
    }

    /// Puts something under the lowest free number that is no standard stream's.
    pub(crate) fn push(&self, placed: Placed) -> Result<u32, Error> {
        let mut waiting = self.waiting();
        if let Some(wasi) = self.running.get() {
            drop(waiting);
            let (given, offset) = placed;
            let fd = wasi.push(given)?;
            begin_at(wasi, fd, offset);
            return Ok(fd);
        }
        let free = (FIRST..NUMBERS).find(|number| !waiting.contains_key(number));
        let number = free.ok_or(wasi_shim::abi::Errno::Mfile)?;
        waiting.insert(number, placed);
        Ok(number)
    }

    /// Is there something under this number?
    pub(crate) fn contains(&self, fd: u32) -> bool {
        let waiting = self.waiting();
        match self.running.get() {
            Some(wasi) => wasi.is_open(fd),
            None => waiting.contains_key(&fd),
        }
    }

    /// Closes what is under this number, if there is anything.
    pub(crate) fn remove(&self, fd: u32) {
        let mut waiting = self.waiting();
        match self.running.get() {
            Some(wasi) => {
                drop(waiting);
                let _ = wasi.close(fd);
            }
            None => {
                let removed = waiting.remove(&fd);
                drop(waiting);
                drop(removed);
            }
        }
    }

    /// Moves one number to another, which need not be open. `badf` if there is nothing to move.
    pub(crate) fn renumber(&self, from: u32, to: u32) -> Result<(), Error> {
        let mut waiting = self.waiting();
        if let Some(wasi) = self.running.get() {
            return Ok(wasi.renumber(from, to)?);
        }
        let moved = waiting.remove(&from).ok_or_else(Error::badf)?;
        let replaced = waiting.insert(to, moved);
        drop(waiting);
        drop(replaced);
        Ok(())
    }
}

/// Nothing under a number that no guest can have.
fn insert(wasi: &Wasi, fd: u32, (given, offset): Placed) {
    if wasi.insert(fd, given).is_ok() {
        begin_at(wasi, fd, offset);
    }
}

/// Has a descriptor go on where its file is. The guest could do so itself.
fn begin_at(wasi: &Wasi, fd: u32, offset: u64) {
    /// Where the new offset is told, and from where it is counted: the beginning.
    const AT: i64 = 0;
    const SET: i64 = 0;
    if offset > 0 {
        let (mut told, args) = ([0; 8], [fd.into(), offset.cast_signed(), SET, AT]);
        let _ = wasi.call(
            Abi::Preview1,
            &mut Memory::new(&mut told),
            Syscall::FdSeek,
            &args,
        );
    }
}

/// Builds a guest of strings that have been checked. If there is one after all that no guest can have, it has none.
fn build(builder: Builder) -> Wasi {
    match builder.build() {
        Ok(wasi) => wasi,
        Err(error) => unreachable!("every string was checked when it was added: {error}"),
    }
}
