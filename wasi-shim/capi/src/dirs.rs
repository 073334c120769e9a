//! Filesystems, each by its root.
//!
//! Knows how each kind is made from C. Refuses to know what guests do with them. `trees` fills those in memory and commits
//! overlays; `callback` has the kind that the host answers for itself.

#![allow(unsafe_code, reason = "the attribute that exports a name")]

use crate::raw::{Text, Values};
use crate::status::{Error, Handle, Status, free, make, there};
use std::mem::MaybeUninit;
use std::sync::Arc;
use wasi_shim::backends::{Archive, MemDir, Overlay, ReadOnly};
use wasi_shim::vfs::Dir;

/// A directory of any filesystem. To give it to something (a guest, an overlay) keeps what it stands for, so that it can be
/// freed at any time. Any thread may use it, several at once.
pub struct Directory(pub(crate) Kind);

/// What a directory is. Those with functions of their own are told from the rest.
pub(crate) enum Kind {
    Any(Arc<dyn Dir>),
    Memory(Arc<MemDir>),
    Overlay(Arc<Overlay>),
}

impl Directory {
    pub(crate) fn get(&self) -> Arc<dyn Dir> {
        match &self.0 {
            Kind::Any(dir) => Arc::clone(dir),
            Kind::Memory(dir) => dir.clone(),
            Kind::Overlay(dir) => dir.clone(),
        }
    }
}

/// Opens a directory of the host, with all the permissions that this process has. The system resolves the path, links
/// included; from then on nothing above the directory can be reached through it.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_dir_host(
    path: Text,
    dir: Option<&mut MaybeUninit<Handle<Directory>>>,
) -> Status {
    make(dir, || {
        let path = path.get("path")?;
        let opened = wasi_shim::host::open_dir(path).map_err(Error::of_system(path))?;
        Ok(Directory(Kind::Any(opened)))
    })
}

/// Makes an empty directory in memory: a tree of up to so many bytes in files, and so many files, directories and links.
/// With 0 for either there is the library's limit, which is 1 GiB and 1,000,000.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_dir_memory(
    bytes: u64,
    inodes: u64,
    dir: Option<&mut MaybeUninit<Handle<Directory>>>,
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
    lower: Option<&Directory>,
    upper: Option<&Directory>,
    dir: Option<&mut MaybeUninit<Handle<Directory>>>,
) -> Status {
    make(dir, || {
        let builder = Overlay::builder(there(lower, "lower")?.get());
        let builder = match upper {
            Some(upper) => builder.upper(upper.get()),
            None => builder,
        };
        Ok(Directory(Kind::Overlay(builder.build())))
    })
}

/// Opens a tar (plain, gzip or zstd) or zip file of the host as a directory that cannot be changed.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_dir_archive(
    path: Text,
    dir: Option<&mut MaybeUninit<Handle<Directory>>>,
) -> Status {
    make(dir, || {
        let path = path.get("path")?;
        let opened = Archive::open(path).map_err(|error| Error::Archive {
            what: path.to_owned(),
            error,
        })?;
        Ok(Directory(Kind::Any(opened)))
    })
}

/// The same of an archive in memory, which is copied.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_dir_archive_bytes(
    bytes: Values<u8>,
    len: usize,
    dir: Option<&mut MaybeUninit<Handle<Directory>>>,
) -> Status {
    make(dir, || {
        let bytes = bytes.get(len, "bytes")?;
        let opened = Archive::from_bytes(bytes).map_err(|error| Error::Archive {
            what: "the archive in memory".to_owned(),
            error,
        })?;
        Ok(Directory(Kind::Any(opened)))
    })
}

/// Makes a directory through which nothing below `inner` can be changed, by nobody.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_dir_read_only(
    inner: Option<&Directory>,
    dir: Option<&mut MaybeUninit<Handle<Directory>>>,
) -> Status {
    make(dir, || {
        let inner = there(inner, "inner")?.get();
        Ok(Directory(Kind::Any(ReadOnly::new(inner))))
    })
}

/// Frees a directory and sets the variable to `NULL`; nothing if it is `NULL`. What it was given to keeps what it needs.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_dir_free(dir: Option<&mut Handle<Directory>>) {
    free(dir);
}
