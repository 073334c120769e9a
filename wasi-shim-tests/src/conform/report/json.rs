//! A report with everything that is known, for programs.

use super::{Outcome, Report};
use serde_json::{Value, json};

/// Shows a report.
pub fn show(report: &Report) -> String {
    let totals: serde_json::Map<String, Value> = report
        .present()
        .map(|(index, column)| {
            let totals = report.totals(index);
            let counts = Outcome::ALL
                .map(|outcome| (outcome.word().replace(' ', "-"), json!(totals.get(outcome))));
            (
                column.name.clone(),
                Value::Object(counts.into_iter().collect()),
            )
        })
        .collect();
    let value = json!({ "title": report.title, "hosts": report.columns, "tests": report.rows, "totals": totals });
    format!("{value:#}\n")
}
