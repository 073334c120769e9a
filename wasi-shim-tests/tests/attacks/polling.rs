//! Waiting: for how long, on what clock, and how it ends.

use crate::row::{everywhere, without_trees};
use crate::support::look;
use std::io::IoSlice;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Waker;
use std::time::{Duration, Instant, SystemTime};
use wasi_shim::abi::{
    ClockId, Errno, FdFlags, FstFlags, OFlags, Result, Rights, SubclockFlags, Syscall,
};
use wasi_shim::backends::{PipeWriter, pipe};
use wasi_shim::host::OsClock;
use wasi_shim::mem::Memory;
use wasi_shim::vfs::{Clock, Stream as _, Timestamp};
use wasi_shim::{Blocked, Outcome, Trap, Wasi};
use wasi_shim_tests::Subscription::{Clock as At, Read};
use wasi_shim_tests::trees::ROOT;
use wasi_shim_tests::{Guest, Subscription};

const RELATIVE: SubclockFlags = SubclockFlags::empty();
const ABSOLUTE: SubclockFlags = SubclockFlags::SUBSCRIPTION_CLOCK_ABSTIME;
const REALTIME: u32 = ClockId::Realtime.number();
const MONOTONIC: u32 = ClockId::Monotonic.number();

fn poll(guest: &mut Guest, subscriptions: &[Subscription]) -> Outcome {
    let subs = guest.encode_subscriptions(subscriptions);
    let count = subscriptions.len() as i64;
    guest.attempt(Syscall::PollOneoff, &[subs.into(), 4096, count, 8192])
}

fn blocked(outcome: Outcome) -> Blocked {
    match outcome {
        Outcome::Block(blocked) => blocked,
        outcome => panic!("it does not wait: {outcome:?}"),
    }
}

fn is_ready(blocked: &Blocked) -> bool {
    blocked.is_ready(Waker::noop(), &mut Vec::new())
}

/// What comes of ending a guest whose call waits, from another thread.
fn cancel(guest: &mut Guest, blocked: Blocked) {
    let wasi = guest.wasi.clone();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(20));
            wasi.cancel();
        });
        blocked.wait();
    });
    let outcome = blocked.resume(&mut Memory::new(&mut guest.memory));
    assert!(
        matches!(outcome, Outcome::Trap(Trap::Cancelled)),
        "{outcome:?}"
    );
}

/// A guest with a pipe as input into which nothing has been written.
fn idle() -> (Guest, Arc<PipeWriter>) {
    let (stdin, feed) = pipe(16);
    (Guest::new(Wasi::builder().stdin(stdin)), feed)
}

/// Times of the day that have been, and the last that there is.
fn times_of_day(past: &[u64]) {
    let mut guest = Guest::new(Wasi::builder());
    let now = guest.clock_time_get(ClockId::Realtime).expect("a time");
    for time in past.iter().copied().chain([now - 1]) {
        let events = guest.poll_oneoff(&[At(REALTIME, time, ABSOLUTE)]);
        assert_eq!(events.map(|events| events.len()), Ok(1), "{time}");
    }
    let waiting = blocked(poll(&mut guest, &[At(REALTIME, u64::MAX, ABSOLUTE)]));
    assert!(!is_ready(&waiting));
    cancel(&mut guest, waiting);
}

/// The longest timeouts.
fn ends_of_time(timeouts: &[u64]) {
    for timeout in timeouts.iter().copied() {
        for (clock, flags) in [
            (MONOTONIC, RELATIVE),
            (REALTIME, RELATIVE),
            (MONOTONIC, ABSOLUTE),
        ] {
            let mut guest = Guest::new(Wasi::builder());
            let waiting = blocked(poll(&mut guest, &[At(clock, timeout, flags)]));
            assert!(!is_ready(&waiting), "{timeout}");
            assert!(waiting.timeout() > Some(Duration::from_secs(1 << 20)) || clock == REALTIME);
            drop(waiting);
        }
    }
}

#[test]
fn a17_a_time_of_day_is_subtracted_the_wrong_way_round() {
    without_trees("wasmtime#13566", || times_of_day(&[0]));
}

#[test]
fn a18_a_timeout_and_the_time_are_added() {
    without_trees("wasmtime#7386", || {
        ends_of_time(&[u64::MAX, u64::MAX - 1]);
    });
}

#[test]
fn a81_a_timeout_of_the_wrong_clock() {
    without_trees("epsilon#58, epsilon#59", || {
        times_of_day(&[0, 1]);
        ends_of_time(&[u64::MAX, i64::MAX as u64 + 1]);
    });
}

#[test]
fn a28_how_much_there_is_to_read_of_a_large_file() {
    everywhere("wasmtime#881", |scene| {
        let mut guest = scene.guest();
        let file = crate::support::write(&mut guest, "large");
        for size in [(5 << 30) + 7, (1 << 32) - 1, 1 << 31] {
            assert_eq!(guest.fd_filestat_set_size(file, size), Ok(()));
            let events = guest.poll_oneoff(&[Read(file)]).expect("it is ready");
            assert_eq!((events[0].error, events[0].nbytes), (None, size));
        }
    });
}

#[test]
fn a30_a_call_that_waits_is_forgotten_and_another_made() {
    everywhere("CVE-2026-27195", |scene| {
        scene.file("f", "content");
        let (stdin, feed) = pipe(16);
        let mut guest = Guest::new(scene.builder().stdin(stdin));
        for _ in 0..50 {
            drop(blocked(poll(
                &mut guest,
                &[Read(0), At(MONOTONIC, u64::MAX, RELATIVE)],
            )));
            let buffer = guest.put(&[64, 0, 0, 0, 4, 0, 0, 0]);
            drop(blocked(
                guest.attempt(Syscall::FdRead, &[0, buffer.into(), 1, 128]),
            ));
        }
        let file = look(&mut guest, "f").expect("a file");
        assert_eq!(file, 5, "no number was lost");
        assert_eq!(guest.fd_read(file, 9), Ok(b"content".to_vec()));
        assert_eq!(feed.write(&[IoSlice::new(b"later")]), Ok(5));
        assert_eq!(
            guest.fd_read(0, 9),
            Ok(b"later".to_vec()),
            "nothing was taken by the others"
        );
    });
}

#[test]
fn a31_what_would_wait_and_may_not() {
    without_trees("wasmtime#13111, wasmtime#7686", || {
        let (mut guest, _feed) = idle();
        assert_eq!(guest.fd_fdstat_set_flags(0, FdFlags::NONBLOCK), Ok(()));
        assert_eq!(guest.fd_read(0, 4), Err(Errno::Again));
        let (inner, _outer) = UnixStream::pair().expect("a pair");
        let socket = wasi_shim::host::socket(inner).expect("a socket");
        let mut guest = Guest::new(Wasi::builder().socket(socket));
        assert_eq!(guest.fd_fdstat_set_flags(3, FdFlags::NONBLOCK), Ok(()));
        assert_eq!(guest.fd_read(3, 4), Err(Errno::Again));
    });
}

#[test]
fn a37_a_sleep_of_584_years() {
    without_trees("wasmtime p1.rs", || {
        let mut guest = Guest::new(Wasi::builder());
        let waiting = blocked(poll(&mut guest, &[At(MONOTONIC, u64::MAX, RELATIVE)]));
        cancel(&mut guest, waiting);
        let outcome = guest.attempt(Syscall::SchedYield, &[]);
        assert!(
            matches!(outcome, Outcome::Trap(Trap::Cancelled)),
            "and every later call"
        );
    });
}

#[test]
fn a63_a_timeout_that_comes_too_early_and_cannot_be_ended() {
    without_trees("WAMR#1824, WAMR#1980, WAMR#3080", || {
        let (mut guest, _feed) = idle();
        let begin = Instant::now();
        let events = guest.poll_oneoff(&[Read(0), At(MONOTONIC, 10_000_000, RELATIVE)]);
        assert!(begin.elapsed() >= Duration::from_millis(10));
        let events = events.expect("the time has come");
        assert_eq!(
            events
                .iter()
                .map(|event| event.userdata)
                .collect::<Vec<_>>(),
            [1]
        );
        let waiting = blocked(poll(&mut guest, &[Read(0)]));
        cancel(&mut guest, waiting);
    });
}

/// The system's clock, and how often it was looked at.
struct Counting(OsClock, AtomicUsize);

impl Clock for Counting {
    fn resolution(&self, clock: ClockId) -> Result<Timestamp> {
        self.0.resolution(clock)
    }

    fn now(&self, clock: ClockId) -> Result<Timestamp> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.now(clock)
    }
}

/// How long a poll waits that must not turn in circles.
const WAIT: u64 = 60_000_000;

/// The processor's time that this thread took.
fn used() -> u64 {
    let time = OsClock::new().now(ClockId::ThreadCputime);
    time.expect("a time").0
}

#[test]
fn a69_a_poll_that_turns_in_circles() {
    everywhere("WasmEdge#1165, WasmEdge#2662, WasmEdge#4470", |scene| {
        scene.file("f", "content");
        let clock = Arc::new(Counting(OsClock::new(), AtomicUsize::new(0)));
        let (stdin, feed) = pipe(16);
        let mut guest = Guest::new(scene.builder().clock(clock.clone()).stdin(stdin));
        let file = look_to_poll(&mut guest);
        let events = guest.poll_oneoff(&[Read(file), Read(file)]).expect("both");
        let marks: Vec<u64> = events.iter().map(|event| event.userdata).collect();
        assert_eq!(marks, [0, 1]);
        let before = clock.1.load(Ordering::Relaxed);
        let begun = used();
        let events = guest.poll_oneoff(&[Read(0), Read(0), At(MONOTONIC, WAIT, RELATIVE)]);
        assert_eq!(events.map(|events| events.len()), Ok(1));
        // Who turns in circles looks at the clock each time, or takes the time of this thread.
        let looks = clock.1.load(Ordering::Relaxed) - before;
        assert!(looks < 20, "{looks}");
        let used = used() - begun;
        assert!(used < WAIT / 2, "{used} ns of {WAIT}");
        drop(feed);
    });
}

fn look_to_poll(guest: &mut Guest) -> u32 {
    let rights = (Rights::FD_READ | Rights::POLL_FD_READWRITE, Rights::empty());
    let lookup = crate::support::NOFOLLOW;
    let (oflags, flags) = (OFlags::empty(), FdFlags::empty());
    guest
        .path_open(ROOT, lookup, "f", oflags, rights, flags)
        .expect("a file")
}

/// An embedder's clock is believed, but nothing is subtracted that could be the wrong way round.
#[test]
fn class07_a_clock_that_steps_back() {
    without_trees("no single report", || {
        for (clock, flags, time) in [
            (MONOTONIC, RELATIVE, 1000),
            (MONOTONIC, ABSOLUTE, 6000),
            (REALTIME, RELATIVE, 1000),
            (REALTIME, ABSOLUTE, 6000),
        ] {
            let mut guest = Guest::with_clock(Wasi::builder(), 5000);
            let manual = guest.clock.clone().expect("it has one");
            let waiting = blocked(poll(&mut guest, &[At(clock, time, flags)]));
            for back in [4000, 1, 0] {
                manual.set(back);
                assert!(!is_ready(&waiting), "{back}");
                assert_eq!(guest.clock_time_get(ClockId::Monotonic), Ok(back));
            }
            manual.set(6000);
            assert!(is_ready(&waiting));
            let outcome = waiting.resume(&mut Memory::new(&mut guest.memory));
            assert!(matches!(outcome, Outcome::Return(0)), "{outcome:?}");
        }
    });
}

/// A clock of an embedder's who takes the time from a host that is before 1970.
struct Early;

impl Clock for Early {
    fn resolution(&self, _: ClockId) -> Result<Timestamp> {
        Ok(Timestamp(1))
    }

    fn now(&self, _: ClockId) -> Result<Timestamp> {
        let time = SystemTime::UNIX_EPOCH - Duration::from_secs(1 << 31);
        Ok(Timestamp::from(time))
    }
}

#[test]
fn class07_a_time_of_day_before_1970() {
    everywhere("no single report", |scene| {
        let mut guest = Guest::new(scene.builder().clock(Arc::new(Early)));
        assert_eq!(guest.clock_time_get(ClockId::Realtime), Ok(0));
        let events = guest.poll_oneoff(&[At(REALTIME, 0, ABSOLUTE)]);
        assert_eq!(events.map(|events| events.len()), Ok(1));
        crate::support::put(&mut guest, "new", "content");
        let flags = FstFlags::MTIM_NOW;
        let set =
            guest.path_filestat_set_times(ROOT, crate::support::NOFOLLOW, "new", (0, 0), flags);
        assert_eq!(set, Ok(()));
    });
}
