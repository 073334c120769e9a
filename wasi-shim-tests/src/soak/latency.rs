//! How long calls took.
//!
//! Knows the longest one exactly, and the others by classes of which each is an eighth wider than the one before it at most.
//! Refuses to judge: a machine that others use is slow by itself. Workers fill one each, and a report adds them up.

use std::time::Duration;

/// Each power of two has as many classes.
const PARTS: u32 = 8;

const CLASSES: usize = (u64::BITS * PARTS) as usize;

/// How many calls took how long. It allocates nothing, since allocations are counted where it is used.
#[derive(Clone, Debug)]
pub struct Latency {
    counts: [u64; CLASSES],
    longest: Duration,
}

impl Default for Latency {
    fn default() -> Self {
        Self {
            counts: [0; CLASSES],
            longest: Duration::ZERO,
        }
    }
}

/// The class of a time: the place of its first bit, and the three bits behind that. All below that are one.
fn class(nanoseconds: u64) -> usize {
    let nanoseconds = nanoseconds.max(PARTS.into());
    let scale = nanoseconds.ilog2();
    let part = (nanoseconds >> (scale - PARTS.ilog2())) % PARTS as u64;
    ((scale * PARTS) as usize) + part as usize
}

/// The least time of a class.
const fn least(class: usize) -> u64 {
    let (scale, part) = (class as u32 / PARTS, class as u64 % PARTS as u64);
    (PARTS as u64 + part) << scale >> PARTS.ilog2()
}

impl Latency {
    /// One call.
    pub(super) fn add(&mut self, took: Duration) {
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.counts[class(nanoseconds)] += 1;
        self.longest = self.longest.max(took);
    }

    /// All of another's calls.
    pub(super) fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.longest = self.longest.max(other.longest);
    }

    /// The longest call.
    pub const fn longest(&self) -> Duration {
        self.longest
    }

    /// 99 of 100 calls took no longer, but for the width of a class.
    pub fn percentile_99(&self) -> Duration {
        let all: u64 = self.counts.iter().sum();
        let mut beyond = all / 100;
        for (class, count) in self.counts.iter().enumerate().rev() {
            if *count > beyond {
                return Duration::from_nanos(least(class));
            }
            beyond -= count;
        }
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::{CLASSES, Latency, class, least};
    use std::time::Duration;

    #[test]
    fn a_class_begins_where_it_says_and_is_an_eighth_wide() {
        for time in [8_u64, 9, 15, 16, 17, 1_000, 1_023, 1_024, 123_456_789] {
            let begins = least(class(time));
            assert!(begins <= time && time - begins <= begins / 8, "{time}");
            assert_eq!(class(begins), class(time));
        }
        assert_eq!((class(0), class(u64::MAX)), (class(8), CLASSES - 1));
    }

    #[test]
    fn the_slowest_call_in_a_hundred_is_no_percentile_and_the_second_is() {
        let of = |slow: u64| {
            let mut latency = Latency::default();
            for n in 0..200 {
                latency.add(Duration::from_nanos(if n < slow { 4_096 } else { 64 }));
            }
            latency
        };
        assert_eq!(of(2).percentile_99(), Duration::from_nanos(64));
        assert_eq!(of(3).percentile_99(), Duration::from_nanos(4_096));
        let mut both = of(1);
        both.merge(&of(0));
        assert_eq!(both.longest(), Duration::from_nanos(4_096));
        assert_eq!(Latency::default().percentile_99(), Duration::ZERO);
    }
}
