//! One case, and what must hold in all of them.
//!
//! Knows the four things: the answer, that nothing changed, that no handle leaked, that the next attempt does it. Refuses
//! to know who makes the call fail. All parts of the matrix end here.

use crate::operations::Operation;
use crate::scene::{Base, Place, Scene};
use crate::state::{self, Tree, descriptors, timeless, tree};
use wasi_shim::abi::Errno;
use wasi_shim_tests::Answer;

/// What a call that fails below is to answer, and to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// The error, and everything as it was.
    Error(Errno),
    /// The error although all is done; there is no way back.
    ErrorAfter(Errno),
    /// Success: what failed was not needed.
    Success,
}

/// A scene before the call.
pub(crate) struct Before {
    tree: Tree,
    descriptors: Vec<(u32, String)>,
    handles: usize,
}

impl Before {
    pub(crate) fn of(scene: &mut Scene) -> Self {
        Self {
            tree: tree(&scene.root),
            descriptors: descriptors(&mut scene.guest),
            handles: scene.handles(),
        }
    }
}

/// What a call does when nothing fails.
pub(crate) struct Reference {
    answer: Answer<usize>,
    tree: Tree,
    descriptors: Vec<(u32, String)>,
    /// How many calls the plan saw.
    pub(crate) calls: u64,
}

impl Reference {
    pub(crate) fn of(base: Base, place: Place, operation: &Operation) -> Self {
        let mut scene = Scene::new(base, place);
        let (guest, fds) = (&mut scene.guest, scene.fds);
        let answer = scene.plan.during(None, || (operation.run)(guest, fds));
        answer.unwrap_or_else(|errno| panic!("{}: {errno}", operation.name));
        Self {
            answer,
            tree: tree(&scene.root),
            descriptors: descriptors(&mut scene.guest),
            calls: scene.plan.seen(),
        }
    }

    /// Checks a scene in which the call was made and something failed meanwhile. What is wrong, if anything.
    pub(crate) fn check(
        &self,
        scene: &mut Scene,
        operation: &Operation,
        before: &Before,
        found: Answer<usize>,
        expected: Expected,
    ) -> Result<(), String> {
        let answer = match expected {
            Expected::Error(errno) | Expected::ErrorAfter(errno) => Err(errno),
            Expected::Success => self.answer,
        };
        same("the answer", &found, &answer)?;
        if expected == Expected::Success {
            return self.is_done(scene, before);
        }
        same(
            "descriptors",
            &descriptors(&mut scene.guest),
            &before.descriptors,
        )?;
        same("handles", &scene.handles(), &before.handles)?;
        if matches!(expected, Expected::ErrorAfter(_)) {
            return same(
                "the tree",
                &timeless(&tree(&scene.root)),
                &timeless(&self.tree),
            );
        }
        same("the tree", &tree(&scene.root), &before.tree)?;
        complete(scene, before)?;
        let again = (operation.run)(&mut scene.guest, scene.fds);
        same("the next answer", &again, &self.answer)?;
        self.is_done(scene, before)
    }

    fn is_done(&self, scene: &mut Scene, before: &Before) -> Result<(), String> {
        same(
            "the tree at last",
            &timeless(&tree(&scene.root)),
            &timeless(&self.tree),
        )?;
        same(
            "descriptors at last",
            &descriptors(&mut scene.guest),
            &self.descriptors,
        )?;
        complete(scene, before)
    }
}

/// Every file that an overlay keeps is the whole content of a file of the merged tree, of one that was there before and is
/// open, or of the nameless one.
fn complete(scene: &Scene, before: &Before) -> Result<(), String> {
    let Some(upper) = &scene.upper else {
        return Ok(());
    };
    let merged = tree(&scene.root);
    for (path, (what, ..)) in tree(upper) {
        let mut files = merged.values().chain(before.tree.values());
        let whole = files.any(|(content, ..)| *content == what);
        if path != "/" && !whole && what != "file \"nameless\"" {
            return Err(format!("the upper {path} is {what}"));
        }
    }
    Ok(())
}

/// Ends a scene: no handle stays, and no file in the upper directory.
pub(crate) fn leave(scene: Scene) -> Result<(), String> {
    let Scene {
        guest,
        root,
        upper,
        folder,
        ..
    } = scene;
    drop((guest, root));
    if let Some(upper) = &upper {
        same("the upper directory", &tree(upper).len(), &1)?;
    }
    drop(upper);
    let handles = folder.map_or(0, |folder| state::handles(folder.path()));
    same("handles in the end", &handles, &0)
}

pub(crate) fn same<T: PartialEq + std::fmt::Debug>(
    what: &str,
    found: &T,
    expected: &T,
) -> Result<(), String> {
    if found == expected {
        return Ok(());
    }
    Err(format!("{what}: {found:?} instead of {expected:?}"))
}

/// Fails with all that is wrong.
pub(crate) fn judge(wrong: &[String]) {
    let mut told = std::collections::BTreeSet::new();
    for wrong in wrong {
        // Once for all errors.
        let start = wrong.split_once(": ").map_or("", |found| found.0);
        if told.insert(start.to_owned()) {
            println!("{wrong}");
        }
    }
    assert!(wrong.is_empty(), "{} cases are wrong", wrong.len());
}
