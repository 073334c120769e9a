//! Guests in an engine, called asynchronously: they share threads, and end when their futures do.

use crate::kit::{block_on, others};
use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;
use std::time::Duration;
use wasi_shim::backends::pipe;
use wasi_shim::vfs::Stream;
use wasi_shim::{Builder, Trap, Wasi};
use wasmtime::{Config, Engine, InstancePre, Linker, MemoryType, Module, SharedMemory, Store};

/// Sleeps for so many nanoseconds, reads a byte, and writes it.
const GUEST: &str = r#"(module
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 128) "\c0\00\00\00\01\00\00\00")
    (func $must (param i32) (if (local.get 0) (then unreachable)))
    (func (export "sleep") (param i64)
        (i32.store (i32.const 16) (i32.const 1))
        (i64.store (i32.const 24) (local.get 0))
        (call $must (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 96))))
    (func (export "copy")
        (call $must (call $read (i32.const 0) (i32.const 128) (i32.const 1) (i32.const 144)))
        (if (i32.eqz (i32.load (i32.const 144))) (then unreachable))
        (call $must (call $write (i32.const 1) (i32.const 128) (i32.const 1) (i32.const 144)))))"#;

/// Makes guests of one module.
struct Guests {
    engine: Engine,
    prepared: InstancePre<Wasi>,
}

impl Guests {
    fn new() -> Self {
        let engine = Engine::default();
        let module = Module::new(&engine, GUEST).expect("a module");
        let linker = Linker::new(&engine);
        let prepared = wasi_shim::wasmtime::instantiate_pre_async(&linker, &module, |wasi| wasi);
        Self {
            engine,
            prepared: prepared.expect("nothing is missing"),
        }
    }

    fn guest(&self, builder: Builder) -> Running {
        let wasi = builder.build().expect("a guest");
        Running {
            store: Store::new(&self.engine, wasi),
            prepared: self.prepared.clone(),
        }
    }
}

struct Running {
    store: Store<Wasi>,
    prepared: InstancePre<Wasi>,
}

impl Running {
    fn wasi(&self) -> Wasi {
        self.store.data().clone()
    }

    async fn sleep(&mut self, time: Duration) -> wasmtime::Result<()> {
        let store = &mut self.store;
        let instance = self.prepared.instantiate_async(&mut *store).await?;
        let sleep = instance.get_typed_func::<i64, ()>(&mut *store, "sleep")?;
        let time = i64::try_from(time.as_nanos())?;
        sleep.call_async(store, time).await
    }

    async fn copy(&mut self) -> wasmtime::Result<()> {
        let store = &mut self.store;
        let instance = self.prepared.instantiate_async(&mut *store).await?;
        let copy = instance.get_typed_func::<(), ()>(&mut *store, "copy")?;
        copy.call_async(store, ()).await
    }
}

fn write(to: &Arc<impl Stream>, byte: u8) {
    assert_eq!(to.write(&[IoSlice::new(&[byte])]), Ok(1));
}

fn read(from: &Arc<impl Stream>) -> Option<u8> {
    let mut byte = [0];
    let count = from.read(&mut [IoSliceMut::new(&mut byte)]).ok()?;
    (count == 1).then_some(byte[0])
}

#[test]
fn a_guest_runs_while_another_waits_on_the_same_thread() {
    let guests = Guests::new();
    let (reader, begin) = pipe(1);
    let (middle, writer) = pipe(1);
    let (end, last) = pipe(1);
    let mut waits = guests.guest(Wasi::builder().stdin(middle).stdout(last));
    let mut runs = guests.guest(Wasi::builder().stdin(reader).stdout(writer));
    block_on(async {
        let waiting = tokio::spawn(async move { waits.copy().await });
        others().await;
        assert!(!waiting.is_finished());
        write(&begin, b'x');
        runs.copy().await.expect("it copies");
        waiting.await.expect("it ends").expect("it copies");
    });
    assert_eq!(read(&end), Some(b'x'));
}

/// Each hands on to the next, and the last was started first. In turn, none would come to its end.
#[test]
fn guests_that_wait_for_each_other_all_come_to_their_end() {
    const MANY: usize = 300;
    let guests = Guests::new();
    block_on(async {
        let (mut input, begin) = pipe(1);
        let mut all = Vec::new();
        for _ in 0..MANY {
            let (reader, writer) = pipe(1);
            let builder = Wasi::builder().stdin(input);
            input = reader;
            let mut guest = guests.guest(builder.stdout(writer));
            all.push(tokio::spawn(async move {
                guest.sleep(Duration::from_millis(5)).await?;
                guest.copy().await
            }));
        }
        others().await;
        assert!(all.iter().all(|guest| !guest.is_finished()));
        write(&begin, b'x');
        for guest in all {
            guest.await.expect("it ends").expect("it copies");
        }
        assert_eq!(read(&input), Some(b'x'));
    });
}

#[test]
fn a_call_whose_future_is_dropped_takes_nothing_and_keeps_nothing() {
    let guests = Guests::new();
    let (reader, begin) = pipe(1);
    let (end, writer) = pipe(1);
    let builder = || Wasi::builder().stdin(reader.clone()).stdout(writer.clone());
    let held = Arc::strong_count(&reader);
    block_on(async {
        let mut first = guests.guest(builder());
        let copying = tokio::spawn(async move { first.copy().await });
        others().await;
        copying.abort();
        assert!(copying.await.expect_err("it is ended").is_cancelled());
        assert_eq!(Arc::strong_count(&reader), held);
        write(&begin, b'x');
        let copied = guests.guest(builder()).copy().await;
        copied.expect("what was there is there");
    });
    assert_eq!(read(&end), Some(b'x'));
}

#[test]
fn a_guest_that_waits_is_ended_by_its_embedder_or_its_deadline() {
    let guests = Guests::new();
    let hour = Duration::from_secs(3600);
    block_on(async {
        let mut guest = guests.guest(Wasi::builder());
        let wasi = guest.wasi();
        let (slept, ()) = tokio::join!(guest.sleep(hour), async {
            others().await;
            wasi.cancel();
        });
        let error = slept.expect_err("it is cancelled");
        assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::Cancelled));

        let mut guest = guests.guest(Wasi::builder().deadline(Duration::from_millis(5)));
        let error = guest.sleep(hour).await.expect_err("its time is over");
        assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::Deadline));
    });
}

/// The only memory that can grow while its guest waits: the store is not to be had meanwhile.
#[test]
fn a_shared_memory_may_grow_while_a_guest_waits() {
    let mut config = Config::new();
    config.wasm_threads(true).shared_memory(true);
    let engine = Engine::new(&config).expect("an engine");
    let guest = GUEST.replace(
        r#"(memory (export "memory") 1)"#,
        r#"(import "env" "memory" (memory 1 2 shared)) (export "memory" (memory 0))
        (func (export "size") (result i32) (memory.size))"#,
    );
    let module = Module::new(&engine, guest).expect("a module");
    let memory = SharedMemory::new(&engine, MemoryType::shared(1, 2)).expect("a memory");
    let (reader, begin) = pipe(1);
    let (end, writer) = pipe(1);
    let wasi = Wasi::builder().stdin(reader).stdout(writer).build();
    let mut store = Store::new(&engine, wasi.expect("a guest"));
    let mut linker = Linker::new(&engine);
    let defined = linker.define(&store, "env", "memory", memory.clone());
    defined.expect("a new name");
    wasi_shim::wasmtime::add_to_linker_async(&mut linker, |wasi| wasi).expect("new names");
    block_on(async {
        let instance = linker.instantiate_async(&mut store, &module).await;
        let instance = instance.expect("an instance");
        let copy = instance.get_typed_func::<(), ()>(&mut store, "copy");
        let copy = copy.expect("a function");
        let (copied, ()) = tokio::join!(copy.call_async(&mut store, ()), async {
            others().await;
            memory.grow(1).expect("it grows");
            write(&begin, b'x');
        });
        copied.expect("it copies");
        let size = instance.get_typed_func::<(), i32>(&mut store, "size");
        let size = size.expect("a function").call_async(&mut store, ()).await;
        assert_eq!(size.expect("it answers"), 2);
    });
    assert_eq!(read(&end), Some(b'x'));
}
