//! Knows what a module imports and exports, and which values its functions take, in no engine's words.
//! Refuses to know how a module is found, run or called.
//! For `entry` and `invoke`, which read it, and `engines`, each of which fills it in.

use std::fmt;

#[derive(Debug, Default)]
pub(crate) struct Interface {
    /// The module that each import is from.
    pub(crate) imports: Vec<String>,
    pub(crate) exports: Vec<Export>,
}

#[derive(Debug)]
pub(crate) struct Export {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Function(Function),
    Memory,
    Other,
}

#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) params: Vec<Type>,
    /// How many.
    pub(crate) results: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    I32,
    I64,
    F32,
    F64,
    V128,
    /// What cannot be written on a command line, by its name.
    Other(String),
}

/// Floats are their bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    I32(i32),
    I64(i64),
    F32(u32),
    F64(u64),
    V128(u128),
    /// What can only be shown.
    Reference(&'static str),
}

impl Interface {
    pub(crate) fn export(&self, name: &str) -> Option<&Kind> {
        let found = self.exports.iter().find(|export| export.name == name);
        found.map(|export| &export.kind)
    }

    pub(crate) fn function(&self, name: &str) -> Option<&Function> {
        match self.export(name)? {
            Kind::Function(function) => Some(function),
            _ => None,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::V128 => "v128",
            Self::Other(name) => name,
        })
    }
}
