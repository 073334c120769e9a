//! A report as JUnit XML: a suite for each host, a class for each file or suite of tests.

use super::text::escape;
use super::{Cell, Column, Outcome, Report, Row};
use std::fmt::Write as _;

/// Shows a report.
pub fn show(report: &Report) -> String {
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n".to_owned();
    for (index, column) in report.present() {
        suite(&mut xml, report, index, column);
    }
    xml + "</testsuites>\n"
}

fn suite(xml: &mut String, report: &Report, index: usize, column: &Column) {
    let totals = report.totals(index);
    let failures = totals.get(Outcome::Fail) + totals.get(Outcome::UnexpectedPass);
    let skipped = totals.get(Outcome::Skip) + totals.get(Outcome::ExpectedFail);
    let cells: Vec<_> = report.column(index).collect();
    let time: u64 = cells.iter().map(|(_, cell)| cell.milliseconds).sum();
    // Writing to a string cannot fail.
    let _ = writeln!(
        xml,
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failures}\" errors=\"{}\" skipped=\"{skipped}\" time=\"{}\">",
        escape(&column.name),
        cells.len(),
        totals.get(Outcome::Lost),
        seconds(time),
    );
    if let Some(version) = &column.version {
        let _ = writeln!(
            xml,
            "    <properties><property name=\"version\" value=\"{}\"/></properties>",
            escape(version)
        );
    }
    for (row, cell) in cells {
        test(xml, column, row, cell);
    }
    xml.push_str("  </testsuite>\n");
}

fn test(xml: &mut String, column: &Column, row: &Row, cell: &Cell) {
    let (class, name) = match row.name.rsplit_once('/') {
        Some((file, name)) => (format!("{}.{}.{file}", column.name, row.suite), name),
        None => (format!("{}.{}", column.name, row.suite), row.name.as_str()),
    };
    let head = format!(
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{}\"",
        escape(&class),
        escape(name),
        seconds(cell.milliseconds)
    );
    let body = match cell.outcome {
        Outcome::Pass => None,
        Outcome::Fail => Some(element("failure", "", cell)),
        Outcome::Lost => Some(element("error", "", cell)),
        Outcome::Skip => Some(element("skipped", &cell.reason, cell)),
        Outcome::ExpectedFail => Some(element(
            "skipped",
            &format!("fails as expected: {}", cell.reason),
            cell,
        )),
        Outcome::UnexpectedPass => Some(element(
            "failure",
            "it passes, and was expected to fail",
            cell,
        )),
    };
    match body {
        None => *xml += &format!("{head}/>\n"),
        Some(body) => *xml += &format!("{head}>\n      {body}\n    </testcase>\n"),
    }
}

fn element(name: &str, message: &str, cell: &Cell) -> String {
    let (message, text) = match &cell.why {
        Some(why) if message.is_empty() => (
            format!("expected {}, actual {}", why.expected, why.actual),
            format!(
                "{}: {}\nexpected: {}\nactual: {}",
                why.place, why.call, why.expected, why.actual
            ),
        ),
        _ => (message.to_owned(), String::new()),
    };
    format!(
        "<{name} message=\"{}\">{}</{name}>",
        escape(&message),
        escape(&text)
    )
}

fn seconds(milliseconds: u64) -> String {
    format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000)
}
