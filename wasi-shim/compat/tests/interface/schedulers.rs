//! Schedulers of embedders: who waits for what, and who says that a time is over.

use crate::kit::{Guest, NOTSUP, SUCCESS};
use std::any::Any;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use wasi_common::file::{FileAccessMode, FileType};
use wasi_common::sched::{Subscription, Userdata};
use wasi_common::sync::sched::unix::poll_oneoff;
use wasi_common::sync::{clocks_ctx, random_ctx, sched_ctx};
use wasi_common::{Error, ErrorExt, Poll, Table, WasiCtx, WasiFile, WasiSched};

const HOUR: u64 = 3_600_000_000_000;

/// A subscription to the monotonic clock, for so long from now.
fn clock(userdata: u8, nanoseconds: u64) -> [u8; 48] {
    let mut subscription = [0; 48];
    subscription[0] = userdata;
    subscription[16] = 1;
    subscription[24..32].copy_from_slice(&nanoseconds.to_le_bytes());
    subscription
}

/// A subscription to a descriptor that can be read.
fn readable(userdata: u8, fd: u8) -> [u8; 48] {
    let mut subscription = [0; 48];
    subscription[0] = userdata;
    subscription[8] = 1;
    subscription[16] = fd;
    subscription
}

fn with(sched: Box<dyn WasiSched>) -> WasiCtx {
    WasiCtx::new(random_ctx(), clocks_ctx(), sched, Table::new())
}

/// What the guest is answered, and the events: of whom each is, and how many bytes.
fn polled(guest: &mut Guest, subscriptions: &[[u8; 48]]) -> (i32, Vec<(i32, i32)>) {
    guest.put(512, &subscriptions.concat());
    let count = i32::try_from(subscriptions.len()).unwrap();
    let args = [512.into(), 1024.into(), count.into(), 8.into()];
    let errno = guest.call("poll_oneoff", &args);
    let events = (0..guest.word(8)).map(|index| 1024 + 32 * index);
    let events = events.map(|at| (guest.word(at), guest.word(at + 16)));
    (errno, events.collect())
}

/// Waits as the system does, and counts what it is asked for: files, and times.
#[derive(Clone, Default)]
struct Counting {
    files: Arc<AtomicUsize>,
    times: Arc<AtomicUsize>,
}

#[async_trait::async_trait]
impl WasiSched for Counting {
    async fn poll_oneoff<'a>(&self, poll: &mut Poll<'a>) -> Result<(), Error> {
        let files = poll.rw_subscriptions();
        let files = files.filter(|one| matches!(one, Subscription::Read(_)));
        self.files.fetch_add(files.count(), Ordering::SeqCst);
        let time = poll.earliest_clock_deadline().is_some();
        self.times.fetch_add(time.into(), Ordering::SeqCst);
        poll_oneoff(poll).await
    }
    async fn sched_yield(&self) -> Result<(), Error> {
        Ok(())
    }
    async fn sleep(&self, duration: Duration) -> Result<(), Error> {
        sched_ctx().sleep(duration).await
    }
}

#[test]
fn a_scheduler_of_an_embedders_is_asked_for_files_and_times_together() {
    let sched = Counting::default();
    let ctx = with(Box::new(sched.clone()));
    let (ours, theirs) = UnixStream::pair().unwrap();
    let socket: wasi_common::sync::net::Socket =
        cap_std::os::unix::net::UnixStream::from_std(theirs).into();
    let fd = ctx.push_file(socket.into(), FileAccessMode::all()).unwrap();
    let mut guest = Guest::new(ctx);
    let writer = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(20));
        std::io::Write::write_all(&mut (&ours), b"now").unwrap();
        ours
    });
    // Long before the hour is over.
    let both = [clock(1, HOUR), readable(2, u8::try_from(fd).unwrap())];
    assert_eq!(polled(&mut guest, &both), (SUCCESS, vec![(2, 3)]));
    assert!(sched.files.load(Ordering::SeqCst) > 0 && sched.times.load(Ordering::SeqCst) > 0);
    writer.join().unwrap();
}

#[test]
fn a_time_comes_where_a_scheduler_waits_for_a_silent_file_too() {
    let ctx = with(Box::new(Counting::default()));
    let (_ours, theirs) = UnixStream::pair().unwrap();
    let socket: wasi_common::sync::net::Socket =
        cap_std::os::unix::net::UnixStream::from_std(theirs).into();
    let fd = ctx.push_file(socket.into(), FileAccessMode::all()).unwrap();
    let mut guest = Guest::new(ctx);
    let begin = Instant::now();
    let both = [
        readable(2, u8::try_from(fd).unwrap()),
        clock(1, 20_000_000),
        clock(3, HOUR),
    ];
    assert_eq!(polled(&mut guest, &both), (SUCCESS, vec![(1, 0)]));
    assert!(begin.elapsed() >= Duration::from_millis(20));
}

/// Does not wait.
struct Never;

#[async_trait::async_trait]
impl WasiSched for Never {
    async fn poll_oneoff<'a>(&self, _: &mut Poll<'a>) -> Result<(), Error> {
        Ok(())
    }
    async fn sched_yield(&self) -> Result<(), Error> {
        Ok(())
    }
    async fn sleep(&self, _: Duration) -> Result<(), Error> {
        Ok(())
    }
}

#[test]
fn a_time_is_over_when_a_scheduler_says_so() {
    let mut guest = Guest::new(with(Box::new(Never)));
    assert_eq!(
        polled(&mut guest, &[clock(1, HOUR)]),
        (SUCCESS, vec![(1, 0)])
    );
    let two = [clock(1, 2 * HOUR), clock(2, HOUR)];
    assert_eq!(polled(&mut guest, &two), (SUCCESS, vec![(2, 0)]));
    // Only for that call: the guest's clock goes on as it did.
    let time = [1.into(), 0_i64.into(), 8.into()];
    assert_eq!(guest.call("clock_time_get", &time), SUCCESS);
    let now = u64::from_le_bytes(guest.get(8, 8).try_into().unwrap());
    assert!(now < HOUR, "{now}");
}

/// Never has anything, and says so to nobody but who waits.
struct Silent;

#[async_trait::async_trait]
impl WasiFile for Silent {
    fn as_any(&self) -> &dyn Any {
        self
    }
    async fn get_filetype(&self) -> Result<FileType, Error> {
        Ok(FileType::Pipe)
    }
    async fn readable(&self) -> Result<(), Error> {
        std::future::pending().await
    }
}

#[test]
fn a_file_that_no_handle_stands_for_keeps_no_time_from_being_over() {
    let scheds: [(Box<dyn WasiSched>, u64); 2] = [
        (Box::new(Never), HOUR),
        (Box::new(Counting::default()), 25_000_000),
    ];
    for (sched, time) in scheds {
        let ctx = with(sched);
        ctx.insert_file(5, Box::new(Silent), FileAccessMode::READ);
        let mut guest = Guest::new(ctx);
        let both = [readable(2, 5), clock(1, time)];
        assert_eq!(polled(&mut guest, &both), (SUCCESS, vec![(1, 0)]));
    }
}

/// Refuses to wait.
struct Refusing;

#[async_trait::async_trait]
impl WasiSched for Refusing {
    async fn poll_oneoff<'a>(&self, _: &mut Poll<'a>) -> Result<(), Error> {
        Err(Error::not_supported())
    }
    async fn sched_yield(&self) -> Result<(), Error> {
        Err(Error::not_supported())
    }
    async fn sleep(&self, _: Duration) -> Result<(), Error> {
        Err(Error::trap(wasmtime::Error::msg("no sleep")))
    }
}

#[test]
fn what_a_scheduler_refuses_the_guest_is_told() {
    let mut guest = Guest::new(with(Box::new(Refusing)));
    guest.put(8, &[0; 4]);
    let two = [clock(1, HOUR), clock(2, HOUR)];
    assert_eq!(polled(&mut guest, &two), (NOTSUP, vec![]));
    assert_eq!(guest.call("sched_yield", &[]), NOTSUP);
    guest.put(512, &clock(1, HOUR));
    let args = [512.into(), 1024.into(), 1.into(), 8.into()];
    let error = guest.try_call("poll_oneoff", &args).unwrap_err();
    assert_eq!(error.root_cause().to_string(), "no sleep");
}

#[test]
fn a_scheduler_of_this_crate_waits_for_nothing_if_there_is_nothing() {
    let sched = sched_ctx();
    let mut poll = Poll::new();
    assert_eq!(ready(sched.poll_oneoff(&mut poll)).ok(), Some(()));
    let clocks = clocks_ctx();
    let clock = &*clocks.monotonic().unwrap().abs_clock;
    let mut poll = Poll::new();
    let now = clock.now(Duration::ZERO);
    poll.subscribe_monotonic_clock(clock, now, Duration::ZERO, Userdata::from(7));
    ready(sched.poll_oneoff(&mut poll)).unwrap();
    let results = poll.results();
    assert_eq!(results.first().map(|(_, of)| u64::from(*of)), Some(7));
}

/// The built-in ones are ready when they come back.
fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("it waits"),
    }
}
