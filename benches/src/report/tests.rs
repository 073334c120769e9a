//! Small reports, judged and shown.

use super::*;

fn measure(median: f64) -> Measure {
    Measure {
        median,
        min: median * 0.9,
        max: median * 1.5,
        samples: 5,
    }
}

fn row(operation: &str, medians: &[(&str, f64)], target: Option<Target>) -> Row {
    let measures = medians
        .iter()
        .map(|(host, median)| ((*host).to_owned(), measure(*median)));
    Row {
        group: "host tree".to_owned(),
        operation: operation.to_owned(),
        measures: measures.collect(),
        target,
        ..Row::default()
    }
}

fn at_most(to: &str, at_most: f64) -> Option<Target> {
    let to = to.to_owned();
    Some(Target::Ratio { to, at_most })
}

fn report() -> Report {
    let reads = [
        (SHIM, 400.0),
        (SHIM_MEMORY, 90.0),
        (NATIVE, 354.0),
        ("wasi-common", 1083.0),
    ];
    let seeks = [(SHIM, 320.0), (SHIM_MEMORY, 30.0), ("node", 319.0)];
    let within = Target::Nanoseconds {
        host: SHIM.to_owned(),
        at_most: 50.0,
    };
    let above = Target::Above {
        host: SHIM_MEMORY.to_owned(),
        base: "memcpy".to_owned(),
        plus: 60.0,
    };
    let mut program = row(
        "python",
        &[(SHIM, 4.0763e9), ("wasmtime", 6.2403e9)],
        at_most("wasmtime", 1.0),
    );
    program.group = "whole programs".to_owned();
    program.unit = Unit::Milliseconds;
    program.note = "a <note> & \"more\"".to_owned();
    Report {
        machine: Machine {
            cpu: "A Processor".to_owned(),
            cores: 2,
            kernel: "Linux 6.1".to_owned(),
            date: "2026-11-25".to_owned(),
            versions: BTreeMap::from([("node".to_owned(), "20.1".to_owned())]),
        },
        rounds: 5,
        rows: vec![
            row("fd_pread", &reads, at_most(NATIVE, 1.2)),
            row("fd_seek", &seeks, Some(within)),
            row(
                "copy",
                &[(SHIM_MEMORY, 100.0), ("memcpy", 48.0)],
                Some(above),
            ),
            program,
        ],
    }
}

#[test]
fn measures_of_rounds() {
    let odd = Measure::of(vec![3.0, 1.0, 9.0]).unwrap();
    assert_eq!(
        (odd.median, odd.min, odd.max, odd.samples),
        (3.0, 1.0, 9.0, 3)
    );
    assert_eq!(Measure::of(vec![4.0, 1.0]).unwrap().median, 2.5);
    assert_eq!(Measure::of(Vec::new()), None);
}

#[test]
fn verdicts() {
    let verdicts: Vec<_> = report()
        .rows
        .iter()
        .map(|row| row.verdict().unwrap())
        .collect();
    assert_eq!(verdicts[0], Verdict::Met);
    assert_eq!(verdicts[1], Verdict::Missed(6.4));
    assert_eq!(verdicts[2], Verdict::Met);
    assert_eq!(verdicts[3], Verdict::Met);
    assert_eq!(
        row("x", &[(SHIM, 1.0)], at_most(NATIVE, 1.0)).verdict(),
        Some(Verdict::Unknown)
    );
    assert_eq!(row("x", &[(SHIM, 1.0)], None).verdict(), None);
    let close = row("x", &[(SHIM, 110.0), (NATIVE, 100.0)], at_most(NATIVE, 1.0));
    assert_eq!(close.verdict().unwrap().to_string(), "missed by 10 %");
    assert_eq!(Verdict::Missed(6.4).to_string(), "missed, 6.4 times");
}

#[test]
fn targets_in_words() {
    let words: Vec<_> = report()
        .rows
        .iter()
        .map(|row| row.target.as_ref().unwrap().to_string())
        .collect();
    assert_eq!(
        words,
        [
            "≤ 1.2 × native",
            "≤ 50 ns",
            "shim-memory ≤ memcpy + 60 ns",
            "≤ 1 × wasmtime"
        ]
    );
}

#[test]
fn a_peer_that_is_not_slower_is_found() {
    let report = report();
    assert_eq!(report.rows[0].slower(), []);
    let [pair] = report.rows[1].slower()[..] else {
        panic!("one peer is not slower");
    };
    assert_eq!((pair.ours, pair.peer), (SHIM, "node"));
    // The system call itself and what is only compared with are no peers.
    assert_eq!(report.rows[2].slower(), []);
}

#[test]
fn ratios_are_to_the_shim() {
    let report = report();
    assert_eq!(report.rows[0].ratio(NATIVE), Some(400.0 / 354.0));
    assert_eq!(report.rows[0].ratio(SHIM_MEMORY), None);
    assert_eq!(report.rows[2].ratio("memcpy"), Some(100.0 / 48.0));
    assert_eq!(report.rows[0].ratio("node"), None);
}

#[test]
fn hosts_have_an_order() {
    let row = row(
        "x",
        &[
            ("node", 1.0),
            ("memcpy", 1.0),
            ("wasi-common", 1.0),
            (NATIVE, 1.0),
            (SHIM, 1.0),
        ],
        None,
    );
    assert_eq!(
        hosts(&[&row]),
        [SHIM, NATIVE, "wasi-common", "node", "memcpy"]
    );
}

#[test]
fn json_and_back() {
    let report = report();
    let json = report.to_json().unwrap();
    assert_eq!(Report::from_json(&json).unwrap(), report);
}

#[test]
fn json_says_what_became_of_a_target_and_who_is_not_slower() {
    let json: serde_json::Value = serde_json::from_str(&report().to_json().unwrap()).unwrap();
    assert_eq!(json["rows"][0]["verdict"], "met");
    assert_eq!(json["rows"][0].get("not_slower"), None);
    assert_eq!(json["rows"][1]["verdict"], "missed, 6.4 times");
    assert_eq!(json["rows"][1]["not_slower"], serde_json::json!(["node"]));
}

#[test]
fn what_is_wrong_is_said_first() {
    let summary = report().summary();
    assert_eq!((summary.faster, summary.met), ((2, 3), (3, 4)));
    assert_eq!(
        summary.wrong,
        [
            "host tree: fd_seek: shim takes 1.00 times as long as node",
            "host tree: fd_seek: ≤ 50 ns: missed, 6.4 times"
        ]
    );
    let lines = format!("{summary}\n  {}\n", summary.wrong.join("\n  "));
    assert!(text(&report()).contains(&lines));
    assert!(markdown(&report()).contains(&format!("\n* {}\n", summary.wrong[1])));
}

#[test]
fn what_programs_writes_can_be_read_and_appended() {
    let json = r#"{"machine": {"cpu": "c", "cores": 2, "kernel": "k", "date": "d", "versions": {"wasmtime": "48", "node": "9"}},
        "rounds": 7, "rows": [{"group": "whole programs", "operation": "SQLite", "unit": "ms",
        "measures": {"shim": {"median": 1.5e9, "min": 1400000000, "max": 2e9, "samples": 7}},
        "target": {"ratio": {"to": "wasmtime", "at_most": 1.0}}, "note": "n"}]}"#;
    let mut all = report();
    all.append(Report::from_json(json).unwrap());
    assert_eq!(all.rows.len(), 5);
    assert_eq!(all.rows[4].median(SHIM), Some(1.5e9));
    assert_eq!(all.machine.versions_line(), "node 20.1, wasmtime 48");
    assert_eq!(all.groups().last().unwrap().1.len(), 2);
}

#[test]
fn as_text() {
    let shown = text(&report());
    let lines: Vec<_> = shown
        .lines()
        .skip_while(|line| *line != "host tree")
        .collect();
    let expected = [
        "host tree",
        "          shim  shim-memory  native         wasi-common         node         memcpy          target",
        "fd_pread   400           90     354  1.13         1,083  0.37                                ≤ 1.2 × native, met",
        "fd_seek    320           30                                      319  1.00!                 X≤ 50 ns, missed, 6.4 times",
        "copy                    100                                                      48  2.08    shim-memory ≤ memcpy + 60 ns, met",
        "",
        "whole programs",
        "             shim  wasmtime          target",
        "python, ms  4,076     6,240  0.65    ≤ 1 × wasmtime, met",
    ];
    assert_eq!(lines, expected);
    assert!(
        shown.starts_with("A Processor, 2 cores, Linux 6.1, 2026-11-25\nnode 20.1\n5 rounds\n")
    );
}

#[test]
fn as_markdown() {
    let shown = markdown(&report());
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(
        lines[0],
        "| host tree | shim | shim-memory | native | wasi-common | node | memcpy | target |"
    );
    assert_eq!(lines[1], "|---|--:|--:|--:|--:|--:|--:|---|");
    assert_eq!(
        lines[2],
        "| fd_pread | 400 ns | 90 ns | 354 ns (1.13) | 1,083 ns (0.37) |  |  | ≤ 1.2 × native: met |"
    );
    assert_eq!(
        lines[3],
        "| fd_seek | 320 ns | 30 ns |  |  | 319 ns (**1.00**) |  | ≤ 50 ns: **missed, 6.4 times** |"
    );
    assert!(shown.contains("| whole programs | shim | wasmtime | target |"));
    assert!(shown.ends_with("A Processor, 2 cores, Linux 6.1, 2026-11-25; node 20.1.\n"));
}

#[test]
fn as_a_page() {
    let shown = page(&report());
    assert!(shown.starts_with("<!doctype html>"));
    assert!(shown.contains("Faster than every other host in 2 of 3 rows. 3 of 4 targets met."));
    assert!(shown.contains("<li>host tree: fd_seek: shim takes 1.00 times as long as node</li>"));
    assert!(shown.contains("<li>host tree: fd_seek: ≤ 50 ns: missed, 6.4 times</li>"));
    assert!(shown.contains("a &lt;note&gt; &amp; &quot;more&quot;"));
    assert_eq!(shown.matches("<svg ").count(), 4);
    assert_eq!(shown.matches("class=\"limit\"").count(), 4);
    for loaded in [
        "<script", "<link", "<img", "http:", "https:", "url(", "@import",
    ] {
        assert!(!shown.contains(loaded), "{loaded}");
    }
}

#[test]
fn bars_of_nothing_and_of_one() {
    assert_eq!(plot::plot(&Row::default()), "");
    let shown = plot::plot(&row("x", &[(SHIM, 100.0)], None));
    assert!(
        shown.contains(">10 ns<") && shown.contains(">100 ns<"),
        "{shown}"
    );
    assert!(!shown.contains("NaN") && !shown.contains("inf"), "{shown}");
    let shown = plot::plot(&row("x", &[(SHIM, 0.0), (NATIVE, 3.0)], None));
    assert!(!shown.contains("NaN") && !shown.contains("inf"), "{shown}");
}
