//! Runs a case in process, without an engine: [`Wasi`] and a block of bytes, on each kind of tree.
//!
//! The only file of the scripts that knows how the library is used.

use super::stepwise::Stepwise;
use super::tree::{self, Snapshot};
use super::{
    Arg, Case, End, Failure, MEMORY, Observed, Place, Plan, Run, ScriptError, Step, judge,
};
use std::sync::Arc;
use tempfile::TempDir;
use wasi_shim::abi::{Abi, Syscall};
use wasi_shim::backends::{Capture, Input, MemDir, ReadOnly};
use wasi_shim::mem::Memory;
use wasi_shim::vfs::Dir;
use wasi_shim::{Access, Builder, Outcome, Wasi};

/// A kind of tree to run cases on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tree {
    /// In memory.
    Memory,
    /// A directory of the host.
    Host,
    /// A directory of the host, walked step by step.
    HostStepwise,
    /// In memory, behind the read-only wrapper.
    ReadOnlyMemory,
    /// A directory of the host, behind the read-only wrapper.
    ReadOnlyHost,
}

impl Tree {
    /// Each kind.
    pub const ALL: [Self; 5] = [
        Self::Memory,
        Self::Host,
        Self::HostStepwise,
        Self::ReadOnlyMemory,
        Self::ReadOnlyHost,
    ];

    /// Its name, for messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Host => "host",
            Self::HostStepwise => "host, step by step",
            Self::ReadOnlyMemory => "memory, read-only",
            Self::ReadOnlyHost => "host, read-only",
        }
    }

    const fn is_on_the_host(self) -> bool {
        matches!(self, Self::Host | Self::HostStepwise | Self::ReadOnlyHost)
    }

    const fn is_read_only(self) -> bool {
        matches!(self, Self::ReadOnlyMemory | Self::ReadOnlyHost)
    }

    /// Does a case apply to this kind of tree?
    pub fn takes(self, case: &Case) -> bool {
        let needs = |word: &str| case.needs.iter().any(|need| need == word);
        let excused = needs("memory") && self.is_on_the_host()
            || needs("host") && !self.is_on_the_host()
            || self.is_read_only() && (needs("writable") || case.changes());
        !excused
    }
}

/// What there is for a case to run in; on the host, a folder that goes with it.
struct Ground {
    around: Arc<dyn Dir>,
    outside: String,
    _folder: Option<TempDir>,
}

impl Ground {
    fn new(tree: Tree) -> Self {
        if !tree.is_on_the_host() {
            return Self {
                around: MemDir::new(),
                outside: "/outside".to_owned(),
                _folder: None,
            };
        }
        let folder = tempfile::tempdir().expect("a temporary directory");
        Self {
            around: wasi_shim::host::open_dir(folder.path()).expect("it can be opened"),
            outside: folder.path().display().to_string(),
            _folder: Some(folder),
        }
    }
}

/// Runs a case on a kind of tree, and judges it.
pub fn check(case: &Case, plan: &Plan, kind: Tree) -> Result<(), Failure> {
    let ground = Ground::new(kind);
    let root = tree::build(case, &ground.around, &ground.outside)?;
    let before = Snapshot::of(&ground.around);
    let root = match kind {
        Tree::Memory | Tree::Host => root,
        Tree::HostStepwise => Stepwise::over(root),
        Tree::ReadOnlyMemory | Tree::ReadOnlyHost => ReadOnly::new(root),
    };
    let run = run(plan, &wasi(case, &root)?);
    judge(case, plan, &run, &before, &Snapshot::of(&ground.around))
}

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
    let mut guest = Guest {
        memory: vec![0; MEMORY as usize],
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

struct Guest {
    memory: Vec<u8>,
    registers: [u64; 64],
}

impl Guest {
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
        let errno = answer(step.call, &args, &mut self.memory)?;
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
