//! Commits into a tree that is more than one filesystem.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

mod support;

use std::any::Any;
use std::ops::ControlFlow;
use std::sync::Arc;
use support::{name, names, open, subdir};
use wasi_shim::abi::{Errno, Result};
use wasi_shim::backends::{MemDir, Overlay};
use wasi_shim::vfs::{Dir, Entry, FsId, Metadata, Name, Node, OpenRequest, SetTimes};

/// A directory that holds callers to the contract: what is moved or linked stays in one filesystem. Its `island` is of
/// another one.
struct Strict {
    dir: Arc<dyn Dir>,
    island: Option<Arc<MemDir>>,
}

impl Strict {
    fn new(dir: Arc<dyn Dir>, island: Option<Arc<MemDir>>) -> Arc<Self> {
        Arc::new(Self { dir, island })
    }

    fn island(&self, name: Name<'_>) -> Option<&Arc<MemDir>> {
        self.island.as_ref().filter(|_| name.as_str() == "island")
    }

    fn other<'a>(&self, target: &'a dyn Dir) -> &'a dyn Dir {
        assert!(self.filesystem() != FsId::NONE);
        assert!(self.filesystem() == target.filesystem());
        let target: Option<&Self> = (target as &dyn Any).downcast_ref();
        &*target.unwrap().dir
    }
}

impl Dir for Strict {
    fn metadata(&self) -> Result<Metadata> {
        self.dir.metadata()
    }
    fn stat(&self, name: Name<'_>) -> Result<Metadata> {
        match self.island(name) {
            Some(island) => island.metadata(),
            None => self.dir.stat(name),
        }
    }
    fn open(&self, name: Name<'_>, request: &OpenRequest) -> Result<Node> {
        if let Some(island) = self.island(name) {
            return Ok(Node::Dir(Self::new(island.clone(), None)));
        }
        Ok(match self.dir.open(name, request)? {
            Node::Dir(dir) => Node::Dir(Self::new(dir, None)),
            other => other,
        })
    }
    fn list(&self, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        self.dir.list(sink)
    }
    fn filesystem(&self) -> FsId {
        self.dir.filesystem()
    }
    fn create_dir(&self, name: Name<'_>) -> Result<()> {
        self.dir.create_dir(name)
    }
    fn remove_file(&self, name: Name<'_>) -> Result<()> {
        self.dir.remove_file(name)
    }
    fn remove_dir(&self, name: Name<'_>) -> Result<()> {
        self.dir.remove_dir(name)
    }
    fn rename(&self, from: Name<'_>, target: &dyn Dir, to: Name<'_>) -> Result<()> {
        self.dir.rename(from, self.other(target), to)
    }
    fn link(&self, from: Name<'_>, target: &dyn Dir, to: Name<'_>) -> Result<()> {
        self.dir.link(from, self.other(target), to)
    }
    fn set_times(&self, name: Name<'_>, times: &SetTimes) -> Result<()> {
        self.dir.set_times(name, times)
    }
    fn set_own_times(&self, times: &SetTimes) -> Result<()> {
        self.dir.set_own_times(times)
    }
}

/// What a commit of these changes answers, with the names at the top and on the island afterwards.
fn committed(change: impl Fn(&Overlay, &dyn Dir)) -> (Option<Errno>, Vec<String>, Vec<String>) {
    let (lower, top, island) = (MemDir::new(), MemDir::new(), MemDir::new());
    for dir in [&lower, &top] {
        dir.file("f", "f").unwrap();
        dir.dir("island").unwrap();
    }
    for dir in [&lower.dir("island").unwrap(), &island] {
        dir.file("g", "g").unwrap();
    }
    let root = Overlay::new(lower);
    change(&root, &*subdir(&*root, "island"));
    let target = Strict::new(top.clone(), Some(island.clone()));
    let answer = root.commit(&*target).err().map(|error| error.errno);
    (answer, names(&*top), names(&*island))
}

#[test]
fn what_is_moved_or_linked_to_another_filesystem_is_refused_before_that_is_asked() {
    let before = (Some(Errno::Xdev), ["f", "island"], ["g"]);
    let before = (
        before.0,
        before.1.map(String::from).to_vec(),
        before.2.map(String::from).to_vec(),
    );
    let linked = committed(|root, island| root.link(name("f"), island, name("h")).unwrap());
    assert_eq!(linked, before);
    let away = committed(|root, island| island.rename(name("g"), root, name("h")).unwrap());
    assert_eq!(away, before);
    let new = committed(|_, island| drop(open(island, "new")));
    assert_eq!(new, before);
    // What was taken away waits, and is told.
    let (errno, top, there) =
        committed(|root, island| root.rename(name("f"), island, name("h")).unwrap());
    assert_eq!((errno, there), (Some(Errno::Xdev), vec!["g".to_owned()]));
    assert_eq!(top, [".overlay-aside-0", "island"]);
}
