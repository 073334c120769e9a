//! A guest without an engine: a [`Wasi`] and the bytes that are its memory.

use std::sync::Arc;
use wasi_shim::abi::{Abi, Errno, Syscall};
use wasi_shim::mem::Memory;
use wasi_shim::{Builder, Outcome, Wasi};

use crate::ManualClock;

/// Result of a call: a value, or the error code the guest got.
pub type Answer<T> = Result<T, Errno>;

/// A guest: call functions on it as a program would.
pub struct Guest {
    /// The library's side.
    pub wasi: Wasi,
    /// The linear memory. Methods put their arguments at its start and go on from there.
    pub memory: Vec<u8>,
    /// Which layout calls use.
    pub abi: Abi,
    /// The clock, if time is the test's: a call that waits moves it to the deadline it waits for.
    pub clock: Option<Arc<ManualClock>>,
    next: usize,
}

impl Guest {
    /// Memory that a guest starts with: sixteen pages.
    pub const MEMORY: usize = 16 << 16;

    /// A guest as the builder describes it.
    pub fn new(builder: Builder) -> Self {
        Self::of(builder.build().expect("the guest can be built"))
    }

    /// A guest of a context that exists already.
    pub fn of(wasi: Wasi) -> Self {
        Self {
            wasi,
            memory: vec![0; Self::MEMORY],
            abi: Abi::Preview1,
            clock: None,
            next: 16,
        }
    }

    /// A guest whose time stands still at `now`, except when a call waits.
    pub fn with_clock(builder: Builder, now: u64) -> Self {
        let clock = Arc::new(ManualClock::new(now));
        let mut guest = Self::new(builder.clock(clock.clone()));
        guest.clock = Some(clock);
        guest
    }

    /// One call with core arguments, as far as it gets by itself.
    pub fn attempt(&mut self, call: Syscall, args: &[i64]) -> Outcome {
        self.next = 16;
        self.wasi
            .call(self.abi, &mut Memory::new(&mut self.memory), call, args)
    }

    /// One call with core arguments, waiting as long as it takes. Panics if it traps or exits.
    pub fn call(&mut self, call: Syscall, args: &[i64]) -> Answer<()> {
        let mut outcome = self.attempt(call, args);
        loop {
            match outcome {
                Outcome::Return(0) => return Ok(()),
                Outcome::Return(number) => {
                    return Err(Errno::from_number(number).expect("an error code"));
                }
                Outcome::Block(blocked) => {
                    match &self.clock {
                        Some(clock) => {
                            let due = blocked.deadlines().iter().map(|(_, time)| time.0).min();
                            clock.set(
                                due.expect("a call that waits has a deadline")
                                    .max(clock.get()),
                            );
                        }
                        None => blocked.wait(),
                    }
                    outcome = blocked.resume(&mut Memory::new(&mut self.memory));
                }
                Outcome::Trap(trap) => panic!("{call} trapped: {trap}"),
                Outcome::Exit(exit) => panic!("{call} exited: {exit}"),
            }
        }
    }

    /// Reserves room in the memory, zeroed and aligned to 16, until the next call.
    pub fn room(&mut self, len: usize) -> u32 {
        let start = self.next;
        self.next = (start + len).next_multiple_of(16);
        assert!(self.next <= self.memory.len(), "the guest's memory is full");
        self.memory[start..start + len].fill(0);
        u32::try_from(start).expect("a 32-bit address")
    }

    /// Puts bytes into the memory until the next call; returns where they are.
    pub fn put(&mut self, bytes: &[u8]) -> u32 {
        let at = self.room(bytes.len());
        self.memory[at as usize..][..bytes.len()].copy_from_slice(bytes);
        at
    }

    /// Bytes of the memory.
    pub fn bytes(&self, at: u32, len: usize) -> &[u8] {
        &self.memory[at as usize..][..len]
    }

    /// A number in the memory.
    pub fn u32_at(&self, at: u32) -> u32 {
        u32::from_le_bytes(self.bytes(at, 4).try_into().expect("four bytes"))
    }

    /// A number in the memory.
    pub fn u64_at(&self, at: u32) -> u64 {
        u64::from_le_bytes(self.bytes(at, 8).try_into().expect("eight bytes"))
    }
}
