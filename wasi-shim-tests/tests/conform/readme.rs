//! The README's commands, on the cases of one function.

use std::path::Path;
use std::process::Command;

const START: &str = "cargo run --release -p wasi-shim-tests --bin conform -- ";

#[test]
fn the_readmes_commands_work() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = std::fs::read_to_string(root.join("README.md")).expect("the README");
    let folder = tempfile::tempdir().expect("a temporary directory");
    std::fs::create_dir(folder.path().join("target")).expect("a directory");
    let mut ran = 0;
    for command in readme.lines().filter_map(|line| line.strip_prefix(START)) {
        let status = Command::new(env!("CARGO_BIN_EXE_conform"))
            .args(command.split(' '))
            .args(["--filter", "fd_tell/"])
            .current_dir(folder.path())
            .status()
            .expect("it runs");
        assert!(status.success(), "{command}: {status}");
        ran += 1;
    }
    assert!(ran > 1, "the README has commands to try");
    assert!(folder.path().join("target/conform.html").is_file());
}
