//! A report as one page for a browser, with its style, its script and its data in it, so that it needs nothing else.
//!
//! The matrix is in the page's text. The script hides lines and shows what was wrong with a cell.

use super::text::escape;
use super::{Cell, Column, Outcome, Report, Row, Totals};
use serde_json::{Map, Value, json};

const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/script.js");

/// Nothing may be loaded from anywhere.
const POLICY: &str =
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

/// Shows a report.
pub fn show(report: &Report) -> String {
    let title = escape(&report.title);
    let claims = report.claims();
    let views = if claims.is_empty() { "" } else { VIEWS };
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<link rel=\"icon\" href=\"data:,\">\n\
         <title>conform: {title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header><h1>conform</h1><p>{title}</p></header>\n<ul class=\"hosts\">\n{}</ul>\n\
         <div class=\"tools\" role=\"search\"><label>Filter <input id=\"filter\" type=\"search\" \
         placeholder=\"words of a name\"></label>{views}<label><input id=\"differing\" type=\"checkbox\"> only where hosts \
         differ</label><output></output></div>\n<main>\n{}{}</main>\n\
         <script id=\"data\" type=\"application/json\">{}</script>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n",
        report
            .columns
            .iter()
            .enumerate()
            .map(|(index, column)| host(report, index, column))
            .collect::<String>(),
        if claims.is_empty() {
            String::new()
        } else {
            claim_table(report, &claims)
        },
        test_table(report),
        data(report),
    )
}

const VIEWS: &str = "<fieldset><legend>Lines</legend>\
    <label><input type=\"radio\" name=\"view\" value=\"claims\" checked> claims</label>\
    <label><input type=\"radio\" name=\"view\" value=\"tests\"> cases</label></fieldset>";

fn host(report: &Report, index: usize, column: &Column) -> String {
    let class = if column.ours { " class=\"ours\"" } else { "" };
    let mut body = match (&column.version, &column.absent) {
        (Some(version), _) => present(&report.totals(index), version),
        (None, why) => format!(
            "<small>not here: {}</small>",
            escape(why.as_deref().unwrap_or_default())
        ),
    };
    for note in &column.notes {
        let class = if note.good { "" } else { " class=\"bad\"" };
        body += &format!("<small{class}>{}</small>", escape(&note.text));
    }
    let (name, about) = (escape(&column.name), escape(&column.about));
    format!("<li{class}><strong>{name}</strong><small>{about}</small>{body}</li>\n")
}

fn present(totals: &Totals, version: &str) -> String {
    let (good, run) = (totals.good(), totals.run());
    format!(
        "<meter min=\"0\" max=\"{}\" value=\"{good}\">{good} of {run}</meter>{good} of {run} pass{}<small>{}</small>",
        run.max(1),
        match totals.get(Outcome::Skip) {
            0 => String::new(),
            count => format!(", {count} skipped"),
        },
        escape(version)
    )
}

/// A table, and its lines. Hosts that are not here have no column.
fn table(report: &Report, id: &str, what: &str, lines: &str) -> String {
    let heads = report
        .present()
        .map(|(_, column)| format!("<th scope=\"col\">{}</th>", escape(&column.name)));
    format!(
        "<div class=\"scroll\"><table id=\"{id}\">\n<thead><tr><th scope=\"col\">{what}</th>{}</tr></thead>\n\
         <tbody>\n{lines}</tbody>\n</table></div>\n",
        heads.collect::<String>()
    )
}

/// The head of a line: what it stands for, what it can be found by.
fn line(id: &str, rows: &str, text: &str, differs: bool, head: &str, cells: &str) -> String {
    let differs = if differs { " data-differs=\"1\"" } else { "" };
    let text = escape(&text.to_lowercase());
    format!(
        "<tr id=\"{id}\" data-rows=\"{rows}\" data-text=\"{text}\"{differs}><th scope=\"row\">{head}</th>{cells}</tr>\n"
    )
}

fn test_table(report: &Report) -> String {
    let lines = report
        .rows
        .iter()
        .enumerate()
        .map(|(index, row)| test(report, index, row));
    let what = if report.claims().is_empty() {
        "test"
    } else {
        "case"
    };
    table(report, "tests", what, &lines.collect::<String>())
}

fn test(report: &Report, index: usize, row: &Row) -> String {
    let below = if row.claims.is_empty() {
        row.suite.clone()
    } else {
        row.claims.join(", ")
    };
    let head = format!("{}<small>{}</small>", escape(&row.name), escape(&below));
    let cells: Vec<_> = report
        .present()
        .map(|(host, _)| (host, row.cells.get(host).and_then(Option::as_ref)))
        .collect();
    let differs = differ(cells.iter().map(|(_, cell)| {
        cell.map(|cell| cell.outcome.is_good())
            .filter(|_| ran(*cell))
    }));
    let shown = cells.iter().map(|(host, cell)| match cell {
        Some(cell) => one(*host, cell.outcome, cell.outcome.word()),
        None => one(*host, Outcome::Skip, ""),
    });
    let text = format!(
        "{} {} {} {}",
        row.name,
        row.suite,
        row.place,
        row.claims.join(" ")
    );
    let id = format!("t{index}");
    line(
        &id,
        &index.to_string(),
        &text,
        differs,
        &head,
        &shown.collect::<String>(),
    )
}

fn ran(cell: Option<&Cell>) -> bool {
    cell.is_some_and(|cell| cell.outcome != Outcome::Skip)
}

/// Do those that can be compared say different things?
fn differ<T: PartialEq>(states: impl Iterator<Item = Option<T>>) -> bool {
    let mut known = states.flatten();
    let first = known.next();
    known.any(|state| Some(&state) != first.as_ref())
}

fn claim_table(report: &Report, claims: &[(&str, Vec<usize>)]) -> String {
    let lines = claims
        .iter()
        .enumerate()
        .map(|(index, (claim, rows))| claim_line(report, index, claim, rows));
    table(report, "claims", "claim", &lines.collect::<String>())
}

fn claim_line(report: &Report, index: usize, claim: &str, rows: &[usize]) -> String {
    let totals: Vec<_> = report
        .present()
        .map(|(host, _)| (host, Totals::of(report.cells_of(rows, host))))
        .collect();
    let differs = differ(totals.iter().map(|(_, totals)| {
        (totals.run() > 0).then_some(totals.good() * 10_000 / totals.run().max(1))
    }));
    let cells = totals.iter().map(|(host, totals)| {
        let worst = worst(totals);
        let word = match worst {
            Outcome::Pass if totals.run() > 1 => format!("pass {}", totals.run()),
            Outcome::Pass | Outcome::Skip => worst.word().to_owned(),
            _ => format!(
                "{} {}/{}",
                worst.word(),
                totals.run() - totals.good(),
                totals.run()
            ),
        };
        one(*host, worst, &word)
    });
    let names = rows
        .iter()
        .filter_map(|row| Some(report.rows.get(*row)?.name.as_str()));
    let text = format!("{claim} {}", names.collect::<Vec<_>>().join(" "));
    let cases = if rows.len() == 1 {
        "1 case".to_owned()
    } else {
        format!("{} cases", rows.len())
    };
    let head = format!("{}<small>{cases}</small>", escape(claim));
    let list = rows
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(",");
    line(
        &format!("c{index}"),
        &list,
        &text,
        differs,
        &head,
        &cells.collect::<String>(),
    )
}

fn worst(totals: &Totals) -> Outcome {
    let order = [
        Outcome::Lost,
        Outcome::Fail,
        Outcome::UnexpectedPass,
        Outcome::ExpectedFail,
        Outcome::Pass,
    ];
    order
        .into_iter()
        .find(|outcome| totals.get(*outcome) > 0)
        .unwrap_or(Outcome::Skip)
}

/// A cell: its colour, its word, and a button if there is more to say.
fn one(host: usize, outcome: Outcome, word: &str) -> String {
    let class = outcome.word().replace(' ', "-");
    if word.is_empty() {
        return "<td class=\"none\"><span></span></td>".to_owned();
    }
    if outcome == Outcome::Pass {
        return format!("<td class=\"{class}\"><span>{word}</span></td>");
    }
    format!(
        "<td class=\"{class}\"><button type=\"button\" aria-expanded=\"false\" data-host=\"{host}\">{word}</button></td>"
    )
}

/// What the script shows of cells that are no plain pass. No `<` may be in it: it would end the element.
fn data(report: &Report) -> String {
    let mut cells = Map::new();
    for (index, row) in report.rows.iter().enumerate() {
        let mut hosts = Map::new();
        for (host, cell) in row.cells.iter().enumerate() {
            if let Some(cell) = cell.as_ref().filter(|cell| cell.outcome != Outcome::Pass) {
                hosts.insert(host.to_string(), detail(cell));
            }
        }
        if !hosts.is_empty() {
            cells.insert(index.to_string(), Value::Object(hosts));
        }
    }
    let rows: Vec<_> = report.rows.iter().map(|row| row.name.as_str()).collect();
    let hosts: Vec<_> = report
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    json!({ "rows": rows, "hosts": hosts, "cells": cells })
        .to_string()
        .replace('<', "\\u003c")
}

fn detail(cell: &Cell) -> Value {
    let mut value = json!({ "outcome": cell.outcome.word(), "reason": cell.reason });
    if let (Some(why), Some(map)) = (&cell.why, value.as_object_mut()) {
        map.insert("place".to_owned(), json!(why.place));
        map.insert("call".to_owned(), json!(why.call));
        map.insert("expected".to_owned(), json!(why.expected));
        map.insert("actual".to_owned(), json!(why.actual));
    }
    value
}
