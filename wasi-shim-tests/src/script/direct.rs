//! Runs a case in process, without an engine: [`Wasi`] and a block of bytes, over a tree.
//!
//! Knows how a guest is made and called. It does not know what kind of tree it is given; `ground` does.

use super::tree;
use super::{Arg, Case, End, MEMORY, Observed, Place, Plan, Run, ScriptError, Step};
use std::sync::Arc;
use wasi_shim::abi::{Abi, Syscall};
use wasi_shim::backends::{Capture, Input};
use wasi_shim::mem::Memory;
use wasi_shim::vfs::Dir;
use wasi_shim::{Access, Builder, Outcome, Wasi};

/// The guest that a case describes, over a tree.
pub fn wasi(case: &Case, root: &Arc<dyn Dir>) -> Result<Wasi, ScriptError> {
    let streams = Wasi::builder()
        .stdin(Input::new(case.stdin.clone()))
        .stdout(Capture::new(Capture::DEFAULT_CAP))
        .stderr(Capture::new(Capture::DEFAULT_CAP));
    furnish(streams, case, root)
}

/// The same guest with streams of one's own.
pub fn furnish(streams: Builder, case: &Case, root: &Arc<dyn Dir>) -> Result<Wasi, ScriptError> {
    let mut builder = streams.preopen("/", root.clone(), Access::ReadWrite);
    for arg in &case.args {
        builder = builder.arg(arg);
    }
    for (name, value) in &case.env {
        builder = builder.env(name, value);
    }
    for preopen in &case.preopens {
        let access = if preopen.read_only {
            Access::ReadOnly
        } else {
            Access::ReadWrite
        };
        builder = builder.preopen(&preopen.name, tree::open(root, &preopen.path)?, access);
    }
    builder
        .build()
        .map_err(|error| ScriptError::new(error.to_string()))
}

/// An allocation that is never made of memory used before: it is zeros from the system, which cost nothing until they are
/// touched. Filling a guest's memory with zeros would take more time than most cases.
const FROM_THE_SYSTEM: usize = 33 << 20;

/// Carries a plan out.
pub fn run(plan: &Plan, wasi: &Wasi) -> Run {
    carry_out(plan, |call, args, bytes| {
        let mut outcome = wasi.call(Abi::Preview1, &mut Memory::new(bytes), call, args);
        loop {
            match outcome {
                Outcome::Return(errno) => return Ok(u32::from(errno)),
                Outcome::Exit(exit) => return Err(End::Exited(exit.0)),
                Outcome::Trap(trap) => return Err(End::Trapped(trap.to_string())),
                Outcome::Block(blocked) => {
                    blocked.wait();
                    outcome = blocked.resume(&mut Memory::new(bytes));
                }
            }
        }
    })
}

/// Carries a plan out on whatever answers the calls: it gets the function, the core arguments and the memory.
pub fn carry_out(
    plan: &Plan,
    mut answer: impl FnMut(Syscall, &[i64], &mut [u8]) -> Result<u32, End>,
) -> Run {
    let mut memory = vec![0; FROM_THE_SYSTEM];
    let mut guest = Guest {
        memory: &mut memory[..MEMORY as usize],
        registers: [0; 64],
    };
    let mut calls = Vec::new();
    for step in &plan.steps {
        match guest.step(step, &mut answer) {
            Ok(observed) => calls.push(observed),
            Err(end) => return Run { calls, end },
        }
    }
    Run {
        calls,
        end: End::Finished,
    }
}

struct Guest<'m> {
    memory: &'m mut [u8],
    registers: [u64; 64],
}

impl Guest<'_> {
    fn step(
        &mut self,
        step: &Step,
        answer: &mut impl FnMut(Syscall, &[i64], &mut [u8]) -> Result<u32, End>,
    ) -> Result<Observed, End> {
        for (at, bytes) in &step.pokes {
            self.memory[*at as usize..][..bytes.len()].copy_from_slice(bytes);
        }
        for (register, place) in &step.stores {
            let bytes = self.registers[usize::from(*register)].to_le_bytes();
            let width = usize::from(place.width);
            self.memory[place.at as usize..][..width].copy_from_slice(&bytes[..width]);
        }
        let value = |arg: &Arg| match arg {
            Arg::Const(number) => *number,
            Arg::Register(register) => self.registers[usize::from(*register)].cast_signed(),
        };
        let args: Vec<i64> = step.args.iter().map(value).collect();
        let errno = answer(step.call, &args, self.memory)?;
        for (register, place) in &step.loads {
            self.registers[usize::from(*register)] = self.number(*place);
        }
        let out =
            |span: &super::Span| self.memory[span.at as usize..][..span.len as usize].to_vec();
        Ok(Observed {
            errno,
            outs: step.outs.iter().map(out).collect(),
        })
    }

    fn number(&self, place: Place) -> u64 {
        let mut bytes = [0; 8];
        let width = usize::from(place.width);
        bytes[..width].copy_from_slice(&self.memory[place.at as usize..][..width]);
        u64::from_le_bytes(bytes)
    }
}
