//! The adapter to wasmtime: the right memory, the right errors, for any arrangement of instances.

mod engine_kit;

use engine_kit::{LINKS, Link, State, block_on, setup, wasi};
use wasi_shim::backends::Capture;
use wasi_shim::{Exit, Trap, Wasi};
use wasmtime::{Config, Engine, Linker, MemoryType, Module, SharedMemory, Store};

const WRITE: &str = r#"(import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))"#;

/// A module that writes the six bytes at address 16.
fn says(text: &str) -> String {
    format!(
        r#"(module {WRITE}
            (memory (export "memory") 1)
            (data (i32.const 0) "\10\00\00\00\06\00\00\00")
            (data (i32.const 16) "{text}")
            (func (export "set") (param i32) (i32.store8 (i32.const 16) (local.get 0)))
            (func (export "_start")
                (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#
    )
}

#[test]
fn instances_that_share_a_context_see_their_own_memories() {
    for link in LINKS {
        let mut setup = setup(link, &Config::new());
        let one = setup.instance(&says("first\\n"));
        let twin = setup.instance(&says("first\\n"));
        let other = setup.instance(&says("other\\n"));
        let stored = setup.call::<_, ()>(twin, "set", i32::from(b'F'));
        stored.expect("it stores");
        for instance in [one, twin, other, one, other, twin] {
            setup.start(instance).expect("it runs");
        }
        assert_eq!(
            setup.output.take(),
            b"first\nFirst\nother\nfirst\nother\nFirst\n"
        );
    }
}

#[test]
fn a_memory_that_grows_is_seen_at_its_new_size() {
    for link in LINKS {
        let mut setup = setup(link, &Config::new());
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
        assert_eq!(setup.output.take(), b"grown\n");
    }
}

#[test]
fn a_shared_memory_is_read_and_written() {
    for link in LINKS {
        let mut config = Config::new();
        config.wasm_threads(true).shared_memory(true);
        let mut setup = setup(link, &config);
        let memory =
            SharedMemory::new(setup.store.engine(), MemoryType::shared(1, 1)).expect("a memory");
        setup
            .linker
            .define(&setup.store, "env", "memory", memory)
            .expect("a new name");
        let instance = setup.instance(&format!(
        r#"(module {WRITE}
            (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
            (import "env" "memory" (memory 1 1 shared))
            (export "memory" (memory 0))
            (data (i32.const 0) "\10\00\00\00\04\00\00\00\14\00\00\00\02\00\00\00")
            (data (i32.const 16) "share\n")
            (func (export "_start")
                (drop (call $write (i32.const 1) (i32.const 0) (i32.const 2) (i32.const 32)))
                (if (i32.ne (i32.load (i32.const 32)) (i32.const 6)) (then unreachable))
                (drop (call $random (i32.const 64) (i32.const 32)))
                (if (i64.eqz (i64.load (i32.const 64))) (then unreachable))))"#
    ));
        setup.start(instance).expect("it runs");
        assert_eq!(setup.output.take(), b"share\n");
    }
}

#[test]
fn an_exit_carries_every_code_to_the_embedder() {
    for link in LINKS {
        for code in [0, 1, 126, 255, 256, u32::MAX] {
            let mut setup = setup(link, &Config::new());
            let instance = setup.instance(&format!(
                r#"(module
                (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
                (memory (export "memory") 1)
                (func (export "_start") (call $exit (i32.const {}))))"#,
                code.cast_signed()
            ));
            let error = setup.start(instance).expect_err("it exits");
            assert_eq!(error.downcast_ref::<Exit>(), Some(&Exit(code)));
        }
    }
}

#[test]
fn a_bad_pointer_traps_with_the_call_the_address_and_the_size() {
    for link in LINKS {
        let mut setup = setup(link, &Config::new());
        let instance = setup.instance(&format!(
        r#"(module {WRITE} (memory (export "memory") 1)
            (func (export "_start")
                (drop (call $write (i32.const 1) (i32.const 0x20000) (i32.const 1) (i32.const 8)))))"#
    ));
        let error = setup.start(instance).expect_err("it traps");
        let trap = error.downcast_ref::<Trap>().expect("the library's trap");
        assert_eq!(
            trap.to_string(),
            "fd_write: pointer 0x20000 to 8 bytes is outside the memory of 0x10000 bytes"
        );
    }
}

#[test]
fn a_module_without_memory_traps_when_it_calls() {
    for link in LINKS {
        let mut setup = setup(link, &Config::new());
        let instance = setup.instance(
            r#"(module
            (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
            (func (export "_start") (drop (call $yield))))"#,
        );
        let error = setup.start(instance).expect_err("it traps");
        assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::NoMemory));
    }
}

#[test]
fn the_older_module_is_served_without_the_function_that_came_later() {
    for link in LINKS {
        let mut setup = setup(link, &Config::new());
        let instance =
            setup.instance(&says("older\\n").replace("wasi_snapshot_preview1", "wasi_unstable"));
        setup.start(instance).expect("it runs");
        assert_eq!(setup.output.take(), b"older\n");
        let (store, linker) = (&mut setup.store, &setup.linker);
        assert!(
            linker
                .get(&mut *store, "wasi_snapshot_preview1", "sock_accept")
                .is_ok()
        );
        assert!(
            linker
                .get(&mut *store, "wasi_unstable", "sock_accept")
                .is_err()
        );
        assert!(
            linker
                .get(&mut *store, "wasi_unstable", "sock_send")
                .is_ok()
        );
    }
}

#[test]
fn cancelling_ends_a_guest_that_waits() {
    for link in LINKS {
        let mut setup = setup(link, &Config::new());
        let instance = setup.instance(
        r#"(module
            (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (func (export "_start")
                (i32.store (i32.const 16) (i32.const 1))
                (i64.store (i32.const 24) (i64.const -1))
                (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 96)))))"#,
    );
        let wasi = setup.store.data().wasi.clone();
        let canceller = std::thread::spawn(move || wasi.cancel());
        let error = setup.start(instance).expect_err("it is cancelled");
        canceller.join().expect("the other thread ends");
        assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::Cancelled));
    }
}

/// A module whose function hands on another's `fd_write`, and one that uses it as its own.
#[test]
fn a_function_that_is_exported_again_works_in_the_memory_of_whoever_calls_it() {
    for link in LINKS {
        let mut setup = setup(link, &Config::new());
        let lender = setup.instance(
            &says("lender\\n").replace("(memory", r#"(export "lent" (func $write)) (memory"#),
        );
        let lent = lender
            .get_func(&mut setup.store, "lent")
            .expect("a function");
        let linker = &mut setup.linker;
        linker
            .define(&setup.store, "lender", "lent", lent)
            .expect("a new name");
        let borrower = setup.instance(&says("mine!\\n").replace(
            r#""wasi_snapshot_preview1" "fd_write""#,
            r#""lender" "lent""#,
        ));
        setup.start(borrower).expect("it runs");
        assert_eq!(setup.output.take(), b"mine!\n", "{link:?}");
    }
}

#[test]
fn a_function_that_leaves_through_a_table_works_in_the_memory_of_whoever_calls_it() {
    for link in LINKS {
        let mut setup = setup(link, &Config::new());
        let lender = setup.instance(&says("lender\\n").replace(
            "(memory",
            r#"(table (export "lent") 1 funcref) (elem (i32.const 0) $write) (memory"#,
        ));
        let lent = lender.get_table(&mut setup.store, "lent").expect("a table");
        let linker = &mut setup.linker;
        linker
            .define(&setup.store, "lender", "lent", lent)
            .expect("a new name");
        let borrower = setup.instance(
            r#"(module
                (import "lender" "lent" (table 1 funcref))
                (type $write (func (param i32 i32 i32 i32) (result i32)))
                (memory (export "memory") 1)
                (data (i32.const 0) "\10\00\00\00\06\00\00\00")
                (data (i32.const 16) "mine!\n")
                (func (export "_start")
                    (drop (call_indirect (type $write) (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)
                        (i32.const 0)))))"#,
        );
        setup.start(borrower).expect("it runs");
        assert_eq!(setup.output.take(), b"mine!\n", "{link:?}");
    }
}

#[test]
fn a_function_can_be_called_while_its_instance_is_made() {
    for link in LINKS {
        let mut setup = setup(link, &Config::new());
        let module =
            says("begun\\n").replace(r#"(func (export "_start")"#, "(start $go) (func $go");
        setup.instance(&module);
        assert_eq!(setup.output.take(), b"begun\n", "{link:?}");
    }
}

#[test]
fn what_else_a_module_imports_comes_from_the_linker() {
    for link in LINKS {
        let mut setup = setup(link, &Config::new());
        let linker = &mut setup.linker;
        linker
            .func_wrap("env", "seven", || 7_i32)
            .expect("a new name");
        let instance = setup.instance(
            r#"(module (import "env" "seven" (func $seven (result i32)))
                (func (export "get") (result i32) (call $seven)))"#,
        );
        let seven = setup.call::<_, i32>(instance, "get", ());
        assert_eq!(seven.expect("it answers"), 7, "{link:?}");
    }
}

#[test]
fn an_import_that_nobody_defines_is_named() {
    let mut setup = setup(Link::Own, &Config::new());
    let module = r#"(module (import "env" "nobody" (func)))"#;
    let module = Module::new(setup.store.engine(), module).expect("a module");
    let (store, linker) = (&mut setup.store, &setup.linker);
    let made = wasi_shim::instantiate_wasmtime!(wasmtime, store, linker, &module, wasi);
    let prepared = wasi_shim::instantiate_pre_wasmtime!(wasmtime, linker, &module, wasi);
    let made_async =
        wasi_shim::instantiate_wasmtime_async!(wasmtime, &mut setup.store, linker, &module, wasi);
    let made_async = block_on(made_async);
    let prepared_async =
        wasi_shim::instantiate_pre_wasmtime_async!(wasmtime, linker, &module, wasi);
    for error in [
        made.map(drop),
        prepared.map(drop),
        made_async.map(drop),
        prepared_async.map(drop),
    ] {
        assert_eq!(
            error.expect_err("it is missing").to_string(),
            r#"nothing is linked for the import "nobody" of "env": define it in the linker"#
        );
    }
}

#[test]
fn a_prepared_module_is_instantiated_in_one_store_after_the_other() {
    let engine = Engine::default();
    let module = Module::new(&engine, says("again\\n")).expect("a module");
    // The functions are not in the linker, and the memory that each of them finds is made later.
    let linker = Linker::new(&engine);
    let prepared = wasi_shim::instantiate_pre_wasmtime!(wasmtime, &linker, &module, wasi)
        .expect("nothing is missing");
    for first in [b'a', b'A'] {
        let output = Capture::new(1 << 16);
        let guest = Wasi::builder().stdout(output.clone()).build();
        let wasi = guest.expect("a guest");
        let mut store = Store::new(&engine, State { wasi });
        let twins = [(); 2].map(|()| prepared.instantiate(&mut store).expect("an instance"));
        let set = twins[0].get_typed_func::<i32, ()>(&mut store, "set");
        set.and_then(|set| set.call(&mut store, i32::from(first)))
            .expect("it stores");
        for instance in twins {
            let start = instance.get_typed_func::<(), ()>(&mut store, "_start");
            start
                .and_then(|start| start.call(&mut store, ()))
                .expect("it runs");
        }
        let expected = format!("{}gain\nagain\n", char::from(first));
        assert_eq!(output.take(), expected.as_bytes());
    }
}

#[test]
fn what_a_linker_calls_like_one_of_ours_is_not_used() {
    for link in LINKS.into_iter().filter(|link| !link.is_shared()) {
        let mut setup = setup(link, &Config::new());
        setup.linker.allow_shadowing(true);
        let other = |_: i32, _: i32, _: i32, _: i32| -> i32 { panic!("it is not the library's") };
        let linker = &mut setup.linker;
        linker
            .func_wrap("wasi_snapshot_preview1", "fd_write", other)
            .expect("it may be shadowed");
        let instance = setup.instance(&says("ours!\\n"));
        setup.start(instance).expect("it runs");
        assert_eq!(setup.output.take(), b"ours!\n", "{link:?}");
    }
}
