//! A case as numbers and bytes: what is put into the memory, what is called, what is read back.
//!
//! A plan is fixed before anything runs, so that it can be carried out by a driver that understands nothing. What a call
//! answers and a later call needs (a descriptor, a cookie) goes through registers.

use super::lower::Lowering;
use super::number::Kind;
use super::{Call, Case, ScriptError};
use wasi_shim::abi::Syscall;

/// The size of the memory that every plan is written for, in bytes.
pub const MEMORY: u32 = 8 << 20;

/// Where the calls' arguments and results begin, and where they end; the rest is the driver's.
pub(crate) const ARENA: std::ops::Range<u32> = 1 << 16..2 << 20;

/// Bytes in the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The address.
    pub at: u32,
    /// How many.
    pub len: u32,
}

/// A number in the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The address.
    pub at: u32,
    /// Its size in bytes: 1, 2, 4 or 8.
    pub width: u8,
}

/// An argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arg {
    /// A number.
    Const(i64),
    /// What is in a register.
    Register(u8),
}

/// A call, ready to be made.
#[derive(Clone, Debug)]
pub struct Step {
    /// The function.
    pub call: Syscall,
    /// What is put into the memory before it.
    pub pokes: Vec<(u32, Vec<u8>)>,
    /// Registers that are put into the memory before it, after the bytes.
    pub stores: Vec<(u8, Place)>,
    /// The core arguments.
    pub args: Vec<Arg>,
    /// What is read back after it.
    pub outs: Vec<Span>,
    /// Registers that are filled after it.
    pub loads: Vec<(u8, Place)>,
    /// What the bytes mean that were read back.
    pub(crate) answer: Answer,
}

/// What a call answers besides its error code.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    /// Numbers, by name.
    pub(crate) numbers: Vec<Number>,
    /// Bytes that were transferred.
    pub(crate) data: Option<Data>,
    /// A list.
    pub(crate) list: Option<List>,
}

/// A number in an answer.
#[derive(Clone, Debug)]
pub(crate) struct Number {
    pub(crate) name: &'static str,
    pub(crate) place: Place,
    pub(crate) kind: Kind,
}

/// Bytes in an answer: as many as the first number says, or all.
#[derive(Clone, Debug)]
pub(crate) struct Data {
    pub(crate) spans: Vec<Span>,
    pub(crate) counted: bool,
}

/// A list in an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum List {
    /// Addresses of strings, and the strings.
    Strings(Span, Span),
    /// Directory entries, as many bytes as the first number says.
    Dirents(Span),
    /// Events, as many as the first number says.
    Events(Span),
}

/// All calls of a case.
#[derive(Clone, Debug)]
pub struct Plan {
    /// One step for each call.
    pub steps: Vec<Step>,
}

impl Plan {
    /// Lowers a case.
    pub fn of(case: &Case) -> Result<Self, ScriptError> {
        let mut lowering = Lowering::new();
        let lower = |call: &Call| {
            let step = lowering.step(call);
            step.map_err(|error| error.at(&case.file, call.line))
        };
        let steps = case.calls.iter().map(lower).collect::<Result<_, _>>()?;
        Ok(Self { steps })
    }
}
