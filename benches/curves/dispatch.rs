//! Calls that change nothing, on a tree in memory and on a directory of the host: the points that other curves begin at.

#[path = "../operations/mod.rs"]
#[allow(dead_code)]
mod operations;
#[allow(dead_code)]
mod shared;

use criterion::{Criterion, criterion_group, criterion_main};

const CALLS: [&str; 12] = [
    "clock_time_get, monotonic",
    "random_get, 32 bytes",
    "fd_fdstat_get",
    "fd_seek",
    "fd_tell",
    "fd_filestat_get",
    "fd_pread, 1 buffer",
    "fd_pwrite, 1 buffer",
    "path_filestat_get, 1 name",
    "path_filestat_get, 5 names",
    "path_filestat_get, 1 name, missing",
    "create, close and unlink",
];

fn calls(criterion: &mut Criterion) {
    for mut place in shared::places() {
        let mut group = criterion.benchmark_group(format!("dispatch/{}", place.name));
        let all = operations::all(&place.tree, &mut place.guest);
        for name in CALLS {
            let operation = all.iter().find(|operation| operation.name == name);
            let operation = operation.expect("it is an operation");
            group.bench_function(name, |bench| {
                bench.iter(|| {
                    assert_eq!((operation.run)(&mut place.guest), operation.answer);
                });
            });
        }
        group.finish();
    }
}

criterion_group!(name = benches; config = shared::criterion(); targets = calls);
criterion_main!(benches);
