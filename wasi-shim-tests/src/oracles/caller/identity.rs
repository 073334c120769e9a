//! Which file is which, by the numbers that the facts about files carry.

use super::{Caller, Host, wide};
use crate::model::{At, Slot};
use wasi_shim::abi::{Errno, LookupFlags, Syscall};

impl<H: Host> Caller<H> {
    /// The number of the file that a path leads to; a link at the end is followed if asked.
    pub fn identity(&mut self, at: &At, follow: bool) -> Result<u64, Errno> {
        self.next = 0;
        let [path, len] = self.put(&at.path.0);
        let flags = if follow {
            LookupFlags::SYMLINK_FOLLOW
        } else {
            LookupFlags::empty()
        };
        let args = [self.number(at.fd), flags.bits().into(), path, len];
        self.ino(Syscall::PathFilestatGet, &args)
    }

    /// The number of the file that is open in a slot.
    pub fn identity_of(&mut self, fd: Slot) -> Result<u64, Errno> {
        self.next = 0;
        let args = [self.number(fd)];
        self.ino(Syscall::FdFilestatGet, &args)
    }

    fn ino(&mut self, call: Syscall, args: &[i64]) -> Result<u64, Errno> {
        let out = self.room(64);
        self.call(call, &[args, &[wide(out)]].concat())?;
        Ok(self.number_at::<8>(out + 8))
    }
}
