//! A filesystem under a large quota keeps the contract of filesystems, and the quota knows what is in it afterwards.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

use std::sync::Arc;
use wasi_shim::backends::{MemDir, Quota, QuotaUsage};
use wasi_shim::vfs::Dir;
use wasi_shim::vfs::contract::{Abilities, CHECKS};

fn large() -> Arc<Quota> {
    Quota::builder()
        .bytes(1 << 62)
        .inodes(1 << 40)
        .build(MemDir::new())
        .unwrap()
}

mod of_memory {
    wasi_shim::vfs::contract!(super::large);
}

/// Whatever a check did, what is counted is what is there.
#[test]
fn the_count_is_right_after_every_check() {
    for check in CHECKS {
        let inner: Arc<dyn Dir> = MemDir::new();
        let root = Quota::builder().build(inner.clone()).unwrap();
        check.run(root.clone(), Abilities::ALL);
        assert_eq!(
            Ok(root.usage()),
            QuotaUsage::count(&inner),
            "{}",
            check.name
        );
    }
}

#[cfg(all(unix, feature = "host"))]
mod of_the_host {
    use tempfile::TempDir;
    use wasi_shim::backends::{Quota, QuotaUsage};
    use wasi_shim::host::open_dir;
    use wasi_shim::vfs::contract::{Abilities, CHECKS, Scratch};

    const ABLE: Abilities = Abilities {
        allocate: cfg!(target_os = "linux"),
        exact_names: cfg!(not(target_vendor = "apple")),
        ..Abilities::ALL
    };

    fn scratch() -> Scratch {
        let temp = TempDir::new().unwrap();
        let root = Quota::builder().build(open_dir(temp.path()).unwrap());
        Scratch::guarded(root.unwrap(), temp)
    }

    wasi_shim::vfs::contract!(scratch, ABLE);

    #[test]
    fn the_count_is_right_after_every_check() {
        for check in CHECKS {
            let temp = TempDir::new().unwrap();
            let inner = open_dir(temp.path()).unwrap();
            let root = Quota::builder().build(inner.clone()).unwrap();
            check.run(root.clone(), ABLE);
            let counted = QuotaUsage::count(&inner);
            assert_eq!(Ok(root.usage()), counted, "{}", check.name);
        }
    }
}
