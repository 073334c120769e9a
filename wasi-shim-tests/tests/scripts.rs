//! Every case of `scripts`, on every kind of tree it applies to.
//!
//! To look at some only: `SCRIPTS=path_open/errors cargo test -p wasi-shim-tests --test scripts`.

use wasi_shim_tests::script::direct::{Tree, check};
use wasi_shim_tests::script::{self, Case, Plan};

fn cases() -> Vec<Case> {
    let wanted = std::env::var("SCRIPTS").unwrap_or_default();
    let all = script::load_all(&script::folder()).unwrap_or_else(|error| panic!("{error}"));
    let chosen: Vec<_> = all
        .into_iter()
        .filter(|case| case.id.contains(&wanted))
        .collect();
    assert!(!chosen.is_empty(), "no case has {wanted} in its name");
    chosen
}

/// Runs all cases on a kind of tree; says how many there were.
fn run_on(tree: Tree) {
    let mut failures = Vec::new();
    let mut count = 0;
    for case in cases().iter().filter(|case| tree.takes(case)) {
        count += 1;
        let plan = Plan::of(case).unwrap_or_else(|error| panic!("{error}"));
        if let Err(failure) = check(case, &plan, tree) {
            failures.push(format!("{} on {}\n  {failure}", case.id, tree.name()));
        }
    }
    println!("{}: {count} cases, {} failed", tree.name(), failures.len());
    assert!(
        failures.is_empty(),
        "\n{}\n{} of {count} failed",
        failures.join("\n"),
        failures.len()
    );
}

#[test]
fn in_memory() {
    run_on(Tree::Memory);
}

#[test]
fn on_the_host() {
    run_on(Tree::Host);
}

#[test]
fn on_the_host_step_by_step() {
    run_on(Tree::HostStepwise);
}

#[test]
fn in_memory_read_only() {
    run_on(Tree::ReadOnlyMemory);
}

#[test]
fn on_the_host_read_only() {
    run_on(Tree::ReadOnlyHost);
}

#[test]
fn there_are_at_least_a_thousand() {
    let all = script::load_all(&script::folder()).unwrap_or_else(|error| panic!("{error}"));
    assert!(all.len() >= 1_000, "{}", all.len());
}
