//! `clock_time_get`.

use crate::support::{FAULTS, MAX32, answer, check_pointer, check_writes};
use std::sync::Arc;
use std::time::SystemTime;
use wasi_shim::Wasi;
use wasi_shim::abi::Syscall::ClockTimeGet;
use wasi_shim::abi::{ClockId, Errno, Result};
use wasi_shim::vfs::{Clock, Timestamp};
use wasi_shim_tests::Guest;

/// A host with real time only.
struct OneClock;

impl Clock for OneClock {
    fn resolution(&self, _: ClockId) -> Result<Timestamp> {
        Ok(Timestamp(1))
    }

    fn now(&self, clock: ClockId) -> Result<Timestamp> {
        match clock {
            ClockId::Realtime => Ok(Timestamp(u64::MAX)),
            _ => Err(Errno::Inval),
        }
    }
}

#[test]
fn the_time_is_what_the_clock_shows_to_the_last_bit() {
    let mut guest = Guest::with_clock(Wasi::builder(), 0);
    for now in [0, 1, 1 << 32, i64::MAX as u64 + 1, u64::MAX] {
        guest.clock.as_ref().unwrap().set(now);
        assert_eq!(guest.clock_time_get(ClockId::Monotonic), Ok(now));
    }
}

#[test]
fn whatever_lag_is_allowed_the_clock_is_read() {
    let mut guest = Guest::with_clock(Wasi::builder(), 7);
    for lag in [0, 1, i64::MAX, -1] {
        guest.memory.fill(0xaa);
        check_writes(&mut guest, ClockTimeGet, &[1, lag, 64], &[(64, 8)]);
        assert_eq!(guest.u64_at(64), 7);
    }
}

#[test]
fn a_clock_that_the_host_does_not_have_is_invalid() {
    let mut guest = Guest::new(Wasi::builder().clock(Arc::new(OneClock)));
    assert_eq!(guest.clock_time_get(ClockId::Realtime), Ok(u64::MAX));
    assert_eq!(guest.clock_time_get(ClockId::Monotonic), Err(Errno::Inval));
    assert_eq!(
        guest.clock_time_get(ClockId::ThreadCputime),
        Err(Errno::Inval)
    );
}

#[test]
fn a_number_that_is_no_clock_is_invalid_even_with_a_bad_pointer() {
    let mut guest = Guest::new(Wasi::builder());
    for number in [4, 256, 1 << 31, MAX32] {
        let found = guest.attempt(ClockTimeGet, &[number, 0, MAX32]);
        assert_eq!(answer(found), Err(Errno::Inval), "{number}");
    }
}

#[test]
fn no_clock_of_the_host_runs_backwards_and_real_time_is_the_host_s() {
    let mut guest = Guest::new(Wasi::builder());
    for clock in [
        ClockId::Monotonic,
        ClockId::ProcessCputime,
        ClockId::ThreadCputime,
    ] {
        let mut last = 0;
        for _ in 0..100 {
            let time = guest.clock_time_get(clock).expect("a clock");
            assert!(time >= last, "{clock:?}");
            last = time;
        }
    }
    let time = guest.clock_time_get(ClockId::Realtime).expect("a clock");
    let apart = Timestamp::from(SystemTime::now()).0.abs_diff(time);
    assert!(apart < 3_600_000_000_000, "{apart} ns from the host's");
}

#[test]
fn a_bad_pointer_is_refused() {
    for faults in FAULTS {
        let mut guest = Guest::new(Wasi::builder().clock(Arc::new(OneClock)).faults(faults));
        check_pointer((&mut guest, faults), ClockTimeGet, &[0, 0, 64], 2, (8, 8));
    }
}
