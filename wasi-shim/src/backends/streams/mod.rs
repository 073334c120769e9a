//! Streams that need no operating system.
//!
//! Knows streams whose bytes come from memory or go there. Refuses to know terminals, processes and who waits.
//! Embedders give them to guests as standard streams.

mod bytes;
mod pipe;

pub use bytes::{Capture, Input, Null};
pub use pipe::{PipeReader, PipeWriter, pipe};

use crate::vfs::Readiness;
use std::io::IoSlice;

/// An operation that is over at once, whatever it answers.
const fn now(bytes: u64, hangup: bool) -> Readiness {
    Readiness::Now { bytes, hangup }
}

/// How many bytes the buffers hold.
pub(super) fn total(bufs: &[IoSlice<'_>]) -> usize {
    bufs.iter()
        .fold(0, |sum, buf| sum.saturating_add(buf.len()))
}

/// Hands each buffer to `take`, which says how much of it it took, until one is not taken whole.
fn gather<'a>(bufs: &'a [IoSlice<'_>], mut take: impl FnMut(&'a [u8]) -> usize) -> usize {
    let mut done = 0_usize;
    for buf in bufs {
        let count = take(buf);
        done = done.saturating_add(count);
        if count < buf.len() {
            break;
        }
    }
    done
}
