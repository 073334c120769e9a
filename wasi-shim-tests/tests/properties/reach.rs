//! What random sequences come across, so that a change of the generator cannot make the properties empty.
//!
//! Asks the model alone, with sequences that are the same each time.

use crate::generate::{Profile, calls};
use crate::run::resolve;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use std::collections::{BTreeMap, BTreeSet};
use wasi_shim::abi::Errno;
use wasi_shim_tests::model::{Model, System};
use wasi_shim_tests::oracles::known::spelled;

/// How many sequences are looked at.
const SEQUENCES: usize = 3_000;

/// The functions that are asked for: all on files, directories and descriptors.
const FUNCTIONS: usize = 31;

/// What each function answered, by the spelling of the list of differences.
fn answers() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let mut runner = TestRunner::deterministic();
    let mut answers: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for _ in 0..SEQUENCES {
        let tree = calls(Profile::ALL).new_tree(&mut runner);
        let mut model = Model::new();
        for mut call in tree.expect("a sequence").current() {
            resolve(&mut call, &model);
            if !model.writes_far(&call) {
                let answer = model.answer(&call);
                answers
                    .entry(call.name())
                    .or_default()
                    .insert(spelled(&answer));
            }
        }
    }
    answers
}

#[test]
fn every_function_is_called_and_does_something_and_is_refused() {
    let answers = answers();
    assert_eq!(answers.len(), FUNCTIONS, "{:?}", answers.keys());
    for (name, answers) in &answers {
        let needed = ["success", Errno::Badf.name()];
        assert!(
            needed.iter().all(|one| answers.contains(one)),
            "{name}: {answers:?}"
        );
    }
}

#[test]
fn paths_are_refused_for_every_reason() {
    let answers = answers();
    let errors = [
        Errno::Ilseq,
        Errno::Inval,
        Errno::Loop,
        Errno::Nametoolong,
        Errno::Noent,
        Errno::Notcapable,
        Errno::Notdir,
        Errno::Perm,
    ];
    for (name, answers) in answers.iter().filter(|(name, _)| name.starts_with("path_")) {
        let missing = errors.iter().find(|errno| !answers.contains(errno.name()));
        assert_eq!(missing, None, "{name}: {answers:?}");
    }
}
