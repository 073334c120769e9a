//! The list of known differences itself: that it says what it should, and that nothing is in it that does not happen.

use crate::against_kernel::{self, KERNEL};
use crate::against_wasi_common::{self, WASI_COMMON};
use crate::conditions::CONDITIONS;
use crate::examples::examples;
use crate::generate::{Profile, calls};
use crate::run::Oracle;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use std::collections::BTreeSet;
use wasi_shim::abi::Syscall;
use wasi_shim_tests::oracles::known::{Row, rows};

/// How many differences there may be.
const MOST: usize = 60;

/// How many sequences it may take until all of them were seen. The sequences are always the same.
const SEQUENCES: usize = 8_000;

fn is_beginning(name: &str, known: &str) -> bool {
    let beginning = name.strip_suffix('*');
    beginning.is_some_and(|beginning| known.starts_with(beginning))
}

#[test]
fn the_list_is_short_and_each_row_has_a_condition_and_a_reason() {
    let rows = rows();
    assert!(rows.len() <= MOST, "{} rows", rows.len());
    for row in &rows {
        let line = row.line;
        assert!(
            [KERNEL.name, WASI_COMMON.name].contains(&&row.oracle[..]),
            "line {line}"
        );
        assert!(row.reason.len() > 3, "line {line}: say why");
        for name in &row.operations {
            let mut known = Syscall::ALL.iter().map(|call| call.name());
            let is_it = |known: &str| known == name || is_beginning(name, known);
            assert!(known.any(is_it), "line {line}: {name}");
        }
        row.condition(CONDITIONS);
    }
    for (name, _) in CONDITIONS {
        assert!(
            rows.iter().any(|row| row.when == *name),
            "no row is about {name:?}"
        );
    }
}

/// Makes the same sequences each time, until every row of the oracle has excused something.
fn unused(oracle: &Oracle<'_>, profile: Profile, rows: &[Row]) -> BTreeSet<usize> {
    let mine = rows.iter().filter(|row| row.oracle == oracle.name);
    let mut unused: BTreeSet<usize> = mine.map(|row| row.line).collect();
    let mut runner = TestRunner::deterministic();
    let mut random = || {
        let tree = calls(profile).new_tree(&mut runner).expect("a sequence");
        Some(tree.current())
    };
    let random = std::iter::from_fn(&mut random).take(SEQUENCES);
    for calls in examples().into_iter().chain(random) {
        if unused.is_empty() {
            break;
        }
        let mut used = BTreeSet::new();
        let found = oracle.compare(&calls, rows, &mut used);
        assert_eq!(found, Ok(()));
        unused.retain(|line| !used.contains(line));
    }
    unused
}

#[test]
fn every_difference_to_the_kernel_still_happens() {
    let unused = unused(&KERNEL, against_kernel::PROFILE, &rows());
    assert_eq!(unused, BTreeSet::new(), "take these lines out of the list");
}

#[test]
fn every_difference_to_wasi_common_still_happens() {
    let unused = unused(&WASI_COMMON, against_wasi_common::PROFILE, &rows());
    assert_eq!(unused, BTreeSet::new(), "take these lines out of the list");
}
