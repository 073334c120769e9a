//! Attacks on the limits that filesystems have of their own.

use crate::kit::{ROOT, files, fill, open, over};
use std::sync::Arc;
use wasi_shim::abi::{Abi, Errno};
use wasi_shim::backends::{Capped, Devices, MemBuilder, MemDir, Overlay, Quota, Trace};
use wasi_shim::vfs::{Create, Dir, Name, Node, OpenRequest};

type Round = Box<dyn FnMut()>;

/// Fills a file in a tree until that fails with this, then empties it.
fn filled(root: Arc<dyn Dir>, abi: Abi, limit: usize, expected: Errno) -> Round {
    let mut guest = over(root, abi);
    Box::new(move || {
        let fd = open(&mut guest, "file").expect("it opens");
        assert_eq!(fill(&mut guest, fd), (limit, expected));
        guest.fd_filestat_set_size(fd, 0).expect("it is writable");
        guest.fd_close(fd).expect("it is open");
    })
}

/// Makes files with names of so many bytes until that fails with this, at least so many, then removes them.
fn crowded(root: Arc<dyn Dir>, abi: Abi, len: usize, least: usize, expected: Errno) -> Round {
    let mut guest = over(root, abi);
    Box::new(move || {
        let (count, errno) = files(&mut guest, len);
        assert!(count >= least && errno == expected, "{count}, then {errno}");
    })
}

fn memory(builder: MemBuilder) -> Arc<dyn Dir> {
    builder.build()
}

pub(crate) fn memory_bytes(abi: Abi, beyond: Errno) -> Round {
    let root = memory(MemDir::builder().bytes(8 << 20));
    filled(root, abi, 8 << 20, beyond)
}

pub(crate) fn memory_inodes(abi: Abi, beyond: Errno) -> Round {
    let root = memory(MemDir::builder().inodes(3000));
    crowded(root, abi, 10, 2999, beyond)
}

pub(crate) fn memory_names(abi: Abi, beyond: Errno) -> Round {
    let root = memory(MemDir::builder().names(1 << 20));
    crowded(root, abi, 200, 2000, beyond)
}

pub(crate) fn memory_entries(abi: Abi, beyond: Errno) -> Round {
    let root = memory(MemDir::builder().entries(500));
    crowded(root, abi, 10, 500, beyond)
}

pub(crate) fn memory_depth(abi: Abi, beyond: Errno) -> Round {
    let mut guest = over(memory(MemDir::builder().depth(100)), abi);
    Box::new(move || {
        let path = |depth| "d/".repeat(depth);
        let mut depth = 0;
        let errno = loop {
            match guest.path_create_directory(ROOT, path(depth + 1)) {
                Ok(()) => depth += 1,
                Err(errno) => break errno,
            }
        };
        assert!(
            errno == beyond && (99..=101).contains(&depth),
            "{depth}, then {errno}"
        );
        for depth in (1..=depth).rev() {
            guest
                .path_remove_directory(ROOT, path(depth))
                .expect("it is empty");
        }
    })
}

pub(crate) fn overlay_inodes(abi: Abi, beyond: Errno) -> Round {
    let root = Overlay::builder(MemDir::new()).inodes(2000).build();
    crowded(root, abi, 10, 1999, beyond)
}

pub(crate) fn overlay_names(abi: Abi, beyond: Errno) -> Round {
    let root = Overlay::builder(MemDir::new()).names(512 << 10).build();
    crowded(root, abi, 200, 1000, beyond)
}

/// A guest writes to a file of the lower tree that is nothing but holes, of which the lower tree does not tell.
pub(crate) fn overlay_holes(abi: Abi, beyond: Errno) -> Round {
    let lower = MemDir::new();
    lower.file("file", "").expect("room");
    let (name, mut request) = (Name::new("file").expect("a name"), OpenRequest::READ);
    request.write = true;
    let Ok(Node::File(file)) = lower.open(name, &request) else {
        panic!("a file")
    };
    file.set_len((1 << 40) + 1).expect("holes take no room");
    let mut guest = over(Overlay::builder(Trace::new(lower, |_| {})).build(), abi);
    Box::new(move || {
        let fd = open(&mut guest, "file").expect("it opens");
        assert_eq!(guest.fd_write(fd, "x"), Err(beyond));
        guest.fd_close(fd).expect("it is open");
    })
}

pub(crate) fn quota_bytes(abi: Abi, beyond: Errno) -> Round {
    let root = Quota::builder().bytes(1 << 20).build(MemDir::new());
    filled(root.expect("an empty tree"), abi, 1 << 20, beyond)
}

pub(crate) fn quota_inodes(abi: Abi, beyond: Errno) -> Round {
    let root = Quota::builder().inodes(500).build(MemDir::new());
    crowded(root.expect("an empty tree"), abi, 10, 500, beyond)
}

pub(crate) fn capped(abi: Abi, beyond: Errno) -> Round {
    let mut request = OpenRequest::READ;
    (request.write, request.create) = (true, Create::IfMissing);
    let name = Name::new("f").expect("a name");
    let Ok(Node::File(inner)) = MemDir::new().open(name, &request) else {
        panic!("a file")
    };
    let devices = Devices::builder().writable_file("file", Capped::new(inner, 100_000));
    filled_device(devices.build().expect("a name"), abi, beyond)
}

/// What is in a directory of devices is there already, and cannot be made.
fn filled_device(root: Arc<dyn Dir>, abi: Abi, beyond: Errno) -> Round {
    use wasi_shim::abi::{FdFlags, LookupFlags, OFlags, Rights};
    let mut guest = over(root, abi);
    Box::new(move || {
        let (rights, flags) = ((Rights::FILE, Rights::empty()), FdFlags::empty());
        let (lookup, none) = (LookupFlags::empty(), OFlags::empty());
        let fd = guest.path_open(ROOT, lookup, "file", none, rights, flags);
        let fd = fd.expect("it opens");
        assert_eq!(fill(&mut guest, fd), (100_000, beyond));
        guest.fd_filestat_set_size(fd, 0).expect("it is writable");
        guest.fd_close(fd).expect("it is open");
    })
}
