//! Expectations: what a host is known to fail.

use crate::support::cell;
use std::path::Path;
use wasi_shim_tests::conform::expectations::{Expectation, Expectations};
use wasi_shim_tests::conform::report::Outcome;
use wasi_shim_tests::script;

const FILE: &str = "
version = 1
[[suite]]
name = 'S'
[[suite.test]]
name = 'fails'
expected = 'fail'
reason = 'it does'
[[suite.test]]
name = 'skipped'
action = 'skip'
[[suite.test]]
name = 'passes'
expected = 'pass'
";

#[test]
fn they_are_read_in_the_suites_own_form() {
    let all = Expectations::parse(FILE).expect("expectations");
    assert_eq!(
        all.of("S", "fails"),
        Some(&Expectation::Fail("it does".to_owned()))
    );
    assert_eq!(
        all.of("S", "skipped"),
        Some(&Expectation::Skip(String::new()))
    );
    assert_eq!(all.of("S", "passes"), None);
    assert_eq!(all.of("T", "fails"), None);
}

#[test]
fn a_file_that_is_wrong_is_refused_with_the_reason() {
    let test = |line: &str| format!("[[suite]]\nname = 'S'\n[[suite.test]]\nname = 'a'\n{line}\n");
    for (text, reason) in [
        ("version = 2".to_owned(), "its version is 2"),
        (test(""), "neither `action` nor `expected`"),
        (test("action = 'run'"), "the action `run`"),
        (test("expected = 'crash'"), "`crash`"),
        (test("excepted = 'fail'"), "unknown field"),
        (
            test("action = 'skip'\n[[suite.test]]\nname = 'a'\nexpected = 'fail'"),
            "twice",
        ),
    ] {
        let error = Expectations::parse(&text).expect_err(&text);
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn what_was_expected_decides_what_is_bad() {
    let fails = Expectation::Fail("known".to_owned());
    for (outcome, expected, bad) in [
        (Outcome::Pass, Outcome::UnexpectedPass, true),
        (Outcome::Fail, Outcome::ExpectedFail, false),
        (Outcome::Lost, Outcome::ExpectedFail, false),
        (Outcome::Skip, Outcome::Skip, false),
    ] {
        let judged = cell(outcome).expected(Some(&fails));
        assert_eq!((judged.outcome, judged.outcome.is_bad()), (expected, bad));
        assert_eq!(cell(outcome).expected(None).outcome, outcome);
    }
}

#[test]
fn ours_name_hosts_and_cases_that_exist() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("expectations");
    let hosts = std::fs::read_to_string(folder.with_file_name("hosts.toml")).expect("the hosts");
    let cases = script::load_all(&script::folder()).expect("our cases");
    for entry in std::fs::read_dir(&folder).expect("the folder").flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|end| end != "toml") {
            continue;
        }
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        assert!(
            hosts.contains(&format!("name = \"{name}\"")),
            "there is no host {name}"
        );
        let all = Expectations::load(&path).unwrap_or_else(|error| panic!("{error}"));
        for (suite, test) in all.named() {
            let known = suite != "scripts" || cases.iter().any(|case| case.id == test);
            assert!(known, "{}: there is no case {test}", path.display());
        }
    }
}
