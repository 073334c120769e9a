//! What a call that need not wait costs a guest that is called asynchronously, beside the same call of a guest that is not:
//! one run, in turns. `cargo bench -p benches --bench asynchronous`.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use wasi_shim::backends::{MemDir, Zero};
use wasi_shim::{Access, Wasi, wasmtime as shim};
use wasmtime::{Engine, Linker, Module, Store, TypedFunc};

/// Each function makes a call so many times.
const GUEST: &str = r#"(module
    (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_pread" (func $pread (param i32 i32 i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 128) "\00\01\00\00\20\00\00\00")
    (data (i32.const 160) "file")
    (func (export "open") (result i32)
        (call $open (i32.const 3) (i32.const 0) (i32.const 160) (i32.const 4) (i32.const 0)
            (i64.const 0x46) (i64.const 0) (i32.const 0) (i32.const 200)))
    FUNCTIONS)"#;

/// The calls, by the name of their function.
const CALLS: [(&str, &str); 6] = [
    (
        "clock_time_get",
        "(call $clock (i32.const 1) (i64.const 0) (i32.const 64))",
    ),
    (
        "fd_pread, file in memory",
        "(call $pread (i32.const 4) (i32.const 128) (i32.const 1) (i64.const 0) (i32.const 64))",
    ),
    (
        "fd_write, nowhere",
        "(call $write (i32.const 1) (i32.const 128) (i32.const 1) (i32.const 64))",
    ),
    (
        "fd_read, zeros",
        "(call $read (i32.const 0) (i32.const 128) (i32.const 1) (i32.const 64))",
    ),
    (
        "fd_write, file in memory",
        "(call $write (i32.const 4) (i32.const 128) (i32.const 1) (i32.const 64))",
    ),
    (
        "poll_oneoff, a clock at 0",
        "(call $poll (i32.const 512) (i32.const 640) (i32.const 1) (i32.const 64))",
    ),
];

const ROUNDS: usize = 21;
const TIMES: i32 = 20_000;

fn guest() -> String {
    let function = |(index, (_, call)): (usize, &(&str, &str))| {
        format!(
            r#"(func (export "call{index}") (param $left i32)
                (loop $again
                    (if {call} (then unreachable))
                    (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                    (br_if $again (local.get $left))))"#
        )
    };
    let functions: String = CALLS.iter().enumerate().map(function).collect();
    GUEST.replace("FUNCTIONS", &functions)
}

fn wasi() -> Wasi {
    let tree = MemDir::new();
    tree.file("file", "some content, enough to be read whole")
        .expect("it is put there");
    let builder = Wasi::builder().stdin(std::sync::Arc::new(Zero));
    let built = builder.preopen("/", tree, Access::ReadWrite).build();
    built.expect("a guest")
}

struct Side {
    store: Store<Wasi>,
    calls: Vec<TypedFunc<i32, ()>>,
    asynchronous: bool,
}

impl Side {
    fn new(engine: &Engine, module: &Module, asynchronous: bool) -> Self {
        let mut store = Store::new(engine, wasi());
        let linker = Linker::new(engine);
        let instance = if asynchronous {
            let prepared = shim::instantiate_pre_async(&linker, module, |wasi| wasi);
            at_once(
                prepared
                    .expect("nothing is missing")
                    .instantiate_async(&mut store),
            )
        } else {
            let prepared = shim::instantiate_pre(&linker, module, |wasi| wasi);
            prepared
                .expect("nothing is missing")
                .instantiate(&mut store)
        };
        let instance = instance.expect("an instance");
        let open = instance
            .get_typed_func::<(), i32>(&mut store, "open")
            .expect("a function");
        let opened = if asynchronous {
            at_once(open.call_async(&mut store, ()))
        } else {
            open.call(&mut store, ())
        };
        assert_eq!(opened.expect("it answers"), 0);
        let call = |index| {
            let name = format!("call{index}");
            instance
                .get_typed_func(&mut store, &name)
                .expect("a function")
        };
        let calls = (0..CALLS.len()).map(call).collect();
        Self {
            store,
            calls,
            asynchronous,
        }
    }

    fn time(&mut self, index: usize) -> Duration {
        let started = processor();
        let done = if self.asynchronous {
            at_once(self.calls[index].call_async(&mut self.store, TIMES))
        } else {
            self.calls[index].call(&mut self.store, TIMES)
        };
        done.expect("it answers 0 each time");
        (processor() - started) / TIMES.unsigned_abs()
    }
}

/// The time that this thread has had a processor for: others may be busy.
fn processor() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("it has begun")
}

/// Nothing here has to wait.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_nanos() as f64
}

fn main() {
    let engine = Engine::default();
    let module = Module::new(&engine, guest()).expect("a module");
    let mut sides = [false, true].map(|asynchronous| Side::new(&engine, &module, asynchronous));
    println!("nanoseconds of a processor a call, median of {ROUNDS} rounds of {TIMES}");
    println!("| call | sync | async | more | ratio |");
    println!("|---|--:|--:|--:|--:|");
    for (index, (name, _)) in CALLS.iter().enumerate() {
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            for (side, times) in sides.iter_mut().zip(&mut times) {
                times.push(side.time(index));
            }
        }
        let [sync, asynchronous] = times.map(median);
        let (more, ratio) = (asynchronous - sync, asynchronous / sync);
        println!("| {name} | {sync:.0} | {asynchronous:.0} | {more:.0} | {ratio:.2} |");
    }
}
