//! The target `raw_call`: any of the 46 functions of both modules with any arguments, on a guest that has some of
//! everything.
//!
//! An input is a sequence of steps: calls, writes into the memory, the clock, what comes through a pipe, and calls that wait
//! and are taken up again or dropped. Nothing is ever waited for. [`judge`] says which answers are allowed.

mod arguments;
pub mod judge;
mod shape;
mod world;

use super::source::Source;
use arguments::arguments;
use judge::Seen;
use wasi_shim::abi::{Abi, Syscall};
use wasi_shim::mem::Memory;
use wasi_shim::{Blocked, Outcome};
use world::World;

/// No input is more steps than these.
const MOST: usize = 96;

/// How many bytes the memory has.
const SIZE: usize = 0x4000;

/// Panics if an answer is none that is allowed, or if what was given for reading has changed.
pub fn run(data: &[u8]) {
    run_telling(data, &mut |_, _| {});
}

/// The same, and tells what came of each call.
pub fn run_telling(data: &[u8], tell: &mut dyn FnMut(Syscall, &Outcome)) {
    let mut source = Source::new(data);
    let world = World::new(&mut source);
    let mut guest = Guest {
        world: &world,
        memory: vec![0; SIZE],
        waiting: None,
        opened: Vec::new(),
        tell,
    };
    for _ in 0..MOST {
        if !source.more() {
            break;
        }
        guest.step(&mut source);
    }
    drop(guest);
    world.check();
}

/// A guest, and the call of it that waits.
struct Guest<'a> {
    world: &'a World,
    memory: Vec<u8>,
    waiting: Option<(Blocked, Abi, Vec<i64>)>,
    /// Descriptors that calls have given.
    opened: Vec<u32>,
    tell: &'a mut dyn FnMut(Syscall, &Outcome),
}

impl Guest<'_> {
    fn step(&mut self, source: &mut Source<'_>) {
        match source.byte() {
            byte @ ..=239 => {
                self.call(Syscall::ALL[usize::from(byte) % Syscall::ALL.len()], source)
            }
            240..=243 => self.scribble(source),
            244..=246 => self.world.clock.set(source.wide()),
            247..=249 => self.world.feed(&source.data()),
            250..=253 => self.resume(),
            _ => self.waiting = None,
        }
    }

    /// What a guest does between two calls.
    fn scribble(&mut self, source: &mut Source<'_>) {
        let at = usize::try_from(source.wide()).unwrap_or_default() % (SIZE - 8);
        self.memory[at..at + 8].copy_from_slice(&source.wide().to_le_bytes());
    }

    fn call(&mut self, call: Syscall, source: &mut Source<'_>) {
        let abi = if source.rarely() && call.is_in(Abi::Unstable) {
            Abi::Unstable
        } else {
            Abi::Preview1
        };
        let args = arguments(abi, call, &mut self.memory, &self.opened, source);
        let before = self.memory.clone();
        let outcome = self
            .world
            .wasi
            .call(abi, &mut Memory::new(&mut self.memory), call, &args);
        self.judge(abi, call, args, &before, outcome);
    }

    fn resume(&mut self) {
        let Some((blocked, abi, args)) = self.waiting.take() else {
            return;
        };
        let before = self.memory.clone();
        let call = blocked.syscall();
        let outcome = blocked.resume(&mut Memory::new(&mut self.memory));
        self.judge(abi, call, args, &before, outcome);
    }

    fn judge(&mut self, abi: Abi, call: Syscall, args: Vec<i64>, before: &[u8], outcome: Outcome) {
        let seen = Seen {
            abi,
            call,
            args: &args,
            before,
            after: &self.memory,
            traps: self.world.traps,
        };
        let judged = seen.judge(&outcome);
        judged.unwrap_or_else(|fault| panic!("{abi:?} {call} {args:x?}: {outcome:?}: {fault}"));
        (self.tell)(call, &outcome);
        if let (Outcome::Return(0), Syscall::PathOpen | Syscall::SockAccept) = (&outcome, call) {
            let at = args.last().map_or(0, |at| *at as u32 as usize);
            let number = self.memory[at..at + 4].try_into().expect("four bytes");
            self.opened.push(u32::from_le_bytes(number));
        }
        if let Outcome::Block(blocked) = outcome {
            self.waiting = Some((blocked, abi, args));
        }
    }
}
