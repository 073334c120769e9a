//! Decompressing a deflated member, from a place to the next.
//!
//! Knows how to go on from where it stopped, and whether the whole is what it should be. Refuses to know who keeps it.
//! Checkpoints are made of [`Inflater`]s; the reader of zip files uses one for the texts of links.

use super::source::Source;
use crate::abi::{Errno, Result};
use flate2::Crc;
use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZFlush, MZStatus};

/// How many compressed bytes are read at once.
pub(super) const CHUNK: usize = 8 << 10;

/// Where a deflated member is, and what it should decompress to.
#[derive(Clone, Copy)]
pub(super) struct Deflated {
    pub(super) at: u64,
    pub(super) compressed: u64,
    pub(super) size: u64,
    pub(super) crc: u32,
}

/// A decompressor somewhere in a member.
pub(super) struct Inflater {
    state: Box<InflateState>,
    /// Compressed bytes that went in.
    consumed: u64,
    /// Bytes that came out, and their checksum.
    pub(super) position: u64,
    crc: Crc,
}

impl Clone for Inflater {
    fn clone(&self) -> Self {
        let mut crc = Crc::new();
        crc.combine(&self.crc);
        Self {
            state: self.state.clone(),
            crc,
            ..*self
        }
    }
}

impl Inflater {
    pub(super) fn new() -> Self {
        Self {
            state: InflateState::new_boxed(DataFormat::Raw),
            consumed: 0,
            position: 0,
            crc: Crc::new(),
        }
    }

    /// Decompresses the next bytes. Fewer than wanted are followed by an error, or by the end of the member.
    ///
    /// # Errors
    /// `io` if the next byte cannot be had, or if these are the last ones and the whole is not what it should be.
    pub(super) fn read(
        &mut self,
        source: &Source,
        member: &Deflated,
        buf: &mut [u8],
    ) -> Result<usize> {
        let left = member.size.saturating_sub(self.position);
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(buf.len());
        let buf = buf.get_mut(..wanted).unwrap_or_default();
        let mut done = 0;
        while let Some(rest) = buf.get_mut(done..).filter(|rest| !rest.is_empty()) {
            match self.step(source, member, rest) {
                Ok((count, false)) => done = done.saturating_add(count),
                // The compressed bytes end, or mean nothing, before the member should end.
                Ok((count, true)) if count == rest.len() => done = done.saturating_add(count),
                _ if done > 0 => break,
                _ => return Err(Errno::Io),
            }
        }
        self.crc.update(buf.get(..done).unwrap_or_default());
        self.position = self.position.saturating_add(done as u64);
        if self.position == member.size {
            self.check_end(source, member)?;
        }
        Ok(done)
    }

    /// One step of the decompressor: how many bytes came out, and whether they were the last.
    fn step(
        &mut self,
        source: &Source,
        member: &Deflated,
        out: &mut [u8],
    ) -> Result<(usize, bool)> {
        let mut chunk = [0; CHUNK];
        let left = member.compressed.saturating_sub(self.consumed);
        let wanted = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
        let chunk = chunk.get_mut(..wanted).unwrap_or_default();
        let at = member.at.saturating_add(self.consumed);
        let count = source.read(chunk, at).map_err(|_| Errno::Io)?;
        let input = chunk.get(..count).unwrap_or_default();
        let answer = inflate(&mut self.state, input, out, MZFlush::None);
        self.consumed = self.consumed.saturating_add(answer.bytes_consumed as u64);
        match answer.status {
            Ok(status) => Ok((answer.bytes_written, status == MZStatus::StreamEnd)),
            Err(_) => Err(Errno::Io),
        }
    }

    /// Nothing may be left to come out, and what came out has to be what the archive says.
    fn check_end(&self, source: &Source, member: &Deflated) -> Result<()> {
        // A copy is asked: this one may be kept, and has to stay where it is.
        let mut copy = self.clone();
        loop {
            match copy.step(source, member, &mut [0]) {
                Ok((0, true)) if copy.crc.sum() == member.crc => return Ok(()),
                Ok((0, false)) => {}
                _ => return Err(Errno::Io),
            }
        }
    }
}
