//! Full tables, and a directory with very many entries.
//!
//! Knows how both are made and what they must answer. Refuses to know about threads and time. The run and the binary use
//! it.

use super::measure::resident;
use crate::Guest;
use std::time::{Duration, Instant};
use wasi_shim::abi::{Errno, FdFlags, LookupFlags, OFlags, Rights};
use wasi_shim::{Access, Limits, Wasi};

/// What filling tables showed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Exhaustion {
    /// How many times a table was filled.
    pub rounds: u32,
    /// How many descriptors that took.
    pub opened: u64,
    /// How often it was full too early or too late.
    pub wrong: u32,
}

/// Opens until `mfile` and closes everything, over and over, on a directory of the host.
pub(super) fn exhaust(rounds: u32, descriptors: u32) -> Exhaustion {
    let folder = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(folder.path().join("f"), "x").expect("a file");
    let root = wasi_shim::host::open_dir(folder.path()).expect("it can be opened");
    let mut limits = Limits::default();
    limits.descriptors = descriptors;
    let builder = Wasi::builder().preopen("/", root, Access::ReadWrite);
    let mut guest = Guest::new(builder.limits(limits));
    let mut found = Exhaustion::default();
    for _ in 0..rounds {
        let mut open = Vec::new();
        let full = loop {
            match open_to_read(&mut guest, 3, "f", OFlags::empty()) {
                Ok(fd) => open.push(fd),
                Err(errno) => break errno,
            }
        };
        found.rounds += 1;
        found.opened += open.len() as u64;
        let closed = open.iter().all(|fd| guest.fd_close(*fd) == Ok(()));
        // Three streams and the tree are there already.
        let right = full == Errno::Mfile && open.len() == descriptors as usize - 4 && closed;
        found.wrong += u32::from(!right);
    }
    found
}

fn open_to_read(guest: &mut Guest, dir: u32, path: &str, oflags: OFlags) -> Result<u32, Errno> {
    let rights = (Rights::FD_READ | Rights::FD_READDIR, Rights::empty());
    guest.path_open(
        dir,
        LookupFlags::empty(),
        path,
        oflags,
        rights,
        FdFlags::empty(),
    )
}

/// What listing a large directory showed.
#[derive(Clone, Copy, Debug)]
pub struct ManyEntries {
    /// How many entries were told.
    pub entries: u64,
    /// With how many calls.
    pub calls: u64,
    /// How long all of them took.
    pub took: Duration,
    /// By how much memory was more at the end than at the beginning, in KiB, while the listing was held.
    pub held: f64,
}

/// What a directory of a million entries may take in memory: its names and heads, twice while the buffer grows.
const MOST: f64 = 64.0 * 1024.0;

/// What it may take in time, which is that of a machine under load.
const LONGEST: Duration = Duration::from_secs(30);

impl ManyEntries {
    /// On one line.
    pub fn summary(&self) -> String {
        let Self {
            entries,
            calls,
            took,
            held,
        } = self;
        format!("{entries} by {calls} calls in {took:.1?}, holding {held:.0} KiB")
    }

    /// What should not be, each as a sentence.
    pub fn breaches(&self, count: u32) -> Vec<String> {
        let wrong = [
            (
                self.entries != u64::from(count),
                "not every entry was listed once",
            ),
            (self.held > MOST, "the listing takes too much memory"),
            (self.took > LONGEST, "the listing takes too long"),
        ];
        let told = wrong.into_iter().filter(|(wrong, _)| *wrong);
        told.map(|(_, what)| what.to_owned()).collect()
    }
}

/// Lists a directory of the host that has so many entries, with a buffer of 4 KiB.
pub fn many_entries(count: u32) -> ManyEntries {
    let folder = tempfile::tempdir().expect("a temporary directory");
    for index in 0..count {
        std::fs::File::create(folder.path().join(format!("entry-{index}"))).expect("a new name");
    }
    let root = wasi_shim::host::open_dir(folder.path()).expect("it can be opened");
    let mut guest = Guest::new(Wasi::builder().preopen("/", root, Access::ReadOnly));
    let (before, start) = (resident(), Instant::now());
    let (mut cookie, mut entries, mut calls) = (0, 0, 0);
    loop {
        let bytes = guest.fd_readdir(3, 4096, cookie).expect("it can be listed");
        calls += 1;
        let last = records(&bytes);
        entries += last.0;
        cookie = last.1.unwrap_or(cookie);
        if bytes.len() < 4096 {
            break;
        }
    }
    ManyEntries {
        entries,
        calls,
        took: start.elapsed(),
        held: resident() - before,
    }
}

/// How many whole entries there are, without `.` and `..`, and where the last says the next is.
fn records(mut bytes: &[u8]) -> (u64, Option<u64>) {
    let (mut count, mut next) = (0, None);
    while let Some((head, rest)) = bytes.split_at_checked(24) {
        let len = u32::from_le_bytes(head[16..20].try_into().expect("four bytes")) as usize;
        let Some((name, rest)) = rest.split_at_checked(len) else {
            break;
        };
        count += u64::from(!matches!(name, b"." | b".."));
        next = Some(u64::from_le_bytes(
            head[..8].try_into().expect("eight bytes"),
        ));
        bytes = rest;
    }
    (count, next)
}
