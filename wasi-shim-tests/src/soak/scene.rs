//! The trees that all guests of a run share.
//!
//! Knows how each is made, and what must be left of it: nothing. Refuses to know who uses it. Workers preopen them.

use std::sync::Arc;
use tempfile::TempDir;
use wasi_shim::backends::{MemDir, Overlay, Quota};
use wasi_shim::host::open_dir;
use wasi_shim::vfs::Dir;
use wasi_shim::{Access, Builder, Wasi};

/// How many trees there are: they are the descriptors from 3 on.
pub(super) const TREES: u32 = 5;

/// The trees. They are as small as names and sizes allow, which workers keep to.
pub(super) struct Scene {
    trees: Vec<(&'static str, Arc<dyn Dir>)>,
    pub(super) folder: TempDir,
}

impl Scene {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let host = |name: &str| -> Arc<dyn Dir> {
            let path = folder.path().join(name);
            std::fs::create_dir(&path).expect("a new name");
            open_dir(&path).expect("it can be opened")
        };
        let lower = host("lower");
        for (name, content) in [("a", "lower a"), ("b", "lower b")] {
            std::fs::write(folder.path().join("lower").join(name), content).expect("a file");
        }
        let overlay = Overlay::builder(lower).upper(host("upper")).build();
        let memory_overlay = Overlay::new(MemDir::new());
        let trees: Vec<(&'static str, Arc<dyn Dir>)> = vec![
            ("/memory", MemDir::new()),
            ("/host", host("host")),
            ("/overlay", overlay),
            ("/overlay-in-memory", memory_overlay),
            (
                "/quota",
                Quota::builder()
                    .bytes(1 << 20)
                    .build(host("quota"))
                    .expect("it can be counted"),
            ),
        ];
        Self { trees, folder }
    }

    /// A guest's beginning: all trees, in order.
    pub(super) fn builder(&self) -> Builder {
        self.trees
            .iter()
            .fold(Wasi::builder(), |builder, (name, dir)| {
                builder.preopen(*name, Arc::clone(dir), Access::ReadWrite)
            })
    }

    /// Drops the trees; how many files are left where none should be.
    pub(super) fn leave(self) -> usize {
        let Self { trees, folder } = self;
        drop(trees);
        let upper = std::fs::read_dir(folder.path().join("upper")).expect("it is there");
        upper.count()
    }
}
