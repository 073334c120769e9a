//! Guests that leave the thread while they wait: where it is possible, where it is not, and what becomes of both.

use crate::kit::{ECHO, Link, Setup, State, says, setup, setup_on};
use std::sync::Arc;
use wasi_shim::backends::{PipeWriter, pipe};
use wasi_shim::vfs::Stream;
use wasi_shim::wasmi::{Call, Suspended, call};
use wasi_shim::{Trap, abi::Syscall};
use wasmi::{Caller, Engine, Error, Extern, Instance, Val};

/// A guest that reads from a pipe.
fn reader() -> (Setup, Instance, Arc<PipeWriter>) {
    let (input, writer) = pipe(64);
    let mut setup = setup_on(Link::Resumable, &Engine::default(), Some(input));
    let instance = setup.instance(ECHO);
    (setup, instance, writer)
}

fn begin(
    setup: &mut Setup,
    instance: Instance,
    name: &str,
    inputs: &[Val],
    outputs: &mut [Val],
) -> Result<Call, Error> {
    let function = setup.function(instance, name);
    call(&mut setup.store, function, inputs, outputs)
}

fn suspended(call: Result<Call, Error>) -> Suspended {
    match call {
        Ok(Call::Suspended(suspended)) => suspended,
        other => panic!("it does not wait: {other:?}"),
    }
}

fn put(writer: &PipeWriter, bytes: &[u8]) {
    assert_eq!(
        writer.write(&[std::io::IoSlice::new(bytes)]),
        Ok(bytes.len())
    );
}

#[test]
fn a_read_leaves_the_guest_until_there_is_something() {
    let (mut setup, instance, writer) = reader();
    let mut waiting = suspended(begin(&mut setup, instance, "_start", &[], &mut []));
    for text in ["one", "two", "three"] {
        assert_eq!(waiting.blocked().syscall(), Syscall::FdRead);
        put(&writer, text.as_bytes());
        waiting = suspended(waiting.resume(&mut setup.store, &mut []));
        assert_eq!(setup.output.take(), text.as_bytes());
    }
    drop(writer);
    let error = waiting
        .resume(&mut setup.store, &mut [])
        .expect_err("it exits");
    assert_eq!(error.i32_exit_status(), Some(3));
}

#[test]
fn a_guest_that_is_resumed_too_early_goes_on_waiting() {
    let (mut setup, instance, writer) = reader();
    let mut waiting = suspended(begin(&mut setup, instance, "_start", &[], &mut []));
    for _ in 0..3 {
        waiting = suspended(waiting.resume(&mut setup.store, &mut []));
        assert_eq!(setup.output.take(), b"");
    }
    put(&writer, b"now");
    suspended(waiting.resume(&mut setup.store, &mut []));
    assert_eq!(setup.output.take(), b"now");
}

/// Calls a function that takes a descriptor and gives back what `fd_read` said, twice: it waits, and it does not.
#[track_caller]
fn answers_a_read(name: &str, inputs: &[Val]) {
    let (mut setup, instance, writer) = reader();
    let mut outputs = [Val::I32(-1)];
    let waiting = suspended(begin(&mut setup, instance, name, inputs, &mut outputs));
    put(&writer, b"there");
    let ended = waiting.resume(&mut setup.store, &mut outputs);
    assert!(matches!(ended, Ok(Call::Finished)), "{name}: {ended:?}");
    assert!(matches!(outputs, [Val::I32(0)]), "{outputs:?}");
    let mut bytes = [0; 5];
    let memory = instance
        .get_memory(&setup.store, "memory")
        .expect("a memory");
    memory
        .read(&setup.store, 16, &mut bytes)
        .expect("it is that large");
    assert_eq!(&bytes, b"there");
}

#[test]
fn results_arrive_where_they_would_have() {
    answers_a_read("read", &[Val::I32(0)]);
}

#[test]
fn a_tail_call_can_wait_although_nothing_is_left_to_resume() {
    answers_a_read("tail", &[Val::I32(0)]);
}

#[test]
fn wrong_numbers_of_results_are_errors() {
    for name in ["read", "tail"] {
        let (mut setup, instance, writer) = reader();
        let mut outputs = [Val::I32(-1)];
        let waiting = suspended(begin(
            &mut setup,
            instance,
            name,
            &[Val::I32(0)],
            &mut outputs,
        ));
        put(&writer, b"x");
        assert!(waiting.resume(&mut setup.store, &mut []).is_err(), "{name}");
    }
}

#[test]
fn a_call_of_a_function_itself_has_no_memory() {
    let (mut setup, instance, _writer) = reader();
    let inputs = [Val::I32(0), Val::I32(0), Val::I32(1), Val::I32(12)];
    let error =
        begin(&mut setup, instance, "itself", &inputs, &mut [Val::I32(0)]).expect_err("it traps");
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::NoMemory));
}

#[test]
fn a_guest_that_never_waits_needs_no_resuming() {
    let mut setup = setup(Link::Resumable);
    let instance = setup.instance(&says("ready\\n"));
    let ended = begin(&mut setup, instance, "_start", &[], &mut []);
    assert!(matches!(ended, Ok(Call::Finished)), "{ended:?}");
    assert_eq!(setup.output.take(), b"ready\n");
}

#[test]
fn cancelling_wakes_a_guest_that_left_and_ends_it() {
    let (mut setup, instance, _writer) = reader();
    let waiting = suspended(begin(&mut setup, instance, "_start", &[], &mut []));
    let wasi = setup.store.data().wasi.clone();
    let canceller = std::thread::spawn(move || wasi.cancel());
    waiting.blocked().wait();
    canceller.join().expect("the other thread ends");
    let error = waiting
        .resume(&mut setup.store, &mut [])
        .expect_err("it is cancelled");
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::Cancelled));
}

#[test]
fn a_guest_that_is_abandoned_leaves_the_store_usable() {
    let (mut setup, instance, writer) = reader();
    drop(suspended(begin(
        &mut setup,
        instance,
        "_start",
        &[],
        &mut [],
    )));
    put(&writer, b"again");
    suspended(begin(&mut setup, instance, "_start", &[], &mut []));
    assert_eq!(setup.output.take(), b"again");
}

#[test]
fn a_memory_may_grow_while_its_guest_waits() {
    let (mut setup, instance, writer) = reader();
    let waiting = suspended(begin(&mut setup, instance, "_start", &[], &mut []));
    let memory = instance
        .get_memory(&setup.store, "memory")
        .expect("a memory");
    memory.grow(&mut setup.store, 100).expect("there is room");
    put(&writer, b"moved");
    suspended(waiting.resume(&mut setup.store, &mut []));
    assert_eq!(setup.output.take(), b"moved");
}

#[test]
fn where_a_guest_cannot_be_resumed_the_error_says_so() {
    let (mut setup, instance, _writer) = reader();
    let error = setup.start(instance).expect_err("it cannot wait");
    let wanted = "fd_read has to wait";
    assert!(error.to_string().starts_with(wanted), "{error}");
    // One that waits while it is instantiated.
    let (input, _writer) = pipe(64);
    let mut setup = setup_on(Link::Resumable, &Engine::default(), Some(input));
    let begins = ECHO.replace(r#"(func (export "_start")"#, "(start $go) (func $go");
    let error = setup.try_instance(&begins).expect_err("it cannot wait");
    assert!(error.to_string().starts_with(wanted), "{error}");
}

/// Calls a function of the embedder's, which calls back: the guest then reads.
const THERE_AND_BACK: &str = r#"(module
    (import "env" "back" (func $back (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\10\00\00\00\06\00\00\00")
    (func (export "read") (result i32)
        (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 12)))
    (func (export "go") (result i32) (i32.add (call $back) (i32.const 40))))"#;

/// A function of the embedder's that calls the guest, and hands on its errors.
fn calls_back<R>(
    result: R,
) -> impl Fn(Caller<'_, State>) -> Result<R, Error> + Send + Sync + 'static
where
    R: Copy + Send + Sync + 'static,
{
    move |mut caller| {
        let Some(Extern::Func(read)) = caller.get_export("read") else {
            return Err(Error::new("no read"));
        };
        read.call(&mut caller, &[], &mut [Val::I32(0)])?;
        Ok(result)
    }
}

#[test]
fn a_wait_below_a_function_of_the_embedders_does_not_become_that_functions_result() {
    let (mut setup, _, writer) = reader();
    let linker = &mut setup.linker;
    let added = linker.func_wrap("env", "back", calls_back(7_i32));
    added.expect("a new name");
    let instance = setup.instance(THERE_AND_BACK);
    let mut outputs = [Val::I32(0)];
    let ended = begin(&mut setup, instance, "go", &[], &mut outputs);
    let Ok(Call::HostTrap(trap)) = ended else {
        panic!("it ended otherwise: {ended:?}");
    };
    let error = trap.host_error().to_string();
    assert!(error.starts_with("fd_read has to wait"), "{error}");
    // With something to read nothing waits.
    put(&writer, b"there");
    let ended = begin(&mut setup, instance, "go", &[], &mut outputs);
    assert!(matches!(
        (ended, outputs),
        (Ok(Call::Finished), [Val::I32(47)])
    ));
}

#[test]
fn a_wait_below_a_tail_call_of_the_embedders_does_not_become_a_result_of_another_type() {
    let (mut setup, _, _writer) = reader();
    let linker = &mut setup.linker;
    let added = linker.func_wrap("env", "back", calls_back(7_i64));
    added.expect("a new name");
    let text = THERE_AND_BACK
        .replace(
            r#""back" (func $back (result i32))"#,
            r#""back" (func $back (result i64))"#,
        )
        .replace(
            r#"(result i32) (i32.add (call $back) (i32.const 40))"#,
            "(result i64) (return_call $back)",
        );
    let instance = setup.instance(&text);
    let mut outputs = [Val::I64(0)];
    let ended = begin(&mut setup, instance, "go", &[], &mut outputs);
    let error = ended.expect_err("there is nothing to resume").to_string();
    assert!(error.starts_with("fd_read has to wait"), "{error}");
}

#[test]
fn an_error_of_the_embedders_is_theirs_to_resume() {
    #[derive(Debug)]
    struct Ask;
    impl std::fmt::Display for Ask {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("it asks")
        }
    }
    impl wasmi::errors::HostError for Ask {}

    let (mut setup, _, writer) = reader();
    let ask = || -> Result<i32, Error> { Err(Error::host(Ask)) };
    let linker = &mut setup.linker;
    linker.func_wrap("env", "ask", ask).expect("a new name");
    let instance = setup.instance(
        r#"(module
            (import "env" "ask" (func $ask (result i32)))
            (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 0) "\10\00\00\00\06\00\00\00")
            (func (export "go") (result i32)
                (i32.add (call $ask) (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 12)))))"#,
    );
    let mut outputs = [Val::I32(0)];
    let asks = begin(&mut setup, instance, "go", &[], &mut outputs);
    let Ok(Call::HostTrap(trap)) = asks else {
        panic!("it ended otherwise: {asks:?}");
    };
    assert!(trap.host_error().downcast_ref::<Ask>().is_some());
    // Resumed by wasmi itself, it is the library's again.
    let answer = trap.resume(&mut setup.store, &[Val::I32(12)], &mut outputs);
    let waiting = suspended(Call::new(answer, &setup.store));
    put(&writer, b"x");
    let ended = waiting.resume(&mut setup.store, &mut outputs);
    assert!(matches!(
        (ended, outputs),
        (Ok(Call::Finished), [Val::I32(12)])
    ));
}
