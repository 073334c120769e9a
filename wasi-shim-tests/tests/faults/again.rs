//! This binary's tests, run again in a process of their own.
//!
//! Knows how a test tells that it is the second process, and where that keeps its files. Refuses to know why. Tests that
//! change their process use it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Where the second process keeps its files.
const VARIABLE: &str = "FAULTS_FOLDER";

/// The folder, in the second process.
pub(crate) fn folder() -> Option<PathBuf> {
    std::env::var_os(VARIABLE).map(PathBuf::from)
}

/// Runs a test again, by a shell that has done something first: limits are inherited, and so is a signal that is ignored.
/// What it made in `folder` goes with it.
pub(crate) fn run(test: &str, first: &str, folder: &Path) {
    let Output {
        status,
        stdout,
        stderr,
    } = output(test, first, folder);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = format!("{first}\n{}{}", text(&stdout), text(&stderr));
    assert!(status.success(), "{said}");
    assert!(text(&stdout).contains("1 passed"), "{said}");
}

/// The same, however it ends.
pub(crate) fn output(test: &str, first: &str, folder: &Path) -> Output {
    let script = format!("{first} exec \"$0\" \"$@\"");
    let this = std::env::current_exe().unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", &script]).arg(this);
    command.args(["--exact", test, "--nocapture"]);
    command.env(VARIABLE, folder).env("TMPDIR", folder);
    command.output().unwrap()
}
