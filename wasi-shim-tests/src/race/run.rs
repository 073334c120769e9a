//! One pair, run: a victim in one thread, the attacker in another.
//!
//! This file knows how long a run goes on, who watches, and when a run says too little. It does not know what is asked or
//! done. A run goes on beyond its rounds until the attack was one often enough, up to a multiple of them.

use super::court::{Court, Tally, Weakness};
use super::numbers::Numbers;
use super::pair::Pair;
use super::scene::Scene;
use super::script::{Signals, attack};
use super::sentinel::Sentinel;
use super::victim::Victim;
use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How many times its rounds a run may last, and how many rounds at least.
const PATIENCE: u64 = 4;
const PATIENT: u64 = 300_000;

/// After how many rounds the outside is looked at, and after how many the kernel is asked itself.
const INSPECTION: u64 = 1 << 12;
const PROBE: u64 = 1 << 6;

/// A pause that no call takes.
const STUCK: Duration = Duration::from_secs(10);
const GLANCE: Duration = Duration::from_millis(5);

/// How much, and where.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many rounds at least; in a hunt, at most.
    pub rounds: u64,
    /// The folder of the host in which trees are made.
    pub folder: PathBuf,
    /// How long a call may take before it counts as one that waits for ever.
    pub stuck: Duration,
    /// Whether to stop as soon as something is found, and not before.
    pub hunt: bool,
}

impl Plan {
    /// This many rounds, in memory if the system has a folder for that.
    pub fn new(rounds: u64) -> Self {
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() {
            memory.to_owned()
        } else {
            std::env::temp_dir()
        };
        Self {
            rounds,
            folder,
            stuck: STUCK,
            hunt: false,
        }
    }
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Report {
    /// Whose run it was.
    pub victim: &'static str,
    /// The pair's name.
    pub pair: &'static str,
    /// What was counted.
    pub tally: Tally,
    /// Answers and how often each was given, most frequent first.
    pub outcomes: Vec<(String, u64)>,
    /// The attacker's steps.
    pub steps: u64,
    /// Of how many times that the kernel was asked itself it said `EAGAIN`.
    pub again: (u64, u64),
    /// How often a call had to be set free.
    pub stuck: u64,
    /// How long it took.
    pub seconds: f64,
    /// Why it says too little, if it does.
    pub weak: Option<Weakness>,
}

impl Report {
    /// Whether nothing was found, and the search was one.
    pub fn is_good(&self) -> bool {
        self.tally.escapes == 0 && self.stuck == 0 && self.weak.is_none()
    }
}

/// What the threads share.
#[derive(Default)]
struct Progress {
    /// How many have begun: with none, nobody waits yet.
    rounds: AtomicU64,
    stuck: AtomicU64,
    over: AtomicBool,
}

/// Runs a pair against a victim on a fresh tree.
pub fn run<V: Victim>(pair: &Pair, victim: impl FnOnce(&Path) -> V + Send, plan: &Plan) -> Report {
    let scene = Scene::new(&plan.folder);
    let (signals, progress) = (Signals::default(), Progress::default());
    let begin = Instant::now();
    let mut report = thread::scope(|scope| {
        let ask = || {
            let _over = OnDrop(|| progress.over.store(true, Ordering::Release));
            ask(
                pair,
                victim(&scene.root()),
                &scene,
                plan,
                (&signals, &progress),
            )
        };
        let asked = scope.spawn(ask);
        watch(&scene, &progress, plan.stuck);
        asked.join().expect("the victim can be asked")
    });
    report.steps = signals.steps() / 2;
    report.stuck = progress.stuck.into_inner();
    report.seconds = begin.elapsed().as_secs_f64();
    report
}

/// Whatever becomes of the victim's thread, the others are told.
struct OnDrop<F: Fn()>(F);

impl<F: Fn()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

fn ask<V: Victim>(
    pair: &Pair,
    mut victim: V,
    scene: &Scene,
    plan: &Plan,
    (signals, progress): (&Signals, &Progress),
) -> Report {
    let (numbers, sentinel) = (Numbers::new(scene, &victim), Sentinel::new(scene));
    let mut court = Court::new(pair, numbers, sentinel);
    let mut again = (0, 0);
    let weak = thread::scope(|scope| {
        scope.spawn(|| attack(pair.script, scene, signals));
        let _stop = OnDrop(|| signals.stop());
        rounds(&mut court, &mut victim, plan, (signals, progress), || {
            again.0 += u64::from(kernel_declines(scene, pair.paths[0]));
            again.1 += 1;
        })
    });
    court.inspect(true);
    Report {
        victim: victim.name(),
        pair: pair.name,
        outcomes: court.outcomes(&victim),
        tally: court.tally,
        steps: 0,
        again,
        stuck: 0,
        seconds: 0.0,
        weak,
    }
}

/// Asks until that is enough; returns why it is not.
fn rounds<V: Victim>(
    court: &mut Court<'_>,
    victim: &mut V,
    plan: &Plan,
    (signals, progress): (&Signals, &Progress),
    mut probe: impl FnMut(),
) -> Option<Weakness> {
    while signals.steps() == 0 {
        thread::yield_now();
    }
    for round in 0..plan.most() {
        let before = signals.steps();
        progress.rounds.store(round + 1, Ordering::Relaxed);
        court.round(victim, round);
        court.tally.hits += u64::from(signals.steps() != before);
        if round % PROBE == 0 {
            probe();
        }
        if round % INSPECTION == 0 {
            court.inspect(false);
        }
        let caught = court.tally.escapes + progress.stuck.load(Ordering::Relaxed) > 0;
        if plan.is_over(round + 1, caught, || court.weakness(plan.rounds)) {
            break;
        }
    }
    court.weakness(plan.rounds)
}

impl Plan {
    fn most(&self) -> u64 {
        if self.hunt {
            return self.rounds;
        }
        self.rounds.saturating_mul(PATIENCE).max(PATIENT)
    }

    fn is_over(&self, rounds: u64, caught: bool, weakness: impl Fn() -> Option<Weakness>) -> bool {
        if self.hunt {
            return caught;
        }
        rounds >= self.rounds && (caught || weakness().is_none())
    }
}

/// Whether the kernel says `EAGAIN`, at this moment, where the library asks it.
fn kernel_declines(scene: &Scene, path: &str) -> bool {
    let rules = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS | ResolveFlags::NO_XDEV;
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let opened = rustix::fs::openat2(&scene.inside, path, flags, Mode::empty(), rules);
    opened.is_err_and(|errno| errno == Errno::AGAIN)
}

/// Sees to it that the rounds go on: a call that waits for a FIFO's other end is set free, and counted.
fn watch(scene: &Scene, progress: &Progress, patience: Duration) {
    let (mut last, mut since) = (0, Instant::now());
    while !progress.over.load(Ordering::Acquire) {
        thread::sleep(GLANCE);
        let now = progress.rounds.load(Ordering::Relaxed);
        if now != last || now == 0 {
            (last, since) = (now, Instant::now());
        } else if since.elapsed() > patience {
            progress.stuck.fetch_add(1, Ordering::Relaxed);
            since = Instant::now();
            for name in ["a/pipe", "a/leaf"] {
                let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::NOFOLLOW;
                drop(rustix::fs::openat(
                    &scene.inside,
                    name,
                    flags,
                    Mode::empty(),
                ));
            }
        }
    }
}
