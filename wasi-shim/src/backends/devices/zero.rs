//! Zeros without an end.
//!
//! Knows how `/dev/zero` and `/dev/full` answer on Linux. Refuses to know their names. Embedders use them, most often
//! through a directory of devices.

use super::super::streams::{now, total};
use super::{endless, fill};
use crate::abi::{Errno, Result};
use crate::vfs::{Interest, Readiness, Stream};
use std::io::{IoSlice, IoSliceMut};
use std::task::Waker;

/// Reads give zeros, up to 32 MiB at once; writes succeed without looking at a byte.
#[derive(Clone, Copy, Debug, Default)]
pub struct Zero;

/// Reads give zeros, as those of [`Zero`]; a write of one byte or more fails with `nospc`, for programs that have to be
/// tested on a full disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct Full;

fn zeros(bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
    fill(bufs, |buf| {
        buf.fill(0);
        Ok(())
    })
}

impl Stream for Zero {
    fn read(&self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
        zeros(bufs)
    }

    fn write(&self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        Ok(total(bufs))
    }

    fn ready(&self, interest: Interest, _waker: &Waker) -> Readiness {
        endless(interest)
    }
}

impl Stream for Full {
    fn read(&self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
        zeros(bufs)
    }

    fn write(&self, bufs: &[IoSlice<'_>]) -> Result<usize> {
        if total(bufs) == 0 {
            return Ok(0);
        }
        Err(Errno::Nospc)
    }

    fn ready(&self, interest: Interest, _waker: &Waker) -> Readiness {
        match interest {
            Interest::Read => endless(interest),
            // A write fails at once.
            Interest::Write => now(0, false),
        }
    }
}
