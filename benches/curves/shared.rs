//! What the curves share: how long is measured, and the trees with what stands beside them.
//!
//! Knows criterion and the trees of the [operations](crate::operations). Refuses to know what is measured. Each curve is a
//! program of its own and takes what it needs.

use crate::operations::guest::Guest;
use crate::operations::tree::Tree;
use criterion::Criterion;
use std::fs::File;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// Short, so that all curves together take minutes. For a number to rely on, give `--measurement-time`.
pub(crate) fn criterion() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(400))
        .nresamples(2_000)
        .configure_from_args()
}

/// A tree with a guest on it.
pub(crate) struct Place {
    /// Its name.
    pub(crate) name: &'static str,
    /// The tree.
    pub(crate) tree: Tree,
    /// The guest.
    pub(crate) guest: Guest,
    /// Where the host's tree is.
    folder: Option<TempDir>,
}

impl Place {
    fn new(name: &'static str, tree: Tree, folder: Option<TempDir>) -> Self {
        let guest = Guest::new(&tree);
        Self {
            name,
            tree,
            guest,
            folder,
        }
    }

    /// Where the system itself finds the same tree, if it does.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.folder.as_ref().map(TempDir::path)
    }

    /// The folder as the system's own calls take it.
    pub(crate) fn directory(&self) -> Option<File> {
        let open = |folder| File::open(folder).expect("the folder can be opened");
        self.folder().map(open)
    }
}

/// A tree in memory, and one in a folder of the host.
pub(crate) fn places() -> [Place; 2] {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let host = Tree::host(folder.path());
    [
        Place::new("memory", Tree::memory(), None),
        Place::new("host", host, Some(folder)),
    ]
}

/// A number as preview1 passes it.
pub(crate) fn number(count: usize) -> i32 {
    i32::try_from(count).expect("a number of 32 bits")
}
