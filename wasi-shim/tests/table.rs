//! The descriptor table as a guest sees it: which numbers it gives, and what stays open for whom.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

use std::io::IoSliceMut;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Barrier, Weak};
use std::thread;
use wasi_shim::abi::{Abi, Errno, OFlags, Result, Rights};
use wasi_shim::backends::MemDir;
use wasi_shim::mem::Memory;
use wasi_shim::vfs::Stream;
use wasi_shim::{Access, Limits, Outcome, Wasi, raw};

/// The directory, and the lowest number that is free to begin with.
const ROOT: i32 = 3;
const FREE: i32 = 4;

/// A guest with a directory of its own, and the limit on its descriptors.
fn guest(descriptors: u32) -> Wasi {
    let mut limits = Limits::default();
    limits.descriptors = descriptors;
    Wasi::builder()
        .limits(limits)
        .preopen("/", MemDir::new(), Access::ReadWrite)
        .build()
        .unwrap()
}

fn answer(outcome: &Outcome) -> Result<()> {
    match outcome {
        Outcome::Return(0) => Ok(()),
        Outcome::Return(number) => Err(Errno::from_number(*number).unwrap()),
        other => panic!("{other:?}"),
    }
}

/// Makes a file, or opens it, and gives its number.
fn open(wasi: &Wasi) -> Result<i32> {
    let mut bytes = [0; 16];
    bytes[8] = b'f';
    let flags = i32::from(OFlags::CREAT.bits());
    let rights = Rights::FILE.bits().cast_signed();
    let memory = &mut Memory::new(&mut bytes);
    answer(&raw::path_open(
        wasi,
        Abi::Preview1,
        memory,
        ROOT,
        0,
        8,
        1,
        flags,
        rights,
        0,
        0,
        0,
    ))?;
    Ok(i32::from_le_bytes(*bytes.first_chunk().unwrap()))
}

fn close(wasi: &Wasi, fd: i32) -> Result<()> {
    let memory = &mut Memory::new(&mut []);
    answer(&raw::fd_close(wasi, Abi::Preview1, memory, fd))
}

fn renumber(wasi: &Wasi, from: i32, to: i32) -> Result<()> {
    let memory = &mut Memory::new(&mut []);
    answer(&raw::fd_renumber(wasi, Abi::Preview1, memory, from, to))
}

/// Moves a file's offset, by which it can be told from others.
fn mark(wasi: &Wasi, fd: i32, offset: i64) -> Result<()> {
    let mut bytes = [0; 8];
    let (abi, memory) = (Abi::Preview1, &mut Memory::new(&mut bytes));
    answer(&raw::fd_seek(wasi, abi, memory, fd, offset, 0, 0))
}

fn marked(wasi: &Wasi, fd: i32) -> Result<i64> {
    let mut bytes = [0; 8];
    let memory = &mut Memory::new(&mut bytes);
    answer(&raw::fd_tell(wasi, Abi::Preview1, memory, fd, 0))?;
    Ok(i64::from_le_bytes(bytes))
}

#[test]
fn the_lowest_free_number_is_given() {
    let wasi = guest(1024);
    for fd in FREE..FREE + 20 {
        assert_eq!(open(&wasi), Ok(fd));
    }
    for fd in [17, 0, 9, 4] {
        assert_eq!(close(&wasi, fd), Ok(()));
        assert_eq!(close(&wasi, fd), Err(Errno::Badf));
        assert_eq!(marked(&wasi, fd), Err(Errno::Badf));
    }
    for fd in [0, 4, 9, 17, FREE + 20] {
        assert_eq!(open(&wasi), Ok(fd));
    }
}

#[test]
fn numbers_that_nobody_was_given_are_not_open() {
    let wasi = guest(1024);
    for fd in [FREE, 7, 8, 1023, 1024, 1 << 20, i32::MAX, i32::MIN, -1] {
        assert_eq!(marked(&wasi, fd), Err(Errno::Badf), "{fd}");
        assert_eq!(close(&wasi, fd), Err(Errno::Badf), "{fd}");
        assert_eq!(renumber(&wasi, fd, 0), Err(Errno::Badf), "{fd}");
        assert_eq!(renumber(&wasi, 0, fd), Err(Errno::Badf), "{fd}");
    }
    assert_eq!(open(&wasi), Ok(FREE), "none was taken by asking");
}

#[test]
fn the_table_grows_to_its_limit_and_every_number_is_its_own() {
    let wasi = guest(1000);
    for fd in FREE..1000 {
        assert_eq!(open(&wasi), Ok(fd));
        assert_eq!(mark(&wasi, fd, 10_000 + i64::from(fd)), Ok(()));
    }
    assert_eq!(open(&wasi), Err(Errno::Mfile));
    for fd in FREE..1000 {
        assert_eq!(marked(&wasi, fd), Ok(10_000 + i64::from(fd)));
    }
    assert_eq!(close(&wasi, 500), Ok(()));
    assert_eq!(open(&wasi), Ok(500));
    assert_eq!(marked(&wasi, 500), Ok(0), "it is another file");
    assert_eq!(open(&wasi), Err(Errno::Mfile));
}

#[test]
fn renumbering_moves_and_closes() {
    let wasi = guest(1024);
    for fd in FREE..FREE + 6 {
        assert_eq!(open(&wasi), Ok(fd));
        assert_eq!(mark(&wasi, fd, i64::from(fd)), Ok(()));
    }
    assert_eq!(renumber(&wasi, 9, 5), Ok(()));
    assert_eq!(marked(&wasi, 5), Ok(9));
    assert_eq!(marked(&wasi, 9), Err(Errno::Badf));
    assert_eq!(renumber(&wasi, 5, 5), Ok(()));
    assert_eq!(marked(&wasi, 5), Ok(9));
    assert_eq!(renumber(&wasi, 4, 1), Ok(()), "over a stream");
    assert_eq!(marked(&wasi, 1), Ok(4));
    assert_eq!([open(&wasi), open(&wasi)], [Ok(4), Ok(9)]);
}

/// A stream that says when somebody begins to read it, and goes on when it is told to.
struct Gate(Arc<Barrier>);

impl Stream for Gate {
    fn read(&self, _bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
        self.0.wait();
        self.0.wait();
        Ok(0)
    }
}

/// Reads from standard input, and gives the answer.
fn read(wasi: &Wasi) -> Result<()> {
    let mut bytes = [0; 64];
    bytes[0] = 32;
    bytes[4] = 8;
    let memory = &mut Memory::new(&mut bytes);
    answer(&raw::fd_read(wasi, Abi::Preview1, memory, 0, 0, 1, 16))
}

/// Takes the number from a descriptor while another thread reads from it.
fn while_it_is_read(take_away: impl FnOnce(&Wasi)) {
    let barrier = Arc::new(Barrier::new(2));
    let gate = Arc::new(Gate(Arc::clone(&barrier)));
    let watch: Weak<Gate> = Arc::downgrade(&gate);
    let wasi = Wasi::builder()
        .stdin(gate)
        .preopen("/", MemDir::new(), Access::ReadWrite)
        .build()
        .unwrap();
    thread::scope(|scope| {
        let reader = scope.spawn(|| read(&wasi));
        barrier.wait();
        take_away(&wasi);
        assert!(watch.upgrade().is_some(), "somebody is using it");
        barrier.wait();
        assert_eq!(reader.join().unwrap(), Ok(()));
    });
    assert!(watch.upgrade().is_none(), "nobody is using it any more");
}

#[test]
fn what_is_closed_during_a_call_stays_open_for_the_call() {
    while_it_is_read(|wasi| {
        assert_eq!(close(wasi, 0), Ok(()));
        assert_eq!(read(wasi), Err(Errno::Badf));
        assert_eq!(open(wasi), Ok(0), "the number is free");
    });
}

#[test]
fn what_is_renumbered_over_during_a_call_stays_open_for_the_call() {
    while_it_is_read(|wasi| {
        assert_eq!(open(wasi), Ok(FREE));
        assert_eq!(renumber(wasi, FREE, 0), Ok(()));
        assert_eq!(marked(wasi, 0), Ok(0), "it is the file now");
    });
}

#[test]
fn a_number_that_others_are_moved_to_is_open_all_the_time() {
    let wasi = guest(1024);
    let done = AtomicBool::new(false);
    for fd in [FREE, FREE + 1] {
        assert_eq!(open(&wasi), Ok(fd));
    }
    thread::scope(|scope| {
        let looker = scope.spawn(|| {
            let mut looks = 0_u32;
            while !done.load(Ordering::Relaxed) {
                assert_eq!(marked(&wasi, FREE), Ok(0));
                looks += 1;
            }
            looks
        });
        for _ in 0..2_000 {
            assert_eq!(renumber(&wasi, FREE + 1, FREE), Ok(()));
            assert_eq!(open(&wasi), Ok(FREE + 1));
        }
        done.store(true, Ordering::Relaxed);
        looker.join().unwrap();
    });
}

#[test]
fn renumbering_is_one_step_for_whoever_looks() {
    let wasi = guest(1024);
    let (from, to) = (FREE + 1, FREE);
    let round = AtomicI64::new(0);
    for fd in [to, from] {
        assert_eq!(open(&wasi), Ok(fd));
    }
    thread::scope(|scope| {
        let looker = scope.spawn(|| {
            while round.load(Ordering::SeqCst) >= 0 {
                let begun = round.load(Ordering::SeqCst);
                if marked(&wasi, from) == Err(Errno::Badf) {
                    // It has gone from there, so it is here; and so is none that came before.
                    assert!(marked(&wasi, to).unwrap() >= begun);
                }
            }
        });
        for next in 1..5_000 {
            assert_eq!(mark(&wasi, from, next), Ok(()));
            round.store(next, Ordering::SeqCst);
            assert_eq!(renumber(&wasi, from, to), Ok(()));
            assert_eq!(open(&wasi), Ok(from));
        }
        round.store(-1, Ordering::SeqCst);
        looker.join().unwrap();
    });
}

#[test]
fn threads_that_open_and_close_never_share_a_number() {
    let wasi = guest(64);
    thread::scope(|scope| {
        for thread in 1..=3_i64 {
            let wasi = &wasi;
            scope.spawn(move || {
                for round in 0..300 {
                    let fds = [open(wasi).unwrap(), open(wasi).unwrap()];
                    let own = |fd: i32| 1_000_000 * thread + 1_000 * round + i64::from(fd);
                    for fd in fds {
                        assert_eq!(mark(wasi, fd, own(fd)), Ok(()));
                    }
                    for fd in fds {
                        assert_eq!(marked(wasi, fd), Ok(own(fd)));
                        assert_eq!(close(wasi, fd), Ok(()));
                    }
                }
            });
        }
    });
    assert_eq!(open(&wasi), Ok(FREE));
}
