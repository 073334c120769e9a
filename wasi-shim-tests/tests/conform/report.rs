//! What is written down of a run, in each form.

use crate::support::{column, report};
use serde_json::Value;
use wasi_shim_tests::conform::report::{
    Column, Outcome, Report, Totals, html, json, junit, markdown, table,
};

/// The names of a document's elements as they are opened, if all of them are closed in order.
fn elements(document: &str) -> Vec<String> {
    let (mut open, mut all) = (Vec::new(), Vec::new());
    for part in document.split('<').skip(1) {
        let (tag, text) = part.split_once('>').expect("a tag ends");
        assert!(!text.contains('>'), "{text}");
        let name = tag
            .trim_start_matches('/')
            .split([' ', '/'])
            .next()
            .unwrap_or_default()
            .to_owned();
        if tag.starts_with('?') {
            continue;
        } else if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name));
        } else {
            all.push(name.clone());
            if !tag.ends_with('/') {
                open.push(name);
            }
        }
    }
    assert!(open.is_empty(), "{open:?}");
    all
}

#[test]
fn totals_count_each_outcome() {
    let report = report();
    let totals = report.totals(1);
    for outcome in Outcome::ALL {
        assert_eq!(totals.get(outcome), 1, "{outcome:?}");
    }
    assert_eq!((totals.good(), totals.run(), totals.bad()), (2, 5, 3));
    assert_eq!(report.totals(2), Totals::default());
}

#[test]
fn a_host_that_counts_fails_by_a_cell_or_by_a_note() {
    let mut report = report();
    assert!(report.failed(|column| column.ours).is_empty());
    assert_eq!(
        report
            .failed(|_| true)
            .iter()
            .map(|(_, count)| *count)
            .collect::<Vec<_>>(),
        [4]
    );
    report.columns[0].notes = std::mem::take(&mut report.columns[1].notes);
    assert_eq!(report.failed(|column| column.ours).len(), 1);
}

#[test]
fn junit_is_well_formed_and_keeps_to_what_xml_can_say() {
    let xml = junit::show(&report());
    let names = elements(&xml);
    let count = |name: &str| names.iter().filter(|known| *known == name).count();
    assert_eq!((count("testsuite"), count("testcase")), (2, 12));
    assert_eq!(
        (count("failure"), count("error"), count("skipped")),
        (2, 1, 2)
    );
    let suite =
        r#"<testsuite name="other" tests="6" failures="2" errors="1" skipped="2" time="7.404">"#;
    assert!(xml.contains(suite), "{xml}");
    assert!(
        xml.contains(r#"message="expected ok &amp; fd, actual no\u{1}ent""#),
        "{xml}"
    );
    assert!(
        xml.contains("path_open 3 nofollow &quot;&lt;d&gt;&quot; -&gt; ok"),
        "{xml}"
    );
    assert!(
        xml.contains(r#"<testcase classname="other.scripts.a/b" name="fails" time="1.234">"#),
        "{xml}"
    );
    assert!(!xml.chars().any(|c| c.is_control() && c != '\n'));
}

#[test]
fn json_has_everything() {
    let value: Value = serde_json::from_str(&json::show(&report())).expect("JSON");
    assert_eq!(value["title"], "6 cases");
    assert_eq!(
        value["hosts"][2]["absent"],
        "no such program. Install it: pip install absent"
    );
    assert_eq!(value["tests"][1]["cells"][1]["outcome"], "fail");
    assert_eq!(value["tests"][1]["cells"][1]["why"]["actual"], "no\u{1}ent");
    assert_eq!(value["tests"][1]["cells"][2], Value::Null);
    assert_eq!(value["totals"]["other"]["unexpected-pass"], 1);
    assert_eq!(value["totals"]["absent"], Value::Null);
}

#[test]
fn the_page_has_a_line_for_each_claim_and_each_case() {
    let page = html::show(&report());
    for id in ["t0", "t5", "c0", "c4"] {
        assert_eq!(page.matches(&format!("<tr id=\"{id}\"")).count(), 1, "{id}");
    }
    assert!(!page.contains("<tr id=\"t6\"") && !page.contains("<tr id=\"c5\""));
    assert!(
        page.contains("<th scope=\"col\">other</th>")
            && !page.contains("<th scope=\"col\">absent</th>")
    );
    for (class, word) in [
        ("fail", "fail"),
        ("lost", "lost"),
        ("skip", "skip"),
        ("expected-fail", "expected fail"),
    ] {
        assert!(page.contains(&format!("<td class=\"{class}\"><button type=\"button\" aria-expanded=\"false\" data-host=\"1\">{word}<")));
    }
    assert!(page.contains("2 of 5 pass, 1 skipped") && page.contains("pip install absent"));
}

#[test]
fn the_page_keeps_text_from_being_markup_and_loads_nothing() {
    let mut report = report();
    report.rows[1].name = "a/b/<script>alert(1)</script>".to_owned();
    report.title = "<b>\"&'".to_owned();
    let page = html::show(&report);
    assert_eq!(
        page.matches("<script").count(),
        2,
        "only the data's and the page's own"
    );
    assert_eq!(page.matches("</script").count(), 2);
    assert!(page.contains("<title>conform: &lt;b&gt;&quot;&amp;&#39;</title>"));
    let start = page.find("<script id=\"data\"").expect("the data");
    let data = page[start..]
        .split_once('>')
        .and_then(|(_, rest)| rest.split_once("</script>"))
        .expect("its end")
        .0;
    let data: Value = serde_json::from_str(data).expect("JSON");
    assert_eq!(data["rows"][1], "a/b/<script>alert(1)</script>");
    assert_eq!(data["cells"]["1"]["1"]["expected"], "ok & fd");
    assert_eq!(
        data["cells"]
            .as_object()
            .map(|cells| cells.contains_key("0")),
        Some(false)
    );
    for word in [
        "http://",
        "https://",
        "src=",
        "@import",
        "url(",
        "fetch(",
        "XMLHttpRequest",
        "import(",
    ] {
        assert!(!page.contains(word), "{word}");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn the_page_of_a_suite_has_no_claims() {
    let mut report = report();
    report.rows.iter_mut().for_each(|row| row.claims.clear());
    let page = html::show(&report);
    assert!(
        page.contains("<table id=\"tests\"")
            && !page.contains("<table id=\"claims\"")
            && !page.contains("name=\"view\"")
    );
}

#[test]
fn markdown_has_the_claims_on_which_hosts_differ() {
    let text = markdown::show(&report());
    assert!(
        text.contains("| ours | ours 1.0 | 6 | 6 |\n| other | other 1.0 | 2 | 5 |\n"),
        "{text}"
    );
    let claims = "3 of 5 claims.\n\n| claim | ours | other |\n|---|---|---|\n\
                  | p.four | yes | 0/1 |\n| p.one | yes | 1/2 |\n| p.two | yes | 0/2, lost |\n";
    assert!(text.ends_with(claims), "{text}");
    assert!(!text.contains("absent"));
    let mut same = report();
    same.columns.truncate(1);
    assert!(markdown::show(&same).ends_with("There is none.\n"));
}

#[test]
fn the_table_has_groups_and_failures() {
    let shown = table::show(&report(), |column| column.name == "other", false);
    let expected = "\
              ours                          other
a              3/3                     1/3 1 lost
c              3/3            1/2 1 skipped 1 expected
all            6/6     2/5 1 lost 1 skipped 1 expected
";
    let words = |text: &str| {
        text.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert!(words(&shown).contains(&words(expected)), "{shown}");
    assert!(
        shown.contains("\nother: a/b/fails: fail\n  scripts/a/b.txt:7\n"),
        "{shown}"
    );
    assert!(
        shown.contains("  expected: ok & fd\n    actual: no\\u{1}ent\n"),
        "{shown}"
    );
    assert!(
        shown.contains("\nother: 4 that it should not have\n") && shown.contains("    a note\n"),
        "{shown}"
    );
    assert!(
        shown.contains("absent: not here: no such program. Install it: pip install absent"),
        "{shown}"
    );
}

#[test]
fn no_more_failures_are_shown_than_asked_for() {
    let mut report = report();
    let row = report.rows[1].clone();
    report.rows.extend(std::iter::repeat_n(row, 40));
    let all = |column: &Column| column.name == "other";
    assert!(table::show(&report, all, false).contains("other: 23 more; --verbose shows them"));
    assert!(!table::show(&report, all, true).contains("--verbose"));
    let none = Report {
        columns: vec![column("a", true)],
        rows: Vec::new(),
        ..report
    };
    assert!(table::show(&none, |_| true, false).contains("0/0"));
}
