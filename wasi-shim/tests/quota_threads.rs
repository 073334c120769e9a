//! However many threads change what is under a quota, what is counted afterwards is what is there.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

mod support;

use std::io::IoSlice;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;
use support::{name, writing};
use wasi_shim::abi::Errno;
use wasi_shim::backends::{Call, Event, MemDir, Operation, Probe, Quota, QuotaUsage, Tap, Verdict};
use wasi_shim::vfs::{Create, Dir, Entry, File, Metadata, Name, Node, OpenRequest, PlainPath};

const THREADS: u64 = 8;
const BYTES: u64 = 3_000;
const INODES: u64 = 12;
const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

/// Numbers that look random, and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % sides
    }

    fn name(&mut self) -> &'static str {
        NAMES[usize::try_from(self.roll(6)).unwrap()]
    }
}

/// What one thread does at random, with up to three handles open.
struct Worker {
    dice: Dice,
    root: Arc<Quota>,
    sub: Arc<dyn Dir>,
    held: Vec<Arc<dyn File>>,
}

impl Worker {
    fn step(&mut self) {
        let (from, to) = (name(self.dice.name()), name(self.dice.name()));
        let (here, there) = self.two_directories();
        let _ = match self.dice.roll(14) {
            0 => here.remove_file(from),
            1 => here.rename(from, &*there, to),
            2 => here.link(from, &*there, to),
            3 => here.create_symlink(from, "some text"),
            4 => here.create_dir(from),
            5 => here.remove_dir(from),
            6..=8 => self.open(&*here, from),
            _ => self.change(),
        };
    }

    fn two_directories(&mut self) -> (Arc<dyn Dir>, Arc<dyn Dir>) {
        let root: Arc<dyn Dir> = self.root.clone();
        let mut pick = || match self.dice.roll(2) {
            0 => Arc::clone(&root),
            _ => Arc::clone(&self.sub),
        };
        (pick(), pick())
    }

    fn open(&mut self, dir: &dyn Dir, at: Name<'_>) -> Result<(), Errno> {
        let mut request = writing();
        request.truncate = self.dice.roll(4) == 0;
        request.create = match self.dice.roll(4) {
            0 => Create::Never,
            1 => Create::Exclusive,
            _ => Create::IfMissing,
        };
        if let Node::File(file) = dir.open(at, &request)? {
            self.held.truncate(2);
            self.held.insert(0, file);
        }
        Ok(())
    }

    fn change(&mut self) -> Result<(), Errno> {
        let (offset, len) = (self.dice.roll(500), self.dice.roll(300));
        let which = usize::try_from(self.dice.roll(3)).unwrap();
        let Some(file) = self.held.get(which) else {
            return Ok(());
        };
        let bytes = vec![b'x'; usize::try_from(len).unwrap()];
        let bufs = [IoSlice::new(&bytes), IoSlice::new(&bytes)];
        match self.dice.roll(6) {
            0 => file.set_len(offset),
            1 => file.allocate(offset, len),
            2 => file.append(&bufs).map(drop),
            3 => file.write_vectored_at(&bufs, offset).map(drop),
            4 => {
                self.held.remove(which);
                Ok(())
            }
            _ => file.write_at(&bytes, offset).map(drop),
        }
    }
}

/// Storms through `inner`, and compares what is counted with what is there: now and at the end.
fn storm(inner: Arc<dyn Dir>, steps: u64) {
    inner.create_dir(name("sub")).unwrap();
    let root = Quota::builder().bytes(BYTES).inodes(INODES);
    let root = root.build(inner.clone()).unwrap();
    let Ok(Node::Dir(sub)) = root.open(name("sub"), &OpenRequest::STEP) else {
        panic!("no directory");
    };
    let over = AtomicBool::new(false);
    for round in 0..5 {
        thread::scope(|scope| {
            for id in 0..THREADS {
                let mut worker = Worker {
                    dice: Dice(round * THREADS + id),
                    root: root.clone(),
                    sub: sub.clone(),
                    held: Vec::new(),
                };
                let over = &over;
                scope.spawn(move || {
                    for _ in 0..steps {
                        worker.step();
                        let QuotaUsage { bytes, inodes, .. } = worker.root.usage();
                        if bytes > BYTES || inodes > INODES {
                            over.store(true, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!(Ok(root.usage()), QuotaUsage::count(&inner), "round {round}");
    }
    assert!(!over.load(Ordering::Relaxed), "the quota was exceeded");
}

#[test]
fn what_is_counted_after_a_storm_is_what_is_there() {
    storm(MemDir::new(), 4_000);
}

#[cfg(all(unix, feature = "host"))]
#[test]
fn what_is_counted_after_a_storm_is_what_is_there_on_the_host() {
    let temp = tempfile::TempDir::new().unwrap();
    storm(wasi_shim::host::open_dir(temp.path()).unwrap(), 500);
}

#[test]
fn no_byte_is_granted_twice() {
    let root = Quota::builder().bytes(10_007).build(MemDir::new()).unwrap();
    let files: Vec<_> = NAMES.iter().map(|at| support::open(&*root, at)).collect();
    let written: u64 = thread::scope(|scope| {
        let append = |file: Arc<dyn File>| {
            let mut written = 0;
            while let Ok((count, _)) = file.append(&[IoSlice::new(b"0123456789")]) {
                written += count as u64;
            }
            written
        };
        let threads: Vec<_> = files
            .iter()
            .map(|file| {
                let file = file.clone();
                scope.spawn(move || append(file))
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert_eq!((written, root.usage().bytes), (10_007, 10_007));
}

/// Takes its time once, before or after the first call that is `slow`.
struct Slow<F> {
    slow: F,
    armed: AtomicBool,
    came: Sender<()>,
}

impl<F: Fn(&Operation<'_>, bool) -> bool> Slow<F> {
    fn wait(&self, operation: &Operation<'_>, done: bool) {
        if (self.slow)(operation, done) && self.armed.swap(false, Ordering::Relaxed) {
            self.came.send(()).unwrap();
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl<F: Fn(&Operation<'_>, bool) -> bool + Send + Sync + 'static> Probe for Slow<F> {
    fn before(&self, call: &Call<'_>) -> Verdict {
        self.wait(&call.operation, false);
        Verdict::Proceed
    }

    fn after(&self, event: &Event<'_>) {
        self.wait(&event.call.operation, true);
    }
}

/// Begins `one`, and `other` when `one` has come to the inner call that is `slow`. Returns the inner tree, which has a
/// file `f` and directories `d` and `e`, and what is under the quota.
fn meanwhile<T>(
    slow: impl Fn(&Operation<'_>, bool) -> bool + Send + Sync + 'static,
    one: impl FnOnce(&Quota) -> T,
    other: impl FnOnce(&Quota) + Send,
) -> (Arc<dyn Dir>, Arc<Quota>, T) {
    let tree = MemDir::new();
    tree.file("f", "0123456789").unwrap();
    tree.dir("d").unwrap();
    tree.dir("e").unwrap();
    let inner: Arc<dyn Dir> = tree;
    let (came, coming) = channel();
    let armed = AtomicBool::new(false);
    let tap = Tap::new(inner.clone(), Slow { slow, armed, came });
    let root = Quota::builder().build(tap.clone()).unwrap();
    tap.probe().armed.store(true, Ordering::Relaxed);
    let answer = thread::scope(|scope| {
        let root = &root;
        scope.spawn(move || {
            coming.recv_timeout(Duration::from_secs(20)).unwrap();
            other(root);
        });
        one(root)
    });
    (inner, root, answer)
}

#[test]
fn a_file_that_gets_another_name_while_it_is_removed_still_counts() {
    let (inner, root, removed) = meanwhile(
        |operation, _| matches!(operation, Operation::RemoveFile { .. }),
        |root| root.remove_file(name("f")),
        |root| {
            // It may be gone by then.
            let _ = root.link(name("f"), root, name("g"));
        },
    );
    assert_eq!(removed, Ok(()));
    assert_eq!(Ok(root.usage()), QuotaUsage::count(&inner));
}

#[test]
fn a_file_that_is_removed_while_it_is_opened_still_counts() {
    let (_, root, opened) = meanwhile(
        |operation, done| done && matches!(operation, Operation::Open { .. }),
        |root| root.open(name("f"), &OpenRequest::READ),
        |root| root.remove_file(name("f")).unwrap(),
    );
    assert_eq!(root.usage().bytes, 10);
    drop(opened);
    assert_eq!(root.usage().bytes, 0);
}

#[test]
fn a_directory_that_is_made_where_another_moves_is_counted() {
    let (inner, root, moved) = meanwhile(
        |operation, _| matches!(operation, Operation::Rename { .. }),
        |root| root.rename(name("d"), root, name("g")),
        |root| {
            // It may be taken by then.
            let _ = root.create_dir(name("g"));
        },
    );
    assert_eq!(moved, Ok(()));
    assert_eq!(Ok(root.usage()), QuotaUsage::count(&inner));
}

#[test]
fn a_directory_that_is_removed_where_another_moves_is_counted() {
    let (inner, root, moved) = meanwhile(
        |operation, _| matches!(operation, Operation::Rename { .. }),
        |root| root.rename(name("d"), root, name("e")),
        |root| root.remove_dir(name("e")).unwrap(),
    );
    assert_eq!(moved, Ok(()));
    assert_eq!(Ok(root.usage()), QuotaUsage::count(&inner));
}

/// A tree that takes its time after it opened several levels at once.
struct SlowlyDeep(Arc<MemDir>, Sender<()>);

impl Dir for SlowlyDeep {
    fn metadata(&self) -> Result<Metadata, Errno> {
        self.0.metadata()
    }

    fn stat(&self, name: Name<'_>) -> Result<Metadata, Errno> {
        self.0.stat(name)
    }

    fn open(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node, Errno> {
        self.0.open(name, request)
    }

    fn list(&self, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<(), Errno> {
        self.0.list(sink)
    }

    fn open_deep(&self, path: PlainPath<'_>, request: &OpenRequest) -> Option<Node> {
        let node = self.0.open_deep(path, request);
        self.1.send(()).unwrap();
        thread::sleep(Duration::from_millis(50));
        node
    }
}

#[test]
fn a_file_that_is_removed_while_it_is_opened_from_far_above_still_counts() {
    let tree = MemDir::new();
    tree.dir("d").unwrap().file("f", "0123456789").unwrap();
    let (came, coming) = channel();
    let root = Quota::builder().build(Arc::new(SlowlyDeep(tree, came)));
    let root = root.unwrap();
    let opened = thread::scope(|scope| {
        let dir = support::subdir(&*root, "d");
        scope.spawn(move || {
            coming.recv_timeout(Duration::from_secs(20)).unwrap();
            dir.remove_file(name("f")).unwrap();
        });
        root.open_deep(PlainPath::new("d/f").unwrap(), &OpenRequest::READ)
    });
    assert_eq!(root.usage().bytes, 10);
    drop(opened);
    assert_eq!(root.usage().bytes, 0);
}
