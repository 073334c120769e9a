//! `fd_readdir`, called as a C library does.

use super::{Caller, Host, wide};
use crate::model::{Answer, Slot, Value};
use std::collections::BTreeMap;
use wasi_shim::abi::{Errno, FileKind, Syscall};

type Entries = Vec<(String, FileKind)>;

/// Entries, each by the position after it.
type Positions = BTreeMap<u64, (String, FileKind)>;

impl<H: Host> Caller<H> {
    /// One call of `fd_readdir`: the entries that are whole, each with the position after it, and whether there may be more.
    fn some_entries(
        &mut self,
        fd: Slot,
        len: usize,
        cookie: u64,
    ) -> Result<(Positions, bool), Errno> {
        let buf = self.room(len);
        let args = [self.number(fd), wide(buf), wide(len), cookie.cast_signed()];
        let used = usize::try_from(self.ask::<4>(Syscall::FdReaddir, &args)?).expect("a length");
        assert!(used <= len, "more of a directory than was asked for");
        let (mut at, end) = (buf, buf + used);
        let mut entries = BTreeMap::new();
        while at + 24 <= end {
            let name_len = usize::try_from(self.number_at::<4>(at + 16)).expect("a length");
            let (name, next) = (at + 24, at + 24 + name_len);
            if next > end {
                break;
            }
            let text = String::from_utf8(self.memory[name..next].to_vec()).expect("UTF-8");
            entries.insert(self.number_at::<8>(at), (text, self.kind_at(at + 20)));
            at = next;
        }
        Ok((entries, used == len))
    }

    /// Reads a directory as a C library does: a buffer that holds no entry is made larger.
    pub(super) fn all_entries(
        &mut self,
        fd: Slot,
        mut len: usize,
        mut cookie: u64,
    ) -> Result<Entries, Errno> {
        let mut all = Entries::new();
        let start = self.next;
        loop {
            self.next = start;
            let (entries, more) = self.some_entries(fd, len, cookie)?;
            match entries.last_key_value() {
                Some((next, _)) => cookie = *next,
                None if more => len = 2 * len + 24,
                None => {}
            }
            all.extend(entries.into_values());
            if !more {
                return Ok(all);
            }
        }
    }

    pub(super) fn readdir(&mut self, fd: Slot, len: usize) -> Answer {
        let mut all = self.all_entries(fd, len, 0)?;
        let dots: Vec<_> = all.drain(..2).collect();
        let dot = |name: &str| (name.to_owned(), FileKind::Directory);
        assert_eq!(dots, [dot("."), dot("..")], "they come first");
        all.sort_by(|one, other| one.0.cmp(&other.0));
        Ok(Value::Entries(all))
    }
}
