//! What a reader wants to know first: how much is as it should be, and what is not.
//!
//! This file counts and words what [`Row`] judges. It does not know what the words are shown in.

use super::{Report, Row, Slower, Verdict, is_peer, numbers};
use std::fmt;

/// All rows in a few words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// In how many rows the library is faster than every other host, and how many have another host.
    pub faster: (usize, usize),
    /// How many targets are met, and how many there are.
    pub met: (usize, usize),
    /// Where it is not faster, and what is missed, and by how much; a line for each.
    pub wrong: Vec<String>,
}

impl Summary {
    pub(super) fn of(report: &Report) -> Self {
        let mut summary = Self::default();
        for row in &report.rows {
            summary.faster.0 += usize::from(is_compared(row) && row.slower().is_empty());
            summary.faster.1 += usize::from(is_compared(row));
            summary.met.0 += usize::from(row.verdict() == Some(Verdict::Met));
            summary.met.1 += usize::from(row.verdict().is_some());
            summary.wrong.extend(complaints(row));
        }
        summary
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (faster, compared) = self.faster;
        let (met, targets) = self.met;
        write!(
            f,
            "Faster than every other host in {faster} of {compared} rows. {met} of {targets} targets met."
        )
    }
}

fn is_compared(row: &Row) -> bool {
    let mut hosts = row.measures.keys();
    row.ours().is_some() && hosts.any(|host| is_peer(host))
}

fn complaints(row: &Row) -> impl Iterator<Item = String> {
    let about = format!("{}: {}", row.group, row.operation);
    let slower = row
        .slower()
        .into_iter()
        .map(|Slower { ours, peer, ratio }| {
            format!(
                "{ours} takes {} times as long as {peer}",
                numbers::ratio(ratio)
            )
        });
    let verdict = row.target.as_ref().zip(row.verdict());
    let missed = verdict.filter(|(_, verdict)| *verdict != Verdict::Met);
    let missed = missed.map(|(target, verdict)| format!("{target}: {verdict}"));
    slower
        .chain(missed)
        .map(move |what| format!("{about}: {what}"))
}
