//! Guests whose fuel is metered: what a call takes of it, and that a guest which has none can be given more.

use crate::kit::{ECHO, Link, Setup, setup_on};
use wasi_shim::backends::pipe;
use wasi_shim::wasmi::{Call, call};
use wasmi::{Config, Engine, Error, ResumableCall, Val};

fn metered(link: Link, fuel: u64) -> Setup {
    let engine = Engine::new(Config::default().consume_fuel(true));
    let mut setup = setup_on(link, &engine, None);
    setup.store.set_fuel(fuel).expect("it is metered");
    setup
}

const RANDOM: &str = r#"(module
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (memory (export "memory") 2)
    (func (export "random") (param i32) (result i32) (call $random (i32.const 0) (local.get 0))))"#;

#[test]
fn the_work_of_a_call_takes_no_fuel() {
    let taken = |bytes: i32| {
        let mut setup = metered(Link::Plain, 10_000);
        let instance = setup.instance(RANDOM);
        let random = setup.function(instance, "random");
        let before = setup.store.get_fuel().expect("it is metered");
        let mut outputs = [Val::I32(-1)];
        random
            .call(&mut setup.store, &[Val::I32(bytes)], &mut outputs)
            .expect("it runs");
        assert!(matches!(outputs, [Val::I32(0)]), "{outputs:?}");
        before - setup.store.get_fuel().expect("it is metered")
    };
    assert!(taken(1) > 0);
    assert_eq!(taken(1), taken(100_000));
}

/// Counts to a million, then reads.
const COUNTS: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\10\00\00\00\06\00\00\00")
    (func (export "run") (result i32) (local $n i32)
        (loop $again
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $n) (i32.const 1000000))))
        (i32.add (local.get $n) (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 12)))))"#;

#[test]
fn a_guest_without_fuel_is_given_more_and_may_wait_then() {
    let engine = Engine::new(Config::default().consume_fuel(true));
    let (input, writer) = pipe(64);
    let mut setup = setup_on(Link::Resumable, &engine, Some(input));
    setup.store.set_fuel(1000).expect("it is metered");
    let instance = setup.instance(COUNTS);
    let run = setup.function(instance, "run");
    let mut outputs = [Val::I32(0)];
    let mut slices = 0;
    let mut writer = Some(writer);
    let mut state = call(&mut setup.store, run, &[], &mut outputs).expect("it begins");
    loop {
        state = match state {
            Call::OutOfFuel(guest) => {
                slices += 1;
                setup
                    .store
                    .set_fuel(guest.required_fuel().max(100_000))
                    .expect("it is metered");
                let result: Result<ResumableCall, Error> =
                    guest.resume(&mut setup.store, &mut outputs);
                Call::new(result, &setup.store).expect("it goes on")
            }
            Call::Suspended(guest) => {
                drop(writer.take().expect("it waits once"));
                guest
                    .resume(&mut setup.store, &mut outputs)
                    .expect("it goes on")
            }
            Call::Finished => break,
            other @ Call::HostTrap(_) => panic!("it ended otherwise: {other:?}"),
        };
    }
    assert!(slices > 10, "{slices}");
    assert!(writer.is_none());
    assert!(matches!(outputs, [Val::I32(1_000_000)]), "{outputs:?}");
}

#[test]
fn an_exit_ends_a_guest_whose_fuel_is_metered() {
    let mut setup = metered(Link::Resumable, 10_000);
    let instance = setup.instance(ECHO);
    let start = setup.function(instance, "_start");
    let ended: Result<Call, Error> = call(&mut setup.store, start, &[], &mut []);
    // Nothing is its standard input, which is at its end.
    assert_eq!(ended.expect_err("it exits").i32_exit_status(), Some(3));
}
