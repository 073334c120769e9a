//! Runs one of our cases on a host, in a folder of its own, and judges what comes of it.

use super::host::{Host, Module, Prepared};
use super::in_process::spell_panic;
use super::process::Bounds;
use super::report::{Cell, Outcome, Why};
use crate::script::tree::{self, Snapshot};
use crate::script::{End, Failure, Run, judge};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Runs a case.
pub fn run(
    host: &dyn Host,
    prepared: &Arc<Prepared>,
    driver: &Arc<Module>,
    bounds: Bounds,
) -> Cell {
    // A host may leave a tree that cannot be looked at, and what looks at it is meant for tests.
    match catch_unwind(AssertUnwindSafe(|| attempt(host, prepared, driver, bounds))) {
        Ok(cell) => cell,
        Err(panic) => lost(format!("it left a tree in which {}", spell_panic(&*panic))),
    }
}

fn attempt(
    host: &dyn Host,
    prepared: &Arc<Prepared>,
    driver: &Arc<Module>,
    bounds: Bounds,
) -> Cell {
    let case = &prepared.case;
    let folder = match tempfile::tempdir() {
        Ok(folder) => folder,
        Err(error) => return lost(format!("there is no folder for it: {error}")),
    };
    let around = match wasi_shim::host::open_dir(folder.path()) {
        Ok(around) => around,
        Err(error) => return lost(format!("its folder cannot be opened: {error}")),
    };
    if let Err(error) = tree::build(case, &around, &folder.path().display().to_string()) {
        return lost(error.to_string());
    }
    let before = Snapshot::of(&around);
    let run = host.run(prepared, folder.path(), driver, bounds);
    let judged = judge(case, &prepared.plan, &run, &before, &Snapshot::of(&around));
    Cell::of(judged.map_err(|failure| (outcome(prepared, &run, &failure), why(failure))))
}

/// A host that is lost after it has answered wrong has answered wrong.
fn outcome(prepared: &Prepared, run: &Run, failure: &Failure) -> Outcome {
    let reached = prepared.case.calls.get(run.calls.len());
    let is_at_the_end =
        reached.is_none_or(|call| failure.place.ends_with(&format!(":{}", call.line)));
    if matches!(run.end, End::Lost(_)) && is_at_the_end {
        Outcome::Lost
    } else {
        Outcome::Fail
    }
}

fn why(failure: Failure) -> Why {
    Why {
        place: failure.place,
        call: failure.call,
        expected: failure.expected,
        actual: failure.actual,
    }
}

fn lost(actual: String) -> Cell {
    let why = Why {
        place: String::new(),
        call: String::new(),
        expected: String::new(),
        actual,
    };
    Cell::of(Err((Outcome::Lost, why)))
}
