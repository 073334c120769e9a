//! `fd_readdir` against how many entries a directory has and how large the buffer is, beside `getdents64`.

#[path = "../operations/mod.rs"]
#[allow(dead_code)]
mod operations;
#[allow(dead_code)]
mod shared;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use operations::files::list;
use operations::guest::{DIRECTORY, Guest, NEXT};
use operations::paths::open;
use operations::tree::crowd;
use rustix::fs::{RawDir, SeekFrom};
use shared::{Place, number};
use std::fs::File;
use std::hint::black_box;
use std::mem::MaybeUninit;

const ENTRIES: [usize; 5] = [10, 100, 1_000, 10_000, 100_000];

const BUFFERS: [usize; 2] = [4 << 10, 64 << 10];

/// The directory with so many entries.
fn name(entries: usize) -> String {
    format!("with-{entries}")
}

/// What was opened first has the lowest number, and so on.
fn opened(guest: &mut Guest) -> Vec<(usize, i32)> {
    let descriptors = ENTRIES.into_iter().zip(NEXT..);
    let open = |(entries, fd)| {
        let path = guest.text(&name(entries));
        open(guest, path, DIRECTORY).expect("it can be opened");
        assert_eq!(guest.opened(), fd);
        (entries, fd)
    };
    descriptors.map(open).collect()
}

/// Lists it all, through the buffer. Says how many there were.
fn native(directory: &File, buffer: &mut [MaybeUninit<u8>]) -> usize {
    rustix::fs::seek(directory, SeekFrom::Start(0)).expect("it can be listed again");
    let mut listing = RawDir::new(directory, buffer);
    let mut entries = 0;
    while let Some(entry) = listing.next() {
        black_box(entry.expect("it can be listed"));
        entries += 1;
    }
    entries
}

/// A tree with all directories, and each that is open there with how many entries it has.
fn crowded(mut place: Place) -> (Place, Vec<(usize, i32)>) {
    for entries in ENTRIES {
        crowd(&*place.tree.root, &name(entries), entries);
    }
    let directories = opened(&mut place.guest);
    (place, directories)
}

fn listings(criterion: &mut Criterion) {
    let mut places = shared::places().map(crowded);
    for bytes in BUFFERS {
        let mut group = criterion.benchmark_group(format!("readdir/{} KiB", bytes >> 10));
        for (Place { name, guest, .. }, directories) in &mut places {
            for &(entries, fd) in &*directories {
                group.throughput(Throughput::Elements(entries as u64));
                group.bench_function(BenchmarkId::new(*name, entries), |bench| {
                    // With `.` and `..`.
                    bench.iter(|| assert_eq!(list(guest, fd, number(bytes)), Ok(entries + 2)));
                });
            }
        }
        for folder in places.iter().filter_map(|(place, _)| place.folder()) {
            for entries in ENTRIES {
                let directory = File::open(folder.join(name(entries))).expect("it can be opened");
                let mut buffer = vec![MaybeUninit::uninit(); bytes];
                group.throughput(Throughput::Elements(entries as u64));
                group.bench_function(BenchmarkId::new("native", entries), |bench| {
                    bench.iter(|| assert_eq!(native(&directory, &mut buffer), entries + 2));
                });
            }
        }
        group.finish();
    }
}

criterion_group!(name = benches; config = shared::criterion(); targets = listings);
criterion_main!(benches);
