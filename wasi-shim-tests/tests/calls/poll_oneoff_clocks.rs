//! `poll_oneoff`: time.

use crate::poll_oneoff::{
    ABSOLUTE, MONOTONIC, NOW, REALTIME, RELATIVE, clock, is_ready, on_both, piped, resumed, waits,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use wasi_shim::abi::{ClockId, Result, Syscall};
use wasi_shim::mem::Memory;
use wasi_shim::vfs::{Clock, Timestamp};
use wasi_shim::{Outcome, Wasi};
use wasi_shim_tests::Guest;
use wasi_shim_tests::Subscription::{Clock as At, Read};

#[test]
fn clocks_that_have_come_are_reported_at_once() {
    on_both(|guest| {
        for id in [REALTIME, MONOTONIC] {
            for (timeout, flags) in [
                (0, RELATIVE),
                (0, ABSOLUTE),
                (NOW - 1, ABSOLUTE),
                (NOW, ABSOLUTE),
            ] {
                let found = guest.poll_oneoff(&[At(id, timeout, flags)]);
                assert_eq!(found, Ok(vec![clock(0)]), "{id} {timeout} {flags:?}");
            }
        }
        assert_eq!(
            guest.clock_time_get(ClockId::Monotonic),
            Ok(NOW),
            "nothing waited"
        );
    });
}

#[test]
fn the_first_clock_ends_the_waiting() {
    on_both(|guest| {
        let subs = [
            At(MONOTONIC, 500, RELATIVE),
            At(REALTIME, 300, RELATIVE),
            At(MONOTONIC, NOW + 300, ABSOLUTE),
            At(REALTIME, NOW + 301, ABSOLUTE),
            At(MONOTONIC, u64::MAX, RELATIVE),
        ];
        assert_eq!(guest.poll_oneoff(&subs), Ok(vec![clock(1), clock(2)]));
        assert_eq!(guest.clock_time_get(ClockId::Monotonic), Ok(NOW + 300));
    });
}

#[test]
fn timeouts_beyond_the_end_of_time_do_not_overflow() {
    on_both(|guest| {
        for (timeout, flags) in [
            (u64::MAX, RELATIVE),
            (u64::MAX - 1, RELATIVE),
            (u64::MAX, ABSOLUTE),
        ] {
            for id in [REALTIME, MONOTONIC] {
                let blocked = waits(guest, &[At(id, timeout, flags)]);
                assert_eq!(blocked.syscall(), Syscall::PollOneoff);
                let times: Vec<u64> = blocked.deadlines().iter().map(|(_, time)| time.0).collect();
                assert_eq!(times, [u64::MAX]);
                assert!(!is_ready(&blocked));
            }
        }
    });
}

/// Clocks that show different times.
struct TwoClocks {
    realtime: AtomicU64,
    monotonic: AtomicU64,
}

impl Clock for TwoClocks {
    fn resolution(&self, _: ClockId) -> Result<Timestamp> {
        Ok(Timestamp(1))
    }

    fn now(&self, clock: ClockId) -> Result<Timestamp> {
        let shown = if clock == ClockId::Realtime {
            &self.realtime
        } else {
            &self.monotonic
        };
        Ok(Timestamp(shown.load(Ordering::SeqCst)))
    }
}

#[test]
fn a_time_is_of_its_clock_and_a_duration_of_the_one_nobody_sets() {
    let (realtime, monotonic) = (AtomicU64::new(5000), AtomicU64::new(100));
    let clocks = Arc::new(TwoClocks {
        realtime,
        monotonic,
    });
    let mut guest = Guest::new(Wasi::builder().clock(clocks.clone()));
    let at = |id, timeout, flags| At(id, timeout, flags);
    for (subscription, expected) in [
        (
            at(REALTIME, 6000, ABSOLUTE),
            (ClockId::Realtime, Timestamp(6000)),
        ),
        (
            at(MONOTONIC, 6000, ABSOLUTE),
            (ClockId::Monotonic, Timestamp(6000)),
        ),
        (
            at(REALTIME, 50, RELATIVE),
            (ClockId::Monotonic, Timestamp(150)),
        ),
        (
            at(MONOTONIC, 50, RELATIVE),
            (ClockId::Monotonic, Timestamp(150)),
        ),
    ] {
        assert_eq!(
            waits(&mut guest, &[subscription]).deadlines(),
            [expected],
            "{subscription:?}"
        );
    }
    let both = [at(REALTIME, 6000, ABSOLUTE), at(REALTIME, 1000, RELATIVE)];
    let blocked = waits(&mut guest, &both);
    clocks.realtime.store(6000, Ordering::SeqCst);
    assert!(is_ready(&blocked));
    assert_eq!(
        resumed(&mut guest, blocked),
        [(0, 0)],
        "somebody set the clock"
    );
    clocks.realtime.store(5000, Ordering::SeqCst);
    let blocked = waits(&mut guest, &both);
    clocks.monotonic.store(1100, Ordering::SeqCst);
    assert!(is_ready(&blocked));
    assert_eq!(resumed(&mut guest, blocked), [(1, 0)]);
}

#[test]
fn a_duration_counts_from_the_first_attempt() {
    let (mut guest, feed, _drain) = piped();
    let blocked = waits(&mut guest, &[At(MONOTONIC, 100, RELATIVE), Read(0)]);
    guest.clock.as_ref().expect("a clock").set(NOW + 60);
    let Outcome::Block(blocked) = blocked.resume(&mut Memory::new(&mut guest.memory)) else {
        panic!("nothing has happened");
    };
    assert_eq!(
        blocked.deadlines(),
        [(ClockId::Monotonic, Timestamp(NOW + 100))]
    );
    guest.clock.as_ref().expect("a clock").set(NOW + 100);
    assert_eq!(resumed(&mut guest, blocked), [(0, 0)]);
    drop(feed);
}
