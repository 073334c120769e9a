//! What an embedder of wasi-common's relies on, promise by promise.

#![allow(missing_docs, reason = "what is here is for tests")]

mod errors;
#[path = "../kit/mod.rs"]
mod kit;
mod schedulers;
mod surface;

use kit::{BADF, Guest, NOTCAPABLE, ROOT, SUCCESS};
use std::any::Any;
use std::future::Future;
use std::io::{IoSlice, IoSliceMut};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use wasi_common::clocks::{WasiClocks, WasiMonotonicClock, WasiSystemClock};
use wasi_common::file::{FdFlags, FileAccessMode, FileType};
use wasi_common::pipe::{ReadPipe, WritePipe};
use wasi_common::random::Deterministic;
use wasi_common::snapshots::preview_1::types::Errno;
use wasi_common::sync::{WasiCtxBuilder, clocks_ctx, random_ctx, sched_ctx};
use wasi_common::{
    Error, ErrorExt, I32Exit, StringArrayError, Table, WasiCtx, WasiFile, WasiSched,
};

fn plain() -> WasiCtx {
    WasiCtx::new(random_ctx(), clocks_ctx(), sched_ctx(), Table::new())
}

fn written(pipe: WritePipe<std::io::Cursor<Vec<u8>>>) -> Vec<u8> {
    pipe.try_into_inner().unwrap().into_inner()
}

#[test]
fn a_context_is_shared_between_threads_and_by_its_clones() {
    fn shared<T: Clone + Send + Sync + 'static>(_: &T) {}
    let ctx = plain();
    shared(&ctx);
    let output = WritePipe::new_in_memory();
    ctx.clone().set_stdout(Box::new(output.clone()));
    let (mut one, mut other) = (Guest::new(ctx.clone()), Guest::new(ctx));
    assert_eq!(one.write(1, b"one "), Ok(4));
    let other_thread = std::thread::spawn(move || other.write(1, b"other"));
    assert_eq!(other_thread.join().unwrap(), Ok(5));
    // What one of them closes, the other has not any more.
    assert_eq!(
        one.call("fd_fdstat_set_flags", &[1.into(), 4.into()]),
        SUCCESS
    );
    drop(one);
    assert_eq!(written(output), b"one other");
}

#[test]
fn output_can_be_set_while_the_guest_runs() {
    let mut guest = Guest::new(plain());
    assert_eq!(guest.write(1, b"nowhere"), Ok(7));
    let (first, second) = (WritePipe::new_in_memory(), WritePipe::new_in_memory());
    guest.store.data().set_stdout(Box::new(first.clone()));
    assert_eq!(guest.write(1, b"first"), Ok(5));
    guest.store.data().set_stdout(Box::new(second.clone()));
    guest
        .store
        .data()
        .set_stdin(Box::new(ReadPipe::from("input")));
    assert_eq!(guest.write(1, b"second"), Ok(6));
    assert_eq!(guest.read(0, 9), Ok(b"input".to_vec()));
    drop(guest);
    assert_eq!(
        (written(first), written(second)),
        (b"first".to_vec(), b"second".to_vec())
    );
}

#[test]
fn a_context_begins_with_input_at_its_end() {
    let mut guest = Guest::new(plain());
    assert_eq!(guest.read(0, 9), Ok(vec![]));
    assert_eq!(guest.read(1, 9), Err(NOTCAPABLE));
    assert_eq!(guest.write(2, b"error"), Ok(5));
    assert_eq!(guest.call("fd_close", &[ROOT.into()]), BADF);
}

#[test]
fn every_exit_code_is_an_exit() {
    for code in [0, 1, 125, 126, 255, -1] {
        let error = Guest::new(plain()).exit(code);
        let exit = error.downcast_ref::<I32Exit>();
        assert!(exit.is_some_and(|exit| exit.0 == code), "{code}: {error:?}");
    }
    let exit = I32Exit(3).to_string();
    assert_eq!(exit, "Exited with i32 exit status 3");
}

#[test]
fn both_versions_are_in_a_linker() {
    let output = WritePipe::new_in_memory();
    let ctx = WasiCtxBuilder::new()
        .stdout(Box::new(output.clone()))
        .build();
    assert_eq!(
        Guest::of(ctx.clone(), "wasi_unstable").write(1, b"old "),
        Ok(4)
    );
    assert_eq!(Guest::new(ctx).write(1, b"new"), Ok(3));
    assert_eq!(written(output), b"old new");
}

#[test]
fn a_table_keeps_other_things_where_no_descriptor_can_be() {
    let table = Table::new();
    let first = table.push(Arc::new("a model")).unwrap();
    let mut ctx = WasiCtx::new(random_ctx(), clocks_ctx(), sched_ctx(), table);
    assert!(ctx.table().is::<&str>(first) && ctx.table_mut().is_some());
    let file = || Box::new(WritePipe::new(std::io::sink()));
    let fd = ctx.push_file(file(), FileAccessMode::WRITE).unwrap();
    assert_eq!(fd, 3);
    let mut guest = Guest::new(ctx);
    let table = guest.store.data().table();
    assert_eq!(*table.get::<&str>(first).unwrap(), "a model");
    assert!(table.contains_key(fd) && !table.contains_key(9));
    assert!(
        table
            .get::<u32>(first)
            .is_err_and(|error| { error.downcast_ref() == Some(&Errno::Badf) })
    );
    table.renumber(fd, 0).unwrap();
    assert_eq!(guest.write(0, b"moved"), Ok(5));
    let table = guest.store.data().table();
    assert!(table.delete::<u8>(0).is_none() && !table.contains_key(0));
    assert_eq!(guest.write(0, b"gone"), Err(BADF));
}

#[test]
fn files_and_directories_are_found_under_their_numbers() {
    let ctx = plain();
    let output = WritePipe::new_in_memory();
    let sink = Box::new(WritePipe::new(std::io::sink()));
    ctx.insert_file(5_000, Box::new(output.clone()), FileAccessMode::WRITE);
    assert_eq!(ctx.push_file(sink, FileAccessMode::all()).unwrap(), 3);
    let mut guest = Guest::new(ctx);
    assert_eq!(guest.write(5_000, b"far"), Ok(3));
    assert_eq!(guest.call("fd_prestat_get", &[3.into(), 8.into()]), BADF);
    let late = WritePipe::new_in_memory();
    let ctx = guest.store.data();
    let fd = ctx.push_file(Box::new(late.clone()), FileAccessMode::WRITE);
    assert_eq!(fd.unwrap(), 4);
    assert_eq!(guest.write(4, b"late"), Ok(4));
    drop(guest);
    assert_eq!(
        (written(output), written(late)),
        (b"far".to_vec(), b"late".to_vec())
    );
}

#[test]
fn arguments_and_variables_reach_the_guest() {
    let ctx = WasiCtxBuilder::new()
        .args(&["program".to_owned(), "-x".to_owned()])
        .unwrap()
        .env("NAME", "value")
        .unwrap()
        .build();
    let mut guest = Guest::new(ctx);
    assert_eq!(
        guest.call("args_sizes_get", &[8.into(), 16.into()]),
        SUCCESS
    );
    assert_eq!((guest.word(8), guest.word(16)), (2, 11));
    assert_eq!(guest.call("environ_get", &[8.into(), 64.into()]), SUCCESS);
    assert_eq!(guest.get(64, 11), b"NAME=value\0");
    let wrong = |name, value| plain().push_env(name, value).unwrap_err();
    assert!(matches!(wrong("", "x"), StringArrayError::Name));
    assert!(matches!(wrong("x", "a\0b"), StringArrayError::Nul));
}

#[test]
fn errors_say_what_they_are() {
    let error = Error::from(Errno::Noent).context("opening it");
    assert_eq!(error.to_string(), "opening it");
    assert_eq!(error.downcast_ref(), Some(&Errno::Noent));
    assert_eq!(error.downcast().unwrap(), Errno::Noent);
    assert_eq!(Error::seek_pipe().to_string(), "invalid seek");
    let trap = Error::trap(wasmtime::Error::new(I32Exit(4)));
    let cause = trap.context("leaving").downcast().unwrap_err();
    assert!(cause.downcast_ref::<I32Exit>().is_some());
    // No error of the host's ends a guest.
    let read_only = Error::from(std::io::Error::from_raw_os_error(30));
    assert_eq!(read_only.downcast().unwrap(), Errno::Rofs);
    let other = Error::from(std::io::Error::other("something"));
    assert_eq!(other.downcast().unwrap(), Errno::Io);
}

struct Before1970;

impl WasiSystemClock for Before1970 {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(7)
    }
    fn now(&self, _: Duration) -> cap_std::time::SystemTime {
        let epoch = std::time::SystemTime::UNIX_EPOCH;
        cap_std::time::SystemTime::from_std(epoch - Duration::from_secs(1))
    }
}

#[test]
fn time_and_chance_are_the_embedders() {
    let clocks = WasiClocks::new().with_system(Before1970);
    let random = Box::new(Deterministic::new(vec![1, 2, 3]));
    let ctx = WasiCtx::new(random, clocks, sched_ctx(), Table::new());
    let mut guest = Guest::new(ctx);
    let time = [0.into(), 0_i64.into(), 8.into()];
    assert_eq!(guest.call("clock_time_get", &time), SUCCESS);
    assert_eq!(guest.get(8, 8), [0; 8]);
    let time = [1.into(), 0_i64.into(), 8.into()];
    assert_eq!(guest.call("clock_time_get", &time), 28);
    assert_eq!(guest.call("random_get", &[8.into(), 5.into()]), SUCCESS);
    assert_eq!(guest.get(8, 5), [1, 2, 3, 1, 2]);
}

/// Counts, and does not sleep; the clock moves instead.
#[derive(Clone, Default)]
struct Virtual {
    slept: Arc<AtomicU64>,
    yielded: Arc<AtomicBool>,
}

#[async_trait::async_trait]
impl WasiSched for Virtual {
    async fn poll_oneoff<'a>(&self, _: &mut wasi_common::Poll<'a>) -> Result<(), Error> {
        Err(Error::not_supported())
    }
    async fn sched_yield(&self) -> Result<(), Error> {
        self.yielded.store(true, Ordering::SeqCst);
        Ok(())
    }
    async fn sleep(&self, duration: Duration) -> Result<(), Error> {
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap();
        self.slept.fetch_add(nanoseconds, Ordering::SeqCst);
        Ok(())
    }
}

struct VirtualClock(Virtual, std::time::Instant);

impl WasiMonotonicClock for VirtualClock {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }
    fn now(&self, _: Duration) -> cap_std::time::Instant {
        let slept = Duration::from_nanos(self.0.slept.load(Ordering::SeqCst));
        cap_std::time::Instant::from_std(self.1 + slept)
    }
}

#[test]
fn a_scheduler_of_an_embedders_sleeps_and_yields() {
    let sched = Virtual::default();
    let clock = VirtualClock(sched.clone(), std::time::Instant::now());
    let clocks = WasiClocks::new().with_monotonic(clock);
    let ctx = WasiCtx::new(random_ctx(), clocks, Box::new(sched.clone()), Table::new());
    let mut guest = Guest::new(ctx);
    let hour = 3_600_000_000_000_u64;
    let mut subscription = [0; 48];
    subscription[16] = 1;
    subscription[24..32].copy_from_slice(&hour.to_le_bytes());
    guest.put(512, &subscription);
    let args = [512.into(), 640.into(), 1.into(), 8.into()];
    assert_eq!(guest.call("poll_oneoff", &args), SUCCESS);
    assert_eq!(sched.slept.load(Ordering::SeqCst), hour);
    assert_eq!(guest.call("sched_yield", &[]), SUCCESS);
    assert!(sched.yielded.load(Ordering::SeqCst));
}

/// A file that is ready when it is told, by whoever has its waker.
#[derive(Clone, Default)]
struct Slow(Arc<Mutex<(bool, Option<Waker>)>>);

struct Turn(Slow);

impl Future for Turn {
    type Output = ();
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.0.lock().unwrap();
        if std::mem::take(&mut state.0) {
            return Poll::Ready(());
        }
        state.1 = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Slow {
    fn go(&self) {
        let mut state = self.0.lock().unwrap();
        state.0 = true;
        let waker = state.1.take();
        drop(state);
        waker.into_iter().for_each(Waker::wake);
    }
}

#[async_trait::async_trait]
impl WasiFile for Slow {
    fn as_any(&self) -> &dyn Any {
        self
    }
    async fn get_filetype(&self) -> Result<FileType, Error> {
        Ok(FileType::Pipe)
    }
    async fn read_vectored<'a>(&self, bufs: &mut [IoSliceMut<'a>]) -> Result<u64, Error> {
        Turn(self.clone()).await;
        let count = bufs[0].len().min(6);
        bufs[0][..count].copy_from_slice(&b"abcdef"[..count]);
        Ok(count as u64)
    }
    async fn write_vectored<'a>(&self, bufs: &[IoSlice<'a>]) -> Result<u64, Error> {
        Turn(self.clone()).await;
        Ok(bufs[0].len().min(2) as u64)
    }
}

#[test]
fn a_file_that_takes_its_time_is_waited_for() {
    let slow = Slow::default();
    let ctx = plain();
    ctx.insert_file(0, Box::new(slow.clone()), FileAccessMode::all());
    let mut guest = Guest::new(ctx);
    let done = Arc::new(AtomicBool::new(false));
    let (goes, over) = (slow.clone(), Arc::clone(&done));
    let helper = std::thread::spawn(move || {
        while !over.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
            goes.go();
        }
    });
    assert_eq!(guest.read(0, 9), Ok(b"abcdef".to_vec()));
    // All of it, two bytes at a time.
    assert_eq!(guest.write(0, b"12345"), Ok(5));
    done.store(true, Ordering::SeqCst);
    helper.join().unwrap();
}

#[test]
fn what_a_slow_file_reads_is_kept_for_whoever_asks_again() {
    let slow = Slow::default();
    let ctx = plain();
    ctx.insert_file(0, Box::new(slow.clone()), FileAccessMode::READ);
    let mut guest = Guest::new(ctx);
    assert_eq!(
        guest.call("fd_fdstat_set_flags", &[0.into(), 4.into()]),
        SUCCESS
    );
    assert_eq!(guest.read(0, 9), Err(6));
    slow.go();
    assert_eq!(guest.read(0, 4), Ok(b"abcd".to_vec()));
    assert_eq!(guest.read(0, 4), Ok(b"ef".to_vec()));
    assert_eq!(guest.read(0, 4), Err(6));
}

#[test]
fn a_file_reports_its_flags_and_is_told_of_others() {
    struct Told(Arc<Mutex<FdFlags>>);
    #[async_trait::async_trait]
    impl WasiFile for Told {
        fn as_any(&self) -> &dyn Any {
            self
        }
        async fn get_filetype(&self) -> Result<FileType, Error> {
            Ok(FileType::Unknown)
        }
        async fn get_fdflags(&self) -> Result<FdFlags, Error> {
            Ok(FdFlags::APPEND)
        }
        async fn set_fdflags(&mut self, flags: FdFlags) -> Result<(), Error> {
            *self.0.lock().unwrap() = flags;
            Ok(())
        }
    }
    let told = Arc::new(Mutex::new(FdFlags::empty()));
    let ctx = plain();
    ctx.set_stdout(Box::new(Told(Arc::clone(&told))));
    // Others have the context too: wasi-common refuses this then.
    let mut guest = Guest::new(ctx.clone());
    assert_eq!(guest.call("fd_fdstat_get", &[1.into(), 64.into()]), SUCCESS);
    assert_eq!(guest.get(66, 2), [1, 0]);
    assert_eq!(
        guest.call("fd_fdstat_set_flags", &[1.into(), 5.into()]),
        SUCCESS
    );
    assert_eq!(*told.lock().unwrap(), FdFlags::APPEND | FdFlags::NONBLOCK);
}

#[test]
#[should_panic = "a builder builds once"]
fn a_builder_builds_once() {
    let mut builder = WasiCtxBuilder::new();
    let _ = builder.build();
    let _ = builder.build();
}
