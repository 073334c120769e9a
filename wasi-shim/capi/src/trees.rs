//! Filling and reading trees in memory from the host's side, and making an overlay's changes elsewhere.
//!
//! Knows which kind of directory each of this is for. Refuses to know how one is made, which is `dirs`'s.

#![allow(unsafe_code, reason = "the attribute that exports a name")]

use crate::dirs::{Directory, Kind};
use crate::raw::{Room, Text, Values};
use crate::status::{Error, Handle, Status, attempt, make, there};
use std::mem::MaybeUninit;
use wasi_shim::backends::MemDir;

fn memory(dir: Option<&Directory>) -> Result<&MemDir, Error> {
    match &there(dir, "dir")?.0 {
        Kind::Memory(dir) => Ok(dir),
        _ => Err(Error::Kind("dir is none of wasi_shim_dir_memory")),
    }
}

/// Puts a file into a directory in memory, under a name without slashes. One of that name is replaced at once.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_memory_file(
    dir: Option<&Directory>,
    name: Text,
    bytes: Values<u8>,
    len: usize,
) -> Status {
    attempt(|| {
        let (dir, name) = (memory(dir)?, name.get("name")?);
        let put = dir.file(name, bytes.get(len, "bytes")?);
        put.map_err(Error::of_filesystem(name))
    })
}

/// The directory of that name in a directory in memory, made if it is missing.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_memory_dir(
    dir: Option<&Directory>,
    name: Text,
    sub: Option<&mut MaybeUninit<Handle<Directory>>>,
) -> Status {
    make(sub, || {
        let (dir, name) = (memory(dir)?, name.get("name")?);
        let made = dir.dir(name).map_err(Error::of_filesystem(name))?;
        Ok(Directory(Kind::Memory(made)))
    })
}

/// Puts a symbolic link into a directory in memory.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_memory_symlink(
    dir: Option<&Directory>,
    name: Text,
    text: Text,
) -> Status {
    attempt(|| {
        let (dir, name) = (memory(dir)?, name.get("name")?);
        let put = dir.symlink(name, text.get("text")?);
        put.map_err(Error::of_filesystem(name))
    })
}

/// Copies what a file in a directory in memory holds into `buffer`, as far as there is room. `*len` is how many bytes it
/// holds, so that a call with `NULL` and no room asks for that.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_memory_read(
    dir: Option<&Directory>,
    name: Text,
    mut buffer: Room<u8>,
    room: usize,
    len: Option<&mut MaybeUninit<usize>>,
) -> Status {
    attempt(|| {
        let (dir, name, len) = (memory(dir)?, name.get("name")?, there(len, "len")?);
        let held = dir.contents(name).map_err(Error::of_filesystem(name))?;
        len.write(held.len());
        buffer.put(room, &held, "buffer").map(drop)
    })
}

/// Makes the changes of an overlay in `target`: the directory it is over, opened for writing, or a copy of that. If it
/// fails half way, the message says how far it came. Guests should not be changing the overlay meanwhile.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_overlay_commit(
    overlay: Option<&Directory>,
    target: Option<&Directory>,
) -> Status {
    attempt(|| {
        let Kind::Overlay(overlay) = &there(overlay, "overlay")?.0 else {
            return Err(Error::Kind("overlay is none of wasi_shim_dir_overlay"));
        };
        let target = there(target, "target")?.get();
        overlay.commit(&*target)?;
        Ok(())
    })
}
