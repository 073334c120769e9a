//! The 46 functions as methods of a [`Guest`]: Rust values in and out, the guest's memory in between.

mod fd;
mod path;
mod poll;
mod sock;

pub use poll::{PollEvent, Subscription};

use crate::{Answer, Guest};
use wasi_shim::abi::{ClockId, Syscall};

/// `filestat` as it was read from memory.
pub type Stat = wasi_shim::abi::Filestat;

fn wide(value: u32) -> i64 {
    i64::from(value)
}

impl Guest {
    pub(super) fn text(&mut self, text: impl AsRef<[u8]>) -> [i64; 2] {
        let text = text.as_ref();
        [
            wide(self.put(text)),
            i64::try_from(text.len()).expect("a length"),
        ]
    }

    pub(super) fn iovecs(&mut self, buffers: &[(u32, usize)]) -> [i64; 2] {
        let mut bytes = Vec::new();
        for (at, len) in buffers {
            bytes.extend(at.to_le_bytes());
            bytes.extend(u32::try_from(*len).expect("a length").to_le_bytes());
        }
        [
            wide(self.put(&bytes)),
            i64::try_from(buffers.len()).expect("a count"),
        ]
    }

    pub(super) fn buffers_of(&mut self, parts: &[&[u8]]) -> Vec<(u32, usize)> {
        parts
            .iter()
            .map(|part| (self.put(part), part.len()))
            .collect()
    }

    pub(super) fn empty_buffers(&mut self, lens: &[usize]) -> Vec<(u32, usize)> {
        lens.iter().map(|len| (self.room(*len), *len)).collect()
    }

    pub(super) fn collect(&self, buffers: &[(u32, usize)], mut count: usize) -> Vec<u8> {
        let mut all = Vec::new();
        for (at, len) in buffers {
            let take = count.min(*len);
            all.extend_from_slice(self.bytes(*at, take));
            count -= take;
        }
        all
    }

    pub(super) fn strings(&mut self, sizes: Syscall, get: Syscall) -> Answer<Vec<String>> {
        let (count, size) = (self.room(4), self.room(4));
        self.call(sizes, &[wide(count), wide(size)])?;
        let (count, size) = (self.u32_at(count) as usize, self.u32_at(size) as usize);
        let (pointers, bytes) = (self.room(count * 4), self.room(size));
        self.call(get, &[wide(pointers), wide(bytes)])?;
        let text = |index: usize| {
            let start = self.u32_at(pointers + 4 * index as u32) as usize;
            let bytes = &self.memory[start..bytes as usize + size];
            let end = bytes.iter().position(|byte| *byte == 0).expect("a NUL");
            String::from_utf8(bytes[..end].to_vec()).expect("UTF-8")
        };
        Ok((0..count).map(text).collect())
    }

    /// `args_sizes_get` and `args_get`.
    pub fn args(&mut self) -> Answer<Vec<String>> {
        self.strings(Syscall::ArgsSizesGet, Syscall::ArgsGet)
    }

    /// `environ_sizes_get` and `environ_get`.
    pub fn environ(&mut self) -> Answer<Vec<String>> {
        self.strings(Syscall::EnvironSizesGet, Syscall::EnvironGet)
    }

    pub(super) fn time(&mut self, call: Syscall, args: &[i64]) -> Answer<u64> {
        let out = self.room(8);
        let mut all = args.to_vec();
        all.push(wide(out));
        self.call(call, &all)?;
        Ok(self.u64_at(out))
    }

    /// `clock_res_get`.
    pub fn clock_res_get(&mut self, clock: ClockId) -> Answer<u64> {
        self.time(Syscall::ClockResGet, &[wide(clock.number())])
    }

    /// `clock_time_get`.
    pub fn clock_time_get(&mut self, clock: ClockId) -> Answer<u64> {
        self.time(Syscall::ClockTimeGet, &[wide(clock.number()), 0])
    }

    pub(super) fn transfer(
        &mut self,
        call: Syscall,
        fd: u32,
        buffers: &[(u32, usize)],
        offset: Option<u64>,
    ) -> Answer<usize> {
        let [iovs, count] = self.iovecs(buffers);
        let out = self.room(4);
        let mut args = vec![wide(fd), iovs, count];
        args.extend(offset.map(u64::cast_signed));
        args.push(wide(out));
        self.call(call, &args)?;
        Ok(self.u32_at(out) as usize)
    }

    /// `proc_raise`.
    pub fn proc_raise(&mut self, signal: u32) -> Answer<()> {
        self.call(Syscall::ProcRaise, &[wide(signal)])
    }

    /// `sched_yield`.
    pub fn sched_yield(&mut self) -> Answer<()> {
        self.call(Syscall::SchedYield, &[])
    }

    /// `random_get`.
    pub fn random_get(&mut self, len: usize) -> Answer<Vec<u8>> {
        let buf = self.room(len);
        self.call(Syscall::RandomGet, &[wide(buf), len as i64])?;
        Ok(self.bytes(buf, len).to_vec())
    }
}
