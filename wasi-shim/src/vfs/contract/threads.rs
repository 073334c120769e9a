//! Checks of what threads may do at once.
//!
//! Knows that each method must be atomic with respect to the others on the same name. Refuses to know how that is done.
//! Run by the suite.

use super::Abilities;
use super::tools::{WRITE, file, name, names, open_file, read_all};
use crate::abi::Errno;
use crate::vfs::{Create, Dir, OpenRequest};
use std::io::IoSlice;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

const THREADS: usize = 4;

/// Runs `work` on several threads that start together.
fn together(work: impl Fn(usize) + Sync) {
    let start = Barrier::new(THREADS);
    thread::scope(|scope| {
        for index in 0..THREADS {
            let (start, work) = (&start, &work);
            scope.spawn(move || {
                start.wait();
                work(index);
            });
        }
    });
}

pub(super) fn one_exclusive_creation_wins(root: &Arc<dyn Dir>, _able: &Abilities) {
    let exclusive = OpenRequest {
        create: Create::Exclusive,
        ..WRITE
    };
    for round in 0..20 {
        let (text, winners) = (format!("{round}"), AtomicUsize::new(0));
        together(|index| {
            let answer = if index % 2 == 0 {
                root.open(name(&text), &exclusive).map(drop)
            } else {
                root.create_dir(name(&text))
            };
            match answer {
                Ok(()) => drop(winners.fetch_add(1, Ordering::SeqCst)),
                Err(errno) => assert_eq!(errno, Errno::Exist),
            }
        });
        assert_eq!(
            winners.into_inner(),
            1,
            "{text:?} was created more than once, or never"
        );
    }
    assert_eq!(names(&**root).len(), 20);
}

pub(super) fn appends_lose_nothing(root: &Arc<dyn Dir>, able: &Abilities) {
    if !able.atomic_append {
        return;
    }
    let held = file(&**root, "log", b"");
    together(|index| {
        let file = open_file(&**root, "log", &WRITE);
        let byte = [b'a' + index as u8];
        for _ in 0..200 {
            assert_eq!(
                file.append(&[IoSlice::new(&byte)]).map(|(count, _)| count),
                Ok(1)
            );
        }
    });
    let all = read_all(&*held);
    assert_eq!(all.len(), THREADS * 200);
    for index in 0..THREADS {
        let byte = b'a' + index as u8;
        assert_eq!(all.iter().filter(|found| **found == byte).count(), 200);
    }
}

pub(super) fn a_replaced_name_is_never_missing(root: &Arc<dyn Dir>, _able: &Abilities) {
    file(&**root, "x", b"content");
    let over = AtomicBool::new(false);
    together(|index| {
        if index > 0 {
            while !over.load(Ordering::SeqCst) {
                let found = root.stat(name("x")).map(|facts| facts.size);
                assert_eq!(found, Ok(7), "a name that is being replaced");
            }
            return;
        }
        // However this ends, the others must not wait for ever.
        let done = (0..200).try_for_each(|_| {
            file(&**root, "new", b"content");
            root.rename(name("new"), &**root, name("x"))
        });
        over.store(true, Ordering::SeqCst);
        assert_eq!(done, Ok(()));
    });
}
