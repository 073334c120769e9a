//! Random bytes of the operating system.
//!
//! This file knows where random bytes come from: many at once from the system, few from a generator that this thread
//! has and the system seeds. It does not know who asks for them or how many are reasonable. Whoever builds a guest may
//! use it.

use super::generator::{Generator, SEED};
use super::wipe;
use crate::abi::{Errno, Result};
use crate::vfs::Entropy;
use std::cell::RefCell;

/// From this many bytes on the system is asked: then its price no longer lies in the call.
const MANY: usize = 4096;

thread_local! {
    static GENERATOR: RefCell<Generator> = const { RefCell::new(Generator::new()) };
}

/// The operating system's cryptographic random number generator.
///
/// Less than 4 KiB come from a generator in this process, one for each thread, which the system seeds again after 64 KiB
/// and after a fork. Where a fork cannot be noticed, all come from the system. What a snapshot of the whole machine
/// repeats is noticed by the system at best: a guest may see up to 64 KiB again after its machine has been set back.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, buf: &mut [u8]) -> Result<()> {
        match wipe::generation() {
            Some(generation) if buf.len() < MANY => fill_here(buf, generation),
            _ => system(buf),
        }
    }
}

/// Fills the buffer from this thread's generator. If the thread is in there already, it is a signal handler that asks.
fn fill_here(buf: &mut [u8], generation: u64) -> Result<()> {
    let filled = GENERATOR.try_with(|generator| {
        let mut generator = generator.try_borrow_mut().ok()?;
        Some(fill_from(&mut generator, buf, generation))
    });
    filled.ok().flatten().unwrap_or_else(|| system(buf))
}

fn fill_from(generator: &mut Generator, buf: &mut [u8], generation: u64) -> Result<()> {
    if !generator.serves(generation) {
        let mut seed = [0; SEED];
        system(&mut seed)?;
        generator.seed(seed, generation);
    }
    generator.fill(buf);
    Ok(())
}

fn system(buf: &mut [u8]) -> Result<()> {
    getrandom::fill(buf).map_err(|_| Errno::Io)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn bytes(len: usize) -> Vec<u8> {
        let mut buf = vec![0; len];
        assert_eq!(OsEntropy.fill(&mut buf), Ok(()));
        buf
    }

    #[test]
    fn the_whole_buffer_is_filled() {
        for len in [0, 32, 1000, 2048, MANY - 1, MANY, 3 * MANY] {
            let buf = bytes(len);
            // The chance that 32 bytes in a row are 0 is 2⁻²⁵⁶.
            let full = |chunk: &[u8]| chunk.iter().any(|&byte| byte != 0);
            assert!(buf.chunks_exact(32).all(full), "{len}");
        }
    }

    #[test]
    fn nothing_is_given_twice() {
        let here = (0..10_000).map(|_| bytes(16));
        let other = std::thread::spawn(|| (0..10_000).map(|_| bytes(16)).collect::<Vec<_>>());
        let all: BTreeSet<Vec<u8>> = here.chain(other.join().unwrap()).collect();
        assert_eq!(all.len(), 20_000);
    }

    #[test]
    fn another_generation_has_another_seed() {
        let mut generator = Generator::new();
        let mut first = [0; 16];
        assert_eq!(fill_from(&mut generator, &mut first, 1), Ok(()));
        // What a fork does: both have the same generator, and one of them a new generation.
        let mut child = generator.clone();
        let (mut ours, mut theirs) = ([0; 16], [0; 16]);
        assert_eq!(fill_from(&mut generator, &mut ours, 1), Ok(()));
        assert_eq!(fill_from(&mut child, &mut theirs, 2), Ok(()));
        assert_ne!(ours, theirs);
    }

    #[test]
    fn a_generator_in_use_is_left_alone() {
        GENERATOR.with(|generator| {
            let _used = generator.borrow_mut();
            assert_ne!(bytes(32), [0; 32]);
        });
    }
}
