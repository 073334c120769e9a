//! Which outcomes of a call are allowed, and which bytes it may have written.
//!
//! Knows the error codes that each function's page lists, and that a call which is refused writes nothing. Judges one call
//! by its arguments and the memory before and after; knows nothing of what the call means.

use super::shape::{EVENT, Part, parts};
use crate::notes::{Page, quoted};
use crate::oracles::Found;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
use wasi_shim::abi::{Abi, Errno, Syscall};
use wasi_shim::{Outcome, Trap};

/// A call that was made.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The module.
    pub abi: Abi,
    /// The function.
    pub call: Syscall,
    /// Its arguments.
    pub args: &'a [i64],
    /// The memory before it.
    pub before: &'a [u8],
    /// The memory after it.
    pub after: &'a [u8],
    /// Does a bad pointer end the guest?
    pub traps: bool,
}

impl Seen<'_> {
    /// What is wrong with this outcome.
    pub fn judge(&self, outcome: &Outcome) -> Found {
        match outcome {
            Outcome::Return(0) | Outcome::Block(_) => self.wrote_results(),
            Outcome::Return(number) => self.refused(*number).and_then(|()| self.wrote_nothing()),
            Outcome::Exit(_) if self.call == Syscall::ProcExit => self.wrote_nothing(),
            Outcome::Exit(_) => Err("only `proc_exit` ends a guest".into()),
            Outcome::Trap(Trap::OutOfBounds { .. } | Trap::Misaligned { .. }) if self.traps => {
                self.wrote_nothing()
            }
            Outcome::Trap(_) => Err("there is no reason to trap".into()),
        }
    }

    fn refused(&self, number: u16) -> Found {
        let errno = Errno::from_number(number).ok_or("no error code")?;
        if errno == Errno::Fault && self.traps {
            return Err("a bad pointer should have ended the guest".into());
        }
        if documented()[self.call.name()].contains(errno.name()) {
            return Ok(());
        }
        Err(format!(
            "{} is not among the errors on its page",
            errno.name()
        ))
    }

    fn wrote_nothing(&self) -> Found {
        match self.changed().next() {
            None => Ok(()),
            Some(at) => Err(format!("it was refused, and wrote at {at:#x}")),
        }
    }

    fn wrote_results(&self) -> Found {
        let declared = self.declared();
        let is_result = |at: &usize| {
            declared
                .iter()
                .any(|(start, len)| (*start..start + len).contains(&(*at as u64)))
        };
        match self.changed().find(|at| !is_result(at)) {
            None => Ok(()),
            Some(at) => Err(format!("it wrote at {at:#x}, where no result goes")),
        }
    }

    /// Where the memory has changed. Most of it has not, and is compared in large pieces.
    fn changed(&self) -> impl Iterator<Item = usize> {
        const PIECE: usize = 1024;
        let pieces = self.before.chunks(PIECE).zip(self.after.chunks(PIECE));
        let changed = pieces.enumerate().filter(|(_, (one, other))| one != other);
        changed.flat_map(|(index, (one, other))| {
            let pairs = one.iter().zip(other).enumerate();
            let differ = pairs.filter(|(_, (one, other))| one != other);
            differ.map(move |(at, _)| index * PIECE + at)
        })
    }

    /// Where its results go: addresses and lengths.
    fn declared(&self) -> Vec<(u64, u64)> {
        let word = |index: usize| u64::from(self.args[index] as u32);
        let mut declared = Vec::new();
        for (index, part) in parts(self.abi, self.call) {
            match part {
                Part::Out(len) => declared.push((word(index), len.into())),
                Part::Buffer => declared.push((word(index), word(index + 1))),
                Part::Fill => declared.extend(self.buffers(word(index), word(index + 1))),
                Part::Events => declared.push((word(index), word(index + 1) * u64::from(EVENT))),
                _ => {}
            }
        }
        declared
    }

    /// The elements of an array of buffers, as far as they are in the memory.
    fn buffers(&self, at: u64, count: u64) -> Vec<(u64, u64)> {
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        let array = self.before.get(at..).unwrap_or_default();
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let word =
            |bytes: &[u8]| u64::from(u32::from_le_bytes(bytes.try_into().expect("four bytes")));
        let elements = array.chunks_exact(8).take(count);
        elements
            .map(|element| (word(&element[..4]), word(&element[4..])))
            .collect()
    }
}

/// The error codes on each function's page.
fn documented() -> &'static BTreeMap<&'static str, BTreeSet<String>> {
    static DOCUMENTED: OnceLock<BTreeMap<&'static str, BTreeSet<String>>> = OnceLock::new();
    DOCUMENTED.get_or_init(|| {
        let names = Syscall::ALL.iter().map(|call| call.name());
        names.map(|name| (name, on_page(name))).collect()
    })
}

fn on_page(name: &str) -> BTreeSet<String> {
    let page = Page::load(&format!("functions/{name}.md"));
    let Some(table) = page.tables.iter().find(|table| table.heading == "Errors") else {
        return BTreeSet::new();
    };
    let cells = table.rows.iter().map(|row| &row.cells[0]);
    cells
        .flat_map(|cell| quoted(cell))
        .map(str::to_owned)
        .collect()
}
