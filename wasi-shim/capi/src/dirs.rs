//! Filesystems, each by its root.
//!
//! Knows how most kinds are made from C. Refuses to know what guests do with them. `trees` fills those in memory and commits
//! overlays; `archive`, `mounts` and `devices` make what takes more than a call; `callback` has the kind that the host answers
//! for itself.

#![allow(unsafe_code, reason = "the attribute that exports a name")]

use crate::raw::{Place, Ref, Text, duplicate};
use crate::status::{Error, Handle, Status, attempt, free, make};
use std::sync::Arc;
use wasi_shim::backends::{Archive, MemDir, Overlay, Quota, ReadOnly};
use wasi_shim::vfs::Dir;

/// A directory of any filesystem. To give it to something (a guest, an overlay) keeps what it stands for, so that it can be
/// freed at any time. Any thread may use it, several at once.
#[derive(Clone)]
pub struct Directory(pub(crate) Kind);

/// What a directory is. Those with functions of their own are told from the rest.
#[derive(Clone)]
pub(crate) enum Kind {
    Any(Arc<dyn Dir>),
    Archive(Arc<Archive>),
    Memory(Arc<MemDir>),
    Overlay(Arc<Overlay>),
    Quota(Arc<Quota>),
}

/// How much of a tree is used.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Bytes: under a quota, the lengths of files and of links' texts; in memory, the pages of 4 KiB in use.
    pub bytes: u64,
    /// Files, directories and links, without the root. What is removed and still open is among them.
    pub inodes: u64,
}

impl Directory {
    pub(crate) fn get(&self) -> Arc<dyn Dir> {
        match &self.0 {
            Kind::Any(dir) => Arc::clone(dir),
            Kind::Archive(dir) => dir.clone(),
            Kind::Memory(dir) => dir.clone(),
            Kind::Overlay(dir) => dir.clone(),
            Kind::Quota(dir) => dir.clone(),
        }
    }
}

/// Opens a directory of the host, with all the permissions that this process has. The system resolves the path, links
/// included; from then on nothing above the directory can be reached through it.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_dir_host(path: Text, dir: Place<Handle<Directory>>) -> Status {
    make(dir, || {
        let path = path.get("path")?;
        let opened = wasi_shim::host::open_dir(path).map_err(Error::of_system(path))?;
        Ok(Directory(Kind::Any(opened)))
    })
}

/// The same of a directory of the host's that is open already. The descriptor is duplicated, and stays the caller's.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_dir_descriptor(
    descriptor: i32,
    dir: Place<Handle<Directory>>,
) -> Status {
    make(dir, || {
        let opened = duplicate(descriptor).and_then(wasi_shim::host::dir);
        let opened = opened.map_err(Error::of_system(format!("descriptor {descriptor}")))?;
        Ok(Directory(Kind::Any(opened)))
    })
}

/// Makes an empty directory in memory: a tree of up to so many bytes in files, and so many files, directories and links.
/// With 0 for either there is the library's limit, which is 1 GiB and 1,000,000.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_dir_memory(
    bytes: u64,
    inodes: u64,
    dir: Place<Handle<Directory>>,
) -> Status {
    make(dir, || {
        let builder = MemDir::builder();
        let builder = if bytes == 0 {
            builder
        } else {
            builder.bytes(bytes)
        };
        let builder = if inodes == 0 {
            builder
        } else {
            builder.inodes(inodes)
        };
        Ok(Directory(Kind::Memory(builder.build())))
    })
}

/// Makes a directory that is what `lower` is, and can be changed without changing that: changes are kept in `upper`, a
/// directory that is not in `lower`, or in memory if it is `NULL`. wasi_shim_overlay_commit makes them elsewhere.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_dir_overlay(
    lower: Ref<Directory>,
    upper: Ref<Directory>,
    dir: Place<Handle<Directory>>,
) -> Status {
    make(dir, || {
        let builder = Overlay::builder(lower.get("lower")?.get());
        let builder = match upper.maybe("upper")? {
            Some(upper) => builder.upper(upper.get()),
            None => builder,
        };
        Ok(Directory(Kind::Overlay(builder.build())))
    })
}

/// Makes a directory through which nothing below `inner` can be changed, by nobody.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_dir_read_only(
    inner: Ref<Directory>,
    dir: Place<Handle<Directory>>,
) -> Status {
    make(dir, || {
        let inner = inner.get("inner")?.get();
        Ok(Directory(Kind::Any(ReadOnly::new(inner))))
    })
}

/// Makes a directory that is `inner`, and below which files may have only so many bytes together, and there may be only so many
/// files, directories and links; UINT64_MAX for either is no limit. What would be more is refused with `dquot`. What is there
/// is counted first, which takes as long as to walk through it.
///
/// All changes have to come through the directory that is made.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_dir_quota(
    inner: Ref<Directory>,
    bytes: u64,
    inodes: u64,
    dir: Place<Handle<Directory>>,
) -> Status {
    make(dir, || {
        let inner = inner.get("inner")?.get();
        let quota = Quota::builder().bytes(bytes).inodes(inodes).build(inner);
        let quota = quota.map_err(Error::of_filesystem("counting what is there"))?;
        Ok(Directory(Kind::Quota(quota)))
    })
}

/// How much is used of a quota, or of a whole tree in memory of which `dir` is a part: for directories of wasi_shim_dir_quota
/// and wasi_shim_dir_memory.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_dir_usage(dir: Ref<Directory>, mut usage: Place<Usage>) -> Status {
    attempt(|| {
        let (bytes, inodes) = match dir.get("dir")?.0 {
            Kind::Quota(dir) => (dir.usage().bytes, dir.usage().inodes),
            Kind::Memory(dir) => (dir.usage().bytes, dir.usage().inodes),
            _ => {
                return Err(Error::Kind(
                    "dir is none of wasi_shim_dir_quota or wasi_shim_dir_memory",
                ));
            }
        };
        usage.set(Usage { bytes, inodes }, "usage")
    })
}

/// Frees a directory and sets the variable to `NULL`; nothing if it is `NULL`. What it was given to keeps what it needs.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_dir_free(dir: Place<Handle<Directory>>) {
    free(dir);
}
