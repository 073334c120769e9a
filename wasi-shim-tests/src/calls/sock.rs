//! `sock_*`.

use super::wide;
use crate::{Answer, Guest};
use wasi_shim::abi::{FdFlags, RiFlags, RoFlags, SdFlags, Syscall};

impl Guest {
    /// `sock_accept`.
    pub fn sock_accept(&mut self, fd: u32, flags: FdFlags) -> Answer<u32> {
        let out = self.room(4);
        self.call(
            Syscall::SockAccept,
            &[wide(fd), flags.bits().into(), wide(out)],
        )?;
        Ok(self.u32_at(out))
    }

    /// `sock_recv` into several buffers.
    pub fn sock_recv(
        &mut self,
        fd: u32,
        lens: &[usize],
        flags: RiFlags,
    ) -> Answer<(Vec<u8>, RoFlags)> {
        let buffers = self.empty_buffers(lens);
        let [iovs, count] = self.iovecs(&buffers);
        let (len, out) = (self.room(4), self.room(2));
        let args = [
            wide(fd),
            iovs,
            count,
            flags.bits().into(),
            wide(len),
            wide(out),
        ];
        self.call(Syscall::SockRecv, &args)?;
        let flags = u16::from_le_bytes(self.bytes(out, 2).try_into().expect("two bytes"));
        let bytes = self.collect(&buffers, self.u32_at(len) as usize);
        Ok((bytes, RoFlags::from_bits(flags).expect("roflags")))
    }

    /// `sock_send` of several buffers, with raw flags.
    pub fn sock_send(&mut self, fd: u32, parts: &[&[u8]], flags: u32) -> Answer<usize> {
        let buffers = self.buffers_of(parts);
        let [iovs, count] = self.iovecs(&buffers);
        let out = self.room(4);
        self.call(
            Syscall::SockSend,
            &[wide(fd), iovs, count, wide(flags), wide(out)],
        )?;
        Ok(self.u32_at(out) as usize)
    }

    /// `sock_shutdown`.
    pub fn sock_shutdown(&mut self, fd: u32, how: SdFlags) -> Answer<()> {
        self.call(Syscall::SockShutdown, &[wide(fd), how.bits().into()])
    }
}
