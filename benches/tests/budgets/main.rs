//! What an operation may take, counted: system calls of the host, allocations, and calls of a filesystem's methods.
//!
//! The budgets are in `benches/budgets.toml`. What takes more fails, and what takes less fails too, so that the file says
//! how it is. `BUDGETS=show` prints the counts; `BUDGETS=update` lowers the numbers of the file and adds what it does not
//! know; none of its numbers grows but by hand. See `spec-notes/budgets.md`.

#![cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]

mod budget;
mod measure;
mod names;
#[path = "../../operations/mod.rs"]
mod operations;
mod plug;
mod trace;

use budget::Budgets;
use measure::{Counts, Measured, TREES};
use operations::tree::ENTRIES;
use std::fs;
use std::sync::LazyLock;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/budgets.toml");

/// Everything that was counted, tree by tree.
static ALL: LazyLock<Vec<(&str, Measured)>> = LazyLock::new(|| {
    let mut all: Vec<_> = TREES
        .iter()
        .map(|tree| (*tree, measure::measure(tree)))
        .collect();
    let clock_is_free = clock_is_free();
    for (_, counts) in all.iter_mut().flat_map(|(_, measured)| measured) {
        // The allocator's, when it gives back the end of a heap. The library has no use for it.
        counts.remove("madvise");
        if !clock_is_free {
            counts.remove("clock_gettime");
        }
    }
    match std::env::var("BUDGETS").as_deref() {
        Ok("show") => show(&all),
        Ok("update") => {
            let text = fs::read_to_string(FILE).expect("the budgets");
            fs::write(FILE, Budgets::parse(&text).updated(&text, &all))
                .expect("they can be written");
        }
        _ => {}
    }
    all
});

/// Can the time be told without a system call? That is the machine's business, so it is not counted where it cannot.
fn clock_is_free() -> bool {
    trace::trace("proof").last().is_some_and(Vec::is_empty)
}

fn show(all: &[(&str, Measured)]) {
    for (tree, measured) in all {
        for (operation, counts) in measured {
            println!("{operation}: {}", budget::line(tree, counts, None));
        }
    }
}

fn budgets() -> Budgets {
    Budgets::parse(&fs::read_to_string(FILE).expect("the budgets"))
}

fn check(tree: &str) {
    let (_, measured) = ALL.iter().find(|(name, _)| *name == tree).expect("a tree");
    let faults = budgets().faults(tree, measured);
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// What the other tests start once more to trace it.
#[test]
fn subject() {
    trace::subject(measure::subject);
}

#[test]
fn on_a_host_directory() {
    check("host");
}

#[test]
fn in_memory() {
    check("memory");
}

#[test]
fn a_filesystem_that_is_walked() {
    check("walked");
}

#[test]
fn a_filesystem_with_shortcuts() {
    check("shortcut");
}

#[test]
fn every_budget_is_measured() {
    let faults = budgets().unmeasured(&ALL);
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// The kernel's record of an entry is 19 bytes and the name with its NUL, in units of 8 bytes.
const fn record(name: usize) -> usize {
    (19 + name + 1).next_multiple_of(8)
}

#[test]
fn a_directory_is_read_in_as_few_calls_as_its_buffer_allows() {
    let (_, measured) = ALL
        .iter()
        .find(|(tree, _)| *tree == "host")
        .expect("a tree");
    let index = measured
        .iter()
        .position(|(name, _)| name.starts_with("fd_readdir"))
        .expect("it is measured");
    let calls = measure::calls("host")
        .swap_remove(index)
        .pop()
        .expect("rounds");
    let listing: Vec<_> = calls
        .iter()
        .filter(|call| names::name(call.number) == "getdents64")
        .collect();
    let buffer = usize::try_from(listing[0].arguments[2]).expect("a size");
    let bytes = ENTRIES * record("entry000".len()) + record(1) + record(2);
    // One record may not fit any more at the end of each; the last call says that there is nothing left.
    let needed = bytes.div_ceil(buffer - record("entry000".len())) + 1;
    assert!(
        listing.len() <= needed,
        "{} calls for {bytes} bytes in buffers of {buffer}",
        listing.len()
    );
}

#[test]
fn one_system_call_more_is_noticed() {
    let calls = trace::trace("proof");
    let counts: Vec<Vec<String>> = calls
        .iter()
        .map(|calls| calls.iter().map(|call| names::name(call.number)).collect())
        .collect();
    assert_eq!(counts[..3], [vec![], vec![], vec!["getppid".to_owned()]]);
}

#[test]
fn one_allocation_more_is_noticed() {
    let counts = measure::proofs().map(|proof| {
        let info = allocation_counter::measure(proof);
        (info.count_total, info.bytes_total)
    });
    assert_eq!(counts, [(0, 0), (1, 100), (0, 0), (0, 0)]);
}

const BUDGETS: &str = r#"
[same]
open = ["openat", "openat2"]

# Two names.
[operation."two"]
host = { open = 1, allocations = 2, bytes_at_most = 10 }

[operation."three"]
"#;

fn counts(all: &[(&str, u64)]) -> Counts {
    all.iter()
        .map(|(name, count)| ((*name).to_owned(), *count))
        .collect()
}

fn faults(operation: &str, all: &[(&str, u64)]) -> Vec<String> {
    Budgets::parse(BUDGETS).faults("host", &vec![(operation.to_owned(), counts(all))])
}

#[test]
fn a_count_that_differs_is_a_fault() {
    assert_eq!(
        faults("two", &[("openat2", 1), ("allocations", 2), ("bytes", 10)]),
        [""; 0]
    );
    let found = faults(
        "two",
        &[
            ("openat", 1),
            ("openat2", 1),
            ("allocations", 1),
            ("bytes", 11),
            ("close", 1),
        ],
    );
    let expected = "two: only 1 allocations of 2: lower the budget, 11 bytes allocated instead of at most 10, \
        1 close instead of 0, 2 open instead of 1\n    host = { allocations = 1, close = 1, open = 2, bytes_at_most = 10 }";
    assert_eq!(found, [expected]);
    assert_eq!(
        faults("three", &[("openat", 1)]),
        ["three: 1 open instead of 0\n    host = { open = 1 }"]
    );
    assert_eq!(
        faults("four", &[("read", 1)]),
        ["four: has no budget; host = { read = 1 }"]
    );
}

#[test]
fn a_budget_that_nothing_measures_is_a_fault() {
    let measured = |tree| (tree, vec![("three".to_owned(), Counts::new())]);
    let found = Budgets::parse(BUDGETS).unmeasured(&[measured("host")]);
    assert_eq!(
        found,
        [
            "two: nothing measures it",
            "two: nothing measures it on `host`"
        ]
    );
}

#[test]
fn an_update_lowers_and_adds_and_never_raises() {
    let measured = vec![
        (
            "two".to_owned(),
            counts(&[("openat", 1), ("allocations", 1), ("bytes", 50)]),
        ),
        ("three".to_owned(), counts(&[("read", 1)])),
        ("four".to_owned(), counts(&[("read", 1), ("Dir::open", 1)])),
    ];
    let updated = Budgets::parse(BUDGETS).updated(BUDGETS, &[("host", measured)]);
    let expected = BUDGETS.replace("open = 1, allocations = 2", "allocations = 1, open = 1")
        + "\n[operation.\"four\"]\nhost = { \"Dir::open\" = 1, read = 1 }\n";
    assert_eq!(updated, expected);
}
