//! An overlay against a plain tree in memory: any sequence of operations has the same answers, and leaves the lower
//! tree as it was.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

mod overlay_kit;

use overlay_kit::{Clock, Dice, Twins, dump, plant};
use std::sync::Arc;
use wasi_shim::backends::{MemDir, Overlay};

/// Runs `steps` steps of one program on an overlay and on a plain tree, both with what `plant` makes.
fn run(seed: u64, steps: usize) {
    let clock = Clock::new();
    let mem = |clock: &Clock| MemDir::with_time(clock.source());
    let (plain, lower) = (mem(&clock), mem(&clock));
    let mut dice = Dice(seed);
    plant(&*plain, &mut Dice(seed ^ 0xabc), 3);
    plant(&*lower, &mut Dice(seed ^ 0xabc), 3);
    let before = dump(&*lower);
    let root = Overlay::builder(lower.clone()).time(clock.source()).build();
    let mut twins = Twins::new(plain.clone(), root.clone());
    for index in 0..steps {
        clock.tick();
        twins.step(&mut dice, &format!("seed {seed}, step {index}"));
    }
    twins.compare(&format!("seed {seed}, at the end"));
    assert_eq!(dump(&*plain), dump(&*root), "seed {seed}");
    assert_eq!(before, dump(&*lower), "seed {seed}: the lower tree");
    drop(twins);
    assert!(Arc::strong_count(&root) >= 1);
}

#[test]
fn any_sequence_has_the_answers_of_a_plain_tree() {
    for seed in 0..200 {
        run(seed, 300);
    }
}

#[test]
fn long_sequences_have_the_answers_of_a_plain_tree() {
    for seed in 100..103 {
        run(seed, 5_000);
    }
}
