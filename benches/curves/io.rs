//! `fd_pread` and `fd_pwrite` against how many bytes and how many buffers, beside `preadv` and `pwritev`.

#[path = "../operations/mod.rs"]
#[allow(dead_code)]
mod operations;
#[allow(dead_code)]
mod shared;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use operations::guest::{FILE, Guest, OUT, call};
use shared::{Place, number};
use std::fs::File;
use std::io::{IoSlice, IoSliceMut};

/// Where buffers are described, and where they are; together as much memory as the guest is given.
const VECTORS: usize = 1 << 20;
const DATA: usize = 2 << 20;

/// The most that is read and written at once.
const MOST: usize = 1 << 20;

/// Describes so many buffers of so many bytes, one behind the other.
fn describe(guest: &mut Guest, count: usize, each: usize) {
    for index in 0..count {
        let vector = [DATA + index * each, each]
            .map(number)
            .map(i32::to_le_bytes);
        guest.memory[VECTORS + index * 8..][..8].copy_from_slice(&vector.concat());
    }
}

/// Room for the buffers, and a file that is as long as the most that is read.
fn enlarge(guest: &mut Guest) {
    guest.memory.resize(DATA + MOST, 7);
    describe(guest, 1, MOST);
    write(guest, 1);
}

fn read(guest: &mut Guest, count: usize) {
    let (at, count) = (number(VECTORS), number(count));
    call!(guest.fd_pread(FILE, at, count, 0, OUT)).expect("it can be read");
}

fn write(guest: &mut Guest, count: usize) {
    let (at, count) = (number(VECTORS), number(count));
    call!(guest.fd_pwrite(FILE, at, count, 0, OUT)).expect("it can be written");
}

/// So many buffers of so many bytes, with and without the library. Each stands at its `label`.
fn transfers(criterion: &mut Criterion, name: &str, steps: &[(usize, usize)], label: Label) {
    for (direction, through) in [("read", read as fn(&mut Guest, usize)), ("write", write)] {
        let mut group = criterion.benchmark_group(format!("io/{name}/{direction}"));
        for mut place in shared::places() {
            enlarge(&mut place.guest);
            let Place { name, guest, .. } = &mut place;
            for &(count, each) in steps {
                describe(guest, count, each);
                group.throughput(Throughput::Bytes((count * each) as u64));
                let id = BenchmarkId::new(*name, label(count, each));
                group.bench_function(id, |bench| bench.iter(|| through(guest, count)));
            }
            let Some(folder) = place.folder() else {
                continue;
            };
            let file = File::options()
                .read(true)
                .write(true)
                .open(folder.join("f"));
            let (file, mut data) = (file.expect("it is there"), vec![7; MOST]);
            for &(count, each) in steps {
                group.throughput(Throughput::Bytes((count * each) as u64));
                group.bench_function(BenchmarkId::new("native", label(count, each)), |bench| {
                    let data = &mut data[..count * each];
                    bench.iter(|| native(&file, direction, data, each));
                });
            }
        }
        group.finish();
    }
}

/// What a step is called.
type Label = fn(usize, usize) -> usize;

/// The same as one system call, whose array of buffers is made each time, as a host has to.
fn native(file: &File, direction: &str, data: &mut [u8], each: usize) -> usize {
    if direction == "read" {
        let mut buffers: Vec<_> = data.chunks_mut(each).map(IoSliceMut::new).collect();
        rustix::io::preadv(file, &mut buffers, 0).expect("it can be read")
    } else {
        let buffers: Vec<_> = data.chunks(each).map(IoSlice::new).collect();
        rustix::io::pwritev(file, &buffers, 0).expect("it can be written")
    }
}

fn sizes(criterion: &mut Criterion) {
    let sizes = [1, 64, 4 << 10, 64 << 10, MOST].map(|bytes| (1, bytes));
    transfers(criterion, "bytes", &sizes, |_, bytes| bytes);
}

fn buffers(criterion: &mut Criterion) {
    let counts = [1, 4, 16, 64, 256, 1024].map(|count| (count, 64 << 10 >> usize::ilog2(count)));
    transfers(
        criterion,
        "buffers of 64 KiB in all",
        &counts,
        |count, _| count,
    );
}

criterion_group!(name = benches; config = shared::criterion(); targets = sizes, buffers);
criterion_main!(benches);
