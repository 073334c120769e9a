//! Functions on paths.

use super::{Caller, FIRST, Host, wide};
use crate::model::{Answer, At, Call, Opening, Value};
use wasi_shim::abi::{LookupFlags, Syscall};

fn lookup(follow: bool) -> i64 {
    let flags = if follow {
        LookupFlags::SYMLINK_FOLLOW
    } else {
        LookupFlags::empty()
    };
    flags.bits().into()
}

impl<H: Host> Caller<H> {
    fn path(&mut self, at: &At) -> [i64; 3] {
        let [path, len] = self.put(&at.path.0);
        [self.number(at.fd), path, len]
    }

    fn on_path(&mut self, call: Syscall, at: &At) -> Answer {
        let args = self.path(at);
        self.done(call, &args)
    }

    fn on_two(&mut self, call: Syscall, old: &At, new: &At, flags: Option<bool>) -> Answer {
        let [from, path, len] = self.path(old);
        let mut args = vec![from];
        args.extend(flags.map(lookup));
        args.extend([path, len]);
        args.extend(self.path(new));
        self.done(call, &args)
    }

    fn open(&mut self, at: &At, opening: &Opening) -> Answer {
        if at.fd != opening.into {
            self.close(opening.into);
        }
        let [fd, path, len] = self.path(at);
        let args = [
            fd,
            lookup(opening.follow),
            path,
            len,
            opening.oflags.bits().into(),
            opening.base.bits().cast_signed(),
            opening.inheriting.bits().cast_signed(),
            opening.fdflags.bits().into(),
        ];
        let number = self.ask::<4>(Syscall::PathOpen, &args)?;
        let number = u32::try_from(number).expect("four bytes");
        let lowest = (FIRST..).find(|number| !self.numbers().contains(number));
        let is_right = lowest == Some(number) || !H::LOWEST && !self.numbers().contains(&number);
        assert!(is_right, "{number} is a wrong number");
        self.close(opening.into);
        self.numbers[opening.into] = Some(number);
        match self.fdstat(number.into())? {
            Value::Fdstat { kind, .. } => Ok(Value::Opened(kind)),
            _ => panic!("fdstat has a kind"),
        }
    }

    fn readlink(&mut self, at: &At, len: usize) -> Answer {
        let [fd, path, path_len] = self.path(at);
        let buf = self.room(len);
        let args = [fd, path, path_len, wide(buf), wide(len)];
        let used = usize::try_from(self.ask::<4>(Syscall::PathReadlink, &args)?).expect("a length");
        assert!(used <= len, "more of a text than was asked for");
        Ok(Value::Bytes(self.memory[buf..buf + used].to_vec()))
    }

    pub(super) fn with_path(&mut self, call: &Call) -> Answer {
        match call {
            Call::CreateDirectory { at } => self.on_path(Syscall::PathCreateDirectory, at),
            Call::RemoveDirectory { at } => self.on_path(Syscall::PathRemoveDirectory, at),
            Call::Unlink { at } => self.on_path(Syscall::PathUnlinkFile, at),
            Call::PathFilestatGet { at, follow } => {
                let [fd, path, len] = self.path(at);
                self.stat(Syscall::PathFilestatGet, &[fd, lookup(*follow), path, len])
            }
            Call::PathFilestatSetTimes { at, follow, times } => {
                let [fd, path, len] = self.path(at);
                let args = [fd, lookup(*follow), path, len];
                self.times(Syscall::PathFilestatSetTimes, &args, times)
            }
            Call::Link { old, follow, new } => {
                self.on_two(Syscall::PathLink, old, new, Some(*follow))
            }
            Call::Rename { old, new } => self.on_two(Syscall::PathRename, old, new, None),
            Call::Open { at, opening } => self.open(at, opening),
            Call::Readlink { at, len } => self.readlink(at, *len),
            Call::Symlink { text, at } => {
                let text = self.put(&text.0);
                let at = self.path(at);
                self.done(Syscall::PathSymlink, &[&text[..], &at].concat())
            }
            other => panic!("{} is not called here", other.name()),
        }
    }
}
