//! What is printed about a run.
//!
//! This file knows the one line of a pair and mode, and the lines below it if something was found. `race/run` makes a table
//! of such lines, so their first words and the words `escapes` and `weak` are meant for it too. It judges nothing.

use super::run::Report;
use std::fmt::Write;

/// How many of the answers are shown.
const SHOWN: usize = 5;

/// The lines about a run.
pub(super) fn lines(report: &Report, mode: &str) -> String {
    let tally = &report.tally;
    let mut text = format!(
        "{} {} {mode}: {} rounds, {} steps, {} hits ({:.1} %), {} changes ({:.1} %), {:.1} % again, {} escapes, {} stuck, {:.1} s",
        report.victim,
        report.pair,
        tally.rounds,
        report.steps,
        tally.hits,
        percent(tally.hits, tally.rounds),
        tally.changes,
        percent(tally.changes, tally.rounds),
        percent(report.again.0, report.again.1),
        tally.escapes,
        report.stuck,
        report.seconds,
    );
    if let Some(weak) = report.weak {
        let _ = write!(text, ", weak: {weak}");
    }
    let all: u64 = report.outcomes.iter().map(|(_, count)| count).sum();
    text.push_str("\n   ");
    for (outcome, count) in report.outcomes.iter().take(SHOWN) {
        let _ = write!(text, " {outcome} {:.1} %,", percent(*count, all));
    }
    let _ = write!(text, " of {} different answers", report.outcomes.len());
    for evidence in &tally.evidence {
        let _ = write!(text, "\n    {evidence}");
    }
    text
}

fn percent(part: u64, whole: u64) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}
