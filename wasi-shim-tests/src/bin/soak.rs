//! `cargo run --release -p wasi-shim-tests --no-default-features --bin soak`: see `spec-notes/faults.md`.

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::process::{Command, ExitCode};
use wasi_shim_tests::soak::{Options, many_entries, run};

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// One arena, which gives back what is free at its end: else glibc keeps as much as each of several threads ever had, and
/// that hides what leaks.
const ALLOCATOR: [(&str, &str); 2] = [
    ("MALLOC_ARENA_MAX", "1"),
    ("MALLOC_TRIM_THRESHOLD_", "65536"),
];

fn main() -> ExitCode {
    // The allocator reads its settings before anything else runs.
    if std::env::var_os(ALLOCATOR[0].0).is_none() {
        let this = std::env::current_exe().expect("the binary has a path");
        let mut command = Command::new(this);
        command.args(std::env::args_os().skip(1)).envs(ALLOCATOR);
        let status = command.status().expect("the binary runs");
        return ExitCode::from(u8::from(!status.success()));
    }
    let options = match Options::read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(wrong) => {
            eprintln!("{wrong}");
            return ExitCode::from(2);
        }
    };
    let report = run(&options, || HEAP.stats().into());
    print!("{report}");
    let mut breaches = report.breaches();
    if options.entries > 0 {
        let found = many_entries(options.entries);
        println!("| entries listed | {} |", found.summary());
        breaches.extend(found.breaches(options.entries));
    }
    for breach in &breaches {
        println!("breach: {breach}");
    }
    ExitCode::from(u8::from(!breaches.is_empty()))
}
