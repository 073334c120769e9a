//! `path_open` and `fd_close` against how deep a file is and how many links lead to it, beside `openat` and `close`.

#[path = "../operations/mod.rs"]
#[allow(dead_code)]
mod operations;
#[allow(dead_code)]
mod shared;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use operations::paths::{close, deep, open};
use rustix::fs::{Mode, OFlags};
use shared::Place;

/// Opens and closes each path, with and without the library. Each stands at its number.
fn paths(criterion: &mut Criterion, group: &str, paths: &[(usize, String)]) {
    let mut group = criterion.benchmark_group(group);
    for mut place in shared::places() {
        let Place { name, guest, .. } = &mut place;
        for (number, path) in paths {
            let path = guest.text(path);
            group.bench_function(BenchmarkId::new(*name, number), |bench| {
                bench.iter(|| {
                    open(guest, path, 0).expect("it can be opened");
                    close(guest).expect("and closed");
                });
            });
        }
        let Some(directory) = place.directory() else {
            continue;
        };
        for (number, path) in paths {
            group.bench_function(BenchmarkId::new("native", number), |bench| {
                bench.iter(|| {
                    let flags = OFlags::RDWR | OFlags::CLOEXEC;
                    rustix::fs::openat(&directory, path.as_str(), flags, Mode::empty())
                        .expect("it can be opened")
                });
            });
        }
    }
    group.finish();
}

fn depths(criterion: &mut Criterion) {
    let depths = (1..=8).map(|names| (names, deep(names, "f")));
    paths(criterion, "open/names", &depths.collect::<Vec<_>>());
}

fn links(criterion: &mut Criterion) {
    let links = ["f", "one", "two", "three"].map(str::to_owned);
    let links = links.into_iter().enumerate();
    paths(criterion, "open/links", &links.collect::<Vec<_>>());
}

criterion_group!(name = benches; config = shared::criterion(); targets = depths, links);
criterion_main!(benches);
