//! Any filesystem, of which each operation lets a runtime's other tasks go on meanwhile.
//!
//! Knows on which threads tokio can be told so, and which operations may take as long as a disk does. Refuses to know what
//! it wraps, and changes nothing about it. Embedders whose guests share threads use it.

mod dir;
mod file;

use crate::vfs::{Dir, FsId, Node};
use std::sync::Arc;
use tokio::runtime::{Handle, RuntimeFlavor, worker_index};

/// A directory whose operations, and those of whatever is opened below it, are done on their thread while tokio takes its
/// other tasks to another thread.
///
/// An operation on a file cannot be waited for: where a guest is called asynchronously, a disk that takes long stops every
/// task of the thread. Here it does not: each operation is done in [`tokio::task::block_in_place`], which keeps the
/// guest's memory where it is and needs no copy. It costs a hand-over between threads for each operation, and a thread of
/// the runtime's pool for each that takes long. Trees in memory need none of this.
///
/// Where there are no other threads, in a runtime of one thread or in no runtime, operations are done as without it; so
/// they are in what is called by `Runtime::block_on` itself, where no task waits for the thread. Streams never take long,
/// and stay as they are.
///
/// ```
/// use wasi_shim::backends::InPlace;
/// use wasi_shim::{Access, Wasi, host};
///
/// let disk = InPlace::new(host::open_dir(".")?);
/// let wasi = Wasi::builder().preopen("/", disk, Access::ReadOnly).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct InPlace {
    inner: Arc<dyn Dir>,
    id: FsId,
}

impl InPlace {
    /// Wraps a directory.
    pub fn new(inner: Arc<dyn Dir>) -> Arc<Self> {
        Self::within(FsId::unique(), inner)
    }

    fn within(id: FsId, inner: Arc<dyn Dir>) -> Arc<Self> {
        Arc::new(Self { inner, id })
    }

    fn wrap(&self, node: Node) -> Node {
        match node {
            Node::Dir(inner) => Node::Dir(Self::within(self.id, inner)),
            Node::File(inner) => Node::File(Arc::new(file::InPlaceFile { inner })),
            other => other,
        }
    }
}

/// Does it here, and lets the other tasks go on elsewhere if there are threads for them.
fn in_place<T>(work: impl FnOnce() -> T) -> T {
    if has_other_threads() {
        tokio::task::block_in_place(work)
    } else {
        work()
    }
}

/// Is this one of several threads of a runtime? tokio panics where it is not: in a runtime of one thread, and in a set of
/// local tasks.
fn has_other_threads() -> bool {
    let runtime = Handle::try_current();
    let several = |runtime: Handle| runtime.runtime_flavor() == RuntimeFlavor::MultiThread;
    runtime.is_ok_and(several) && worker_index().is_some()
}
