//! Every case of `scripts`, on every filesystem it applies to.
//!
//! To look at some only: `SCRIPTS=path_open/errors cargo test -p wasi-shim-tests --test scripts`; that there are enough is
//! not asked then. Where something comes
//! out otherwise, and should, is in `expectations/filesystems.txt`.

use std::collections::BTreeSet;
use std::sync::LazyLock;
use wasi_shim_tests::notes::Page;
use wasi_shim_tests::script::differences::{self, Difference, Differences};
use wasi_shim_tests::script::{self, Base, Case, Over, Plan, Tree, check};

/// What the names of the cases have in them that are wanted; nothing if all are.
static WANTED: LazyLock<String> = LazyLock::new(|| std::env::var("SCRIPTS").unwrap_or_default());

static CASES: LazyLock<Vec<(Case, Plan)>> = LazyLock::new(|| {
    let all = script::load_all(&script::folder()).unwrap_or_else(|error| panic!("{error}"));
    let chosen: Vec<_> = all
        .into_iter()
        .filter(|case| case.id.contains(&*WANTED))
        .map(|case| {
            let plan = Plan::of(&case).unwrap_or_else(|error| panic!("{error}"));
            (case, plan)
        })
        .collect();
    assert!(!chosen.is_empty(), "no case has {} in its name", *WANTED);
    chosen
});

static DIFFERENCES: LazyLock<Differences> =
    LazyLock::new(|| differences::load().unwrap_or_else(|error| panic!("{error}")));

fn cases(tree: Tree) -> impl Iterator<Item = &'static (Case, Plan)> {
    CASES.iter().filter(move |(case, _)| tree.takes(case))
}

/// What is wrong with how a case comes out.
fn fault(case: &Case, plan: &Plan, tree: Tree, known: Option<&Difference>) -> Option<String> {
    let place = format!("{} on {tree}", case.id);
    match (check(case, plan, tree), known) {
        (Ok(()), None) => None,
        (Ok(()), Some(known)) => Some(format!(
            "{place}\n  no longer answers `{}`, as line {} has it",
            known.answers, known.line
        )),
        (Err(failure), Some(known)) if known.explains(&failure) => None,
        (Err(failure), _) => Some(format!("{place}\n  {failure}")),
    }
}

/// Runs all cases on some kinds of trees.
fn run_on(chosen: impl Fn(Tree) -> bool) {
    let mut faults = Vec::new();
    for tree in Tree::ALL.into_iter().filter(|tree| chosen(*tree)) {
        let (mut count, before) = (0, faults.len());
        let started = std::time::Instant::now();
        for (case, plan) in cases(tree) {
            count += 1;
            let known = DIFFERENCES.get(&(tree.to_string(), case.id.clone()));
            faults.extend(fault(case, plan, tree, known));
        }
        let wrong = faults.len() - before;
        println!(
            "{tree}: {count} cases, {wrong} wrong, {:?}",
            started.elapsed()
        );
        assert!(count > 0 || !WANTED.is_empty(), "no case applies to {tree}");
    }
    let shown = faults.join("\n");
    assert!(faults.is_empty(), "\n{shown}\n{} wrong", faults.len());
}

/// Which test a kind of tree belongs to.
fn group(tree: Tree) -> &'static str {
    match (tree.base, tree.over) {
        (Base::Memory, Over::Nothing) => "memory",
        (Base::Host, Over::Nothing) => "host",
        (_, Over::Stepwise) => "stepwise",
        (Base::Memory, Over::ReadOnly) => "memory, read-only",
        (Base::Host, Over::ReadOnly) => "host, read-only",
        (Base::Memory, Over::Overlay(Base::Memory, _)) => "overlays in memory",
        (Base::Host, Over::Overlay(..)) => "overlays over the host",
        (Base::Memory, Over::Overlay(Base::Host, _)) => "overlays kept on the host",
        (_, Over::Mounts(_)) => "mounts",
        (_, Over::Quota) => "quotas",
        (_, Over::Trace | Over::Faulty | Over::Latency) => "probes",
        (_, Over::Snapshot | Over::Original) => "snapshots",
        (_, Over::Closures | Over::Archive(_)) => "archives and closures",
    }
}

#[test]
fn in_memory() {
    run_on(|tree| group(tree) == "memory");
}

#[test]
fn on_the_host() {
    run_on(|tree| group(tree) == "host");
}

#[test]
fn on_the_host_step_by_step() {
    run_on(|tree| group(tree) == "stepwise");
}

#[test]
fn in_memory_read_only() {
    run_on(|tree| group(tree) == "memory, read-only");
}

#[test]
fn on_the_host_read_only() {
    run_on(|tree| group(tree) == "host, read-only");
}

#[test]
fn in_overlays_in_memory() {
    run_on(|tree| group(tree) == "overlays in memory");
}

#[test]
fn in_overlays_over_the_host() {
    run_on(|tree| group(tree) == "overlays over the host");
}

#[test]
fn in_overlays_that_are_kept_on_the_host() {
    run_on(|tree| group(tree) == "overlays kept on the host");
}

#[test]
fn in_mounts() {
    run_on(|tree| group(tree) == "mounts");
}

#[test]
fn in_quotas() {
    run_on(|tree| group(tree) == "quotas");
}

#[test]
fn in_sight_of_probes() {
    run_on(|tree| group(tree) == "probes");
}

#[test]
fn in_snapshots_and_what_they_were_taken_of() {
    run_on(|tree| group(tree) == "snapshots");
}

#[test]
fn in_archives_and_closures() {
    run_on(|tree| group(tree) == "archives and closures");
}

#[test]
fn there_are_at_least_a_thousand() {
    let all = script::load_all(&script::folder()).unwrap_or_else(|error| panic!("{error}"));
    assert!(all.len() >= 1_000, "{}", all.len());
}

#[test]
fn differences_are_about_cases_that_are_there_and_run() {
    let all = script::load_all(&script::folder()).unwrap_or_else(|error| panic!("{error}"));
    for ((tree, id), known) in &*DIFFERENCES {
        let runs = |tree: &Tree| all.iter().any(|case| case.id == *id && tree.takes(case));
        let tree = Tree::ALL.iter().find(|other| other.to_string() == *tree);
        assert!(tree.is_some_and(runs), "line {}: {id}", known.line);
    }
}

#[test]
fn a_list_of_differences_that_is_wrong_is_refused() {
    let good = "on memory\nanswers io\nwhy it is so\n  a/b/c\n";
    let read = differences::parse(good).expect("a list");
    assert_eq!(read.len(), 1);
    for (from, to) in [
        ("memory", "paper"),
        ("answers io\n", ""),
        ("why it is so\n", ""),
        ("  a/b/c\n", ""),
        ("  a/b/c\n", "  a/b/c\n  a/b/c\n"),
        ("on memory\n", ""),
        ("why", "whether"),
    ] {
        let bad = good.replace(from, to);
        assert!(differences::parse(&bad).is_err(), "{bad}");
    }
}

#[test]
fn a_difference_that_is_another_or_none_is_a_fault() {
    let text = "case c\nfd_close 99 -> badf\ncase d\nfd_close 99 -> ok\n";
    let cases = script::parse("a.txt", text).unwrap_or_else(|error| panic!("{error}"));
    let known = |answers: &str| Difference {
        answers: answers.to_owned(),
        ..Difference::default()
    };
    let faulty = |case: &Case, known: Option<&Difference>| {
        let plan = Plan::of(case).unwrap_or_else(|error| panic!("{error}"));
        fault(case, &plan, Tree::MEMORY, known).is_some()
    };
    let [right, wrong] = cases.as_slice() else {
        panic!("two cases")
    };
    assert!(!faulty(right, None) && faulty(wrong, None));
    // It no longer happens.
    assert!(faulty(right, Some(&known("badf"))));
    assert!(!faulty(wrong, Some(&known("badf"))));
    for other in ["bad", "io", "badf badf"] {
        assert!(faulty(wrong, Some(&known(other))), "{other}");
    }
}

/// A page's table says of each filesystem how many cases it takes at least, and how many come out otherwise.
#[test]
fn the_table_of_filesystems_says_what_is_run() {
    let page = Page::load("filesystems-cases.md");
    let table = page.table("What is run");
    let mut missing: BTreeSet<String> = Tree::ALL.iter().map(Tree::to_string).collect();
    for row in &table.rows {
        let [name, least, otherwise] = row.cells.as_slice() else {
            panic!("line {}: three cells", row.line)
        };
        let name = name.trim_matches('`');
        let tree = Tree::ALL.into_iter().find(|tree| tree.to_string() == name);
        let tree = tree.unwrap_or_else(|| panic!("line {}: no such filesystem", row.line));
        let least: usize = least.parse().expect("a number");
        let listed = DIFFERENCES.keys().filter(|(tree, _)| tree == name).count();
        assert!(
            cases(tree).count() >= least || !WANTED.is_empty(),
            "fewer cases on {name}"
        );
        assert_eq!(otherwise.parse(), Ok(listed), "differences on {name}");
        assert!(missing.remove(name), "{name} is there twice");
    }
    assert!(missing.is_empty(), "{missing:?}");
}
