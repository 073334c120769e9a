//! Whole trees that are walked through, however deep: how many directories that takes at once.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

mod support;

use std::any::Any;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use support::name;
use wasi_shim::abi::{Errno, Result};
use wasi_shim::backends::{MemDir, Overlay, QuotaUsage, copy_tree};
use wasi_shim::vfs::{Dir, Entry, FsId, Metadata, Name, Node, OpenRequest, SetTimes};

/// More than this no walk should have open, in one tree. A process may have 1,024 in all, if nobody says more.
const FEW: usize = 48;

/// How deep the trees are.
const DEPTH: usize = 3_000;

/// How many directories are open, and were.
#[derive(Default)]
struct Count {
    now: AtomicUsize,
    most: AtomicUsize,
}

/// A directory that counts.
struct Counted(Arc<dyn Dir>, Arc<Count>);

impl Counted {
    fn new(dir: Arc<dyn Dir>, count: &Arc<Count>) -> Arc<Self> {
        let now = count.now.fetch_add(1, Ordering::Relaxed) + 1;
        count.most.fetch_max(now, Ordering::Relaxed);
        Arc::new(Self(dir, Arc::clone(count)))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.1.now.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Dir for Counted {
    fn metadata(&self) -> Result<Metadata> {
        self.0.metadata()
    }
    fn stat(&self, name: Name<'_>) -> Result<Metadata> {
        self.0.stat(name)
    }
    fn open(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
        Ok(match self.0.open(name, request)? {
            Node::Dir(dir) => Node::Dir(Self::new(dir, &self.1)),
            other => other,
        })
    }
    fn list(&self, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        self.0.list(sink)
    }
    fn filesystem(&self) -> FsId {
        self.0.filesystem()
    }
    fn create_dir(&self, name: Name<'_>) -> Result<()> {
        self.0.create_dir(name)
    }
    fn remove_file(&self, name: Name<'_>) -> Result<()> {
        self.0.remove_file(name)
    }
    fn remove_dir(&self, name: Name<'_>) -> Result<()> {
        self.0.remove_dir(name)
    }
    fn rename(&self, from: Name<'_>, target: &dyn Dir, to: Name<'_>) -> Result<()> {
        let target: Option<&Self> = (target as &dyn Any).downcast_ref();
        self.0.rename(from, &*target.ok_or(Errno::Xdev)?.0, to)
    }
    fn set_times(&self, name: Name<'_>, times: &SetTimes) -> Result<()> {
        self.0.set_times(name, times)
    }
    fn set_own_times(&self, times: &SetTimes) -> Result<()> {
        self.0.set_own_times(times)
    }
}

/// Directories below each other, each with others before and after the next, which have a file each.
fn comb(root: &Arc<MemDir>) {
    let mut at = Arc::clone(root);
    for _ in 0..DEPTH {
        for beside in ["a", "z"] {
            at.dir(beside).unwrap().file("f", "").unwrap();
        }
        at = at.dir("m").unwrap();
    }
}

/// How many things are in it.
const COMB: u64 = DEPTH as u64 * 5;

#[test]
fn counting_a_deep_tree_takes_few_open_directories() {
    let (count, root) = (Arc::default(), MemDir::new());
    comb(&root);
    let root: Arc<dyn Dir> = Counted::new(root, &count);
    assert_eq!(QuotaUsage::count(&root).unwrap().inodes, COMB);
    let most = count.most.load(Ordering::Relaxed);
    assert!(most <= FEW, "{most}");
}

#[test]
fn copying_a_deep_tree_takes_few_open_directories() {
    let (count, source, target) = (Arc::default(), MemDir::new(), MemDir::new());
    comb(&source);
    let (from, to) = (
        Counted::new(source.clone(), &count),
        Counted::new(target.clone(), &count),
    );
    copy_tree(&*from, &*to).unwrap();
    assert_eq!(target.usage(), source.usage());
    let most = count.most.load(Ordering::Relaxed);
    assert!(most <= FEW * 2, "{most}");
}

#[test]
fn committing_that_a_deep_tree_is_gone_takes_few_open_directories() {
    let (count, lower, target) = (Arc::default(), MemDir::new(), MemDir::new());
    lower.dir("top").unwrap();
    comb(&target.dir("top").unwrap());
    let root = Overlay::new(lower);
    root.remove_dir(name("top")).unwrap();
    root.commit(&*Counted::new(target.clone(), &count)).unwrap();
    assert_eq!(target.usage().inodes, 0);
    let most = count.most.load(Ordering::Relaxed);
    assert!(most <= FEW, "{most}");
}
