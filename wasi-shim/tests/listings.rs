//! What `fd_readdir` puts into buffers of every size, from every position.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use wasi_shim::abi::{Abi, Errno, FileKind, Result};
use wasi_shim::mem::Memory;
use wasi_shim::vfs::{Dir, Entry, Metadata, Name, Node, OpenRequest};
use wasi_shim::{Access, Limits, Outcome, Wasi, raw};

/// The directory's own number.
const INO: u64 = 0x0102_0304_0506_0708;

/// Names, some of which no guest can spell.
const NAMES: [&str; 9] = [
    "a",
    "",
    "größe",
    "b/c",
    ".",
    "0123456789abcdef",
    "..",
    "x\0y",
    "z",
];

/// A directory of [`NAMES`], or of as many that are made up; it counts how often it is asked about itself.
struct Shelf {
    more: usize,
    asked: AtomicU32,
}

impl Dir for Shelf {
    fn metadata(&self) -> Result<Metadata> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Ok(Metadata::dir(INO))
    }

    fn stat(&self, _name: Name<'_>) -> Result<Metadata> {
        Err(Errno::Noent)
    }

    fn open(&self, _name: Name<'_>, _request: &OpenRequest) -> Result<Node> {
        Err(Errno::Noent)
    }

    fn list(&self, sink: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        for (index, (name, ino, kind)) in self.entries().iter().enumerate() {
            let (ino, kind) = (*ino, *kind);
            if sink(Entry { name, ino, kind }).is_break() {
                assert!(index < self.entries().len());
                break;
            }
        }
        Ok(())
    }
}

impl Shelf {
    fn entries(&self) -> Vec<(String, u64, FileKind)> {
        let entry = |(index, name)| {
            let kind = FileKind::ALL[index % FileKind::ALL.len()];
            (name, u64::MAX - index as u64, kind)
        };
        let more = (0..self.more).map(|index| format!("{index:0width$}", width = 1 + index % 200));
        let names = NAMES.into_iter().map(str::to_owned).chain(more);
        names.enumerate().map(entry).collect()
    }

    /// The records of all entries, one by one, as the specification has them.
    fn records(&self) -> Vec<Vec<u8>> {
        let dots = [(".", INO), ("..", 0)];
        let dots = dots.map(|(name, ino)| (name.to_owned(), ino, FileKind::Directory));
        let spelt = |entry: &(String, u64, FileKind)| Name::new(&entry.0).is_ok();
        let entries = self.entries().into_iter().filter(spelt);
        let record = |(index, (name, ino, kind)): (usize, (String, u64, FileKind))| {
            let mut record = (index as u64 + 1).to_le_bytes().to_vec();
            record.extend(ino.to_le_bytes());
            record.extend((name.len() as u32).to_le_bytes());
            record.extend([kind.number(), 0, 0, 0]);
            record.extend(name.as_bytes());
            record
        };
        let all = dots.into_iter().chain(entries).enumerate();
        all.map(record).collect()
    }
}

fn guest(more: usize, limits: Limits) -> (Wasi, Arc<Shelf>) {
    let asked = AtomicU32::new(0);
    let shelf = Arc::new(Shelf { more, asked });
    let builder = Wasi::builder().limits(limits);
    let builder = builder.preopen("/", shelf.clone(), Access::ReadOnly);
    (builder.build().unwrap(), shelf)
}

/// What is in a buffer of `len` bytes at 8, and 8 bytes behind it, after reading into it.
fn read(wasi: &Wasi, len: usize, cookie: u64, shared: bool) -> Result<(usize, Vec<u8>)> {
    let mut bytes = vec![0xaa; len + 16];
    let cells: Vec<_> = bytes.iter().copied().map(AtomicU8::new).collect();
    let call = |memory: &mut Memory<'_>| {
        let cookie = cookie.cast_signed();
        raw::fd_readdir(wasi, Abi::Preview1, memory, 3, 8, len as i32, cookie, 0)
    };
    let outcome = if shared {
        let outcome = call(&mut Memory::shared(&cells));
        bytes = cells
            .iter()
            .map(|cell| cell.load(Ordering::Relaxed))
            .collect();
        outcome
    } else {
        call(&mut Memory::new(&mut bytes))
    };
    match outcome {
        Outcome::Return(0) => {
            let used = u32::from_le_bytes(*bytes.first_chunk().unwrap());
            Ok((used as usize, bytes[8..].to_vec()))
        }
        Outcome::Return(number) => Err(Errno::from_number(number).unwrap()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_buffer_of_any_size_has_the_start_of_the_same_bytes_from_any_position() {
    let (wasi, shelf) = guest(0, Limits::default());
    let records = shelf.records();
    assert_eq!(records.len(), 2 + 4);
    read(&wasi, 0, 0, false).unwrap();
    for cookie in 0..=records.len() {
        let rest = records[cookie..].concat();
        for len in 0..rest.len() + 30 {
            for shared in [false, true] {
                let used = rest.len().min(len);
                let mut expected = rest[..used].to_vec();
                expected.resize(len + 8, 0xaa);
                let found = read(&wasi, len, cookie as u64, shared);
                assert_eq!(found, Ok((used, expected)), "{len} bytes from {cookie}");
            }
        }
    }
}

#[test]
fn a_position_that_no_entry_carried_is_invalid() {
    let (wasi, shelf) = guest(0, Limits::default());
    let end = shelf.records().len() as u64;
    for len in [0, 100] {
        for cookie in [end + 1, end + 2, 1 << 32, i64::MAX as u64, u64::MAX] {
            assert_eq!(
                read(&wasi, len, cookie, false),
                Err(Errno::Inval),
                "{cookie}"
            );
        }
        assert!(read(&wasi, len, end, false).is_ok());
    }
}

#[test]
fn a_long_directory_is_read_in_pieces_of_any_size() {
    let (wasi, shelf) = guest(1_500, Limits::default());
    let records = shelf.records();
    for len in [24 + 255, 1_000, 4_096, 1 << 20] {
        let (mut cookie, mut seen) = (0, Vec::new());
        while cookie < records.len() {
            let (used, bytes) = read(&wasi, len, cookie as u64, false).unwrap();
            let mut whole = 0;
            for record in &records[cookie..] {
                if whole + record.len() > used {
                    break;
                }
                whole += record.len();
                cookie += 1;
            }
            seen.extend_from_slice(&bytes[..whole]);
        }
        assert!(seen == records.concat(), "{len}");
    }
}

#[test]
fn the_directory_is_asked_about_itself_only_if_that_is_told() {
    let (wasi, shelf) = guest(0, Limits::default());
    for (len, cookie, asked) in [(0, 0, 0), (100, 1, 0), (100, 2, 0), (1, 0, 1), (100, 0, 1)] {
        shelf.asked.store(0, Ordering::Relaxed);
        read(&wasi, len, cookie, false).unwrap();
        let found = shelf.asked.load(Ordering::Relaxed);
        assert_eq!(found, asked, "{len} bytes from {cookie}");
    }
}

#[test]
fn only_names_that_are_kept_count_towards_the_limits() {
    let mut limits = Limits::default();
    limits.listing_entries = 4;
    limits.listing_bytes = 1 + "größe".len() + 16 + 1;
    let (wasi, shelf) = guest(0, limits);
    let all = shelf.records().concat();
    assert_eq!(
        read(&wasi, 1_000, 0, false).map(|(used, _)| used),
        Ok(all.len())
    );
    assert_eq!(
        read(&wasi, 1_000, 0, false).map(|(used, _)| used),
        Ok(all.len())
    );
    for (entries, bytes) in [(3, 1_000), (4, limits.listing_bytes - 1)] {
        limits.listing_entries = entries;
        limits.listing_bytes = bytes;
        let (wasi, _) = guest(0, limits);
        assert_eq!(read(&wasi, 1_000, 0, false), Err(Errno::Nomem));
        assert_eq!(
            read(&wasi, 1_000, 2, false),
            Err(Errno::Nomem),
            "nothing is kept"
        );
    }
}
