//! Functions on descriptors that do not touch what is in a file.
//!
//! Each says which rights it needs, then what it refuses, in the order of its page. Listings are here too: they are
//! taken and kept by descriptor.

use super::files::check_range;
use super::paths::check_times;
use super::{Answer, Call, Slot, Value};
use super::{Model, NAME};
use wasi_shim::abi::{Errno, FdFlags, Rights};

impl Model {
    pub(super) fn on_descriptor(&mut self, call: &Call) -> Answer {
        match call {
            Call::Advise {
                fd, offset, len, ..
            } => {
                self.allowed(*fd, Rights::FD_ADVISE)?;
                check_range(*offset, *len, Errno::Inval)?;
            }
            Call::Sync { fd } => {
                self.allowed(*fd, Rights::FD_SYNC)?;
            }
            Call::Datasync { fd } => {
                self.allowed(*fd, Rights::FD_DATASYNC)?;
            }
            Call::Close { fd } => {
                self.table.close(*fd)?;
            }
            Call::FdstatGet { fd } => return self.fdstat(*fd),
            Call::FdstatSetFlags { fd, flags } => self.set_flags(*fd, *flags)?,
            Call::FdstatSetRights { fd, without, gain } => self.set_rights(*fd, *without, *gain)?,
            Call::FilestatGet { fd } => {
                let open = self.allowed(*fd, Rights::FD_FILESTAT_GET)?;
                return Ok(Value::Stat(self.tree.stat(open.ino)));
            }
            Call::FilestatSetTimes { fd, times } => {
                self.allowed(*fd, Rights::FD_FILESTAT_SET_TIMES)?;
                check_times(times.flags)?;
            }
            Call::PrestatGet { fd } => {
                self.preopen(*fd)?;
                return Ok(Value::Number(NAME.len() as u64));
            }
            Call::PrestatDirName { fd, len } => {
                self.preopen(*fd)?;
                if *len < NAME.len() {
                    return Err(Errno::Nametoolong);
                }
                return Ok(Value::Bytes(NAME.as_bytes().to_vec()));
            }
            Call::Renumber { from, to } => self.renumber(*from, *to)?,
            other => panic!("{} is not answered here", other.name()),
        }
        Ok(Value::Done)
    }

    fn preopen(&self, fd: Slot) -> Result<(), Errno> {
        if self.table.get(fd)?.preopen {
            Ok(())
        } else {
            Err(Errno::Badf)
        }
    }

    fn fdstat(&self, fd: Slot) -> Answer {
        let open = self.table.get(fd)?;
        Ok(Value::Fdstat {
            kind: self.tree.kind(open.ino),
            flags: open.flags,
            rights: Some((open.base, open.inheriting)),
        })
    }

    fn set_flags(&mut self, fd: Slot, flags: FdFlags) -> Result<(), Errno> {
        self.allowed(fd, Rights::FD_FDSTAT_SET_FLAGS)?;
        let open = self.table.get_mut(fd)?;
        let changed = flags ^ open.flags;
        if !(FdFlags::APPEND | FdFlags::NONBLOCK).contains(changed) {
            return Err(Errno::Inval);
        }
        open.flags = flags;
        Ok(())
    }

    fn set_rights(&mut self, fd: Slot, without: Rights, gain: Rights) -> Result<(), Errno> {
        let open = self.table.get_mut(fd)?;
        if !open.base.contains(gain) {
            return Err(Errno::Notcapable);
        }
        open.base = (open.base - without) | gain;
        open.inheriting -= without;
        Ok(())
    }

    fn renumber(&mut self, from: Slot, to: Slot) -> Result<(), Errno> {
        self.table.get(from)?;
        self.table.get(to)?;
        let moved = self.table.close(from)?;
        self.table.put(to, moved);
        Ok(())
    }

    pub(super) fn readdir(&mut self, fd: Slot) -> Answer {
        let open = self.allowed(fd, Rights::FD_READDIR)?;
        let dir = self.dir(open)?;
        let entries = self.tree.entries(dir).iter();
        let entries = entries.map(|(name, ino)| (name.clone(), self.tree.kind(*ino)));
        let entries: Vec<_> = entries.collect();
        self.table.get_mut(fd)?.listed = Some(entries.len() as u64);
        Ok(Value::Entries(entries))
    }

    /// A listing is taken at position 0, and where none was taken; all other positions are in the last one.
    pub(super) fn readdir_from(&mut self, fd: Slot, cookie: u64) -> Answer {
        let listed = self.allowed(fd, Rights::FD_READDIR)?.listed;
        if cookie == 0 || listed.is_none() {
            self.readdir(fd)?;
        }
        // `.` and `..` come first.
        let all = self.table.get(fd)?.listed.map_or(0, |count| count + 2);
        let left = all.checked_sub(cookie).ok_or(Errno::Inval)?;
        Ok(Value::Number(left))
    }
}
