//! Trees that were put together keep the contract of filesystems: at the root, in a tree that is mounted, and beside one.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

mod support;

use std::sync::Arc;
use support::subdir;
use wasi_shim::backends::{MemDir, Mounts};
use wasi_shim::vfs::Dir;

fn at_the_root() -> Arc<Mounts> {
    Mounts::builder().mount("/", MemDir::new()).build().unwrap()
}

/// A mounted tree, with another mount point nowhere near.
fn mounted() -> Arc<dyn Dir> {
    let root = Mounts::builder()
        .mount("/", MemDir::new())
        .mount("/usr/lib", MemDir::new())
        .mount("/etc", MemDir::new())
        .build()
        .unwrap();
    subdir(&*subdir(&*root, "usr"), "lib")
}

/// A directory of a tree that has mount points elsewhere.
fn beside() -> Arc<dyn Dir> {
    let tree = MemDir::new();
    tree.dir("work").unwrap();
    let root = Mounts::builder()
        .mount("/", tree)
        .mount("/usr/lib", MemDir::new())
        .build()
        .unwrap();
    subdir(&*root, "work")
}

mod root {
    wasi_shim::vfs::contract!(super::at_the_root);
}

mod in_a_mounted_tree {
    wasi_shim::vfs::contract!(super::mounted);
}

mod beside_a_mount_point {
    wasi_shim::vfs::contract!(super::beside);
}

#[cfg(all(unix, feature = "host"))]
mod of_the_host {
    use super::subdir;
    use tempfile::TempDir;
    use wasi_shim::backends::{MemDir, Mounts};
    use wasi_shim::host::open_dir;
    use wasi_shim::vfs::contract::{Abilities, Scratch};

    fn scratch() -> Scratch {
        let temp = TempDir::new().unwrap();
        let root = Mounts::builder()
            .mount("/", MemDir::new())
            .mount("/home", open_dir(temp.path()).unwrap())
            .build()
            .unwrap();
        Scratch::guarded(subdir(&*root, "home"), temp)
    }

    wasi_shim::vfs::contract!(
        scratch,
        Abilities {
            allocate: cfg!(target_os = "linux"),
            exact_names: cfg!(not(target_vendor = "apple")),
            ..Abilities::ALL
        }
    );
}
