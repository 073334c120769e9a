//! What embedders implement of wasi-common, as what wasi-shim asks for.
//!
//! This room knows both interfaces. It refuses to know guests and their calls, and decides nothing about paths, rights or
//! descriptors: the shim does, and asks what stands here about single names and offsets. The context uses it.

mod arrived;
mod convert;
mod dir;
mod failure;
mod file;
mod kept;
mod settle;
mod shared;
mod socket;
mod stream;
mod world;

pub(crate) use failure::{forget, told, trapped};
pub(crate) use settle::settle;
pub(crate) use world::{Chance, Times, while_over};

use crate::dir::WasiDir;
use crate::file::{FileAccessMode, FileType, WasiFile};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wasi_shim::abi::{FdFlags, Rights};
use wasi_shim::vfs::{self, Node};
use wasi_shim::{Access, Given};

/// What a type of this crate is for the shim, without an adapter in between.
#[doc(hidden)]
pub enum Native {
    /// A stream.
    Stream(Arc<dyn vfs::Stream>),
    /// A socket.
    Socket(Arc<dyn vfs::Stream>),
}

/// An embedder's file, to be given to a guest, and the offset that it has.
pub(crate) fn file(file: Box<dyn WasiFile>, mode: FileAccessMode) -> (Given, u64) {
    let mut position = 0;
    let flags = settle(file.get_fdflags()).map_or(FdFlags::empty(), convert::fdflags);
    let given = match file.native() {
        Some(Native::Stream(stream)) => Given::stream(stream),
        Some(Native::Socket(socket)) => Given::socket(socket),
        None => match sort(&*file) {
            Sort::File(at) => {
                position = at;
                Given::file(Arc::new(file::RegularFile::given(file, at)))
            }
            Sort::Stream(filetype) => stream(Arc::new(stream::FileStream::new(file, filetype))),
        },
    };
    let given = given.flags(flags);
    let given = if mode.contains(FileAccessMode::READ) {
        given
    } else {
        given.without_reading()
    };
    let given = if mode.contains(FileAccessMode::WRITE) {
        given
    } else {
        given.without_writing()
    };
    (given, position)
}

fn stream(stream: Arc<dyn vfs::Stream>) -> Given {
    if stream.as_socket().is_none() {
        return Given::stream(stream);
    }
    // Whether it listens is not known: it has what either has.
    let rights = Rights::SOCKET.union(Rights::LISTENER);
    Given::stream(stream).rights(rights, Rights::SOCKET)
}

/// An embedder's directory, to be given to a guest under a path, or without one if no guest could use it.
pub(crate) fn dir(dir: Box<dyn WasiDir>, path: &Path) -> Given {
    let dir = root(dir);
    let named = path.to_str().map(|path| {
        let dir = Arc::clone(&dir);
        Given::preopen(path, dir, Access::ReadWrite)
    });
    match named {
        Some(Ok(given)) => given,
        _ => Given::dir(dir, Access::ReadWrite),
    }
}

/// An embedder's directory, to be given to a guest under a path. Nothing for a path that no guest could use.
pub(crate) fn preopen(dir: Box<dyn WasiDir>, path: &Path) -> Option<Given> {
    Given::preopen(path.to_str()?, root(dir), Access::ReadWrite).ok()
}

fn root(dir: Box<dyn WasiDir>) -> Arc<dyn vfs::Dir> {
    match dir.native() {
        Some(native) => native,
        None => Arc::new(dir::Directory::root(dir)),
    }
}

/// What an embedder's file is for the shim.
enum Sort {
    /// A file, and where it is.
    File(u64),
    Stream(FileType),
}

/// As the file says. A block device, and what does not know what it is, is a file if it can tell its position.
fn sort(file: &dyn WasiFile) -> Sort {
    let filetype = settle(file.get_filetype()).unwrap_or(FileType::Unknown);
    let position = || settle(file.seek(std::io::SeekFrom::Current(0)));
    match filetype {
        FileType::RegularFile => Sort::File(position().unwrap_or_default()),
        FileType::BlockDevice | FileType::Unknown => {
            position().map_or(Sort::Stream(filetype), Sort::File)
        }
        _ => Sort::Stream(filetype),
    }
}

/// An embedder's file, as a guest has opened it. `owner` is where it was opened, if not for writing.
fn opened(file: Box<dyn WasiFile>, owner: Option<dir::Entry>) -> Node {
    match sort(&*file) {
        Sort::File(_) => Node::File(Arc::new(file::RegularFile::new(file, owner))),
        Sort::Stream(filetype) => Node::Stream(Arc::new(stream::FileStream::new(file, filetype))),
    }
}

/// Locks a mutex whose content no panic can leave half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
