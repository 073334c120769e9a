//! Every order in which threads can meet at the gate of a filesystem in memory and at a quota's meter.

use crate::backends::memory::Gate;
use crate::backends::quota::Meter;
use loom::sync::atomic::{AtomicU32, Ordering::Relaxed};
use loom::sync::{Arc, Mutex};
use loom::thread;

#[test]
fn who_closes_the_gate_sees_a_change_of_two_things_whole_or_not_at_all() {
    loom::model(|| {
        let shared = Arc::new((Gate::new(), AtomicU32::new(0), AtomicU32::new(0)));
        let other = Arc::clone(&shared);
        let changing = thread::spawn(move || {
            let (gate, one, two) = &*other;
            gate.pass(|| {
                one.store(1, Relaxed);
                two.store(1, Relaxed);
            });
        });
        let (gate, one, two) = &*shared;
        let seen = gate.close(|| (one.load(Relaxed), two.load(Relaxed)));
        assert!(matches!(seen, (0, 0) | (1, 1)), "{seen:?}");
        changing.join().expect("no panic");
        assert_eq!(
            gate.close(|| (one.load(Relaxed), two.load(Relaxed))),
            (1, 1)
        );
    });
}

/// Counts, and fails where somebody else is counting at the same time.
fn alone(count: &Mutex<u32>) -> u32 {
    let mut count = count.try_lock().expect("nobody else is here");
    *count += 1;
    *count
}

#[test]
fn nobody_is_within_while_the_gate_is_closed() {
    loom::model(|| {
        let shared = Arc::new((Gate::new(), Mutex::new(0)));
        let other = Arc::clone(&shared);
        let changing = thread::spawn(move || other.0.pass(|| alone(&other.1)));
        shared.0.close(|| alone(&shared.1));
        changing.join().expect("no panic");
        assert_eq!(alone(&shared.1), 3);
    });
}

#[test]
fn two_who_close_the_gate_take_turns() {
    loom::model(|| {
        let shared = Arc::new((Gate::new(), Mutex::new(0)));
        let other = Arc::clone(&shared);
        let closing = thread::spawn(move || other.0.close(|| alone(&other.1)));
        shared.0.close(|| alone(&shared.1));
        closing.join().expect("no panic");
        assert_eq!(alone(&shared.1), 3);
    });
}

#[test]
fn a_meter_never_grants_more_than_there_is() {
    loom::model(|| {
        let meter = Arc::new(Meter::new(0, 10));
        let other = Arc::clone(&meter);
        let taking = thread::spawn(move || other.take_some(1, 7).unwrap_or(0));
        let mine = meter.take_some(1, 7).unwrap_or(0);
        let theirs = taking.join().expect("no panic");
        assert_eq!(mine + theirs, 10);
        assert_eq!(meter.used(), 10);
        meter.give(mine);
        assert_eq!(meter.used(), theirs);
    });
}
