//! A pipe within the program.
//!
//! Knows the bytes under way, whether each end is still there, and whom to wake. Refuses to know who waits and how. An
//! embedder keeps one end and gives a guest the other, or joins two guests.

use super::{gather, now, total};
use crate::abi::{Errno, Result};
use crate::backends::lock::lock;
use crate::vfs::{Interest, Readiness, Stream};
use std::collections::VecDeque;
use std::io::{IoSlice, IoSliceMut, Read as _};
use std::mem::take;
use std::sync::{Arc, Mutex};
use std::task::Waker;

/// Both ends of a pipe that holds up to `capacity` bytes (at least one).
///
/// Each end is closed when the last `Arc` of it is dropped.
pub fn pipe(capacity: usize) -> (Arc<PipeReader>, Arc<PipeWriter>) {
    let state = State {
        capacity: capacity.max(1),
        queue: VecDeque::new(),
        reader: true,
        writer: true,
        readers: Waiters::default(),
        writers: Waiters::default(),
    };
    let pipe = Arc::new(Mutex::new(state));
    (
        Arc::new(PipeReader(Arc::clone(&pipe))),
        Arc::new(PipeWriter(pipe)),
    )
}

/// The end of a [`pipe`] to read from.
///
/// Reading gives what is there, `again` when that is nothing, and the end of the stream when the writer is gone too.
#[derive(Debug)]
pub struct PipeReader(Arc<Mutex<State>>);

/// The end of a [`pipe`] to write to.
///
/// Writing takes what fits, of however many buffers, in one piece. In order: `pipe` when the reader is gone, `again`
/// when nothing fits.
#[derive(Debug)]
pub struct PipeWriter(Arc<Mutex<State>>);

/// What both ends share. `reader` and `writer` say which of them are still there.
#[derive(Debug)]
struct State {
    capacity: usize,
    queue: VecDeque<u8>,
    reader: bool,
    writer: bool,
    readers: Waiters,
    writers: Waiters,
}

impl State {
    fn room(&self) -> usize {
        self.capacity.saturating_sub(self.queue.len())
    }
}

/// Those who wait for one end.
///
/// Wakers are copied, woken and dropped without the lock: that is somebody else's code, and may come back to this pipe.
#[derive(Debug, Default)]
pub(in crate::backends) struct Waiters(Vec<Waker>);

impl Waiters {
    /// Whoever asks, and never says that they wait no more, leaves a waker behind each time. The oldest is woken early when
    /// there are this many: to ask again costs it little, to be forgotten would hang it, and to keep them all would have no
    /// bound.
    const MOST: usize = 4096;

    /// Takes the waker, unless it is kept already; returns the one that is to be woken in its place.
    pub(in crate::backends) fn keep(&mut self, waker: &mut Option<Waker>) -> Option<Waker> {
        let kept = |new: &Waker| self.0.iter().any(|old| old.will_wake(new));
        if waker.as_ref().is_some_and(kept) {
            return None;
        }
        let oldest = (self.0.len() >= Self::MOST).then(|| self.0.remove(0));
        self.0.extend(waker.take());
        oldest
    }

    /// Gives the waker back, if it is kept.
    pub(in crate::backends) fn forget(&mut self, waker: &Waker) -> Option<Waker> {
        let at = self.0.iter().position(|kept| kept.will_wake(waker))?;
        Some(self.0.remove(at))
    }

    pub(in crate::backends) fn take(&mut self) -> Vec<Waker> {
        take(&mut self.0)
    }
}

pub(in crate::backends) fn wake(waiters: impl IntoIterator<Item = Waker>) {
    waiters.into_iter().for_each(Waker::wake);
}

impl Stream for PipeReader {
    fn read(&self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Ok(0);
        }
        let mut state = lock(&self.0);
        if state.queue.is_empty() {
            return if state.writer {
                Err(Errno::Again)
            } else {
                Ok(0)
            };
        }
        let count = bufs.iter_mut().fold(0_usize, |sum, buf| {
            sum.saturating_add(pull(&mut state.queue, buf))
        });
        let waiters = state.writers.take();
        drop(state);
        wake(waiters);
        Ok(count)
    }

    fn ready(&self, interest: Interest, waker: &Waker) -> Readiness {
        if interest == Interest::Write {
            return now(0, false);
        }
        let mut waker = Some(waker.clone());
        let mut state = lock(&self.0);
        if !state.queue.is_empty() || !state.writer {
            return now(state.queue.len() as u64, !state.writer);
        }
        let early = state.readers.keep(&mut waker);
        drop(state);
        wake(early);
        Readiness::Later
    }

    fn forget(&self, _: Interest, waker: &Waker) {
        let kept = lock(&self.0).readers.forget(waker);
        drop(kept);
    }
}

impl Stream for PipeWriter {
    fn write(&self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        if total(bufs) == 0 {
            return Ok(0);
        }
        let mut state = lock(&self.0);
        if !state.reader {
            return Err(Errno::Pipe);
        }
        let count = gather(bufs, |buf| {
            let part = buf.get(..state.room()).unwrap_or(buf);
            state.queue.extend(part);
            part.len()
        });
        if count == 0 {
            return Err(Errno::Again);
        }
        let waiters = state.readers.take();
        drop(state);
        wake(waiters);
        Ok(count)
    }

    fn ready(&self, interest: Interest, waker: &Waker) -> Readiness {
        if interest == Interest::Read {
            return now(0, false);
        }
        let mut waker = Some(waker.clone());
        let mut state = lock(&self.0);
        if state.room() > 0 || !state.reader {
            return now(state.room() as u64, !state.reader);
        }
        let early = state.writers.keep(&mut waker);
        drop(state);
        wake(early);
        Readiness::Later
    }

    fn forget(&self, _: Interest, waker: &Waker) {
        let kept = lock(&self.0).writers.forget(waker);
        drop(kept);
    }
}

impl Drop for PipeReader {
    fn drop(&mut self) {
        let mut state = lock(&self.0);
        state.reader = false;
        // Nobody will read it.
        state.queue = VecDeque::new();
        let waiters = state.writers.take();
        drop(state);
        wake(waiters);
    }
}

impl Drop for PipeWriter {
    fn drop(&mut self) {
        let mut state = lock(&self.0);
        state.writer = false;
        let waiters = state.readers.take();
        drop(state);
        wake(waiters);
    }
}

/// Moves as much as fits into `buf`.
fn pull(queue: &mut VecDeque<u8>, buf: &mut [u8]) -> usize {
    let mut done = 0_usize;
    // A ring has up to two pieces, and each read takes from one.
    while let Some(rest) = buf.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match queue.read(rest) {
            Ok(count) if count > 0 => done = done.saturating_add(count),
            _ => break,
        }
    }
    done
}
