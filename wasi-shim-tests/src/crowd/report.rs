//! What came of many guests.

use super::{Line, Options};
use std::fmt;
use std::time::Duration;

/// How long it took, and how much memory.
#[derive(Clone, Debug)]
pub struct Report {
    guests: usize,
    threads: usize,
    line: Line,
    took: Duration,
    /// How many guests had begun, and none had ended, when the last began.
    pub waited: usize,
    /// The most memory that this process had, in KiB, where the system tells.
    resident: Option<u64>,
}

impl Report {
    pub(super) fn new(options: &Options, took: Duration, waited: usize) -> Self {
        Self {
            guests: options.guests,
            threads: options.threads,
            line: options.line,
            took,
            waited,
            resident: peak(),
        }
    }
}

/// The most memory that this process has had.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().split(' ').next()?.parse().ok()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            guests,
            threads,
            line,
            waited,
            ..
        } = self;
        let took = self.took.as_secs_f64();
        write!(
            f,
            "{guests} guests on {threads} threads, {line:?}: {waited} at once, {took:.2} s"
        )?;
        match self.resident {
            Some(peak) => write!(f, ", {} MiB resident at most", peak / 1024),
            None => Ok(()),
        }
    }
}
