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
        let (dir, other) = (open_dir(&self.root, a), open_dir(&self.root, b));
        let model = &mut self.model;
        let there = model.dirs[a].get(&from).copied();
        let (answer, expected) = match dice.roll(7) {
            0 => match there {
                None | Some(Kind::File(_)) => {
                    let new = Kind::File(model.new_leaf(text.clone()));
                    model.dirs[a].insert(from.clone(), new);
                    (dir.file(&from, text), Ok(()))
                }
                Some(_) => (dir.file(&from, text), Err(Errno::Exist)),
            },
            1 => {
                let expected = if there.is_none() {
                    let new = Kind::Link(model.new_leaf(text.clone()));
                    model.dirs[a].insert(from.clone(), new);
                    Ok(())
                } else {
                    Err(Errno::Exist)
                };
                (dir.symlink(&from, &text), expected)
            }
            2 => {
                let expected = if there.is_none() {
                    model.dirs[a].insert(from.clone(), Kind::Dir);
                    Ok(())
                } else {
                    Err(Errno::Exist)
                };
                (dir.create_dir(name(&from)), expected)
            }
            3 => {
                let expected = match there {
                    None => Err(Errno::Noent),
                    Some(Kind::Dir) => Err(Errno::Isdir),
                    Some(_) => {
                        model.dirs[a].remove(&from);
                        Ok(())
                    }
                };
                (dir.remove_file(name(&from)), expected)
            }
            4 => {
                let expected = match there {
                    None => Err(Errno::Noent),
                    Some(_) if model.dirs[b].contains_key(&to) => Err(Errno::Exist),
                    Some(Kind::Dir) => Err(Errno::Perm),
                    Some(leaf) => {
                        model.dirs[b].insert(to.clone(), leaf);
                        Ok(())
                    }
                };
                (dir.link(name(&from), &*other, name(&to)), expected)
            }
            5 => {
                let expected = model.rename(a, &from, b, &to);
                (dir.rename(name(&from), &*other, name(&to)), expected)
            }
            _ => {
                if let Some(Kind::File(leaf)) = there {
                    model.leaves[leaf].clone_from(&text);
                    let file = support::open(&*dir, &from);
                    file.set_len(text.len() as u64).unwrap();
                    file.write_at(text.as_bytes(), 0).unwrap();
                }
                (Ok(()), Ok(()))
            }
        };
        assert_eq!(answer, expected);
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
