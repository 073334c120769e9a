//! What a host is asked: to run a program, or one of our cases.
//!
//! A host that can run any module needs to say only how: a case then goes through the driver module. One that has no
//! engine runs cases directly, and nothing else.

use super::needs;
use super::process::Bounds;
use crate::driver;
use crate::script::{Case, End, Plan, Run, ScriptError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wasi_shim::abi::Syscall;

/// A module to run, and what it is started with.
#[derive(Clone, Debug)]
pub struct Program {
    /// The module's file.
    pub module: Arc<Module>,
    /// The command line, from the program's name on.
    pub args: Vec<String>,
    /// The whole environment.
    pub env: Vec<(String, String)>,
    /// The directories, in the order of their descriptors.
    pub preopens: Vec<Directory>,
    /// What is in descriptor 0.
    pub stdin: Vec<u8>,
    /// It is a test of threads: the host is told, and descriptor 0 does not end, so that one can wait for it.
    pub threads: bool,
}

/// A module, as a file for those who are given one, and as bytes.
#[derive(Debug)]
pub struct Module {
    /// Where it is.
    pub path: PathBuf,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// A directory that a program is given.
#[derive(Clone, Debug)]
pub struct Directory {
    /// The host's path.
    pub host: PathBuf,
    /// The guest's name for it.
    pub guest: String,
    /// It is given for reading.
    pub read_only: bool,
}

/// What a program left.
#[derive(Clone, Debug)]
pub struct Ended {
    /// What it wrote to descriptor 1.
    pub stdout: Vec<u8>,
    /// What it wrote to descriptor 2, or what the host said there.
    pub stderr: Vec<u8>,
    /// How it ended.
    pub how: How,
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// With this code; 0 also if it just returned.
    Exited(u32),
    /// The host ended it for an error of its own.
    Trapped(String),
    /// The host crashed, hung or flooded its output.
    Lost(String),
}

impl Ended {
    /// A program of which nothing is known but that it is lost.
    pub fn lost(why: impl Into<String>) -> Self {
        let how = How::Lost(why.into());
        Self {
            stdout: Vec::new(),
            stderr: Vec::new(),
            how,
        }
    }
}

/// A case that is ready to be run.
#[derive(Debug)]
pub struct Prepared {
    /// The case.
    pub case: Case,
    /// Its calls, lowered.
    pub plan: Plan,
    /// What the driver module reads.
    pub program: Vec<u8>,
}

impl Prepared {
    /// Lowers a case.
    pub fn new(case: Case) -> Result<Self, ScriptError> {
        let plan = Plan::of(&case)?;
        let program = driver::input(&case, &plan)?;
        Ok(Self {
            case,
            plan,
            program,
        })
    }

    /// Runs the case on a host by way of this driver.
    pub fn run_with(
        &self,
        host: &(impl Host + ?Sized),
        folder: &Path,
        driver: &Arc<Module>,
        bounds: Bounds,
    ) -> Run {
        let case = &self.case;
        let program = Program {
            module: driver.clone(),
            args: case.args.clone(),
            env: case.env.clone(),
            preopens: directories(case, folder),
            stdin: self.program.clone(),
            threads: false,
        };
        match host.start(&program, bounds) {
            Some(ended) => reported(&self.plan, ended),
            None => Run {
                calls: Vec::new(),
                end: End::Lost("it runs no modules".to_owned()),
            },
        }
    }

    /// What a host has to be able to do: what the case says, and what is told by what it is made of.
    pub fn needs(&self) -> Vec<String> {
        needs::implied(&self.case)
            .chain(self.case.needs.iter().cloned())
            .collect()
    }
}

/// Something that answers preview1.
pub trait Host: Send + Sync {
    /// What it is, with its version.
    fn version(&self) -> String;

    /// Words of what a case may need that this kind of host cannot do. Here: the driver writes to standard output.
    fn cannot(&self) -> &'static [&'static str] {
        &[needs::OUTPUT]
    }

    /// Runs a program; `None` if this host has no engine.
    fn start(&self, program: &Program, bounds: Bounds) -> Option<Ended>;

    /// Runs a case in a folder whose `root` is the case's tree.
    fn run(
        &self,
        prepared: &Arc<Prepared>,
        folder: &Path,
        driver: &Arc<Module>,
        bounds: Bounds,
    ) -> Run {
        prepared.run_with(self, folder, driver, bounds)
    }
}

/// The directories of a case: the root is the first.
pub fn directories(case: &Case, folder: &Path) -> Vec<Directory> {
    let root = folder.join(crate::script::tree::ROOT);
    let first = Directory {
        host: root.clone(),
        guest: "/".to_owned(),
        read_only: false,
    };
    let others = case.preopens.iter().map(|preopen| Directory {
        // Without `.` at its end, which some hosts take for a part of the name.
        host: if preopen.path == "." {
            root.clone()
        } else {
            root.join(&preopen.path)
        },
        guest: preopen.name.clone(),
        read_only: preopen.read_only,
    });
    std::iter::once(first).chain(others).collect()
}

/// What the driver told before the program ended, and how it ended, which the host knows better.
fn reported(plan: &Plan, ended: Ended) -> Run {
    let calls = driver::results(plan, &ended.stdout);
    let missing = calls.len() < plan.steps.len();
    let end = match ended.how {
        How::Lost(why) => End::Lost(why),
        How::Trapped(why) => End::Trapped(why),
        How::Exited(code) if missing && ends_itself(plan, calls.len()) => End::Exited(code),
        How::Exited(code) if missing => End::Lost(format!(
            "exited with {code} after {} answers and {} bytes on standard output{}",
            calls.len(),
            ended.stdout.len(),
            said(&ended.stderr)
        )),
        How::Exited(0) => End::Finished,
        How::Exited(code) => End::Exited(code),
    };
    Run { calls, end }
}

fn ends_itself(plan: &Plan, index: usize) -> bool {
    let step = plan.steps.get(index);
    step.is_some_and(|step| step.call == Syscall::ProcExit)
}

/// What a host said on standard error, to be added to a sentence.
pub fn said(stderr: &[u8]) -> String {
    let text = abridged(stderr);
    if text.is_empty() {
        text
    } else {
        format!("; it said: {text}")
    }
}

/// Output on one line, without its middle if it is long: some say what is wrong first, and some last.
pub fn abridged(output: &[u8]) -> String {
    const FIRST: usize = 240;
    const LAST: usize = 120;
    let text = String::from_utf8_lossy(output);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let len = line.chars().count();
    if len <= FIRST + LAST {
        return line;
    }
    let first: String = line.chars().take(FIRST).collect();
    let last: String = line.chars().skip(len - LAST).collect();
    format!("{first} ... {last}")
}
