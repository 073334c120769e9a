//! `poll_oneoff` on arrays of any length, wherever they lie: which events there are, in which order, and what it costs.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is wrong in a test should fail it"
)]

mod poll_kit;

use poll_kit::Sub::{At, Read, Unknown, Write};
use poll_kit::{
    CLOCK, COUNT, EVENTS, Event, Guest, READ, SIZE, START, SUBS, Sub, WRITE, on_both, thirds,
};
use std::io::IoSlice;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::Waker;
use wasi_shim::abi::ClockId::{Monotonic, Realtime};
use wasi_shim::abi::{Abi, Errno};
use wasi_shim::mem::Memory;
use wasi_shim::vfs::{Stream as _, Timestamp};
use wasi_shim::{FaultMode, Outcome, Wasi, raw};

#[test]
fn every_clock_that_has_come_is_reported_in_order() {
    on_both(|mut guest| {
        for count in [1, 2, 3, 100, 1_000, 4_096] {
            let expected = (0..count as u64).step_by(3).map(|mark| (mark, 0, CLOCK, 0));
            let expected: Vec<Event> = expected.collect();
            assert_eq!(guest.poll(&thirds(count)), Ok(expected), "{count}");
        }
    });
}

#[test]
fn each_clock_is_looked_at_once_in_a_call() {
    on_both(|mut guest| {
        for count in [4, 100, 1_000] {
            guest.poll(&thirds(count)).unwrap();
            assert_eq!(guest.clock.looks(), [1, 1], "{count}");
            let durations = vec![At(Realtime, 0, false); count];
            assert_eq!(guest.poll(&durations).unwrap().len(), count);
            assert_eq!(guest.clock.looks(), [0, 1], "{count} durations");
            let times = vec![At(Realtime, START, true); count];
            assert_eq!(guest.poll(&times).unwrap().len(), count);
            assert_eq!(guest.clock.looks(), [1, 0], "{count} times");
            assert_eq!(guest.poll(&vec![Write(1); count]).unwrap().len(), count);
            assert_eq!(guest.clock.looks(), [0, 0], "{count} descriptors");
        }
    });
}

#[test]
fn durations_that_end_together_end_together() {
    // With a look for each, the second would be later than the first.
    on_both(|mut guest| {
        let blocked = guest.waits(&[At(Monotonic, 50, false), At(Realtime, 50, false)]);
        let [first, second] = *blocked.deadlines() else {
            panic!("there are two")
        };
        assert_eq!(first, second);
        assert_eq!(first, (Monotonic, Timestamp(START + 50)));
    });
}

#[test]
fn a_clock_that_fails_is_the_event_of_each_that_waits_for_it() {
    for abi in [Abi::Preview1, Abi::Unstable] {
        let mut guest = Guest::new(abi, Some(Realtime));
        let io = Errno::Io.number();
        let subs = [
            At(Realtime, 0, true),
            At(Monotonic, 0, true),
            At(Realtime, 9, true),
            At(Realtime, 0, false),
        ];
        let expected = vec![
            (0, io, CLOCK, 0),
            (1, 0, CLOCK, 0),
            (2, io, CLOCK, 0),
            (3, 0, CLOCK, 0),
        ];
        assert_eq!(guest.poll(&subs), Ok(expected));
        assert_eq!(guest.clock.looks(), [1, 1]);
        let mut guest = Guest::new(abi, Some(Monotonic));
        let found = guest.poll(&[At(Realtime, 5, false)]);
        assert_eq!(found, Ok(vec![(0, io, CLOCK, 0)]));
    }
}

#[test]
fn descriptors_and_clocks_keep_their_order() {
    on_both(|mut guest| {
        let badf = Errno::Badf.number();
        let subs = [
            Read(0),
            At(Monotonic, u64::MAX, true),
            Write(1),
            Read(77),
            At(Realtime, 0, true),
            Read(0),
            Write(1),
        ];
        let expected = vec![
            (2, 0, WRITE, 0),
            (3, badf, READ, 0),
            (4, 0, CLOCK, 0),
            (6, 0, WRITE, 0),
        ];
        let without_room = |events: Vec<Event>| -> Vec<Event> {
            let event = |(mark, error, kind, _)| (mark, error, kind, 0);
            events.into_iter().map(event).collect()
        };
        assert_eq!(guest.poll(&subs).map(without_room), Ok(expected));
        assert_eq!(guest.feed.write(&[IoSlice::new(b"abc")]), Ok(3));
        let marks = |events: Vec<Event>| events.into_iter().map(|event| event.0).collect();
        let found: Vec<u64> = guest.poll(&subs).map(marks).unwrap();
        assert_eq!(found, [0, 2, 3, 4, 5, 6]);
    });
}

#[test]
fn arrays_may_overlap_in_any_way() {
    on_both(|mut guest| {
        let size = guest.size();
        for count in [1_usize, 2, 3, 100, 1_000] {
            let subs: Vec<Sub> = (0..count)
                .map(|index| match index % 3 {
                    0 => At(Realtime, 1, true),
                    1 => Read(77),
                    _ => At(Monotonic, u64::MAX, true),
                })
                .collect();
            let apart = guest.poll(&subs);
            assert_eq!(
                apart.as_ref().map(Vec::len),
                Ok(count.div_ceil(3) + (count + 1) / 3)
            );
            let end = SUBS + size * count;
            let back = SUBS.saturating_sub(32 * count).max(16);
            for events in [
                SUBS,
                SUBS + 8,
                SUBS + 16,
                SUBS + size,
                end - 8,
                back,
                back + 8,
            ] {
                let found = guest.poll_at(SUBS, events, &subs);
                assert_eq!(found, apart, "{count} at {SUBS}, events at {events}");
            }
        }
    });
}

#[test]
fn a_tag_that_nobody_knows_is_found_before_anything_is_written() {
    on_both(|mut guest| {
        for count in [1, 2, 100, 1_000] {
            for bad in [0, count / 2, count - 1] {
                let mut subs = vec![At(Realtime, 0, true); count];
                subs[bad] = Unknown;
                for events in [EVENTS, SUBS] {
                    guest.subscribe(SUBS, &subs);
                    let before = guest.bytes.clone();
                    let outcome = guest.call(SUBS, events, count);
                    let inval = Errno::Inval.number();
                    assert!(matches!(outcome, Outcome::Return(errno) if errno == inval));
                    assert!(guest.bytes == before, "{bad} of {count}");
                }
            }
        }
    });
}

#[test]
fn bad_pointers_trap_before_anything_is_written() {
    on_both(|mut guest| {
        for count in [1, 100, 1_000] {
            let size = guest.size() * count;
            guest.subscribe(SUBS, &vec![At(Realtime, 0, true); count]);
            let before = guest.bytes.clone();
            for (subs, events) in [
                (SIZE - size + 8, EVENTS),
                (SIZE, EVENTS),
                (u32::MAX as usize - 7, EVENTS),
                (SUBS + 4, EVENTS),
                (SUBS, SIZE - 32 * count + 8),
                (SUBS, u32::MAX as usize - 7),
                (SUBS, EVENTS + 4),
            ] {
                let outcome = guest.call(subs, events, count);
                assert!(matches!(outcome, Outcome::Trap(_)), "{subs} {events}");
                assert!(guest.bytes == before, "{subs} {events}");
            }
            assert_eq!(guest.clock.looks(), [0, 0]);
        }
        let builder = Wasi::builder().faults(FaultMode::Errno);
        guest.wasi = builder.build().unwrap();
        let outcome = guest.call(SIZE, EVENTS, 1);
        let fault = Errno::Fault.number();
        assert!(matches!(outcome, Outcome::Return(errno) if errno == fault));
    });
}

#[test]
fn memory_that_others_write_is_polled_alike() {
    on_both(|mut guest| {
        for count in [1, 100, 1_000] {
            let expected = guest.poll(&thirds(count)).unwrap();
            guest.bytes[EVENTS..].fill(0);
            guest.subscribe(SUBS, &thirds(count));
            for events in [EVENTS, SUBS] {
                let cells: Vec<_> = guest.bytes.iter().copied().map(AtomicU8::new).collect();
                let memory = &mut Memory::shared(&cells);
                let (wasi, abi) = (&guest.wasi, guest.abi);
                let [subs, at] = [SUBS, events].map(|number| number as i32);
                let out = COUNT as i32;
                let outcome = raw::poll_oneoff(wasi, abi, memory, subs, at, count as i32, out);
                assert!(matches!(outcome, Outcome::Return(0)));
                let before = std::mem::replace(
                    &mut guest.bytes,
                    cells
                        .iter()
                        .map(|cell| cell.load(Ordering::Relaxed))
                        .collect(),
                );
                assert_eq!(guest.events(events), expected);
                guest.bytes = before;
            }
        }
    });
}

#[test]
fn what_waits_keeps_its_order_and_its_times() {
    on_both(|mut guest| {
        let mut subs = vec![At(Monotonic, 500, false); 100];
        subs[40] = Read(0);
        subs[70] = At(Realtime, START + 900, true);
        let blocked = guest.waits(&subs);
        assert_eq!(blocked.deadlines().len(), 99);
        assert!(!blocked.is_ready(Waker::noop(), &mut Vec::new()));
        assert_eq!(guest.feed.write(&[IoSlice::new(b"abc")]), Ok(3));
        // Whatever the memory holds by now, it is the same that is waited for.
        guest.bytes[SUBS..EVENTS].fill(0xff);
        guest.clock.looks();
        assert!(matches!(guest.resume(blocked), Outcome::Return(0)));
        assert_eq!(guest.clock.looks(), [1, 1]);
        assert_eq!(guest.events(EVENTS), [(40, 0, READ, 3)]);

        subs.truncate(2);
        let blocked = guest.waits(&subs);
        guest.clock.set(START + 10_000);
        assert!(matches!(guest.resume(blocked), Outcome::Return(0)));
        assert_eq!(guest.events(EVENTS), [(0, 0, CLOCK, 0), (1, 0, CLOCK, 0)]);
    });
}

#[test]
fn a_wait_that_ends_for_nothing_goes_on() {
    on_both(|mut guest| {
        let subs = [Read(0), At(Monotonic, 700, false)];
        let blocked = guest.waits(&subs);
        let Outcome::Block(blocked) = guest.resume(blocked) else {
            panic!("nothing has happened")
        };
        assert_eq!(blocked.deadlines(), [(Monotonic, Timestamp(START + 700))]);
        guest.clock.set(START + 700);
        assert!(matches!(guest.resume(blocked), Outcome::Return(0)));
        assert_eq!(guest.events(EVENTS), [(1, 0, CLOCK, 0)]);
    });
}
