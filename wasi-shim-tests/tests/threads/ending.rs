//! Whatever threads do when one of them ends their guest, all of them stop, and what came first is the result.

use crate::kit::{Host, guest, how};
use std::thread;
use std::time::Duration;
use wasi_shim::Wasi;

/// The ways not to go on, each the body of a function.
const STUCK: [(&str, &str); 8] = [
    (
        "a wait",
        "(drop (memory.atomic.wait32 (i32.const 128) (i32.const 0) (i64.const -1)))",
    ),
    (
        "a wait for 64 bits",
        "(drop (memory.atomic.wait64 (i32.const 65528) (i64.const 0) (i64.const -1)))",
    ),
    (
        "a wait in memory that was grown",
        "(drop (memory.grow (i32.const 1)))
         (drop (memory.atomic.wait32 (i32.const 65540) (i32.const 0) (i64.const -1)))",
    ),
    (
        "waits in a loop",
        "(loop $again
            (drop (memory.atomic.wait32 (i32.const 128) (i32.const 0) (i64.const -1)))
            (br $again))",
    ),
    (
        "several waits in a row",
        "(drop (memory.atomic.wait32 (i32.const 132) (i32.const 0) (i64.const -1)))
         (drop (memory.atomic.wait32 (i32.const 128) (i32.const 0) (i64.const -1)))
         (drop (memory.atomic.wait32 (i32.const 136) (i32.const 0) (i64.const -1)))",
    ),
    ("a loop", "(loop $again (br $again))"),
    (
        "a sleep",
        "(i32.store (i32.const 272) (i32.const 1))
         (i64.store (i32.const 280) (i64.const 3600000000000))
         (drop (call $poll (i32.const 256) (i32.const 512) (i32.const 1) (i32.const 600)))",
    ),
    (
        "a read",
        "(i32.store (i32.const 700) (i32.const 800))
         (i32.store (i32.const 704) (i32.const 1))
         (drop (call $read (i32.const 0) (i32.const 700) (i32.const 1) (i32.const 720)))",
    ),
];

/// A guest of which `stuck` threads do not go on, main among them if `main` does not. The others wait for that, and then
/// do `end`. What should never happen traps.
fn text(stuck: &str, main: &str, end: &str) -> String {
    format!(
        r#"
        (func $stuck (param i32)
            (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
            {stuck}
            unreachable)
        (func $end (param $threads i32)
            (loop $wait
                (drop (memory.atomic.wait32 (i32.const 8) (i32.const 0) (i64.const 1000000)))
                (br_if $wait (i32.lt_u (i32.atomic.load (i32.const 0)) (local.get $threads))))
            (drop (memory.atomic.wait32 (i32.const 8) (i32.const 0) (i64.const 1000000)))
            {end})
        (func (export "wasi_thread_start") (param $tid i32) (param $threads i32)
            (if (local.get $threads)
                (then (call $end (local.get $threads)))
                (else (call $stuck (i32.const 0)))))
        (func $begin (param i32)
            (if (i32.le_s (call $spawn (local.get 0)) (i32.const 0)) (then unreachable)))
        (func (export "_start")
            (call $begin (i32.const 0))
            (call $begin (i32.const 0))
            {main})"#
    )
}

/// Main is stuck too, and another thread ends the guest.
const OTHER_ENDS: &str = "(call $begin (i32.const 3)) (call $stuck (i32.const 0))";

/// Main ends the guest.
const MAIN_ENDS: &str = "(call $end (i32.const 2))";

/// Main is stuck, and nobody in the guest ends it.
const NOBODY_ENDS: &str = "(call $stuck (i32.const 0))";

fn run(host: &Host, text: &str, build: fn(wasi_shim::Builder) -> wasi_shim::Builder) -> String {
    let module = host.module(text);
    let (wasi, _held) = guest(build);
    how(host.run(&module, &wasi))
}

/// Each way not to go on, with each way to end.
fn each(main: &str, end: &str, expected: &str) {
    let host = Host::new();
    for (name, stuck) in STUCK {
        let ended = run(&host, &text(stuck, main, end), |builder| builder);
        assert_eq!(ended, expected, "{name}");
    }
}

#[test]
fn an_exit_in_a_thread_ends_main_and_the_others() {
    each(OTHER_ENDS, "(call $exit (i32.const 7))", "exited 7");
}

#[test]
fn an_exit_in_main_ends_the_others() {
    each(
        MAIN_ENDS,
        "(call $exit (i32.const -1))",
        "exited 4294967295",
    );
}

#[test]
fn a_trap_in_a_thread_ends_main_and_the_others() {
    let divided = "(drop (i32.div_u (i32.const 1) (i32.const 0)))";
    let expected = "wasm trap: integer divide by zero";
    each(OTHER_ENDS, divided, expected);
}

#[test]
fn a_trap_of_a_call_in_a_thread_is_the_result() {
    let host = Host::new();
    let call = "(drop (call $read (i32.const 0) (i32.const 1) (i32.const 1) (i32.const 720)))";
    let ended = run(&host, &text(STUCK[0].1, OTHER_ENDS, call), |builder| {
        builder
    });
    assert!(ended.contains("is not a multiple of 4"), "{ended}");
}

#[test]
fn a_trap_in_main_ends_the_others() {
    let divided = "(drop (i32.div_u (i32.const 1) (i32.const 0)))";
    let expected = "wasm trap: integer divide by zero";
    each(MAIN_ENDS, divided, expected);
}

#[test]
fn when_main_returns_the_others_end() {
    each(MAIN_ENDS, "", "returned ()");
}

#[test]
fn a_thread_that_returns_ends_nothing() {
    let host = Host::new();
    // The other thread returns; main waits for a while, and exits.
    let main = "(call $begin (i32.const 2)) (call $end (i32.const 2)) (call $exit (i32.const 5))";
    let ended = run(&host, &text(STUCK[0].1, main, ""), |builder| builder);
    assert_eq!(ended, "exited 5");
}

#[test]
fn an_exit_is_the_result_however_long_its_store_takes_to_drop() {
    let mut host = Host::new();
    host.slow = true;
    // Main returns while the store of the thread that has exited is still being dropped.
    let text = r#"
        (func (export "wasi_thread_start") (param i32 i32)
            (i32.atomic.store (i32.const 0) (i32.const 1))
            (call $exit (i32.const 7)))
        (func (export "_start")
            (drop (call $spawn (i32.const 0)))
            (loop $begins (br_if $begins (i32.eqz (i32.atomic.load (i32.const 0)))))
            (drop (memory.atomic.wait32 (i32.const 8) (i32.const 0) (i64.const 50000000))))"#;
    assert_eq!(run(&host, text, |builder| builder), "exited 7");
}

#[test]
fn very_many_waits_in_a_row_end_too() {
    let host = Host::new();
    for at in ["(i32.const 128)", "(i32.const 65532)"] {
        let wait = format!("(drop (memory.atomic.wait32 {at} (i32.const 0) (i64.const -1)))");
        let text = text(&wait.repeat(2_000), MAIN_ENDS, "");
        assert_eq!(run(&host, &text, |builder| builder), "returned ()");
    }
}

/// Ends a guest of which nobody goes on, from outside.
fn from_outside(end: impl Fn(&Wasi) + Copy + Send + 'static, expected: &str) {
    let host = Host::new();
    for (name, stuck) in STUCK {
        let module = host.module(&text(stuck, NOBODY_ENDS, ""));
        let (wasi, _held) = guest(|builder| builder);
        let other = wasi.clone();
        let ending = thread::spawn(move || {
            thread::sleep(Duration::from_millis(10));
            end(&other);
        });
        assert_eq!(how(host.run(&module, &wasi)), expected, "{name}");
        ending.join().expect("it ends the guest");
    }
}

#[test]
fn a_guest_can_be_cancelled_whatever_its_threads_do() {
    from_outside(Wasi::cancel, "the program was cancelled");
}

#[test]
fn a_guest_can_be_ended_with_a_code_whatever_its_threads_do() {
    from_outside(|wasi| wasi.exit(12), "exited 12");
}

#[test]
fn a_deadline_ends_a_guest_whatever_its_threads_do() {
    let in_a_moment = |wasi: &Wasi| {
        let set = wasi.set_deadline(Some(Duration::from_millis(1)));
        set.expect("there is a clock");
    };
    from_outside(in_a_moment, "the program's deadline has passed");
    let host = Host::new();
    let ended = run(&host, &text(STUCK[0].1, NOBODY_ENDS, ""), |builder| {
        builder.deadline(Duration::from_millis(20))
    });
    assert_eq!(ended, "the program's deadline has passed");
}

#[test]
fn a_guest_that_was_ended_before_does_nothing() {
    let host = Host::new();
    let module = host.module(&text(STUCK[5].1, NOBODY_ENDS, ""));
    let (wasi, _held) = guest(|builder| builder);
    wasi.exit(4);
    assert_eq!(how(host.run(&module, &wasi)), "exited 4");
}

#[test]
fn the_first_of_many_exits_is_the_result_and_every_thread_has_one() {
    let host = Host::new();
    let main = "(call $begin (i32.const 2)) (call $begin (i32.const 2)) (call $end (i32.const 2))";
    let code = "(call $exit (i32.atomic.rmw.add (i32.const 16) (i32.const 1)))";
    for _ in 0..50 {
        let ended = run(&host, &text(STUCK[0].1, main, code), |builder| builder);
        assert!(
            ["exited 0", "exited 1", "exited 2"].contains(&ended.as_str()),
            "{ended}"
        );
    }
}

#[test]
fn a_panic_of_the_embedder_in_a_thread_is_the_embedders() {
    let mut host = Host::new();
    host.linker
        .func_wrap("env", "panic", || -> () { panic!("on purpose") })
        .expect("it is new");
    let text = format!(
        r#"(import "env" "panic" (func $panic)) {}"#,
        text(STUCK[5].1, OTHER_ENDS, "(call $panic)")
    );
    let module = host.module(&text);
    let (wasi, _held) = guest(|builder| builder);
    let run = std::panic::AssertUnwindSafe(|| host.run(&module, &wasi));
    let panic = std::panic::catch_unwind(run).expect_err("it panics");
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"on purpose"));
}
