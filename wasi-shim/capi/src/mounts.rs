//! Several trees in one.
//!
//! Knows how C says which tree is where. Refuses to know what comes of it, which is one of `dirs`.

#![allow(unsafe_code, reason = "the attribute that exports a name")]

use crate::dirs::{Directory, Kind};
use crate::raw::{Place, Ref, Text};
use crate::status::{Handle, Status, attempt, free, make};
use std::sync::Arc;
use wasi_shim::backends::Mounts;
use wasi_shim::vfs::Dir;

/// Which trees are to be put together, and where. One thread at a time may use it. Any number of directories can be made of
/// it.
#[derive(Clone)]
pub struct MountTable(Vec<(String, Arc<dyn Dir>)>);

/// Makes a table in which nothing is mounted. Free it with wasi_shim_mounts_free.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_mounts_new(mounts: Place<Handle<MountTable>>) -> Status {
    make(mounts, || Ok(MountTable(Vec::new())))
}

/// Puts the tree `dir` at `path`: `/` for the root, else names with one slash before each, none of them `.` or `..`. The
/// order does not matter. The directory stays the caller's to free, at any time.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_mounts_add(
    mut mounts: Place<MountTable>,
    path: Text,
    dir: Ref<Directory>,
) -> Status {
    attempt(|| {
        let mount = (path.get("path")?.to_owned(), dir.get("dir")?.get());
        mounts.with("mounts", |mounts| mounts.0.push(mount))
    })
}

/// Makes the root of all that is mounted. Without a tree at `/`, directories on the way are made up, and cannot be changed.
/// WASI_SHIM_STATUS_ARGUMENT if a path is none or was given twice, WASI_SHIM_STATUS_FILESYSTEM if a tree has something else
/// than a directory on the way to one. Each tree is a filesystem of its own: moves and links between two answer `xdev`.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_dir_mounts(
    mounts: Ref<MountTable>,
    dir: Place<Handle<Directory>>,
) -> Status {
    make(dir, || {
        let mut builder = Mounts::builder();
        for (path, dir) in mounts.get("mounts")?.0 {
            builder = builder.mount(path, dir);
        }
        Ok(Directory(Kind::Any(builder.build()?)))
    })
}

/// Frees a table and sets the variable to `NULL`; nothing if it is `NULL`. Directories that were made of it stay.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_mounts_free(mounts: Place<Handle<MountTable>>) {
    free(mounts);
}
