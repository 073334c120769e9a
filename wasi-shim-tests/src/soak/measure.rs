//! What the system and the allocator say about this process: memory and descriptors.
//!
//! Knows where that is told, how a line is laid through samples, and when a number has grown. Refuses to know how much is
//! too much. Only this folder uses it.

use stats_alloc::Stats;
use std::time::Duration;

/// How many descriptors this process has.
pub(super) fn descriptors() -> usize {
    let folder = std::fs::read_dir("/proc/self/fd").expect("a system that tells");
    // The folder itself is open while it is counted, each time.
    folder.count()
}

/// Memory in use, in KiB.
pub(super) fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a system that tells");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .expect("the memory is among it");
    let number = line.trim().split(' ').next().expect("a number");
    number.parse().expect("a number")
}

/// What of the heap is in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heap {
    /// How many allocations.
    pub blocks: usize,
    /// How long they are together.
    pub bytes: usize,
}

impl From<Stats> for Heap {
    fn from(stats: Stats) -> Self {
        Self {
            blocks: stats.allocations.saturating_sub(stats.deallocations),
            bytes: stats
                .bytes_allocated
                .saturating_sub(stats.bytes_deallocated),
        }
    }
}

/// Memory over time: what is in use between two parts of a run, when nobody has anything, and the most meanwhile.
pub(super) struct Watch {
    rests: Vec<(f64, f64)>,
    heaps: Vec<Heap>,
    peak: f64,
}

/// What memory did after the warm-up.
#[derive(Clone, Copy, Debug)]
pub struct Growth {
    /// The line through the rests, in KiB per second.
    pub slope: f64,
    /// Its standard error: an allocator keeps now more, now less.
    pub error: f64,
    /// The first and the last of them, in KiB.
    pub ends: (f64, f64),
    /// The first and the last of what was allocated.
    pub heap: (Heap, Heap),
    /// Whether more is allocated at every rest of the last third than at any of the first.
    pub leaks: bool,
}

impl Growth {
    /// What memory grows by at least, in KiB per second: three standard errors less than the line says.
    pub(super) fn certain(&self) -> f64 {
        self.slope - 3.0 * self.error
    }
}

impl Watch {
    pub(super) fn new(parts: u32) -> Self {
        Self {
            rests: Vec::with_capacity(parts as usize),
            heaps: Vec::with_capacity(parts as usize),
            peak: 0.0,
        }
    }

    /// Nobody has anything now.
    pub(super) fn rest(&mut self, at: Duration, heap: Heap) {
        self.rests.push((at.as_secs_f64(), resident()));
        self.heaps.push(heap);
    }

    /// They are at work.
    pub(super) fn work(&mut self) {
        self.peak = self.peak.max(resident());
    }

    pub(super) const fn peak(&self) -> f64 {
        self.peak
    }

    pub(super) fn growth(&self, warm_up: Duration) -> Growth {
        let after = warm_up.as_secs_f64();
        let rests: Vec<_> = self
            .rests
            .iter()
            .copied()
            .filter(|at| at.0 >= after)
            .collect();
        let end = |sample: Option<&(f64, f64)>| sample.map_or(0.0, |sample| sample.1);
        let heaps = &self.heaps[self.heaps.len() - rests.len()..];
        let heap = |heap: Option<&Heap>| heap.copied().unwrap_or_default();
        Growth {
            slope: slope(&rests),
            error: error(&rests),
            ends: (end(rests.first()), end(rests.last())),
            heap: (heap(heaps.first()), heap(heaps.last())),
            leaks: grows(heaps.iter().map(|heap| heap.blocks))
                || grows(heaps.iter().map(|heap| heap.bytes)),
        }
    }
}

/// Is each number of the last third greater than each of the first?
fn grows(numbers: impl ExactSizeIterator<Item = usize> + Clone) -> bool {
    let third = numbers.len() / 3;
    let most = numbers.clone().take(third).max();
    let least = numbers.clone().skip(numbers.len() - third).min();
    most < least
}

/// Least squares.
fn slope(samples: &[(f64, f64)]) -> f64 {
    let (x, y) = middle(samples);
    let spread: f64 = samples.iter().map(|at| (at.0 - x).powi(2)).sum();
    let rise: f64 = samples.iter().map(|at| (at.0 - x) * (at.1 - y)).sum();
    if spread == 0.0 { 0.0 } else { rise / spread }
}

/// The standard error of that.
fn error(samples: &[(f64, f64)]) -> f64 {
    let (x, y) = middle(samples);
    let slope = slope(samples);
    let spread: f64 = samples.iter().map(|at| (at.0 - x).powi(2)).sum();
    let rest = |at: &(f64, f64)| (at.1 - y - slope * (at.0 - x)).powi(2);
    let free = samples.len().saturating_sub(2) as f64;
    if spread == 0.0 || free == 0.0 {
        return 0.0;
    }
    (samples.iter().map(rest).sum::<f64>() / free / spread).sqrt()
}

fn middle(samples: &[(f64, f64)]) -> (f64, f64) {
    let count = samples.len().max(1) as f64;
    let sum = samples
        .iter()
        .fold((0.0, 0.0), |sum, at| (sum.0 + at.0, sum.1 + at.1));
    (sum.0 / count, sum.1 / count)
}

#[cfg(test)]
mod tests {
    use super::{Heap, Watch, grows, slope};
    use std::time::Duration;

    #[test]
    fn one_block_in_a_part_is_a_leak_and_the_same_number_is_none() {
        assert!(grows([7, 8, 9, 10, 11, 12].into_iter()));
        assert!(!grows([7, 9, 7, 9, 7, 9].into_iter()));
        assert!(!grows([7; 6].into_iter()));
        assert!(!grows([7, 8].into_iter()), "too few to tell");
    }

    #[test]
    fn growth_is_seen_under_noise_and_noise_is_no_growth() {
        assert!((slope(&[(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)]) - 2.0).abs() < 1e-9);
        for step in [0.0, 0.5] {
            let mut watch = Watch::new(600);
            for at in 0..600_u32 {
                let noise = f64::from(at * 7919 % 97);
                let memory = 5_000.0 + noise + step * f64::from(at);
                watch.rests.push((f64::from(at), memory));
                watch.heaps.push(Heap::default());
            }
            let found = watch.growth(Duration::from_secs(150));
            assert!((found.slope - step).abs() < 0.02, "{found:?}");
            assert_eq!(found.certain() > 0.4, step > 0.4, "{found:?}");
        }
    }
}
