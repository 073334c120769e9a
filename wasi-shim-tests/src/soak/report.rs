//! What a run showed.
//!
//! Knows what a breach is, and prints a table. Refuses to measure. The binary prints it; the test asks it.

use super::extremes::Exhaustion;
use super::latency::Latency;
use super::measure::Growth;
use super::options::Options;
use std::fmt;
use std::time::Duration;

/// The numbers of a run.
#[derive(Debug)]
pub struct Report {
    /// What was asked for.
    pub options: Options,
    /// How many calls guests made.
    pub calls: u64,
    /// How many of them failed, as many must.
    pub errors: u64,
    /// How many guests were made and dropped.
    pub instances: u64,
    /// How long calls took in the first third of the parts, and in the last. Most take a few system calls.
    pub latency: (Latency, Latency),
    /// The longest call of all.
    pub longest: Duration,
    /// How many threads panicked.
    pub panics: usize,
    /// How many files the overlay left in its upper directory.
    pub left: usize,
    /// What memory did.
    pub growth: Growth,
    /// The most memory, in KiB.
    pub peak: f64,
    /// The process's descriptors before.
    pub descriptors_before: usize,
    /// And after.
    pub descriptors_after: usize,
    /// Full tables.
    pub exhaustion: Exhaustion,
}

impl Report {
    /// What should not be, each as a sentence.
    pub fn breaches(&self) -> Vec<String> {
        let wrong = [
            (self.panics > 0, "threads panicked"),
            (self.left > 0, "files were left in the upper directory"),
            (
                self.descriptors_before != self.descriptors_after,
                "descriptors leaked",
            ),
            (
                self.growth.leaks,
                "memory leaks: more and more is allocated",
            ),
            (self.growth.certain() > self.options.slope, "memory grows"),
            (
                self.instances < self.options.instances,
                "fewer guests were made than asked for",
            ),
            (
                self.exhaustion.wrong > 0,
                "a table was not full when it should be, or not empty",
            ),
        ];
        let told = wrong.into_iter().filter(|(wrong, _)| *wrong);
        told.map(|(_, what)| what.to_owned()).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            options, growth, ..
        } = self;
        let Options {
            seconds,
            threads,
            descriptors,
            ..
        } = options;
        writeln!(f, "| what | found |\n|---|---|")?;
        writeln!(
            f,
            "| shape | {threads} threads, {descriptors} descriptors, {seconds} s |"
        )?;
        writeln!(
            f,
            "| calls | {}, of which {} failed |",
            self.calls, self.errors
        )?;
        writeln!(f, "| guests made and dropped | {} |", self.instances)?;
        let (first, last) = &self.latency;
        let (first, last) = (first.percentile_99(), last.percentile_99());
        writeln!(f, "| longest call | {:.1?} |", self.longest)?;
        writeln!(
            f,
            "| 99 of 100 calls took at most | {first:.1?} in the first third, {last:.1?} in the last |"
        )?;
        writeln!(f, "| threads that panicked | {} |", self.panics)?;
        let (before, after) = (self.descriptors_before, self.descriptors_after);
        writeln!(
            f,
            "| descriptors of the process | {before} before, {after} after |"
        )?;
        writeln!(f, "| files left | {} |", self.left)?;
        writeln!(
            f,
            "| memory at rest after the warm-up | {:.0} KiB, at the end {:.0} KiB; at work at most {:.0} KiB |",
            growth.ends.0, growth.ends.1, self.peak
        )?;
        writeln!(
            f,
            "| slope of memory at rest | {:.3} KiB/s ± {:.3} |",
            growth.slope, growth.error
        )?;
        let (first, last) = growth.heap;
        writeln!(
            f,
            "| allocated at rest after the warm-up | {} blocks, {} bytes; at the end {} blocks, {} bytes |",
            first.blocks, first.bytes, last.blocks, last.bytes
        )?;
        let Exhaustion {
            rounds,
            opened,
            wrong,
        } = self.exhaustion;
        writeln!(
            f,
            "| full tables | {rounds} rounds, {opened} descriptors, {wrong} wrong |"
        )
    }
}
