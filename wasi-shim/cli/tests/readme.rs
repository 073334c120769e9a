//! Every command in the README does what it says.

use std::{fs, path::Path, process::Command};

/// The commands in blocks of shell, in order.
fn commands(readme: &str) -> Vec<&str> {
    let mut inside = false;
    let mut commands = Vec::new();
    for line in readme.lines() {
        match line {
            "```sh" => inside = true,
            "```" => inside = false,
            command if inside => commands.push(command),
            _ => {}
        }
    }
    commands
}

#[test]
fn the_readmes_commands_work() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let mut ran = 0;
    for command in commands(&readme) {
        // What is downloaded is run by `wasi-shim-tests/real/run readme`, the runner by its own tests, and the tests are
        // what is running.
        let elsewhere = [
            "npm pack ",
            "tar -xzf ",
            "cargo test --workspace",
            "cargo run --release -p wasi-shim-tests --bin conform -- ",
        ];
        if elsewhere.iter().any(|start| command.starts_with(start))
            || command.contains("python.wasm")
        {
            continue;
        }
        let Some(args) = command.strip_prefix("cargo run --release -- ") else {
            panic!("nothing runs the README's command: {command}");
        };
        let status = Command::new(env!("CARGO_BIN_EXE_wasi-shim"))
            .args(args.split(' '))
            .current_dir(&root)
            .status()
            .unwrap();
        assert!(status.success(), "{command}: {status}");
        ran += 1;
    }
    assert!(ran > 0, "the README has a command to try");
}

#[test]
fn the_tour_has_no_surprises_on_a_directory_either() {
    let directory = tempfile::tempdir().unwrap();
    let tour = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/tour.wat");
    let preopen = format!("{}::/", directory.path().display());
    let output = Command::new(env!("CARGO_BIN_EXE_wasi-shim"))
        .args(["run", "--no-cache", "--dir", &preopen])
        .arg(tour)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.ends_with("The tour is over.\n"), "{said}");
    assert_eq!(
        fs::read_dir(directory.path()).unwrap().count(),
        0,
        "it leaves nothing behind"
    );
}

#[test]
fn the_tour_says_what_it_needs() {
    let tour = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/tour.wat");
    let output = Command::new(env!("CARGO_BIN_EXE_wasi-shim"))
        .args(["run", "--no-cache"])
        .arg(tour)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        said,
        "The tour needs a directory: give it one with --mem /\n"
    );
}
