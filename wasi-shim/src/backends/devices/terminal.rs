//! A terminal that nobody sits at.
//!
//! Knows how to be taken for a terminal and how to keep what is shown. Refuses to know a keyboard: the scripted terminal
//! has one. For embedders whose guest should behave as at a terminal, and for tests of that.

use super::super::Capture;
use super::super::streams::now;
use crate::abi::{FileKind, Result};
use crate::vfs::{Interest, Readiness, Stream};
use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;
use std::task::Waker;

/// A stream that is taken for a terminal (`isatty`), and keeps what is shown on it up to a cap.
///
/// Input has ended before it began. A write beyond the cap fails with `nospc`, as that of a [`Capture`] does. The same
/// value can be standard input, output and error.
#[derive(Debug, Default)]
pub struct Terminal {
    shown: Capture,
}

impl Terminal {
    /// Keeps up to `cap` bytes.
    pub fn new(cap: usize) -> Arc<Self> {
        let shown = Capture::with_cap(cap);
        Arc::new(Self { shown })
    }

    /// Takes what was shown so far, and makes room for as much again.
    pub fn take(&self) -> Vec<u8> {
        self.shown.take()
    }

    /// A copy of what was shown so far.
    pub fn contents(&self) -> Vec<u8> {
        self.shown.contents()
    }
}

impl Stream for Terminal {
    fn kind(&self) -> FileKind {
        FileKind::CharacterDevice
    }

    fn read(&self, _bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
        Ok(0)
    }

    fn write(&self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        self.shown.write(bufs)
    }

    fn ready(&self, interest: Interest, waker: &Waker) -> Readiness {
        match interest {
            Interest::Read => now(0, true),
            Interest::Write => self.shown.ready(interest, waker),
        }
    }
}
