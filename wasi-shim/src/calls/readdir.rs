//! `fd_readdir`.

use super::{Call, Reply, fixed};
use crate::abi::{Dirent, Errno, FileKind};
use crate::mem::{Memory, Window};
use crate::process::{Descriptor, Listing};
use crate::vfs::Dir;
use std::sync::Arc;

/// `.` and `..`, which no filesystem reports.
const DOTS: u64 = 2;

/// `fd_readdir`. Fills the buffer with entries from a position on; the last may be cut. A count below the buffer's length
/// means that there are no more.
///
/// A cookie is a position: 0 is the start, and each entry carries the position of the next. Position 0 takes a new
/// listing of the directory; all others are served from the last one taken, so that a directory that changes under a
/// reader neither repeats nor skips an entry. `.` and `..` come first.
///
/// *Answers* `badf`; `notcapable` without `FD_READDIR`; `notdir` for a file or stream; `inval` for a position that no
/// entry carried; `nomem` for a directory beyond the limits; the filesystem's error.
pub(crate) fn readdir(
    call: &Call<'_>,
    fd: &Arc<Descriptor>,
    buf: Window,
    cookie: u64,
    memory: &mut Memory<'_>,
) -> Reply<u32> {
    let Ok(dir) = fd.dir() else {
        return Err(Errno::Notdir.into());
    };
    let listing = listing(call, fd, dir, cookie)?;
    let entries = listing.from(cookie)?;
    let mut used = 0_usize;
    let mut put = |bytes: &[u8]| {
        memory.write(buf.part(used, buf.len()), bytes);
        used = used.saturating_add(bytes.len()).min(buf.len());
    };
    if cookie == 0 && !buf.is_empty() {
        put(&dot(1, dir.metadata()?.ino, "."));
        put(b".");
    }
    if cookie <= 1 {
        put(&dot(DOTS, fixed::DOTDOT_INO, ".."));
        put(b"..");
    }
    put(entries);
    Ok(u32::try_from(used).map_err(|_| Errno::Overflow)?)
}

/// The head of `.` or `..`, which a position follows.
fn dot(next: u64, ino: u64, name: &str) -> [u8; Dirent::SIZE] {
    let head = Dirent {
        next,
        ino,
        name_len: u32::try_from(name.len()).unwrap_or(u32::MAX),
        filetype: FileKind::Directory,
    };
    head.bytes()
}

/// The listing that a position refers to.
fn listing(
    call: &Call<'_>,
    fd: &Descriptor,
    dir: &Arc<dyn Dir>,
    cookie: u64,
) -> Reply<Arc<Listing>> {
    let mut kept = fd.listing();
    if cookie == 0 {
        // First, so that the old one and the new one need not both be within the limits.
        *kept = None;
    }
    Ok(match &*kept {
        Some(listing) => Arc::clone(listing),
        None => {
            let process = call.process;
            let new = Listing::of(dir.as_ref(), DOTS, &process.limits, &process.listings)?;
            Arc::clone(kept.insert(Arc::new(new)))
        }
    })
}
