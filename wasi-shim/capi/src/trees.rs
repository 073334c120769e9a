//! Filling and reading trees in memory from the host's side, and copying any.
//!
//! Knows which kind of directory each of this is for. Refuses to know how one is made, which is `dirs`'s.

#![allow(unsafe_code, reason = "the attribute that exports a name")]

use crate::dirs::{Directory, Kind};
use crate::raw::{Place, Ref, Room, Text, Values};
use crate::status::{Error, Handle, Status, attempt, make};
use std::sync::Arc;
use wasi_shim::backends::{MemDir, copy_tree};

fn memory(dir: &Ref<Directory>) -> Result<Arc<MemDir>, Error> {
    match dir.get("dir")?.0 {
        Kind::Memory(dir) => Ok(dir),
        _ => Err(Error::Kind("dir is none of wasi_shim_dir_memory")),
    }
}

/// Puts a file into a directory in memory, under a name without slashes. One of that name is replaced at once.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_memory_file(
    dir: Ref<Directory>,
    name: Text,
    bytes: Values<u8>,
    len: usize,
) -> Status {
    attempt(|| {
        let (dir, name) = (memory(&dir)?, name.get("name")?);
        let put = dir.file(name, bytes.get(len, "bytes")?);
        put.map_err(Error::of_filesystem(name))
    })
}

/// The directory of that name in a directory in memory, made if it is missing. `*sub` is the caller's to free, like any
/// other.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_memory_dir(
    dir: Ref<Directory>,
    name: Text,
    sub: Place<Handle<Directory>>,
) -> Status {
    make(sub, || {
        let (dir, name) = (memory(&dir)?, name.get("name")?);
        let made = dir.dir(name).map_err(Error::of_filesystem(name))?;
        Ok(Directory(Kind::Memory(made)))
    })
}

/// Puts a symbolic link into a directory in memory.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_memory_symlink(dir: Ref<Directory>, name: Text, text: Text) -> Status {
    attempt(|| {
        let (dir, name) = (memory(&dir)?, name.get("name")?);
        let put = dir.symlink(name, text.get("text")?);
        put.map_err(Error::of_filesystem(name))
    })
}

/// Copies what a file in a directory in memory holds into `buffer`, as far as there is room. `*len` is how many bytes it
/// holds, so that a call with `NULL` and no room asks for that.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_memory_read(
    dir: Ref<Directory>,
    name: Text,
    mut buffer: Room<u8>,
    room: usize,
    mut len: Place<usize>,
) -> Status {
    attempt(|| {
        let (dir, name) = (memory(&dir)?, name.get("name")?);
        buffer.check(room, "buffer")?;
        let held = dir.contents(name).map_err(Error::of_filesystem(name))?;
        len.set(held.len(), "len")?;
        buffer.put(room, &held, "buffer").map(drop)
    })
}

/// Makes a tree in memory of its own that begins as what is in `dir` and below now. What either changes later, the other
/// does not see. Nothing is copied before it is changed, and no change is half in it, whoever makes changes meanwhile. Each
/// is charged for all that it can reach.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_memory_snapshot(
    dir: Ref<Directory>,
    snapshot: Place<Handle<Directory>>,
) -> Status {
    make(snapshot, || {
        Ok(Directory(Kind::Memory(memory(&dir)?.snapshot())))
    })
}

/// Copies all that is in `source` into `target`, both of any filesystem: files, directories and links, with their times.
/// Directories that are there are used; anything else of the same name is an error. Other kinds, such as devices, are passed
/// over. If it fails half way, what was copied stays, and the message says where it stopped.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_dir_copy(source: Ref<Directory>, target: Ref<Directory>) -> Status {
    attempt(|| {
        let (source, target) = (source.get("source")?, target.get("target")?);
        copy_tree(&*source.get(), &*target.get())?;
        Ok(())
    })
}
