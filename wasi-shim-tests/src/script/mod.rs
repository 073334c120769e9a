//! Test cases as data: a tree, calls, and what they answer.
//!
//! A case is text (`wasi-shim-tests/scripts`, whose README is the reference). [`parse`] reads it, [`Plan`] lowers it to
//! numbers and bytes that any host can be given, [`direct`] runs a plan without an engine, [`driver`](crate::driver) has
//! it carried out by a WebAssembly module on everybody else's, and [`judge`] compares what came of it. A [`Tree`] is what
//! filesystem a case runs on, and [`differences`] what is known to come out otherwise there.

mod answer;
pub mod differences;
pub mod direct;
mod ground;
mod judge;
mod kind;
mod lex;
mod lower;
mod number;
mod pack;
mod parse;
mod plan;
mod run;
mod spec;
mod stepwise;
pub mod tree;

pub use ground::check;
pub use judge::{Failure, judge};
pub use kind::{Base, Format, Mounted, Over, Part, Tree};
pub use lex::Token;
pub use parse::{load_all, parse};
pub use plan::{Arg, MEMORY, Place, Plan, Span, Step};
pub use run::{End, Observed, Run};
pub use stepwise::Stepwise;

use number::Kind;
use std::fmt;
use std::path::PathBuf;
use thiserror::Error;
use wasi_shim::abi::{Errno, OFlags, Rights, Syscall};

/// One test case.
#[derive(Clone, Debug)]
pub struct Case {
    /// `topic/file/name`, unique.
    pub id: String,
    /// The file it is in, from the folder of scripts on.
    pub file: String,
    /// The line it begins at, from 1.
    pub line: usize,
    /// The claims it tests.
    pub claims: Vec<String>,
    /// What a host has to be able to do, beyond preview1.
    pub needs: Vec<String>,
    /// The command line.
    pub args: Vec<String>,
    /// The environment.
    pub env: Vec<(String, String)>,
    /// What is in descriptor 0.
    pub stdin: Vec<u8>,
    /// Directories besides the tree's root, which is descriptor 3 and `/`.
    pub preopens: Vec<Preopen>,
    /// What is there before the first call.
    pub tree: Vec<Node>,
    /// The calls.
    pub calls: Vec<Call>,
    /// What must be there after the last call.
    pub left: Vec<Left>,
    /// The tree is to be as it was.
    pub unchanged: bool,
}

/// A directory given besides the root, numbered from 4 in order.
#[derive(Clone, Debug)]
pub struct Preopen {
    /// Its name for the guest.
    pub name: String,
    /// Where it is in the tree; `.` is the root.
    pub path: String,
    /// It is given for reading.
    pub read_only: bool,
}

/// Something in a tree. Paths are from the root on; what is outside it begins with `../`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// A directory.
    Dir(String),
    /// A file and its content.
    File(String, Vec<u8>),
    /// A symbolic link and its text.
    Link(String, String),
    /// A second name, and the first.
    Hard(String, String),
}

/// Something that must be there, or must not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Left {
    /// This must be there.
    There(Node),
    /// Nothing may have this name.
    Nothing(String),
}

/// One call.
#[derive(Clone, Debug)]
pub struct Call {
    /// The function.
    pub call: Syscall,
    /// Core arguments instead of a script's.
    pub raw: bool,
    /// The arguments.
    pub args: Vec<Token>,
    /// What is expected.
    pub expected: Expected,
    /// The line, as it is written.
    pub text: String,
    /// Its number in the file, from 1.
    pub line: usize,
}

/// What a call is to answer.
#[derive(Clone, Debug)]
pub enum Expected {
    /// Success, and these values.
    Ok(Vec<Token>),
    /// An error code.
    Errno(Errno),
    /// The guest ends with a trap.
    Trap,
    /// The guest ends with this code.
    Exits(u32),
}

/// The folder of this project's cases.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scripts")
}

impl Case {
    /// Can it change its tree? Told by what it calls, and what it opens for what; in doubt, yes.
    pub fn changes(&self) -> bool {
        self.calls.iter().any(Call::changes)
    }

    /// The functions it calls with the error code expected of each, or `None` for success.
    pub fn answers(&self) -> impl Iterator<Item = (Syscall, Option<Errno>)> + '_ {
        self.calls.iter().filter_map(|call| match call.expected {
            Expected::Ok(_) => Some((call.call, None)),
            Expected::Errno(errno) => Some((call.call, Some(errno))),
            Expected::Trap | Expected::Exits(_) => None,
        })
    }
}

impl Call {
    fn changes(&self) -> bool {
        let is_output = || {
            self.args
                .first()
                .and_then(Token::word)
                .is_some_and(|fd| matches!(fd, "1" | "2"))
        };
        match self.call {
            Syscall::FdAllocate
            | Syscall::FdFilestatSetSize
            | Syscall::FdFilestatSetTimes
            | Syscall::FdPwrite
            | Syscall::PathCreateDirectory
            | Syscall::PathFilestatSetTimes
            | Syscall::PathLink
            | Syscall::PathRemoveDirectory
            | Syscall::PathRename
            | Syscall::PathSymlink
            | Syscall::PathUnlinkFile => true,
            Syscall::FdWrite => !is_output(),
            Syscall::PathOpen => self.raw || self.opens_to_change(),
            _ => false,
        }
    }

    fn opens_to_change(&self) -> bool {
        let number = |at: usize, kind| {
            let word = self.args.get(at).and_then(Token::word).unwrap_or("-");
            number::parse(kind, word).unwrap_or(-1)
        };
        let (oflags, base) = (
            number(3, Kind::OFlags),
            number(4, Kind::Rights).cast_unsigned(),
        );
        let oflags = OFlags::from_bits_truncate(oflags as u16);
        oflags.intersects(OFlags::CREAT | OFlags::TRUNC)
            || Rights::from_bits_truncate(base)
                .intersects(Rights::FD_WRITE | Rights::FD_ALLOCATE | Rights::FD_FILESTAT_SET_SIZE)
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok(_) => f.write_str("ok"),
            Self::Errno(errno) => f.write_str(errno.name()),
            Self::Trap => f.write_str("trap"),
            Self::Exits(code) => write!(f, "exits {code}"),
        }
    }
}

/// What is wrong with a script.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{place}{what}")]
pub struct ScriptError {
    place: String,
    what: String,
}

impl ScriptError {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self {
            place: String::new(),
            what: what.into(),
        }
    }

    /// The same, said of a line of a file.
    #[must_use]
    pub(crate) fn at(self, file: &str, line: usize) -> Self {
        if self.place.is_empty() {
            let place = format!("scripts/{file}:{line}: ");
            return Self { place, ..self };
        }
        self
    }
}
