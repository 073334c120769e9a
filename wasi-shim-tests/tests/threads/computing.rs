//! What several threads compute, over atomics, waits and notifications.

use crate::kit::{Host, guest};

/// Four threads take numbers from a common counter, and add their squares to a sum that a lock guards, which they wait for
/// and pass on. Main waits for all of them.
///
/// Where things are: 0 the counter, 4 the lock (0 free, 1 held, 2 held and waited for), 8 the sum, 16 how many are done.
pub(crate) const SQUARES: &str = r#"
    (func $lock
        (if (i32.eqz (i32.atomic.rmw.cmpxchg (i32.const 4) (i32.const 0) (i32.const 1))) (then (return)))
        (loop $again
            (if (i32.eqz (i32.atomic.rmw.xchg (i32.const 4) (i32.const 2))) (then (return)))
            (drop (memory.atomic.wait32 (i32.const 4) (i32.const 2) (i64.const -1)))
            (br $again)))
    (func $unlock
        (if (i32.eq (i32.atomic.rmw.xchg (i32.const 4) (i32.const 0)) (i32.const 2))
            (then (drop (memory.atomic.notify (i32.const 4) (i32.const 1))))))
    (func $add (param $n i64)
        (call $lock)
        ;; Not atomic: the lock has to be one.
        (i64.store (i32.const 8)
            (i64.add (i64.load (i32.const 8)) (i64.mul (local.get $n) (local.get $n))))
        (call $unlock))
    (func (export "wasi_thread_start") (param $tid i32) (param $last i32) (local $n i32)
        (block $done
            (loop $again
                (local.set $n (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
                (br_if $done (i32.gt_u (local.get $n) (local.get $last)))
                (call $add (i64.extend_i32_u (local.get $n)))
                (br $again)))
        (drop (i32.atomic.rmw.add (i32.const 16) (i32.const 1)))
        (drop (memory.atomic.notify (i32.const 16) (i32.const 1))))
    (func (export "sum") (param $last i32) (result i64) (local $begun i32) (local $done i32)
        (loop $more
            (if (i32.le_s (call $spawn (local.get $last)) (i32.const 0)) (then unreachable))
            (local.set $begun (i32.add (local.get $begun) (i32.const 1)))
            (br_if $more (i32.lt_u (local.get $begun) (i32.const 4))))
        (loop $wait
            (local.set $done (i32.atomic.load (i32.const 16)))
            (if (i32.lt_u (local.get $done) (i32.const 4))
                (then
                    (drop (memory.atomic.wait32 (i32.const 16) (local.get $done) (i64.const -1)))
                    (br $wait))))
        (i64.load (i32.const 8)))"#;

#[test]
fn four_threads_come_to_the_same_answer_a_thousand_times() {
    let host = Host::new();
    let module = host.module(SQUARES);
    for _ in 0..1000 {
        let (wasi, _held) = guest(|builder| builder);
        let sum = host.run_with(&module, &wasi, |store, instance| {
            let sum = instance.get_typed_func::<i32, i64>(&mut *store, "sum")?;
            sum.call(store, 100)
        });
        assert_eq!(sum.expect("a sum"), 338_350);
    }
    assert_eq!(host.made(), 5000);
}

/// Each of four threads sets a flag of the standard output's and clears it again, many times; the calls race.
const FLAGS: &str = r#"
    (import "wasi_snapshot_preview1" "fd_fdstat_set_flags" (func $set (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_fdstat_get" (func $get (param i32 i32) (result i32)))
    (func $work (local $n i32)
        (loop $again
            (if (call $set (i32.const 1) (i32.const 4)) (then unreachable))
            (if (call $set (i32.const 1) (i32.const 0)) (then unreachable))
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $n) (i32.const 100)))))
    (func (export "wasi_thread_start") (param i32 i32)
        (call $work)
        (drop (i32.atomic.rmw.add (i32.const 16) (i32.const 1)))
        (drop (memory.atomic.notify (i32.const 16) (i32.const 1))))
    (func (export "_start") (local $done i32)
        (if (i32.le_s (call $spawn (i32.const 0)) (i32.const 0)) (then unreachable))
        (if (i32.le_s (call $spawn (i32.const 0)) (i32.const 0)) (then unreachable))
        (if (i32.le_s (call $spawn (i32.const 0)) (i32.const 0)) (then unreachable))
        (call $work)
        (loop $wait
            (local.set $done (i32.atomic.load (i32.const 16)))
            (if (i32.lt_u (local.get $done) (i32.const 3))
                (then
                    (drop (memory.atomic.wait32 (i32.const 16) (local.get $done) (i64.const -1)))
                    (br $wait))))
        (if (call $set (i32.const 1) (i32.const 4)) (then unreachable))
        (if (call $get (i32.const 1) (i32.const 64)) (then unreachable))
        (if (i32.ne (i32.load16_u (i32.const 66)) (i32.const 4)) (then unreachable)))"#;

#[test]
fn flags_can_be_set_while_there_are_threads() {
    let host = Host::new();
    // Imports come first.
    let module = host.module(FLAGS);
    let (wasi, _held) = guest(|builder| builder);
    host.run(&module, &wasi).expect("it ends well");
}
