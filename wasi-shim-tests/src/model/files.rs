//! Functions that touch what is in an open file.
//!
//! Knows contents as bytes and offsets as numbers, and where both end. A file here is small: what only some filesystems
//! can hold is not written.

use super::Model;
use super::{Answer, Call, Slot, Value};
use wasi_shim::abi::{Errno, FdFlags, Rights, Whence};

/// The largest offset: `off_t` is signed.
const MAX: u64 = i64::MAX as u64;

/// `errno` unless a range ends at the largest offset or before.
pub(super) fn check_range(offset: u64, len: u64, errno: Errno) -> Result<(), Errno> {
    match offset.checked_add(len) {
        Some(end) if end <= MAX => Ok(()),
        _ => Err(errno),
    }
}

fn part(content: &[u8], offset: u64, lens: &[usize]) -> Vec<u8> {
    let start = usize::try_from(offset)
        .unwrap_or(usize::MAX)
        .min(content.len());
    let end = content.len().min(start + lens.iter().sum::<usize>());
    content[start..end].to_vec()
}

/// What no test writes beyond, but at the largest offset: how large a file may be is the filesystem's affair.
const FAR: u64 = 1 << 20;

/// Puts bytes into a file. `fbig` at the largest offset.
fn put(content: &mut Vec<u8>, offset: u64, bytes: &[u8]) -> Result<(), Errno> {
    if bytes.is_empty() {
        return Ok(());
    }
    if offset == MAX {
        return Err(Errno::Fbig);
    }
    assert!(offset < FAR, "a test writes at {offset}");
    let start = usize::try_from(offset).expect("a small offset");
    let end = start + bytes.len();
    content.resize(content.len().max(end), 0);
    content[start..end].copy_from_slice(bytes);
    Ok(())
}

impl Model {
    /// Would this write where only some filesystems can?
    pub fn writes_far(&self, call: &Call) -> bool {
        let Call::Write { fd, .. } = call else {
            return false;
        };
        let offset = self.table.get(*fd).map_or(0, |open| open.offset);
        (FAR..MAX).contains(&offset)
    }

    pub(super) fn read(&mut self, fd: Slot, lens: &[usize]) -> Answer {
        let ino = self.file(fd, Rights::FD_READ)?;
        let open = self.table.get_mut(fd)?;
        let bytes = part(self.tree.content(ino), open.offset, lens);
        open.offset += bytes.len() as u64;
        Ok(Value::Bytes(bytes))
    }

    pub(super) fn pread(&mut self, fd: Slot, lens: &[usize], offset: u64) -> Answer {
        let ino = self.file(fd, Rights::FD_READ | Rights::FD_SEEK)?;
        if offset > MAX {
            return Err(Errno::Inval);
        }
        Ok(Value::Bytes(part(self.tree.content(ino), offset, lens)))
    }

    pub(super) fn write(&mut self, fd: Slot, parts: &[Vec<u8>]) -> Answer {
        let ino = self.file(fd, Rights::FD_WRITE)?;
        let offset = self.table.get(fd)?.offset;
        let bytes = parts.concat();
        let offset = self.write_at(fd, ino, offset, &bytes)?;
        if !bytes.is_empty() {
            self.table.get_mut(fd)?.offset = offset + bytes.len() as u64;
        }
        Ok(Value::Number(bytes.len() as u64))
    }

    pub(super) fn pwrite(&mut self, fd: Slot, parts: &[Vec<u8>], offset: u64) -> Answer {
        let ino = self.file(fd, Rights::FD_WRITE | Rights::FD_SEEK)?;
        if offset > MAX {
            return Err(Errno::Inval);
        }
        let bytes = parts.concat();
        self.write_at(fd, ino, offset, &bytes)?;
        Ok(Value::Number(bytes.len() as u64))
    }

    /// Writes where the descriptor's flags say, and tells where that was.
    fn write_at(&mut self, fd: Slot, ino: usize, offset: u64, bytes: &[u8]) -> Result<u64, Errno> {
        let appends = self.table.get(fd)?.flags.contains(FdFlags::APPEND);
        let content = self.tree.content(ino);
        let offset = if appends {
            content.len() as u64
        } else {
            offset
        };
        put(content, offset, bytes)?;
        Ok(offset)
    }

    pub(super) fn seek(&mut self, fd: Slot, delta: i64, whence: Whence) -> Answer {
        let asks = delta == 0 && whence == Whence::Cur;
        let needed = if asks {
            Rights::FD_TELL
        } else {
            Rights::FD_SEEK
        };
        let ino = self.file(fd, needed)?;
        let size = self.tree.content(ino).len() as u64;
        let open = self.table.get_mut(fd)?;
        let from = match whence {
            Whence::Set => 0,
            Whence::Cur => open.offset,
            Whence::End => size,
        };
        let to = i128::from(from) + i128::from(delta);
        let to = u64::try_from(to).map_err(|_| Errno::Inval)?;
        if to > MAX {
            return Err(Errno::Overflow);
        }
        open.offset = to;
        Ok(Value::Number(to))
    }

    pub(super) fn tell(&self, fd: Slot) -> Answer {
        self.file(fd, Rights::FD_TELL)?;
        Ok(Value::Number(self.table.get(fd)?.offset))
    }

    pub(super) fn allocate(&mut self, fd: Slot, offset: u64, len: u64) -> Answer {
        let ino = self.file(fd, Rights::FD_ALLOCATE)?;
        if len == 0 {
            return Err(Errno::Inval);
        }
        check_range(offset, len, Errno::Fbig)?;
        let content = self.tree.content(ino);
        let end = usize::try_from(offset + len).expect("a small size");
        content.resize(content.len().max(end), 0);
        Ok(Value::Done)
    }

    pub(super) fn set_size(&mut self, fd: Slot, size: u64) -> Answer {
        let ino = self.file(fd, Rights::FD_FILESTAT_SET_SIZE)?;
        if size > MAX {
            return Err(Errno::Fbig);
        }
        let size = usize::try_from(size).expect("a small size");
        self.tree.content(ino).resize(size, 0);
        Ok(Value::Done)
    }
}
