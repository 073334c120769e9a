//! A sequence of calls, made on two systems and the model, and compared answer by answer.
//!
//! Knows when a sequence can go on after two answers differed. Which differences are right is not decided here: the list
//! says so, or whoever asks.

use crate::conditions::CONDITIONS;
use std::collections::BTreeSet;
use std::path::Path;
use wasi_shim_tests::model::{Answer, Call, Model, System, Value};
use wasi_shim_tests::oracles::known::{Case, Row};
pub(crate) use wasi_shim_tests::oracles::{Found, against_model, resolve, same_trees, scratch};
use wasi_shim_tests::oracles::{left_in_folder, library, told};

/// An oracle that has a directory of the host.
pub(crate) struct Oracle<'a> {
    /// Its name in the table.
    pub(crate) name: &'a str,
    /// Can it be asked this?
    pub(crate) knows: fn(&Call) -> bool,
    /// A guest of it in a folder.
    pub(crate) guest: fn(&Path) -> Box<dyn System>,
}

impl Oracle<'_> {
    /// Compares it with the library over a directory of the host. The lines of the rows that were needed are added to
    /// `used`.
    pub(crate) fn compare(
        &self,
        calls: &[Call],
        rows: &[Row],
        used: &mut BTreeSet<usize>,
    ) -> Found {
        self.judged(calls, &mut |case| {
            let row = rows
                .iter()
                .find(|row| row.excuses(self.name, case, CONDITIONS));
            used.extend(row.map(|row| row.line));
            row.is_some()
        })
    }

    /// The same, with somebody to say which differences are right.
    pub(crate) fn judged(
        &self,
        calls: &[Call],
        is_right: &mut dyn FnMut(&Case<'_>) -> bool,
    ) -> Found {
        let folders = [scratch(), scratch()];
        let root = wasi_shim::host::open_dir(folders[0].path()).expect("it can be opened");
        let mut shim = library(root);
        let mut oracle = (self.guest)(folders[1].path());
        let mut model = Model::new();
        for (index, call) in calls.iter().enumerate() {
            let mut call = call.clone();
            resolve(&mut call, &model);
            if !(self.knows)(&call) {
                continue;
            }
            let before = model.clone();
            let expected = model.answer(&call);
            let mut ours = shim.answer(&call);
            if ours != expected {
                return Err(told(index, &call, &before, ("the model", &expected), &ours));
            }
            let mut theirs = oracle.answer(&call);
            forget_rights(&mut ours);
            forget_rights(&mut theirs);
            if ours == theirs {
                continue;
            }
            let case = Case {
                before: &before,
                call: &call,
                theirs: &theirs,
                ours: &ours,
            };
            if !is_right(&case) {
                return Err(told(index, &call, &before, (self.name, &theirs), &ours));
            }
            if leaves_a_trace(&call, &ours, &theirs) {
                // From here on the two see different trees.
                return Ok(());
            }
        }
        let [ours, theirs] = folders
            .each_ref()
            .map(|folder| left_in_folder(folder.path()));
        same_trees(&theirs, &ours)
    }
}

fn forget_rights(answer: &mut Answer) {
    if let Ok(Value::Fdstat { rights, .. }) = answer {
        *rights = None;
    }
}

/// Did a call that was answered in two ways do something in one of them?
fn leaves_a_trace(call: &Call, ours: &Answer, theirs: &Answer) -> bool {
    let only_looks = matches!(
        call,
        Call::Advise { .. }
            | Call::Datasync { .. }
            | Call::Sync { .. }
            | Call::FdstatGet { .. }
            | Call::FilestatGet { .. }
            | Call::FilestatSetTimes { .. }
            | Call::PathFilestatGet { .. }
            | Call::PathFilestatSetTimes { .. }
            | Call::Pread { .. }
            | Call::Readdir { .. }
            | Call::Readlink { .. }
            | Call::Tell { .. }
    );
    !only_looks && (ours.is_ok() || theirs.is_ok())
}
