//! What every way of linking has in common.

use crate::kit::{LINKS, Link, Setup, State, WRITE, link, says, setup};
use wasi_shim::Trap;
use wasmi::{Engine, Error, Linker};

#[test]
fn instances_that_share_a_context_see_their_own_memories() {
    for how in LINKS {
        let mut setup = setup(how);
        let one = setup.instance(&says("first\\n"));
        let other = setup.instance(&says("other\\n"));
        for instance in [one, other, other, one] {
            setup.start(instance).expect("it runs");
        }
        assert_eq!(
            setup.output.take(),
            b"first\nother\nother\nfirst\n",
            "{how:?}"
        );
    }
}

#[test]
fn a_memory_that_grows_is_seen_at_its_new_size() {
    for how in LINKS {
        let mut setup = setup(how);
        let instance = setup.instance(&format!(
            r#"(module {WRITE}
            (memory (export "memory") 1)
            (func (export "_start")
                (drop (memory.grow (i32.const 1)))
                (i32.store (i32.const 0) (i32.const 0x1fffa))
                (i32.store (i32.const 4) (i32.const 6))
                (i64.store (i32.const 0x1fff8) (i64.const 0x0a6e776f72670000))
                (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#
        ));
        setup.start(instance).expect("it runs");
        assert_eq!(setup.output.take(), b"grown\n", "{how:?}");
    }
}

#[test]
fn an_exit_is_wasmis_exit_status_with_every_bit() {
    for how in LINKS {
        for code in [0, 1, 126, 255, 256, u32::MAX] {
            let mut setup = setup(how);
            let instance = setup.instance(&format!(
                r#"(module
                (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
                (memory (export "memory") 1)
                (func (export "_start") (call $exit (i32.const {}))))"#,
                code.cast_signed()
            ));
            let error = setup.start(instance).expect_err("it exits");
            assert_eq!(error.i32_exit_status(), Some(code.cast_signed()), "{how:?}");
        }
    }
}

/// The error of a guest that passes a pointer to nowhere.
fn out_of_bounds(setup: &mut Setup) -> Error {
    let instance = setup.instance(&format!(
        r#"(module {WRITE} (memory (export "memory") 1)
        (func (export "_start")
            (drop (call $write (i32.const 1) (i32.const 0x20000) (i32.const 1) (i32.const 8)))))"#
    ));
    setup.start(instance).expect_err("it traps")
}

const OUT_OF_BOUNDS: &str =
    "fd_write: pointer 0x20000 to 8 bytes is outside the memory of 0x10000 bytes";

#[test]
fn a_trap_can_be_taken_out_of_the_error() {
    for how in [Link::Plain, Link::Resumable] {
        let error = out_of_bounds(&mut setup(how));
        let trap = error.downcast_ref::<Trap>().expect("the library's trap");
        assert_eq!(trap.to_string(), OUT_OF_BOUNDS, "{how:?}");
    }
}

#[test]
fn a_trap_has_its_message_however_it_is_linked() {
    for how in LINKS {
        let error = out_of_bounds(&mut setup(how));
        assert_eq!(error.to_string(), OUT_OF_BOUNDS, "{how:?}");
        assert_eq!(error.i32_exit_status(), None);
    }
}

#[test]
fn a_module_without_memory_traps_when_it_calls() {
    for how in LINKS {
        let mut setup = setup(how);
        let instance = setup.instance(
            r#"(module
            (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
            (func (export "_start") (drop (call $yield))))"#,
        );
        let error = setup.start(instance).expect_err("it traps");
        assert_eq!(error.to_string(), Trap::NoMemory.to_string(), "{how:?}");
    }
}

#[test]
fn the_older_module_is_served_without_the_function_that_came_later() {
    for how in LINKS {
        let mut setup = setup(how);
        let older = says("older\\n").replace("wasi_snapshot_preview1", "wasi_unstable");
        let instance = setup.instance(&older);
        setup.start(instance).expect("it runs");
        assert_eq!(setup.output.take(), b"older\n", "{how:?}");
        let accept = |module: &str| {
            format!(
                r#"(module (import "{module}" "sock_accept" (func (param i32 i32 i32) (result i32))))"#
            )
        };
        assert!(
            setup
                .try_instance(&accept("wasi_snapshot_preview1"))
                .is_ok()
        );
        assert!(setup.try_instance(&accept("wasi_unstable")).is_err());
    }
}

#[test]
fn what_is_linked_already_is_not_linked_again() {
    for how in LINKS {
        let mut linker = Linker::new(&Engine::default());
        link(how, &mut linker).expect("nothing is defined twice");
        assert!(link(how, &mut linker).is_err(), "{how:?}");
    }
}

#[test]
fn a_function_can_be_called_while_its_instance_is_made() {
    for how in LINKS {
        let mut setup = setup(how);
        let module =
            says("begun\\n").replace(r#"(func (export "_start")"#, "(start $go) (func $go");
        setup.instance(&module);
        assert_eq!(setup.output.take(), b"begun\n", "{how:?}");
    }
}

#[test]
fn cancelling_ends_a_guest_that_blocks_the_thread() {
    for how in [Link::Macro, Link::Plain] {
        let mut setup = setup(how);
        let instance = setup.instance(crate::sleepers::SLEEPS_FOR_EVER);
        let wasi = setup.store.data().wasi.clone();
        let canceller = std::thread::spawn(move || wasi.cancel());
        let error = setup.start(instance).expect_err("it is cancelled");
        canceller.join().expect("the other thread ends");
        assert_eq!(error.to_string(), Trap::Cancelled.to_string(), "{how:?}");
    }
}

#[test]
fn an_embedder_says_what_comes_of_a_call_that_gave_no_error_code() {
    use wasi_shim::{Outcome, mem};
    fn settle(
        outcome: Outcome,
        _: &mut mem::Memory<'_>,
        _: Option<wasmi::Memory>,
    ) -> Result<i32, Error> {
        match outcome {
            Outcome::Trap(trap) => Err(Error::new(format!("of mine: {trap}"))),
            _ => Ok(77),
        }
    }
    let mut setup = setup(Link::Plain);
    let mut linker = Linker::new(setup.store.engine());
    let linked = wasi_shim::link_wasmi!(
        wasmi,
        &mut linker,
        |state: &mut State| &mut state.wasi,
        settle
    );
    linked.expect("nothing is defined twice");
    setup.linker = linker;
    let error = out_of_bounds(&mut setup);
    assert_eq!(error.to_string(), format!("of mine: {OUT_OF_BOUNDS}"));
}
