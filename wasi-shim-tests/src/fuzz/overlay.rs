//! The target `overlay`: a tree in memory, an overlay above it, and programs of calls on both.
//!
//! The overlay answers as the model does, which has one tree and knows no layers. The tree below stays as it was to the last
//! time, numbers of files stay when their content moves up, the changes committed to a copy of the tree below make the tree
//! that was seen, and nothing is left of them in the upper directory.

use super::calls::{calls, furnished, some_calls};
use super::identity::Identities;
use super::snapshot::Snapshot;
use super::source::Source;
use crate::model::Model;
use crate::oracles::{Found, answers, library, same_trees};
use crate::script::Stepwise;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use wasi_shim::backends::{MemDir, MemUsage, Overlay, copy_tree};
use wasi_shim::vfs::{Dir, Timestamp};

/// How many calls make the lower tree.
const BELOW: usize = 16;

/// Panics if the overlay answers otherwise than one tree would, or leaves something else behind.
pub fn run(data: &[u8]) {
    run_over(data, |lower| lower, |target| target);
}

/// The same with something between the lower tree and the overlay, and between the overlay and what it is committed to.
pub fn run_over(
    data: &[u8],
    below: impl FnOnce(Arc<dyn Dir>) -> Arc<dyn Dir>,
    target: impl FnOnce(Arc<dyn Dir>) -> Arc<dyn Dir>,
) {
    let mut source = Source::new(data);
    let (furnish, stepwise) = (source.flag(), source.flag());
    let count = source.below(BELOW);
    let mut making = if furnish { furnished() } else { Vec::new() };
    making.extend(some_calls(&mut source, count));
    let case = Case {
        making,
        stepwise,
        lower: memory(),
        upper: memory(),
    };
    let found = case.compare(&mut source, below, target);
    found.unwrap_or_else(|found| panic!("{found}"));
}

/// A tree whose times are told apart.
fn memory() -> Arc<MemDir> {
    MemDir::with_time(ticks())
}

/// A clock that goes on whenever somebody looks.
fn ticks() -> impl Fn() -> Timestamp + Send + Sync {
    let now = AtomicU64::new(1);
    move || Timestamp(now.fetch_add(1, Ordering::Relaxed) * 1_000)
}

/// An overlay in the making.
struct Case {
    /// The calls that make the tree below.
    making: Vec<crate::model::Call>,
    /// Are the overlay's shortcuts kept from the guest?
    stepwise: bool,
    lower: Arc<MemDir>,
    upper: Arc<MemDir>,
}

impl Case {
    fn compare(
        &self,
        source: &mut Source<'_>,
        below: impl FnOnce(Arc<dyn Dir>) -> Arc<dyn Dir>,
        target: impl FnOnce(Arc<dyn Dir>) -> Arc<dyn Dir>,
    ) -> Found {
        let mut model = Model::new();
        answers(&mut model, &mut library(self.lower.clone()), &self.making)?;
        let mut model = model.another_guest();
        let before = Snapshot::of(&*self.lower);
        let overlay = Overlay::builder(below(self.lower.clone()))
            .upper(self.upper.clone())
            .time(ticks())
            .build();
        self.change(&overlay, &mut model, source)?;
        if Snapshot::of(&*self.lower) != before {
            return Err(format!(
                "the lower tree was\n{before:?}\nand is\n{:?}",
                Snapshot::of(&*self.lower)
            ));
        }
        self.commit(&overlay, &model, target)?;
        drop(overlay);
        match self.upper.usage() {
            usage if usage == MemUsage::default() => Ok(()),
            usage => Err(format!("{usage:?} of the upper directory are left")),
        }
    }

    /// Makes calls on the overlay and on the model.
    fn change(&self, overlay: &Arc<Overlay>, model: &mut Model, source: &mut Source<'_>) -> Found {
        let mut identities = Identities::default();
        identities.meet_all(model, &Snapshot::of(&**overlay))?;
        let root: Arc<dyn Dir> = if self.stepwise {
            Stepwise::over(overlay.clone())
        } else {
            overlay.clone()
        };
        let mut guest = library(root);
        for part in calls(source).chunks(8) {
            answers(model, &mut guest, part)?;
            let merged = Snapshot::of(&**overlay);
            same_trees(&model.left(), &merged.left())?;
            identities.meet_all(model, &merged)?;
        }
        Ok(())
    }

    /// Commits the changes to a copy of the lower tree.
    fn commit(
        &self,
        overlay: &Overlay,
        model: &Model,
        between: impl FnOnce(Arc<dyn Dir>) -> Arc<dyn Dir>,
    ) -> Found {
        let target = memory();
        copy_tree(&*self.lower, &*target).map_err(|error| error.to_string())?;
        let planned = overlay.changes().map_err(|errno| errno.to_string())?;
        let made = overlay
            .commit(&*between(target.clone()))
            .map_err(|error| error.to_string())?;
        if planned != made {
            return Err(format!("planned {planned:?}, made {made:?}"));
        }
        let (merged, committed) = (Snapshot::of(overlay), Snapshot::of(&*target));
        same_trees(&model.left(), &committed.left())?;
        for (path, (facts, _)) in &merged.0 {
            let found = committed.0[path].0;
            if (facts.atim, facts.mtim) != (found.atim, found.mtim) {
                return Err(format!(
                    "{path} has {facts:?}, committed {found:?} by {made:?}"
                ));
            }
        }
        Ok(())
    }
}
