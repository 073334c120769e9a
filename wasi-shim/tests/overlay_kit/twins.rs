//! Two trees to which the same is done.

use super::{Dice, content, entries, facts, n};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io::IoSlice;
use std::sync::Arc;
use wasi_shim::abi::Result;
use wasi_shim::vfs::{
    Create, Dir, File, Metadata, Node, OpenRequest, SetTime, SetTimes, Timestamp,
};

/// How many handles are held.
const HELD: usize = 6;

type Pair<T> = (Arc<T>, Arc<T>);

/// Two trees, and handles of the same things in both.
pub struct Twins {
    root: Pair<dyn Dir>,
    dirs: Vec<Pair<dyn Dir>>,
    files: Vec<Pair<dyn File>>,
    /// The number in the one tree, for each in the other.
    inos: BTreeMap<u64, u64>,
    /// Times, and how many names directories have, are each tree's own.
    loose: bool,
}

/// What a node is, for comparison.
fn kind(node: &Node) -> &'static str {
    match node {
        Node::Dir(_) => "directory",
        Node::File(_) => "file",
        Node::Stream(_) => "stream",
        Node::Symlink(_) => "link",
    }
}

fn same<T: PartialEq + Debug>(one: &T, other: &T, what: &str) {
    assert_eq!(one, other, "{what}");
}

impl Twins {
    /// The first is what is right.
    pub fn new(one: Arc<dyn Dir>, other: Arc<dyn Dir>) -> Self {
        Self {
            root: (one, other),
            dirs: Vec::new(),
            files: Vec::new(),
            inos: BTreeMap::new(),
            loose: false,
        }
    }

    /// Two trees of which one is a host's, which has its own ideas of times and of directories.
    pub fn loose(one: Arc<dyn Dir>, other: Arc<dyn Dir>) -> Self {
        Self {
            loose: true,
            ..Self::new(one, other)
        }
    }

    /// Facts must be the same, but for numbers, which must say the same.
    fn same_facts(&mut self, one: Result<Metadata>, other: Result<Metadata>, what: &str) {
        let loose = self.loose;
        let plain = |found: Result<Metadata>| -> Result<_> {
            let mut facts = facts(found?, vec![]);
            if loose {
                facts.forget();
            }
            Ok(facts)
        };
        same(&plain(one), &plain(other), what);
        if let (Ok(one), Ok(other)) = (one, other) {
            let known = *self.inos.entry(one.ino).or_insert(other.ino);
            assert_eq!(known, other.ino, "{what}: another number");
        }
    }

    fn dir(&self, dice: &mut Dice) -> Pair<dyn Dir> {
        let held = dice.roll(HELD as u64 + 2) as usize;
        self.dirs.get(held).unwrap_or(&self.root).clone()
    }

    fn keep<T: ?Sized>(all: &mut Vec<Pair<T>>, new: Pair<T>, dice: &mut Dice) {
        if all.len() < HELD {
            all.push(new);
        } else {
            let index = dice.roll(HELD as u64) as usize;
            all[index] = new;
        }
    }

    /// One operation on both.
    pub fn step(&mut self, dice: &mut Dice, what: &str) {
        match dice.roll(24) {
            0..=6 => self.open(dice, what),
            7..=12 => self.files(dice, what),
            13..=15 => self.remove(dice, what),
            16..=18 => self.move_or_link(dice, what),
            _ => self.rest(dice, what),
        }
    }

    fn open(&mut self, dice: &mut Dice, what: &str) {
        let (dir, name) = (self.dir(dice), n(dice.name()));
        let mut request = OpenRequest::READ;
        if dice.roll(3) == 0 {
            request = OpenRequest::STEP;
        } else {
            request.write = dice.roll(2) == 0;
            request.truncate = dice.roll(6) == 0;
            request.create =
                [Create::Never, Create::IfMissing, Create::Exclusive][dice.roll(3) as usize];
        }
        let what = format!("{what}: open {name} {request:?}");
        let (one, other) = (dir.0.open(name, &request), dir.1.open(name, &request));
        same(
            &one.as_ref().map(kind).map_err(|e| *e),
            &other.as_ref().map(kind).map_err(|e| *e),
            &what,
        );
        match (one, other) {
            (Ok(Node::Dir(one)), Ok(Node::Dir(other))) => {
                self.same_facts(one.metadata(), other.metadata(), &what);
                Self::keep(&mut self.dirs, (one, other), dice);
            }
            (Ok(Node::File(one)), Ok(Node::File(other))) => {
                self.same_facts(one.metadata(), other.metadata(), &what);
                Self::keep(&mut self.files, (one, other), dice);
            }
            (Ok(Node::Symlink(one)), Ok(Node::Symlink(other))) => same(&one, &other, &what),
            _ => {}
        }
    }

    fn files(&mut self, dice: &mut Dice, what: &str) {
        if self.files.is_empty() {
            return;
        }
        let index = dice.roll(self.files.len() as u64) as usize;
        let (one, other) = self.files[index].clone();
        let (at, len) = (dice.roll(20_000), dice.roll(9_000));
        let data = vec![dice.roll(255) as u8; len as usize];
        let bufs = [IoSlice::new(&data[..data.len() / 2]), IoSlice::new(&data)];
        let which = dice.roll(8);
        let what = format!("{what}: file {index}, operation {which} at {at}, {len}");
        match which {
            0 => same(&one.write_at(&data, at), &other.write_at(&data, at), &what),
            1 => same(
                &one.write_vectored_at(&bufs, at),
                &other.write_vectored_at(&bufs, at),
                &what,
            ),
            2 => same(&one.append(&bufs), &other.append(&bufs), &what),
            3 => same(&one.set_len(at), &other.set_len(at), &what),
            // The host refuses to allocate nothing.
            4 if self.loose && len == 0 => {}
            4 => same(&one.allocate(at, len), &other.allocate(at, len), &what),
            5 => {
                let times = times(dice);
                same(&one.set_times(&times), &other.set_times(&times), &what);
            }
            6 => drop(self.files.remove(index)),
            _ => assert!(content(&*one) == content(&*other), "{what}: other content"),
        }
        self.same_facts(one.metadata(), other.metadata(), &what);
    }

    fn remove(&mut self, dice: &mut Dice, what: &str) {
        let (dir, name) = (self.dir(dice), n(dice.name()));
        let what = format!("{what}: remove {name}");
        if dice.roll(2) == 0 {
            same(&dir.0.remove_file(name), &dir.1.remove_file(name), &what);
        } else {
            same(&dir.0.remove_dir(name), &dir.1.remove_dir(name), &what);
        }
        self.same_facts(dir.0.metadata(), dir.1.metadata(), &what);
    }

    fn move_or_link(&mut self, dice: &mut Dice, what: &str) {
        let (dir, target) = (self.dir(dice), self.dir(dice));
        let (from, to) = (n(dice.name()), n(dice.name()));
        if dice.roll(3) == 0 {
            let what = format!("{what}: link {from} {to}");
            let one = dir.0.link(from, &*target.0, to);
            same(&one, &dir.1.link(from, &*target.1, to), &what);
        } else {
            let what = format!("{what}: rename {from} {to}");
            let one = dir.0.rename(from, &*target.0, to);
            same(&one, &dir.1.rename(from, &*target.1, to), &what);
        }
        self.same_facts(target.0.stat(to), target.1.stat(to), what);
        self.same_facts(dir.0.metadata(), dir.1.metadata(), what);
        self.same_facts(target.0.metadata(), target.1.metadata(), what);
    }

    fn rest(&mut self, dice: &mut Dice, what: &str) {
        let (dir, name) = (self.dir(dice), n(dice.name()));
        let (which, times) = (dice.roll(7), times(dice));
        let what = format!("{what}: {which} {name}");
        match which {
            0 => same(&dir.0.create_dir(name), &dir.1.create_dir(name), &what),
            1 => same(
                &dir.0.create_symlink(name, &what),
                &dir.1.create_symlink(name, &what),
                &what,
            ),
            2 => same(
                &dir.0.set_times(name, &times),
                &dir.1.set_times(name, &times),
                &what,
            ),
            3 => same(
                &dir.0.set_own_times(&times),
                &dir.1.set_own_times(&times),
                &what,
            ),
            4 => same(&dir.0.read_link(name), &dir.1.read_link(name), &what),
            5 => {
                let plain = |dir: &dyn Dir| {
                    let all = entries(dir).into_iter();
                    all.map(|(name, (_, kind))| (name, kind))
                        .collect::<Vec<_>>()
                };
                same(&plain(&*dir.0), &plain(&*dir.1), &what);
            }
            _ => {}
        }
        self.same_facts(dir.0.stat(name), dir.1.stat(name), &what);
    }

    /// All that is held must still be the same.
    pub fn compare(&mut self, what: &str) {
        for (one, other) in self.files.clone() {
            assert!(content(&*one) == content(&*other), "{what}: other content");
            self.same_facts(one.metadata(), other.metadata(), what);
        }
        for (one, other) in self.dirs.clone() {
            self.same_facts(one.metadata(), other.metadata(), what);
        }
    }
}

fn times(dice: &mut Dice) -> SetTimes {
    let mut one = || match dice.roll(3) {
        0 => SetTime::Keep,
        1 => SetTime::Now,
        _ => SetTime::At(Timestamp(dice.roll(1_000_000))),
    };
    SetTimes {
        atim: one(),
        mtim: one(),
    }
}
