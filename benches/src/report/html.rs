//! A report as one page that needs nothing else: no script, nothing loaded, light and dark.
//!
//! This file knows HTML. It does not judge: [`Row`] does.

use super::plot::plot;
use super::{Report, Row, Verdict, hosts, is_ours, numbers};
use std::fmt::Write;

const STYLE: &str = include_str!("page.css");

const EXPLAINED: &str = "Medians; beside them, how many times as long the shim took, in red where it is not faster than \
                         another host. Bars are on a logarithmic scale, each plot on its own; the thin line goes from \
                         the fastest to the slowest round, the dashed one is the target.";

/// The page.
pub fn page(report: &Report) -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>What a call costs</title>\n<style>\n{STYLE}</style>\n\
         <header>\n<h1>What a call costs</h1>\n<p>{}</p>\n",
        escape(&report.machine.line())
    );
    if !report.machine.versions.is_empty() {
        let _ = writeln!(out, "<p>{}</p>", escape(&report.machine.versions_line()));
    }
    let _ = writeln!(out, "<p>{} rounds. {EXPLAINED}</p>", report.rounds);
    summary(&mut out, report);
    out.push_str("</header>\n<main>\n");
    for (name, rows) in report.groups() {
        group(&mut out, name, &rows);
    }
    out.push_str("</main>\n");
    out
}

/// What is not as it should be comes first.
fn summary(out: &mut String, report: &Report) {
    let summary = report.summary();
    let _ = writeln!(out, "<p><strong>{summary}</strong></p>");
    if summary.wrong.is_empty() {
        return;
    }
    out.push_str("<ul class=\"wrong\">\n");
    for wrong in &summary.wrong {
        let _ = writeln!(out, "<li>{}</li>", escape(wrong));
    }
    out.push_str("</ul>\n");
}

fn group(out: &mut String, name: &str, rows: &[&Row]) {
    let hosts = hosts(rows);
    let _ = writeln!(
        out,
        "<section>\n<h2>{}</h2>\n<div class=\"wide\"><table>",
        escape(name)
    );
    let heads: String = hosts
        .iter()
        .map(|host| format!("<th>{}</th>", escape(host)))
        .collect();
    let _ = writeln!(
        out,
        "<thead><tr><th></th>{heads}<th>target</th></tr></thead>\n<tbody>"
    );
    for row in rows {
        let cells: String = hosts.iter().map(|host| cell(row, host)).collect();
        let _ = writeln!(
            out,
            "<tr><th>{}</th>{cells}<td class=\"target\">{}</td></tr>",
            escape(&row.operation),
            target(row)
        );
    }
    out.push_str("</tbody>\n</table></div>\n<div class=\"plots\">\n");
    for row in rows {
        figure(out, row);
    }
    out.push_str("</div>\n</section>\n");
}

fn cell(row: &Row, host: &str) -> String {
    let Some(median) = row.median(host) else {
        return "<td></td>".to_owned();
    };
    let time = numbers::named(median, row.unit);
    let slower = row.slower().iter().any(|pair| pair.peer == host);
    let class = if slower { "bad" } else { "soft" };
    match row.ratio(host) {
        Some(ratio) => {
            let ratio = numbers::ratio(ratio);
            format!("<td>{time} <span class=\"{class}\">{ratio}</span></td>")
        }
        None if is_ours(host) => format!("<td class=\"mine\">{time}</td>"),
        None => format!("<td>{time}</td>"),
    }
}

fn target(row: &Row) -> String {
    let Some((target, verdict)) = row.target.as_ref().zip(row.verdict()) else {
        return String::new();
    };
    let class = match verdict {
        Verdict::Met => "good",
        Verdict::Missed(_) => "bad",
        Verdict::Unknown => "soft",
    };
    let target = escape(&target.to_string());
    format!("{target} <span class=\"{class}\">{verdict}</span>")
}

fn figure(out: &mut String, row: &Row) {
    let target = match target(row) {
        target if target.is_empty() => target,
        target => format!("<span class=\"aim\">{target}</span>"),
    };
    let _ = writeln!(
        out,
        "<figure>\n<figcaption><b>{}</b> {target}</figcaption>\n{}",
        escape(&row.operation),
        plot(row)
    );
    if !row.note.is_empty() {
        let _ = writeln!(out, "<p>{}</p>", escape(&row.note));
    }
    out.push_str("</figure>\n");
}

/// Text that stays text, between tags and in an attribute.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            other => safe.push(other),
        }
    }
    safe
}
