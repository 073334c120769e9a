//! The runner itself, on hosts that misbehave: it goes on, and the cell says what happened.

use crate::support::{conform, script, text};
use serde_json::Value;
use std::path::Path;

const CASES: &str = "\
case yields
claim fake.one
sched_yield -> ok

case exits
claim fake.two
proc_exit 7 -> exits 7
";

/// What a fake does when it is to run a module; it has a version otherwise.
const FAKES: [(&str, &str); 6] = [
    ("hangs", "sleep 60"),
    ("crashes", "kill -ABRT $$"),
    ("floods", "yes"),
    (
        "rubbish",
        "head -c 5000 /dev/urandom; printf '\\365WS\\376\\000\\000'",
    ),
    ("silent", "echo 'no such flag' >&2; exit 2"),
    ("exits", "exit 7"),
];

fn setup(folder: &Path) -> [String; 2] {
    let mut hosts = String::new();
    for (name, text) in FAKES {
        let program = script(
            folder,
            name,
            &format!("[ \"$1\" = --version ] && {{ echo {name} 1; exit 0; }}\n{text}"),
        );
        hosts += &format!(
            "[[host]]\nname = \"{name}\"\nabout = \"a fake\"\ncommand = [\"{0}\", \"{{module}}\"]\nversion = [\"{0}\", \"--version\"]\n",
            program.display()
        );
    }
    std::fs::write(folder.join("hosts.toml"), hosts).expect("it can be written");
    std::fs::create_dir_all(folder.join("cases/fake")).expect("a folder");
    std::fs::write(folder.join("cases/fake/one.txt"), CASES).expect("it can be written");
    ["hosts.toml", "cases"].map(|name| folder.join(name).display().to_string())
}

/// Each host's outcome of a case, and what the cell says.
fn cells(report: &Value, case: &str) -> Vec<(String, String, String)> {
    let tests = report["tests"].as_array().expect("tests");
    let test = tests
        .iter()
        .find(|test| test["name"] == case)
        .expect("the case");
    let hosts = report["hosts"].as_array().expect("hosts").iter();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let cells = test["cells"].as_array().expect("cells").iter();
    hosts
        .zip(cells)
        .map(|(host, cell)| {
            (
                word(&host["name"]),
                word(&cell["outcome"]),
                word(&cell["why"]["actual"]),
            )
        })
        .collect()
}

#[test]
fn each_misbehaviour_is_survived_and_told_in_its_cell() {
    let folder = tempfile::tempdir().expect("a folder");
    let [hosts, cases] = setup(folder.path());
    let json = folder.path().join("report.json");
    let json = json.to_str().expect("text");
    let output = conform(&[
        "--hosts",
        &hosts,
        "--scripts",
        &cases,
        "--timeout",
        "1.5",
        "--json",
        json,
    ]);
    // None of them is ours, so nothing that must not fail has failed.
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report: Value =
        serde_json::from_slice(&std::fs::read(json).expect("a report")).expect("JSON");
    for (host, outcome, actual) in cells(&report, "fake/one/yields") {
        let said = match host.as_str() {
            "hangs" => "hung: it was killed after 1.5 s",
            "crashes" => "crashed: signal 6, SIGABRT",
            "floods" => "flooded its output",
            "rubbish" => "after 0 answers and 5006 bytes on standard output",
            "silent" => {
                "exited with 2 after 0 answers and 0 bytes on standard output; it said: no such flag"
            }
            _ => "exited with 7 after 0 answers",
        };
        assert_eq!(outcome, "lost", "{host}: {actual}");
        assert!(actual.contains(said), "{host}: {actual}");
    }
    // A host that ends as the case is to end has done nothing wrong that can be seen.
    let right: Vec<_> = cells(&report, "fake/one/exits")
        .into_iter()
        .filter(|(_, outcome, _)| outcome == "pass")
        .collect();
    assert_eq!(
        right
            .iter()
            .map(|(host, ..)| host.as_str())
            .collect::<Vec<_>>(),
        ["exits"]
    );
}

#[test]
fn the_exit_status_is_about_the_hosts_that_count() {
    let folder = tempfile::tempdir().expect("a folder");
    let [hosts, cases] = setup(folder.path());
    let status = |more: &[&str]| {
        let common = [
            "--hosts",
            &hosts,
            "--scripts",
            &cases,
            "--host",
            "silent",
            "--host",
            "exits",
        ];
        conform(&[&common[..], more].concat()).status.code()
    };
    assert_eq!(status(&[]), Some(0));
    assert_eq!(status(&["--fail-on", "silent"]), Some(1));
    assert_eq!(status(&["--fail-on", "none"]), Some(0));
    assert_eq!(
        status(&["--fail-on", "exits", "--filter", "fake.two"]),
        Some(0)
    );
    assert_eq!(status(&["--fail-on", "nobody"]), Some(2));
    assert_eq!(status(&["--filter", "no such case"]), Some(2));
    let folder = folder.path().join("expected");
    std::fs::create_dir(&folder).expect("a folder");
    let known = "[[suite]]\nname = \"scripts\"\n[[suite.test]]\nname = \"fake/one/yields\"\nexpected = \"fail\"\n\
                 [[suite.test]]\nname = \"fake/one/exits\"\nexpected = \"fail\"\n";
    std::fs::write(folder.join("silent.toml"), known).expect("it can be written");
    std::fs::write(folder.join("exits.toml"), known).expect("it can be written");
    let path = folder.display().to_string();
    assert_eq!(
        status(&["--fail-on", "silent", "--expectations", &path]),
        Some(0)
    );
    // It passes one that it was to fail.
    assert_eq!(
        status(&["--fail-on", "exits", "--expectations", &path]),
        Some(1)
    );
}

#[test]
fn a_case_that_a_host_cannot_be_started_for_is_skipped() {
    let folder = tempfile::tempdir().expect("a folder");
    let [hosts, cases] = setup(folder.path());
    let file = folder.path().join("hosts.toml");
    let entries = std::fs::read_to_string(&file).expect("the hosts");
    std::fs::write(
        &file,
        entries.replace("about = ", "cannot = [\"driver\"]\nabout = "),
    )
    .expect("it can be written");
    let output = conform(&["--hosts", &hosts, "--scripts", &cases, "--fail-on", "hangs"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        text(&output.stdout).contains("0/0 2 skipped"),
        "{}",
        text(&output.stdout)
    );
}
