//! The library over a directory of the host against the kernel's own system calls.

use crate::generate::{Profile, calls};
use crate::kernel::Kernel;
use crate::run::Oracle;
use crate::{config, kept_in};
use proptest::prelude::*;
use std::collections::BTreeSet;
use wasi_shim_tests::oracles::known::rows;

/// The kernel.
pub(crate) const KERNEL: Oracle<'static> = Oracle {
    name: "kernel",
    knows: Kernel::knows,
    guest: |folder| Box::new(Kernel::new(folder)),
};

/// Linux's own limits are those of the filesystem, and rights are none of its business.
pub(crate) const PROFILE: Profile = Profile {
    rights: false,
    extremes: false,
    sync: true,
};

proptest! {
    #![proptest_config(config(kept_in!("kernel.txt")))]

    #[test]
    fn the_host_answers_as_the_kernel(calls in calls(PROFILE)) {
        KERNEL.compare(&calls, &rows(), &mut BTreeSet::new()).map_err(TestCaseError::fail)?;
    }
}
