//! Every call to a filesystem, failing: see `spec-notes/faults.md`.
//!
//! Knows that together these are enough cases. The files tell what is injected where.

#![cfg(target_os = "linux")]

mod advice;
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
mod streams;

use std::collections::BTreeSet;

/// A part of the matrix: its name, how many cases it has at least, and what runs it and tells them.
type Part = (&'static str, usize, fn() -> Vec<String>);

const PARTS: [Part; 3] = [
    ("by the kernel", 1_800, kernel::cases),
    ("in pieces", 700, pieces::cases),
    ("plugged in", 4_500, plugs::cases),
];

#[test]
fn every_call_that_fails_says_so_changes_nothing_and_works_the_next_time() {
    std::thread::scope(|scope| {
        let threads = PARTS.map(|part| (part, scope.spawn(part.2)));
        for ((name, least, _), thread) in threads {
            let cases: BTreeSet<String> = thread.join().unwrap().into_iter().collect();
            println!("{} cases {name}", cases.len());
            assert!(cases.len() >= least, "{} cases {name}", cases.len());
        }
    });
}
