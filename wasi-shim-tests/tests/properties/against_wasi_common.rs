//! The library over a directory of the host against wasi-common 46 over another.

use crate::generate::{Profile, calls};
use crate::run::Oracle;
use crate::{config, kept_in};
use proptest::prelude::*;
use std::collections::BTreeSet;
use wasi_shim_tests::model::Call;
use wasi_shim_tests::oracles::WasiCommon;
use wasi_shim_tests::oracles::known::rows;

/// wasi-common.
pub(crate) const WASI_COMMON: Oracle<'static> = Oracle {
    name: "wasi-common",
    knows,
    guest: |folder| Box::new(WasiCommon::guest(folder)),
};

/// It has no rights and no allocation, and takes a new listing for each call.
fn knows(call: &Call) -> bool {
    !matches!(
        call,
        Call::FdstatSetRights { .. } | Call::Allocate { .. } | Call::ReaddirFrom { .. }
    )
}

/// It has no synchronous writing; one example of that is enough.
pub(crate) const PROFILE: Profile = Profile {
    rights: false,
    extremes: false,
    sync: false,
};

proptest! {
    #![proptest_config(config(kept_in!("wasi-common.txt")))]

    #[test]
    fn the_host_answers_as_wasi_common(calls in calls(PROFILE)) {
        WASI_COMMON.compare(&calls, &rows(), &mut BTreeSet::new()).map_err(TestCaseError::fail)?;
    }
}
