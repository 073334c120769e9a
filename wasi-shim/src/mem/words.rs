//! Copies into and out of a memory that others write meanwhile.
//!
//! This file knows that every access is atomic, that a byte is only ever accessed in one size, and what that takes at the
//! edges of a range: `shared` says why. It refuses to know where the bytes and words come from. The rest of this room
//! uses it.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};

/// Bytes in a word.
const WORD: usize = size_of::<u64>();

/// Up to this many bytes pass through the stack, beyond it through a buffer of their own.
const INLINE: usize = 256;

/// What bytes pass through where a guest's buffers cannot be lent: its room is made once, and at most once, however many
/// pieces they are moved in.
pub(crate) struct Bounce {
    limit: usize,
    buffer: Vec<u8>,
}

impl Bounce {
    /// For pieces of up to `limit` bytes. Nothing moves in pieces of none: 0 is taken for 1.
    #[inline]
    pub(crate) const fn new(limit: usize) -> Self {
        Self {
            limit: if limit == 0 { 1 } else { limit },
            buffer: Vec::new(),
        }
    }

    /// The most that goes through at once.
    #[inline]
    pub(crate) const fn limit(&self) -> usize {
        self.limit
    }

    /// Lends up to `len` bytes, whatever is in them.
    pub(super) fn lend<R>(&mut self, len: usize, with: impl FnOnce(&mut [u8]) -> R) -> R {
        let len = len.min(self.limit);
        if let Some(buffer) = [0; INLINE].get_mut(..len) {
            return with(buffer);
        }
        if self.buffer.len() < len {
            self.buffer = vec![0; len];
        }
        with(self.buffer.get_mut(..len).unwrap_or_default())
    }
}

/// A memory that others may be writing: single bytes, then words, then single bytes again.
#[derive(Clone, Copy)]
pub(super) struct Shared<'a> {
    pub(super) before: &'a [AtomicU8],
    pub(super) words: &'a [AtomicU64],
    pub(super) after: &'a [AtomicU8],
}

impl<'a> Shared<'a> {
    /// Every access is one byte.
    pub(super) const fn of_bytes(bytes: &'a [AtomicU8]) -> Self {
        Self {
            before: bytes,
            words: &[],
            after: &[],
        }
    }

    /// Its size in bytes.
    pub(super) const fn len(&self) -> usize {
        let words = self.words.len().saturating_mul(WORD);
        words
            .saturating_add(self.before.len())
            .saturating_add(self.after.len())
    }

    /// Copies the bytes from `at` on, as many as `to` has room for and the memory has.
    pub(super) fn read(&self, at: usize, to: &mut [u8]) {
        let (before, words, after) = self.split(at, to.len());
        let (first, rest) = to.split_at_mut(before.len());
        load_bytes(before, first);
        let (middle, last) = rest.split_at_mut(words.len);
        words.load(middle);
        load_bytes(after, last);
    }

    /// Copies `from` to `at`, as far as the memory goes.
    #[inline(never)]
    pub(super) fn write(&self, at: usize, from: &[u8]) {
        let (before, words, after) = self.split(at, from.len());
        let (first, rest) = from.split_at(before.len());
        store_bytes(before, first);
        let (middle, last) = rest.split_at(words.len);
        words.store(middle);
        store_bytes(after, last);
    }

    /// A copy of `len` bytes from `at` on.
    #[inline(never)]
    pub(super) fn copy(&self, at: usize, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.read(at, &mut bytes);
        bytes
    }

    /// Lets `fill` fill `len` bytes from `at` on, in pieces that go through a buffer.
    pub(super) fn fill<E>(
        &self,
        at: usize,
        len: usize,
        bounce: &mut Bounce,
        fill: impl FnMut(&mut [u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        bounce.lend(len, |buffer| self.fill_through(buffer, at, len, fill))
    }

    fn fill_through<E>(
        &self,
        buffer: &mut [u8],
        at: usize,
        len: usize,
        mut fill: impl FnMut(&mut [u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut done = 0_usize;
        while done < len {
            let count = buffer.len().min(len.saturating_sub(done));
            let piece = buffer.get_mut(..count).unwrap_or_default();
            fill(piece)?;
            self.write(at.saturating_add(done), piece);
            done = done.saturating_add(count);
        }
        Ok(())
    }

    /// The parts of `at..at + len`. Together they are as long as that, or as the memory from `at` on.
    fn split(&self, at: usize, len: usize) -> (&'a [AtomicU8], Words<'a>, &'a [AtomicU8]) {
        let (before, at, len) = part(self.before, at, len);
        let span = self.words.len().saturating_mul(WORD);
        let words = Words {
            all: self.words,
            at,
            len: len.min(span.saturating_sub(at)),
        };
        let (after, ..) = part(
            self.after,
            at.saturating_sub(span),
            len.saturating_sub(words.len),
        );
        (before, words, after)
    }
}

/// The bytes of `at..at + len`, and what is left of that, counted from their end.
fn part(bytes: &[AtomicU8], at: usize, len: usize) -> (&[AtomicU8], usize, usize) {
    let rest = bytes.get(at..).unwrap_or_default();
    let found = rest.get(..len).unwrap_or(rest);
    let later = at.saturating_sub(bytes.len());
    (found, later, len.saturating_sub(found.len()))
}

fn load_bytes(from: &[AtomicU8], to: &mut [u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = from.load(Relaxed);
    }
}

fn store_bytes(to: &[AtomicU8], from: &[u8]) {
    for (to, from) in to.iter().zip(from) {
        to.store(*from, Relaxed);
    }
}

/// A range of bytes that are accessed as words.
struct Words<'a> {
    all: &'a [AtomicU64],
    at: usize,
    len: usize,
}

impl<'a> Words<'a> {
    /// The words that the range touches, how far into the first it begins, and how much of it is in that one.
    fn edges(&self) -> (&'a [AtomicU64], usize, usize) {
        let within = self.at & (WORD - 1);
        let touched = self.all.get(self.at / WORD..).unwrap_or_default();
        let first = if within == 0 {
            0
        } else {
            self.len.min(WORD.saturating_sub(within))
        };
        (touched, within, first)
    }

    fn load(&self, to: &mut [u8]) {
        let (mut words, within, first) = self.edges();
        let (edge, rest) = to.split_at_mut(first);
        if let (false, Some((word, later))) = (edge.is_empty(), words.split_first()) {
            load_part(word, within, edge);
            words = later;
        }
        let (whole, edge) = rest.as_chunks_mut::<WORD>();
        for (to, word) in whole.iter_mut().zip(words) {
            *to = bytes_of(word.load(Relaxed));
        }
        if let (false, Some(word)) = (edge.is_empty(), words.get(whole.len())) {
            load_part(word, 0, edge);
        }
    }

    fn store(&self, from: &[u8]) {
        let (mut words, within, first) = self.edges();
        let (edge, rest) = from.split_at(first);
        if let (false, Some((word, later))) = (edge.is_empty(), words.split_first()) {
            store_part(word, within, edge);
            words = later;
        }
        let (whole, edge) = rest.as_chunks::<WORD>();
        for (from, word) in whole.iter().zip(words) {
            word.store(word_of(*from), Relaxed);
        }
        if let (false, Some(word)) = (edge.is_empty(), words.get(whole.len())) {
            store_part(word, 0, edge);
        }
    }
}

/// Copies the bytes from `within` on.
fn load_part(word: &AtomicU64, within: usize, to: &mut [u8]) {
    let bytes = bytes_of(word.load(Relaxed));
    for (to, from) in to.iter_mut().zip(bytes.iter().skip(within)) {
        *to = *from;
    }
}

/// Stores bytes from `within` on, in exchange for the word as it was. If anybody has changed any byte of it meanwhile the
/// exchange fails and is done over with what is there now, so that nothing of theirs is lost.
fn store_part(word: &AtomicU64, within: usize, from: &[u8]) {
    let replace = |old| {
        let mut bytes = bytes_of(old);
        for (to, from) in bytes.iter_mut().skip(within).zip(from) {
            *to = *from;
        }
        Some(word_of(bytes))
    };
    // Never fails: it always has something to store.
    let _ = word.fetch_update(Relaxed, Relaxed, replace);
}

#[allow(
    clippy::host_endian_bytes,
    reason = "bytes of a word in the order in which they lie in memory"
)]
const fn bytes_of(word: u64) -> [u8; WORD] {
    word.to_ne_bytes()
}

#[allow(clippy::host_endian_bytes, reason = "as above")]
const fn word_of(bytes: [u8; WORD]) -> u64 {
    u64::from_ne_bytes(bytes)
}

#[cfg(test)]
#[allow(
    clippy::arithmetic_side_effects,
    reason = "what is wrong in a test should fail it"
)]
pub(super) mod tests {
    use super::*;
    use crate::mem::{Memory, Window};
    use std::convert::Infallible;
    use std::thread;

    /// A memory in three parts.
    struct Parts {
        before: Vec<AtomicU8>,
        words: Vec<AtomicU64>,
        after: Vec<AtomicU8>,
    }

    impl Parts {
        fn new(before: usize, words: usize, after: usize) -> Self {
            let bytes = |count| (0..count).map(|_| AtomicU8::new(0)).collect();
            Self {
                before: bytes(before),
                words: (0..words).map(|_| AtomicU64::new(0)).collect(),
                after: bytes(after),
            }
        }

        fn shared(&self) -> Shared<'_> {
            let Self {
                before,
                words,
                after,
            } = self;
            Shared {
                before,
                words,
                after,
            }
        }
    }

    /// Writes and reads every range of a memory of so many bytes, all 0, and compares with a plain copy.
    pub(in crate::mem) fn compare_every_range(shared: &Shared<'_>, size: usize) {
        assert_eq!(shared.len(), size);
        let mut plain = vec![0; size];
        for (at, len) in (0..=size).flat_map(|at| (0..=size - at).map(move |len| (at, len))) {
            let new: Vec<u8> = (0..len)
                .map(|byte| (at + len + 7 * byte) as u8 | 1)
                .collect();
            shared.write(at, &new);
            plain[at..][..len].copy_from_slice(&new);
            assert_eq!(shared.copy(0, size), plain, "{len} bytes at {at} of {size}");
            assert_eq!(shared.copy(at, len), new, "{len} bytes at {at} of {size}");
        }
    }

    #[test]
    fn every_range_is_a_plain_copy() {
        for (before, words, after) in [(0, 0, 0), (9, 0, 0), (0, 3, 0), (5, 2, 3), (1, 0, 7)] {
            let parts = Parts::new(before, words, after);
            let shared = parts.shared();
            let size = before + 8 * words + after;
            compare_every_range(&shared, size);
        }
    }

    #[test]
    fn what_is_out_of_bounds_is_left_alone() {
        for parts in [
            Parts::new(20, 0, 0),
            Parts::new(4, 2, 0),
            Parts::new(1, 2, 3),
        ] {
            let shared = parts.shared();
            shared.write(18, &[1, 2, 3, 4]);
            shared.write(20, &[5]);
            shared.write(usize::MAX, &[5]);
            let mut read = [9; 4];
            shared.read(17, &mut read);
            assert_eq!(read, [0, 1, 2, 9]);
            shared.read(20, &mut read);
            shared.read(usize::MAX, &mut read);
            assert_eq!(read, [0, 1, 2, 9]);
        }
    }

    #[test]
    fn neighbours_in_a_word_lose_nothing() {
        let parts = Parts::new(3, 6, 5);
        let size = parts.shared().len();
        thread::scope(|scope| {
            for thread in 0..3 {
                let parts = &parts;
                scope.spawn(move || {
                    let shared = parts.shared();
                    // Each thread has every third byte to itself.
                    for (round, at) in (0..3_000_u32).flat_map(|round| {
                        let own = (0..size).filter(move |at| at % 3 == thread);
                        own.map(move |at| (round, at))
                    }) {
                        let value = [(round as u8).wrapping_add(at as u8)];
                        shared.write(at, &value);
                        assert_eq!(shared.copy(at, 1), value, "byte {at}, round {round}");
                    }
                });
            }
        });
    }

    #[test]
    fn filling_goes_in_pieces() {
        for (len, bounce, pieces) in [
            (0, 8, 0),
            (30, 8, 4),
            (30, 0, 30),
            (256, 1_000, 1),
            (700, 1_000, 1),
            (700, 300, 3),
        ] {
            let parts = Parts::new(6, 100, 0);
            let mut memory = Memory::of_shared(parts.shared());
            let (mut next, mut calls) = (0_u8, 0);
            let at = Window { start: 11, len };
            let filled: Result<(), Infallible> = memory.fill(at, Bounce::new(bounce), |piece| {
                calls += 1;
                for byte in piece {
                    next = next.wrapping_add(1);
                    *byte = next;
                }
                Ok(())
            });
            let expected: Vec<u8> = (1..=len).map(|byte| byte as u8).collect();
            assert_eq!((filled, calls), (Ok(()), pieces), "{len} by {bounce}");
            assert_eq!(memory.bytes(at), expected, "{len} by {bounce}");
            assert_eq!(parts.shared().copy(0, 11), [0; 11]);
            assert_eq!(parts.shared().copy(11 + len, 9), [0; 9]);
        }
    }
}
