//! Random bytes made in this process.
//!
//! This file knows how a seed becomes many bytes, none of which can be found out from what is kept: ChaCha20, whose key
//! is replaced by its own first output each time it is used (fast key erasure). It does not know where seeds come from,
//! nor what a fork is. Only `entropy` uses it.

use chacha20::ChaCha20Rng;
use chacha20::rand_core::{Rng, SeedableRng};

/// How many bytes make a seed.
pub(super) const SEED: usize = 32;

/// How many bytes are made at once: with the next key, sixteen blocks of the cipher.
const BATCH: usize = 1024 - SEED;

/// How many bytes come of one seed, or somewhat more.
const BUDGET: usize = 64 * 1024;

/// A generator that has to be [seeded](Self::seed).
#[cfg_attr(test, derive(Clone))]
pub(super) struct Generator {
    /// The key of the next batch.
    key: [u8; SEED],
    /// What was made and not given away yet, behind zeros.
    batch: [u8; BATCH],
    given: usize,
    budget: usize,
    generation: u64,
}

impl Generator {
    /// Serves nobody yet.
    pub(super) const fn new() -> Self {
        Self {
            key: [0; SEED],
            batch: [0; BATCH],
            given: BATCH,
            budget: 0,
            generation: 0,
        }
    }

    /// Whether the seed is one of this generation and not used up.
    pub(super) const fn serves(&self, generation: u64) -> bool {
        self.budget > 0 && self.generation == generation
    }

    /// Begins anew.
    pub(super) fn seed(&mut self, seed: [u8; SEED], generation: u64) {
        self.key = seed;
        self.batch.fill(0);
        self.given = BATCH;
        self.budget = BUDGET;
        self.generation = generation;
    }

    pub(super) fn fill(&mut self, mut buf: &mut [u8]) {
        while !buf.is_empty() {
            if self.given >= BATCH {
                self.make();
            }
            let ready = self.batch.get_mut(self.given..).unwrap_or_default();
            let count = ready.len().min(buf.len());
            let (now, later) = buf.split_at_mut(count);
            let (given, _) = ready.split_at_mut(count);
            now.copy_from_slice(given);
            given.fill(0);
            self.given = self.given.saturating_add(count);
            buf = later;
        }
    }

    /// The cipher is set up from the key, which its output replaces, and erases itself in the end.
    #[cold]
    fn make(&mut self) {
        let mut cipher = ChaCha20Rng::from_seed(self.key);
        cipher.fill_bytes(&mut self.key);
        cipher.fill_bytes(&mut self.batch);
        self.given = 0;
        self.budget = self.budget.saturating_sub(BATCH);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seeded(seed: u8) -> Generator {
        let mut generator = Generator::new();
        generator.seed([seed; SEED], 1);
        generator
    }

    fn bytes(generator: &mut Generator, len: usize) -> Vec<u8> {
        let mut buf = vec![0; len];
        generator.fill(&mut buf);
        buf
    }

    /// The test vector for a key and a nonce of zeros, as RFC 8439 has it (A.1, 1), after the 32 bytes of the next key.
    #[test]
    fn the_bytes_are_those_of_chacha20() {
        let expected = [
            0xda, 0x41, 0x59, 0x7c, 0x51, 0x57, 0x48, 0x8d, 0x77, 0x24, 0xe0, 0x3f, 0xb8, 0xd8,
            0x4a, 0x37, 0x6a, 0x43, 0xb8, 0xf4, 0x15, 0x18, 0xa1, 0x1c, 0xc3, 0x87, 0xb6, 0x69,
            0xb2, 0xee, 0x65, 0x86,
        ];
        let mut generator = seeded(0);
        assert_eq!(bytes(&mut generator, 32), expected);
        let next_key = [0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90];
        assert_eq!(generator.key.get(..8), Some(next_key.as_slice()));
    }

    #[test]
    fn what_was_given_is_not_kept() {
        let mut generator = seeded(7);
        let given = bytes(&mut generator, BATCH - 16);
        assert_eq!(
            generator.batch.get(..given.len()),
            Some(vec![0; BATCH - 16].as_slice())
        );
        assert_ne!(generator.batch.last_chunk(), Some(&[0; 16]));
        bytes(&mut generator, 16);
        assert_eq!(generator.batch, [0; BATCH]);
        assert_ne!(generator.key, [7; SEED]);
    }

    #[test]
    fn the_bytes_do_not_depend_on_the_sizes() {
        let whole = bytes(&mut seeded(1), 5000);
        let mut generator = seeded(1);
        let mut pieces = Vec::new();
        for len in (0..).take_while(|len| len * (len + 1) / 2 <= 5000) {
            pieces.extend(bytes(&mut generator, len));
        }
        assert_eq!(whole.get(..pieces.len()), Some(pieces.as_slice()));
        assert_ne!(
            whole.first_chunk::<32>(),
            whole.get(BATCH..).unwrap().first_chunk()
        );
        assert_ne!(bytes(&mut seeded(2), 5000), whole);
    }

    #[test]
    fn a_seed_is_used_up() {
        let mut generator = Generator::new();
        assert!(!generator.serves(0));
        generator.seed([1; SEED], 3);
        assert!(generator.serves(3));
        assert!(!generator.serves(4));
        bytes(&mut generator, BUDGET - BATCH);
        assert!(generator.serves(3));
        bytes(&mut generator, 2 * BATCH);
        assert!(!generator.serves(3));
    }
}
