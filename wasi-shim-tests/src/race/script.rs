//! The attackers: eight things that somebody else does to a guest's directory, again and again.
//!
//! Each knows two states and how to get from one to the other; an even number of steps leads back to the first. It knows
//! the scene and nothing of who is attacked, or what is asked. Only the run of a pair uses it.

use super::scene::Scene;
use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags};
use rustix::io::Errno;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What an attacker does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// The directory `a/flip` and a link that leads out change places.
    Flip,
    /// The file `a/leaf` and a link to a file outside change places.
    Leaf,
    /// The directory `a/b/c` is moved outside, and back.
    Away,
    /// The directories `x` and `a/b/c/d/x` change places: the same `..` leads to different heights.
    Depth,
    /// The file `a/leaf` and a FIFO change places.
    Fifo,
    /// `a/new` is removed and made again, as a file or as a link to a name outside that is missing.
    Recreate,
    /// The link `a/via` is replaced by one with another text.
    Retext,
    /// A directory that has nothing to do with the guest's is renamed.
    Storm,
}

/// How long to do nothing after a step, in turns of a loop: one after another. Names that change without a lull are one
/// thing that happens; names that stay for the length of a call are another. A storm has no lulls.
const PAUSES: [u32; 12] = [0, 0, 0, 0, 50, 0, 200, 50, 1000, 0, 300, 3000];

impl Script {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Flip,
        Self::Leaf,
        Self::Away,
        Self::Depth,
        Self::Fifo,
        Self::Recreate,
        Self::Retext,
        Self::Storm,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flip => "flip",
            Self::Leaf => "leaf",
            Self::Away => "away",
            Self::Depth => "depth",
            Self::Fifo => "fifo",
            Self::Recreate => "recreate",
            Self::Retext => "retext",
            Self::Storm => "storm",
        }
    }

    /// Whether a guest whose paths lead through what is changed can tell the two states apart.
    pub const fn is_visible(self) -> bool {
        !matches!(self, Self::Storm)
    }

    fn step(self, scene: &Scene, forth: bool) -> Result<(), Errno> {
        let inside = scene.inside.as_fd();
        match self {
            Self::Flip => exchange(inside, "a/flip", "a/out"),
            Self::Leaf => exchange(inside, "a/leaf", "a/leafout"),
            Self::Depth => exchange(inside, "x", "a/b/c/d/x"),
            Self::Fifo => exchange(inside, "a/leaf", "a/pipe"),
            Self::Away => {
                let (here, there) = ((inside, "a/b/c"), (scene.outside.as_fd(), "parking/c"));
                let (from, to) = if forth { (here, there) } else { (there, here) };
                rustix::fs::renameat(from.0, from.1, to.0, to.1)
            }
            Self::Storm => {
                let (one, two) = ("one/moved", "other/moved");
                let (from, to) = if forth { (one, two) } else { (two, one) };
                rustix::fs::renameat(&scene.elsewhere, from, &scene.elsewhere, to)
            }
            Self::Retext => {
                let text = if forth { "../../outside" } else { "b/c" };
                rustix::fs::symlinkat(text, inside, "a/via.next")?;
                rustix::fs::renameat(inside, "a/via.next", inside, "a/via")
            }
            Self::Recreate => recreate(inside, forth),
        }
    }

    fn prepare(self, scene: &Scene) {
        if self == Self::Storm {
            let made = rustix::fs::mkdirat(&scene.elsewhere, "one/moved", Mode::from(0o777));
            made.expect("a directory can be made");
        }
    }
}

fn exchange(dir: BorrowedFd<'_>, one: &str, other: &str) -> Result<(), Errno> {
    rustix::fs::renameat_with(dir, one, dir, other, RenameFlags::EXCHANGE)
}

/// The guest creates the same name, so it may be there, or gone, at any time.
fn recreate(dir: BorrowedFd<'_>, as_link: bool) -> Result<(), Errno> {
    let name = "a/new";
    match rustix::fs::unlinkat(dir, name, AtFlags::empty()) {
        Err(Errno::NOENT) => {}
        result => result?,
    }
    let made = if as_link {
        rustix::fs::symlinkat("../../outside/new", dir, name)
    } else {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW;
        rustix::fs::openat(dir, name, flags, Mode::from(0o666)).map(drop)
    };
    match made {
        Err(Errno::EXIST) => Ok(()),
        result => result,
    }
}

/// What an attacker and its victim tell each other.
#[derive(Default)]
pub(super) struct Signals {
    /// Twice the number of steps; odd during one.
    steps: AtomicU64,
    stop: AtomicBool,
}

impl Signals {
    /// Changes whenever a step begins or ends.
    pub(super) fn steps(&self) -> u64 {
        self.steps.load(Ordering::Acquire)
    }

    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
    }
}

/// Goes on until told to stop, and leaves things as they were.
pub(super) fn attack(script: Script, scene: &Scene, signals: &Signals) {
    script.prepare(scene);
    let step = |forth| {
        signals.steps.fetch_add(1, Ordering::AcqRel);
        script.step(scene, forth).expect("a step can be taken");
        signals.steps.fetch_add(1, Ordering::AcqRel);
    };
    let mut pauses = PAUSES.iter().cycle();
    while !signals.stop.load(Ordering::Acquire) {
        for forth in [true, false] {
            step(forth);
            let pause = pauses.next().copied().unwrap_or_default();
            for _ in 0..if script == Script::Storm { 0 } else { pause } {
                std::hint::spin_loop();
            }
        }
    }
}
