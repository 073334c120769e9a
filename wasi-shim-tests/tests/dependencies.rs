//! What comes with the library: few packages, no engine, no asynchronous runtime.

use std::collections::BTreeSet;
use std::process::Command;

/// The packages that come with the library, given these options.
fn packages(options: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--package", "wasi-shim", "--edges", "normal"])
        .args([
            "--prefix",
            "none",
            "--locked",
            "--offline",
            "--format",
            "{p}",
        ])
        .args(options)
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let tree = String::from_utf8(output.stdout).expect("text");
    let names = tree.lines().filter_map(|line| line.split(' ').next());
    names.map(str::to_owned).collect()
}

#[test]
fn the_library_brings_few_packages_and_neither_engine_nor_runtime() {
    let packages = packages(&[]);
    assert!(
        packages.contains("wasi-shim") && packages.contains("cap-std"),
        "{packages:?}"
    );
    assert!(
        packages.len() < 35,
        "{} packages: {packages:?}",
        packages.len()
    );
    for unwanted in [
        "wasmtime",
        "wasmi",
        "wasmer",
        "tokio",
        "async-std",
        "smol",
        "futures",
    ] {
        assert!(
            !packages.contains(unwanted),
            "{unwanted} comes with the library"
        );
    }
}

/// What is compiled into a program; what these are made with runs where they are built.
const CORE: [&str; 4] = ["arc-swap", "bitflags", "thiserror", "wasi-shim"];
const MADE_WITH: [&str; 6] = [
    "proc-macro2",
    "quote",
    "rustversion",
    "syn",
    "thiserror-impl",
    "unicode-ident",
];

#[test]
fn without_its_default_features_the_library_brings_nothing_that_knows_a_system() {
    let known: BTreeSet<String> = CORE
        .iter()
        .chain(&MADE_WITH)
        .map(ToString::to_string)
        .collect();
    assert_eq!(packages(&["--no-default-features"]), known);
    // For a target that has neither, too, where an unconditional package could hide.
    let wasm = [
        "--no-default-features",
        "--target",
        "wasm32-unknown-unknown",
    ];
    assert_eq!(packages(&wasm), known);
}
