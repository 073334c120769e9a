//! The entries of one directory, in the order of names.
//!
//! Knows names, and how what they stand for is found and listed. Refuses to know what they are charged and who may change
//! them. Only the directories of this filesystem use it.

use super::child::Child;
use crate::abi::{Errno, FileKind, Result};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry::{Occupied, Vacant};

/// A tree of names that fit three words, and a tree of those that do not.
///
/// Short names need no memory of their own, and are compared as numbers, without a look at other memory: most of the time
/// of a lookup in a big directory is looks at memory. Trees and not tables, because a table that is full moves all of its
/// entries in one step.
pub(super) struct Entries<C = Child> {
    short: BTreeMap<Short, C>,
    long: BTreeMap<Box<str>, C>,
}

impl<C> Default for Entries<C> {
    fn default() -> Self {
        Self {
            short: BTreeMap::new(),
            long: BTreeMap::new(),
        }
    }
}

impl<C> Entries<C> {
    /// The same names for other things.
    pub(super) fn map<D>(&self, mut thing: impl FnMut(&C) -> D) -> Entries<D> {
        let short = self.short.iter();
        let short = short.map(|(name, old)| (*name, thing(old))).collect();
        let long = self.long.iter();
        let long = long.map(|(name, old)| (name.clone(), thing(old)));
        Entries {
            short,
            long: long.collect(),
        }
    }
}

/// What a name stands for, and whether that was just made.
pub(super) struct Entered {
    pub(super) child: Child,
    pub(super) new: bool,
}

impl Entered {
    pub(super) const fn must_be_new(&self) -> Result<()> {
        if self.new { Ok(()) } else { Err(Errno::Exist) }
    }
}

impl Entries {
    pub(super) fn is_empty(&self) -> bool {
        self.short.is_empty() && self.long.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.short.len().saturating_add(self.long.len())
    }

    /// What a name stands for. `noent` if it is free.
    pub(super) fn get(&self, name: &str) -> Result<&Child> {
        let found = match Short::new(name) {
            Some(short) => self.short.get(&short),
            None => self.long.get(name),
        };
        found.ok_or(Errno::Noent)
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut Child> {
        match Short::new(name) {
            Some(short) => self.short.get_mut(&short),
            None => self.long.get_mut(name),
        }
    }

    /// What a name stands for, made by `make` if it is free.
    pub(super) fn enter(
        &mut self,
        name: &str,
        make: impl FnOnce() -> Result<Child>,
    ) -> Result<Entered> {
        let old = |child: &Child| Entered {
            child: child.clone(),
            new: false,
        };
        let new = |child: Child| Entered { child, new: true };
        let Some(short) = Short::new(name) else {
            if let Some(child) = self.long.get(name) {
                return Ok(old(child));
            }
            let child = make()?;
            self.long.insert(name.into(), child.clone());
            return Ok(new(child));
        };
        Ok(match self.short.entry(short) {
            Occupied(entry) => old(entry.get()),
            Vacant(entry) => new(entry.insert(make()?).clone()),
        })
    }

    /// Enters a child, in place of another if need be.
    pub(super) fn insert(&mut self, name: &str, child: Child) -> Option<Child> {
        match Short::new(name) {
            Some(short) => self.short.insert(short, child),
            None => self.long.insert(name.into(), child),
        }
    }

    /// Takes an entry out if `check` has nothing against it. `noent` if the name is free.
    pub(super) fn remove(
        &mut self,
        name: &str,
        check: impl FnOnce(&Child) -> Result<()>,
    ) -> Result<Child> {
        let Some(short) = Short::new(name) else {
            check(self.long.get(name).ok_or(Errno::Noent)?)?;
            return self.long.remove(name).ok_or(Errno::Noent);
        };
        let Occupied(entry) = self.short.entry(short) else {
            return Err(Errno::Noent);
        };
        check(entry.get())?;
        Ok(entry.remove())
    }

    /// The lengths of all names.
    pub(super) fn lengths(&self) -> impl Iterator<Item = usize> {
        let short = self.short.keys().map(|name| name.len());
        short.chain(self.long.keys().map(|name| name.len()))
    }

    pub(super) fn children(&self) -> impl Iterator<Item = &Child> {
        self.short.values().chain(self.long.values())
    }

    pub(super) fn into_children(self) -> impl Iterator<Item = Child> {
        self.short.into_values().chain(self.long.into_values())
    }

    /// A copy of the names, numbers and kinds, in the order of names.
    pub(super) fn list(&self) -> Listing {
        let count = self.len();
        let mut listing = Listing {
            names: Vec::with_capacity(count.saturating_mul(16)),
            entries: Vec::with_capacity(count),
        };
        let mut long = self.long.iter().peekable();
        for (short, child) in &self.short {
            while let Some((name, child)) = long.next_if(|(name, _)| Short::head(name) < *short) {
                listing.push(name.as_bytes(), child);
            }
            let bytes = short.bytes();
            let name = bytes.as_flattened().get(..short.len());
            listing.push(name.unwrap_or_default(), child);
        }
        long.for_each(|(name, child)| listing.push(name.as_bytes(), child));
        listing
    }
}

/// What a directory holds at one time. Names are kept in one piece.
pub(super) struct Listing {
    names: Vec<u8>,
    entries: Vec<Line>,
}

struct Line {
    end: usize,
    ino: u64,
    kind: FileKind,
}

impl Listing {
    fn push(&mut self, name: &[u8], child: &Child) {
        self.names.extend_from_slice(name);
        self.entries.push(Line {
            end: self.names.len(),
            ino: child.ino(),
            kind: child.kind(),
        });
    }

    /// The entries: name, number, kind. Names are text because they were.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, u64, FileKind)> {
        let names = str::from_utf8(&self.names).unwrap_or_default();
        let mut start = 0_usize;
        self.entries.iter().filter_map(move |line| {
            let name = names.get(start..line.end)?;
            start = line.end;
            Some((name, line.ino, line.kind))
        })
    }
}

/// Bytes in a word.
const WORD: usize = size_of::<u64>();

/// A name of up to 24 bytes, with zeros behind it. No name has a zero, so these compare as the names do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Short(u64, u64, u64);

#[allow(
    clippy::big_endian_bytes,
    reason = "the first byte of a name decides before all others"
)]
impl Short {
    fn new(name: &str) -> Option<Self> {
        (name.len() <= 3 * WORD).then(|| Self::head(name))
    }

    /// What a name begins with. If that is a name too, it is less than the longer one.
    fn head(name: &str) -> Self {
        let (whole, tail) = name.as_bytes().as_chunks();
        // Put together in a register: loads of what was just stored by smaller stores are slow.
        let last = tail
            .iter()
            .fold(0, |word, byte| word << 8 | u64::from(*byte));
        let last =
            last.unbounded_shl(u64::BITS.saturating_sub((tail.len() as u32).saturating_mul(8)));
        let word = |bytes: &[u8; WORD]| u64::from_be_bytes(*bytes);
        match whole {
            [] => Self(last, 0, 0),
            [a] => Self(word(a), last, 0),
            [a, b] => Self(word(a), word(b), last),
            [a, b, c, ..] => Self(word(a), word(b), word(c)),
        }
    }

    const fn bytes(self) -> [[u8; WORD]; 3] {
        [
            self.0.to_be_bytes(),
            self.1.to_be_bytes(),
            self.2.to_be_bytes(),
        ]
    }

    fn len(self) -> usize {
        let bytes = self.bytes();
        let last = bytes.as_flattened().iter().rposition(|byte| *byte != 0);
        last.map_or(0, |last| last.saturating_add(1))
    }
}
