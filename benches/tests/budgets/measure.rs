//! What an operation takes on each tree.
//!
//! Knows the trees, and which counts are taken on which. Refuses to know what is allowed. The tests compare what comes out
//! of this with the budgets.

use std::collections::BTreeMap;

use super::names;
use super::plug;
use super::trace::{self, Call};
use crate::operations::guest::Guest;
use crate::operations::tree::Tree;
use crate::operations::{self, Operation};

/// Names of what is counted, each with how often it happened. What did not happen is not there.
pub(crate) type Counts = BTreeMap<String, u64>;

/// The counts of each operation, in the order of the operations.
pub(crate) type Measured = Vec<(String, Counts)>;

/// How often an operation is done. The least is what it takes: the first time something is made that stays, and sooner or
/// later the allocator asks the system for more.
const ROUNDS: usize = 4;

/// The trees, each with what it is.
pub(crate) const TREES: [&str; 4] = ["host", "memory", "walked", "shortcut"];

/// What all operations take on a tree.
pub(crate) fn measure(tree: &str) -> Measured {
    match tree {
        "host" | "memory" => on_a_tree(tree),
        "walked" => plugged(false),
        _ => plugged(true),
    }
}

/// Does something on one of the trees for which system calls are counted.
fn on(tree: &str, run: impl FnOnce(&mut Guest, Vec<Operation>)) {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let tree = if tree == "host" {
        Tree::host(folder.path())
    } else {
        Tree::memory()
    };
    let mut guest = Guest::new(&tree);
    let all = operations::all(&tree, &mut guest);
    run(&mut guest, all);
}

/// In the child: all operations on a tree.
pub(crate) fn subject(tree: &str) {
    if tree == "proof" {
        return proofs()
            .iter()
            .for_each(|proof| trace::between_markers(&mut || proof()));
    }
    on(tree, |guest, all| {
        for operation in all {
            for _ in 0..ROUNDS {
                operation.once(guest, trace::between_markers);
            }
        }
    });
}

/// What is done to see that the counting works: nothing, an allocation, a system call, and a look at the clock.
pub(crate) fn proofs() -> [fn(); 4] {
    [
        || {},
        || drop(std::hint::black_box(Box::new([0_u8; 100]))),
        || assert!(nix::unistd::getppid().as_raw() > 0),
        || assert!(std::time::SystemTime::now() > std::time::UNIX_EPOCH),
    ]
}

/// The system calls of each round of each operation.
pub(crate) fn calls(tree: &str) -> Vec<Vec<Vec<Call>>> {
    let rounds = trace::trace(tree);
    rounds.chunks(ROUNDS).map(<[_]>::to_vec).collect()
}

fn on_a_tree(tree: &str) -> Measured {
    let calls = calls(tree);
    let mut measured = Vec::new();
    on(tree, |guest, all| {
        assert_eq!(calls.len(), all.len(), "parent and child do the same");
        for (operation, rounds) in all.into_iter().zip(&calls) {
            let least = rounds
                .iter()
                .min_by_key(|calls| calls.len())
                .expect("rounds");
            let mut counts = named(least);
            counts.extend(allocated(guest, &operation));
            measured.push((operation.name, counts));
        }
    });
    measured
}

fn named(calls: &[Call]) -> Counts {
    let mut counts = Counts::new();
    for call in calls.iter().filter(|call| !is_a_check(call)) {
        *counts.entry(names::name(call.number)).or_default() += 1;
    }
    counts
}

/// The standard library looks whether a handle that it closes is open, where debug assertions are on.
fn is_a_check(call: &Call) -> bool {
    let looks = call.arguments[1] == nix::libc::F_GETFD as u64;
    cfg!(debug_assertions) && looks && names::name(call.number) == "fcntl"
}

/// Allocations, and their bytes. A reallocation is one.
fn allocated(guest: &mut Guest, operation: &Operation) -> Counts {
    let mut least: Option<(u64, u64)> = None;
    for _ in 0..ROUNDS {
        operation.once(guest, |run| {
            let info = allocation_counter::measure(run);
            let this = (info.count_total, info.bytes_total);
            least = Some(least.map_or(this, |least| least.min(this)));
        });
    }
    let (count, bytes) = least.expect("rounds");
    let counts = [("allocations", count), ("bytes", bytes)];
    counts
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| (name.to_owned(), count))
        .collect()
}

fn plugged(shortcuts: bool) -> Measured {
    let (tree, asked) = plug::counted(Tree::memory(), shortcuts);
    let mut guest = Guest::new(&tree);
    let all = operations::all(&tree, &mut guest);
    let measured = all.into_iter().map(|operation| {
        let mut counts = Counts::new();
        for _ in 0..ROUNDS {
            operation.once(&mut guest, |run| {
                asked.take();
                run();
                counts = asked
                    .take()
                    .into_iter()
                    .map(|(name, count)| (name.to_owned(), count))
                    .collect();
            });
        }
        (operation.name, counts)
    });
    measured.collect()
}
