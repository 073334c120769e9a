//! Functions on descriptors.

use super::{Caller, Host, wide};
use crate::model::{Answer, Call, NAME, Slot, Stat, Times, Value};
use wasi_shim::abi::{FdFlags, Rights, Syscall};

impl<H: Host> Caller<H> {
    pub(super) fn buffers(&mut self, buffers: &[[i64; 2]]) -> [i64; 2] {
        let words = buffers.iter().flatten();
        let low = |word: &i64| u32::try_from(*word).expect("an address").to_le_bytes();
        let bytes: Vec<u8> = words.flat_map(low).collect();
        let [at, _] = self.put(&bytes);
        [at, wide(buffers.len())]
    }

    pub(super) fn read(
        &mut self,
        call: Syscall,
        fd: Slot,
        lens: &[usize],
        offset: Option<u64>,
    ) -> Answer {
        let buffers: Vec<_> = lens.iter().map(|len| self.put(&vec![0; *len])).collect();
        let [iovs, count] = self.buffers(&buffers);
        let mut args = vec![self.number(fd), iovs, count];
        args.extend(offset.map(u64::cast_signed));
        let mut moved = usize::try_from(self.ask::<4>(call, &args)?).expect("a count");
        let mut bytes = Vec::new();
        for ([at, _], len) in buffers.iter().zip(lens) {
            let at = usize::try_from(*at).expect("an address");
            let part = moved.min(*len);
            bytes.extend(&self.memory[at..at + part]);
            moved -= part;
        }
        assert_eq!(moved, 0, "{call} moved more than was asked for");
        Ok(Value::Bytes(bytes))
    }

    pub(super) fn write(
        &mut self,
        call: Syscall,
        fd: Slot,
        parts: &[Vec<u8>],
        offset: Option<u64>,
    ) -> Answer {
        let buffers: Vec<_> = parts.iter().map(|part| self.put(part)).collect();
        let [iovs, count] = self.buffers(&buffers);
        let mut args = vec![self.number(fd), iovs, count];
        args.extend(offset.map(u64::cast_signed));
        self.ask::<4>(call, &args).map(Value::Number)
    }

    pub(super) fn stat(&mut self, call: Syscall, args: &[i64]) -> Answer {
        let out = self.room(64);
        self.call(call, &[args, &[wide(out)]].concat())?;
        let (nlink, size) = (self.number_at::<8>(out + 24), self.number_at::<8>(out + 32));
        Ok(Value::Stat(Stat::new(self.kind_at(out + 16), nlink, size)))
    }

    pub(super) fn fdstat(&mut self, number: i64) -> Answer {
        let out = self.room(24);
        self.call(Syscall::FdFdstatGet, &[number, wide(out)])?;
        let flags = u16::try_from(self.number_at::<2>(out + 2)).expect("two bytes");
        let rights = |at| Rights::from_bits(self.number_at::<8>(at)).expect("rights");
        Ok(Value::Fdstat {
            kind: self.kind_at(out),
            flags: FdFlags::from_bits(flags).expect("flags"),
            rights: Some((rights(out + 8), rights(out + 16))),
        })
    }

    pub(super) fn set_rights(&mut self, fd: Slot, without: Rights, gain: Rights) -> Answer {
        let number = self.number(fd);
        let Value::Fdstat {
            rights: Some((base, inheriting)),
            ..
        } = self.fdstat(number)?
        else {
            panic!("fdstat has rights");
        };
        let (base, inheriting) = ((base - without) | gain, inheriting - without);
        let args = [
            number,
            base.bits().cast_signed(),
            inheriting.bits().cast_signed(),
        ];
        self.done(Syscall::FdFdstatSetRights, &args)
    }

    pub(super) fn times(&mut self, call: Syscall, args: &[i64], times: &Times) -> Answer {
        let (atim, mtim) = (times.atim.cast_signed(), times.mtim.cast_signed());
        let all = [args, &[atim, mtim, times.flags.bits().into()]].concat();
        self.done(call, &all)
    }

    pub(super) fn prestat(&mut self, fd: Slot) -> Answer {
        let args = [self.number(fd)];
        let word = self.ask::<8>(Syscall::FdPrestatGet, &args)?;
        assert_eq!(
            word & u64::from(u32::MAX),
            0,
            "the tag is that of a directory"
        );
        Ok(Value::Number(word >> 32))
    }

    pub(super) fn prestat_dir_name(&mut self, fd: Slot, len: usize) -> Answer {
        let at = self.room(len);
        let args = [self.number(fd), wide(at), wide(len)];
        self.call(Syscall::FdPrestatDirName, &args)?;
        Ok(Value::Bytes(self.memory[at..at + NAME.len()].to_vec()))
    }

    pub(super) fn on_descriptor(&mut self, fd: Slot, call: &Call) -> Answer {
        let number = self.number(fd);
        match call {
            Call::Advise {
                offset,
                len,
                advice,
                ..
            } => {
                let (offset, len) = (offset.cast_signed(), len.cast_signed());
                let args = [number, offset, len, advice.number().into()];
                self.done(Syscall::FdAdvise, &args)
            }
            Call::Allocate { offset, len, .. } => {
                let args = [number, offset.cast_signed(), len.cast_signed()];
                self.done(Syscall::FdAllocate, &args)
            }
            Call::Datasync { .. } => self.done(Syscall::FdDatasync, &[number]),
            Call::Sync { .. } => self.done(Syscall::FdSync, &[number]),
            Call::FdstatGet { .. } => self.fdstat(number),
            Call::FdstatSetFlags { flags, .. } => {
                self.done(Syscall::FdFdstatSetFlags, &[number, flags.bits().into()])
            }
            Call::FilestatGet { .. } => self.stat(Syscall::FdFilestatGet, &[number]),
            Call::FilestatSetSize { size, .. } => {
                self.done(Syscall::FdFilestatSetSize, &[number, size.cast_signed()])
            }
            Call::FilestatSetTimes { times, .. } => {
                self.times(Syscall::FdFilestatSetTimes, &[number], times)
            }
            Call::Seek { delta, whence, .. } => {
                let args = [number, *delta, whence.number().into()];
                self.ask::<8>(Syscall::FdSeek, &args).map(Value::Number)
            }
            Call::Tell { .. } => self.ask::<8>(Syscall::FdTell, &[number]).map(Value::Number),
            other => panic!("{} is not called here", other.name()),
        }
    }
}
