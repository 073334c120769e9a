//! Trees in memory against a plain model, with snapshots taken at any step.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use support::{name, names};
use wasi_shim::abi::{Errno, FileKind, Result};
use wasi_shim::backends::MemDir;
use wasi_shim::vfs::{Dir as _, Metadata};

/// The directories of the model are what there is from the beginning: what is in them changes.
const DIRS: [&str; 4] = ["", "a", "b", "a/c"];

/// What a name stands for: a file is a number in [`Model::files`], a directory is empty.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    File(usize),
    Link(usize),
    Dir,
}

/// The names in each of [`DIRS`], and the content of files, or the texts of links.
#[derive(Clone, Default)]
struct Model {
    dirs: [BTreeMap<String, Kind>; 4],
    leaves: Vec<String>,
}

/// A tree, and what it should be.
struct Side {
    root: Arc<MemDir>,
    model: Model,
}

/// A cheap source of numbers that look random.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) as usize % below
    }
}

/// One of [`DIRS`]. Not before it is asked for: whoever looks first makes a difference.
fn open_dir(root: &Arc<MemDir>, index: usize) -> Arc<MemDir> {
    let parts = DIRS[index].split('/').filter(|part| !part.is_empty());
    parts.fold(Arc::clone(root), |dir, part| dir.dir(part).unwrap())
}

impl Model {
    fn new_leaf(&mut self, text: String) -> usize {
        self.leaves.push(text);
        self.leaves.len() - 1
    }

    fn nlink(&self, kind: Kind) -> usize {
        let all = self.dirs.iter().flat_map(BTreeMap::values);
        all.filter(|other| **other == kind).count()
    }

    fn enter(&mut self, dir: usize, name: &str, kind: Kind) -> Result<()> {
        if self.dirs[dir].contains_key(name) {
            return Err(Errno::Exist);
        }
        self.dirs[dir].insert(name.to_owned(), kind);
        Ok(())
    }

    fn remove_file(&mut self, dir: usize, name: &str) -> Result<()> {
        match self.dirs[dir].get(name) {
            None => Err(Errno::Noent),
            Some(Kind::Dir) => Err(Errno::Isdir),
            Some(_) => {
                self.dirs[dir].remove(name);
                Ok(())
            }
        }
    }

    /// Moves an entry as POSIX has it; none of the directories holds another.
    fn rename(&mut self, a: usize, from: &str, b: usize, to: &str) -> Result<()> {
        let moved = *self.dirs[a].get(from).ok_or(Errno::Noent)?;
        match (moved, self.dirs[b].get(to)) {
            (_, None) => {}
            (old, Some(new)) if old == *new && old != Kind::Dir => return Ok(()),
            (Kind::Dir, Some(Kind::Dir)) => {}
            (_, Some(Kind::Dir)) => return Err(Errno::Isdir),
            (Kind::Dir, Some(_)) => return Err(Errno::Notdir),
            _ => {}
        }
        self.dirs[a].remove(from);
        self.dirs[b].insert(to.to_owned(), moved);
        Ok(())
    }
}

impl Side {
    fn step(&mut self, dice: &mut Dice) {
        let (a, b) = (dice.roll(4), dice.roll(4));
        let (from, to) = (dice.roll(6).to_string(), dice.roll(6).to_string());
        let text = format!("text {}", dice.roll(1 << 20));
        match dice.roll(7) {
            0 => self.file(a, &from, &text),
            1 => {
                let link = Kind::Link(self.model.new_leaf(text.clone()));
                let expected = self.model.enter(a, &from, link);
                assert_eq!(open_dir(&self.root, a).symlink(&from, &text), expected);
            }
            2 => {
                let expected = self.model.enter(a, &from, Kind::Dir);
                let answer = open_dir(&self.root, a).create_dir(name(&from));
                assert_eq!(answer, expected);
            }
            3 => {
                let expected = self.model.remove_file(a, &from);
                let answer = open_dir(&self.root, a).remove_file(name(&from));
                assert_eq!(answer, expected);
            }
            4 => self.link(a, &from, b, &to),
            5 => {
                let expected = self.model.rename(a, &from, b, &to);
                let (dir, other) = (open_dir(&self.root, a), open_dir(&self.root, b));
                assert_eq!(dir.rename(name(&from), &*other, name(&to)), expected);
            }
            _ => self.write(a, &from, &text),
        }
    }

    /// Puts a file, in place of another if need be.
    fn file(&mut self, dir: usize, text: &str, content: &str) {
        let there = self.model.dirs[dir].get(text);
        let expected = match there {
            None | Some(Kind::File(_)) => {
                let new = Kind::File(self.model.new_leaf(content.to_owned()));
                self.model.dirs[dir].insert(text.to_owned(), new);
                Ok(())
            }
            Some(_) => Err(Errno::Exist),
        };
        assert_eq!(open_dir(&self.root, dir).file(text, content), expected);
    }

    fn link(&mut self, a: usize, from: &str, b: usize, to: &str) {
        let there = self.model.dirs[a].get(from).copied();
        let expected = match there {
            None => Err(Errno::Noent),
            Some(_) if self.model.dirs[b].contains_key(to) => Err(Errno::Exist),
            Some(Kind::Dir) => Err(Errno::Perm),
            Some(leaf) => self.model.enter(b, to, leaf),
        };
        let (dir, other) = (open_dir(&self.root, a), open_dir(&self.root, b));
        assert_eq!(dir.link(name(from), &*other, name(to)), expected);
    }

    /// Writes to a file, if that is what the name stands for.
    fn write(&mut self, dir: usize, text: &str, content: &str) {
        if let Some(Kind::File(leaf)) = self.model.dirs[dir].get(text) {
            self.model.leaves[*leaf] = content.to_owned();
            let file = support::open(&*open_dir(&self.root, dir), text);
            file.set_len(content.len() as u64).unwrap();
            file.write_at(content.as_bytes(), 0).unwrap();
        }
    }

    /// Compares all that there is.
    fn check(&self) {
        let mut inos: BTreeMap<usize, u64> = BTreeMap::new();
        for (index, expected) in self.model.dirs.iter().enumerate() {
            let dir = open_dir(&self.root, index);
            let mut found = names(&*dir);
            found.retain(|text| text != "a" && text != "b" && text != "c");
            assert_eq!(found, expected.keys().cloned().collect::<Vec<_>>());
            for (text, kind) in expected {
                let facts = dir.stat(name(text)).unwrap();
                self.check_entry(&dir, text, *kind, facts);
                if let Kind::File(leaf) | Kind::Link(leaf) = *kind {
                    // Names of one file have one number, on each side.
                    assert_eq!(*inos.entry(leaf).or_insert(facts.ino), facts.ino);
                }
            }
        }
        let dirs = self.model.dirs.iter().flat_map(BTreeMap::values);
        let dirs = dirs.filter(|kind| **kind == Kind::Dir).count();
        let inodes = inos.len() + dirs + DIRS.len() - 1;
        assert_eq!(self.root.usage().inodes, inodes as u64);
        assert_eq!(self.root.snapshot().usage(), self.root.usage());
    }

    fn check_entry(&self, dir: &MemDir, text: &str, kind: Kind, facts: Metadata) {
        match kind {
            Kind::Dir => assert_eq!(facts.kind, FileKind::Directory),
            Kind::File(leaf) => {
                assert_eq!(facts.nlink as usize, self.model.nlink(kind));
                let content = dir.contents(text).unwrap();
                assert_eq!(content, self.model.leaves[leaf].as_bytes());
            }
            Kind::Link(leaf) => {
                assert_eq!(facts.nlink as usize, self.model.nlink(kind));
                assert_eq!(
                    dir.read_link(name(text)),
                    Ok(self.model.leaves[leaf].clone())
                );
            }
        }
    }
}

#[test]
fn any_sequence_leaves_every_side_as_its_model() {
    for seed in 0..150 {
        let root = MemDir::new();
        (0..DIRS.len()).for_each(|index| drop(open_dir(&root, index)));
        let model = Model::default();
        let mut sides = vec![Side { root, model }];
        let mut dice = Dice(seed);
        for _ in 0..200 {
            let one = dice.roll(sides.len());
            match dice.roll(30) {
                0 | 1 if sides.len() < 6 => {
                    let root = sides[one].root.snapshot();
                    let model = sides[one].model.clone();
                    sides.push(Side { root, model });
                }
                2 if sides.len() > 1 => sides.swap_remove(one).check(),
                _ => sides[one].step(&mut dice),
            }
        }
        for side in &sides {
            side.check();
        }
        // What is taken away from one side stays on the others.
        sides.pop();
        sides.iter().for_each(Side::check);
    }
}
