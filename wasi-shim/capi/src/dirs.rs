//! Filesystems, each by its root.
//!
//! Knows how most kinds are made from C. Refuses to know what guests do with them. `trees` fills those in memory, and
//! `changes` commits overlays; `archive`, `mounts` and `devices` make what takes more than a call; `callback` has the kind
//! that the host answers for itself.

#![allow(unsafe_code, reason = "the attribute that exports a name")]

use crate::raw::{Place, Ref, Text, duplicate};
use crate::status::{Error, Handle, Status, attempt, free, make};
use std::sync::Arc;
use wasi_shim::backends::{Archive, MemBuilder, MemDir, Overlay, OverlayBuilder, Quota, ReadOnly};
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

/// How much a tree may hold. With 0 for any there is the library's limit.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TreeLimits {
    /// Bytes in files: 1 GiB.
    pub bytes: u64,
    /// Files, directories and links, or those of an overlay that are new or changed: 1,000,000.
    pub inodes: u64,
    /// Bytes of everything but content, as names are, further names of one file among them: 320 MiB, of an overlay 128 MiB.
    pub names: u64,
    /// Entries of one directory: no limit but these.
    pub entries: u64,
    /// Directories below each other: no limit but these.
    pub depth: u64,
}

impl TreeLimits {
    fn memory(self) -> MemBuilder {
        let size = |limit| usize::try_from(limit).unwrap_or(usize::MAX);
        let mut builder = MemDir::builder();
        if self.bytes != 0 {
            builder = builder.bytes(self.bytes);
        }
        if self.inodes != 0 {
            builder = builder.inodes(self.inodes);
        }
        if self.names != 0 {
            builder = builder.names(self.names);
        }
        if self.entries != 0 {
            builder = builder.entries(size(self.entries));
        }
        if self.depth != 0 {
            builder = builder.depth(size(self.depth));
        }
        builder
    }

    fn overlay(self, lower: Arc<dyn Dir>, upper: Option<Arc<dyn Dir>>) -> OverlayBuilder {
        let mut builder = Overlay::builder(lower);
        if self.inodes != 0 {
            builder = builder.inodes(self.inodes);
        }
        if self.names != 0 {
            builder = builder.names(self.names);
        }
        let bytes = self.bytes;
        match upper {
            Some(upper) => builder.upper(upper),
            None if bytes == 0 => builder,
            None => builder.upper(MemDir::builder().bytes(bytes).build()),
        }
    }
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
        let limits = TreeLimits {
            bytes,
            inodes,
            ..TreeLimits::default()
        };
        Ok(Directory(Kind::Memory(limits.memory().build())))
    })
}

/// The same with all limits that there are.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_dir_memory_limited(
    limits: Ref<TreeLimits>,
    dir: Place<Handle<Directory>>,
) -> Status {
    make(dir, || {
        let limits = limits.get("limits")?;
        Ok(Directory(Kind::Memory(limits.memory().build())))
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
    overlay(&lower, &upper, || Ok(TreeLimits::default()), dir)
}

/// The same with limits for what is new or changed: `bytes`, which says how large the tree in memory is if `upper` is
/// `NULL`, `inodes` and `names`. The others are passed over.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_dir_overlay_limited(
    lower: Ref<Directory>,
    upper: Ref<Directory>,
    limits: Ref<TreeLimits>,
    dir: Place<Handle<Directory>>,
) -> Status {
    overlay(&lower, &upper, || limits.get("limits"), dir)
}

fn overlay(
    lower: &Ref<Directory>,
    upper: &Ref<Directory>,
    limits: impl FnOnce() -> Result<TreeLimits, Error>,
    dir: Place<Handle<Directory>>,
) -> Status {
    make(dir, || {
        let (lower, upper) = (lower.get("lower")?.get(), upper.maybe("upper")?);
        let upper = upper.map(|upper| upper.get());
        Ok(Directory(Kind::Overlay(
            limits()?.overlay(lower, upper).build(),
        )))
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

/// Makes a directory that is `inner`, and below which files may have only so many bytes together, and there may be only so
/// many files, directories and links; UINT64_MAX for either is no limit. What would be more is refused with `dquot`. What
/// is there is counted first, which takes as long as to walk through it.
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

/// How much is used of a quota, or of a whole tree in memory of which `dir` is a part: for directories of
/// wasi_shim_dir_quota and wasi_shim_dir_memory.
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
