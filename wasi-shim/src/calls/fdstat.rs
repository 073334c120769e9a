//! What a descriptor is: `fd_fdstat_*` and `fd_prestat_*`.

use super::{Call, Reply};
use crate::abi::{Errno, FdFlags, Fdstat, Prestat, Result, Rights};
use crate::mem::{Memory, Window};
use crate::process::{Borrowed, Descriptor, Object};
use std::sync::Arc;

/// The flags that `fd_fdstat_set_flags` can change. How durable writes are is settled when a file is opened.
const SETTABLE: FdFlags = FdFlags::APPEND.union(FdFlags::NONBLOCK);

/// `fd_fdstat_get`.
///
/// *Answers* `badf`.
pub(crate) fn get(_: &Call<'_>, fd: &Arc<Descriptor>) -> Reply<Fdstat> {
    Ok(Fdstat {
        filetype: fd.object.kind(),
        flags: fd.flags(),
        rights_base: fd.grant.base(),
        rights_inheriting: fd.grant.inheriting(),
    })
}

/// `fd_fdstat_set_flags`. The flags about durability may be named, but not changed.
///
/// *Answers* `badf`; `notcapable` without `FD_FDSTAT_SET_FLAGS`; `inval` for flags that nobody knows or that cannot be
/// changed.
pub(crate) fn set_flags(_: &Call<'_>, fd: &Arc<Descriptor>, flags: FdFlags) -> Reply<()> {
    if (flags ^ fd.flags()).intersects(SETTABLE.complement()) {
        return Err(Errno::Inval.into());
    }
    fd.set_flags(flags);
    if let Object::Stream(stream) = &fd.object {
        stream.flags_set(flags);
    }
    Ok(())
}

/// `fd_fdstat_set_rights`. Rights can only be given up.
///
/// *Answers* `badf`; `notsup` where rights are not enforced; `notcapable` if a right would be gained.
pub(crate) fn set_rights(
    _: &Call<'_>,
    fd: &Arc<Descriptor>,
    base: Rights,
    inheriting: Rights,
) -> Reply<()> {
    Ok(fd.grant.restrict(base, inheriting)?)
}

/// `fd_prestat_get`.
///
/// *Answers* `badf` for whatever is no preopened directory, and nothing else: wasi-libc looks for directories until it
/// is told `badf`, and gives up on any other error (`preopens.c`).
pub(crate) fn prestat_get(call: &Call<'_>, fd: u32) -> Reply<Prestat> {
    let found = call.process.fds.get(fd);
    let name = preopen(&found)?;
    let name_len = u32::try_from(name.len()).map_err(|_| Errno::Overflow)?;
    Ok(Prestat { name_len })
}

/// `fd_prestat_dir_name`. No NUL is written; what the buffer has beyond the name stays as it is.
///
/// *Answers* `badf` for whatever is no preopened directory; `nametoolong` if the buffer is shorter than the name.
pub(crate) fn prestat_dir_name(
    call: &Call<'_>,
    fd: u32,
    path: Window,
    memory: &mut Memory<'_>,
) -> Reply<()> {
    let found = call.process.fds.get(fd);
    let name = preopen(&found)?;
    if path.len() < name.len() {
        return Err(Errno::Nametoolong.into());
    }
    memory.write(path, name.as_bytes());
    Ok(())
}

fn preopen(found: &Borrowed) -> Result<&str> {
    found.descriptor()?.preopen.as_deref().ok_or(Errno::Badf)
}
