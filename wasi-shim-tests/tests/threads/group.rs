//! A group of threads without an engine: who is first, who may begin, and who is waited for.

use crate::kit::guest;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;
use wasi_shim::threads::{SpawnError, ThreadLimits, Threads};
use wasi_shim::{Exit, Trap, Wasi};

/// An engine's error.
#[derive(Debug, PartialEq, Eq)]
enum Fault {
    Exit(u32),
    Trap(Trap),
    Io(io::ErrorKind),
    Own(u32),
}

impl From<Exit> for Fault {
    fn from(exit: Exit) -> Self {
        Self::Exit(exit.0)
    }
}

impl From<Trap> for Fault {
    fn from(trap: Trap) -> Self {
        Self::Trap(trap)
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error.kind())
    }
}

fn wasi() -> Wasi {
    guest(|builder| builder).0
}

fn run<R: Send>(
    wasi: &Wasi,
    main: impl FnOnce(&Threads<Fault>) -> Result<R, Fault> + Send,
) -> Result<R, Fault> {
    let main = |threads: &Threads<Fault>| (main(threads), ());
    Threads::run(wasi, ThreadLimits::default(), main, |_, _| false)
}

/// What a thread came to that has nothing to drop.
type Plain = (Result<(), Fault>, ());

const fn plain(result: Result<(), Fault>) -> Plain {
    (result, ())
}

/// How nothing is prepared.
const NOTHING: Option<fn(u32) -> Plain> = None;

/// Does nothing until the guest has ended.
fn idle(threads: &Threads<Fault>) {
    while !threads.has_ended() {
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_guest_that_has_one_thread_can_be_used_again() {
    let wasi = wasi();
    // Often, as it would be a race that ends it.
    for value in 0..300 {
        assert_eq!(run(&wasi, |_| Ok(value)), Ok(value));
    }
}

#[test]
fn the_first_failure_is_the_result_and_later_ones_are_not() {
    let wasi = wasi();
    let ended = run(&wasi, |threads| {
        let group = threads.clone();
        let begun = threads.spawn(move || {
            Some(move |tid| {
                idle(&group);
                plain(Err(Fault::Own(tid + 100)))
            })
        });
        assert!(begun.is_ok());
        let begun = threads.spawn(|| Some(|tid| plain(Err(Fault::Own(tid)))));
        assert!(begun.is_ok());
        idle(threads);
        Ok(())
    });
    assert_eq!(ended, Err(Fault::Own(2)));
}

#[test]
fn nobody_begins_once_the_guest_has_ended() {
    let (tell, told) = channel();
    let ended = run(&wasi(), |threads| {
        let group = threads.clone();
        let begun = threads.spawn(move || {
            Some(move |_| {
                idle(&group);
                let late = group.spawn(|| Some(|_| plain(Ok(()))));
                let _ = tell.send(late);
                plain(Ok(()))
            })
        });
        assert!(begun.is_ok());
        Ok(())
    });
    assert_eq!(ended, Ok(()));
    assert!(matches!(told.recv(), Ok(Err(SpawnError::Ended))));
}

#[test]
fn what_cannot_be_prepared_is_gone_when_that_is_told() {
    let held = Arc::new(());
    let ended = run(&wasi(), |threads| {
        for _ in 0..3 {
            let taken = held.clone();
            let begun = threads.spawn(move || {
                drop(taken);
                NOTHING
            });
            assert!(matches!(begun, Err(SpawnError::Unprepared)));
            assert_eq!(Arc::strong_count(&held), 1);
            assert_eq!(threads.inside(), 1);
        }
        Ok(())
    });
    assert_eq!(ended, Ok(()));
}

#[test]
fn a_panic_while_something_is_prepared_is_the_embedders() {
    let run = std::panic::AssertUnwindSafe(|| {
        run(&wasi(), |threads| {
            let begun = threads.spawn(|| match NOTHING {
                None => panic!("on purpose"),
                some => some,
            });
            assert!(matches!(begun, Err(SpawnError::Ended)));
            Ok(())
        })
    });
    let panic = std::panic::catch_unwind(run).expect_err("it panics");
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"on purpose"));
}

#[test]
fn threads_are_interrupted_until_the_last_has_left() {
    let interrupted = Arc::new(AtomicU32::new(0));
    let seen = interrupted.clone();
    let main = move |threads: &Threads<Fault>| {
        for wanted in [1, 3] {
            let seen = seen.clone();
            let begun = threads.spawn(move || {
                Some(move |_| {
                    while seen.load(Ordering::SeqCst) < wanted {
                        std::thread::sleep(Duration::from_millis(1));
                    }
                    plain(Ok(()))
                })
            });
            assert!(begun.is_ok());
        }
        plain(Ok(()))
    };
    let limits = ThreadLimits::default();
    let ended = Threads::run(&wasi(), limits, main, |threads, round| {
        assert!(threads.has_ended());
        assert_eq!(interrupted.fetch_add(1, Ordering::SeqCst), round);
        false
    });
    assert_eq!(ended, Ok(()));
    assert!(interrupted.load(Ordering::SeqCst) >= 3);
}

#[test]
fn a_system_without_another_thread_has_none_for_main() {
    let mut limits = ThreadLimits::default();
    // More than there are addresses for.
    limits.stack = usize::MAX / 2;
    let ended = Threads::run(&wasi(), limits, |_| plain(Ok(())), |_, _| false);
    assert!(matches!(ended, Err(Fault::Io(_))), "{ended:?}");
}

#[test]
fn a_guest_that_was_ended_before_is_not_begun() {
    let wasi = wasi();
    wasi.exit(4);
    let mut begun = false;
    let ended = run(&wasi, |_| {
        begun = true;
        Ok(())
    });
    assert_eq!((ended, begun), (Err(Fault::Exit(4)), false));
}

/// Takes its time to be dropped: until the guest has ended, if it ever does.
struct Slow(Threads<Fault>);

impl Drop for Slow {
    fn drop(&mut self) {
        idle(&self.0);
    }
}

#[test]
fn what_a_thread_came_to_is_known_before_what_it_had_is_dropped() {
    let ended = run(&wasi(), |threads| {
        let slow = Slow(threads.clone());
        let begun = threads.spawn(|| Some(|tid| (Err(Fault::Own(tid)), slow)));
        assert!(begun.is_ok());
        idle(threads);
        Ok(())
    });
    assert_eq!(ended, Err(Fault::Own(1)));
}

#[test]
fn a_panic_when_something_is_dropped_is_the_embedders() {
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("on purpose");
        }
    }
    let run = std::panic::AssertUnwindSafe(|| {
        run(&wasi(), |threads| {
            let begun = threads.spawn(|| Some(|_| (Ok(()), Panics)));
            assert!(begun.is_ok());
            idle(threads);
            Ok(())
        })
    });
    let panic = std::panic::catch_unwind(run).expect_err("it panics");
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"on purpose"));
}
