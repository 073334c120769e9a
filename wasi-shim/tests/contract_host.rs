//! Directories of the host keep the contract of filesystems.
#![cfg(all(unix, feature = "host"))]

use tempfile::TempDir;
use wasi_shim::host::open_dir;
use wasi_shim::vfs::contract::{Abilities, Scratch};

#[allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]
fn scratch() -> Scratch {
    let temp = TempDir::new().unwrap();
    Scratch::guarded(open_dir(temp.path()).unwrap(), temp)
}

wasi_shim::vfs::contract!(
    scratch,
    Abilities {
        allocate: cfg!(target_os = "linux"),
        exact_names: cfg!(not(target_vendor = "apple")),
        ..Abilities::ALL
    }
);
