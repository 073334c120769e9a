//! A deadline for the whole guest: on the clock that it was given, for calls that wait and for those that do not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};
use std::time::{Duration, Instant};
use wasi_shim::abi::{Abi, ClockId, Errno, SubclockFlags, Syscall};
use wasi_shim::backends::pipe;
use wasi_shim::mem::Memory;
use wasi_shim::vfs::{Clock, Timestamp};
use wasi_shim::{Blocked, BuildError, Builder, Outcome, Trap, Wasi};
use wasi_shim_tests::{Guest, ManualClock, Subscription};

const SECOND: u64 = 1_000_000_000;

/// The time that the clocks here begin with.
const START: u64 = 7 * SECOND;

/// A guest with a second, and its clock.
fn with_a_second(builder: Builder) -> (Guest, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(START));
    let builder = builder.clock(clock.clone());
    (Guest::new(builder.deadline(Duration::from_secs(1))), clock)
}

/// A call that needs nothing.
fn yields(guest: &mut Guest) -> Outcome {
    guest.attempt(Syscall::SchedYield, &[])
}

fn is_over(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Trap(Trap::Deadline))
}

/// Starts to read from a pipe that nobody writes to.
fn reads(guest: &mut Guest) -> Blocked {
    let buffer = guest.room(4);
    let vector = [buffer.to_le_bytes(), 4_u32.to_le_bytes()].concat();
    let vectors = guest.put(&vector);
    let answer = guest.room(4);
    let args = [0, vectors.into(), 1, answer.into()];
    let mut memory = Memory::new(&mut guest.memory);
    match guest
        .wasi
        .call(guest.abi, &mut memory, Syscall::FdRead, &args)
    {
        Outcome::Block(blocked) => blocked,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_call_is_refused_once_it_has_passed() {
    for abi in [Abi::Preview1, Abi::Unstable] {
        let (mut guest, clock) = with_a_second(Wasi::builder());
        guest.abi = abi;
        assert!(matches!(yields(&mut guest), Outcome::Return(0)));
        clock.set(START + SECOND - 1);
        assert!(matches!(yields(&mut guest), Outcome::Return(0)));
        clock.set(START + SECOND);
        for call in Syscall::ALL {
            assert!(is_over(&guest.attempt(*call, &[])), "{call}");
        }
    }
}

#[test]
fn a_call_that_waits_is_ready_when_it_passes() {
    let (reader, _writer) = pipe(4);
    let (mut guest, clock) = with_a_second(Wasi::builder().stdin(reader));
    let blocked = reads(&mut guest);
    let ready = || blocked.is_ready(Waker::noop(), &mut Vec::new());
    assert!(blocked.deadlines().is_empty());
    assert_eq!(blocked.timeout(), Some(Duration::from_secs(1)));
    assert!(!ready());
    clock.set(START + SECOND - 1);
    assert_eq!(blocked.timeout(), Some(Duration::from_nanos(1)));
    assert!(!ready());
    clock.set(START + SECOND);
    assert!(ready());
    let outcome = blocked.resume(&mut Memory::new(&mut guest.memory));
    assert!(is_over(&outcome), "{outcome:?}");
}

#[test]
fn the_first_of_all_times_ends_a_wait() {
    for (timeout, first) in [(SECOND / 2, SECOND / 2), (2 * SECOND, SECOND)] {
        let (mut guest, _) = with_a_second(Wasi::builder());
        let clock = ClockId::Monotonic.number();
        let sleep = Subscription::Clock(clock, timeout, SubclockFlags::empty());
        let subscriptions = guest.encode_subscriptions(&[sleep]);
        let args = [subscriptions.into(), 4096, 1, 8192];
        let Outcome::Block(blocked) = guest.attempt(Syscall::PollOneoff, &args) else {
            panic!("it waits")
        };
        assert_eq!(blocked.timeout(), Some(Duration::from_nanos(first)));
    }
}

/// How often it was woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn another_takes_its_place_at_any_time_and_those_who_wait_hear_of_it() {
    let (reader, _writer) = pipe(4);
    let (mut guest, clock) = with_a_second(Wasi::builder().stdin(reader));
    let blocked = reads(&mut guest);
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(woken.clone());
    assert!(!blocked.is_ready(&waker, &mut Vec::new()));
    let set = |left| guest.wasi.set_deadline(left).expect("the clock runs");
    set(Some(Duration::from_secs(3)));
    assert_eq!(woken.0.load(Ordering::SeqCst), 1);
    assert_eq!(blocked.timeout(), Some(Duration::from_secs(3)));
    set(None);
    assert_eq!(blocked.timeout(), None);
    set(Some(Duration::MAX));
    clock.set(u64::MAX - 1);
    assert!(!blocked.is_ready(&waker, &mut Vec::new()));
    set(Some(Duration::ZERO));
    assert!(blocked.is_ready(&waker, &mut Vec::new()));
    drop(blocked);
    assert!(is_over(&yields(&mut guest)));
    // An instance that serves one request after the other.
    guest.wasi.set_deadline(None).expect("no clock is asked");
    assert!(matches!(yields(&mut guest), Outcome::Return(0)));
}

#[test]
fn who_was_cancelled_stays_so() {
    let (mut guest, _) = with_a_second(Wasi::builder());
    guest.wasi.cancel();
    for left in [None, Some(Duration::MAX), Some(Duration::ZERO)] {
        guest.wasi.set_deadline(left).expect("the clock runs");
        let outcome = yields(&mut guest);
        assert!(
            matches!(outcome, Outcome::Trap(Trap::Cancelled)),
            "{outcome:?}"
        );
    }
}

/// A clock that fails when it is told to.
struct Broken(ManualClock);

impl Clock for Broken {
    fn resolution(&self, _: ClockId) -> wasi_shim::abi::Result<Timestamp> {
        Ok(Timestamp(1))
    }

    fn now(&self, _: ClockId) -> wasi_shim::abi::Result<Timestamp> {
        match self.0.get() {
            0 => Err(Errno::Io),
            now => Ok(Timestamp(now)),
        }
    }
}

#[test]
fn a_clock_that_fails_gives_nobody_time() {
    let clock = Arc::new(Broken(ManualClock::new(0)));
    let builder = || Wasi::builder().clock(clock.clone());
    let built = builder().deadline(Duration::from_secs(1)).build();
    assert_eq!(built.map(drop), Err(BuildError::Deadline(Errno::Io)));
    let mut guest = Guest::new(builder());
    assert_eq!(
        guest.wasi.set_deadline(Some(Duration::ZERO)),
        Err(Errno::Io)
    );
    // The deadline is as it was: there is none, and no clock is asked.
    assert!(matches!(yields(&mut guest), Outcome::Return(0)));
    clock.0.set(START);
    let second = Some(Duration::from_secs(1));
    assert_eq!(guest.wasi.set_deadline(second), Ok(()));
    assert!(matches!(yields(&mut guest), Outcome::Return(0)));
    clock.0.set(0);
    assert!(is_over(&yields(&mut guest)));
}

/// On the system's clock, for what the system waits for and for what it does not.
#[test]
fn a_wait_of_the_systems_ends_too() {
    let (reader, _writer) = pipe(4);
    let (other, _end) = std::io::pipe().expect("a pipe");
    let other = wasi_shim::host::input(other).expect("a stream");
    for stdin in [reader as Arc<dyn wasi_shim::vfs::Stream>, other] {
        let builder = Wasi::builder().stdin(stdin);
        let started = Instant::now();
        let mut guest = Guest::new(builder.deadline(Duration::from_millis(30)));
        let blocked = reads(&mut guest);
        blocked.wait();
        assert!(started.elapsed() >= Duration::from_millis(30));
        let outcome = blocked.resume(&mut Memory::new(&mut guest.memory));
        assert!(is_over(&outcome), "{outcome:?}");
    }
}
