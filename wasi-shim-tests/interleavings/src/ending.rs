//! Every order in which threads can meet where a guest ends: nobody sleeps through it, and one end is the end.

use crate::process::{End, Ended, Sleepers};
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread::{self, JoinHandle};
use std::task::{Wake, Waker};
use wasi_shim::abi::{ClockId, Result};
use wasi_shim::vfs::{Clock, Timestamp};

/// What is common to the threads of a guest.
struct Guest {
    end: End,
    sleepers: Sleepers,
}

fn guest() -> Arc<Guest> {
    Arc::new(Guest {
        end: End::new(None),
        sleepers: Sleepers::default(),
    })
}

/// No deadline is in the future of this.
struct Late;

impl Clock for Late {
    fn resolution(&self, _: ClockId) -> Result<Timestamp> {
        Ok(Timestamp(1))
    }

    fn now(&self, _: ClockId) -> Result<Timestamp> {
        Ok(Timestamp(u64::MAX))
    }
}

/// A thread that sleeps until it is woken.
struct Alarm {
    rung: Mutex<bool>,
    bell: Condvar,
}

impl Alarm {
    fn sleep(&self) {
        let mut rung = self.rung.lock().expect("no panic");
        while !*rung {
            rung = self.bell.wait(rung).expect("no panic");
        }
        *rung = false;
    }
}

impl Wake for Alarm {
    fn wake(self: std::sync::Arc<Self>) {
        *self.rung.lock().expect("no panic") = true;
        self.bell.notify_one();
    }
}

/// What a call that waits does, as `Blocked::is_ready` and `Watch::ended` do it.
fn wait(guest: &Guest) -> Ended {
    let alarm = std::sync::Arc::new(Alarm {
        rung: Mutex::new(false),
        bell: Condvar::new(),
    });
    let waker = Waker::from(alarm.clone());
    let clock: std::sync::Arc<dyn Clock> = std::sync::Arc::new(Late);
    let place = guest.sleepers.place();
    loop {
        guest.sleepers.keep(place, &waker);
        if let Some(ended) = guest.end.ended(&clock) {
            guest.sleepers.leave(place);
            return ended;
        }
        alarm.sleep();
    }
}

/// Every order in which no thread is interrupted more often than this where it need not be. With three threads, all orders
/// would take hours.
fn orders(check: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(check);
}

fn waiting(guest: &Arc<Guest>) -> JoinHandle<Ended> {
    let guest = guest.clone();
    thread::spawn(move || wait(&guest))
}

#[test]
fn a_call_that_waits_sees_the_exit_in_every_order() {
    loom::model(|| {
        let guest = guest();
        let waiter = waiting(&guest);
        guest.end.exit(3);
        guest.sleepers.wake_all();
        assert_eq!(waiter.join().expect("no panic"), Ended::Exited(3));
    });
}

#[test]
fn whoever_waits_sees_the_exit() {
    orders(|| {
        let guest = guest();
        let waiters = [waiting(&guest), waiting(&guest)];
        guest.end.exit(3);
        guest.sleepers.wake_all();
        for waiter in waiters {
            assert_eq!(waiter.join().expect("no panic"), Ended::Exited(3));
        }
    });
}

#[test]
fn of_two_who_end_a_guest_everybody_sees_one() {
    orders(|| {
        let guest = guest();
        let waiter = waiting(&guest);
        let other = guest.clone();
        let cancelling = thread::spawn(move || {
            other.end.cancel();
            other.sleepers.wake_all();
        });
        guest.end.exit(3);
        guest.sleepers.wake_all();
        let seen = waiter.join().expect("no panic");
        assert!(matches!(seen, Ended::Cancelled | Ended::Exited(3)));
        cancelling.join().expect("no panic");
        assert_eq!(wait(&guest), seen);
    });
}

#[test]
fn a_deadline_that_is_set_wakes_whoever_waits_and_does_not_undo_an_exit() {
    orders(|| {
        let guest = guest();
        let waiter = waiting(&guest);
        let other = guest.clone();
        let setting = thread::spawn(move || {
            other.end.set_deadline(Some(Timestamp(5)));
            other.sleepers.wake_all();
        });
        guest.end.exit(3);
        guest.sleepers.wake_all();
        assert_eq!(wait(&guest), Ended::Exited(3));
        let seen = waiter.join().expect("no panic");
        assert!(matches!(seen, Ended::Deadline | Ended::Exited(3)));
        setting.join().expect("no panic");
    });
}
