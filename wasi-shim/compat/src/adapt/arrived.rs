//! Bytes that were read for somebody who had less room when they came.
//!
//! This file knows that they come before all others. Only `stream` and `socket` use it.

use super::lock;
use std::io::{IoSlice, IoSliceMut};
use std::sync::Mutex;
use wasi_shim::abi::Result;

/// What is still to be given out.
#[derive(Default)]
pub(super) struct Arrived(Mutex<Vec<u8>>);

impl Arrived {
    /// Gives out what is there, or else what `read` reads.
    pub(super) fn give(
        &self,
        bufs: &mut [IoSliceMut<'_>],
        read: impl FnOnce() -> Result<Vec<u8>>,
    ) -> Result<usize> {
        let mut bytes = lock(&self.0);
        if bytes.is_empty() {
            *bytes = read()?;
        }
        let count = scatter(&bytes, bufs);
        bytes.drain(..count);
        Ok(count)
    }

    pub(super) fn count(&self) -> u64 {
        lock(&self.0).len() as u64
    }
}

/// Copies as much as there is room for.
pub(super) fn scatter(bytes: &[u8], bufs: &mut [IoSliceMut<'_>]) -> usize {
    let mut rest = bytes;
    for buf in bufs {
        let count = rest.len().min(buf.len());
        let (now, later) = rest.split_at(count);
        buf[..count].copy_from_slice(now);
        rest = later;
    }
    bytes.len() - rest.len()
}

/// Copies all of it, up to `most` bytes.
pub(super) fn gather(bufs: &[IoSlice<'_>], most: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for buf in bufs {
        let room = most - bytes.len();
        bytes.extend_from_slice(&buf[..buf.len().min(room)]);
    }
    bytes
}

/// How many bytes there is room for.
pub(super) fn room(bufs: &[IoSliceMut<'_>]) -> usize {
    bufs.iter()
        .fold(0, |sum, buf| sum.saturating_add(buf.len()))
}
