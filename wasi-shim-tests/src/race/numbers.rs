//! The first half of the oracle: which file an answer speaks of.
//!
//! This file knows the numbers of all files inside and outside, taken before anything moves, as the victim's answers give
//! them. It does not look at the host again. A file is what it was made as, wherever its directory is moved: what belongs to
//! the guest and is outside for a moment is the guest's.

use super::scene::Scene;
use super::victim::{Number, Seen, Victim};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Whose a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// The guest's; its place in the list of names.
    Guest(usize),
    /// Made since the start, so nothing of the sentinel, which is all older.
    New,
    /// The answer has 0 in the number's place: it does not say. So does the library of streams, and of `..`.
    Untold,
    /// Not the guest's.
    Other,
}

/// Numbers and their owners.
pub(super) struct Numbers {
    /// Sorted.
    known: Vec<(Number, Owner)>,
    /// What the guest's files were called at the start.
    pub(super) names: Vec<String>,
    start: u64,
}

impl Numbers {
    /// Of this scene, before anything happens in it.
    pub(super) fn new(scene: &Scene, victim: &impl Victim) -> Self {
        let (root, sentinel) = (scene.root(), scene.sentinel());
        let above = sentinel.ancestors().skip(1).map(Path::to_path_buf);
        let mut names = Vec::new();
        let mut known = BTreeMap::new();
        for path in everything(&sentinel).into_iter().chain(above) {
            let owner = match path.strip_prefix(&root) {
                Ok(name) => {
                    names.push(name.display().to_string());
                    Owner::Guest(names.len() - 1)
                }
                Err(_) => Owner::Other,
            };
            let before = known.insert(victim.number(&path), owner);
            // Files above the sentinel are on other devices, and not the guest's either.
            let clear = before.is_none_or(|before| before == owner);
            assert!(clear, "two files have one number: {}", path.display());
        }
        Self {
            known: known.into_iter().collect(),
            names,
            start: now(&root),
        }
    }

    /// Whose a file is that an answer speaks of.
    pub(super) fn owner(&self, seen: Seen) -> Owner {
        match self.of_entry(seen.number) {
            Owner::New if seen.ctim < self.start => Owner::Other,
            owner => owner,
        }
    }

    /// The same for an entry of a listing, which says no more than a number.
    pub(super) fn of_entry(&self, number: Number) -> Owner {
        if number == 0 {
            return Owner::Untold;
        }
        let found = self
            .known
            .binary_search_by_key(&number, |(number, _)| *number);
        found.map_or(Owner::New, |at| self.known[at].1)
    }
}

/// A directory and all below it; links are not followed.
pub(super) fn everything(root: &Path) -> Vec<PathBuf> {
    let mut found = vec![root.to_owned()];
    let mut next = 0;
    while let Some(path) = found.get(next).cloned() {
        next += 1;
        if path.is_symlink() || !path.is_dir() {
            continue;
        }
        for entry in fs::read_dir(&path).expect("it can be listed") {
            found.push(entry.expect("an entry").path());
        }
    }
    found
}

/// The time that the filesystem gives to a change.
fn now(root: &Path) -> u64 {
    let marker = root.join("marker");
    fs::write(&marker, "").expect("a file can be made");
    let stat = marker.metadata().expect("it is there");
    fs::remove_file(&marker).expect("it is there");
    let (seconds, rest) = (
        stat.ctime().unsigned_abs(),
        stat.ctime_nsec().unsigned_abs(),
    );
    seconds * 1_000_000_000 + rest
}
