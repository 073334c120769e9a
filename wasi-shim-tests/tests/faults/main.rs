//! Every call to a filesystem, failing: see `spec-notes/faults.md`.
//!
//! Knows that together these are enough cases. The files tell what is injected where.

#![cfg(target_os = "linux")]

mod again;
mod calls;
mod case;
mod errors;
mod interrupted;
mod kernel;
mod operations;
mod pieces;
mod plan;
mod plugs;
mod rows;
mod scene;
mod shortage;
mod state;

/// A part of the matrix: its name, and what runs it and tells its cases.
type Part = (&'static str, fn() -> Vec<String>);

/// How many cases there are at least.
const CASES: usize = 1_000;

#[test]
fn every_call_that_fails_says_so_changes_nothing_and_works_the_next_time() {
    let parts: [Part; 3] = [
        ("by the kernel", kernel::cases),
        ("in pieces", pieces::cases),
        ("plugged in", plugs::cases),
    ];
    let mut all = std::collections::BTreeSet::new();
    std::thread::scope(|scope| {
        let threads = parts.map(|(name, cases)| (name, scope.spawn(cases)));
        for (name, thread) in threads {
            let cases = thread.join().unwrap();
            println!("{} cases {name}", cases.len());
            all.extend(cases.into_iter().map(|case| format!("{name}: {case}")));
        }
    });
    println!("{} cases", all.len());
    assert!(all.len() >= CASES);
}
