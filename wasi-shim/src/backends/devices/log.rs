//! Output as lines.
//!
//! Knows where a line ends and how long it may get. Refuses to know what becomes of it. Embedders give it to guests as
//! standard output or standard error.

use super::super::lock::lock;
use super::super::streams::{gather, now};
use super::ROOM;
use crate::abi::Result;
use crate::vfs::{Interest, Readiness, Stream};
use std::fmt;
use std::io::IoSlice;
use std::mem::take;
use std::sync::{Arc, Mutex};
use std::task::Waker;

/// Output that is handed on line by line.
///
/// A line goes to the sink when its end is written, without that end; one that gets too long goes in pieces, so that a
/// guest that never ends its line takes no more memory. What has not been ended goes when the last `Arc` is dropped. A
/// line is whatever bytes the guest writes, which need not be text, and may hold what drives a terminal.
///
/// Give each stream a log of its own, or their unfinished lines mix. Lines of one thread come in order; of two threads
/// that write at once either may be first.
pub struct Log {
    longest: usize,
    unfinished: Mutex<Vec<u8>>,
    sink: Sink,
}

type Sink = Box<dyn Fn(&[u8]) + Send + Sync>;

/// The most that one write takes: the lines in it are copied, and a guest may write all of its memory at once.
const MOST: usize = 1 << 16;

impl Log {
    /// Hands lines of up to `longest` bytes (at least one) to `sink`, which is called without a lock.
    pub fn new(longest: usize, sink: impl Fn(&[u8]) + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            longest: longest.max(1),
            unfinished: Mutex::default(),
            sink: Box::new(sink),
        })
    }

    /// Splits what was written. `unfinished` never gets longer than a line may be.
    fn split(&self, written: &[u8], unfinished: &mut Vec<u8>, lines: &mut Vec<Vec<u8>>) {
        for piece in written.split_inclusive(|&byte| byte == b'\n') {
            let (mut text, ended) = match piece.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (piece, false),
            };
            loop {
                let room = self.longest.saturating_sub(unfinished.len());
                let (part, rest) = text.split_at(text.len().min(room));
                unfinished.extend_from_slice(part);
                if rest.is_empty() {
                    break;
                }
                lines.push(take(unfinished));
                text = rest;
            }
            if ended {
                lines.push(take(unfinished));
            }
        }
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log")
            .field("longest", &self.longest)
            .finish_non_exhaustive()
    }
}

impl Stream for Log {
    fn write(&self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        let (mut lines, mut room) = (Vec::new(), MOST);
        let mut unfinished = lock(&self.unfinished);
        let count = gather(bufs, |buf| {
            let part = buf.get(..room).unwrap_or(buf);
            room = room.saturating_sub(part.len());
            self.split(part, &mut unfinished, &mut lines);
            part.len()
        });
        drop(unfinished);
        lines.iter().for_each(|line| (self.sink)(line));
        Ok(count)
    }

    fn ready(&self, interest: Interest, _waker: &Waker) -> Readiness {
        match interest {
            Interest::Read => now(0, false),
            Interest::Write => now(ROOM, false),
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        let unfinished = take(&mut *lock(&self.unfinished));
        if !unfinished.is_empty() {
            (self.sink)(&unfinished);
        }
    }
}
