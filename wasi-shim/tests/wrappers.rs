//! What all wrappers do alike: they keep apart what is apart in what they wrap.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

mod support;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;
use support::{name, subdir};
use wasi_shim::abi::{Errno, Result};
use wasi_shim::backends::{Latency, Mounts, Quota};
use wasi_shim::vfs::{Dir, Entry, FsId, Metadata, Name, Node, OpenRequest};

/// A tree of directories that are a filesystem each, but for those called `same`, and trust the caller to know that.
struct Many(FsId);

impl Dir for Many {
    fn metadata(&self) -> Result<Metadata> {
        Ok(Metadata::dir(0))
    }

    fn stat(&self, name: Name<'_>) -> Result<Metadata> {
        match name.as_str() {
            "free" => Err(Errno::Noent),
            _ => self.metadata(),
        }
    }

    fn open(&self, name: Name<'_>, _request: &OpenRequest) -> Result<Node> {
        Ok(Node::Dir(Arc::new(Self(match name.as_str() {
            "same" => self.0,
            "none" => FsId::NONE,
            _ => FsId::unique(),
        }))))
    }

    fn list(&self, _sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        Ok(())
    }

    fn filesystem(&self) -> FsId {
        self.0
    }

    fn rename(&self, _from: Name<'_>, _target: &dyn Dir, _to: Name<'_>) -> Result<()> {
        Ok(())
    }

    fn link(&self, _from: Name<'_>, _target: &dyn Dir, _to: Name<'_>) -> Result<()> {
        Ok(())
    }
}

/// The tree in each of the wrappers.
fn wrap(inner: &Arc<dyn Dir>) -> [Arc<dyn Dir>; 3] {
    let builder = Mounts::builder().mount("/", inner.clone());
    [
        builder.build().unwrap(),
        Latency::new(inner.clone(), Duration::ZERO),
        Quota::builder().build(inner.clone()).unwrap(),
    ]
}

fn wrappers() -> [Arc<dyn Dir>; 3] {
    let many: Arc<dyn Dir> = Arc::new(Many(FsId::unique()));
    wrap(&many)
}

#[test]
fn two_filesystems_in_one_wrapper_stay_two() {
    let (entry, free) = (name("entry"), name("free"));
    for root in wrappers() {
        let (same, other) = (subdir(&*root, "same"), subdir(&*root, "other"));
        assert_eq!(root.rename(entry, &*same, free), Ok(()));
        assert_eq!(root.link(entry, &*same, free), Ok(()));
        assert_eq!(root.rename(entry, &*other, free), Err(Errno::Xdev));
        assert_eq!(root.link(entry, &*other, free), Err(Errno::Xdev));
    }
}

#[test]
fn where_nothing_can_be_renamed_the_wrapper_says_so_too() {
    let (entry, free) = (name("entry"), name("free"));
    for root in wrappers() {
        let none = subdir(&*root, "none");
        assert_eq!(none.filesystem(), FsId::NONE);
        assert_eq!(none.rename(entry, &*none, free), Err(Errno::Xdev));
        assert_eq!(none.link(entry, &*none, free), Err(Errno::Xdev));
    }
}

#[test]
fn a_number_that_is_not_known_stays_so() {
    let many = Arc::new(Many(FsId::unique()));
    let mounted = Mounts::builder().mount("/m", many).build().unwrap();
    for root in wrappers().into_iter().chain([subdir(&*mounted, "m")]) {
        assert_eq!(root.metadata().unwrap().ino, 0);
        assert_eq!(root.stat(name("entry")).unwrap().ino, 0);
    }
}

#[test]
fn one_tree_in_two_wrappers_is_two_filesystems() {
    let many: Arc<dyn Dir> = Arc::new(Many(FsId::unique()));
    let (entry, free) = (name("entry"), name("free"));
    for (one, other) in wrap(&many).iter().zip(wrap(&many)) {
        for target in [&*other, &*many] {
            assert_ne!(one.filesystem(), target.filesystem());
            assert_eq!(one.rename(entry, target, free), Err(Errno::Xdev));
            assert_eq!(one.link(entry, target, free), Err(Errno::Xdev));
        }
    }
}
