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
    let mut position = cookie;
    let mut used = 0_usize;
    while used < buf.len() {
        let Some((name, ino, kind)) = entry(&listing, dir, position)? else {
            break;
        };
        position = position.saturating_add(1);
        let head = Dirent {
            next: position,
            ino,
            name_len: u32::try_from(name.len()).unwrap_or(u32::MAX),
            filetype: kind,
        };
        for bytes in [head.bytes().as_slice(), name.as_bytes()] {
            memory.write(buf.part(used, buf.len()), bytes);
            used = used.saturating_add(bytes.len()).min(buf.len());
        }
    }
    Ok(u32::try_from(used).map_err(|_| Errno::Overflow)?)
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
    let listing = match &*kept {
        Some(listing) => Arc::clone(listing),
        None => {
            let process = call.process;
            let new = Listing::of(dir.as_ref(), &process.limits, &process.listings)?;
            Arc::clone(kept.insert(Arc::new(new)))
        }
    };
    if cookie > DOTS.saturating_add(listing.len() as u64) {
        return Err(Errno::Inval.into());
    }
    Ok(listing)
}

type Found<'a> = (&'a str, u64, FileKind);

fn entry<'a>(listing: &'a Listing, dir: &Arc<dyn Dir>, position: u64) -> Reply<Option<Found<'a>>> {
    Ok(match position {
        0 => Some((".", dir.metadata()?.ino, FileKind::Directory)),
        1 => Some(("..", fixed::DOTDOT_INO, FileKind::Directory)),
        _ => {
            let index = usize::try_from(position.saturating_sub(DOTS)).ok();
            index.and_then(|index| listing.get(index))
        }
    })
}
