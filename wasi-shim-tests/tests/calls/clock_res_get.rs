//! `clock_res_get`.

use crate::support::{FAULTS, MAX32, answer, check_pointer, check_writes};
use std::sync::Arc;
use wasi_shim::Wasi;
use wasi_shim::abi::Syscall::ClockResGet;
use wasi_shim::abi::{ClockId, Errno, Result};
use wasi_shim::vfs::{Clock, Timestamp};
use wasi_shim_tests::Guest;

/// A host with two clocks, one of which claims a resolution finer than a nanosecond.
struct TwoClocks;

impl Clock for TwoClocks {
    fn resolution(&self, clock: ClockId) -> Result<Timestamp> {
        match clock {
            ClockId::Realtime => Ok(Timestamp(0)),
            ClockId::Monotonic => Ok(Timestamp(u64::MAX)),
            _ => Err(Errno::Inval),
        }
    }

    fn now(&self, _: ClockId) -> Result<Timestamp> {
        Err(Errno::Io)
    }
}

#[test]
fn the_resolution_is_the_clock_s_but_never_zero() {
    let mut guest = Guest::new(Wasi::builder().clock(Arc::new(TwoClocks)));
    assert_eq!(guest.clock_res_get(ClockId::Realtime), Ok(1));
    assert_eq!(guest.clock_res_get(ClockId::Monotonic), Ok(u64::MAX));
}

#[test]
fn a_clock_that_the_host_does_not_have_is_invalid() {
    let mut guest = Guest::new(Wasi::builder().clock(Arc::new(TwoClocks)));
    guest.memory.fill(0xaa);
    for clock in [ClockId::ProcessCputime, ClockId::ThreadCputime] {
        let found = guest.attempt(ClockResGet, &[clock.number().into(), 64]);
        assert_eq!(answer(found), Err(Errno::Inval), "{clock:?}");
    }
    assert!(guest.memory.iter().all(|byte| *byte == 0xaa));
}

#[test]
fn a_number_that_is_no_clock_is_invalid_even_with_a_bad_pointer() {
    let mut guest = Guest::new(Wasi::builder());
    for number in [4, 5, 255, 256, 1 << 31, MAX32] {
        let found = guest.attempt(ClockResGet, &[number, MAX32]);
        assert_eq!(answer(found), Err(Errno::Inval), "{number}");
    }
}

#[test]
fn the_host_has_all_four_clocks() {
    let mut guest = Guest::new(Wasi::builder());
    for clock in ClockId::ALL {
        let resolution = guest.clock_res_get(*clock).expect("a clock");
        assert!(
            (1..=1_000_000_000).contains(&resolution),
            "{clock:?}: {resolution}"
        );
    }
}

#[test]
fn only_the_result_is_written_and_only_where_it_can_be() {
    for faults in FAULTS {
        let mut guest = Guest::new(Wasi::builder().clock(Arc::new(TwoClocks)).faults(faults));
        guest.memory.fill(0xaa);
        check_pointer((&mut guest, faults), ClockResGet, &[0, 64], 1, (8, 8));
        check_writes(&mut guest, ClockResGet, &[0, 64], &[(64, 8)]);
        assert_eq!(guest.u64_at(64), 1);
    }
}
