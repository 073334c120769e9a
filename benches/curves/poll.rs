//! `poll_oneoff` against how many subscriptions, all of which are due, beside `poll`.

#[path = "../operations/mod.rs"]
#[allow(dead_code)]
mod operations;
#[allow(dead_code)]
mod shared;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use operations::guest::{BUFFER, Guest, OUT, STREAMS, call};
use operations::streams::subscription;
use operations::values::DUE;
use rustix::event::{PollFd, PollFlags, Timespec};
use shared::number;
use std::io::Write as _;
use std::os::unix::net::UnixStream;

const COUNTS: [usize; 4] = [1, 10, 100, 1_000];

/// Where subscriptions are; events go where bytes do.
const SUBSCRIPTIONS: usize = 1 << 17;

/// Puts down so many, which stand at their places.
fn subscribe(guest: &mut Guest, count: usize, one: impl Fn(usize) -> [u8; 48]) {
    let all: Vec<u8> = (0..count).flat_map(one).collect();
    guest.memory[SUBSCRIPTIONS..][..all.len()].copy_from_slice(&all);
}

fn poll(guest: &mut Guest, count: usize) {
    let (at, count) = (number(SUBSCRIPTIONS), number(count));
    call!(guest.poll_oneoff(at, BUFFER, count, OUT)).expect("it can be waited for");
    assert_eq!(guest.number_at(OUT), count);
}

const NOW: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 0,
};

fn clocks(criterion: &mut Criterion) {
    let [mut place, _] = shared::places();
    let mut group = criterion.benchmark_group("poll/clocks");
    for count in COUNTS {
        subscribe(&mut place.guest, count, |_| DUE);
        group.throughput(Throughput::Elements(count as u64));
        let id = BenchmarkId::new("due at once", count);
        group.bench_function(id, |bench| bench.iter(|| poll(&mut place.guest, count)));
    }
    // The kernel takes one clock only, whatever it waits for.
    group.bench_function(BenchmarkId::new("native", 1), |bench| {
        bench.iter(|| rustix::event::poll(&mut [], Some(&NOW)).expect("it can be waited for"));
    });
    group.finish();
}

/// Streams that have something to read. Above 100 subscriptions each is there more than once.
fn streams(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("poll/streams");
    for mut place in shared::places() {
        for count in COUNTS {
            subscribe(&mut place.guest, count, |index| {
                subscription(index % STREAMS)
            });
            group.throughput(Throughput::Elements(count as u64));
            let id = BenchmarkId::new(place.name, count);
            group.bench_function(id, |bench| bench.iter(|| poll(&mut place.guest, count)));
        }
    }
    let pairs: Vec<_> = (0..STREAMS).map(|_| pair()).collect();
    for count in COUNTS {
        let subscribed = (0..count).map(|index| &pairs[index % STREAMS].0);
        let mut all: Vec<_> = subscribed
            .map(|ours| PollFd::new(ours, PollFlags::IN))
            .collect();
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::new("native", count), |bench| {
            bench.iter(|| assert_eq!(rustix::event::poll(&mut all, None), Ok(count)));
        });
    }
    group.finish();
}

/// Two sockets, the first of which has something to read.
fn pair() -> (UnixStream, UnixStream) {
    let (ours, mut theirs) = UnixStream::pair().expect("two sockets");
    theirs.write_all(b"x").expect("room for it");
    (ours, theirs)
}

criterion_group!(name = benches; config = shared::criterion(); targets = clocks, streams);
criterion_main!(benches);
