//! `fd_*`.

use super::{Stat, wide};
use crate::{Answer, Guest};
use wasi_shim::abi::{Abi, Advice, FdFlags, Fdstat, FileKind, FstFlags, Rights, Syscall, Whence};

impl Guest {
    /// `fd_advise`.
    pub fn fd_advise(&mut self, fd: u32, offset: u64, len: u64, advice: Advice) -> Answer<()> {
        let advice = i64::from(advice.number());
        self.call(
            Syscall::FdAdvise,
            &[wide(fd), offset.cast_signed(), len.cast_signed(), advice],
        )
    }

    /// `fd_allocate`.
    pub fn fd_allocate(&mut self, fd: u32, offset: u64, len: u64) -> Answer<()> {
        self.call(
            Syscall::FdAllocate,
            &[wide(fd), offset.cast_signed(), len.cast_signed()],
        )
    }

    /// `fd_close`.
    pub fn fd_close(&mut self, fd: u32) -> Answer<()> {
        self.call(Syscall::FdClose, &[wide(fd)])
    }

    /// `fd_datasync`.
    pub fn fd_datasync(&mut self, fd: u32) -> Answer<()> {
        self.call(Syscall::FdDatasync, &[wide(fd)])
    }

    /// `fd_sync`.
    pub fn fd_sync(&mut self, fd: u32) -> Answer<()> {
        self.call(Syscall::FdSync, &[wide(fd)])
    }

    /// `fd_fdstat_get`.
    pub fn fd_fdstat_get(&mut self, fd: u32) -> Answer<Fdstat> {
        let out = self.room(24);
        self.call(Syscall::FdFdstatGet, &[wide(fd), wide(out)])?;
        let flags = u16::from_le_bytes(self.bytes(out + 2, 2).try_into().expect("two bytes"));
        Ok(Fdstat {
            filetype: FileKind::from_number(self.bytes(out, 1)[0].into()).expect("a filetype"),
            flags: FdFlags::from_bits(flags).expect("fdflags"),
            rights_base: Rights::from_bits(self.u64_at(out + 8)).expect("rights"),
            rights_inheriting: Rights::from_bits(self.u64_at(out + 16)).expect("rights"),
        })
    }

    /// `fd_fdstat_set_flags`.
    pub fn fd_fdstat_set_flags(&mut self, fd: u32, flags: FdFlags) -> Answer<()> {
        self.call(
            Syscall::FdFdstatSetFlags,
            &[wide(fd), i64::from(flags.bits())],
        )
    }

    /// `fd_fdstat_set_rights`.
    pub fn fd_fdstat_set_rights(
        &mut self,
        fd: u32,
        base: Rights,
        inheriting: Rights,
    ) -> Answer<()> {
        let (base, inheriting) = (base.bits().cast_signed(), inheriting.bits().cast_signed());
        self.call(Syscall::FdFdstatSetRights, &[wide(fd), base, inheriting])
    }

    pub(super) fn stat_at(&self, out: u32) -> Stat {
        let unstable = self.abi == Abi::Unstable;
        let rest = out + if unstable { 24 } else { 32 };
        Stat {
            dev: self.u64_at(out),
            ino: self.u64_at(out + 8),
            filetype: FileKind::from_number(self.bytes(out + 16, 1)[0].into()).expect("a filetype"),
            nlink: if unstable {
                self.u32_at(out + 20).into()
            } else {
                self.u64_at(out + 24)
            },
            size: self.u64_at(rest),
            atim: self.u64_at(rest + 8),
            mtim: self.u64_at(rest + 16),
            ctim: self.u64_at(rest + 24),
        }
    }

    /// `fd_filestat_get`.
    pub fn fd_filestat_get(&mut self, fd: u32) -> Answer<Stat> {
        let out = self.room(64);
        self.call(Syscall::FdFilestatGet, &[wide(fd), wide(out)])?;
        Ok(self.stat_at(out))
    }

    /// `fd_filestat_set_size`.
    pub fn fd_filestat_set_size(&mut self, fd: u32, size: u64) -> Answer<()> {
        self.call(Syscall::FdFilestatSetSize, &[wide(fd), size.cast_signed()])
    }

    /// `fd_filestat_set_times`.
    pub fn fd_filestat_set_times(
        &mut self,
        fd: u32,
        atim: u64,
        mtim: u64,
        flags: FstFlags,
    ) -> Answer<()> {
        let (atim, mtim) = (atim.cast_signed(), mtim.cast_signed());
        self.call(
            Syscall::FdFilestatSetTimes,
            &[wide(fd), atim, mtim, flags.bits().into()],
        )
    }

    /// `fd_read` into one buffer.
    pub fn fd_read(&mut self, fd: u32, len: usize) -> Answer<Vec<u8>> {
        self.fd_readv(fd, &[len])
    }

    /// `fd_read` into several buffers.
    pub fn fd_readv(&mut self, fd: u32, lens: &[usize]) -> Answer<Vec<u8>> {
        let buffers = self.empty_buffers(lens);
        let count = self.transfer(Syscall::FdRead, fd, &buffers, None)?;
        Ok(self.collect(&buffers, count))
    }

    /// `fd_pread` into several buffers.
    pub fn fd_pread(&mut self, fd: u32, lens: &[usize], offset: u64) -> Answer<Vec<u8>> {
        let buffers = self.empty_buffers(lens);
        let count = self.transfer(Syscall::FdPread, fd, &buffers, Some(offset))?;
        Ok(self.collect(&buffers, count))
    }

    /// `fd_write` of one buffer.
    pub fn fd_write(&mut self, fd: u32, bytes: impl AsRef<[u8]>) -> Answer<usize> {
        self.fd_writev(fd, &[bytes.as_ref()])
    }

    /// `fd_write` of several buffers.
    pub fn fd_writev(&mut self, fd: u32, parts: &[&[u8]]) -> Answer<usize> {
        let buffers = self.buffers_of(parts);
        self.transfer(Syscall::FdWrite, fd, &buffers, None)
    }

    /// `fd_pwrite` of several buffers.
    pub fn fd_pwrite(&mut self, fd: u32, parts: &[&[u8]], offset: u64) -> Answer<usize> {
        let buffers = self.buffers_of(parts);
        self.transfer(Syscall::FdPwrite, fd, &buffers, Some(offset))
    }

    /// `fd_prestat_get`: the length of the name.
    pub fn fd_prestat_get(&mut self, fd: u32) -> Answer<u32> {
        let out = self.room(8);
        self.call(Syscall::FdPrestatGet, &[wide(fd), wide(out)])?;
        assert_eq!(self.bytes(out, 4), [0; 4], "the tag is that of a directory");
        Ok(self.u32_at(out + 4))
    }

    /// `fd_prestat_dir_name` with a buffer of `len` bytes.
    pub fn fd_prestat_dir_name(&mut self, fd: u32, len: usize) -> Answer<Vec<u8>> {
        let out = self.room(len);
        self.call(
            Syscall::FdPrestatDirName,
            &[wide(fd), wide(out), len as i64],
        )?;
        Ok(self.bytes(out, len).to_vec())
    }

    /// `fd_readdir`: the bytes used of a buffer of `len`.
    pub fn fd_readdir(&mut self, fd: u32, len: usize, cookie: u64) -> Answer<Vec<u8>> {
        let (buf, out) = (self.room(len), self.room(4));
        let args = [
            wide(fd),
            wide(buf),
            len as i64,
            cookie.cast_signed(),
            wide(out),
        ];
        self.call(Syscall::FdReaddir, &args)?;
        let used = self.u32_at(out) as usize;
        Ok(self.bytes(buf, used).to_vec())
    }

    /// `fd_renumber`.
    pub fn fd_renumber(&mut self, from: u32, to: u32) -> Answer<()> {
        self.call(Syscall::FdRenumber, &[wide(from), wide(to)])
    }

    /// `fd_seek`.
    pub fn fd_seek(&mut self, fd: u32, offset: i64, whence: Whence) -> Answer<u64> {
        let number = match (self.abi, whence) {
            (Abi::Preview1, whence) => whence.number(),
            (Abi::Unstable, Whence::Cur) => 0,
            (Abi::Unstable, Whence::End) => 1,
            (Abi::Unstable, Whence::Set) => 2,
        };
        self.time(Syscall::FdSeek, &[wide(fd), offset, number.into()])
    }

    /// `fd_tell`.
    pub fn fd_tell(&mut self, fd: u32) -> Answer<u64> {
        self.time(Syscall::FdTell, &[wide(fd)])
    }
}
