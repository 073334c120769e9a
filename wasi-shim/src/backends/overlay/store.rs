//! The upper filesystem: where changed and new content is kept.
//!
//! Knows how a file's content is put into the upper filesystem under a name that nobody sees, and that it is taken away
//! with the last who needs it. Refuses to know whose content it is. The files of this filesystem use it.

use crate::abi::{Errno, Result};
use crate::backends::copy::content::{LONGEST, write_all};
use crate::vfs::{Create, Dir, File, Metadata, Name, Node, OpenRequest};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many taken names are passed over: what earlier overlays left behind when their process was killed.
const ATTEMPTS: u32 = 1 << 16;

/// How much is copied at once.
const CHUNK: usize = 64 * 1024;

/// What is looked at for being all zeros.
const BLOCK: usize = 4096;

/// The directory that holds the content.
pub(super) struct Upper {
    dir: Arc<dyn Dir>,
    next: AtomicU64,
}

/// The content of one file. Dropping it removes it.
pub(super) struct Stored {
    dir: Arc<dyn Dir>,
    name: String,
}

impl Upper {
    pub(super) fn new(dir: Arc<dyn Dir>) -> Self {
        let next = AtomicU64::new(0);
        Self { dir, next }
    }

    /// A new, empty file. Whatever else is in the directory is left alone.
    pub(super) fn create(&self) -> Result<(Stored, Arc<dyn File>)> {
        let request = OpenRequest {
            write: true,
            create: Create::Exclusive,
            ..OpenRequest::READ
        };
        for _ in 0..ATTEMPTS {
            let name = self.next.fetch_add(1, Ordering::Relaxed).to_string();
            match self.dir.open(Name::new(&name)?, &request) {
                Err(Errno::Exist) => {}
                Err(errno) => return Err(errno),
                Ok(node) => {
                    let dir = Arc::clone(&self.dir);
                    return Ok((Stored { dir, name }, file(node)?));
                }
            }
        }
        Err(Errno::Io)
    }
}

impl Stored {
    pub(super) fn open(&self) -> Result<Arc<dyn File>> {
        let request = OpenRequest {
            write: true,
            ..OpenRequest::READ
        };
        file(self.dir.open(Name::new(&self.name)?, &request)?)
    }

    pub(super) fn metadata(&self) -> Result<Metadata> {
        self.dir.stat(Name::new(&self.name)?)
    }
}

impl Drop for Stored {
    fn drop(&mut self) {
        if let Ok(name) = Name::new(&self.name) {
            // Nobody is left who could be told; what cannot be removed stays behind.
            let _ = self.dir.remove_file(name);
        }
    }
}

fn file(node: Node) -> Result<Arc<dyn File>> {
    match node {
        Node::File(file) => Ok(file),
        _ => Err(Errno::Io),
    }
}

/// Copies what `read` gives, but no more than `limit` bytes, over the content of `to`, which is `old` bytes long. `data` says
/// where the next data are, as `memory::data_from` does.
///
/// Blocks of zeros beyond `old` become holes. `to` is at least as long as what was copied afterwards. `fbig` if there is
/// more than anybody should wait for: a guest makes a hole as long as it likes.
pub(super) fn copy(
    read: impl Fn(&mut [u8], u64) -> Result<usize>,
    data: impl Fn(u64) -> Option<Option<u64>>,
    to: &dyn File,
    old: u64,
    limit: u64,
) -> Result<u64> {
    if limit > LONGEST && data(0).is_none() {
        return Err(Errno::Fbig);
    }
    let mut buf = Vec::new();
    buf.try_reserve_exact(CHUNK).map_err(|_| Errno::Nomem)?;
    buf.resize(CHUNK, 0);
    let (mut at, mut end) = (0_u64, old);
    while at < limit {
        // Over the old content, zeros have to be written.
        if at >= old
            && let Some(next) = data(at)
        {
            at = next.map_or(limit, |next| next.min(limit));
            if at == limit {
                break;
            }
        }
        let room = usize::try_from(limit.saturating_sub(at)).map_or(CHUNK, |room| room.min(CHUNK));
        let chunk = buf.get_mut(..room).unwrap_or_default();
        let count = fill(&read, chunk, at)?;
        let chunk = chunk.get(..count).unwrap_or_default();
        end = end.max(put(chunk, to, old, at)?);
        at = at.saturating_add(count as u64);
        if count < room {
            break;
        }
    }
    if at > end {
        to.set_len(at)?;
    }
    Ok(at)
}

/// Reads until the buffer is full or the file ends.
fn fill(read: &impl Fn(&mut [u8], u64) -> Result<usize>, buf: &mut [u8], at: u64) -> Result<usize> {
    let mut done = 0_usize;
    while let Some(rest) = buf.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match read(rest, at.saturating_add(done as u64))? {
            0 => break,
            count => done = done.saturating_add(count),
        }
    }
    Ok(done.min(buf.len()))
}

/// Writes a chunk but for the blocks that may be holes. Returns where the last byte that was written ends, or 0.
fn put(chunk: &[u8], to: &dyn File, old: u64, at: u64) -> Result<u64> {
    let (mut at, mut end) = (at, 0);
    let hole = |at: u64, block: &[u8]| at >= old && block.iter().all(|byte| *byte == 0);
    let mut rest = chunk;
    while !rest.is_empty() {
        // As many blocks of one kind as follow each other.
        let mut blocks = rest.chunks(BLOCK);
        let skip = blocks.next().is_some_and(|block| hole(at, block));
        let mut len = BLOCK.min(rest.len());
        for block in blocks {
            if hole(at.saturating_add(len as u64), block) != skip {
                break;
            }
            len = len.saturating_add(block.len());
        }
        let (run, after) = rest.split_at_checked(len).unwrap_or((rest, &[]));
        if !skip {
            write_all(to, run, at)?;
            end = at.saturating_add(len as u64);
        }
        at = at.saturating_add(len as u64);
        rest = after;
    }
    Ok(end)
}
