//! Guests whose calls wait on tokio, all of them on one thread.

#![allow(missing_docs, reason = "what is here is for tests")]

mod kit;

use std::any::Any;
use std::io::IoSliceMut;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use wasi_common::file::{FileAccessMode, FileType};
use wasi_common::pipe::WritePipe;
use wasi_common::tokio::{Dir, WasiCtxBuilder, add_to_linker};
use wasi_common::tokio::{clocks_ctx, random_ctx, sched};
use wasi_common::{Error, I32Exit, Poll, Table, WasiCtx, WasiFile, WasiSched};
use wasmtime::{Engine, Instance, Linker, Module, Store, Val};

struct Guest {
    store: Store<WasiCtx>,
    instance: Instance,
}

impl Guest {
    async fn new(ctx: WasiCtx) -> Self {
        let engine = Engine::default();
        let module = Module::new(&engine, kit::module("wasi_snapshot_preview1")).unwrap();
        let mut linker = Linker::new(&engine);
        add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx).unwrap();
        let mut store = Store::new(&engine, ctx);
        let instance = linker.instantiate_async(&mut store, &module).await.unwrap();
        Self { store, instance }
    }

    async fn call(&mut self, name: &str, args: &[Val]) -> wasmtime::Result<i32> {
        let function = self.instance.get_func(&mut self.store, name).unwrap();
        let mut results = vec![Val::I32(0); usize::from(name != "proc_exit")];
        function
            .call_async(&mut self.store, args, &mut results)
            .await?;
        Ok(results.first().map_or(0, Val::unwrap_i32))
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        let memory = self.instance.get_memory(&mut self.store, "memory").unwrap();
        memory.write(&mut self.store, at, bytes).unwrap();
    }

    fn get(&mut self, at: usize, len: usize) -> Vec<u8> {
        let memory = self.instance.get_memory(&mut self.store, "memory").unwrap();
        memory.data(&self.store)[at..at + len].to_vec()
    }

    async fn read(&mut self, fd: i32, len: usize) -> Vec<u8> {
        self.put(16, &4096_i32.to_le_bytes());
        self.put(20, &i32::try_from(len).unwrap().to_le_bytes());
        let args = [fd.into(), 16.into(), 1.into(), 8.into()];
        assert_eq!(self.call("fd_read", &args).await.unwrap(), 0);
        let count = u32::from_le_bytes(self.get(8, 4).try_into().unwrap());
        self.get(4096, count as usize)
    }
}

fn on_one_thread<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(future)
}

/// A file that is fed by another task.
struct Channel(Mutex<UnboundedReceiver<u8>>);

#[async_trait::async_trait]
impl WasiFile for Channel {
    fn as_any(&self) -> &dyn Any {
        self
    }
    async fn get_filetype(&self) -> Result<FileType, Error> {
        Ok(FileType::Pipe)
    }
    async fn read_vectored<'a>(&self, bufs: &mut [IoSliceMut<'a>]) -> Result<u64, Error> {
        let byte = self.0.lock().await.recv().await;
        if let Some(byte) = byte {
            bufs[0][0] = byte;
        }
        Ok(byte.is_some().into())
    }
}

#[test]
fn a_guest_that_reads_from_a_task_does_not_hold_the_thread() {
    on_one_thread(async {
        let (sender, receiver) = unbounded_channel();
        let channel = Box::new(Channel(Mutex::new(receiver)));
        let ctx = WasiCtxBuilder::new().stdin(channel).build();
        let mut guest = Guest::new(ctx).await;
        let feeding = tokio::spawn(async move {
            for byte in b"ab" {
                tokio::time::sleep(Duration::from_millis(5)).await;
                sender.send(*byte).unwrap();
            }
        });
        assert_eq!(guest.read(0, 9).await, b"a");
        assert_eq!(guest.read(0, 9).await, b"b");
        assert_eq!(guest.read(0, 9).await, b"");
        feeding.await.unwrap();
    });
}

#[test]
fn guests_that_sleep_and_wait_for_sockets_share_a_thread() {
    on_one_thread(async {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let socket = cap_std::os::unix::net::UnixStream::from_std(theirs);
        let ctx = WasiCtxBuilder::new()
            .preopened_socket(3, socket)
            .unwrap()
            .build();
        let mut waits = Guest::new(ctx).await;
        let mut sleeps = Guest::new(WasiCtxBuilder::new().build()).await;
        let mut subscription = [0; 48];
        subscription[16] = 1;
        subscription[24..32].copy_from_slice(&10_000_000_u64.to_le_bytes());
        sleeps.put(512, &subscription);
        let poll = [512.into(), 640.into(), 1.into(), 8.into()];
        let woken = async {
            assert_eq!(sleeps.call("poll_oneoff", &poll).await.unwrap(), 0);
            (&ours).write_all(b"awake").unwrap();
            sleeps.call("sched_yield", &[]).await.unwrap()
        };
        let (read, yielded) = tokio::join!(waits.read(3, 9), woken);
        assert_eq!((read.as_slice(), yielded), (b"awake".as_slice(), 0));
    });
}

#[test]
fn an_exit_is_an_exit_and_directories_are_the_hosts() {
    on_one_thread(async {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), "text").unwrap();
        let open = cap_std::fs::Dir::open_ambient_dir(dir.path(), cap_std::ambient_authority());
        let output = WritePipe::new_in_memory();
        let mut builder = WasiCtxBuilder::new();
        builder.stdout(Box::new(output.clone()));
        builder.preopened_dir(open.unwrap(), "/").unwrap();
        let ctx = builder.build();
        let again = cap_std::fs::Dir::open_ambient_dir(dir.path(), cap_std::ambient_authority());
        let again = Box::new(Dir::from_cap_std(again.unwrap()));
        assert_eq!(ctx.push_dir(again, "/again".into()).unwrap(), 4);
        let file = Box::new(WritePipe::new(std::io::sink()));
        ctx.insert_file(7, file, FileAccessMode::WRITE);
        let mut guest = Guest::new(ctx).await;
        guest.put(1024, b"file");
        let open = [4.into(), 0.into(), 1024.into(), 4.into(), 0.into()];
        let rest = [2_i64.into(), 0_i64.into(), 0.into(), 8.into()];
        let open = [open.as_slice(), &rest].concat();
        assert_eq!(guest.call("path_open", &open).await.unwrap(), 0);
        assert_eq!(guest.read(5, 9).await, b"text");
        let error = guest.call("proc_exit", &[200.into()]).await.unwrap_err();
        assert_eq!(
            error.downcast_ref::<I32Exit>().map(|exit| exit.0),
            Some(200)
        );
    });
}

#[test]
fn a_socket_is_waited_for_by_a_task_that_asks_it() {
    on_one_thread(async {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        let socket = cap_std::os::unix::net::UnixStream::from_std(theirs);
        let socket = wasi_common::tokio::UnixStream::from_cap_std(socket);
        socket.writable().await.unwrap();
        let feeding = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(5)).await;
            ours.write_all(b"x").unwrap();
            ours
        });
        socket.readable().await.unwrap();
        assert_eq!(socket.num_ready_bytes().unwrap(), 1);
        feeding.await.unwrap();
    });
}

/// Looks at the clock alone, or waits as tokio does.
struct Scheduler {
    blind: bool,
}

#[async_trait::async_trait]
impl WasiSched for Scheduler {
    async fn poll_oneoff<'a>(&self, poll: &mut Poll<'a>) -> Result<(), Error> {
        if !self.blind {
            return sched::poll_oneoff(poll).await;
        }
        let clock = poll.earliest_clock_deadline();
        let left = clock.and_then(|clock| clock.duration_until());
        self.sleep(left.unwrap_or_default()).await
    }
    async fn sched_yield(&self) -> Result<(), Error> {
        Ok(())
    }
    async fn sleep(&self, duration: Duration) -> Result<(), Error> {
        tokio::time::sleep(duration).await;
        Ok(())
    }
}

#[test]
fn a_scheduler_that_takes_its_time_does_not_hide_a_socket() {
    for blind in [true, false] {
        on_one_thread(async {
            let (ours, theirs) = UnixStream::pair().unwrap();
            let socket = cap_std::os::unix::net::UnixStream::from_std(theirs);
            let sched = Box::new(Scheduler { blind });
            let ctx = WasiCtx::new(random_ctx(), clocks_ctx(), sched, Table::new());
            let socket = Box::new(wasi_common::tokio::UnixStream::from_cap_std(socket));
            ctx.insert_file(3, socket, FileAccessMode::all());
            let mut guest = Guest::new(ctx).await;
            let mut subscriptions = [0; 96];
            subscriptions[16] = 1;
            // An hour.
            subscriptions[24..32].copy_from_slice(&3_600_000_000_000_u64.to_le_bytes());
            (subscriptions[48], subscriptions[56], subscriptions[64]) = (7, 1, 3);
            guest.put(512, &subscriptions);
            let poll = [512.into(), 640.into(), 2.into(), 8.into()];
            let feed = async {
                tokio::time::sleep(Duration::from_millis(5)).await;
                (&ours).write_all(b"x").unwrap();
            };
            let (errno, ()) = tokio::join!(guest.call("poll_oneoff", &poll), feed);
            assert_eq!(
                (errno.unwrap(), guest.get(8, 1), guest.get(640, 1)),
                (0, vec![1], vec![7])
            );
        });
    }
}
