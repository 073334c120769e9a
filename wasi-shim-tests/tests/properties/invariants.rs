//! What holds whatever is called: shortcuts change nothing, and what is given for reading is not changed.

use crate::generate::{Profile, calls, furnished};
use crate::run::{Found, against_model, resolve, same_trees, scratch};
use crate::{config, kept_in};
use proptest::prelude::*;
use std::sync::Arc;
use wasi_shim::backends::{MemDir, ReadOnly};
use wasi_shim::vfs::Dir;
use wasi_shim::{Access, Wasi};
use wasi_shim_tests::model::{Call, Model, NAME, System, Value};
use wasi_shim_tests::oracles::{Caller, left_in_folder, left_in_guest, library};
use wasi_shim_tests::script::Stepwise;

/// The host without its shortcuts; with them is what every other property here is about.
fn step_by_step(calls: &[Call]) -> Found {
    let folder = scratch();
    let root = wasi_shim::host::open_dir(folder.path()).expect("it can be opened");
    let mut guest = library(Stepwise::over(root));
    against_model(&mut guest, calls, || left_in_folder(folder.path()), true)
}

fn memory_step_by_step(calls: &[Call]) -> Found {
    let root: Arc<dyn Dir> = MemDir::new();
    let mut guest = library(Stepwise::over(Arc::clone(&root)));
    against_model(&mut guest, calls, || left_in_guest(root), false)
}

/// Makes the usual tree, and closes what that took open. The model knows it too.
fn furnish(root: &Arc<dyn Dir>) -> Model {
    let (mut guest, mut model) = (library(Arc::clone(root)), Model::new());
    for mut call in furnished() {
        resolve(&mut call, &model);
        assert_eq!(guest.answer(&call), model.answer(&call));
    }
    let closed = model.answer(&Call::Close { fd: 1 });
    assert_eq!(closed, Ok(Value::Done));
    model
}

/// Makes the calls on a tree that is given for reading. The model makes those that succeed, so that it knows what is open.
fn reading(root: &Arc<dyn Dir>, given: (Arc<dyn Dir>, Access), calls: &[Call]) -> Found {
    let mut model = furnish(root);
    let before = left_in_guest(Arc::clone(root));
    let builder = Wasi::builder().preopen(NAME, given.0, given.1);
    let mut guest = Caller::new(builder.build().expect("the guest can be built"));
    for call in calls {
        let mut call = call.clone();
        resolve(&mut call, &model);
        let answer = guest.answer(&call);
        match &call {
            _ if answer.is_ok() => {
                let expected = model.answer(&call);
                if expected != answer {
                    return Err(format!("{call:?} answers {answer:?}, not {expected:?}"));
                }
            }
            Call::Open { at, opening } if at.fd != opening.into => {
                let _ = model.answer(&Call::Close { fd: opening.into });
            }
            _ => {}
        }
    }
    same_trees(&before, &left_in_guest(Arc::clone(root)))
}

proptest! {
    #![proptest_config(config(kept_in!("invariants.txt")))]

    #[test]
    fn the_host_without_shortcuts_answers_the_same(calls in calls(Profile::ALL)) {
        step_by_step(&calls).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn memory_without_shortcuts_answers_the_same(calls in calls(Profile::ALL)) {
        memory_step_by_step(&calls).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn a_tree_given_for_reading_stays_as_it_is(calls in calls(Profile::ALL), wrapped in any::<bool>()) {
        let folder = scratch();
        let host = wasi_shim::host::open_dir(folder.path()).expect("it can be opened");
        let memory: Arc<dyn Dir> = MemDir::new();
        for root in [host, memory] {
            let given: (Arc<dyn Dir>, _) = if wrapped {
                (ReadOnly::new(Arc::clone(&root)), Access::ReadWrite)
            } else {
                (Arc::clone(&root), Access::ReadOnly)
            };
            reading(&root, given, &calls).map_err(TestCaseError::fail)?;
        }
    }
}
