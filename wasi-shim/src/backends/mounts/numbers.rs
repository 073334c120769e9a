//! Numbers of files that stay different when trees are put together.
//!
//! Knows how a tree's numbers are changed, and how a file tells its changed one. Refuses to know where a tree is mounted,
//! but for the path that makes its numbers differ from others'. Only this folder uses it.

use crate::abi::Result;
use crate::backends::forward::forward_file;
use crate::vfs::{File, Metadata, Node};
use std::sync::Arc;

/// What a tree's numbers are mixed with.
///
/// A guest takes two files with one number for the same file, and trees in memory all count from 1. Numbers depend on
/// the path where a tree is mounted alone, because programs store them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Numbers(Option<u64>);

impl Numbers {
    /// The numbers as they are: for one tree, the one at the root.
    pub(super) const SAME: Self = Self(None);

    /// Numbers for what is mounted at this path.
    pub(super) fn at(path: &str) -> Self {
        let seed = |seed: u64, byte: u8| mix(seed.wrapping_add(GOLDEN) ^ u64::from(byte));
        Self(Some(path.bytes().fold(0, seed)))
    }

    /// The number of a directory that no tree has, at the path of these numbers.
    pub(super) fn own(self) -> u64 {
        self.of(u64::MAX)
    }

    /// A permutation of the numbers. 0 stays 0: "not known".
    pub(super) fn of(self, ino: u64) -> u64 {
        match self.0 {
            Some(seed) if ino != 0 => mix(ino ^ seed),
            _ => ino,
        }
    }

    /// Facts with the number changed.
    pub(super) fn facts(self, mut facts: Metadata) -> Metadata {
        facts.ino = self.of(facts.ino);
        facts
    }

    /// A file, or anything else but a directory, that tells the changed number.
    pub(super) fn node(self, node: Node) -> Node {
        match node {
            Node::File(inner) if self != Self::SAME => Node::File(Arc::new(Renumbered {
                inner,
                numbers: self,
            })),
            other => other,
        }
    }
}

/// 2⁶⁴ divided by the golden ratio: splitmix64's increment.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finaliser of splitmix64, a permutation of 64-bit numbers.
const fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// A file with another number.
struct Renumbered {
    inner: Arc<dyn File>,
    numbers: Numbers,
}

impl File for Renumbered {
    fn metadata(&self) -> Result<Metadata> {
        Ok(self.numbers.facts(self.inner.metadata()?))
    }

    forward_file!(read_at read_vectored_at seek_data write_at write_vectored_at append set_len allocate advise set_times sync);
}
