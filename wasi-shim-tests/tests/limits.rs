//! Limits that no single function owns.

use std::io::{IoSlice, IoSliceMut};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};
use wasi_shim::abi::{Errno, FdFlags, LookupFlags, OFlags, Result, Rights, Syscall};
use wasi_shim::backends::MemDir;
use wasi_shim::mem::Memory;
use wasi_shim::vfs::{Dir, Entry, File, Metadata, Name, Node, OpenRequest};
use wasi_shim::{Access, Exit, Limits, Outcome, Trap, Wasi};
use wasi_shim_tests::Guest;
use wasi_shim_tests::trees::{ROOT, Tree};

fn open(guest: &mut Guest, path: &str, base: Rights, fdflags: FdFlags) -> u32 {
    let rights = (base, Rights::empty());
    let (lookup, oflags) = (LookupFlags::empty(), OFlags::empty());
    guest
        .path_open(ROOT, lookup, path, oflags, rights, fdflags)
        .expect(path)
}

#[test]
fn the_listings_of_all_descriptors_count_together() {
    let tree = MemDir::new();
    for name in ["a", "b", "c", "d"] {
        tree.file(name, "").expect("a file");
    }
    let mut limits = Limits::default();
    limits.listing_entries = 10;
    let builder = Wasi::builder()
        .preopen("/", tree, Access::ReadWrite)
        .limits(limits);
    let mut guest = Guest::new(builder);
    let mut reopen = || open(&mut guest, ".", Rights::FD_READDIR, FdFlags::empty());
    let (one, two) = (reopen(), reopen());
    let mut list = |fd| guest.fd_readdir(fd, 4096, 0).map(drop);
    assert_eq!(list(ROOT), Ok(()));
    assert_eq!(list(one), Ok(()));
    assert_eq!(list(two), Err(Errno::Nomem));
    // Listing again takes the place of the listing before; closing gives it back.
    assert_eq!(list(one), Ok(()));
    guest.fd_close(one).expect("it is open");
    assert_eq!(guest.fd_readdir(two, 4096, 0).map(drop), Ok(()));
}

#[test]
fn a_path_holds_no_more_directories_open_than_the_limit() {
    for tree in Tree::all() {
        println!("on the {} tree", tree.name);
        let mut guest = tree.guest();
        let mut dir: Arc<dyn Dir> = tree.root.clone();
        let name = Name::new("d").expect("a name");
        for _ in 0..300 {
            dir.create_dir(name).expect("a new directory");
            let Ok(Node::Dir(below)) = dir.open(name, &OpenRequest::STEP) else {
                panic!("a directory")
            };
            dir = below;
        }
        let mut stat = |path: &str| {
            guest
                .path_filestat_get(ROOT, LookupFlags::empty(), path)
                .map(drop)
        };
        // Walked name by name, because of the dot.
        assert_eq!(stat(&format!("{}.", "d/".repeat(256))), Ok(()));
        assert_eq!(
            stat(&format!("{}.", "d/".repeat(257))),
            Err(Errno::Nametoolong)
        );
        // Opened at once.
        assert_eq!(stat(&format!("{}d", "d/".repeat(299))), Ok(()));
        let new = format!("{}new", "d/".repeat(299));
        assert_eq!(guest.path_create_directory(ROOT, new), Ok(()));
    }
}

/// A file that claims to have moved more than it was given room for, in a directory that has nothing else.
struct Boaster;

impl File for Boaster {
    fn metadata(&self) -> Result<Metadata> {
        Ok(Metadata::file(2, u64::MAX))
    }
    fn read_at(&self, buf: &mut [u8], _: u64) -> Result<usize> {
        Ok(buf.len() + 1000)
    }
    fn read_vectored_at(&self, bufs: &mut [IoSliceMut<'_>], _: u64) -> Result<usize> {
        Ok(bufs.len() * 10_000)
    }
    fn append(&self, _: &[IoSlice<'_>]) -> Result<(usize, u64)> {
        Ok((7000, u64::MAX))
    }
}

impl Dir for Boaster {
    fn metadata(&self) -> Result<Metadata> {
        Ok(Metadata::dir(1))
    }
    fn stat(&self, _: Name<'_>) -> Result<Metadata> {
        File::metadata(self)
    }
    fn open(&self, _: Name<'_>, _: &OpenRequest) -> Result<Node> {
        Ok(Node::File(Arc::new(Self)))
    }
    fn list(&self, _: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        Ok(())
    }
}

#[test]
fn a_filesystem_cannot_make_a_guest_read_beyond_its_buffer() {
    let builder = Wasi::builder().preopen("/", Arc::new(Boaster), Access::ReadWrite);
    let mut guest = Guest::new(builder);
    let fd = open(&mut guest, "f", Rights::FILE, FdFlags::APPEND);
    assert_eq!(guest.fd_read(fd, 8).map(|bytes| bytes.len()), Ok(8));
    assert_eq!(guest.fd_write(fd, b"four"), Ok(4));
    assert_eq!(guest.fd_tell(fd), Ok(i64::MAX as u64));
}

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn cancelling_wakes_whoever_looks_after_a_call_that_waits() {
    let (reader, _writer) = wasi_shim::backends::pipe(16);
    let mut guest = Guest::new(Wasi::builder().stdin(reader));
    // One buffer of eight bytes at 64, described at 16; the count goes to 32.
    guest.memory[16] = 64;
    guest.memory[20] = 8;
    let Outcome::Block(blocked) = guest.attempt(Syscall::FdRead, &[0, 16, 1, 32]) else {
        panic!("there is nothing to read");
    };
    let count = Arc::new(Count::default());
    let waker = Waker::from(count.clone());
    assert!(!blocked.is_ready(&waker, &mut Vec::new()));
    guest.wasi.cancel();
    assert_eq!(count.0.load(Ordering::SeqCst), 1);
    assert!(blocked.is_ready(&waker, &mut Vec::new()));
    let outcome = blocked.resume(&mut Memory::new(&mut guest.memory));
    assert!(matches!(outcome, Outcome::Trap(Trap::Cancelled)));
}

#[test]
fn an_exit_that_others_make_is_what_every_call_answers() {
    let (reader, _writer) = wasi_shim::backends::pipe(16);
    let mut guest = Guest::new(Wasi::builder().stdin(reader));
    guest.memory[16] = 64;
    guest.memory[20] = 8;
    let Outcome::Block(blocked) = guest.attempt(Syscall::FdRead, &[0, 16, 1, 32]) else {
        panic!("there is nothing to read");
    };
    let (waits, watches) = (Arc::new(Count::default()), Arc::new(Count::default()));
    let watch = guest.wasi.watch();
    assert!(!blocked.is_ready(&Waker::from(waits.clone()), &mut Vec::new()));
    assert!(watch.ended(&Waker::from(watches.clone())).is_none());
    guest.wasi.exit(u32::MAX);
    for count in [&waits, &watches] {
        assert_eq!(count.0.load(Ordering::SeqCst), 1, "each is woken");
    }
    // What came first counts.
    guest.wasi.cancel();
    guest.wasi.exit(5);
    blocked.wait();
    let resumed = blocked.resume(&mut Memory::new(&mut guest.memory));
    let watched = watch.ended(Waker::noop()).expect("it has ended");
    let later = guest.attempt(Syscall::SchedYield, &[]);
    for outcome in [resumed, watched, later] {
        assert!(
            matches!(outcome, Outcome::Exit(Exit(u32::MAX))),
            "{outcome:?}"
        );
    }
}

#[test]
fn an_exit_does_not_undo_a_cancellation() {
    let mut guest = Guest::new(Wasi::builder());
    let watch = guest.wasi.watch();
    guest.wasi.cancel();
    guest.wasi.exit(5);
    let outcome = guest.attempt(Syscall::SchedYield, &[]);
    assert!(matches!(outcome, Outcome::Trap(Trap::Cancelled)));
    let watched = watch.ended(Waker::noop());
    assert!(matches!(watched, Some(Outcome::Trap(Trap::Cancelled))));
}
