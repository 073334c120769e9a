//! A file in memory against a plain vector of bytes: any sequence of operations, the same bytes and the same cost.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

mod support;

use std::collections::BTreeSet;
use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;
use support::{name, names, open, writing};
use wasi_shim::abi::Errno;
use wasi_shim::backends::MemDir;
use wasi_shim::vfs::{Dir as _, File, Node};

const PAGE: usize = 4096;
/// Files stay below this, so that operations meet.
const SPAN: u64 = 80 * PAGE as u64;
/// Pages the filesystem may use: fewer than a file may span.
const PAGES: usize = 60;

/// What a file should hold, and the pages it should have been charged for.
#[derive(Clone, Default)]
struct Model {
    bytes: Vec<u8>,
    pages: BTreeSet<usize>,
}

impl Model {
    /// Writes until pages run out; returns how much was written.
    fn write(&mut self, data: &[u8], offset: usize) -> usize {
        let mut done = 0;
        while done < data.len() {
            let at = offset + done;
            self.pages.insert(at / PAGE);
            if self.pages.len() > PAGES {
                self.pages.remove(&(at / PAGE));
                break;
            }
            let count = (PAGE - at % PAGE).min(data.len() - done);
            self.bytes.resize(self.bytes.len().max(at + count), 0);
            self.bytes[at..at + count].copy_from_slice(&data[done..done + count]);
            done += count;
        }
        done
    }

    fn set_len(&mut self, len: usize) {
        self.bytes.resize(len, 0);
        self.pages.retain(|page| page * PAGE < len);
    }

    /// All of the range's pages, or none.
    fn allocate(&mut self, offset: usize, len: usize) -> Result<(), Errno> {
        let end = offset + len;
        let mut pages = self.pages.clone();
        pages.extend(offset / PAGE..end.div_ceil(PAGE));
        if len > 0 && pages.len() > PAGES {
            return Err(Errno::Nospc);
        }
        if len > 0 {
            self.pages = pages;
            self.bytes.resize(self.bytes.len().max(end), 0);
        }
        Ok(())
    }
}

/// What a write that has come so far answers.
fn answer(done: usize, wanted: usize) -> Result<usize, Errno> {
    if done == 0 && wanted > 0 {
        Err(Errno::Nospc)
    } else {
        Ok(done)
    }
}

/// A cheap source of numbers that look random.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % below
    }

    /// Often at the edge of a page.
    fn place(&mut self) -> u64 {
        let at = self.roll(SPAN);
        if self.roll(2) == 0 {
            at
        } else {
            (at & !0xfff).saturating_sub(self.roll(2))
        }
    }
}

fn step(file: &dyn File, model: &mut Model, dice: &mut Dice) {
    let (at, len) = (dice.place(), dice.place() / (1 + dice.roll(30)));
    let data = vec![dice.roll(255) as u8 + 1; len as usize];
    let (one, two) = data.split_at(data.len() / 3);
    let bufs = [IoSlice::new(one), IoSlice::new(&[]), IoSlice::new(two)];
    match dice.roll(8) {
        0 | 1 => {
            let expected = answer(model.write(&data, at as usize), data.len());
            assert_eq!(file.write_vectored_at(&bufs, at), expected);
        }
        2 => {
            let end = model.bytes.len();
            let expected = answer(model.write(&data, end), data.len());
            assert_eq!(
                file.append(&bufs),
                expected.map(|count| (count, (end + count) as u64))
            );
        }
        3 | 4 => {
            model.set_len(at as usize);
            assert_eq!(file.set_len(at), Ok(()));
        }
        5 => assert_eq!(
            file.allocate(at, len),
            model.allocate(at as usize, len as usize)
        ),
        _ => {
            let (mut one, mut two) = (vec![0xee; 5_000], vec![0xee; 9_000]);
            let mut bufs = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)];
            let count = file.read_vectored_at(&mut bufs, at).unwrap();
            let rest = model.bytes.get(at as usize..).unwrap_or_default();
            assert_eq!(count, rest.len().min(14_000));
            assert!(
                [one, two].concat()[..count] == rest[..count],
                "other bytes at {at}"
            );
        }
    }
}

#[test]
fn any_sequence_gives_the_same_bytes_at_the_same_cost() {
    for seed in 0..30 {
        let root = MemDir::builder().bytes((PAGES * PAGE) as u64).build();
        let file = open(&*root, "f");
        let (mut model, mut dice) = (Model::default(), Dice(seed));
        for index in 0..250 {
            step(&*file, &mut model, &mut dice);
            let size = file.metadata().unwrap().size;
            assert_eq!(size, model.bytes.len() as u64, "seed {seed}, step {index}");
            let cost = (model.pages.len() * PAGE) as u64;
            assert_eq!(root.usage().bytes, cost, "seed {seed}, step {index}");
        }
        assert!(root.contents("f").unwrap() == model.bytes, "seed {seed}");
        assert_eq!(names(&*root), ["f"]);
        drop(file);
        assert!(matches!(
            root.open(name("f"), &writing()),
            Ok(Node::File(_))
        ));
        root.remove_file(name("f")).unwrap();
        assert_eq!(root.usage().bytes, 0);
    }
}

/// A filesystem with one file, and what both should be.
struct Side {
    root: Arc<MemDir>,
    file: Arc<dyn File>,
    model: Model,
}

impl Side {
    /// Compares all that there is.
    fn check(&self, seed: u64) {
        let size = self.file.metadata().unwrap().size;
        assert_eq!(size, self.model.bytes.len() as u64, "seed {seed}");
        let content = self.root.contents("f").unwrap();
        assert!(content == self.model.bytes, "seed {seed}");
        let cost = (self.model.pages.len() * PAGE) as u64;
        assert_eq!(self.root.usage().bytes, cost, "seed {seed}");
    }
}

#[test]
fn snapshots_at_any_step_are_files_of_their_own() {
    for seed in 0..40 {
        let root = MemDir::builder().bytes((PAGES * PAGE) as u64).build();
        let file = open(&*root, "f");
        let model = Model::default();
        let mut sides = vec![Side { root, file, model }];
        let mut dice = Dice(seed);
        for _ in 0..150 {
            let one = dice.roll(sides.len() as u64) as usize;
            if dice.roll(12) == 0 && sides.len() < 6 {
                let root = sides[one].root.snapshot();
                // Whoever touches its side first finds the other's bytes there.
                let file = open(&*root, "f");
                let model = sides[one].model.clone();
                sides.push(Side { root, file, model });
            } else if dice.roll(40) == 0 && sides.len() > 1 {
                sides.swap_remove(one).check(seed);
            } else {
                let side = &mut sides[one];
                step(&*side.file, &mut side.model, &mut dice);
            }
        }
        sides.iter().for_each(|side| side.check(seed));
    }
}
