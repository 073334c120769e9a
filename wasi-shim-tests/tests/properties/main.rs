//! Random sequences of calls, compared with a model, with the kernel, and with wasi-common.
//!
//! `spec-notes/properties.md` says what is compared and what is known to differ. `PROPTEST_CASES` says how many sequences
//! there are; what fails is kept in `proptest-regressions` and tried first from then on.

#![cfg(target_os = "linux")]

mod against_kernel;
mod against_model;
mod against_wasi_common;
mod conditions;
mod differences;
mod examples;
mod generate;
mod invariants;
mod kernel;
mod reach;
mod run;

use proptest::test_runner::{Config, FileFailurePersistence};

/// How many sequences there are unless `PROPTEST_CASES` says otherwise.
const CASES: u32 = 600;

/// How a property is tried; `file` is where failures are kept.
fn config(file: &'static str) -> Config {
    let mut config = Config {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(file))),
        max_shrink_iters: 20_000,
        ..Config::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = CASES;
    }
    config
}

/// The path of a file of failures.
macro_rules! kept_in {
    ($name:literal) => {
        concat!(env!("CARGO_MANIFEST_DIR"), "/proptest-regressions/", $name)
    };
}
use kept_in;
