//! Where it happens: the guest's directory, and around it what it must never reach.
//!
//! This file knows the layout. Whatever a path names inside is there outside too, under the same names: above the guest's
//! directory at each of five levels, in `outside` beside it, and in `outside/parking`, to which directories are moved. So a
//! path that has come out by any number of `..` goes on and finds something. Only this room uses it.

use rustix::fs::{CWD, FileType, Mode, OFlags};
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The levels above the guest's directory.
const LEVELS: [&str; 5] = ["", "1", "1/2", "1/2/3", "1/2/3/4"];

/// Directories of the guest. Each has a `secret`.
const INSIDE: [&str; 15] = [
    "",
    "a",
    "a/b",
    "a/b/c",
    "a/b/c/d",
    "a/b/c/d/e",
    "a/b/c/d/e/f",
    "a/b/c/d/e/f/g",
    "a/b/c/d/x",
    "a/b/c/d/x/sub",
    "x",
    "x/sub",
    "a/flip",
    "a/flip/sub",
    "spare",
];

/// Files of the guest besides.
const FILES: [&str; 4] = ["a/leaf", "a/new", "a/flip/one", "one"];

/// Links of the guest. The last two are those of GHSA-hp8f-xmx4-4qrg.
const LINKS: [(&str, &str); 5] = [
    ("a/out", "../../outside"),
    ("a/leafout", "../../outside/secret"),
    ("a/via", "b/c"),
    ("a/relevil", "../../outside"),
    ("a/link2", "relevil/"),
];

/// Directories of each place outside. Each has a `secret` and a `one`.
const DECOYS: [&str; 6] = ["", "a", "a/b", "a/b/c", "flip", "sub"];

/// A fresh tree, which goes with this.
pub(super) struct Scene {
    base: TempDir,
    /// A handle of the guest's directory.
    pub(super) inside: OwnedFd,
    /// A handle of `outside`.
    pub(super) outside: OwnedFd,
    /// A handle of a directory that has nothing to do with either.
    pub(super) elsewhere: OwnedFd,
}

impl Scene {
    /// Makes one in this folder of the host.
    pub(super) fn new(folder: &Path) -> Self {
        let base = TempDir::with_prefix_in("race-", folder).expect("a folder can be made");
        let at = |below: &str| base.path().join(below);
        for level in LEVELS {
            fs::create_dir_all(at("sentinel").join(level)).expect("a level");
            decoys(&at("sentinel").join(level));
        }
        let last = at("sentinel").join(LEVELS[4]);
        for place in ["outside", "outside/parking"] {
            decoys(&last.join(place));
        }
        let inside = last.join("inside");
        furnish(&inside);
        for name in ["one", "other"] {
            fs::create_dir_all(at("elsewhere").join(name)).expect("a directory");
        }
        Self {
            inside: handle(&inside),
            outside: handle(&last.join("outside")),
            elsewhere: handle(&at("elsewhere")),
            base,
        }
    }

    /// Everything that is not the guest's, and in it what is.
    pub(super) fn sentinel(&self) -> PathBuf {
        self.base.path().join("sentinel")
    }

    /// The guest's directory.
    pub(super) fn root(&self) -> PathBuf {
        self.sentinel().join(LEVELS[4]).join("inside")
    }

    /// The directory to which the guest's are moved.
    pub(super) fn parking(&self) -> PathBuf {
        self.sentinel().join(LEVELS[4]).join("outside/parking")
    }
}

fn handle(path: &Path) -> OwnedFd {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::empty()).expect("a directory")
}

fn decoys(place: &Path) {
    for dir in DECOYS {
        fs::create_dir_all(place.join(dir)).expect("a directory");
        for name in ["secret", "one"] {
            fs::write(place.join(dir).join(name), "outside").expect("a file");
        }
    }
}

fn furnish(inside: &Path) {
    for dir in INSIDE {
        fs::create_dir_all(inside.join(dir)).expect("a directory");
        fs::write(inside.join(dir).join("secret"), "inside").expect("a file");
    }
    for file in FILES {
        fs::write(inside.join(file), "inside").expect("a file");
    }
    for (link, text) in LINKS {
        symlink(text, inside.join(link)).expect("a link");
    }
    let (fifo, mode) = (inside.join("a/pipe"), Mode::from_raw_mode(0o666));
    rustix::fs::mknodat(CWD, &fifo, FileType::Fifo, mode, 0).expect("a FIFO");
}
