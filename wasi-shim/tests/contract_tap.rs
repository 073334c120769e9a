//! A filesystem with a probe keeps the contract of filesystems, as long as the probe stands in nobody's way.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

use std::sync::Arc;
use std::time::Duration;
use wasi_shim::backends::{Faulty, Latency, MemDir, Trace, Verdict};
use wasi_shim::vfs::Dir;

fn traced() -> Arc<dyn Dir> {
    // Whoever prints an event looks at all of it.
    Trace::new(MemDir::new(), |event| assert_ne!(event.to_string(), ""))
}

fn faultless() -> Arc<dyn Dir> {
    Faulty::new(MemDir::new(), |_| Verdict::Proceed)
}

fn immediate() -> Arc<dyn Dir> {
    Latency::new(MemDir::new(), Duration::ZERO)
}

/// Long transfers stop before the last byte, as they may.
fn slow() -> Arc<dyn Dir> {
    Faulty::new(MemDir::new(), |call| match call.operation.transfer() {
        Some((_, len)) if len > 100 => Verdict::Short(len - 1),
        _ => Verdict::Proceed,
    })
}

mod trace {
    wasi_shim::vfs::contract!(super::traced);
}

mod faulty {
    wasi_shim::vfs::contract!(super::faultless);
}

mod latency {
    wasi_shim::vfs::contract!(super::immediate);
}

mod short {
    wasi_shim::vfs::contract!(super::slow);
}

#[cfg(all(unix, feature = "host"))]
mod of_the_host {
    use tempfile::TempDir;
    use wasi_shim::backends::Trace;
    use wasi_shim::host::open_dir;
    use wasi_shim::vfs::contract::{Abilities, Scratch};

    fn scratch() -> Scratch {
        let temp = TempDir::new().unwrap();
        let root = Trace::new(open_dir(temp.path()).unwrap(), |_| {});
        Scratch::guarded(root, temp)
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
