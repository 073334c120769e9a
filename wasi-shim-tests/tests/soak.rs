//! A short soak: see `spec-notes/faults.md` for what long ones showed.
//!
//! Knows that nothing may be left behind. What the resident size does in two seconds tells nothing, so its slope is not
//! asked for; what is allocated tells.

#![cfg(target_os = "linux")]

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::sync::Mutex;
use wasi_shim_tests::soak::{Options, many_entries, run};

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Both count what the process has open.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn many_guests_leave_no_descriptor_and_no_file_behind() {
    let _alone = ALONE.lock();
    let options = Options {
        seconds: 2.0,
        threads: 4,
        descriptors: 48,
        instances: 400,
        exhaustions: 20,
        slope: f64::INFINITY,
        ..Options::default()
    };
    let report = run(&options, || HEAP.stats().into());
    println!("{report}");
    assert_eq!(report.breaches(), Vec::<String>::new());
    assert!(report.calls > report.errors);
}

#[test]
fn a_large_directory_is_listed_once_with_a_small_buffer() {
    let _alone = ALONE.lock();
    let found = many_entries(20_000);
    println!("{}", found.summary());
    assert_eq!(found.entries, 20_000);
    // About a hundred records fit, and one in each buffer is cut off and read again.
    assert!(found.calls < 20_000 * 40 / 4_096 * 2, "{}", found.calls);
}
