//! A report for a page of Markdown: a table for each group.
//!
//! This file knows pipes and asterisks. It does not judge: [`Row`] does.

use super::{Report, Row, Verdict, hosts, is_peer, numbers};
use std::fmt::Write;

/// The tables, and under them what is not as it should be, and where they were made.
pub fn markdown(report: &Report) -> String {
    let mut out = String::new();
    for (name, rows) in report.groups() {
        table(&mut out, name, &rows);
    }
    let summary = report.summary();
    let _ = writeln!(out, "**{summary}**\n");
    for wrong in &summary.wrong {
        let _ = writeln!(out, "* {wrong}");
    }
    if !summary.wrong.is_empty() {
        out.push('\n');
    }
    let _ = writeln!(
        out,
        "Medians of {} rounds; in parentheses how many times as long the shim took; bold where it is not faster, or \
         misses its target. {}; {}.",
        report.rounds,
        report.machine.line(),
        report.machine.versions_line(),
    );
    out
}

fn table(out: &mut String, name: &str, rows: &[&Row]) {
    let hosts = hosts(rows);
    let targets = rows.iter().any(|row| row.target.is_some());
    let mut heads = vec![name.to_owned()];
    heads.extend(hosts.iter().map(|host| (*host).to_owned()));
    let mut rules = vec!["---"];
    rules.extend(hosts.iter().map(|_| "--:"));
    if targets {
        heads.push("target".to_owned());
        rules.push("---");
    }
    line(out, &heads);
    let _ = writeln!(out, "|{}|", rules.join("|"));
    for row in rows {
        let mut cells = vec![row.operation.clone()];
        cells.extend(hosts.iter().map(|host| cell(row, host)));
        if targets {
            cells.push(target(row));
        }
        line(out, &cells);
    }
    out.push('\n');
}

fn line(out: &mut String, cells: &[String]) {
    let cells = cells.iter().map(|cell| cell.replace('|', "\\|"));
    let _ = writeln!(out, "| {} |", cells.collect::<Vec<_>>().join(" | "));
}

fn cell(row: &Row, host: &str) -> String {
    let Some(median) = row.median(host) else {
        return String::new();
    };
    let shown = numbers::named(median, row.unit);
    let Some(ratio) = row.ratio(host) else {
        // Of the two that are ours, the second is not the one that ratios are to.
        let slower = row
            .slower()
            .iter()
            .any(|pair| pair.ours == host && Some(host) != row.ours());
        return if slower {
            format!("**{shown}**")
        } else {
            shown
        };
    };
    let shown_ratio = numbers::ratio(ratio);
    if is_peer(host) && ratio >= 1.0 {
        format!("{shown} (**{shown_ratio}**)")
    } else {
        format!("{shown} ({shown_ratio})")
    }
}

fn target(row: &Row) -> String {
    match row.target.as_ref().zip(row.verdict()) {
        None => String::new(),
        Some((target, verdict @ Verdict::Missed(_))) => format!("{target}: **{verdict}**"),
        Some((target, verdict)) => format!("{target}: {verdict}"),
    }
}
