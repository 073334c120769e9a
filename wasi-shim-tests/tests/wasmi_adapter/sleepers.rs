//! A scheduler: many guests on one thread, which runs whichever need not wait. It is what an embedder would write, but for
//! the clock, which here moves only when every guest waits.

use crate::kit::{ECHO, module};
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;
use wasi_shim::backends::{Capture, pipe};
use wasi_shim::vfs::{HostHandle, Interest, Stream, Waiter};
use wasi_shim::wasmi::{Call, Suspended, add_to_linker_resumable, call};
use wasi_shim::{Builder, Parker, Wasi};
use wasi_shim_tests::ManualClock;
use wasmi::{Engine, Error, Linker, Module, Store, Val};

/// Sleeps for so many nanoseconds of the monotonic clock.
const SLEEPS: &str = r#"(module
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "run") (param i64)
        (i32.store (i32.const 16) (i32.const 1))
        (i64.store (i32.const 24) (local.get 0))
        (if (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 96)) (then unreachable))))"#;

pub(crate) const SLEEPS_FOR_EVER: &str = r#"(module
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start")
        (i32.store (i32.const 16) (i32.const 1))
        (i64.store (i32.const 24) (i64.const -1))
        (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 96)))))"#;

/// A guest, and what it waits for.
struct Guest {
    id: usize,
    store: Store<Wasi>,
    waiting: Suspended,
}

/// What a thread has done for its guests.
#[derive(Default)]
struct Log {
    /// Who has ended, in this order, and with what code.
    ended: Vec<(usize, Result<(), Option<i32>>)>,
    /// How many waited each time that there was nothing else to do.
    asleep: Vec<usize>,
}

/// Runs guests on this thread until all have ended.
fn run(mut guests: Vec<Guest>, waiter: &dyn Waiter) -> Log {
    let (waker, mut log) = (waiter.waker(), Log::default());
    while !guests.is_empty() {
        let (mut left, mut handles, mut timeout) = (Vec::new(), Vec::new(), None);
        let mut resumed = false;
        for guest in guests {
            let mut of_guest = Vec::new();
            if guest.waiting.blocked().is_ready(&waker, &mut of_guest) {
                resumed = true;
                left.extend(go_on(guest, &mut log));
                continue;
            }
            handles.append(&mut of_guest);
            timeout = [timeout, guest.waiting.blocked().timeout()]
                .into_iter()
                .flatten()
                .min();
            left.push(guest);
        }
        guests = left;
        if !resumed {
            log.asleep.push(guests.len());
            waiter.wait(&handles, timeout);
        }
    }
    log
}

/// The guest, if it waits again.
fn go_on(guest: Guest, log: &mut Log) -> Option<Guest> {
    let Guest {
        id,
        mut store,
        waiting,
    } = guest;
    let state = waiting.resume(&mut store, &mut []);
    pause(id, store, state, log)
}

fn pause(
    id: usize,
    store: Store<Wasi>,
    state: Result<Call, Error>,
    log: &mut Log,
) -> Option<Guest> {
    match state {
        Ok(Call::Suspended(waiting)) => return Some(Guest { id, store, waiting }),
        Ok(Call::Finished) => log.ended.push((id, Ok(()))),
        Ok(other) => panic!("it ended otherwise: {other:?}"),
        Err(error) => log.ended.push((id, Err(error.i32_exit_status()))),
    }
    None
}

/// Where guests come from.
struct Nursery {
    engine: Engine,
    linker: Linker<Wasi>,
    module: Module,
}

impl Nursery {
    fn new(wat: &str) -> Self {
        let engine = Engine::default();
        let mut linker = Linker::new(&engine);
        add_to_linker_resumable(&mut linker, |wasi: &mut Wasi| wasi).expect("an empty linker");
        let module = module(&engine, wat);
        Self {
            engine,
            linker,
            module,
        }
    }

    /// A guest that has begun, and waits.
    fn guest(&self, id: usize, builder: Builder, function: &str, inputs: &[Val]) -> Guest {
        let wasi = builder.build().expect("a guest");
        let mut store = Store::new(&self.engine, wasi);
        let instance = self.linker.instantiate_and_start(&mut store, &self.module);
        let instance = instance.expect("an instance");
        let function = instance.get_func(&store, function).expect("a function");
        let state = call(&mut store, function, inputs, &mut []);
        pause(id, store, state, &mut Log::default()).expect("it waits")
    }
}

/// Waits by moving the clock.
struct Skip(Arc<ManualClock>);

impl Waiter for Skip {
    fn wait(&self, handles: &[(HostHandle, Interest)], timeout: Option<Duration>) {
        assert!(handles.is_empty());
        let timeout = timeout.expect("nobody waits for ever").as_nanos();
        self.0
            .set(self.0.get() + u64::try_from(timeout).expect("a short time"));
    }

    fn waker(&self) -> Waker {
        Waker::noop().clone()
    }
}

const GUESTS: usize = 1000;
const MILLISECOND: u64 = 1_000_000;

#[test]
fn a_thousand_guests_sleep_on_one_thread_and_wake_in_the_order_of_their_times() {
    let (clock, nursery) = (Arc::new(ManualClock::new(1)), Nursery::new(SLEEPS));
    // All are different, and none is where its number is.
    let sleeps = |id: usize| u64::try_from(id * 7 % 100 + 1).expect("a short time") * MILLISECOND;
    let guest = |id| {
        let time = Val::I64(sleeps(id).cast_signed());
        nursery.guest(id, Wasi::builder().clock(clock.clone()), "run", &[time])
    };
    let log = run((0..GUESTS).map(guest).collect(), &Skip(clock.clone()));
    // Ten wake in each of a hundred milliseconds, and while nobody is awake all the others are asleep.
    assert_eq!(
        log.asleep,
        (1..=100).rev().map(|tens| tens * 10).collect::<Vec<_>>()
    );
    let mut expected: Vec<usize> = (0..GUESTS).collect();
    expected.sort_by_key(|&id| sleeps(id));
    assert_eq!(
        log.ended.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
        expected
    );
    assert!(log.ended.iter().all(|(_, end)| end.is_ok()));
    assert_eq!(clock.get(), 1 + 100 * MILLISECOND);
}

#[test]
fn a_thousand_guests_sleep_by_the_systems_clock() {
    let nursery = Nursery::new(SLEEPS);
    // Long enough that all have begun before the first wakes would be said of a speed; it only has to end.
    let time = Val::I64((20 * MILLISECOND).cast_signed());
    let guests = (0..GUESTS)
        .map(|id| nursery.guest(id, Wasi::builder(), "run", std::slice::from_ref(&time)));
    let log = run(guests.collect(), &Parker::new());
    assert_eq!(log.ended.len(), GUESTS);
    assert!(log.ended.iter().all(|(_, end)| end.is_ok()));
}

#[test]
fn guests_on_one_thread_pass_on_what_they_read_from_each_other() {
    let nursery = Nursery::new(ECHO);
    let (first, feeder) = pipe(64);
    let output = Capture::new(1 << 10);
    let mut input: Arc<dyn Stream> = first;
    let mut guests = Vec::new();
    for id in 0..100 {
        let (reader, writer) = pipe(4);
        let builder = Wasi::builder().stdin(input);
        input = reader;
        let builder = match id {
            99 => builder.stdout(output.clone()),
            _ => builder.stdout(writer),
        };
        guests.push(nursery.guest(id, builder, "_start", &[]));
    }
    let text = b"from hand to hand";
    assert_eq!(feeder.write(&[std::io::IoSlice::new(text)]), Ok(text.len()));
    drop(feeder);
    let log = run(guests, &Parker::new());
    assert_eq!(output.contents(), text);
    // Whoever ends closes what the next one reads.
    let expected: Vec<_> = (0..100).map(|id| (id, Err(Some(3)))).collect();
    assert_eq!(log.ended, expected);
}
