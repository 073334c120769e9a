//! `spec-notes/attacks.md`: its tables and claims are made from the rows, so that the page says what is tried.
//!
//! Knows how the rows are spelled, and how a page is. `ATTACKS_WRITE=1` has the test write the page instead of comparing
//! it; what is above the first table is kept.

use crate::row::split;
use crate::table::{NOT_HERE, is_row};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use wasi_shim::abi::Errno;
use wasi_shim_tests::notes;
use wasi_shim_tests::source::Source;

/// The files of rows: the heading, the claim's words, and what is claimed.
const THEMES: &[(&str, &str, &str, &str)] = &[
    (
        "escapes",
        "Ways out of a directory",
        "escapes",
        "No path and no link leads out of a directory, whatever the function and whatever `openat2` answers.",
    ),
    (
        "links",
        "Slashes, dots and links",
        "spellings",
        "What is spelled strangely leads where POSIX says, and stays inside.",
    ),
    (
        "races",
        "Somebody else at the same time",
        "races",
        "What others do at the same time leads nowhere else, and to no bytes of another file.",
    ),
    (
        "read_only",
        "Changes without the right to them",
        "read-only",
        "What was given for reading stays as it is, and each right gates the calls that it is documented to gate.",
    ),
    (
        "exhaustion",
        "Exhaustion",
        "exhaustion",
        "No number of a guest's makes the host keep memory or descriptors without bound.",
    ),
    (
        "arithmetic",
        "Numbers at the ends of their range",
        "arithmetic",
        "A number at the end of its range is refused or works, and changes nothing it should not.",
    ),
    (
        "memory",
        "Memory",
        "memory",
        "An address that is not good traps before anything happens, and nothing but results is written.",
    ),
    (
        "descriptors",
        "Descriptors",
        "descriptors",
        "The table of descriptors stays whole, whatever is moved, closed or fails.",
    ),
    (
        "polling",
        "Waiting",
        "waiting",
        "Waiting ends when it should, can be ended, and costs nothing meanwhile.",
    ),
    (
        "process",
        "The host process",
        "process",
        "A guest does nothing to the process that it runs in, and has of it what it was given.",
    ),
    (
        "special_files",
        "What is no file",
        "special-files",
        "FIFOs and sockets in a directory keep nobody waiting and spoil no listing.",
    ),
    (
        "names",
        "Names that Windows takes for something else",
        "windows",
        "With the filter, no name of a device, a drive or a stream gets through, wherever it stands.",
    ),
];

/// A row, as it is in the sources.
struct Row {
    id: String,
    title: String,
    test: String,
    source: String,
    on: &'static str,
    answers: String,
}

/// The functions that make an attack, and what the page says about where.
const ON: &[(&str, &str)] = &[
    ("everywhere(", "all"),
    ("quietly(", "all"),
    ("on_hosts(", "over the host"),
    ("quietly_without_trees(", "none"),
    ("without_trees(", "none"),
];

/// The rows of a file, in the order of their numbers.
fn rows_of(source: &Source, module: &str) -> Vec<Row> {
    let bodies: BTreeMap<String, &str> = source
        .functions()
        .map(|(at, body)| (name_at(&source.code[at + 2..]), body))
        .collect();
    let mut rows: Vec<Row> = source
        .functions()
        .filter(|(at, _)| is_row(source, *at))
        .map(|(at, body)| row(source, module, at, body, &bodies))
        .collect();
    rows.sort_by_key(|row| (row.id.len(), row.id.clone()));
    rows
}

fn row(
    source: &Source,
    module: &str,
    at: usize,
    body: &str,
    bodies: &BTreeMap<String, &str>,
) -> Row {
    let name = name_at(&source.code[at + 2..]);
    let (id, title) = split(&name);
    let found = ON
        .iter()
        .filter_map(|(call, on)| Some((body.find(call)?, call, on)));
    let (_, call, on) = found
        .min_by_key(|(at, call, _)| (*at, call.len()))
        .expect("an attack");
    // The code has blanks for what is in strings, at the same places.
    let rest = &source.text[at..];
    let rest = &rest[rest.find(call).expect("the attack") + call.len()..];
    let found_in = rest.split('"').nth(1).expect("where it was found");
    Row {
        id,
        title,
        test: format!("attacks::{module}::{name}"),
        source: found_in.to_owned(),
        on,
        answers: answers(body, bodies),
    }
}

fn name_at(code: &str) -> String {
    let is_part = |letter: &char| letter.is_alphanumeric() || *letter == '_';
    code.trim_start().chars().take_while(is_part).collect()
}

/// The error codes that a row speaks of, itself or in a function of its file that it calls.
fn answers(body: &str, bodies: &BTreeMap<String, &str>) -> String {
    let (mut todo, mut seen, mut codes) = (vec![body], BTreeSet::new(), BTreeSet::new());
    let mut traps = false;
    while let Some(body) = todo.pop() {
        let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
        traps |= body.contains("Trap") || body.contains("traps(");
        for part in body.split("Errno::").skip(1) {
            codes.insert(name_at(part));
        }
        for word in body.split(|letter| !is_part(letter)) {
            if let Some(next) = bodies.get(word).filter(|_| seen.insert(word)) {
                todo.push(next);
            }
        }
    }
    let named = Errno::ALL
        .iter()
        .filter(|errno| codes.contains(&format!("{errno:?}")));
    let mut all: Vec<String> = named.map(|errno| format!("`{}`", errno.name())).collect();
    if traps {
        all.push("a trap".to_owned());
    }
    if all.is_empty() {
        all.push("success".to_owned());
    }
    all.join(", ")
}

/// The tables and the claims.
fn below() -> String {
    let sources = Source::all();
    let (mut tables, mut claims) = (String::new(), String::new());
    for (module, heading, words, claim) in THEMES {
        let path = format!("wasi-shim-tests/tests/attacks/{module}.rs");
        let source = sources
            .iter()
            .find(|source| source.path == path)
            .expect("a file of rows");
        let _ = write!(
            tables,
            "## {heading}\n\n| row | what is done | found in | trees | a guest sees | the test here |\n|---|---|---|---|---|---|\n"
        );
        let _ = write!(
            claims,
            "### attacks.{words}\n{claim}\n- status: de-facto\n- source: the advisories and issues in the table\n"
        );
        for row in rows_of(source, module) {
            let Row {
                id,
                title,
                source,
                on,
                answers,
                test,
            } = row;
            let _ = writeln!(
                tables,
                "| {id} | {title} | {source} | {on} | {answers} | `{test}` |"
            );
            let _ = writeln!(claims, "- test: {test}");
        }
        tables.push('\n');
        claims.push('\n');
    }
    tables.push_str("## What cannot be tried here\n\n| row | what is done | found in | the test here |\n|---|---|---|---|\n");
    for (id, source, title, reason) in NOT_HERE {
        let _ = writeln!(tables, "| {id} | {title} | {source} | not here: {reason} |");
    }
    format!(
        "{tables}\n## Claims\n\n{claims}{}",
        include_str!("claims.md")
    )
}

#[test]
fn the_page_has_every_row() {
    let path = notes::folder().join("attacks.md");
    let text = std::fs::read_to_string(&path).expect("the page");
    let first = THEMES[0].1;
    let (intro, _) = text
        .split_once(&format!("## {first}\n"))
        .expect("the first table");
    let expected = format!("{intro}{}", below());
    if std::env::var_os("ATTACKS_WRITE").is_some() {
        std::fs::write(&path, &expected).expect("the page");
        return;
    }
    let differs = text
        .lines()
        .zip(expected.lines())
        .find(|(is, should)| is != should);
    assert!(
        text == expected,
        "run this with ATTACKS_WRITE=1; the first difference is {differs:?}"
    );
}
