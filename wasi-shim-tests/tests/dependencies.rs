//! What comes with the library: few packages, no engine, no asynchronous runtime.

use std::collections::BTreeSet;
use std::process::Command;

#[test]
fn the_library_brings_few_packages_and_neither_engine_nor_runtime() {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--package",
            "wasi-shim",
            "--edges",
            "normal",
            "--prefix",
            "none",
        ])
        .args(["--locked", "--offline", "--format", "{p}"])
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let tree = String::from_utf8(output.stdout).expect("text");
    let packages: BTreeSet<&str> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
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
