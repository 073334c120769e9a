//! The second half of the oracle: whether anything outside was touched.
//!
//! This file knows everything outside as it was: names, numbers, kinds, link counts, sizes, all three times, contents.
//! Times of access are set so that reading changes them; besides, the kernel is asked to tell of everything outside that is
//! opened, read, made, removed or changed. It knows the two marks that an attacker may leave, and judges no answer of a
//! victim.

use super::numbers::everything;
use super::scene::Scene;
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::fs;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A moment in 2001 and one in 2002: the kernel notes an access if the last was before the last change.
const ACCESSED: i64 = 1_000_000_000;
const MODIFIED: i64 = 1_020_000_000;

/// What is the guest's where it lies among what is not: its directory, and the one that is moved.
const GUESTS: [&[u8]; 2] = [b"inside", b"c"];

/// All that can be told about a file without opening it.
type Facts = [i128; 8];

/// The outside, and what is known of it.
pub(super) struct Sentinel {
    files: BTreeMap<PathBuf, Facts>,
    contents: BTreeMap<PathBuf, Vec<u8>>,
    root: PathBuf,
    top: PathBuf,
    parking: PathBuf,
    watch: OwnedFd,
    watched: BTreeMap<i32, PathBuf>,
    buffer: Vec<MaybeUninit<u8>>,
}

impl Sentinel {
    /// Of this scene, before anything happens in it.
    pub(super) fn new(scene: &Scene) -> Self {
        let (top, root, parking) = (scene.sentinel(), scene.root(), scene.parking());
        let paths = outside(&top, &root);
        let contents = contents(&paths);
        paths.iter().for_each(|path| age(path));
        let watch = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC);
        let watch = watch.expect("the kernel tells of changes");
        let directories = paths.iter().filter(|path| path.is_dir());
        let watched = directories.map(|path| (watch_one(&watch, path), path.clone()));
        let watched = watched.collect();
        let facts = |path: &PathBuf| Some((path.clone(), facts(path, *path == parking)?));
        Self {
            files: paths.iter().filter_map(facts).collect(),
            contents,
            root,
            top,
            parking,
            watch,
            watched,
            buffer: vec![MaybeUninit::uninit(); 1 << 16],
        }
    }

    /// What was done to the outside since the last time, as far as that can be seen without opening anything.
    pub(super) fn check(&mut self, found: &mut Vec<String>) {
        self.events(found);
        for (path, before) in &mut self.files {
            let now = facts(path, *path == self.parking).unwrap_or_default();
            if now != *before {
                found.push(format!("{} is {now:?}, was {before:?}", path.display()));
                *before = now;
            }
        }
    }

    /// The same, and whether everything is there, with its content, and nothing else.
    pub(super) fn check_all(&mut self, found: &mut Vec<String>) {
        self.check(found);
        let now = outside(&self.top, &self.root);
        let new = now.iter().filter(|path| !self.files.contains_key(*path));
        found.extend(new.map(|path| format!("{} is new", path.display())));
        let present = |path: &&PathBuf| now.contains(path);
        let gone = self.files.keys().filter(|path| !present(path));
        found.extend(gone.map(|path| format!("{} is gone", path.display())));
        if contents(&now) != self.contents {
            found.push("the contents are others".to_owned());
        }
    }

    fn events(&mut self, found: &mut Vec<String>) {
        let mut reader = Reader::new(&self.watch, &mut self.buffer);
        loop {
            let event = match reader.next() {
                Ok(event) => event,
                Err(Errno::AGAIN) => return,
                Err(errno) => panic!("the kernel tells of changes no more: {errno}"),
            };
            if event.events().contains(ReadFlags::QUEUE_OVERFLOW) {
                found.push("more than the kernel could tell".to_owned());
            }
            let name = event.file_name().map(std::ffi::CStr::to_bytes);
            if name.is_none_or(|name| !GUESTS.contains(&name)) {
                let (dir, kind) = (self.watched.get(&event.wd()), event.events());
                let name = String::from_utf8_lossy(name.unwrap_or_default());
                found.push(format!("{kind:?} in {dir:?}: {name:?}"));
            }
        }
    }
}

/// Everything outside. The guest's directory is not looked into.
fn outside(top: &Path, root: &Path) -> Vec<PathBuf> {
    let mut all = everything(top);
    all.retain(|path| !path.starts_with(root));
    all
}

fn contents(paths: &[PathBuf]) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = paths.iter().filter(|path| path.is_file());
    files
        .map(|path| (path.clone(), fs::read(path).unwrap_or_default()))
        .collect()
}

fn age(path: &Path) {
    let at = |tv_sec| Timespec { tv_sec, tv_nsec: 0 };
    let times = Timestamps {
        last_access: at(ACCESSED),
        last_modification: at(MODIFIED),
    };
    rustix::fs::utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW).expect("times can be set");
}

/// Not of moves, of which an attacker makes many; what they lead to shows in the facts.
fn watch_one(watch: &OwnedFd, path: &Path) -> i32 {
    let flags = WatchFlags::OPEN
        | WatchFlags::ACCESS
        | WatchFlags::MODIFY
        | WatchFlags::ATTRIB
        | WatchFlags::CREATE
        | WatchFlags::DELETE;
    inotify::add_watch(watch, path, flags).expect("a directory can be watched")
}

/// `None` if it is gone. Where an attacker parks directories, times of change and the number of links are its own.
fn facts(path: &Path, parking: bool) -> Option<Facts> {
    let stat = path.symlink_metadata().ok()?;
    let time = |whole: i64, part: i64| i128::from(whole) * 1_000_000_000 + i128::from(part);
    let mut facts = [
        i128::from(stat.ino()),
        i128::from(stat.mode()),
        time(stat.atime(), stat.atime_nsec()),
        i128::from(stat.uid()),
        i128::from(stat.nlink()),
        i128::from(stat.size()),
        time(stat.mtime(), stat.mtime_nsec()),
        time(stat.ctime(), stat.ctime_nsec()),
    ];
    if parking {
        facts[4..].fill(0);
    }
    Some(facts)
}
