//! Making the overlay's changes in another filesystem.
//!
//! Knows which change each step of a plan belongs to, and how to say how far it came. Refuses to know how the plan came
//! about and how a step is made. Embedders reach it through [`Overlay::commit`].

use super::Overlay;
use super::change::{Change, CommitError};
use super::plan::{Step, plan};
use super::work::Work;
use crate::abi::{Errno, FileKind, Result};
use crate::backends::lock::write;
use crate::vfs::Dir;

impl Overlay {
    /// What was changed, in the whole overlay, whichever of its directories this is.
    ///
    /// What was changed back may be among it: content that was written is, whatever it was before.
    ///
    /// # Errors
    /// `nomem` if the paths of all changes have more than 256 MiB.
    pub fn changes(&self) -> Result<Vec<Change>> {
        let _still = write(&self.volume.gate);
        let steps = plan(&self.volume)?;
        Ok(steps.iter().filter_map(done_with).collect())
    }

    /// Makes the changes of the whole overlay in `target`: the lower tree itself, opened for writing, or a copy of it.
    ///
    /// What is not changed here is not touched there. Files that were written keep their identity, and with it their
    /// permissions and their other names; what was moved is moved, not copied. What is gone goes with all that is in it by
    /// then. The times of what was changed become what they are here.
    ///
    /// New files are written first, in a directory `.overlay-aside-0` (or a higher number) of the target; if there is no
    /// room for them, the target stays as it is. Then the content of others is changed in place, and then names change,
    /// each at once; what moves waits in that directory meanwhile.
    ///
    /// No guest changes anything while it runs: their changes wait. `target` must not lead back into this overlay, or it
    /// waits for itself. The overlay is not changed: it goes on to show its changes over its lower tree. If `target` is
    /// that, what it shows afterwards is of no use, so commit when the guest has ended.
    ///
    /// # Errors
    /// `inval` if `target` is in this overlay; `nomem` as [`changes`](Self::changes) has it; then that of the first change
    /// that cannot be made, with what was done before: `noent` or another if the target is not as the lower tree was,
    /// `xdev` if a move leads from one filesystem of the host into another, and whatever the target says to a link, a time
    /// or anything else that it cannot keep.
    ///
    /// ```
    /// use wasi_shim::backends::{MemDir, Overlay};
    /// use wasi_shim::vfs::{Dir, Name};
    ///
    /// let lower = MemDir::new();
    /// lower.file("a", "content")?;
    /// let root = Overlay::new(lower.clone());
    /// root.rename(Name::new("a")?, &*root, Name::new("b")?)?;
    /// root.commit(&*lower)?;
    /// assert_eq!(lower.contents("b")?, b"content");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn commit(&self, target: &dyn Dir) -> Result<Vec<Change>, CommitError> {
        if target.filesystem() == self.volume.id {
            return Err(CommitError::before(Errno::Inval));
        }
        let _still = write(&self.volume.gate);
        let steps = plan(&self.volume).map_err(CommitError::before)?;
        let mut work = Work::new(&self.volume, target, &steps);
        let mut done = Vec::new();
        for step in &steps {
            if let Err(errno) = work.make(step) {
                let (failed, _) = change(step);
                return Err(CommitError {
                    failed: Some(failed),
                    errno,
                    done,
                    aside: work.give_up(),
                });
            }
            done.extend(done_with(step));
        }
        Ok(done)
    }
}

/// The change that a step makes, or begins. True if it is done with the step.
fn change(step: &Step) -> (Change, bool) {
    let created = |path: &String, kind| Change::Created {
        path: path.clone(),
        kind,
    };
    match step {
        Step::Prepare { path, .. } => (created(path, FileKind::RegularFile), false),
        Step::Enter { path, .. } => (created(path, FileKind::RegularFile), true),
        Step::MakeDir { path } => (created(path, FileKind::Directory), true),
        Step::MakeSymlink { path, .. } => (created(path, FileKind::SymbolicLink), true),
        Step::Write { path, .. } => (Change::Written { path: path.clone() }, true),
        Step::Remove { path } => (Change::Removed { path: path.clone() }, true),
        Step::Touch { path, .. } => (Change::Touched { path: path.clone() }, true),
        Step::Aside { from, to, .. } => (moved(from, to), false),
        Step::Place { from, to, .. } => (moved(from, to), true),
        Step::Link { from, to } => {
            let (from, to) = (from.clone(), to.clone());
            (Change::Linked { from, to }, true)
        }
    }
}

fn moved(from: &str, to: &str) -> Change {
    Change::Moved {
        from: from.into(),
        to: to.into(),
    }
}

/// The change that a step is done with.
fn done_with(step: &Step) -> Option<Change> {
    let (change, done) = change(step);
    done.then_some(change)
}
