//! A guest over a tree in which calls can be made to fail.
//!
//! Knows what is in the tree, what the guest has open, and where the fault is put: at the filesystem itself, or at the
//! lower or the upper one of an overlay. Refuses to know what the guest does. Every case has a scene of its own.

use crate::plan::Plan;
use crate::state;
use std::sync::Arc;
use tempfile::TempDir;
use wasi_shim::abi::{FdFlags, LookupFlags, OFlags, Rights};
use wasi_shim::backends::{MemDir, Null, Overlay};
use wasi_shim::vfs::Dir;
use wasi_shim::{Access, Limits, Wasi};
use wasi_shim_tests::Guest;
use wasi_shim_tests::trees::ROOT;

/// A kind of filesystem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    Memory,
    Host,
}

/// Where calls fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Nowhere: what the guest has is the tree itself.
    Bare,
    /// Between the guest and the tree.
    Direct,
    /// Between an overlay and what it is over.
    Lower,
    /// Between an overlay and where it keeps changes.
    Upper,
}

pub(crate) struct Scene {
    pub(crate) guest: Guest,
    pub(crate) plan: Arc<Plan>,
    /// The tree as the guest sees it.
    pub(crate) root: Arc<dyn Dir>,
    /// Where an overlay keeps changes.
    pub(crate) upper: Option<Arc<dyn Dir>>,
    pub(crate) fds: Fds,
    /// Where it is, if it is the host's.
    pub(crate) folder: Option<TempDir>,
}

/// What the guest has open, each at offset 2.
#[derive(Clone, Copy)]
pub(crate) struct Fds {
    /// `file`, with every right.
    pub(crate) file: u32,
    /// The same, to append to.
    pub(crate) end: u32,
    /// `other`, which an overlay has brought up.
    pub(crate) other: u32,
    /// `dir`.
    pub(crate) dir: u32,
    /// A file that has no name any more, which an overlay has in its upper directory.
    pub(crate) nameless: u32,
}

impl Scene {
    pub(crate) fn new(base: Base, place: Place) -> Self {
        let folder = (base == Base::Host).then(|| tempfile::tempdir().unwrap());
        let plan = Arc::new(Plan::default());
        let make = |name: &str| -> Arc<dyn Dir> {
            let Some(folder) = &folder else {
                return MemDir::new();
            };
            let path = folder.path().join(name);
            std::fs::create_dir(&path).unwrap();
            wasi_shim::host::open_dir(path).unwrap()
        };
        let tree = make("tree");
        populate(&tree);
        let (root, upper) = match place {
            Place::Bare => (tree, None),
            Place::Direct => (plan.wrap(tree), None),
            Place::Lower => {
                let upper = make("upper");
                (over(plan.wrap(tree), Arc::clone(&upper)), Some(upper))
            }
            Place::Upper => {
                let upper = make("upper");
                (over(tree, plan.wrap(Arc::clone(&upper))), Some(upper))
            }
        };
        let mut limits = Limits::default();
        (limits.iovecs, limits.bounce) = (4_096, PIECE);
        let builder = Wasi::builder()
            .preopen("/", Arc::clone(&root), Access::ReadWrite)
            .limits(limits)
            .stdout(Arc::new(Null));
        let mut guest = Guest::new(builder);
        let fds = Fds::open(&mut guest);
        Self {
            guest,
            plan,
            root,
            upper,
            fds,
            folder,
        }
    }

    /// How many handles of the host's are open for it.
    pub(crate) fn handles(&self) -> usize {
        let folder = self.folder.as_ref();
        folder.map_or(0, |folder| state::handles(folder.path()))
    }
}

/// How many bytes go at once where memory is shared.
pub(crate) const PIECE: usize = 4;

fn over(lower: Arc<dyn Dir>, upper: Arc<dyn Dir>) -> Arc<dyn Dir> {
    Overlay::builder(lower).upper(upper).build()
}

fn populate(dir: &Arc<dyn Dir>) {
    let mut guest = Guest::new(Wasi::builder().preopen("/", Arc::clone(dir), Access::ReadWrite));
    guest.path_create_directory(ROOT, "dir").unwrap();
    guest.path_create_directory(ROOT, "empty").unwrap();
    guest.path_symlink("file", ROOT, "link").unwrap();
    for (path, content) in [
        ("file", "0123456789"),
        ("other", "other content"),
        ("dir/inner", "inner"),
    ] {
        let fd = open(&mut guest, path, OFlags::CREAT, FdFlags::empty());
        guest.fd_write(fd, content).unwrap();
    }
}

fn open(guest: &mut Guest, path: &str, oflags: OFlags, flags: FdFlags) -> u32 {
    let rights = if oflags.contains(OFlags::DIRECTORY) {
        (Rights::DIRECTORY, Rights::INHERITED)
    } else {
        (Rights::FILE, Rights::empty())
    };
    let lookup = LookupFlags::empty();
    guest
        .path_open(ROOT, lookup, path, oflags, rights, flags)
        .unwrap()
}

impl Fds {
    fn open(guest: &mut Guest) -> Self {
        let none = FdFlags::empty();
        let fds = Self {
            file: open(guest, "file", OFlags::empty(), none),
            end: open(guest, "file", OFlags::empty(), FdFlags::APPEND),
            other: open(guest, "other", OFlags::empty(), none),
            dir: open(guest, "dir", OFlags::DIRECTORY, none),
            nameless: open(guest, "nameless", OFlags::CREAT, none),
        };
        guest.fd_write(fds.nameless, "nameless").unwrap();
        guest.path_unlink_file(ROOT, "nameless").unwrap();
        guest.fd_write(fds.other, "OT").unwrap();
        for fd in [fds.file, fds.end, fds.nameless] {
            guest.fd_seek(fd, 2, wasi_shim::abi::Whence::Set).unwrap();
        }
        fds
    }
}
