//! What came of a call, in a form in which the answers of different systems can be compared.

use wasi_shim::abi::{Errno, FdFlags, FileKind, Rights};

/// What a call that succeeded gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Done,
    /// A count or an offset.
    Number(u64),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A descriptor of this kind.
    Opened(FileKind),
    /// The facts about a file.
    Stat(Stat),
    /// The facts about a descriptor.
    Fdstat {
        /// What is open.
        kind: FileKind,
        /// How it behaves.
        flags: FdFlags,
        /// Its rights, those it passes on last; nothing where nobody knows of rights.
        rights: Option<(Rights, Rights)>,
    },
    /// The entries of a directory, by name.
    Entries(Vec<(String, FileKind)>),
}

/// The facts about a file that are compared: of a directory, size and number of names are a filesystem's own affair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// What it is.
    pub kind: FileKind,
    /// How many names it has.
    pub nlink: u64,
    /// Its length.
    pub size: u64,
}

impl Stat {
    /// These facts, without what is not compared.
    pub fn new(kind: FileKind, nlink: u64, size: u64) -> Self {
        if kind == FileKind::Directory {
            let (nlink, size) = (0, 0);
            return Self { kind, nlink, size };
        }
        Self { kind, nlink, size }
    }
}

/// What came of a call.
pub type Answer = Result<Value, Errno>;
