//! Guests for the tests of the adapter to wasmi, and what they are linked by. Knows the modules, not what is asked of them.

use std::sync::Arc;
use wasi_shim::backends::{Capture, MemDir};
use wasi_shim::vfs::Stream;
use wasi_shim::{Access, Wasi};
use wasmi::{Engine, Error, Func, Instance, Linker, Module, Store};

pub(crate) struct State {
    pub(crate) wasi: Wasi,
}

/// How functions come into the linker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// By the macro, from outside of the library, as an embedder with another version would write it.
    Macro,
    /// By the plain function.
    Plain,
    /// So that a call that waits can leave the guest.
    Resumable,
}

pub(crate) const LINKS: [Link; 3] = [Link::Macro, Link::Plain, Link::Resumable];

pub(crate) struct Setup {
    pub(crate) store: Store<State>,
    pub(crate) linker: Linker<State>,
    pub(crate) output: Arc<Capture>,
}

pub(crate) fn link(link: Link, linker: &mut Linker<State>) -> Result<(), Error> {
    use wasi_shim::wasmi::{add_to_linker, add_to_linker_resumable};
    match link {
        Link::Macro => {
            wasi_shim::link_wasmi!(wasmi, linker, |state: &mut State| &mut state.wasi)
        }
        Link::Plain => add_to_linker(linker, |state| &mut state.wasi),
        Link::Resumable => add_to_linker_resumable(linker, |state| &mut state.wasi),
    }
}

pub(crate) fn setup(how: Link) -> Setup {
    setup_on(how, &Engine::default(), None)
}

pub(crate) fn setup_on(how: Link, engine: &Engine, input: Option<Arc<dyn Stream>>) -> Setup {
    let output = Capture::new(1 << 16);
    let mut builder = Wasi::builder().arg("test").stdout(output.clone()).preopen(
        "/",
        MemDir::new(),
        Access::ReadWrite,
    );
    if let Some(input) = input {
        builder = builder.stdin(input);
    }
    let wasi = builder.build().expect("a guest");
    let mut linker = Linker::new(engine);
    link(how, &mut linker).expect("nothing is defined twice");
    Setup {
        store: Store::new(engine, State { wasi }),
        linker,
        output,
    }
}

pub(crate) fn module(engine: &Engine, wat: &str) -> Module {
    let wasm = wat::parse_str(wat).expect("a module's text");
    Module::new(engine, wasm).expect("a module")
}

impl Setup {
    pub(crate) fn try_instance(&mut self, wat: &str) -> Result<Instance, Error> {
        let module = module(self.store.engine(), wat);
        self.linker.instantiate_and_start(&mut self.store, &module)
    }

    pub(crate) fn instance(&mut self, wat: &str) -> Instance {
        self.try_instance(wat).expect("an instance")
    }

    pub(crate) fn function(&self, instance: Instance, name: &str) -> Func {
        instance.get_func(&self.store, name).expect("a function")
    }

    pub(crate) fn start(&mut self, instance: Instance) -> Result<(), Error> {
        self.function(instance, "_start")
            .call(&mut self.store, &[], &mut [])
    }
}

pub(crate) const WRITE: &str = r#"(import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))"#;

/// A module that writes the six bytes at address 16.
pub(crate) fn says(text: &str) -> String {
    format!(
        r#"(module {WRITE}
            (memory (export "memory") 1)
            (data (i32.const 0) "\10\00\00\00\06\00\00\00")
            (data (i32.const 16) "{text}")
            (func (export "_start")
                (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#
    )
}

/// Reads up to six bytes of standard input and writes what it got, until there is nothing more.
pub(crate) const ECHO: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\10\00\00\00\06\00\00\00")
    (func (export "read") (param i32) (result i32)
        (call $read (local.get 0) (i32.const 0) (i32.const 1) (i32.const 12)))
    (func (export "tail") (param i32) (result i32)
        (return_call $read (local.get 0) (i32.const 0) (i32.const 1) (i32.const 12)))
    (export "itself" (func $read))
    (func (export "_start") (local $n i32)
        (loop $again
            (i32.store (i32.const 4) (i32.const 6))
            (if (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 12))
                (then (call $exit (i32.const 9))))
            (local.set $n (i32.load (i32.const 12)))
            (i32.store (i32.const 4) (local.get $n))
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
            (br_if $again (local.get $n)))
        (call $exit (i32.const 3))))"#;
