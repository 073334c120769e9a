//! A report for a terminal: aligned columns of medians, each with the ratio to it.
//!
//! This file knows widths. It does not judge: [`Row`] does.

use super::{Report, Row, Unit, Verdict, hosts, is_ours, is_peer, numbers};
use std::fmt::Write;

/// What the signs mean.
const LEGEND: &str = "\
Medians. Beside a median: how many times as long the shim took.
  !  the shim is not faster than this host
  *  the shim in memory is not faster than a host of this row
  X  the target is missed";

/// The whole report.
pub fn text(report: &Report) -> String {
    let mut out = format!("{}\n", report.machine.line());
    if !report.machine.versions.is_empty() {
        let _ = writeln!(out, "{}", report.machine.versions_line());
    }
    let summary = report.summary();
    let _ = writeln!(out, "{} rounds\n\n{summary}", report.rounds);
    for wrong in &summary.wrong {
        let _ = writeln!(out, "  {wrong}");
    }
    let _ = writeln!(out, "\n{LEGEND}");
    for (name, rows) in report.groups() {
        let _ = writeln!(out, "\n{name}");
        for line in aligned(&cells(&rows)) {
            let _ = writeln!(out, "{line}");
        }
    }
    out
}

/// A line of heads and one for each row. A cell that names what stands left of it begins with a space.
fn cells(rows: &[&Row]) -> Vec<Vec<String>> {
    let hosts = hosts(rows);
    let mut heads = vec![String::new()];
    for host in &hosts {
        heads.push((*host).to_owned());
        if !is_ours(host) {
            heads.push(String::new());
        }
    }
    heads.push(" target".to_owned());
    let mut lines = vec![heads];
    for row in rows {
        let mut line = vec![operation(row)];
        for host in &hosts {
            let median = row.median(host);
            line.push(median.map_or_else(String::new, |time| numbers::time(time, row.unit)));
            if !is_ours(host) {
                line.push(ratio(row, host));
            }
        }
        line.push(target(row));
        lines.push(line);
    }
    lines
}

fn operation(row: &Row) -> String {
    let unit = match row.unit {
        Unit::Nanoseconds => String::new(),
        unit => format!(", {}", numbers::name(unit)),
    };
    let in_memory = row
        .slower()
        .iter()
        .any(|pair| Some(pair.ours) != row.ours());
    let mark = if in_memory { " *" } else { "" };
    format!("{}{unit}{mark}", row.operation)
}

/// With a sign, or room for one.
fn ratio(row: &Row, host: &str) -> String {
    let Some(ratio) = row.ratio(host) else {
        return String::new();
    };
    let mark = if is_peer(host) && ratio >= 1.0 {
        "!"
    } else {
        " "
    };
    format!("{}{mark}", numbers::ratio(ratio))
}

fn target(row: &Row) -> String {
    let Some((target, verdict)) = row.target.as_ref().zip(row.verdict()) else {
        return String::new();
    };
    let mark = if matches!(verdict, Verdict::Missed(_)) {
        "X"
    } else {
        " "
    };
    format!("{mark}{target}, {verdict}")
}

/// The first column to the left, the last as it is, the others to the right.
fn aligned(lines: &[Vec<String>]) -> Vec<String> {
    let columns = lines.first().map_or(0, Vec::len);
    let width = |column: usize| {
        let widths = lines.iter().filter_map(|line| line.get(column));
        widths.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let shown = lines.iter().map(|line| {
        let cells = line.iter().zip(&widths).enumerate();
        let cells = cells.map(|(column, (cell, &width))| match column {
            0 => format!("{cell:<width$}"),
            _ if column + 1 == columns => format!("  {cell}"),
            _ => format!("  {cell:>width$}"),
        });
        cells.collect::<String>().trim_end().to_owned()
    });
    shown.collect()
}
