//! What a guest is given, and deprived of, while it runs.
//!
//! Knows how C says under which number. Refuses to know what is given, which `dirs` and `streams` make, and what a guest has
//! from the start, which is `config`'s.

#![allow(unsafe_code, reason = "the attribute that exports a name")]

use crate::config::what_for;
use crate::context::Context;
use crate::dirs::Directory;
use crate::raw::{Place, Ref, Text};
use crate::status::{Error, Status, attempt};
use crate::streams::ByteStream;
use wasi_shim::Given;

/// The lowest descriptor that is free.
pub const LOWEST: u32 = u32::MAX;

fn give(
    context: &Ref<Context>,
    mut fd: Place<u32>,
    what: impl FnOnce() -> Result<Given, Error>,
) -> Status {
    attempt(|| {
        let wasi = context.get("context")?.wasi;
        let wanted = fd.with("fd", |fd| *fd)?;
        let given = what()?;
        let number = match wanted {
            LOWEST => wasi.push(given),
            wanted => wasi.insert(wanted, given).map(|()| wanted),
        };
        fd.set(
            number.map_err(Error::of_filesystem("the guest's descriptors"))?,
            "fd",
        )
    })
}

/// Gives a guest a stream under the number `*fd`, closing what had it, or with WASI_SHIM_LOWEST under the lowest that is
/// free, which `*fd` is then. It can be done at any time, by any thread. The stream stays the caller's to free, at any
/// time. WASI_SHIM_STATUS_FILESYSTEM if the guest may have no such number, or no more.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_give_stream(
    context: Ref<Context>,
    stream: Ref<ByteStream>,
    fd: Place<u32>,
) -> Status {
    give(&context, fd, || {
        Ok(Given::stream(stream.get("stream")?.get()))
    })
}

/// The same of a socket, connected or listening.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_give_socket(
    context: Ref<Context>,
    socket: Ref<ByteStream>,
    fd: Place<u32>,
) -> Status {
    give(&context, fd, || {
        Ok(Given::socket(socket.get("socket")?.get()))
    })
}

/// The same of a directory, for what a wasi_shim_access says. With `NULL` for `name` it has none; else the guest finds it by
/// `fd_prestat_get`, but programs look for such directories only as they start.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_give_dir(
    context: Ref<Context>,
    name: Text,
    dir: Ref<Directory>,
    access: u32,
    fd: Place<u32>,
) -> Status {
    give(&context, fd, || {
        let (dir, access) = (dir.get("dir")?.get(), what_for(access)?);
        Ok(match name.maybe("name")? {
            Some(name) => Given::preopen(name, dir, access)?,
            None => Given::dir(dir, access),
        })
    })
}

/// Closes a descriptor of a guest, as it could itself, at any time, from any thread. A call that uses it goes on with it.
/// WASI_SHIM_STATUS_FILESYSTEM, and `badf` in the message, if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn wasi_shim_close(context: Ref<Context>, fd: u32) -> Status {
    attempt(|| {
        let closed = context.get("context")?.wasi.close(fd);
        closed.map_err(Error::of_filesystem(format!("descriptor {fd}")))
    })
}
