//! Streams that end nowhere or in a buffer.
//!
//! Knows how to be an empty input, a given input, an output that is kept and one that is not. Refuses to know who is at
//! the other end: nobody is, so none of these ever has to wait. Embedders use them.

use super::{gather, now, total};
use crate::abi::{Errno, Result};
use crate::backends::lock::lock;
use crate::vfs::{Interest, Readiness, Stream};
use std::io::{IoSlice, IoSliceMut};
use std::mem::take;
use std::sync::{Arc, Mutex};

/// No input, and no use for output: reads end at once, writes succeed without looking at a byte.
#[derive(Clone, Copy, Debug, Default)]
pub struct Null;

impl Null {
    /// What a poll is told of its room for output, which has no end: enough for any block, and no more than a program
    /// may put into an `int`.
    const ROOM: u64 = 1 << 16;
}

impl Stream for Null {
    fn read(&self, _bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
        Ok(0)
    }

    fn write(&self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        Ok(total(bufs))
    }

    fn ready(&self, interest: Interest, _waker: &std::task::Waker) -> Readiness {
        match interest {
            Interest::Read => now(0, false),
            Interest::Write => now(Self::ROOM, false),
        }
    }
}

/// Output that is kept for the embedder, up to a cap.
#[derive(Debug)]
pub struct Capture {
    cap: usize,
    kept: Mutex<Vec<u8>>,
}

impl Capture {
    /// The cap of [`Default`]: 1 MiB.
    pub const DEFAULT_CAP: usize = 1 << 20;

    /// Keeps up to `cap` bytes. A write stops there; one that finds no room at all fails with `nospc`.
    pub fn new(cap: usize) -> Arc<Self> {
        Arc::new(Self::with_cap(cap))
    }

    pub(in crate::backends) const fn with_cap(cap: usize) -> Self {
        let kept = Mutex::new(Vec::new());
        Self { cap, kept }
    }

    /// Takes what was written so far, and makes room for as much again.
    pub fn take(&self) -> Vec<u8> {
        take(&mut *lock(&self.kept))
    }

    /// A copy of what was written so far.
    pub fn contents(&self) -> Vec<u8> {
        lock(&self.kept).clone()
    }
}

impl Default for Capture {
    fn default() -> Self {
        let (cap, kept) = (Self::DEFAULT_CAP, Mutex::default());
        Self { cap, kept }
    }
}

impl Stream for Capture {
    fn write(&self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        let mut kept = lock(&self.kept);
        let count = gather(bufs, |buf| {
            let room = self.cap.saturating_sub(kept.len());
            let part = buf.get(..room).unwrap_or(buf);
            kept.extend_from_slice(part);
            part.len()
        });
        if count == 0 && total(bufs) > 0 {
            return Err(Errno::Nospc);
        }
        Ok(count)
    }

    fn ready(&self, interest: Interest, _waker: &std::task::Waker) -> Readiness {
        match interest {
            Interest::Read => now(0, false),
            Interest::Write => now(
                self.cap.saturating_sub(lock(&self.kept).len()) as u64,
                false,
            ),
        }
    }
}

/// Input that is known beforehand; it ends when it has been read.
#[derive(Debug)]
pub struct Input {
    bytes: Vec<u8>,
    read: Mutex<usize>,
}

impl Input {
    /// Gives these bytes, once.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Arc<Self> {
        let (bytes, read) = (bytes.into(), Mutex::new(0));
        Arc::new(Self { bytes, read })
    }

    fn rest(&self, read: usize) -> &[u8] {
        self.bytes.get(read..).unwrap_or_default()
    }
}

impl Stream for Input {
    fn read(&self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
        let mut read = lock(&self.read);
        let start = *read;
        for buf in bufs {
            let rest = self.rest(*read);
            let count = rest.len().min(buf.len());
            if let (Some(to), Some(from)) = (buf.get_mut(..count), rest.get(..count)) {
                to.copy_from_slice(from);
            }
            *read = read.saturating_add(count);
        }
        Ok(read.saturating_sub(start))
    }

    fn ready(&self, interest: Interest, _waker: &std::task::Waker) -> Readiness {
        match interest {
            Interest::Read => now(self.rest(*lock(&self.read)).len() as u64, false),
            Interest::Write => now(0, false),
        }
    }
}
