//! Which versions are compared: what Cargo has locked, and what Node says.

use std::collections::BTreeMap;
use std::process::Command;

/// The file that says which versions were built in.
const LOCK: &str = include_str!("../../../Cargo.lock");

/// Those whose versions matter.
const PACKAGES: [&str; 4] = ["wasi-shim", "wasi-common", "wasmtime", "wasmtime-wasi"];

/// The versions, by name. What cannot be found is not there.
pub fn versions() -> BTreeMap<String, String> {
    let packages = PACKAGES
        .into_iter()
        .filter_map(|name| Some((name, locked(name)?)));
    let packages = packages.map(|(name, version)| (name.to_owned(), version.to_owned()));
    let node = node().map(|version| ("node".to_owned(), version));
    packages.chain(node).collect()
}

/// The version that stands below a name.
fn locked(name: &str) -> Option<&'static str> {
    let (_, found) = LOCK.split_once(&format!("\nname = \"{name}\"\nversion = \""))?;
    Some(found.split_once('"')?.0)
}

fn node() -> Option<String> {
    let output = Command::new("node").arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().trim_start_matches('v').to_owned())
}
