//! The library against the model, over each kind of filesystem.

use crate::generate::{Profile, calls};
use crate::run::{Found, against_model, scratch};
use crate::{config, kept_in};
use proptest::prelude::*;
use wasi_shim::backends::MemDir;
use wasi_shim_tests::model::Call;
use wasi_shim_tests::oracles::{left_in_folder, left_in_guest, library};

fn in_memory(calls: &[Call]) -> Found {
    let root = MemDir::new();
    let mut guest = library(root.clone());
    against_model(&mut guest, calls, || left_in_guest(root), false)
}

fn on_the_host(calls: &[Call]) -> Found {
    let folder = scratch();
    let root = wasi_shim::host::open_dir(folder.path()).expect("it can be opened");
    let mut guest = library(root);
    against_model(&mut guest, calls, || left_in_folder(folder.path()), true)
}

proptest! {
    #![proptest_config(config(kept_in!("model.txt")))]

    #[test]
    fn memory_answers_as_the_model(calls in calls(Profile::ALL)) {
        in_memory(&calls).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn the_host_answers_as_the_model(calls in calls(Profile::ALL)) {
        on_the_host(&calls).map_err(TestCaseError::fail)?;
    }
}
