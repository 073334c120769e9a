//! A compressed tar, decompressed once.
//!
//! Knows how to decompress gzip and zstd as a stream, how much may come out, and where that is put. Refuses to know
//! what it is. Whoever opens an archive uses it.

use super::error::ArchiveError;
use super::source::{ReadAt, Source};
use super::tree::within;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// How a tar is compressed.
#[derive(Clone, Copy)]
pub(super) enum Method {
    Gzip,
    Zstd,
}

/// How much is decompressed at once.
const STEP: usize = 64 << 10;

/// Blocks of memory: what has come out so far is never moved to make room for more.
#[derive(Default)]
struct Blocks {
    full: Vec<Box<[u8]>>,
    size: u64,
}

/// All but the last block have this size.
const BLOCK: u64 = STEP as u64;

impl ReadAt for Blocks {
    fn size(&self) -> io::Result<u64> {
        Ok(self.size)
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut done = 0;
        while let Some(rest) = buf.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let at = offset.saturating_add(done as u64);
            let block = usize::try_from(at / BLOCK).unwrap_or(usize::MAX);
            let block = self.full.get(block).map_or(&[][..], |block| block);
            match crate::vfs::read_slice(block, rest, at % BLOCK) {
                0 => break,
                count => done = done.saturating_add(count),
            }
        }
        Ok(done)
    }
}

/// Where decompressed bytes go.
enum Store {
    Memory(Blocks),
    File(File, u64),
}

impl Store {
    const fn size(&self) -> u64 {
        match self {
            Self::Memory(Blocks { size, .. }) | Self::File(_, size) => *size,
        }
    }

    fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        let size = self.size().saturating_add(bytes.len() as u64);
        match self {
            Self::Memory(blocks) => {
                blocks.full.push(bytes.into());
                blocks.size = size;
            }
            Self::File(file, written) => {
                file.write_all(bytes)?;
                *written = size;
            }
        }
        Ok(())
    }

    fn finish(self) -> io::Result<Source> {
        match self {
            Self::Memory(blocks) => Source::new(blocks),
            Self::File(file, _) => Source::file(file),
        }
    }
}

/// Decompresses all of a source, into an empty file or into memory.
pub(super) fn unpack(
    packed: &Source,
    method: Method,
    limit: u64,
    file: Option<File>,
) -> Result<Source, ArchiveError> {
    let mut store = match file {
        Some(file) => Store::File(empty(file)?, 0),
        None => Store::Memory(Blocks::default()),
    };
    let fault = |source| ArchiveError::Decompression { at: 0, source };
    match method {
        Method::Gzip => copy(MultiGzDecoder::new(packed.stream()), limit, &mut store)?,
        Method::Zstd => {
            let mut decoder = zstd::Decoder::new(packed.stream()).map_err(fault)?;
            decoder.window_log_max(window(limit)).map_err(fault)?;
            copy(decoder, limit, &mut store)?;
        }
    }
    Ok(store.finish()?)
}

/// The same file, if it is empty.
fn empty(mut file: File) -> io::Result<File> {
    if file.seek(SeekFrom::End(0))? != 0 {
        let what = "the scratch file is not empty";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
    }
    Ok(file)
}

/// The largest window that a zstd frame may ask for, as a power of two: no more than may come out, but the 8 MiB that
/// RFC 8878 (3.1.1.1.2) wants every decoder to grant, and at most the 128 MiB that they do grant unless told otherwise.
fn window(limit: u64) -> u32 {
    limit.checked_ilog2().unwrap_or_default().clamp(23, 27)
}

fn copy(mut from: impl Read, limit: u64, to: &mut Store) -> Result<(), ArchiveError> {
    let mut block = vec![0; STEP];
    loop {
        let count = fill(&mut from, &mut block).map_err(|source| {
            let at = to.size();
            ArchiveError::Decompression { at, source }
        })?;
        let bytes = block.get(..count).unwrap_or_default();
        let size = to.size().saturating_add(count as u64);
        within(size, limit, "unpacked bytes")?;
        to.push(bytes)?;
        if count < STEP {
            return Ok(());
        }
    }
}

/// Reads until the buffer is full or nothing is left.
fn fill(from: &mut impl Read, buf: &mut [u8]) -> io::Result<usize> {
    let mut done = 0_usize;
    while let Some(rest) = buf.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match from.read(rest)? {
            0 => break,
            count => done = done.saturating_add(count),
        }
    }
    Ok(done)
}
