//! Each rule is able to fail: the smallest pages that break it, next to ones that do not.

use crate::rules::{self, Rule, ScriptCase, World};
use crate::rust;
use wasi_shim_tests::notes::Page;
use wasi_shim_tests::source::Source;

const PAGE: &str = "# fd_sync

Makes durable.

## Errors

| errno | when | provoked by |
|---|---|---|
| `badf` | it is not open | scripts |
| `io` | the file says so | `calls::fd_sync::passed_on`, scripts |

## Claims

### fd_sync.passes-on
What the file answers is the answer.
- status: spec + ours
- source: WASI preview1/docs.md fd_sync
- decision: 004
- test: calls::fd_sync::passed_on
- test: scripts/fd_sync/errors.txt
- test: scripts/fd_sync/errors.txt#closed
";

const TEST: &str = "#[test]\nfn passed_on() { Io }\n";

/// A world without a fault.
fn world() -> World {
    world_of(PAGE, TEST)
}

fn world_of(page: &str, test: &str) -> World {
    let test = Source::new("wasi-shim-tests/tests/calls/fd_sync.rs", test);
    let case = |name: &str, line, errno: &str| ScriptCase {
        file: "fd_sync/errors.txt".to_owned(),
        line,
        name: name.to_owned(),
        claims: vec!["fd_sync.passes-on".to_owned()],
        errors: vec![("fd_sync".to_owned(), errno.to_owned())],
    };
    World {
        pages: vec![Page::parse("functions/fd_sync.md", page)],
        tests: rust::tests(&[test]),
        cases: vec![case("closed[0]", 1, "badf"), case("broken", 9, "io")],
        comments: vec![(
            "wasi-shim/src/calls/fd.rs:7".to_owned(),
            "fd_sync.passes-on".to_owned(),
        )],
        functions: vec!["fd_sync".to_owned()],
        decisions: ["004".to_owned()].into(),
    }
}

const RULES: &[Rule] = &[
    rules::pages_are_well_formed,
    rules::claims_have_tests,
    rules::tests_have_claims,
    rules::cases_have_claims,
    rules::comments_name_claims,
    rules::functions_have_pages,
    rules::errors_are_provoked,
    rules::pages_list_what_scripts_provoke,
    rules::decisions_exist,
    rules::tables_are_proved,
];

fn faults(world: &World) -> Vec<String> {
    RULES.iter().flat_map(|rule| rule(world)).collect()
}

/// Checks that the rule, and no other, finds one fault, at this place and in these words.
fn refuses(rule: Rule, world: &World, words: &str) {
    let found = rule(world);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].contains(words), "{found:#?}");
    assert_eq!(faults(world), found);
}

/// The page with something else in it.
fn page(from: &str, to: &str) -> World {
    assert!(PAGE.contains(from), "{from}");
    world_of(&PAGE.replacen(from, to, 1), TEST)
}

#[test]
fn what_is_right_has_no_fault() {
    assert_eq!(faults(&world()), [""; 0]);
}

#[test]
fn malformed_claims() {
    for (from, to, words) in [
        (
            "- status: spec + ours\n",
            "- status: spec + hearsay + ours\n",
            "hearsay",
        ),
        (
            "- source: WASI preview1/docs.md fd_sync\n",
            "",
            "has no source",
        ),
        ("What the file answers is the answer.\n", "", "says nothing"),
        ("- decision: 004\n", "", "a decision is given"),
        ("spec + ours", "spec", "a decision is given"),
        (
            "- decision: 004\n",
            "- decision: 004\n- author: me\n",
            "\"author\" is no fact",
        ),
        (
            "- decision: 004\n",
            "- decision: 004\n- what\n",
            "a fact is",
        ),
        (
            "- decision: 004\n",
            "- decision: 004\nmore words\n",
            "nothing follows",
        ),
        (
            "| `io` |",
            "| `nospc` | a|b | scripts |\n| `io` |",
            "4 cells",
        ),
    ] {
        refuses(rules::pages_are_well_formed, &page(from, to), words);
    }
}

#[test]
fn claims_without_facts_or_with_strange_names() {
    let nothing =
        "- status: spec + ours\n- source: WASI preview1/docs.md fd_sync\n- decision: 004\n";
    let found = rules::pages_are_well_formed(&page(nothing, ""));
    assert!(
        found.iter().any(|fault| fault.ends_with("has no status")),
        "{found:?}"
    );
    assert!(
        found[0].starts_with("spec-notes/functions/fd_sync.md:14: "),
        "{found:?}"
    );
    let renamed = page("### fd_sync.passes-on", "### fd_sync.Passes_on");
    assert!(rules::pages_are_well_formed(&renamed)[0].contains("fd_sync.some-words"));
    let foreign = page("### fd_sync.passes-on", "### fd_read.passes-on");
    assert!(rules::pages_are_well_formed(&foreign)[0].contains("fd_sync.some-words"));
    let mut twice = world();
    twice.pages.push(Page::parse(
        "fd_sync.md",
        &PAGE[PAGE.find("## Claims").unwrap()..],
    ));
    refuses(
        rules::pages_are_well_formed,
        &twice,
        "a second claim fd_sync.passes-on",
    );
}

#[test]
fn claims_without_a_test() {
    let none = PAGE.find("- test").unwrap();
    let found = faults(&world_of(&PAGE[..none], TEST));
    assert!(
        found[0].ends_with("fd_sync.passes-on has no test"),
        "{found:?}"
    );
    for (from, to) in [
        (
            "- test: calls::fd_sync::passed_on",
            "- test: calls::fd_sync::passed_on\n- test: calls::fd_sync::gone",
        ),
        (
            "- test: scripts/fd_sync/errors.txt\n",
            "- test: scripts/fd_sync/gone.txt\n",
        ),
        ("errors.txt#closed", "errors.txt#gone"),
        ("errors.txt#closed", "errors.txt#close"),
    ] {
        refuses(
            rules::claims_have_tests,
            &page(from, to),
            "which is not there",
        );
    }
    let moved = page(
        "- test: calls",
        "- test: lib/gone::passed_on\n- test: calls",
    );
    refuses(
        rules::claims_have_tests,
        &moved,
        "; there is calls::fd_sync::passed_on",
    );
}

#[test]
fn tests_without_a_claim() {
    let more = format!("{TEST}\n#[test]\nfn more() {{}}\n");
    let words = "wasi-shim-tests/tests/calls/fd_sync.rs:5: no claim names";
    refuses(rules::tests_have_claims, &world_of(PAGE, &more), words);
    let mut exempt = world();
    let sources = [
        "wasi-shim-tests/tests/architecture.rs",
        "wasi-shim/tests/memory.rs",
    ];
    exempt
        .tests
        .extend(rust::tests(&sources.map(|path| Source::new(path, TEST))));
    assert_eq!(faults(&exempt), [""; 0]);
    assert_eq!(exempt.tests.len(), 3);
}

#[test]
fn cases_without_a_claim() {
    let mut none = world();
    none.cases[1].claims.clear();
    refuses(
        rules::cases_have_claims,
        &none,
        "scripts/fd_sync/errors.txt:9: case broken has no line",
    );
    let mut unknown = world();
    unknown.cases[1].claims.push("fd_sync.gone".to_owned());
    refuses(
        rules::cases_have_claims,
        &unknown,
        "no page claims fd_sync.gone",
    );
}

#[test]
fn comments_without_a_claim() {
    let mut unknown = world();
    unknown.comments[0].1 = "fd_sync.gone".to_owned();
    refuses(
        rules::comments_name_claims,
        &unknown,
        "wasi-shim/src/calls/fd.rs:7: no page claims fd_sync.gone",
    );
    let text = "let a = 1;\n    // claim: fd_sync.gone\n";
    let found = crate::comments(&Source::new("wasi-shim/src/calls/fd.rs", text));
    assert_eq!(
        found,
        [(
            "wasi-shim/src/calls/fd.rs:2".to_owned(),
            "fd_sync.gone".to_owned()
        )]
    );
    assert!(crate::comments(&Source::new("benches/lib.rs", text)).is_empty());
}

#[test]
fn functions_without_a_page_and_pages_without_a_function() {
    let mut one_more = world();
    one_more.functions.push("fd_read".to_owned());
    refuses(
        rules::functions_have_pages,
        &one_more,
        "fd_read.md is not there",
    );
    let mut stray = world();
    let page = "# sock_open\n## Errors\n| errno | when | provoked by |\n|---|---|---|\n";
    stray
        .pages
        .push(Page::parse("functions/sock_open.md", page));
    refuses(
        rules::functions_have_pages,
        &stray,
        "sock_open.md: there is no such function",
    );
}

#[test]
fn errors_that_nothing_provokes() {
    let row = "| `badf` | it is not open | scripts |";
    for (to, words) in [
        ("| `badf` | it is not open | |", "say what provokes it"),
        (
            "| `badf` | it is not open | everybody |",
            "say what provokes it",
        ),
        (
            "| `badf` | it is not open | `calls::fd_sync::gone` |",
            "there is no test calls::fd_sync::gone",
        ),
        (
            "| `badf` | it is not open | `calls::fd_sync::passed_on` |",
            "passed_on does not say Badf",
        ),
        (
            "| `badf` | it is not open | scripts |\n| `inval` | never | scripts |",
            "no script has a call of fd_sync that answers inval",
        ),
        (
            "| `badf` | it is not open | scripts |\n| `oops` | never | scripts |",
            "\"oops\" is no error code",
        ),
    ] {
        refuses(rules::errors_are_provoked, &page(row, to), words);
    }
    refuses(
        rules::errors_are_provoked,
        &page("| provoked by |", "| by |"),
        "one table below",
    );
}

#[test]
fn errors_that_a_page_does_not_list() {
    let mut more = world();
    more.cases[0]
        .errors
        .push(("fd_sync".to_owned(), "inval".to_owned()));
    refuses(
        rules::pages_list_what_scripts_provoke,
        &more,
        "errors.txt:1: fd_sync answers inval",
    );
    more.cases[0].errors[1].0 = "fd_read".to_owned();
    assert_eq!(faults(&more), [""; 0]);
}

#[test]
fn decisions_that_nobody_wrote() {
    refuses(
        rules::decisions_exist,
        &page("- decision: 004", "- decision: 099"),
        "there is no page 099",
    );
}

#[test]
fn tables_without_proof() {
    for (row, words) in [
        ("| a | `io` | `calls::fd_sync::passed_on` |", ""),
        ("| a | `io` | fd_sync.passes-on |", ""),
        ("| a | `badf` | `scripts/fd_sync/errors.txt#closed` |", ""),
        ("| a | | not here: there are none |", ""),
        ("| a | | |", "name a test or a claim"),
        ("| a | | see fd_sync.md |", "name a test or a claim"),
        (
            "| a | | `calls::fd_sync::gone` |",
            "there is no test calls::fd_sync::gone",
        ),
        ("| a | | fd_sync.gone |", "no page claims fd_sync.gone"),
        (
            "| a | `perm` | `calls::fd_sync::passed_on` |",
            "nothing that is named says perm",
        ),
        (
            "| a | `perm` | fd_sync.passes-on |",
            "nothing that is named says perm",
        ),
    ] {
        let mut world = world();
        let page =
            format!("# Of all\n\n| area | a guest sees | proved by |\n|---|---|---|\n{row}\n");
        world.pages.push(Page::parse("general.md", &page));
        if words.is_empty() {
            assert_eq!(faults(&world), [""; 0], "{row}");
        } else {
            refuses(rules::tables_are_proved, &world, words);
        }
    }
}
