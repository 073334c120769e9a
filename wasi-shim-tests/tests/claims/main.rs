//! Every claim is proved, every test belongs to a claim: the pages of `spec-notes` against the tests, the scripts and the
//! sources. What each rule is about is said in `rules`; that each is able to fail is shown in `refused`.

mod refused;
mod rules;
mod rust;

use rules::{Rule, ScriptCase, World};
use std::sync::OnceLock;
use wasi_shim::abi::Syscall;
use wasi_shim_tests::notes::{self, Page};
use wasi_shim_tests::script::{self, Case};
use wasi_shim_tests::source::Source;

/// The pages and tests of this workspace.
fn ours() -> &'static World {
    static OURS: OnceLock<World> = OnceLock::new();
    OURS.get_or_init(|| {
        let sources = Source::all();
        World {
            pages: Page::all(),
            tests: rust::tests(&sources),
            cases: scripts(),
            comments: sources.iter().flat_map(comments).collect(),
            functions: Syscall::ALL
                .iter()
                .map(|call| call.name().to_owned())
                .collect(),
            decisions: decisions(),
        }
    })
}

fn scripts() -> Vec<ScriptCase> {
    let cases = script::load_all(&script::folder()).unwrap_or_else(|error| panic!("{error}"));
    let errors = |case: &Case| {
        let failed = case
            .answers()
            .filter_map(|(call, errno)| Some((call, errno?)));
        failed
            .map(|(call, errno)| (call.name().to_owned(), errno.name().to_owned()))
            .collect()
    };
    let reduced = |case: &Case| ScriptCase {
        file: case.file.clone(),
        line: case.line,
        name: name_of(&case.id, &case.file).to_owned(),
        claims: case.claims.clone(),
        errors: errors(case),
    };
    cases.iter().map(reduced).collect()
}

/// `topic/file/name` without what the file is called.
fn name_of<'a>(id: &'a str, file: &str) -> &'a str {
    let stem = file.strip_suffix(".txt").unwrap_or(file);
    let name = id
        .strip_prefix(stem)
        .and_then(|name| name.strip_prefix('/'));
    name.unwrap_or(id)
}

/// The claims that comments of the library name: `// claim: path_open.trunc-mutates`.
fn comments(source: &Source) -> Vec<(String, String)> {
    const MARK: &str = "// claim:";
    if !source.path.starts_with("wasi-shim/src/") {
        return Vec::new();
    }
    let marks = source.text.match_indices(MARK);
    let claim = |(at, _)| {
        let line = source.text[at + MARK.len()..]
            .lines()
            .next()
            .unwrap_or_default();
        let line_number = source.text[..at].matches('\n').count() + 1;
        (
            format!("{}:{line_number}", source.path),
            line.trim().to_owned(),
        )
    };
    marks.map(claim).collect()
}

/// The numbers of the pages in `decisions`: `011` of `011-what-opens-a-file-for-writing.md`.
fn decisions() -> std::collections::BTreeSet<String> {
    let folder = std::fs::read_dir(notes::folder().join("decisions")).expect("a folder");
    let names = folder
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned());
    names
        .filter_map(|name| Some(name.split_once('-')?.0.to_owned()))
        .collect()
}

fn check(rule: Rule) {
    let faults = rule(ours());
    assert!(
        faults.is_empty(),
        "{}\n{} in all",
        faults.join("\n"),
        faults.len()
    );
}

#[test]
fn pages_are_well_formed() {
    check(rules::pages_are_well_formed);
}

#[test]
fn claims_have_tests() {
    check(rules::claims_have_tests);
}

#[test]
fn tests_have_claims() {
    check(rules::tests_have_claims);
}

#[test]
fn cases_have_claims() {
    check(rules::cases_have_claims);
}

#[test]
fn comments_name_claims() {
    check(rules::comments_name_claims);
}

#[test]
fn functions_have_pages() {
    check(rules::functions_have_pages);
}

#[test]
fn errors_are_provoked() {
    check(rules::errors_are_provoked);
}

#[test]
fn pages_list_what_scripts_provoke() {
    check(rules::pages_list_what_scripts_provoke);
}

#[test]
fn decisions_exist() {
    check(rules::decisions_exist);
}

#[test]
fn tables_are_proved() {
    check(rules::tables_are_proved);
}

#[test]
fn all_kinds_of_evidence_were_found() {
    let ours = ours();
    for prefix in [
        "calls::",
        "resolve::",
        "lib/",
        "cli/",
        "compat/",
        "capi/",
        "unit/",
    ] {
        let found = ours.tests.keys().any(|name| name.starts_with(prefix));
        assert!(found, "no test {prefix}");
    }
    assert!(ours.tests.len() > 500, "{}", ours.tests.len());
    assert!(!ours.cases.is_empty() && !ours.decisions.is_empty() && !ours.comments.is_empty());
}
