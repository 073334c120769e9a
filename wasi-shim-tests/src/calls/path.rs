//! `path_*`.

use super::{Stat, wide};
use crate::{Answer, Guest};
use wasi_shim::abi::{FdFlags, FstFlags, LookupFlags, OFlags, Rights, Syscall};

impl Guest {
    pub(super) fn on_path(&mut self, call: Syscall, fd: u32, path: impl AsRef<[u8]>) -> Answer<()> {
        let [path, len] = self.text(path);
        self.call(call, &[wide(fd), path, len])
    }

    /// `path_create_directory`.
    pub fn path_create_directory(&mut self, fd: u32, path: impl AsRef<[u8]>) -> Answer<()> {
        self.on_path(Syscall::PathCreateDirectory, fd, path)
    }

    /// `path_remove_directory`.
    pub fn path_remove_directory(&mut self, fd: u32, path: impl AsRef<[u8]>) -> Answer<()> {
        self.on_path(Syscall::PathRemoveDirectory, fd, path)
    }

    /// `path_unlink_file`.
    pub fn path_unlink_file(&mut self, fd: u32, path: impl AsRef<[u8]>) -> Answer<()> {
        self.on_path(Syscall::PathUnlinkFile, fd, path)
    }

    /// `path_filestat_get`.
    pub fn path_filestat_get(
        &mut self,
        fd: u32,
        flags: LookupFlags,
        path: impl AsRef<[u8]>,
    ) -> Answer<Stat> {
        let [path, len] = self.text(path);
        let out = self.room(64);
        let args = [wide(fd), flags.bits().into(), path, len, wide(out)];
        self.call(Syscall::PathFilestatGet, &args)?;
        Ok(self.stat_at(out))
    }

    /// `path_filestat_set_times`.
    pub fn path_filestat_set_times(
        &mut self,
        fd: u32,
        lookup: LookupFlags,
        path: impl AsRef<[u8]>,
        times: (u64, u64),
        flags: FstFlags,
    ) -> Answer<()> {
        let [path, len] = self.text(path);
        let (atim, mtim) = (times.0.cast_signed(), times.1.cast_signed());
        let lookup = lookup.bits().into();
        let args = [wide(fd), lookup, path, len, atim, mtim, flags.bits().into()];
        self.call(Syscall::PathFilestatSetTimes, &args)
    }

    /// `path_link`.
    pub fn path_link(&mut self, old: (u32, LookupFlags, &str), new: (u32, &str)) -> Answer<()> {
        let [old_path, old_len] = self.text(old.2);
        let [new_path, new_len] = self.text(new.1);
        let flags = old.1.bits().into();
        let args = [
            wide(old.0),
            flags,
            old_path,
            old_len,
            wide(new.0),
            new_path,
            new_len,
        ];
        self.call(Syscall::PathLink, &args)
    }

    /// `path_open` with everything.
    pub fn path_open(
        &mut self,
        fd: u32,
        lookup: LookupFlags,
        path: impl AsRef<[u8]>,
        oflags: OFlags,
        rights: (Rights, Rights),
        fdflags: FdFlags,
    ) -> Answer<u32> {
        let [path, len] = self.text(path);
        let out = self.room(4);
        let (base, inheriting) = (rights.0.bits().cast_signed(), rights.1.bits().cast_signed());
        let args = [
            wide(fd),
            lookup.bits().into(),
            path,
            len,
            oflags.bits().into(),
            base,
            inheriting,
            fdflags.bits().into(),
            wide(out),
        ];
        self.call(Syscall::PathOpen, &args)?;
        Ok(self.u32_at(out))
    }

    /// `path_readlink` into a buffer of `len` bytes.
    pub fn path_readlink(
        &mut self,
        fd: u32,
        path: impl AsRef<[u8]>,
        len: usize,
    ) -> Answer<Vec<u8>> {
        let [path, path_len] = self.text(path);
        let (buf, out) = (self.room(len), self.room(4));
        let args = [wide(fd), path, path_len, wide(buf), len as i64, wide(out)];
        self.call(Syscall::PathReadlink, &args)?;
        let used = self.u32_at(out) as usize;
        Ok(self.bytes(buf, used).to_vec())
    }

    /// `path_rename`.
    pub fn path_rename(
        &mut self,
        fd: u32,
        old: impl AsRef<[u8]>,
        new_fd: u32,
        new: impl AsRef<[u8]>,
    ) -> Answer<()> {
        let [old, old_len] = self.text(old);
        let [new, new_len] = self.text(new);
        let args = [wide(fd), old, old_len, wide(new_fd), new, new_len];
        self.call(Syscall::PathRename, &args)
    }

    /// `path_symlink`.
    pub fn path_symlink(
        &mut self,
        text: impl AsRef<[u8]>,
        fd: u32,
        path: impl AsRef<[u8]>,
    ) -> Answer<()> {
        let [text, text_len] = self.text(text);
        let [path, path_len] = self.text(path);
        self.call(
            Syscall::PathSymlink,
            &[text, text_len, wide(fd), path, path_len],
        )
    }
}
