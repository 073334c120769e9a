//! The list of known differences: rows of a table in `spec-notes/properties.md`.
//!
//! Knows how a row is written and when it excuses a difference. Refuses to know what the conditions mean; the property
//! tests, which use it, bring them along by name.

use crate::model::{Answer, Call, Model, Value};
use crate::notes::{Page, quoted};

/// The page, and the heading that the table is below.
const PAGE: &str = "properties.md";
const HEADING: &str = "Known differences";

/// The columns.
const COLUMNS: [&str; 6] = [
    "oracle",
    "operation",
    "when",
    "the oracle answers",
    "the shim answers",
    "reason",
];

/// A difference that was looked at and found to be right.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its line in the page.
    pub line: usize,
    /// Who answers otherwise.
    pub oracle: String,
    /// Functions.
    pub operations: Vec<String>,
    /// The name of the condition that has to hold.
    pub when: String,
    /// Why it is right.
    pub reason: String,
    theirs: String,
    ours: String,
}

/// A call that was answered in two ways, and how things were before it.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// What was there.
    pub before: &'a Model,
    /// The call.
    pub call: &'a Call,
    /// The oracle's answer.
    pub theirs: &'a Answer,
    /// The library's.
    pub ours: &'a Answer,
}

/// A condition, by name.
pub type Condition = (&'static str, fn(&Case<'_>) -> bool);

/// All rows.
pub fn rows() -> Vec<Row> {
    let page = Page::load(PAGE);
    let table = page.table(HEADING);
    assert_eq!(table.columns, COLUMNS, "the columns of {HEADING}");
    let cell = |text: &str| text.trim_matches('`').to_owned();
    let row = |row: &crate::notes::Row| Row {
        line: row.line,
        oracle: cell(&row.cells[0]),
        operations: quoted(&row.cells[1]).map(str::to_owned).collect(),
        when: cell(&row.cells[2]),
        theirs: cell(&row.cells[3]),
        ours: cell(&row.cells[4]),
        reason: cell(&row.cells[5]),
    };
    table.rows.iter().map(row).collect()
}

/// How an answer is spelled in the table: the error code's name, or `success`.
pub fn spelled(answer: &Answer) -> &'static str {
    match answer {
        Ok(_) => "success",
        Err(errno) => errno.name(),
    }
}

/// Is this the function that is called, or the beginning of its name with a star?
fn is_called(name: &str, call: &Call) -> bool {
    match name.strip_suffix('*') {
        Some(beginning) => call.name().starts_with(beginning),
        None => call.name() == name,
    }
}

/// Is it what a cell says of an answer, next to the other one?
fn fits(cell: &str, answer: &Answer, other: &Answer) -> bool {
    match (cell, answer, other) {
        ("any answer", ..) => true,
        ("an error", ..) => answer.is_err(),
        ("a part of it", Ok(Value::Bytes(part)), Ok(Value::Bytes(all))) => all.starts_with(part),
        (
            "no flags",
            Ok(Value::Fdstat { kind, flags, .. }),
            Ok(Value::Fdstat { kind: same, .. }),
        ) => kind == same && flags.is_empty(),
        (name, ..) => name == spelled(answer),
    }
}

impl Row {
    /// Is it this difference?
    pub fn excuses(&self, oracle: &str, case: &Case<'_>, conditions: &[Condition]) -> bool {
        self.oracle == oracle
            && self
                .operations
                .iter()
                .any(|name| is_called(name, case.call))
            && fits(&self.theirs, case.theirs, case.ours)
            && fits(&self.ours, case.ours, case.theirs)
            && self.condition(conditions)(case)
    }

    /// Its condition. Panics if nobody knows it.
    pub fn condition(&self, conditions: &[Condition]) -> fn(&Case<'_>) -> bool {
        let known = conditions.iter().find(|(name, _)| *name == self.when);
        let (_, holds) =
            known.unwrap_or_else(|| panic!("{PAGE}:{}: no condition {}", self.line, self.when));
        *holds
    }
}
