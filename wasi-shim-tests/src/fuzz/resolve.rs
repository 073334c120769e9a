//! The target `resolve`: programs of calls on paths, on three trees at once and on the model.
//!
//! A directory of the host with its accelerators, another that is walked step by step, and a tree in memory answer the same,
//! lead to the same files, and leave the same behind. Beside each directory of the host lie files with the names that the
//! paths use; no answer is about one of them, and they stay as they were.

use super::calls::{calls_on_paths, furnished};
use super::identity::Identities;
use super::snapshot::Snapshot;
use super::source::Source;
use crate::model::{At, Call, Left, Model, System};
use crate::oracles::{
    Caller, Found, after, left_in_folder, library, resolve, same_trees, scratch, told,
};
use crate::script::Stepwise;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use wasi_shim::Wasi;
use wasi_shim::backends::MemDir;
use wasi_shim::vfs::Dir;

/// Panics if two of them differ, or if one leads out.
pub fn run(data: &[u8]) {
    run_over(data, |_, _, root| root);
}

/// The same with something between a tree and the guest, which is told the name of the tree and the folder around those of
/// the host.
pub fn run_over(data: &[u8], between: impl Fn(&str, &Path, Arc<dyn Dir>) -> Arc<dyn Dir>) {
    let mut source = Source::new(data);
    let mut calls = if source.flag() {
        furnished()
    } else {
        Vec::new()
    };
    calls.extend(calls_on_paths(&mut source));
    let folders = [Folder::new(), Folder::new()];
    let outside = folders.each_ref().map(Folder::outside);
    let memory: Arc<dyn Dir> = MemDir::new();
    let trees = [
        ("memory", Arc::clone(&memory)),
        ("host", folders[0].open()),
        ("host, step by step", Stepwise::over(folders[1].open())),
    ];
    let mut sides =
        trees.map(|(name, root)| Side::new(name, between(name, folders[0].0.path(), root)));
    for ino in outside
        .iter()
        .flat_map(BTreeMap::values)
        .map(|facts| facts.0)
    {
        sides[1..]
            .iter_mut()
            .for_each(|side| side.outside.push(ino));
    }
    let found = compare(&mut sides, &calls).and_then(|model| {
        let left = [
            Snapshot::of(&*memory).left(),
            folders[0].left(),
            folders[1].left(),
        ];
        left.iter()
            .try_for_each(|left| same_trees(&model.left(), left))
    });
    found.unwrap_or_else(|found| panic!("{found}"));
    let after = folders.each_ref().map(Folder::outside);
    assert_eq!(outside, after, "what is outside was changed");
}

/// Makes the calls on each, and compares what they answer and where they lead.
fn compare(sides: &mut [Side], calls: &[Call]) -> Result<Model, String> {
    let mut model = Model::new();
    for (index, call) in calls.iter().enumerate() {
        let mut call = call.clone();
        resolve(&mut call, &model);
        if model.writes_far(&call) {
            continue;
        }
        let expected = model.answer(&call);
        for side in &mut *sides {
            let answer = side.guest.answer(&call);
            if answer != expected {
                let before = after(Model::new(), &calls[..index]);
                let told = told(index, &call, &before, ("the model", &expected), &answer);
                return Err(format!("{}: {told}", side.name));
            }
            let seen = side.see(&model, &call);
            seen.map_err(|seen| format!("{}: after {call:?}: {seen}", side.name))?;
        }
    }
    Ok(model)
}

/// A guest of a tree, and what it has seen.
struct Side {
    name: &'static str,
    guest: Caller<Wasi>,
    identities: Identities,
    /// Numbers of files that it must never see.
    outside: Vec<u64>,
}

impl Side {
    fn new(name: &'static str, root: Arc<dyn Dir>) -> Self {
        Self {
            name,
            guest: library(root),
            identities: Identities::default(),
            outside: Vec::new(),
        }
    }

    /// Where does everything lead that a call was about?
    fn see(&mut self, model: &Model, call: &Call) -> Found {
        for at in call.paths() {
            self.look(model, at, false)?;
            self.look(model, at, true)?;
        }
        let Call::Open { opening, .. } = call else {
            return Ok(());
        };
        match (
            model.number_of(opening.into),
            self.guest.identity_of(opening.into),
        ) {
            (Some(node), Ok(ino)) => self.meet(model, node, ino),
            _ => Ok(()),
        }
    }

    fn look(&mut self, model: &Model, at: &At, follow: bool) -> Found {
        // Whether an error is the right one is asked by calls of their own.
        let Ok(ino) = self.guest.identity(at, follow) else {
            return Ok(());
        };
        match model.number(at, follow) {
            Some(node) => self.meet(model, node, ino),
            None => Err(format!("{at:?} leads to {ino}")),
        }
    }

    fn meet(&mut self, model: &Model, node: usize, ino: u64) -> Found {
        if self.outside.contains(&ino) {
            return Err(format!("{ino} is outside"));
        }
        self.identities.meet(model, node, ino)
    }
}

/// A directory of the host, in one that has more.
struct Folder(TempDir);

/// What is outside, by path: number, length, time.
type Outside = BTreeMap<PathBuf, (u64, u64, i64, i64)>;

impl Folder {
    fn new() -> Self {
        let folder = Self(scratch());
        let path = folder.0.path();
        for name in ["root", "outside"] {
            fs::create_dir(path.join(name)).expect("a new directory");
        }
        for name in ["secret", "a", "outside/secret"] {
            fs::write(path.join(name), "secret").expect("a new file");
        }
        folder
    }

    fn root(&self) -> PathBuf {
        self.0.path().join("root")
    }

    fn open(&self) -> Arc<dyn Dir> {
        wasi_shim::host::open_dir(self.root()).expect("it can be opened")
    }

    fn left(&self) -> Left {
        left_in_folder(&self.root())
    }

    fn outside(&self) -> Outside {
        let mut seen = Outside::new();
        look(self.0.path(), &self.root(), &mut seen);
        seen
    }
}

fn look(path: &Path, but: &Path, seen: &mut Outside) {
    for entry in fs::read_dir(path).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path == but {
            continue;
        }
        let facts = path.symlink_metadata().expect("it is there");
        if facts.is_dir() {
            look(&path, but, seen);
        }
        seen.insert(
            path,
            (facts.ino(), facts.len(), facts.mtime(), facts.mtime_nsec()),
        );
    }
}
