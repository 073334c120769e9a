//! Every order in which threads can meet in the descriptor table.

use crate::process::{Descriptor, Fds, offset};
use loom::sync::Arc;
use loom::thread;
use wasi_shim::abi::Errno;

/// A table with the descriptors 0, 1 and so on.
fn table(limit: u32, count: u32) -> Arc<Fds> {
    let descriptors = (0..count).map(|number| std::sync::Arc::new(Descriptor(number)));
    Arc::new(Fds::new(limit, descriptors.collect()).expect("they fit"))
}

fn number(table: &Fds, fd: u32) -> Option<u32> {
    table.get(fd).descriptor().ok().map(|found| found.0)
}

#[test]
fn what_is_renumbered_is_under_one_number_or_the_other() {
    loom::model(|| {
        let table = table(4, 2);
        let mover = Arc::clone(&table);
        let moving = thread::spawn(move || mover.renumber(0, 1));
        let (from, to) = (number(&table, 0), number(&table, 1));
        assert!(
            matches!(to, Some(0 | 1)),
            "the number is open all the time: {to:?}"
        );
        if from.is_none() {
            assert_eq!(
                to,
                Some(0),
                "what is gone from one number has come to the other"
            );
        }
        assert_eq!(moving.join().expect("no panic"), Ok(()));
        assert_eq!((number(&table, 0), number(&table, 1)), (None, Some(0)));
    });
}

#[test]
fn of_two_who_close_a_number_one_succeeds() {
    loom::model(|| {
        let table = table(4, 1);
        let other = Arc::clone(&table);
        let closing = thread::spawn(move || other.close(0));
        let results = [table.close(0), closing.join().expect("no panic")];
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
        assert!(results.contains(&Err(Errno::Badf)));
    });
}

#[test]
fn of_two_who_want_the_last_place_one_has_it() {
    loom::model(|| {
        let table = table(2, 1);
        let other = Arc::clone(&table);
        let open = |table: &Fds, name| table.reserve().map(|place| place.fill(Descriptor(name)));
        let opening = thread::spawn(move || open(&other, 10));
        let results = [open(&table, 11), opening.join().expect("no panic")];
        assert!(
            results.contains(&Ok(1)) && results.contains(&Err(Errno::Mfile)),
            "{results:?}"
        );
        assert_eq!(table.close(1), Ok(()));
        assert_eq!(open(&table, 12), Ok(1), "its place is free again");
    });
}

#[test]
fn who_opens_while_somebody_closes_has_the_lowest_number_that_is_free() {
    loom::model(|| {
        let table = table(4, 2);
        let other = Arc::clone(&table);
        let closing = thread::spawn(move || other.close(0));
        let opened = table.reserve().map(|place| place.fill(Descriptor(10)));
        assert!(matches!(opened, Ok(0 | 2)), "{opened:?}");
        assert_eq!(closing.join().expect("no panic"), Ok(()));
        let found = opened.ok().and_then(|fd| number(&table, fd));
        assert_eq!(found, Some(10), "nobody else's closing reaches it");
    });
}

#[test]
fn who_closes_what_is_being_renumbered_over_closes_one_of_them() {
    loom::model(|| {
        let table = table(4, 2);
        let other = Arc::clone(&table);
        let moving = thread::spawn(move || other.renumber(0, 1));
        let closed = table.close(1);
        let moved = moving.join().expect("no panic");
        assert_eq!(closed, Ok(()));
        let left = (number(&table, 0), number(&table, 1));
        match moved {
            Ok(()) => assert_eq!(left, (None, None)),
            error => assert_eq!((error, left), (Err(Errno::Badf), (Some(0), None))),
        }
    });
}

#[test]
fn an_offset_is_told_from_before_or_after_a_transfer() {
    loom::model(|| {
        let offset = Arc::new(offset());
        let other = Arc::clone(&offset);
        let transferring = thread::spawn(move || {
            let mut turn = other.turn();
            let at = turn.get();
            turn.set(at + 10);
        });
        let mut turn = offset.turn();
        let at = turn.get();
        turn.set(at + 10);
        drop(turn);
        assert!(matches!(offset.get(), 10 | 20));
        transferring.join().expect("no panic");
        assert_eq!(offset.get(), 20);
    });
}
