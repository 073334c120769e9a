//! What was measured, and how it is shown: as text, as Markdown, as a page, as JSON and back.
//!
//! This folder knows medians, ratios and targets. It does not know how anything is timed, nor which operations there are.
//! `compare` fills a [`Report`] or reads one that another program wrote, and prints it.

mod html;
mod machine;
mod markdown;
mod numbers;
mod plot;
mod summary;
mod target;
mod text;

pub use html::page;
pub use machine::Machine;
pub use markdown::markdown;
pub use summary::Summary;
pub use target::{Target, Verdict};
pub use text::text;

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The library on a directory of the host.
pub const SHIM: &str = "shim";

/// The library on a tree in memory.
pub const SHIM_MEMORY: &str = "shim-memory";

/// The system call itself, or the program that was compiled for the machine.
pub const NATIVE: &str = "native";

/// Other hosts of preview1, which the library is to be faster than.
pub const PEERS: [&str; 4] = ["wasi-common", "wasmtime-wasi", "wasmtime", "node"];

/// Everything that one run measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Where.
    pub machine: Machine,
    /// How often every operation was measured on every host.
    pub rounds: u32,
    /// In the order in which they are shown.
    pub rows: Vec<Row>,
}

/// One operation, on each host that was measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What rows it is shown with.
    pub group: String,
    /// Its name.
    pub operation: String,
    /// In what its times are shown.
    #[serde(default)]
    pub unit: Unit,
    /// By host. A name that is none of [`SHIM`], [`SHIM_MEMORY`], [`NATIVE`] and [`PEERS`] is something to compare with,
    /// and nothing that has to be slower.
    pub measures: BTreeMap<String, Measure>,
    /// How fast the library is to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// What a reader should know, or nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// In what a time is shown. It is always kept in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// Nanoseconds.
    #[default]
    #[serde(rename = "ns")]
    Nanoseconds,
    /// Microseconds.
    #[serde(rename = "us")]
    Microseconds,
    /// Milliseconds.
    #[serde(rename = "ms")]
    Milliseconds,
}

/// How long one operation took on one host, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// The median of the rounds.
    pub median: f64,
    /// The fastest round.
    pub min: f64,
    /// The slowest round.
    pub max: f64,
    /// How many rounds.
    pub samples: usize,
}

/// A host that is not slower than the library.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slower<'a> {
    /// [`SHIM`] or [`SHIM_MEMORY`].
    pub ours: &'static str,
    /// The other host.
    pub peer: &'a str,
    /// How many times longer ours took.
    pub ratio: f64,
}

impl Measure {
    /// Of the time that one operation took in each round; nothing of no rounds.
    pub fn of(mut rounds: Vec<f64>) -> Option<Self> {
        rounds.sort_by(f64::total_cmp);
        let (min, max) = (*rounds.first()?, *rounds.last()?);
        let (lower, upper) = ((rounds.len() - 1) / 2, rounds.len() / 2);
        Some(Self {
            median: f64::midpoint(rounds[lower], rounds[upper]),
            min,
            max,
            samples: rounds.len(),
        })
    }
}

impl Row {
    /// The median of a host.
    pub fn median(&self, host: &str) -> Option<f64> {
        self.measures.get(host).map(|measure| measure.median)
    }

    /// The library's own entry that others are compared with: on a host directory, or else in memory.
    pub fn ours(&self) -> Option<&'static str> {
        let measured = |host: &&str| self.measures.contains_key(*host);
        [SHIM, SHIM_MEMORY].into_iter().find(measured)
    }

    /// How many times as long as `host` the library took.
    pub fn ratio(&self, host: &str) -> Option<f64> {
        let ratio = self.median(self.ours()?)? / self.median(host)?;
        (!is_ours(host) && ratio.is_finite()).then_some(ratio)
    }

    /// The peers that the library is not faster than, in memory or on a host directory.
    pub fn slower(&self) -> Vec<Slower<'_>> {
        let peers = self.measures.keys().filter(|host| is_peer(host));
        let pairs = peers.flat_map(|peer| [SHIM, SHIM_MEMORY].map(|ours| (ours, peer)));
        let compared = pairs.filter_map(|(ours, peer)| {
            let ratio = self.median(ours)? / self.median(peer)?;
            Some(Slower { ours, peer, ratio })
        });
        compared.filter(|pair| pair.ratio >= 1.0).collect()
    }

    /// Whether the target is met, if there is one.
    pub fn verdict(&self) -> Option<Verdict> {
        Some(self.target.as_ref()?.verdict(self))
    }
}

impl Report {
    /// From JSON.
    pub fn from_json(json: &str) -> serde_json::Result<Self> {
        serde_json::from_str(json)
    }

    /// To JSON, indented. With what can be read back stands what follows from it: each row's `verdict` on its target, and
    /// `not_slower`, the hosts that the library is not faster than.
    pub fn to_json(&self) -> serde_json::Result<String> {
        let mut json = serde_json::to_value(self)?;
        let shown = json["rows"].as_array_mut().into_iter().flatten();
        for (row, shown) in self.rows.iter().zip(shown) {
            if let Some(verdict) = row.verdict() {
                shown["verdict"] = verdict.to_string().into();
            }
            let peers: BTreeSet<&str> = row.slower().iter().map(|pair| pair.peer).collect();
            if !peers.is_empty() {
                shown["not_slower"] = peers.into_iter().collect();
            }
        }
        serde_json::to_string_pretty(&json)
    }

    /// What a reader wants to know first.
    pub fn summary(&self) -> Summary {
        Summary::of(self)
    }

    /// Adds the rows of another report, and the versions that it names and this one does not.
    pub fn append(&mut self, other: Self) {
        self.rows.extend(other.rows);
        let mut versions = other.machine.versions;
        versions.append(&mut self.machine.versions);
        self.machine.versions = versions;
    }

    /// The groups in the order of their first rows, each with its rows.
    fn groups(&self) -> Vec<(&str, Vec<&Row>)> {
        let mut groups: Vec<(&str, Vec<&Row>)> = Vec::new();
        for row in &self.rows {
            match groups.iter_mut().find(|(name, _)| *name == row.group) {
                Some((_, rows)) => rows.push(row),
                None => groups.push((&row.group, vec![row])),
            }
        }
        groups
    }
}

fn is_ours(host: &str) -> bool {
    [SHIM, SHIM_MEMORY].contains(&host)
}

fn is_peer(host: &str) -> bool {
    PEERS.contains(&host)
}

/// The hosts of these rows: ours, the native one, peers, and the rest.
fn hosts<'a>(rows: &[&'a Row]) -> Vec<&'a str> {
    let all = rows.iter().flat_map(|row| row.measures.keys());
    let all: BTreeSet<&str> = all.map(String::as_str).collect();
    let known = [SHIM, SHIM_MEMORY, NATIVE].into_iter().chain(PEERS);
    let known: Vec<&str> = known.collect();
    let place = |host: &str| known.iter().position(|name| *name == host);
    let mut all: Vec<&str> = all.into_iter().collect();
    all.sort_by_key(|host| place(host).unwrap_or(known.len()));
    all
}

#[cfg(test)]
mod tests;
