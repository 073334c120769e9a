//! Mixed calls by many guests for a long time, and what they leave behind.
//!
//! Knows which run is asked for, and when one has passed. Refuses to know whether answers are right: other tests do. The
//! binary `soak` and one short test run it.

mod extremes;
mod latency;
mod measure;
mod options;
mod report;
mod scene;
mod streams;
mod worker;

pub use extremes::{Exhaustion, ManyEntries, many_entries};
pub use latency::Latency;
pub use measure::Heap;
pub use options::Options;
pub use report::Report;

use measure::Watch;
use scene::Scene;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use worker::{Tally, Worker};

/// How often memory is looked at.
const SAMPLE: Duration = Duration::from_millis(100);

/// Runs what `options` ask for, and measures it. `heap` tells what is allocated: only a binary can count that.
pub fn run(options: &Options, heap: impl Fn() -> Heap) -> Report {
    let descriptors_before = measure::descriptors();
    let Load {
        all,
        ends,
        panics,
        left,
        watch,
    } = load(options, heap);
    let exhaustion = extremes::exhaust(options.exhaustions, options.descriptors);
    Report {
        options: options.clone(),
        calls: all.calls,
        errors: all.errors,
        instances: all.instances,
        longest: all.latency.longest(),
        latency: ends,
        panics,
        left,
        growth: watch.growth(options.warm_up()),
        peak: watch.peak(),
        descriptors_before,
        descriptors_after: measure::descriptors(),
        exhaustion,
    }
}

/// How many parts a run has. Between them there is no guest and no tree, so that what is in use then has leaked, or is what
/// the allocator keeps.
const PARTS: u32 = 30;

/// What came of the parts.
struct Load {
    all: Tally,
    /// Of the first third, and of the last.
    ends: (Latency, Latency),
    panics: usize,
    left: usize,
    watch: Watch,
}

impl Load {
    fn add(&mut self, part: u32, tally: &Tally) {
        self.all.add(tally);
        if part < PARTS / 3 {
            self.ends.0.merge(&tally.latency);
        } else if part >= PARTS - PARTS / 3 {
            self.ends.1.merge(&tally.latency);
        }
    }
}

/// The threads, until the time is over.
fn load(options: &Options, heap: impl Fn() -> Heap) -> Load {
    let part = options.part(PARTS);
    let start = Instant::now();
    let mut load = Load {
        all: Tally::default(),
        ends: <(Latency, Latency)>::default(),
        panics: 0,
        left: 0,
        watch: Watch::new(PARTS),
    };
    for number in 0..PARTS {
        let scene = Arc::new(Scene::new());
        for result in together(&part, number, &scene, &mut load.watch) {
            match result {
                Ok(tally) => load.add(number, &tally),
                Err(_) => load.panics += 1,
            }
        }
        let scene = Arc::into_inner(scene).expect("the threads have ended");
        load.left += scene.leave();
        load.watch.rest(start.elapsed(), heap());
    }
    load
}

/// All threads of one part.
fn together(
    part: &Options,
    number: u32,
    scene: &Arc<Scene>,
    watch: &mut Watch,
) -> Vec<thread::Result<Tally>> {
    let (stop, start) = (AtomicBool::new(false), Instant::now());
    thread::scope(|scope| {
        let spawn = |index| {
            let (scene, stop) = (Arc::clone(scene), &stop);
            scope.spawn(move || Worker::new(part, &scene, number, index).run(stop, start))
        };
        let threads: Vec<_> = (0..part.threads).map(spawn).collect();
        while start.elapsed() < part.length() {
            thread::sleep(SAMPLE.min(part.length()));
            watch.work();
        }
        stop.store(true, Ordering::Relaxed);
        threads.into_iter().map(|thread| thread.join()).collect()
    })
}
