//! Random bytes as a stream, and a source of bytes that only look random.
//!
//! Knows how to hand on the bytes of a source, and one source that is the same in every run. Refuses to know the
//! system's, which the embedder hands in. Embedders use them.

use super::super::lock::lock;
use super::super::streams::total;
use super::{endless, fill};
use crate::abi::Result;
use crate::vfs::{Entropy, Interest, Readiness, Stream};
use std::io::{IoSlice, IoSliceMut};
use std::sync::{Arc, Mutex};
use std::task::Waker;

/// A stream of random bytes: `/dev/random` and `/dev/urandom`, which do not differ here, as they do not on Linux since
/// 5.6.
///
/// A read gives up to 32 MiB. What is written is taken and not used: the source is not the guest's to stir.
pub struct Random {
    source: Arc<dyn Entropy>,
}

impl Random {
    /// The bytes of this source. Its errors are the errors of reading.
    pub fn new(source: Arc<dyn Entropy>) -> Arc<Self> {
        Arc::new(Self { source })
    }

    /// Bytes that are the same in every run with the same seed; see [`Seeded`].
    pub fn seeded(seed: u64) -> Arc<Self> {
        Self::new(Arc::new(Seeded::new(seed)))
    }
}

impl Stream for Random {
    fn read(&self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
        fill(bufs, |buf| self.source.fill(buf))
    }

    fn write(&self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        Ok(total(bufs))
    }

    fn ready(&self, interest: Interest, _waker: &Waker) -> Readiness {
        endless(interest)
    }
}

/// Bytes that a seed decides, for runs that have to be repeated. Anybody can compute them: they are no secret and make
/// no key.
///
/// They are those of splitmix64, each number's lowest byte first. How they are asked for, in many pieces or in one, makes
/// no difference to what they are.
#[derive(Debug)]
pub struct Seeded {
    seed: u64,
    given: Mutex<u64>,
}

/// 2⁶⁴ divided by the golden ratio: splitmix64's increment.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

impl Seeded {
    /// Starts at the first byte.
    pub const fn new(seed: u64) -> Self {
        let given = Mutex::new(0);
        Self { seed, given }
    }

    /// The number of this index, counted from 0.
    const fn number(&self, index: u64) -> u64 {
        let steps = index.wrapping_add(1);
        let number = self.seed.wrapping_add(steps.wrapping_mul(GOLDEN));
        let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    }
}

impl Entropy for Seeded {
    fn fill(&self, buf: &mut [u8]) -> Result<()> {
        let mut given = lock(&self.given);
        let start = *given;
        *given = start.wrapping_add(buf.len() as u64);
        drop(given);
        let mut number = self.number(start >> 3).to_le_bytes();
        for (index, byte) in (0_u64..).zip(buf) {
            let at = start.wrapping_add(index);
            if at & 7 == 0 {
                number = self.number(at >> 3).to_le_bytes();
            }
            *byte = number.get((at & 7) as usize).copied().unwrap_or_default();
        }
        Ok(())
    }
}
