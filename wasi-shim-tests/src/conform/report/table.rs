//! A report for a terminal: the hosts, a table, and the tests that make the run fail.

use super::{Cell, Column, Outcome, Report, Row, Totals};
use std::fmt::Write as _;

/// How many failures of a host are shown one by one.
const SHOWN: usize = 20;

/// Shows which hosts there are.
pub fn hosts(columns: &[Column]) -> String {
    let width = columns
        .iter()
        .map(|column| column.name.len())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for column in columns {
        let state = match (&column.version, &column.absent) {
            (Some(version), _) => version.clone(),
            (None, why) => format!("not here: {}", why.as_deref().unwrap_or("nobody knows why")),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{:width$}  {}\n{:width$}  {state}",
            column.name, column.about, ""
        );
    }
    text
}

/// Shows a report. `counts` says whether a host's failures make the run fail.
pub fn show(report: &Report, counts: impl Fn(&Column) -> bool, verbose: bool) -> String {
    let mut text = format!("{}\n\n", report.title);
    for column in &report.columns {
        match (&column.version, &column.absent) {
            (Some(version), _) => text += &format!("  {}: {version}\n", column.name),
            (None, why) => {
                text += &format!(
                    "  {}: not here: {}\n",
                    column.name,
                    why.as_deref().unwrap_or_default()
                )
            }
        }
        for note in &column.notes {
            text += &format!("    {}\n", note.text);
        }
    }
    text.push('\n');
    text += &grid(&lines(report));
    for (index, column) in report.present() {
        if verbose || counts(column) {
            text += &failures(report, index, column, verbose);
        }
    }
    for (column, count) in report.failed(&counts) {
        text += &format!("\n{}: {count} that it should not have\n", column.name);
    }
    text
}

/// A line for each group of tests, and one for all.
fn lines(report: &Report) -> Vec<Vec<String>> {
    let names = report.present().map(|(_, column)| column.name.clone());
    let mut lines = vec![
        std::iter::once(String::new())
            .chain(names)
            .collect::<Vec<_>>(),
    ];
    let mut groups: Vec<(String, Vec<&Row>)> = Vec::new();
    for row in &report.rows {
        let name = group(row);
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((name, vec![row])),
        }
    }
    for (name, rows) in &groups {
        lines.push(line(report, name, rows));
    }
    lines.push(line(report, "all", &report.rows.iter().collect::<Vec<_>>()));
    lines
}

/// Cases of ours by their topic, other tests by their suite.
fn group(row: &Row) -> String {
    match row.name.split_once('/') {
        Some((topic, _)) => topic.to_owned(),
        None => row.suite.clone(),
    }
}

fn line(report: &Report, name: &str, rows: &[&Row]) -> Vec<String> {
    let cell = |(index, _): (usize, &Column)| {
        let cells = rows.iter().filter_map(|row| row.cells.get(index)?.as_ref());
        totals(&Totals::of(cells))
    };
    std::iter::once(name.to_owned())
        .chain(report.present().map(cell))
        .collect()
}

fn totals(totals: &Totals) -> String {
    let mut text = format!("{}/{}", totals.good(), totals.run());
    for (outcome, sign) in [
        (Outcome::Lost, "lost"),
        (Outcome::Skip, "skipped"),
        (Outcome::ExpectedFail, "expected"),
    ] {
        if totals.get(outcome) > 0 {
            text += &format!(" {} {sign}", totals.get(outcome));
        }
    }
    text
}

/// The first column to the left, the others to the right.
fn grid(lines: &[Vec<String>]) -> String {
    let columns = lines.first().map_or(0, Vec::len);
    let width = |column: usize| {
        lines
            .iter()
            .filter_map(|line| Some(line.get(column)?.len()))
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for line in lines {
        for (index, (cell, width)) in line.iter().zip(&widths).enumerate() {
            if index == 0 {
                text += &format!("{cell:width$}");
            } else {
                text += &format!("  {cell:>width$}");
            }
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}

fn failures(report: &Report, index: usize, column: &Column, all: bool) -> String {
    let bad: Vec<_> = report
        .column(index)
        .filter(|(_, cell)| cell.outcome.is_bad())
        .collect();
    let mut text = String::new();
    let shown = if all { bad.len() } else { SHOWN.min(bad.len()) };
    for (row, cell) in &bad[..shown] {
        text += &failure(column, row, cell);
    }
    if shown < bad.len() {
        text += &format!(
            "\n{}: {} more; --verbose shows them\n",
            column.name,
            bad.len() - shown
        );
    }
    text
}

fn failure(column: &Column, row: &Row, cell: &Cell) -> String {
    let mut text = format!("\n{}: {}: {}\n", column.name, row.name, cell.outcome.word());
    if let Some(why) = &cell.why {
        let rows = [
            ("", &why.place),
            ("", &why.call),
            ("expected: ", &why.expected),
            ("  actual: ", &why.actual),
        ];
        for (label, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
            text += &format!(
                "  {label}{}\n",
                value
                    .escape_debug()
                    .to_string()
                    .replace("\\\"", "\"")
                    .replace("\\'", "'")
            );
        }
    }
    text
}
