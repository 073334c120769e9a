//! `poll_oneoff`.

use crate::paths::{open, open_dir, write};
use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;
use std::task::Waker;
use wasi_shim::abi::{Abi, ClockId, Errno, EventType, Rights, SubclockFlags, Syscall};
use wasi_shim::backends::{PipeReader, PipeWriter, pipe};
use wasi_shim::mem::Memory;
use wasi_shim::vfs::Stream as _;
use wasi_shim::{Blocked, Builder, Limits, Outcome, Trap, Wasi};
use wasi_shim_tests::Subscription::{Clock as At, Read, Write};
use wasi_shim_tests::trees::{READ_ONLY, ROOT, Tree};
use wasi_shim_tests::{Guest, PollEvent, Subscription};

pub(crate) const RELATIVE: SubclockFlags = SubclockFlags::empty();
pub(crate) const ABSOLUTE: SubclockFlags = SubclockFlags::SUBSCRIPTION_CLOCK_ABSTIME;
pub(crate) const REALTIME: u32 = ClockId::Realtime.number();
pub(crate) const MONOTONIC: u32 = ClockId::Monotonic.number();

/// A clock that has come at `NOW`.
pub(crate) const NOW: u64 = 1_000_000;

pub(crate) fn clock(userdata: u64) -> PollEvent {
    PollEvent {
        userdata,
        error: None,
        kind: EventType::Clock,
        nbytes: 0,
        hangup: false,
    }
}

fn ready(userdata: u64, kind: EventType, nbytes: u64) -> PollEvent {
    PollEvent {
        userdata,
        error: None,
        kind,
        nbytes,
        hangup: false,
    }
}

fn failed(userdata: u64, kind: EventType, errno: Errno) -> PollEvent {
    PollEvent {
        userdata,
        error: Some(errno),
        kind,
        nbytes: 0,
        hangup: false,
    }
}

/// Runs a test with each layout, time standing still at [`NOW`], over a tree with a file of ten bytes.
pub(crate) fn on_both(test: impl Fn(&mut Guest)) {
    for abi in [Abi::Preview1, Abi::Unstable] {
        println!("{abi:?}");
        let mut guest = Guest::with_clock(Tree::memory().builder(), NOW);
        guest.abi = abi;
        write(&mut guest, ROOT, "file", "0123456789");
        test(&mut guest);
    }
}

/// Polls, and expects to have to wait.
pub(crate) fn waits(guest: &mut Guest, subscriptions: &[Subscription]) -> Blocked {
    let subs = guest.encode_subscriptions(subscriptions);
    let count = subscriptions.len() as i64;
    match guest.attempt(Syscall::PollOneoff, &[subs.into(), 4096, count, 8192]) {
        Outcome::Block(blocked) => blocked,
        Outcome::Return(errno) => panic!("it answered {errno}"),
        _ => panic!("it ended"),
    }
}

/// Goes on, and gives the marks and sizes of what has happened.
pub(crate) fn resumed(guest: &mut Guest, blocked: Blocked) -> Vec<(u64, u64)> {
    let outcome = blocked.resume(&mut Memory::new(&mut guest.memory));
    assert!(matches!(outcome, Outcome::Return(0)));
    let events = (0..guest.u32_at(8192)).map(|index| 4096 + 32 * index);
    events
        .map(|at| (guest.u64_at(at), guest.u64_at(at + 16)))
        .collect()
}

pub(crate) fn is_ready(blocked: &Blocked) -> bool {
    blocked.is_ready(Waker::noop(), &mut Vec::new())
}

/// A guest whose standard input and output are pipes, with the ends that it has not.
pub(crate) fn piped() -> (Guest, Arc<PipeWriter>, Arc<PipeReader>) {
    let (stdin, feed) = pipe(16);
    let (drain, stdout) = pipe(16);
    let builder = Tree::memory().builder().stdin(stdin).stdout(stdout);
    (Guest::with_clock(builder, NOW), feed, drain)
}

#[test]
fn what_is_wrong_with_one_subscription_is_its_own_event() {
    use EventType::{FdRead, FdWrite};
    on_both(|guest| {
        let file = open(guest, ROOT, "file", Rights::FILE).expect("file");
        let unknown_flags = SubclockFlags::from_bits_retain(2);
        let subs = [
            Read(99),
            Write(u32::MAX),
            At(ClockId::ProcessCputime.number(), 0, RELATIVE),
            At(ClockId::ThreadCputime.number(), 0, ABSOLUTE),
            At(4, 0, RELATIVE),
            At(u32::MAX, 0, RELATIVE),
            At(MONOTONIC, 0, unknown_flags),
            At(
                MONOTONIC,
                0,
                ABSOLUTE | SubclockFlags::from_bits_retain(1 << 15),
            ),
            Write(0),
            Read(1),
            At(MONOTONIC, 1, RELATIVE),
            Read(file),
            At(REALTIME, 0, RELATIVE),
        ];
        let expected = vec![
            failed(0, FdRead, Errno::Badf),
            failed(1, FdWrite, Errno::Badf),
            failed(2, EventType::Clock, Errno::Inval),
            failed(3, EventType::Clock, Errno::Inval),
            failed(4, EventType::Clock, Errno::Inval),
            failed(5, EventType::Clock, Errno::Inval),
            failed(6, EventType::Clock, Errno::Inval),
            failed(7, EventType::Clock, Errno::Inval),
            failed(8, FdWrite, Errno::Notcapable),
            failed(9, FdRead, Errno::Notcapable),
            ready(11, FdRead, 10),
            clock(12),
        ];
        assert_eq!(guest.poll_oneoff(&subs), Ok(expected));
        let found = guest.poll_oneoff(&[At(MONOTONIC, 1, RELATIVE), Read(99)]);
        assert_eq!(
            found,
            Ok(vec![failed(1, FdRead, Errno::Badf)]),
            "an error does not wait"
        );
    });
}

#[test]
fn both_rights_are_needed() {
    on_both(|guest| {
        for (kind, sub, right) in [
            (
                EventType::FdRead,
                Read as fn(u32) -> Subscription,
                Rights::FD_READ,
            ),
            (EventType::FdWrite, Write, Rights::FD_WRITE),
        ] {
            for missing in [right, Rights::POLL_FD_READWRITE] {
                let fd = open(guest, ROOT, "file", Rights::FILE.difference(missing)).expect("file");
                let found = guest.poll_oneoff(&[sub(fd)]);
                assert_eq!(
                    found,
                    Ok(vec![failed(0, kind, Errno::Notcapable)]),
                    "{missing:?}"
                );
                guest.fd_close(fd).expect("closed");
            }
            let fd = open(guest, ROOT, "file", right | Rights::POLL_FD_READWRITE).expect("file");
            let found = guest.poll_oneoff(&[sub(fd)]).expect("an event");
            assert_eq!((found.len(), found[0].error), (1, None));
            guest.fd_close(fd).expect("closed");
        }
    });
}

#[test]
fn files_and_directories_are_always_ready() {
    use EventType::{FdRead, FdWrite};
    on_both(|guest| {
        let file = open(guest, ROOT, "file", Rights::FILE).expect("file");
        guest.path_create_directory(ROOT, "dir").expect("dir");
        let dir = open_dir(guest, ROOT, "dir");
        let subs = [
            Read(file),
            Write(file),
            Read(dir),
            Write(dir),
            At(MONOTONIC, 1, RELATIVE),
        ];
        for (read, left) in [(0, 10), (3, 7), (7, 0)] {
            guest.fd_read(file, read).expect("content");
            let expected = [
                ready(0, FdRead, left),
                ready(1, FdWrite, 0),
                ready(2, FdRead, 0),
                ready(3, FdWrite, 0),
            ];
            assert_eq!(guest.poll_oneoff(&subs).as_deref(), Ok(&expected[..]));
        }
        assert_eq!(guest.fd_filestat_set_size(file, 5), Ok(()));
        let found = guest.poll_oneoff(&[Read(file)]);
        assert_eq!(found, Ok(vec![ready(0, FdRead, 0)]), "beyond the end");
        // What cannot be written is not ready to be.
        let found = guest.poll_oneoff(&[Read(READ_ONLY), Write(READ_ONLY)]);
        assert_eq!(
            found,
            Ok(vec![ready(0, FdRead, 0), failed(1, FdWrite, Errno::Perm)])
        );
    });
}

#[test]
fn pipes_are_ready_when_there_is_something_or_nobody() {
    use EventType::{FdRead, FdWrite};
    let (mut guest, feed, drain) = piped();
    for abi in [Abi::Preview1, Abi::Unstable] {
        guest.abi = abi;
        let idle = [Read(0), At(MONOTONIC, 5, RELATIVE)];
        assert_eq!(
            guest.poll_oneoff(&idle),
            Ok(vec![clock(1)]),
            "nothing came in time"
        );
        assert_eq!(
            guest.poll_oneoff(&[Write(1), Read(0)]),
            Ok(vec![ready(0, FdWrite, 16)])
        );
        assert_eq!(feed.write(&[IoSlice::new(b"abc")]), Ok(3));
        let twice = [Read(0), Write(1), Read(0)];
        let expected = vec![
            ready(0, FdRead, 3),
            ready(1, FdWrite, 16),
            ready(2, FdRead, 3),
        ];
        assert_eq!(
            guest.poll_oneoff(&twice),
            Ok(expected),
            "one descriptor twice"
        );
        assert_eq!(guest.fd_write(1, [0; 16]), Ok(16));
        let full = [Write(1), At(MONOTONIC, 5, RELATIVE)];
        assert_eq!(guest.poll_oneoff(&full), Ok(vec![clock(1)]));
        assert_eq!(drain.read(&mut [IoSliceMut::new(&mut [0; 16])]), Ok(16));
        assert_eq!(guest.fd_read(0, 16), Ok(b"abc".to_vec()));
    }
    drop(feed);
    drop(drain);
    let hangup = |userdata, kind, nbytes| PollEvent {
        hangup: true,
        ..ready(userdata, kind, nbytes)
    };
    let expected = vec![hangup(0, FdRead, 0), hangup(1, FdWrite, 16)];
    assert_eq!(guest.poll_oneoff(&[Read(0), Write(1)]), Ok(expected));
}

#[test]
fn a_call_that_waits_goes_on_when_something_happens() {
    let (mut guest, feed, drain) = piped();
    guest.fd_write(1, [0; 16]).expect("it fits");
    let blocked = waits(
        &mut guest,
        &[Read(0), Write(1), At(MONOTONIC, 50, RELATIVE)],
    );
    assert!(!is_ready(&blocked));
    assert_eq!(feed.write(&[IoSlice::new(b"abc")]), Ok(3));
    assert!(is_ready(&blocked));
    assert_eq!(drain.read(&mut [IoSliceMut::new(&mut [0; 4])]), Ok(4));
    assert_eq!(resumed(&mut guest, blocked), [(0, 3), (1, 4)]);
    guest.fd_read(0, 16).expect("abc");

    let blocked = waits(&mut guest, &[Read(0)]);
    assert!(blocked.deadlines().is_empty() && blocked.timeout().is_none());
    // What it waits for stays open for it, whatever becomes of the number.
    guest.fd_close(0).expect("closed");
    drop(feed);
    assert!(is_ready(&blocked));
    assert_eq!(resumed(&mut guest, blocked), [(0, 0)]);
}

#[test]
fn a_call_that_waits_can_be_ended_or_forgotten() {
    let (mut guest, _feed, _drain) = piped();
    drop(waits(
        &mut guest,
        &[Read(0), At(MONOTONIC, u64::MAX, RELATIVE)],
    ));
    let blocked = waits(&mut guest, &[Read(0), At(MONOTONIC, u64::MAX, RELATIVE)]);
    assert!(!is_ready(&blocked));
    guest.wasi.cancel();
    assert!(is_ready(&blocked));
    blocked.wait();
    let outcome = blocked.resume(&mut Memory::new(&mut guest.memory));
    assert!(matches!(outcome, Outcome::Trap(Trap::Cancelled)));
}

fn limited(builder: Builder, subscriptions: u32) -> Guest {
    let mut limits = Limits::default();
    limits.subscriptions = subscriptions;
    Guest::with_clock(builder.limits(limits), NOW)
}

#[test]
fn there_is_at_least_one_subscription_and_not_too_many() {
    for abi in [Abi::Preview1, Abi::Unstable] {
        let mut guest = limited(Wasi::builder(), 4);
        guest.abi = abi;
        assert_eq!(guest.poll_oneoff(&[]), Err(Errno::Inval));
        let due = At(MONOTONIC, 0, RELATIVE);
        assert_eq!(
            guest.poll_oneoff(&[due; 4]).map(|events| events.len()),
            Ok(4)
        );
        assert_eq!(guest.poll_oneoff(&[due; 5]), Err(Errno::Inval));
        let mut guest = limited(Wasi::builder(), Limits::default().subscriptions);
        guest.abi = abi;
        assert_eq!(
            guest.poll_oneoff(&[due; 4096]).map(|events| events.len()),
            Ok(4096)
        );
        // Too many are refused before anybody looks where they are.
        for count in [0, 4097, 10_000, 1 << 31, u32::MAX.into()] {
            let args = [u32::MAX.into(), u32::MAX.into(), count, u32::MAX.into()];
            assert_eq!(
                guest.call(Syscall::PollOneoff, &args),
                Err(Errno::Inval),
                "{count}"
            );
        }
    }
}

#[test]
fn a_tag_nobody_knows_spoils_the_whole_call() {
    on_both(|guest| {
        for tag in [3, 4, 255] {
            let subs = guest
                .encode_subscriptions(&[At(MONOTONIC, 0, RELATIVE), At(MONOTONIC, 0, RELATIVE)]);
            let size = if guest.abi == Abi::Unstable { 56 } else { 48 };
            guest.memory[subs as usize + size + 8] = tag;
            let before = guest.memory.clone();
            let args = [subs.into(), 4096, 2, 8192];
            assert_eq!(
                guest.call(Syscall::PollOneoff, &args),
                Err(Errno::Inval),
                "{tag}"
            );
            assert!(guest.memory == before, "nothing is reported");
        }
    });
}

#[test]
fn marks_come_back_and_nothing_else_is_written() {
    on_both(|guest| {
        let subs = guest.encode_subscriptions(&[
            At(MONOTONIC, 0, RELATIVE),
            At(MONOTONIC, 9, RELATIVE),
            At(MONOTONIC, 0, RELATIVE),
        ]);
        let size = if guest.abi == Abi::Unstable { 56 } else { 48 };
        for (index, mark) in [u64::MAX, 1, 0x0123_4567_89ab_cdef].into_iter().enumerate() {
            let at = subs as usize + size * index;
            guest.memory[at..][..8].copy_from_slice(&mark.to_le_bytes());
        }
        guest.memory[4096..8200].fill(0xaa);
        assert_eq!(
            guest.call(Syscall::PollOneoff, &[subs.into(), 4096, 3, 8192]),
            Ok(())
        );
        assert_eq!(guest.u32_at(8192), 2);
        assert_eq!(
            (guest.u64_at(4096), guest.u64_at(4096 + 32)),
            (u64::MAX, 0x0123_4567_89ab_cdef)
        );
        assert_eq!(
            guest.bytes(4096 + 8, 24),
            [0; 24],
            "a clock has nothing to say but its mark"
        );
        assert!(
            guest
                .bytes(4096 + 64, 4096 - 64)
                .iter()
                .all(|byte| *byte == 0xaa)
        );
        assert_eq!(guest.bytes(8196, 4), [0xaa; 4]);
    });
}

#[test]
fn events_may_be_written_over_the_subscriptions() {
    on_both(|guest| {
        let file = open(guest, ROOT, "file", Rights::FILE).expect("file");
        let subs = guest.encode_subscriptions(&[At(MONOTONIC, 0, RELATIVE), Read(file), Read(99)]);
        assert_eq!(
            guest.call(Syscall::PollOneoff, &[subs.into(), subs.into(), 3, 8192]),
            Ok(())
        );
        assert_eq!(guest.u32_at(8192), 3);
        let marks: Vec<u64> = (0..3)
            .map(|index| guest.u64_at(subs + 32 * index))
            .collect();
        assert_eq!(marks, [0, 1, 2]);
        assert_eq!(guest.u64_at(subs + 32 + 16), 10);
    });
}

#[test]
fn bad_pointers_trap_before_anything_is_written() {
    on_both(|guest| {
        let end = guest.memory.len() as i64;
        for (subs, events, count, out, misaligned) in [
            (end, 4096, 1, 8192, false),
            (end - 40, 4096, 1, 8192, false),
            (16, end - 24, 1, 8192, false),
            (16, end - 32, 2, 8192, false),
            (16, 4096, 1, end, false),
            (16, 4096, 1, u32::MAX.into(), false),
            (20, 4096, 1, 8192, true),
            (16, 4100, 1, 8192, true),
            (16, 4096, 1, 8194, true),
        ] {
            let put = guest
                .encode_subscriptions(&[At(MONOTONIC, 0, RELATIVE), At(MONOTONIC, 0, RELATIVE)]);
            assert!(put >= 16, "the array begins near the start");
            let before = guest.memory.clone();
            let args = [
                if subs == 16 { put.into() } else { subs },
                events,
                count,
                out,
            ];
            let Outcome::Trap(trap) = guest.attempt(Syscall::PollOneoff, &args) else {
                panic!("{args:?} did not trap");
            };
            assert_eq!(
                matches!(trap, Trap::Misaligned { .. }),
                misaligned,
                "{trap}"
            );
            assert!(guest.memory == before);
        }
    });
}
