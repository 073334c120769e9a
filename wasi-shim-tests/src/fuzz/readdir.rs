//! The target `readdir`: a directory that changes while it is listed, through buffers of any size.
//!
//! The input is a byte that chooses a filesystem, then one operation after the other: a byte that says which, and what it
//! needs. A model knows which names there are and what each listing was taken of; the order is the filesystem's own, so it
//! is learned from one read of the whole listing, and every other read of it has to be a part of that.

use crate::Guest;
use crate::trees::ROOT;
use arbitrary::Unstructured;
use std::collections::BTreeMap;
use std::sync::Arc;
use wasi_shim::abi::{Errno, FdFlags, FileKind, LookupFlags, OFlags, Rights, Syscall};
use wasi_shim::backends::{MemDir, Overlay};
use wasi_shim::vfs::Dir;
use wasi_shim::{Access, Limits, Outcome, Wasi};

/// The second descriptor of the same directory.
const AGAIN: u32 = 4;

/// Entries and bytes that all listings of the guest may have together.
const ENTRIES: usize = 40;
const BYTES: usize = 900;

/// A buffer with room for the largest of them.
const WHOLE: usize = 2048;

/// What is in the memory where nothing has been written. Compared in one go: there is much of it.
static UNTOUCHED: [u8; 1 << 12] = [0xaa; 1 << 12];

/// Panics if a listing is not what the directory was.
pub fn run(data: &[u8]) {
    let root: Arc<dyn Dir> = match data.first().map(|byte| byte % 3) {
        Some(1) => Overlay::new(lower()),
        Some(2) => Overlay::builder(Overlay::new(lower()))
            .upper(lower())
            .build(),
        _ => MemDir::new(),
    };
    run_on(root, data.get(1..).unwrap_or_default());
}

/// Some entries to begin with, some of which the names of operations mean too.
fn lower() -> Arc<MemDir> {
    let dir = MemDir::new();
    for index in [0, 1, 2, 3, 9] {
        dir.file(&name(index), "x").expect("a file");
    }
    dir.dir(&name(4)).expect("a directory");
    dir.symlink(&name(5), "nowhere").expect("a link");
    dir
}

/// Of the bytes of an input, each is a name; several are the same, and some are long.
fn name(byte: u8) -> String {
    let index = byte % 32;
    match index {
        30 => "long".repeat(63),
        31 => "é\u{1f600} ".to_owned(),
        _ => format!(
            "n{}",
            "o".repeat(usize::from(index % 7)) + &index.to_string()
        ),
    }
}

/// As [`run`], on a filesystem that may have entries already.
pub fn run_on(root: Arc<dyn Dir>, data: &[u8]) {
    let mut limits = Limits::default();
    (limits.listing_entries, limits.listing_bytes) = (ENTRIES, BYTES);
    let builder = Wasi::builder()
        .preopen("/", root.clone(), Access::ReadWrite)
        .preopen("/again", root, Access::ReadWrite)
        .limits(limits);
    let mut guest = Guest::new(builder);
    guest.memory = vec![0; 1 << 14];
    let mut run = Run {
        guest,
        kept: [None, None],
    };
    let mut input = Unstructured::new(data);
    for _ in 0..64 {
        if input.is_empty() {
            break;
        }
        // The bytes that are missing at the end are zeros.
        run.operation(&mut input).expect("bytes can always be read");
    }
}

/// A listing that was taken: what it was taken of, and once it was read, its bytes.
struct Kept {
    entries: BTreeMap<String, (FileKind, u64)>,
    bytes: Option<Vec<u8>>,
}

impl Kept {
    /// How many bytes the names have.
    fn names(&self) -> usize {
        self.entries.keys().map(String::len).sum()
    }
}

struct Run {
    guest: Guest,
    kept: [Option<Kept>; 2],
}

impl Run {
    fn operation(&mut self, input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
        let operation = input.arbitrary::<u8>()?;
        let guest = &mut self.guest;
        let none = LookupFlags::empty();
        match operation % 10 {
            0 => {
                let name = name(input.arbitrary()?);
                let rights = (Rights::empty(), Rights::empty());
                let made =
                    guest.path_open(ROOT, none, name, OFlags::CREAT, rights, FdFlags::empty());
                let _ = made.map(|fd| guest.fd_close(fd));
            }
            1 => drop(guest.path_create_directory(ROOT, name(input.arbitrary()?))),
            2 => drop(guest.path_symlink("text", ROOT, name(input.arbitrary()?))),
            3 => drop(guest.path_unlink_file(ROOT, name(input.arbitrary()?))),
            4 => drop(guest.path_remove_directory(ROOT, name(input.arbitrary()?))),
            5 => {
                let (old, new) = (name(input.arbitrary()?), name(input.arbitrary()?));
                let _ = guest.path_rename(ROOT, old, AGAIN, new);
            }
            6 => {
                let (old, new) = (name(input.arbitrary()?), name(input.arbitrary()?));
                let _ = guest.path_link((ROOT, none, &old), (AGAIN, &new));
            }
            7 => self.drain(operation >= 128, usize::from(input.arbitrary::<u8>()?)),
            _ => {
                let len = usize::from(input.arbitrary::<u16>()? % 2048);
                let cookie = match input.arbitrary::<u8>()? {
                    255 => input.arbitrary()?,
                    small => u64::from(small % 64),
                };
                self.read(operation >= 128, len, cookie);
            }
        }
        Ok(())
    }

    /// Everything that has a name now, found by asking for each: what a listing has to say.
    fn present(&mut self) -> BTreeMap<String, (FileKind, u64)> {
        let mut present = BTreeMap::new();
        for name in (0..32).map(name) {
            let facts = self
                .guest
                .path_filestat_get(ROOT, LookupFlags::empty(), &name);
            match facts {
                Ok(facts) => drop(present.insert(name, (facts.filetype, facts.ino))),
                Err(errno) => assert_eq!(errno, Errno::Noent, "{name:?}"),
            }
        }
        present
    }

    /// Reads to the end as wasi-libc does: a buffer at a time, from the cookie of the last whole entry on.
    fn drain(&mut self, again: bool, len: usize) {
        let len = 24 + len;
        let mut cookie = 0;
        // An entry takes more than one read if it is longer than the buffer.
        for _ in 0..2 * (ENTRIES + 2) {
            let Some(bytes) = self.read(again, len, cookie) else {
                return;
            };
            match records(&bytes).last() {
                Some((next, ..)) if bytes.len() == len => cookie = *next,
                _ => return,
            }
        }
    }

    /// One read; `None` if it is refused as it should be.
    fn read(&mut self, again: bool, len: usize, cookie: u64) -> Option<Vec<u8>> {
        let index = usize::from(again);
        let fresh = cookie == 0 || self.kept[index].is_none();
        if fresh {
            self.kept[index] = None;
            let entries = self.present();
            let new = Kept {
                entries,
                bytes: None,
            };
            let both = || self.kept.iter().flatten().chain([&new]);
            let many = both().map(|kept| kept.entries.len()).sum::<usize>() > ENTRIES;
            if many || both().map(Kept::names).sum::<usize>() > BYTES {
                assert_eq!(self.attempt(again, len, cookie), Err(Errno::Nomem));
                return None;
            }
            self.kept[index] = Some(new);
        }
        let last = 2 + self.kept[index].as_ref()?.entries.len() as u64;
        let answer = self.attempt(again, len, cookie);
        if cookie > last {
            assert_eq!(answer, Err(Errno::Inval), "cookie {cookie} of {last}");
            return None;
        }
        let bytes = answer.expect("a listing within the limits can be read");
        self.compare(index, len, cookie, &bytes);
        Some(bytes)
    }

    /// What was read has to be the part of the whole listing that begins at that cookie.
    fn compare(&mut self, index: usize, len: usize, cookie: u64, bytes: &[u8]) {
        let whole = self
            .attempt(index == 1, WHOLE, 1)
            .expect("what is kept can be read again");
        let dot = (cookie == 0).then(|| self.dot());
        let kept = self.kept[index].as_mut().expect("there is a listing");
        match &kept.bytes {
            Some(known) => assert_eq!(*known, whole, "a listing that was taken has changed"),
            None => check(&whole, &kept.entries),
        }
        kept.bytes = Some(whole);
        let whole = kept.bytes.as_deref().unwrap_or_default();
        let mut expected = dot.unwrap_or_default();
        match starts(whole).get(&cookie.max(1)) {
            Some(start) => expected.extend_from_slice(&whole[*start..]),
            None => panic!("no entry carries {cookie}"),
        }
        expected.truncate(len);
        assert_eq!(bytes, expected, "{len} bytes from {cookie}");
    }

    /// The record of `.`, which stands before what the others are kept in.
    fn dot(&mut self) -> Vec<u8> {
        let ino = self.guest.fd_filestat_get(ROOT).expect("it has facts").ino;
        let head = [1_u64.to_le_bytes(), ino.to_le_bytes()].concat();
        [&head[..], &[1, 0, 0, 0, 3, 0, 0, 0], b"."].concat()
    }

    /// The call itself, in a buffer with something around it that must stay.
    fn attempt(&mut self, again: bool, len: usize, cookie: u64) -> Result<Vec<u8>, Errno> {
        const AROUND: usize = 64;
        let start = 4096;
        let memory = &mut self.guest.memory;
        memory[start..][..2 * AROUND + len].copy_from_slice(&UNTOUCHED[..2 * AROUND + len]);
        let buf = start + AROUND;
        let fd = if again { AGAIN } else { ROOT };
        let args = [
            fd.into(),
            buf as i64,
            len as i64,
            cookie.cast_signed(),
            1024,
        ];
        let outcome = self.guest.attempt(Syscall::FdReaddir, &args);
        let mut used = 0;
        let answer = match outcome {
            Outcome::Return(0) => {
                used = self.guest.u32_at(1024) as usize;
                assert!(used <= len, "{used} of {len} bytes");
                Ok(self.guest.memory[buf..][..used].to_vec())
            }
            Outcome::Return(number) => Err(Errno::from_number(number).expect("an error code")),
            other => panic!("{other:?}"),
        };
        let (before, behind) = (
            &self.guest.memory[start..buf],
            buf + used..buf + len + AROUND,
        );
        let untouched = |bytes: &[u8]| *bytes == UNTOUCHED[..bytes.len()];
        assert!(untouched(before), "written before the buffer");
        assert!(
            untouched(&self.guest.memory[behind]),
            "written behind {used} bytes"
        );
        answer
    }
}

/// A whole listing from `..` on: each entry of the directory once, with its kind, its number and clean padding.
fn check(whole: &[u8], entries: &BTreeMap<String, (FileKind, u64)>) {
    let records = records(whole);
    let lengths: usize = records.iter().map(|(.., name)| 24 + name.len()).sum();
    assert_eq!(lengths, whole.len(), "the last entry is cut");
    let mut found = BTreeMap::new();
    for (index, (next, ino, kind, name)) in records.into_iter().enumerate() {
        assert_eq!(next, index as u64 + 2, "the cookie of {name:?}");
        if index == 0 {
            assert_eq!((name.as_str(), kind), ("..", FileKind::Directory.number()));
            continue;
        }
        assert_eq!(
            found.insert(name.clone(), (kind, ino)),
            None,
            "{name:?} twice"
        );
    }
    let expected: BTreeMap<_, _> = entries
        .iter()
        .map(|(name, (kind, ino))| (name.clone(), (kind.number(), *ino)))
        .collect();
    assert_eq!(found, expected);
}

/// The whole records at the start of some bytes: cookie, number, kind, name.
fn records(bytes: &[u8]) -> Vec<(u64, u64, u8, String)> {
    let number = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
    let mut records = Vec::new();
    let mut rest = bytes;
    while let Some((head, behind)) = rest.split_first_chunk::<24>() {
        let len = u32::from_le_bytes(head[16..20].try_into().expect("four bytes")) as usize;
        let Some(name) = behind.get(..len) else { break };
        assert_eq!(head[21..], [0; 3], "padding");
        let name = String::from_utf8(name.to_vec()).expect("a name is text");
        records.push((number(&head[..8]), number(&head[8..16]), head[20], name));
        rest = &behind[len..];
    }
    records
}

/// Where in a whole listing each position is.
fn starts(whole: &[u8]) -> BTreeMap<u64, usize> {
    let mut starts = BTreeMap::from([(1, 0)]);
    let mut at = 0;
    for (next, .., name) in records(whole) {
        at += 24 + name.len();
        starts.insert(next, at);
    }
    starts
}
